"""How good an indication is: the maker's limit of error as data.

A limit of error is the largest deviation the maker claims; without other knowledge the error lies
anywhere within it (rectangular), so the standard uncertainty is the limit over √3 (GUM 4.3.7).

What a per cent is of, makers say in three ways, and they are three functions. *Of span* is of what
lies between both ends (-10 to 10 V is a span of 20 V), *of full scale* of the end that is larger in
magnitude (10 V), *of range* of the nominal value of the range an instrument is set to, whatever it
reads beyond (10 V on a range that goes to 12 V). Which range that is may be told (10 V), or be left to
be found when the instrument is read; see `remotecal.drivers.ranges`.

>>> meter = percent_of_reading(0.25) + percent_of_span(0.05)
>>> round(meter.limit(40.0, (0.5, 50.0)), 6)
0.12475
>>> print(meter)
0.25 % of reading + 0.05 % of span
>>> (percent_of_span(1).limit(0, (-10, 10)), percent_of_full_scale(1).limit(0, (-10, 10)))
(0.2, 0.1)
>>> print(percent_of_range(0.0005, 10))
0.0005 % of range (10)
>>> print(percent_of_range(0.0005).on_range(10))
0.0005 % of range (10)
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

Span = tuple[float, float]
"""Lowest and highest value, in the quantity's unit."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """A maker's limit of error; terms add up (worst case, as data sheets mean it)."""

    reading: float = 0.0
    """Part of the reading, as a fraction."""
    span: float = 0.0
    """Part of what lies between the span's ends, as a fraction."""
    full_scale: float = 0.0
    """Part of the span's end that is larger in magnitude, as a fraction."""
    ranges: tuple[tuple[float, float], ...] = ()
    """Parts of nominal ranges: each a fraction, and the range's nominal value in the quantity's unit."""
    in_force: float = 0.0
    """Part of the nominal value of the range in force, as a fraction."""
    absolute: float = 0.0
    """Constant part, in the quantity's unit."""
    stated: bool = True
    """False where the maker gives no limit."""
    source: str = ""
    """Where the limit is printed; says "unverified" where it has not been seen there."""

    def on_range(self, nominal: float) -> Accuracy:
        """Return the limit where the range in force has this nominal value, in the quantity's unit."""
        if not self.in_force:
            return self
        return replace(self, in_force=0.0, ranges=(*self.ranges, (self.in_force, nominal)))

    def limit(self, value: float, span: Span) -> float:
        """Return the limit of error at `value`, in the quantity's unit.

        Raises:
            ValueError: it depends on the range in force; see `on_range`.
        """
        return self.reading * abs(value) + self._constant(span)

    def uncertainty_line(self, span: Span) -> tuple[float, float] | None:
        """Return slope and constant of the standard uncertainty against the magnitude of a value.

        None where the maker makes no claim. The claim holds within the span only.
        """
        if not self.stated:
            return None
        return self.reading / math.sqrt(3), self._constant(span) / math.sqrt(3)

    def _constant(self, span: Span) -> float:
        if self.in_force:
            raise ValueError(f"{self} depends on the range in force: state the ranges, or the nominal value")
        of_ranges = sum(part * nominal for part, nominal in self.ranges)
        of_ends = self.span * (span[1] - span[0]) + self.full_scale * max(abs(span[0]), abs(span[1]))
        return of_ends + of_ranges + self.absolute

    def __add__(self, other: Accuracy) -> Accuracy:
        return Accuracy(
            self.reading + other.reading,
            self.span + other.span,
            self.full_scale + other.full_scale,
            self.ranges + other.ranges,
            self.in_force + other.in_force,
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
            f"{self.full_scale * 100:g} % of full scale" if self.full_scale else "",
            *(f"{part * 100:g} % of range ({nominal:g})" for part, nominal in self.ranges),
            f"{self.in_force * 100:g} % of range" if self.in_force else "",
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
    """Constant limit, in per cent of what lies between the span's ends."""
    return Accuracy(span=percent / 100, source=source)


def percent_of_full_scale(percent: float, source: str = "") -> Accuracy:
    """Constant limit, in per cent of the span's end that is larger in magnitude."""
    return Accuracy(full_scale=percent / 100, source=source)


def percent_of_range(percent: float, nominal: float | None = None, source: str = "") -> Accuracy:
    """Constant limit, in per cent of a range's nominal value, which is in the quantity's unit.

    Without a nominal value it is that of the range in force, among the `Ranges` of a quantity.
    """
    if nominal is None:
        return Accuracy(in_force=percent / 100, source=source)
    return Accuracy(ranges=((percent / 100, nominal),), source=source)


def absolute(limit: float, source: str = "") -> Accuracy:
    """Constant limit, in the quantity's unit."""
    return Accuracy(absolute=limit, source=source)
