"""A short trend as a small drawing (SVG) beside its number: a line, and the limits it runs up against."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH: Final = 120
HEIGHT: Final = 28
MARGIN: Final = 2.0
NEAR: Final = 2.0
"""How many times the line's reach a limit may lie from it to be drawn: farther ones would flatten it."""


def strip(points: Sequence[tuple[float, float]], reach: float, limits: Sequence[float] = ()) -> str:
    """Return a drawing of values in time; how it looks is the style sheet's. All in it are numbers.

    Values that are all the same, or so far apart or so near that no number says how far, lie in the middle.

    Args:
        points: seconds before the end, which are negative or 0 and rise, and values.
        reach: seconds that the whole width stands for.
        limits: what is drawn as a line across, in the values' unit, where it is near enough.
    """
    values = [value for _, value in points]
    low, high = min(values), max(values)
    span = high - low
    near = [limit for limit in limits if low - NEAR * span <= limit <= high + NEAR * span]
    low, high = min([low, *near]), max([high, *near])
    span, across, bottom = high - low, WIDTH / reach, HEIGHT - MARGIN
    up = (HEIGHT - 2 * MARGIN) / span if span else 0.0
    if not (up and isfinite(up)):  # such a span has no scale, and an endless one none either
        points, near = [(at, 0.0) for at, _ in points], [0.0 for _ in near]
        low, up, bottom = 0.0, 0.0, HEIGHT / 2
    places = list(
        dict.fromkeys([(round(WIDTH + at * across), round(bottom - (v - low) * up)) for at, v in points])
    )
    if len(places) == 1:  # a line of one point is not seen
        places.append((places[0][0] + 1, places[0][1]))
    lines = [
        f'<path d="M0 {round(bottom - (one - low) * up)}H{WIDTH}" stroke-dasharray="4 3"/>' for one in near
    ]
    drawn = " ".join([f"{right} {down}" for right, down in places])
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true"'
    return f'<svg {box}>{"".join(lines)}<path d="M{drawn}"/></svg>'
