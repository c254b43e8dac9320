"""Weights as balances send them in lines: what their makers' dialects have in common."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from remotecal.errors import InstrumentError

SETTLING: Final = 60.0
"""Seconds to wait for a balance to come to rest; its own time-out is shorter (unverified)."""

POWERS_OF_TEN: Final = {"kg": 0, "g": -3, "mg": -6, "t": 3}
"""Units of mass a balance may be set to, as powers of ten of the kilogram."""


def in_kilograms(value: str, unit: str) -> str:
    """Return a weight in kilograms, with the digits it was sent with.

    Raises:
        InstrumentError: the balance weighs in a unit that is none of mass, or not metric.
    """
    if unit not in POWERS_OF_TEN:
        raise InstrumentError(f"it weighs in {unit}: set its unit 1 to {', '.join(POWERS_OF_TEN)}")
    return f"{Decimal(value).scaleb(POWERS_OF_TEN[unit]):f}"


def from_kilograms(value: str, unit: str) -> str:
    """Return a weight in a unit of `POWERS_OF_TEN`; the inverse of `in_kilograms`."""
    return f"{Decimal(value).scaleb(-POWERS_OF_TEN[unit]):f}"


@dataclass(frozen=True, slots=True)
class AskedWeight:
    """A weight that is asked for by one line, and can't be set."""

    ask: str

    def command(self, value: str) -> None:
        return None

    def asked_by(self, line: str) -> bool:
        return line == self.ask

    def accept(self, line: str) -> None:
        return None

    def number(self, value: float) -> str:
        return f"{Decimal(repr(value)):f}"
