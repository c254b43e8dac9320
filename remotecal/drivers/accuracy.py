"""How good an indication is: the maker's limit of error as data.

A limit of error is the largest deviation the maker claims; without other knowledge the error lies
anywhere within it (rectangular), so the standard uncertainty is the limit over √3 (GUM 4.3.7).

>>> meter = percent_of_reading(0.25) + percent_of_span(0.05)
>>> round(meter.limit(40.0, (0.5, 50.0)), 6)
0.125
>>> print(meter)
0.25 % of reading + 0.05 % of span
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Span = tuple[float, float]
"""Lowest and highest value, in the quantity's unit."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """A maker's limit of error; terms add up (worst case, as data sheets mean it)."""

    reading: float = 0.0
    """Part of the reading, as a fraction."""
    span: float = 0.0
    """Part of the span's upper end, as a fraction."""
    absolute: float = 0.0
    """Constant part, in the quantity's unit."""
    stated: bool = True
    """False where the maker gives no limit."""
    source: str = ""
    """Where the limit is printed; says "unverified" where it has not been seen there."""

    def limit(self, value: float, span: Span) -> float:
        """Return the limit of error at `value`, in the quantity's unit."""
        return self.reading * abs(value) + self.span * max(abs(span[0]), abs(span[1])) + self.absolute

    def uncertainty_line(self, span: Span) -> tuple[float, float] | None:
        """Return slope and constant of the standard uncertainty against the magnitude of a value.

        None where the maker makes no claim. The claim holds within the span only.
        """
        if not self.stated:
            return None
        constant = self.span * max(abs(span[0]), abs(span[1])) + self.absolute
        return self.reading / math.sqrt(3), constant / math.sqrt(3)

    def __add__(self, other: Accuracy) -> Accuracy:
        return Accuracy(
            self.reading + other.reading,
            self.span + other.span,
            self.absolute + other.absolute,
            self.stated and other.stated,
            "; ".join(filter(None, (self.source, other.source))),
        )

    def __str__(self) -> str:
        if not self.stated:
            return "not stated"
        terms = [
            f"{self.reading * 100:g} % of reading" if self.reading else "",
            f"{self.span * 100:g} % of span" if self.span else "",
            f"{self.absolute:g}" if self.absolute else "",
        ]
        return " + ".join(filter(None, terms)) or "exact"


EXACT = Accuracy()
"""Counts and codes: what is indicated is what is."""

UNSTATED = Accuracy(stated=False)
"""The maker gives no limit; only a certificate can."""


def percent_of_reading(percent: float, source: str = "") -> Accuracy:
    """Limit proportional to the indication, in per cent of it."""
    return Accuracy(reading=percent / 100, source=source)


def percent_of_span(percent: float, source: str = "") -> Accuracy:
    """Limit proportional to the span's upper end, in per cent of it."""
    return Accuracy(span=percent / 100, source=source)


def absolute(limit: float, source: str = "") -> Accuracy:
    """Constant limit, in the quantity's unit."""
    return Accuracy(absolute=limit, source=source)
