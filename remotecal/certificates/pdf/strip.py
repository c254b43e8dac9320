"""A short trend as a small drawing (SVG) beside its number: a line, and the limits it runs up against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remotecal.certificates.pdf.curve import Axis, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH: Final = 120
HEIGHT: Final = 28
MARGIN: Final = 2.0
NEAR: Final = 2.0
"""How many times the line's reach a limit may lie from it to be drawn: farther ones would flatten it."""


def strip(points: Sequence[tuple[float, float]], reach: float, limits: Sequence[float] = ()) -> str:
    """Return a drawing of values in time; how it looks is the style sheet's.

    Args:
        points: seconds before the end, which are negative or 0 and rise, and values.
        reach: seconds that the whole width stands for.
        limits: what is drawn as a line across, in the values' unit, where it is near enough.
    """
    from lxml import etree

    values = [value for _, value in points]
    low, high = min(values), max(values)
    span = high - low
    near = [limit for limit in limits if low - NEAR * span <= limit <= high + NEAR * span]
    low, high = min([low, *near]), max([high, *near])
    if low == high:
        low, high = low - 1.0, high + 1.0
    x, y = Axis(-reach, 0.0, 0.0, WIDTH), Axis(low, high, HEIGHT - MARGIN, MARGIN)
    places = list(dict.fromkeys((round(x.place(at)), round(y.place(value))) for at, value in points))
    if len(places) == 1:  # a line of one point is not seen
        places.append((places[0][0] + 1, places[0][1]))
    drawn = " ".join(f"{right} {down}" for right, down in places)
    svg = tag("svg", viewBox=f"0 0 {WIDTH} {HEIGHT}", aria_hidden="true")
    for limit in near:
        svg.append(tag("path", d=f"M0 {round(y.place(limit))}H{WIDTH}", stroke_dasharray="4 3"))
    svg.append(tag("path", d=f"M{drawn}"))
    return etree.tostring(svg, encoding="unicode")
