"""Drawings (SVG) of what changes with time, with bars and limits where there are any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.certificates.pdf.curve import error_axis, frame_of
from remotecal.certificates.pdf.drawing import (
    BOTTOM,
    EARLIER,
    HEIGHT,
    INK,
    LEFT,
    LIMIT,
    MARKS,
    RIGHT,
    TOP,
    WIDTH,
    Axis,
    line_of,
    mark_of,
    path_of,
    tag,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lxml.etree import _Element

MOST_TIMES = 10
"""Times that are printed below a drawing, at most."""


def trend(
    times: Sequence[str],
    series: Sequence[Sequence[float | None]],
    heading: str,
    font: str,
    *,
    bars: Sequence[Sequence[float | None]] = (),
    lines: Mapping[str, float] | None = None,
) -> _Element:
    """Return a drawing (SVG) of what changes with time; each series has a value or none at each.

    Args:
        times: what is printed below each, at even distances; where there are many, below some.
        series: as many as `MARKS` at most, each with a mark of its own and as many values as there are times.
        heading: what stands beside the axis of the values.
        font: in which it is lettered.
        bars: of each series, how far each value reaches up and down.
        lines: what is written at a limit → where it is; dashed.
    """
    x = Axis(-0.5, len(times) - 0.5, LEFT, WIDTH - RIGHT)
    limits = lines or {}
    reach = [value for each in series for value in each if value is not None]
    for values, lengths in zip(series, bars, strict=False):
        told = zip(values, lengths, strict=True)
        reach += [
            value + way * bar
            for value, bar in told
            if value is not None and bar is not None
            for way in (1, -1)
        ]
    y = error_axis([*reach, *limits.values()])
    svg = tag(
        "svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}", font_family=font
    )
    every = -(-len(times) // MOST_TIMES)
    frame_of(svg, x, y, [(float(n), time) for n, time in enumerate(times) if n % every == 0])
    upright = tag("g", transform=f"translate(14 {(TOP + HEIGHT - BOTTOM) / 2:g}) rotate(-90)")
    upright.append(text_of(heading, "0", "0", anchor="middle"))
    svg.append(upright)
    for said, limit in limits.items():
        svg.append(
            path_of(
                x,
                y,
                [(x.low, limit), (x.high, limit)],
                stroke=LIMIT,
                stroke_dasharray="5 3",
                stroke_width="1",
            )
        )
        svg.append(text_of(said, f"{WIDTH - RIGHT - 4:g}", f"{y.place(limit) - 3:.2f}", anchor="end"))
    for number, (mark, colour, values) in enumerate(zip(MARKS, (INK, *EARLIER), series, strict=False)):
        points = [(float(n), value) for n, value in enumerate(values) if value is not None]
        if len(points) > 1:
            svg.append(path_of(x, y, points, stroke=colour, stroke_width="0.8", stroke_opacity="0.6"))
        for place, value in points:
            column, row = x.place(place), y.place(value)
            bar = bars[number][int(place)] if number < len(bars) else None
            if bar is not None:
                ends = y.place(value + bar), y.place(value - bar)
                svg.append(
                    line_of(
                        f"{column:.2f}", f"{ends[0]:.2f}", f"{column:.2f}", f"{ends[1]:.2f}", colour, "1.1"
                    )
                )
            svg.append(mark_of(mark, column, row, colour))
    return svg
