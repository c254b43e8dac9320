"""Labels and what they label, as the printed certificate has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.certificates.pdf.numbers import Cell, complex_with_unit, told, with_unit
from remotecal.model import Complex, Note, Words

if TYPE_CHECKING:
    from remotecal.certificates.pdf.wording import Said
    from remotecal.model import Quantity

Fact = dict[str, object]
"""A label and what it labels: `{"label": Said, "lines": [Cell, …]}`."""


def fact(named: Said, *lines: Cell) -> Fact:
    """Return a label and the lines that it labels."""
    return {"label": named, "lines": list(lines)}


def facts(*pairs: tuple[Said, Cell | str | None]) -> list[Fact]:
    """Return labels and what they label, without those that have nothing to tell."""
    return [
        fact(named, {"text": value} if isinstance(value, str) else value) for named, value in pairs if value
    ]


def value(quantity: Quantity) -> Cell:
    """Return a quantity outside a table: its values with their unit."""
    if isinstance(quantity, Note):
        return {"said": told(quantity.text)}
    if isinstance(quantity, Words):
        return {"text": ", ".join(quantity.words)}
    if isinstance(quantity, Complex):
        return {"text": ", ".join(complex_with_unit(pair, quantity) for pair in quantity.values)}
    return {"text": with_unit(quantity.values, quantity.unit)}
