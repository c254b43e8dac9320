"""Numbers and texts as they are printed, for the template to set."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from remotecal import units

if TYPE_CHECKING:
    from remotecal.certificates.pdf.wording import Said
    from remotecal.model import Complex, Text

Cell = dict[str, object]
"""What stands in a cell, under the name of how it is set: `said`, `text`, `aligned`, `symbol`, `hash`."""


def said(text: Text | None) -> Said:
    """Return a record's text in the languages it has, Chinese first; a dash where there is none.

    What is the same in all of them, such as a name in Latin letters, stands there once.
    """
    if text is None:
        return [["", "—"]]
    if len(text.root) > 1 and len(same := set(text.root.values())) == 1:
        return [["", full_width(*same)]]
    entries = sorted(text.root.items(), key=lambda entry: (entry[0] != "zh", entry[0]))
    return [[language, full_width(content)] for language, content in entries]


def told(text: Text | None) -> Said:
    """Return a text that a procedure or a laboratory put together, as a book would have it; else as `said`.

    A minus sign stands before a number, powers of units are raised, a number stays with its unit, and
    brackets behind a unit are as wide as those behind Chinese. Names are not changed so: one may be `m3`.
    """
    return [[language, as_in_a_book(language, content)] for language, content in said(text)]


def as_in_a_book(language: str, content: str) -> str:
    """Return a text in a language as `told` does."""
    if language == "zh":
        content = _BEHIND_A_UNIT.sub(r"（\1）", content)
    raised = _POWER.sub(lambda found: found[1] + _raised(found[2]), _MINUS.sub("−", content))
    return _BEFORE_A_UNIT.sub("\u00a0", raised)


_MINUS = re.compile(r"(?:(?<=[\s(（=~≤≥<>±，：|])|^)-(?=\d)")
_POWER = re.compile(r"(?<![^\W\d_])((?:[cdkmµ])?m)([23])(?!\w)")
_BEHIND_A_UNIT = re.compile(r"(?<=[%℃])\(([^()]*)\)")
_BEFORE_A_UNIT = re.compile(r"(?<=\d) (?=(?:%|°C|K|k?Pa|k?g|[cdkmµ]?m[²³]?|L|h|s)(?!\w))")

CHINESE = "\u2e80-\u9fff\uf900-\ufaff"
_BESIDE = re.compile(rf"(?<=[{CHINESE}”’）」』])[,;:?!] ?|[,;:?!] ?(?=[{CHINESE}“‘（「『])")
_BRACKETS = re.compile(rf"(?<=[{CHINESE}])\(([^()]*)\)|\(([^()]*[{CHINESE}][^()]*)\)")
_WIDE = str.maketrans(",;:?!", "，；：？！")


def full_width(text: str) -> str:
    """Return a text with the punctuation beside Chinese characters as wide as they are (GB/T 15834)."""
    wide = _BRACKETS.sub(lambda found: f"（{found[1] or found[2] or ''}）", text)
    return _BESIDE.sub(lambda found: found[0].rstrip(" ").translate(_WIDE), wide)


def printed(number: str) -> str:
    """Return a number as it is printed: with a minus sign, and × 10 for an exponent."""
    mantissa, _, exponent = number.replace("e", "E").partition("E")
    text = mantissa.lstrip("+").replace("-", "−")
    return f"{text} × 10{_raised(exponent)}" if exponent else text


SMALLEST_WRITTEN_OUT = -4
"""Power of ten from which down numbers of a budget have an exponent."""


def with_exponent(number: str) -> str:
    """Return a number of a budget with an exponent where it would begin with a row of zeros: 5.0E-11."""
    exact = Decimal(number)
    if (
        not exact.is_finite()
        or not exact
        or exact.adjusted() >= SMALLEST_WRITTEN_OUT
        or "e" in number.lower()
    ):
        return number
    digits = len(exact.as_tuple().digits)
    return f"{exact:.{digits - 1}E}"


def _raised(exponent: str) -> str:
    return str(int(exponent)).translate(str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"))


def aligned(numbers: tuple[str, ...]) -> list[Cell]:
    """Return numbers for the cells of one column, with their decimal points in line.

    Each is what takes its place before it, the number, and what takes its place behind it: digits
    that are not drawn make it as wide as the widest.
    """
    parts = [printed(number).partition(".") for number in numbers]
    widest = max((whole for whole, _, _ in parts), key=len)
    longest = max((point + fraction for _, point, fraction in parts), key=len)
    if len(widest) + len(longest) > LONGEST_ALIGNED:
        return [{"text": whole + point + fraction} for whole, point, fraction in parts]
    return [
        {
            "aligned": [
                widest[: len(widest) - len(whole)],
                whole + point + fraction,
                longest[len(point + fraction) :],
            ]
        }
        for whole, point, fraction in parts
    ]


LONGEST_ALIGNED = 13
"""Characters that a column of aligned numbers has room for; wider ones are only centred."""


def with_unit(numbers: tuple[str, ...], unit: str) -> str:
    """Return numbers with their unit, as they stand outside a table: `19.8 °C`."""
    shown = units.symbol(unit)
    blank = "" if shown in ("°", "1") else "\u202f" if shown == "%" else "\u00a0"
    return ", ".join(map(printed, numbers)) + blank + ("" if shown == "1" else shown)


def complex_with_unit(value: tuple[str, str], of: Complex) -> str:
    """Return a complex value with its unit: `(127.73 − j 219.85) Ω`, `254.26 Ω ∠ 59.8°`."""
    first, second = value
    if of.phase_unit is not None:
        return f"{with_unit((first,), of.unit)} ∠ {with_unit((second,), of.phase_unit)}"
    shown = units.symbol(of.unit)
    sign, plain = ("−", second[1:]) if second.startswith("-") else ("+", second)
    return f"({printed(first)} {sign} j {printed(plain)})" + ("" if shown == "1" else f"\u00a0{shown}")


def in_unit(unit: str) -> str:
    """Return how a unit stands in a heading: `/ (m³/h)`; nothing for the unit one."""
    shown = units.symbol(unit)
    if shown == "1":
        return ""
    return f"/ ({shown})" if any(sign in shown for sign in "/·") else f"/ {shown}"


def symbol(name: str) -> Cell:
    """Return a symbol with what follows an underscore as its index; a further one parts that: `g_f_1`."""
    main, _, index = name.partition("_")
    return {"symbol": [main, index.replace("_", ",")]}
