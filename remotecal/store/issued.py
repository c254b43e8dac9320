"""Certificates that were issued of late, and with them what nobody has answered: what a day begins with."""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from remotecal.store.remarks import RemarkRow, open_remarks
from remotecal.store.requests import RequestRow, open_requests
from remotecal.store.tables import amendments, runs, signed_certificates
from remotecal.store.together import OneStatement
from remotecal.store.unbegun import AwaitsConsent, NotBegun, asking, awaiting_consent, not_begun, overdue

if TYPE_CHECKING:
    from sqlalchemy import BindParameter, Connection, Select


class IssuedRow(NamedTuple):
    """A certificate that was issued."""

    station: str
    """Where the run was."""
    run: str
    device: str
    """Whose, where each device has its own; "" for the one for all."""
    number: str
    at: float
    """When, in seconds since 1970, UTC."""
    replaced: str | None
    """Number of the issued one that has taken its place; None while there is none."""


class IssuedAndOpen(NamedTuple):
    """What was done, and what wants an answer."""

    issued: tuple[IssuedRow, ...]
    """The latest first."""
    remarks: tuple[RemarkRow, ...]
    """The first made first."""
    requests: tuple[RequestRow, ...]
    """Of customers, likewise."""
    overdue: tuple[AwaitsConsent, ...]
    """Orders that wait for consent for too long, the first issued first."""
    not_begun: tuple[NotBegun, ...]
    """Orders that were declined, or whose day or time is over, the latest first."""


@cache
def issued(*, of_all: bool) -> Select[*tuple[Any, ...]]:
    """Return the query for certificates issued `since` a time, of all or of `whose`: the `most` latest."""
    from sqlalchemy import bindparam, select

    table, following = signed_certificates, signed_certificates.alias()
    # By its number: by its duty, SQLite would go through all that were ever issued.
    counts = (following.c.number == amendments.c.number) & (following.c.duty + "" == "issued")
    replaced = (
        select(amendments.c.number).join(following, counts).where(amendments.c.replaces == table.c.number)
    )
    columns = (table.c.station, table.c.run, table.c.device, table.c.number, table.c.at)
    query = select(*columns, replaced.scalar_subquery().label("replaced")).where(
        table.c.duty == "issued", table.c.at >= bindparam("since")
    )
    if not of_all:
        same = (runs.c.station == table.c.station) & (runs.c.run == table.c.run)
        query = query.join(runs, same).where(runs.c.account == bindparam("whose"))
    return query.order_by(table.c.at.desc()).limit(bindparam("most"))


@cache
def _issued_and_open() -> OneStatement:
    from sqlalchemy import bindparam

    most: BindParameter[int] = bindparam("most")
    return OneStatement(
        issued(of_all=True),
        open_remarks(most),
        open_requests(most),
        awaiting_consent(),
        asking(),
        not_begun(),
    )


def issued_and_open(connection: Connection, since: float, now: float, day: str, limit: int) -> IssuedAndOpen:
    """Return the certificates issued since a time, and what nobody has answered now; so many of each.

    `day` is the laboratory's at the time `now`, ISO 8601.
    """
    values = {"since": since, "now": now, "day": day, "most": limit}
    done, remarked, asked, waiting, said, refused = _issued_and_open().rows(connection, values)
    return IssuedAndOpen(
        tuple(map(IssuedRow._make, done)),
        tuple(map(RemarkRow._make, remarked)),
        tuple(map(RequestRow._make, asked)),
        tuple(islice(overdue(waiting, said, now), limit)),
        tuple(map(NotBegun._make, refused)),
    )
