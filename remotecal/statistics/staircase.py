"""Whether an interval from one calibration to the next is right: the staircase of ILAC-G24 / OIML D 10.

Its method 1, "automatic adjustment or staircase": what was found outside its limit at a calibration is
calibrated sooner, what lay well within it may be calibrated later. Only what was found before anything was
adjusted tells of the interval that was over then. For many like items the same is held against the share of
them that was found outside. By how much an interval is changed is for whoever is responsible to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

FEWEST_OF_ITEM: Final = 3
"""Intervals of one item from which something is advised; and the last so many count."""
FEWEST_OF_MODEL: Final = 10
"""Intervals of the items of a model from which something is advised."""
WITHIN: Final = 0.8
"""Part of the limit that "well within" means, as ILAC-G24 / OIML D 10 gives for an example."""
SHARE: Final = 0.05
"""Of the intervals of a model, at most so many may end outside the limit."""
YEAR: Final = 365.25
"""Days."""
LONGER: Final = 1.5
"""Times the interval to which drift is foreseen before a longer one is spoken of."""

Kind = Literal["none", "shorten", "keep", "lengthen"]
Reason = Literal["few", "outside", "often", "once", "near", "drift", "within"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What was found at the end of intervals."""

    intervals: int
    """How many ended with a calibration, and tell of what they are judged by."""
    outside: int
    """Of these, how many with a result outside its limit."""
    last_outside: bool
    """Whether the last of them was among these."""
    largest: float
    """Of all results, the largest part of its limit."""
    days: float
    """How long the intervals were, in the mean."""
    drift: float | None
    """The largest change of a result in a year, as a part of its limit; None where none is known."""


class Advice(NamedTuple):
    """What is advised of an interval."""

    kind: Kind
    reason: Reason
    """`few`: no advice from so few; `outside`: the last time; `often`: more than the share; `once`: some;
    `near`: a limit; `drift`: a longer interval would come to a limit; `within`: well."""


def of_item(ended: Ended) -> Advice:
    """Return what is advised for an item by its last intervals, `FEWEST_OF_ITEM` of them."""
    if ended.intervals < FEWEST_OF_ITEM:
        return Advice("none", "few")
    if ended.last_outside:
        return Advice("shorten", "outside")
    return _longer(ended)


def of_model(ended: Ended) -> Advice:
    """Return what is advised for the items of a model by all their intervals."""
    if ended.intervals < FEWEST_OF_MODEL:
        return Advice("none", "few")
    if ended.outside > SHARE * ended.intervals:
        return Advice("shorten", "often")
    return _longer(ended)


def _longer(ended: Ended) -> Advice:
    """Return whether the interval may be longer, where it need not be shorter."""
    if ended.outside:
        return Advice("keep", "once")
    if ended.largest > WITHIN:
        return Advice("keep", "near")
    later = (ended.drift or 0.0) * ended.days / YEAR * (LONGER - 1)
    return Advice("keep", "drift") if ended.largest + later > 1 else Advice("lengthen", "within")
