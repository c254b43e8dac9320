"""Orders that are not begun because of people on site: some have not answered for long, others declined."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remotecal.order import STANDARD_OUT
from remotecal.store.few import WAITING
from remotecal.store.tables import orders, stations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Select

OVERDUE: Final = 900.0
"""Seconds that an order may wait for consent before somebody at the laboratory is told."""
DECLINED_TOLD: Final = 86400.0
"""Seconds after the end of an order's time for which it is told that it was declined: a day, at least."""


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


class Declined(NamedTuple):
    """An order that its station won't carry out, or that the laboratory refused itself."""

    id: str
    number: str
    """The laboratory's."""
    station: str
    by: str
    """Who ordered it."""
    reason: str
    """Why, and who on site says so."""

    @property
    def withheld(self) -> bool:
        """Whether the laboratory refused it, for a standard is out of service; else the station did."""
        return self.reason == STANDARD_OUT


def awaiting_consent(now: float) -> Select[*tuple[Any, ...]]:
    """Return the query for old orders that wait at stations which ask somebody (`asking`); see `overdue`."""
    from sqlalchemy import select, text

    of = orders.c
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


def declined(now: float, limit: int) -> Select[*tuple[Any, ...]]:
    """Return the query for the orders that were declined, until a day after their time.

    One whose item has a newer order, which nobody withdrew, is seen to: it is left out.
    """
    from sqlalchemy import exists, select

    of, newer = orders.c, orders.alias("newer")
    again = (
        exists()
        .where(newer.c.item == of.item, newer.c.issued > of.issued, newer.c.state != "withdrawn")
        .correlate(orders)
    )
    return (
        select(of.id, of.number, of.station, of.by, of.reason)
        .where(of.state == "refused", of.expires >= now - DECLINED_TOLD, ~again)
        .order_by(of.issued.desc(), of.id.desc())
        .limit(limit)
    )
