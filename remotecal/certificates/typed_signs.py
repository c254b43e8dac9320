"""Whether what two persons typed alike can mean what its columns say: signs of errors, shares of values."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from remotecal import units
from remotecal.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remotecal.model import Text

CORRECTIONS: Final = ("修正值", "修正量", "correction")
"""How a paper calls what is to be added to an indication: its error with the other sign."""
SURE: Final = 2
"""Units of the last digit by which an indication must differ from its reference to have a sign."""


def called_correction(name: Text | None) -> bool:
    """Tell whether a paper calls a column a correction."""
    said = () if name is None else name.root.values()
    return any(word in text.casefold() for text in said for word in CORRECTIONS)


def has_zero_of_its_own(unit: str) -> bool:
    """Tell whether a value in a unit has no part that is a share of it: °C, and levels such as dBm."""
    if units.relative_to(unit) is not None:
        return True
    return units.same_dimension(unit, "K") and units.convert(0.0, unit, "K") != 0.0


def check_signs(
    columns: Sequence[tuple[str, str | None]], rows: Iterable[Sequence[str]], called: str
) -> None:
    """Raise `ConfigurationError` if a table's errors have the sign of corrections.

    That can be told where indication, reference and error stand in one table: the error is indication less
    reference, whatever unit it is in. Where every row says the contrary it is no slip of one of them.

    Args:
        columns: what each is, and its unit; None for one of words.
        rows: their cells.
        called: what the table is called.
    """
    numbered = {is_: (place, unit) for place, (is_, unit) in enumerate(columns) if unit is not None}
    if not {"indication", "reference", "error"} <= set(numbered):
        return
    (shown, unit), (meant, other), (error, _) = (
        numbered[name] for name in ("indication", "reference", "error")
    )
    if not units.same_dimension(unit, other):
        return
    found = list(_signs(rows, (shown, meant, error), (unit, other)))
    if found and not any(found):
        raise ConfigurationError(
            f"{called}: the errors have the other sign in every row than indication less reference: what the "
            "paper states may be corrections; a correction is less its error: turn the signs round, or look "
            "which column is which"
        )


def _signs(
    rows: Iterable[Sequence[str]], places: tuple[int, int, int], in_units: tuple[str, str]
) -> Iterator[bool]:
    """Yield for each row that tells whether its error has the sign of indication less reference."""
    unit, other = in_units
    for row in rows:
        shown, meant, error = (Decimal(row[place]) for place in places)
        less = units.convert(float(shown), unit, unit) - units.convert(float(meant), other, unit)
        digit = max(_last(shown), _last(meant) * units.scale(other, unit))
        if error and abs(less) >= SURE * digit * (1 - 1e-9):
            yield (less > 0) == (error > 0)


def _last(number: Decimal) -> float:
    """Return what a number's last digit is worth."""
    return float(Decimal(1).scaleb(int(number.as_tuple().exponent)))
