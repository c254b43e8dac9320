"""What was watched in the last minute before an interlock stopped a run, as its journal tells it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from remotecal.errors import JournalBroken
from remotecal.journal.events import read_alone
from remotecal.web.indications import trend_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remotecal.store import Store
    from remotecal.store.journals import RunRow
    from remotecal.web.indications import ShortTrend

MOST: Final = 16
"""Quantities that are shown, at most."""
VALUES: Final = 200
"""Values of one, at most: the last."""
LONGEST: Final = 100
"""Letters of a name or a unit that are shown, at most."""


class Before(NamedTuple):
    """How a quantity changed before the run was stopped."""

    what: str
    unit: str
    trend: ShortTrend
    values: tuple[tuple[float, float], ...]
    """Seconds before, negative, and values."""


def before_trip(store: Store, row: RunRow) -> list[Before]:
    """Return what was watched before an interlock stopped a run; nothing where none did."""
    if not row.why_line or row.state != "stopped":
        return []
    with store.journals.opened(row.station, row.run, [(row.why_line, row.why_line)]) as lines:
        try:
            events = [read_alone(line[:-1], row.why_line) for line in lines]
        except JournalBroken:  # its station wrote what no journal has; the record will say so
            return []
    trends = [event.data.get("trend") for event in events if event.kind == "interlock"]
    return list(islice((one for trend in trends for one in _told(trend)), MOST))


def _told(trend: object) -> Iterator[Before]:
    """Yield what an event tells; what is of another form, for a station may write anything, tells nothing."""
    for one in trend if isinstance(trend, list) else ():
        values = _values(one) if isinstance(one, dict) else ()
        if values:
            what, unit = (_short(one.get(name)) for name in ("what", "unit"))
            yield Before(what, unit, trend_of(values), values)


def _short(said: object) -> str:
    return said[:LONGEST] if isinstance(said, str) else ""


def _values(one: Mapping[str, object]) -> tuple[tuple[float, float], ...]:
    listed = one.get("values")
    pairs = [pair for pair in listed if _is_pair(pair)] if isinstance(listed, list) else []
    return tuple((float(at), float(value)) for at, value in sorted(pairs)[-VALUES:])


def _is_pair(pair: object) -> bool:
    return (
        isinstance(pair, list)
        and len(pair) == len(("at", "value"))
        and all(type(number) in {int, float} and abs(number) < 1e300 for number in pair)
        and -60.0 <= pair[0] <= 0.0
    )
