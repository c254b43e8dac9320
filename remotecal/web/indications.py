"""Indications as pages show them: with the digits they have, what stops the run, and a short trend."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from remotecal import units
from remotecal.certificates.pdf.strip import strip
from remotecal.errors import UnitError
from remotecal.pages.frame import watched
from remotecal.web.last_minute import REACH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.transport.limits import LimitTold
    from remotecal.transport.messages import Live
    from remotecal.web.last_minute import LastMinute


class LimitShown(NamedTuple):
    """What stops a run."""

    side: str
    """`above` or `below`: on which side of it."""
    value: str
    unit: str


class ShortTrend(NamedTuple):
    """How an indication changed in the last minute."""

    drawing: Markup
    least: str
    most: str


class IndicationShown(NamedTuple):
    """What a source told last."""

    source: str
    value: str
    unit: str
    limits: tuple[LimitShown, ...]
    trend: ShortTrend | None
    """None where it was told but once, nothing is kept of it, or it can't be drawn."""


def indications(live: Live, heard: LastMinute | None, drawn: int) -> list[IndicationShown]:
    """Return the latest indications, those with a limit first.

    Args:
        live: what the station said last.
        heard: the last minute.
        drawn: of how many the trend is drawn, at most.
    """
    sources = sorted(live.last, key=lambda source: source not in live.limits)
    found: list[IndicationShown] = []
    for place, source in enumerate(sources):
        value, unit = live.last[source]
        limits, digits = live.limits.get(source, ()), live.digits.get(source)
        points = heard.trend(source) if heard is not None and place < drawn else []
        trend = trend_of(points, _in_unit(limits, unit), digits) if _can_be_drawn(points) else None
        shown = tuple(_shown(limit) for limit in limits)
        found.append(IndicationShown(source, watched(value, digits), unit, shown, trend))
    return found


def trend_of(
    points: Sequence[tuple[float, float]], limits: Sequence[float] = (), digits: int | None = None
) -> ShortTrend:
    """Return values of the last minute as a drawing, and its least and most as text."""
    values = [value for _, value in points]
    drawing = Markup(strip(points, REACH, limits))  # noqa: S704  numbers alone
    return ShortTrend(drawing, watched(min(values), digits), watched(max(values), digits))


def _can_be_drawn(points: Sequence[tuple[float, float]]) -> bool:
    """Tell whether there are two points, and not so far apart that no number says how far."""
    values = [value for _, value in points]
    return len(values) > 1 and math.isfinite(3 * (max(values) - min(values)))


def _shown(limit: LimitTold) -> LimitShown:
    side, value = ("above", limit.above) if limit.above is not None else ("below", limit.below or 0.0)
    return LimitShown(side, f"{value:g}", limit.unit)


def _in_unit(limits: Sequence[LimitTold], unit: str) -> list[float]:
    found = (_converted(limit.above if limit.above is not None else limit.below or 0.0, limit.unit, unit)
             for limit in limits)  # fmt: skip
    return [value for value in found if math.isfinite(value)]


@lru_cache(maxsize=1000)
def _converted(value: float, unit: str, to: str) -> float:
    """Return a value in another unit; not a number where a station says units that are none."""
    try:
        return value if unit == to else units.convert(value, unit, to)
    except UnitError:
        return math.nan
