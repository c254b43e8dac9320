"""Several thermometers in one body of gas: in a tank, under a bell."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Final

MOST_THERMOMETERS: Final = 16
"""How many there may be."""


def see_alike(means: Sequence[float], limit: float, where: str) -> str:
    """Return why thermometers in one gas do not tell its temperature; "" if they do.

    Args:
        means: what each shows, in °C.
        limit: how far any may be from the mean of all, in K.
        where: what they are in.
    """
    middle = statistics.fmean(means)
    number, farthest = max(enumerate(means, 1), key=lambda one: abs(one[1] - middle))
    if abs(farthest - middle) <= limit:
        return ""
    return (
        f"thermometer {number} in the {where} shows {farthest - middle:+.3f} K beside the mean of all, more "
        f"than {limit:g} K: let the gas mix, keep sun and draught off, or look at the probe"
    )
