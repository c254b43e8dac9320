"""What an interval between two calibrations ended with: results as found, against limit or uncertainty."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from remotecal import units
from remotecal.certificates.history import errors_of
from remotecal.statistics.staircase import YEAR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date

    from remotecal.certificates.history import ErrorsThen
    from remotecal.model import Record

SHORTEST: Final = 28
"""Days between calibrations that count as an interval: what was calibrated again sooner was at work on."""
SAME_PLACE: Final = 0.05
"""Part of a place by which the same one may differ the next time."""

LARGEST: Final = 1e100
"""Numbers beyond it say nothing, and can't be computed with."""

Against = Literal["limit", "U"]


class ErrorAt(NamedTuple):
    """An error at a place."""

    level: tuple[float, str] | None
    """At which level, and its unit; None where none is told."""
    at: float
    """The place."""
    error: float
    expanded: float | None
    """Its expanded uncertainty, where that is told."""
    limits: tuple[float | None, float | None]
    """Lower and upper limit of error."""


Kind = tuple[str, str, str]
"""Quantity, unit of the errors, unit of the places: what is not of one kind is not compared."""


class States(NamedTuple):
    """The errors of an item by a certificate, of each kind."""

    finished: date
    """Last day of the calibration."""
    found: dict[Kind, list[ErrorAt]]
    """Before anything was adjusted."""
    left: dict[Kind, list[ErrorAt]]
    """After."""


class IntervalEnd(NamedTuple):
    """How an interval ended, by the results of one kind."""

    quantity: str
    """As `ErrorsThen.quantity`."""
    unit: str
    """Of the errors."""
    over: str
    """Unit of the places."""
    against: Against
    """What the results are judged by: the limits of error; where there are none, whether they have changed by
    more than the uncertainties of both allow."""
    days: int
    """How long it was."""
    results: int
    """How many were judged."""
    outside: int
    """Of these, outside the limit, or changed by more than their U."""
    part: float
    """The largest part of the limit, or of that U."""
    drift: float | None
    """Mean change of a result in a year, in `unit`; None where none was calibrated at the same place."""
    drift_part: float | None
    """The largest change of one in a year, as a part of the limit or of U."""


class Judged(NamedTuple):
    """A result that was judged."""

    change: float | None
    """Since the calibration before; None where that had none at its place."""
    part: float
    """Of the limit, or of U."""
    size: float
    """Of that limit or U, in the unit of the error."""


def states_of(record: Record, place: int) -> States:
    """Return what a certificate says of the errors of an item, by its place in the record (from 0)."""
    states = States(record.finished, {}, {})
    if not record.items:
        return states
    for then in errors_of(record, place, ""):
        kind = (then.quantity, then.errors.unit, then.at.unit)
        results = list(_results(then))
        if then.state != "left":
            states.found.setdefault(kind, []).extend(results)
        if then.state != "found":
            states.left.setdefault(kind, []).extend(results)
    return states


def interval_ends(before: States, now: States) -> Iterator[IntervalEnd]:
    """Yield how the interval from one calibration of an item to the next ended; nothing of a short one."""
    days = (now.finished - before.finished).days
    if days < SHORTEST:
        return
    for kind, found in now.found.items():
        pairs = list(_paired(before.left.get(kind, ()), found))
        for against, judge in JUDGES.items():
            judged = [
                Judged(None if then is None else one.error - then.error, *told)
                for then, one in pairs
                if (told := judge(then, one)) is not None
            ]
            if judged:
                yield _end(kind, against, days, judged)
                break


def _end(kind: Kind, against: Against, days: int, judged: Sequence[Judged]) -> IntervalEnd:
    changed = [(one.change, one.size) for one in judged if one.change is not None]
    years = days / YEAR
    drift = math.fsum(change for change, _ in changed) / len(changed) / years if changed else None
    drift_part = max((abs(change) / size / years for change, size in changed), default=None)
    outside = sum(one.part > 1 for one in judged)
    largest = max(one.part for one in judged)
    return IntervalEnd(*kind, against, days, len(judged), outside, largest, drift, drift_part)


def _results(then: ErrorsThen) -> Iterator[ErrorAt]:
    judged = then.errors.conformity
    tolerance = None if judged is None else judged.tolerance
    lower, upper = (None, None) if tolerance is None else (tolerance.lower, tolerance.upper)
    unit = "" if then.levels is None else then.levels.unit
    for row, (place, level, error, expanded) in enumerate(then.rows()):
        limits = _entry(lower, row), _entry(upper, row)
        numbers = float(place), float(error), float(expanded or 0)
        if all(abs(number) < LARGEST for number in numbers):
            at_level = (float(level), unit) if level else None
            yield ErrorAt(at_level, *numbers[:2], numbers[2] if expanded else None, limits)


def _entry(entries: Sequence[str] | None, row: int) -> float | None:
    if not entries:
        return None
    number = float(entries[row if len(entries) > 1 else 0])
    return number if abs(number) < LARGEST else None


def _by_limit(one: ErrorAt) -> tuple[float, float] | None:
    """Return which part of its limits an error takes (above 1 it is outside), and how wide they are.

    They are as wide as they are from their middle, or from 0 where there is one alone; None where none is.
    """
    low, high = one.limits
    if low is not None and high is not None:
        half = (high - low) / 2
        return (abs(one.error - (low + high) / 2) / half, half) if half > 0 else None
    only, error = (high, one.error) if low is None else (-low, -one.error)
    return (max(0.0, error) / only, only) if only is not None and only > 0 else None


def _by_u(then: ErrorAt | None, one: ErrorAt) -> tuple[float, float] | None:
    """Return which part the change of an error is of the U that it has, and that; None where none is told."""
    if then is None or then.expanded is None or one.expanded is None:
        return None
    u = math.hypot(then.expanded, one.expanded)
    return (abs(one.error - then.error) / u, u) if u > 0 else None


JUDGES: Final[dict[Against, Callable[[ErrorAt | None, ErrorAt], tuple[float, float] | None]]] = {
    "limit": lambda _, one: _by_limit(one),
    "U": _by_u,
}
"""What results are judged by → part and size of a result as it was left before and was found."""


def _at_one_level(then: ErrorAt, one: ErrorAt) -> bool:
    """Tell whether two errors were found at one level, or neither tells any."""
    if then.level is None or one.level is None:
        return then.level is one.level
    (before, unit), (now, its) = then.level, one.level
    if not units.same_dimension(unit, its):
        return False
    before = units.convert(before, unit, its)
    return abs(before - now) <= SAME_PLACE * max(abs(before), abs(now))


def _paired(before: Iterable[ErrorAt], found: Iterable[ErrorAt]) -> Iterator[tuple[ErrorAt | None, ErrorAt]]:
    """Yield each result with the one at the same place and level before, the nearest; each of these once."""
    left = list(before)
    for one in found:
        alike = [then for then in left if _at_one_level(then, one)]
        near = min(alike, key=lambda then: abs(then.at - one.at), default=None)
        if near is not None and abs(near.at - one.at) > SAME_PLACE * max(abs(near.at), abs(one.at)):
            near = None
        if near is not None:
            left.remove(near)
        yield near, one
