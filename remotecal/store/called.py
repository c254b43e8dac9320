"""What people call whom the laboratory keeps by a short name: customers by account, colleagues by log-in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from remotecal.store.records import Records
from remotecal.store.tables import orders, signed_certificates

if TYPE_CHECKING:
    from remotecal.store.database import Database

Name = Mapping[str, str]
"""By language."""

SIGNED: Final = ("performed", "reviewed", "approved")
"""Duties for which a person signs, whom the certificate names."""
LOOKED_BACK: Final = 300
"""Signatures for a duty among which it is looked who signs."""


class Names(NamedTuple):
    """How people are called, as far as that is known."""

    customers: Mapping[str, Name]
    """By account."""
    signers: Mapping[str, Name]
    """By the name they log in with."""


class Called:
    """The names of accounts and of log-ins, as orders and certificates say them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def customers(self) -> dict[str, Name]:
        """Return account → the customer's name, by its last order."""
        from sqlalchemy import select

        each = select(orders.c.account).where(orders.c.account.is_not(None)).distinct().subquery()
        told = orders.alias("told")
        of_it = (told.c.account == each.c.account) & told.c.customer.is_not(None)
        last = select(told.c.customer).where(of_it).order_by(told.c.issued.desc(), told.c.id.desc()).limit(1)
        with self._database.read() as connection:
            rows = connection.execute(select(each.c.account, last.scalar_subquery())).all()
        return {account: json.loads(customer) for account, customer in rows if customer}

    def signers(self) -> dict[str, Name]:
        """Return log-in → the person's name, by the last certificate they signed.

        A signature is taken for a duty from nobody but whom the certificate names for it.
        """
        last: dict[str, tuple[str, str, str]] = {}
        for by, station, run, duty in self._last_signatures():
            last.setdefault(by, (station, run, duty))
        wanted = {(station, run) for station, run, _ in last.values()}
        told = {(station, run): record for station, run, record in Records(self._database).each(wanted)}
        persons = {of: json.loads(record)["persons"] for of, record in told.items()}
        return {
            by: person["name"]
            for by, (station, run, duty) in last.items()
            for person in persons.get((station, run), ())
            if person.get("duty") == duty
        }

    def _last_signatures(self) -> list[tuple[str, str, str, str]]:
        from sqlalchemy import select, union_all

        table = signed_certificates
        columns = (table.c.by, table.c.station, table.c.run, table.c.duty, table.c.at)
        each = [
            select(
                select(*columns)
                .where(table.c.duty == duty)
                .order_by(table.c.at.desc())
                .limit(LOOKED_BACK)
                .subquery()
            )
            for duty in SIGNED
        ]
        with self._database.read() as connection:
            rows = connection.execute(union_all(*each)).all()
        return [(row[0], row[1], row[2], row[3]) for row in sorted(rows, key=lambda row: -row[4])]
