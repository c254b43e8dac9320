"""HTML as a tree, so that no text of a record can be taken for markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal import units

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.etree import _Element

    from remotecal.model import Text


def tag(name: str, /, *content: str | _Element | None, **attributes: str) -> _Element:
    """Return an element; `class_` is the attribute class, and `_` in a name stands for `-`."""
    from lxml.etree import Element

    element = Element(name)
    for key, value in attributes.items():
        element.set(key.rstrip("_").replace("_", "-"), value)
    for part in content:
        if isinstance(part, str):
            if len(element):
                element[-1].tail = (element[-1].tail or "") + part
            else:
                element.text = (element.text or "") + part
        elif part is not None:
            element.append(part)
    return element


def both(zh: str, en: str, *, lines: bool = False) -> _Element:
    """Return a label in Chinese and English, side by side or in two lines."""
    parted = tag("br") if lines else " "
    return tag("span", tag("span", zh, class_="zh"), parted, tag("span", en, class_="en"))


def said(text: Text | None, *, lines: bool = False) -> _Element:
    """Return a record's text in the languages it has, the first one first."""
    span = tag("span")
    if text is None:
        return tag("span", "—")
    for number, (language, content) in enumerate(ordered(text)):
        if number:
            span.append(tag("br") if lines else tag("span", " "))
        plain = "zh" if language == "zh" else None
        of = plain if language in ("", "zh") or number == 0 else "en"
        span.append(tag("span", content, class_=of) if of else tag("span", content))
    return span


def ordered(text: Text | None) -> list[tuple[str, str]]:
    """Return languages and texts, Chinese first, whatever the order in the file."""
    return sorted(text.root.items(), key=lambda entry: (entry[0] != "zh", entry[0])) if text else []


def row(*cells: str | _Element | None, head: bool = False, classes: Iterable[str] = ()) -> _Element:
    """Return a row of a table; `classes` go to its cells in turn."""
    element = tag("tr")
    kinds = [*classes, *[""] * len(cells)]
    for cell, kind in zip(cells, kinds, strict=False):
        element.append(tag("th" if head else "td", cell, **({"class_": kind} if kind else {})))
    return element


def facts(*pairs: tuple[_Element, str | _Element | None]) -> _Element:
    """Return a table of labels and what they label, without the pairs that have nothing to tell."""
    table = tag("table", class_="facts")
    for label, content in pairs:
        if content is not None:
            table.append(tag("tr", tag("th", label), tag("td", content)))
    return table


def printed(number: str) -> str:
    """Return a number as it is printed: with a minus sign, and × 10 for an exponent."""
    mantissa, _, exponent = number.replace("e", "E").partition("E")
    text = mantissa.lstrip("+").replace("-", "−")
    return f"{text} × 10{_raised(exponent)}" if exponent else text


def _raised(exponent: str) -> str:
    return str(int(exponent)).translate(str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"))


def aligned(numbers: tuple[str, ...]) -> list[_Element]:
    """Return numbers for the cells of one column, with their decimal points in line.

    Each is made as wide as the widest by digits that are not drawn.
    """
    parts = [printed(number).partition(".") for number in numbers]
    widest = max((whole for whole, _, _ in parts), key=len)
    longest = max((point + fraction for _, point, fraction in parts), key=len)
    return [
        tag(
            "span",
            _blank(widest[: len(widest) - len(whole)]),
            whole + point + fraction,
            _blank(longest[len(point + fraction) :]),
            class_="aligned",
        )
        for whole, point, fraction in parts
    ]


def _blank(characters: str) -> _Element | None:
    return tag("span", characters, class_="blank") if characters else None


def in_unit(unit: str) -> str:
    """Return how a unit stands in a heading: `/ (m³/h)`; nothing for the unit one."""
    symbol = units.symbol(unit)
    if symbol == "1":
        return ""
    return f"/ ({symbol})" if any(sign in symbol for sign in "/·") else f"/ {symbol}"
