"""The audit log: what was done, by whom, and what was refused; each entry covers the one before."""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from remotecal.store.chained import BEGIN, chained
from remotecal.store.tables import audit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remotecal.store.database import Database

AT_A_TIME: Final = 1000
"""Entries that are held while the chain is checked."""
REFUSALS: Final = (
    "refused",
    "login refused",
    "passkey refused",
    "signature refused",
    "file refused",
    "papers refused",
)
"""What the audit log calls it where somebody was refused something."""


class AuditRow(NamedTuple):
    """Something somebody did, or was refused."""

    id: int
    """Number, rising."""
    at: float
    """When."""
    who: str
    """Who."""
    what: str
    """What, in a word or two."""
    data: str
    """The details, in JSON."""
    chain: str
    """Hash that covers it and all entries before."""


class Chain(NamedTuple):
    """How the chain of the audit log was found."""

    entries: int
    """How many hold, from the first on."""
    head: str
    """Hash of the last of these: whoever has written it down can tell later that they are all still there."""
    broken: AuditRow | None
    """The first whose hash is not that of itself and of those before it; None where all hold."""
    seen: bool
    """Whether the hash that was looked for is one of theirs."""


class AuditLog:
    """The audit log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, who: str, what: str, data: Mapping[str, str | int | float | None]) -> None:
        """Write into it; in the transaction of what was done, so that neither is there without the other."""
        from sqlalchemy import select

        last = select(audit.c.chain).order_by(audit.c.id.desc()).limit(1)
        at, told = time.time(), _written(data)
        with self._database.begin() as connection:
            self._database.alone(connection, audit)
            before = connection.execute(last).scalar() or BEGIN
            chain = chained(before, at, who, what, told)
            entry = audit.insert().values(at=at, who=who, what=what, data=told, chain=chain)
            connection.execute(entry)

    def noted(
        self,
        *,
        what: str | None = None,
        who: str | None = None,
        said: Mapping[str, str | int | float | None] | None = None,
        since: float = -math.inf,
        until: float = math.inf,
        refused: bool = False,
        before: int | None = None,
        limit: int = 100,
    ) -> tuple[AuditRow, ...]:
        """Return entries of the audit log, the latest first.

        Args:
            what: only those of this kind.
            who: only what this one did.
            said: only that of just these details, in this order.
            since: only from this time on, in seconds since 1970, UTC.
            until: only before this time.
            refused: only what was refused (`REFUSALS`).
            before: only those with a smaller number.
            limit: how many, at most.
        """
        from sqlalchemy import select

        query = select(audit).order_by(audit.c.id.desc()).limit(limit)
        told = None if said is None else _written(said)
        for column, value in ((audit.c.what, what), (audit.c.who, who), (audit.c.data, told)):
            if value is not None:
                query = query.where(column == value)
        if since > -math.inf:
            query = query.where(audit.c.at >= since)
        if until < math.inf:
            query = query.where(audit.c.at < until)
        if refused:
            query = query.where(audit.c.what.in_(REFUSALS))
        if before is not None:
            query = query.where(audit.c.id < before)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(AuditRow._make(row) for row in rows)

    def began(self) -> float | None:
        """Return when the first entry was written; None if there is none."""
        from sqlalchemy import select

        with self._database.read() as connection:
            return connection.execute(select(audit.c.at).order_by(audit.c.id).limit(1)).scalar()

    def check(self, looked_for: str = "") -> Chain:
        """Compute the chain anew.

        Args:
            looked_for: a hash that somebody wrote down before; "" for none.
        """
        entries, head, seen = 0, BEGIN, not looked_for
        for row in self._all():
            if not _follows(row, head):
                return Chain(entries, head, row, seen)
            entries, head = entries + 1, row.chain
            seen = seen or head == looked_for
        return Chain(entries, head, None, seen)

    def _all(self) -> Iterator[AuditRow]:
        from sqlalchemy import select

        last: float = -math.inf  # what was put in may have any number
        while True:
            query = select(audit).where(audit.c.id > last).order_by(audit.c.id).limit(AT_A_TIME)
            with self._database.read() as connection:
                rows = connection.execute(query).all()
            if not rows:
                return
            yield from map(AuditRow._make, rows)
            last = rows[-1].id


def _follows(row: AuditRow, head: str) -> bool:
    """Tell whether an entry's hash covers it and those before; nothing covers what no entry can say."""
    try:
        return row.chain == chained(head, row.at, row.who, row.what, row.data)
    except (TypeError, ValueError):
        return False


def _written(data: Mapping[str, str | int | float | None]) -> str:
    return json.dumps(data, ensure_ascii=False)
