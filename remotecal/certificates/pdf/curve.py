"""The error curve as SVG: points with uncertainty bars, directions, and the limits they are judged by."""

from __future__ import annotations

import math
from decimal import Decimal
from statistics import median
from typing import TYPE_CHECKING

from remotecal import units
from remotecal.certificates.pdf.directions import Led, directions, widest
from remotecal.certificates.pdf.drawing import (
    BOTTOM,
    EARLIER,
    FRAME,
    GRID,
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
from remotecal.certificates.pdf.levels import DASHES, Level, levels
from remotecal.certificates.pdf.numbers import full_width, in_unit, printed, with_unit
from remotecal.certificates.pdf.wording import label
from remotecal.model.certificate import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.etree import _Element

    from remotecal.model import Column, Table

DECADES_WORTH_A_LOG_AXIS = 8.0
"""Ratio of the largest to the smallest place from which an axis is logarithmic."""

DRAWN = {"rising": ("#2c7a5b", "none", 1.0), "falling": ("#8a5a12", "1.5 2.5", -1.0)}
"""How a direction is drawn: its colour, the dashes of its line, where its triangles point (1 is up)."""


AGAINST = ("basic_referenceValue", "remotecal_nominalValue", "basic_nominalValue")
"""What an error is plotted over, the first that the table has."""


def picture(table: Table, font: str) -> dict[str, object] | None:
    """Return the error curve of a table for the template: the SVG, what it shows, its key; or nothing."""
    from lxml import etree

    errors = table.column("basic_measurementError")
    at = next((column for name in AGAINST if (column := table.column(name))), None)
    if errors is None or at is None or not len(at.values) == len(errors.values) > 1 or "NaN" in errors.values:
        return None
    led = directions(table, errors)
    among = () if led else levels(table.column(LEVEL), errors)
    caption = [label("curve", "bars")] if errors.uncertainty else []
    caption += [label("curve", each.name) for each in led]
    if limits := _limits(errors, len(errors.values)):
        drawn = "limits_at" if among and _varies(limits) else "limits"
        caption.append(label("curve", drawn if _to_draw(limits, errors, led) else "beyond"))
    return {
        "svg": etree.tostring(error_curve(at, errors, font, led, among), encoding="unicode"),
        "alt": f"{_heading(errors)} : {_heading(at)}"
        + (_apart(at, errors, led) if led else "")
        + "".join(f"; {each.name}" for each in among),
        "caption": caption,
    }


def _apart(at: Column, errors: Column, led: tuple[Led, ...]) -> str:
    """Return in words how far apart the directions are, for who does not see the drawing."""
    row, apart = widest(led)
    decimals = len(errors.values[row].partition(".")[2])
    told = {
        "apart": with_unit((f"{apart:.{decimals}f}",), errors.unit),
        "place": with_unit((at.values[row],), at.unit),
    }
    return "; " + " ".join(text for _, text in label("curve", "apart", **told))


def error_curve(
    at: Column, errors: Column, font: str, led: tuple[Led, ...] = (), among: tuple[Level, ...] = ()
) -> _Element:
    """Return a drawing (SVG) of `errors` over `at`, both with as many values, lettered in `font`.

    Each level of `among` has a line and marks of its own, and is named above the drawing. `led` are the
    errors in each direction, where the device was led in two. The axis is linear then, for they begin at a
    zero. Limits that would leave no room to tell directions apart, or to see the uncertainties, are left
    away.
    """
    places, values = at.floats(), errors.floats()
    bars = _bars(errors)
    reach = _reach(errors, led)
    limits = _to_draw(_limits(errors, len(values)), errors, led)
    x = _place_axis(places, may_be_logarithmic=not led)
    y = error_axis(reach + [bound for line in limits for bound in line])
    svg = _empty(font, len(among))
    frame_of(svg, x, y)
    _labels(svg, at, errors)
    for line in limits:
        if among and _varies(limits):  # where it changes between two places is another at each level
            _limits_at(svg, x, y, list(zip(places, line, strict=True)))
            continue
        for level in _levels(x, sorted(zip(places, line, strict=True))):
            svg.append(path_of(x, y, level, stroke=LIMIT, stroke_dasharray="5 3", stroke_width="1"))
    if among:
        points = list(zip(places, values, bars, strict=True))
        for number, one in enumerate(among):
            style = MARKS[number % len(MARKS)], (INK, *EARLIER)[number % len(MARKS)], one.dashes
            _marked(svg, x, y, [points[row] for row in one.rows], *style)
            _name_level(svg, number, one, *style)
        return svg
    svg.append(path_of(x, y, sorted(zip(places, values, strict=True)), stroke="#9fb2c4", stroke_width="0.8"))
    for each in led:
        _direction(svg, x, y, sorted(zip(places, each.errors, strict=True)), each.name)
    for place, value, bar in zip(places, values, bars, strict=True):
        _point(svg, x.place(place), y.place(value), y.place(value + bar), y.place(value - bar))
    return svg


def history(series: Sequence[tuple[Column, Column, tuple[Level, ...]]], font: str, language: str) -> _Element:
    """Return a drawing (SVG) of several errors, each over its places; the latest first, as many as `MARKS`.

    All are in the same units; each has the mark of its place, and bars of its uncertainties. Of errors that
    were found at several levels each level has a line of its own, dashed as it is told above the drawing.
    What the axes show is said in one language, that of whoever looks.
    """
    places = tuple(place for at, _, _ in series for place in at.floats())
    reach = [end for _, errors, _ in series for end in _reach(errors, ())]
    x, y = _place_axis(places, may_be_logarithmic=True), error_axis(reach)
    named = {each.name: each for *_, among in series for each in among}
    svg = _empty(font, len(named))
    frame_of(svg, x, y)
    _labels(svg, *series[0][:2], (language,))
    dashes = {name: DASHES[number % len(DASHES)] for number, name in enumerate(named)}
    for mark, colour, (at, errors, among) in reversed(
        list(zip(MARKS, (INK, *EARLIER), series, strict=False))
    ):
        points = list(zip(at.floats(), errors.floats(), _bars(errors), strict=True))
        if not among:
            _marked(svg, x, y, points, mark, colour)
        for each in among:
            _marked(svg, x, y, [points[row] for row in each.rows], mark, colour, dashes[each.name])
    for number, each in enumerate(named.values()):
        _name_level(svg, number, each, "", FRAME, dashes[each.name])
    return svg


BOTH = ("zh", "en")
"""Languages of a certificate's drawing."""
NAMED, ABOVE = 6, 16.0
"""Levels that are named in a line above a drawing, and its height."""


def _empty(font: str, named: int) -> _Element:
    """Return a drawing with nothing in it, with room above it to name levels."""
    above = ABOVE * math.ceil(named / NAMED)
    room = f"0 {-above:g} {WIDTH:g} {HEIGHT + above:g}" if named else f"0 0 {WIDTH:g} {HEIGHT:g}"
    return tag("svg", xmlns="http://www.w3.org/2000/svg", viewBox=room, font_family=font)


def _name_level(svg: _Element, number: int, level: Level, mark: str, colour: str, dashes: str) -> None:
    """Tell above a drawing how a level is drawn: its line, with its mark if it has one, and its name."""
    down, along = divmod(number, NAMED)
    left, row = LEFT + along * (WIDTH - LEFT - RIGHT) / NAMED, 2.0 - ABOVE * down
    line = line_of(f"{left:.2f}", f"{row:.2f}", f"{left + 28:.2f}", f"{row:.2f}", colour, "1")
    line.set("stroke-dasharray", dashes)
    svg.append(line)
    if mark:
        svg.append(mark_of(mark, left + 14, row, colour))
    svg.append(text_of(level.name, f"{left + 34:.2f}", f"{row + 3.5:.2f}", anchor="start"))


def _marked(
    svg: _Element,
    x: Axis,
    y: Axis,
    points: Sequence[tuple[float, float, float]],
    mark: str,
    colour: str,
    dashes: str = "none",
) -> None:
    """Draw points with their bars, by marks of one kind, and a line through them."""
    line = sorted((place, value) for place, value, _ in points)
    svg.append(path_of(x, y, line, stroke=colour, stroke_width="0.8", stroke_opacity="0.6"))
    svg[-1].set("stroke-dasharray", dashes)
    for place, value, bar in sorted(points):
        column, ends = f"{x.place(place):.2f}", (y.place(value + bar), y.place(value - bar))
        svg.append(line_of(column, f"{ends[0]:.2f}", column, f"{ends[1]:.2f}", colour, "1.1"))
        svg.append(mark_of(mark, x.place(place), y.place(value), colour))


WIDEST_LIMITS = 4.0
"""How much farther than errors with their uncertainties limits may lie that are drawn beside directions."""


SHORTEST_BAR = 12.0
"""Height below which the bars of most uncertainties can't be told from the points they are drawn through."""


def _to_draw(limits: list[list[float]], errors: Column, led: tuple[Led, ...]) -> list[list[float]]:
    """Return the limits, or none where they would hide what is drawn: directions, or uncertainties."""
    reach = _reach(errors, led)
    far = [bound for line in limits for bound in line]
    if led:
        return [] if max(map(abs, far), default=0.0) > WIDEST_LIMITS * max(map(abs, reach)) else limits
    bar = 2 * median(_bars(errors))
    within, beyond = (error_axis(ends) for ends in (reach, reach + far))
    hidden = bar and beyond.length(bar) < SHORTEST_BAR
    return [] if hidden and within.length(bar) > WORTH_IT * beyond.length(bar) else limits


WORTH_IT = 2.0
"""How much longer bars must become to leave the limits away."""


def _levels(x: Axis, points: list[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Return a limit as level lines: from one end of the axis to the other, apart where it changes.

    Where between two places it changes is not said, nor whether by a step: the lines end half-way.
    """
    found: list[list[tuple[float, float]]] = []
    for place, limit in points:
        if found and found[-1][-1][1] == limit:
            found[-1].append((place, limit))
            continue
        begin = x.low
        if found:
            last, before = found[-1][-1]
            begin = (last + place) / 2
            found[-1].append((begin, before))
        found.append([(begin, limit), (place, limit)])
    found[-1].append((x.high, points[-1][1]))
    return found


def _limits_at(svg: _Element, x: Axis, y: Axis, points: list[tuple[float, float]]) -> None:
    """Draw a limit at each point by itself."""
    for place, limit in points:
        column, row = x.place(place), f"{y.place(limit):.2f}"
        svg.append(line_of(f"{column - HALF_TICK:.2f}", row, f"{column + HALF_TICK:.2f}", row, LIMIT, "1"))


HALF_TICK = 7.0


def _varies(limits: list[list[float]]) -> bool:
    """Tell whether a limit is another at some points."""
    return any(len(set(line)) > 1 for line in limits)


def _reach(errors: Column, led: tuple[Led, ...]) -> list[float]:
    """Return how far the drawing must reach: errors with their bars, and those in each direction."""
    ends = [
        value + sign * bar
        for value, bar in zip(errors.floats(), _bars(errors), strict=True)
        for sign in (1, -1)
    ]
    return ends + [error for each in led for error in each.errors]


def _bars(errors: Column) -> list[float]:
    stated, rows = errors.uncertainty, len(errors.values)
    return _spread(stated.expanded, rows) if stated else [0.0] * rows


def _spread(numbers: tuple[str, ...], rows: int) -> list[float]:
    return [float(number) for number in (numbers * rows if len(numbers) == 1 else numbers)]


def _limits(errors: Column, rows: int) -> list[list[float]]:
    tolerance = errors.conformity.tolerance if errors.conformity else None
    given = (tolerance.lower, tolerance.upper) if tolerance else ()
    return [_spread(numbers, rows) for numbers in given if numbers]


def _place_axis(places: tuple[float, ...], *, may_be_logarithmic: bool) -> Axis:
    low, high = min(places), max(places)
    if may_be_logarithmic and low > 0 and high / low >= DECADES_WORTH_A_LOG_AXIS:
        margin = (high / low) ** 0.06
        return Axis(low / margin, high * margin, LEFT, WIDTH - RIGHT, logarithmic=True)
    margin = 0.06 * (high - low) or abs(high) or 1.0
    low = 0.0 if 0 < low <= 0.35 * high else low - margin
    return Axis(low, high + margin, LEFT, WIDTH - RIGHT)


def error_axis(reach: list[float]) -> Axis:
    """Return a linear axis from bottom to top on which 0 and all of some values are."""
    low, high = min([0.0, *reach]), max([0.0, *reach])
    margin = 0.12 * (high - low) or 1.0
    return Axis(low - margin, high + margin, HEIGHT - BOTTOM, TOP)


def frame_of(svg: _Element, x: Axis, y: Axis, marks: Sequence[tuple[float, str]] | None = None) -> None:
    """Draw the frame, its grid and the numbers beside it; `marks` instead of round numbers of places."""
    for mark, said in marks or [(mark, _tick(mark)) for mark in x.ticks()]:
        column = f"{x.place(mark):.2f}"
        svg.append(line_of(column, f"{TOP:g}", column, f"{HEIGHT - BOTTOM:g}", GRID))
        svg.append(text_of(said, column, f"{HEIGHT - BOTTOM + 14:g}", anchor="middle"))
    decimals = max(0, *(-int(Decimal(f"{mark:.12g}").as_tuple().exponent) for mark in y.ticks()))
    for mark in y.ticks():
        place = y.place(mark)
        colour = "#8d9aa6" if mark == 0 else GRID
        svg.append(line_of(f"{LEFT:g}", f"{place:.2f}", f"{WIDTH - RIGHT:g}", f"{place:.2f}", colour))
        label = f"{mark:.{decimals}f}".replace("-", "−")
        svg.append(text_of(label, f"{LEFT - 6:g}", f"{place + 3.5:.2f}", anchor="end"))
    frame = {"x": f"{LEFT:g}", "y": f"{TOP:g}", "width": f"{WIDTH - LEFT - RIGHT:g}"}
    svg.append(tag("rect", fill="none", stroke=FRAME, height=f"{HEIGHT - TOP - BOTTOM:g}", **frame))


def _tick(mark: float) -> str:
    """Return a mark as it is printed: 1000000 and 2 × 10⁷ for what Python writes as 1e+06 and 2e+07."""
    written_out = 1e5 <= abs(mark) < 1e7
    return printed(f"{mark:.0f}" if written_out else f"{mark:g}")


def _labels(svg: _Element, at: Column, errors: Column, languages: Sequence[str] = BOTH) -> None:
    middle = (LEFT + WIDTH - RIGHT) / 2
    svg.append(text_of(_heading(at, languages), f"{middle:g}", f"{HEIGHT - 12:g}", anchor="middle"))
    upright = tag("g", transform=f"translate(14 {(TOP + HEIGHT - BOTTOM) / 2:g}) rotate(-90)")
    upright.append(text_of(_heading(errors, languages), "0", "0", anchor="middle"))
    svg.append(upright)


def _heading(column: Column, languages: Sequence[str] = BOTH) -> str:
    texts = [(column.name.get(one), one) for one in languages] if column.name else []
    names = dict.fromkeys(full_width(text) if one == "zh" else text for text, one in texts)
    unit = in_unit(column.unit) if units.symbol(column.unit) != "1" else ""
    return " ".join([*names, unit]).strip()


def _point(svg: _Element, place: float, middle: float, top: float, bottom: float) -> None:
    column = f"{place:.2f}"
    svg.append(line_of(column, f"{top:.2f}", column, f"{bottom:.2f}", INK, "1.1"))
    for end in (top, bottom):
        svg.append(
            line_of(f"{place - 3.5:.2f}", f"{end:.2f}", f"{place + 3.5:.2f}", f"{end:.2f}", INK, "1.1")
        )
    svg.append(tag("circle", cx=column, cy=f"{middle:.2f}", r="2.6", fill=INK))


def _direction(svg: _Element, x: Axis, y: Axis, points: list[tuple[float, float]], name: str) -> None:
    """Draw the errors of one direction: a line, and a triangle at each."""
    colour, dashes, up = DRAWN[name]
    svg.append(path_of(x, y, points, stroke=colour, stroke_width="1.1", stroke_dasharray=dashes))
    for place, value in points:
        column, row = x.place(place), y.place(value)
        corners = ((0.0, -4.2 * up), (3.6, 2.4 * up), (-3.6, 2.4 * up))
        drawn = " ".join(f"{column + right:.2f},{row + down:.2f}" for right, down in corners)
        svg.append(tag("polygon", points=drawn, fill=colour))
