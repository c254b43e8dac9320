"""How many digits a certificate shows of what has an uncertainty, and of what goes with it (ILAC-P14)."""

from __future__ import annotations

from decimal import Decimal

from remotecal.uncertainty.coverage import whole_dof
from remotecal.uncertainty.rounding import report

SMALLEST, LARGEST = -5, 6
"""Powers of ten within which numbers are written out."""


MANY = 1000
"""Degrees of freedom from which k has the two decimals it is printed with for infinitely many."""


def significant(value: float, digits: int = 2) -> str:
    """Return a value with so many significant digits, written out."""
    if value == 0:
        return "0"
    rounded = f"{value:.{digits - 1}e}"
    magnitude = int(rounded.partition("e")[2])  # of what is printed: 0.0996 is 0.10
    if not SMALLEST <= magnitude <= LARGEST:
        return rounded
    decimals = digits - 1 - magnitude
    return f"{round(value, decimals):.{max(decimals, 0)}f}"


def rounded(value: float, like: str) -> str:
    """Return a value with the decimals of `like`, and no sign on zero."""
    if "e" in like and value == 0:
        return "0"
    return fixed(value, max(-_last_place(like), 0))


def fixed(value: float, places: int) -> str:
    """Return a value with so many decimals, and no sign on zero."""
    text = f"{value:.{places}f}"
    return text.lstrip("-") if float(text) == 0 else text


def scattered(spread: float, like: str) -> str:
    """Return a repeatability with the decimals of U, or one digit where these show nothing of it."""
    text = fixed(spread, decimals(like))
    return text if float(text) or not spread else significant(spread, 1)


def decimals(printed: str) -> int:
    """Return how many decimals a printed number has."""
    return len(printed.partition(".")[2])


def with_uncertainty(value: float, expanded: float) -> str:
    """Return a value to the digits that its expanded uncertainty leaves it; 0 is just 0."""
    return report(value, expanded).value if value else "0"


def written(value: float) -> str:
    """Return a value as it was asked for, written out: 2500000, 1234.5678; no noise of binary numbers."""
    return f"{Decimal(f'{value:.12g}'):f}"


def same_decimals(values: list[float]) -> list[str]:
    """Return values as they were asked for, all with as many decimals as the finest needs."""
    finest = max(decimals(written(value)) for value in values)
    return [f"{value:.{finest}f}" for value in values]


def degrees(dof: float) -> str:
    """Return degrees of freedom as they are printed: beyond `MANY` they are as good as infinite."""
    return "∞" if dof > MANY else str(whole_dof(dof))


def probability(covered: float) -> str:
    """Return a coverage probability as it is printed."""
    return f"{covered:.4g}"


def _last_place(printed: str) -> int:
    """Return the power of ten of a printed number's last digit."""
    return int(Decimal(printed).as_tuple().exponent)
