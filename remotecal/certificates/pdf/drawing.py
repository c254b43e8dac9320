"""What drawings (SVG) of certificates and pages are made of: axes, lines, marks, letters."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element

WIDTH, HEIGHT = 640.0, 256.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 14.0, 12.0, 46.0
INK, FRAME, GRID, LIMIT = "#1d4468", "#44505c", "#e3e8ed", "#b3362b"
EARLIER = ("#8a5a12", "#2c7a5b", "#7a4a86", "#6b7479")
"""Colours of what was before; each also has a mark of its own."""
MARKS = ("circle", "square", "triangle", "diamond", "down")
"""How the points of each are marked, the latest first."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale from numbers to places on the page."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Return where a value stands."""
        if self.logarithmic:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def length(self, difference: float) -> float:
        """Return how long a difference is on the page, on a linear scale."""
        return abs(difference / (self.high - self.low) * (self.end - self.start))

    def ticks(self) -> list[float]:
        """Return the round numbers to mark."""
        if not self.logarithmic:
            return _round_numbers(self.low, self.high)
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        marks = [digit * 10.0**decade for decade in decades for digit in (1, 2, 5)]
        return [mark for mark in marks if self.low <= mark <= self.high]


def _round_numbers(low: float, high: float) -> list[float]:
    rough = (high - low) / 6
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(digit * power for digit in (1, 2, 5, 10) if digit * power >= rough * 0.999)
    first = math.ceil(low / step)
    return [round(number * step, 12) for number in range(first, math.floor(high / step) + 1)]


def mark_of(mark: str, column: float, row: float, colour: str) -> _Element:
    """Return a mark (`MARKS`) at a place of the page."""
    corners: dict[str, tuple[tuple[float, float], ...]] = {
        "square": ((-3, -3), (3, -3), (3, 3), (-3, 3)),
        "triangle": ((0, -4.2), (3.6, 2.4), (-3.6, 2.4)),
        "diamond": ((0, -4.2), (4.2, 0), (0, 4.2), (-4.2, 0)),
        "down": ((0, 4.2), (3.6, -2.4), (-3.6, -2.4)),
    }
    if mark not in corners:
        return tag("circle", cx=f"{column:.2f}", cy=f"{row:.2f}", r="3", fill=colour)
    drawn = " ".join(f"{column + right:.2f},{row + down:.2f}" for right, down in corners[mark])
    return tag("polygon", points=drawn, fill=colour)


def line_of(x1: str, y1: str, x2: str, y2: str, colour: str, width: str = "0.7") -> _Element:
    """Return a line between two places of the page."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=colour, stroke_width=width)


def path_of(x: Axis, y: Axis, points: list[tuple[float, float]], **style: str) -> _Element:
    """Return a line through points."""
    steps = " L ".join(f"{x.place(place):.2f} {y.place(value):.2f}" for place, value in points)
    return tag("path", d=f"M {steps}", fill="none", **style)


def text_of(content: str, x: str, y: str, anchor: str) -> _Element:
    """Return a text, in which symbols with an index have it below the line: ρ_ref."""
    parts, place = [], 0
    for found in SYMBOL.finditer(content):
        below = tag("tspan", found[2], baseline_shift="sub", font_size="7.5")
        parts += [tag("tspan", content[place : found.start()] + found[1]), below]
        place = found.end()
    whole = [*parts, tag("tspan", content[place:])] if parts else [content]
    return tag("text", *whole, x=x, y=y, text_anchor=anchor, font_size="10", fill=FRAME)


SYMBOL = re.compile(r"\b([ΔδA-Za-zα-ωΑ-Ω]{1,2})_([0-9A-Za-z]{1,5})\b")
"""A symbol with its index, as `certificate.typ` finds them in texts."""


def tag(name: str, /, *content: str | _Element, **attributes: str) -> _Element:
    """Return an element, so that no text of a record can be taken for markup; `_` stands for `-`."""
    from lxml.etree import Element

    element = Element(name)
    for key, value in attributes.items():
        element.set(key.replace("_", "-"), value)
    for part in content:
        if isinstance(part, str):
            element.text = part
        else:
            element.append(part)
    return element
