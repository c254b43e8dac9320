"""Orders that are not begun: on site nobody answers for long, or somebody declined; or their day is over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from remotecal.order import STANDARD_OUT
from remotecal.store.few import WAITING
from remotecal.store.tables import orders, stations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Select

OVERDUE: Final = 900.0
"""Seconds that an order may wait for consent before somebody at the laboratory is told."""
STILL_TOLD: Final = 86400.0
"""Seconds after the end of an order's time for which it is told that it was not begun: a day, at least."""


class AwaitsConsent(NamedTuple):
    """An order that has waited for long for the person on site."""

    id: str
    number: str
    """The laboratory's."""
    station: str
    by: str
    """Who ordered it."""
    since: float
    """When the person on site was asked first, in seconds since 1970, UTC."""


class NotBegun(NamedTuple):
    """An order that won't be begun by itself any more, or whose day is over."""

    id: str
    number: str
    """The laboratory's."""
    station: str
    by: str
    """Who ordered it."""
    reason: str
    """Why its station or the laboratory refused it, and who on site says so; "" where nobody did."""
    state: str
    planned: str | None
    """Day it was planned for, ISO 8601."""
    over: bool
    """Whether the time in which it might be begun is over."""

    @property
    def kind(self) -> Literal["declined", "withheld", "expired", "late"]:
        """Whose doing it is: the station's, the laboratory's for a standard out of service, or time's."""
        if self.state == "refused":
            return "withheld" if self.reason == STANDARD_OUT else "declined"
        return "expired" if self.over else "late"


def awaiting_consent() -> Select[*tuple[Any, ...]]:
    """Return the query for old orders that wait at stations which ask somebody (`asking`); see `overdue`.

    It asks for `now`, in seconds since 1970, UTC.
    """
    from sqlalchemy import Float, bindparam, select, text

    of, now = orders.c, bindparam("now", type_=Float)
    long_ago = (of.issued <= now - OVERDUE) & (of.expires >= now)
    there = of.station.in_(asking().with_only_columns(stations.c.name))
    query = select(of.id, of.number, of.station, of.by, of.issued)
    return query.where(text(WAITING), long_ago, there).order_by(of.issued)


def asking() -> Select[*tuple[Any, ...]]:
    """Return the query for the stations that ask somebody on site, with what each said of itself.

    What they said is long: each one's is looked at once, however many orders wait there.
    """
    from sqlalchemy import select

    said = stations.c.announced
    return select(stations.c.name, said).where(said.contains('"waits_for_consent":{'))


def overdue(
    rows: Iterable[tuple[Any, ...]], said: Iterable[tuple[Any, ...]], now: float
) -> Iterator[AwaitsConsent]:
    """Yield, of what `awaiting_consent` finds, the orders that wait by their stations' words for too long.

    Args:
        rows: the orders.
        said: what `asking` finds.
        now: in seconds since 1970, UTC.
    """
    asked = {station: json.loads(announced).get("waits_for_consent") or {} for station, announced in said}
    for order, number, station, by, issued in rows:
        waits = asked.get(station, {})
        since = max(waits.get("since", now), issued)  # nobody was asked of an order before it was issued
        if waits.get("order") == order and since <= now - OVERDUE:
            yield AwaitsConsent(order, number, station, by, since)


def not_begun() -> Select[*tuple[Any, ...]]:
    """Return the query for orders that were declined, ran out or are behind the day they are planned for.

    They are told until a day after their time. One whose item has a newer order, which nobody withdrew, is
    seen to: it is left out. It asks for `now`, in seconds since 1970, UTC; for the `day` it is where the
    laboratory is, ISO 8601; and for the `most` that there may be.
    """
    from sqlalchemy import Float, and_, bindparam, exists, or_, select

    of, newer, now = orders.c, orders.alias("newer"), bindparam("now", type_=Float)
    again = (
        exists()
        .where(newer.c.item == of.item, newer.c.issued > of.issued, newer.c.state != "withdrawn")
        .correlate(orders)
    )
    over = of.expires < now
    waiting = and_(of.state == "issued", or_(over, of.planned < bindparam("day")))
    return (
        select(of.id, of.number, of.station, of.by, of.reason, of.state, of.planned, over.label("over"))
        .where(or_(of.state == "refused", waiting), of.expires >= now - STILL_TOLD, ~again)
        .order_by(of.issued.desc(), of.id.desc())
        .limit(bindparam("most"))
    )
