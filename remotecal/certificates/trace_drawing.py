"""The chain of traceability as a drawing: the device on top, the national standards at the bottom."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml.etree import _Element

    from remotecal.certificates.trace import Standing, Traced

BOX, GAP = (380, 130), (24, 48)
"""Size of a box and space between boxes, in pixels: across, down."""

INKS = {"recognised": "#1a7f37", "national standard": "#1a7f37", "refused": "#cf222e", "open": "#9a6700"}

LONGEST_LINE, REASON_LINES = 48, 3
"""Characters that fit into a line of a box (of Chinese ones half as many), and lines for the reason; what is
longer is cut, and whole in the box's title."""
_UNBROKEN: Final = re.compile(
    r" +|[\u2e80-\uffef][\uff0c\u3002\uff1b\uff1a\u3001\uff09]*|[^ \u2e80-\uffef]{1,48}"
)
"""What stays together in a line: blanks, a Chinese character with the marks behind it, any other word."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What a drawing says itself, in the language of its reader."""

    calibrated: str = "calibrated {day}"
    valid_until: str = "valid until {day}"
    comma: str = ", "
    colon: str = ": "
    standings: Mapping[Standing, str] = field(default_factory=dict)
    """What a certificate counts for; as `Traced` says it, if not given."""


ENGLISH: Final = Wording()


def draw(traced: Traced, wording: Wording = ENGLISH) -> bytes:
    """Return the chain as an SVG file."""
    from lxml.etree import Element, indent, tostring

    svg = Element("svg", {"font-family": "sans-serif", "font-size": "12"}, nsmap={None: SVG})
    columns, rows, _ = _place(svg, traced, 0, 0, wording)
    width, height = columns * (BOX[0] + GAP[0]) + GAP[0], rows * (BOX[1] + GAP[1])
    svg.set("viewBox", f"0 0 {width} {height}")
    svg.set("width", str(width))
    svg.set("height", str(height))
    indent(svg)
    return tostring(svg, xml_declaration=True, encoding="UTF-8")


SVG = "http://www.w3.org/2000/svg"


def _place(svg: _Element, link: Traced, column: int, row: int, wording: Wording) -> tuple[int, int, int]:
    """Draw a certificate above its standards; return the columns and rows they take, and its middle."""
    wide, deep = 0, row + 1
    below: list[int] = []
    for standard in link.standards:
        more, rows, middle = _place(svg, standard, column + wide, row + 1, wording)
        wide, deep = wide + more, max(deep, rows)
        below.append(middle)
    wide = max(wide, 1)
    left = GAP[0] + column * (BOX[0] + GAP[0]) + (wide - 1) * (BOX[0] + GAP[0]) // 2
    top = GAP[1] // 2 + row * (BOX[1] + GAP[1])
    own = left + BOX[0] // 2
    for middle in below:
        path = f"M{own} {top + BOX[1]}v{GAP[1] // 2}H{middle}v{GAP[1] // 2}"
        _add(svg, "path", d=path, fill="none", stroke="#57606a")
    _box(svg, link, left, top, wording)
    return wide, deep, own


def _box(svg: _Element, link: Traced, x: int, y: int, wording: Wording) -> None:
    ink = INKS[link.standing]
    group = _add(svg, "g")
    until = wording.valid_until.format(day=link.valid_until) if link.valid_until else ""
    calibrated = wording.calibrated.format(day=link.calibrated) if link.calibrated else ""
    standing = wording.standings.get(link.standing, link.standing)
    texts = (
        (link.item, "bold", "#24292f"),
        (link.number, "normal", "#24292f"),
        (link.laboratory, "normal", "#24292f"),
        (wording.comma.join(filter(None, (calibrated, until))), "normal", "#57606a"),
        (f"{standing}{wording.colon}{link.reason}", "normal", ink),
    )
    _add(group, "title").text = "\n".join(text for text, _, _ in texts)
    size = {"width": str(BOX[0]), "height": str(BOX[1])}
    _add(group, "rect", x=str(x), y=str(y), rx="4", fill="#ffffff", stroke=ink, **size)
    lines = [
        (line, weight, colour)
        for number, (text, weight, colour) in enumerate(texts)
        for line in _broken(text, REASON_LINES if number == len(texts) - 1 else 1)
    ]
    for number, (text, weight, colour) in enumerate(lines):
        place = {"x": str(x + 10), "y": str(y + 20 + 17 * number)}
        line = _add(group, "text", fill=colour, **{"font-weight": weight}, **place)
        line.text = text


def _broken(text: str, lines: int) -> list[str]:
    """Break a text into as many lines as it may take; an empty one still takes its place."""
    broken = [""]
    for part in _UNBROKEN.findall(text):
        if broken[-1] and _width(broken[-1] + part.rstrip()) > LONGEST_LINE:
            broken.append("")
        broken[-1] += part if broken[-1] else part.lstrip()
    broken = [line.rstrip() for line in broken]
    if len(broken) > lines:
        del broken[lines:]
        while _width(broken[-1]) >= LONGEST_LINE:
            broken[-1] = broken[-1][:-1]
        broken[-1] = f"{broken[-1].rstrip()}…"
    return broken


def _width(text: str) -> int:
    """Return how wide a text is: a Chinese character takes two places."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _add(parent: _Element, name: str, **attributes: str) -> _Element:
    from lxml.etree import SubElement

    element: _Element = SubElement(parent, f"{{{SVG}}}{name}", attributes)
    return element
