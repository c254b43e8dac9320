"""What a standard's certificate states, ready for a measurement model, in one of four forms.

| form | such as | what it brings into the model |
|---|---|---|
| a curve | errors of a balance, of a thermometer | the deviation δ from what is stated |
| a surface | pressure × temperature, volt × hertz | the deviation δ from what is stated |
| a single value | a weight, a resistor | the value (`Single`) |
| a function | a piston gauge, ITS-90, a nozzle's C(Re) | coefficients and their correlation (`Function`) |

Whatever the form, it is used in one way, `Applied`: inputs for the model, and a function of these and of
the place. Curves and surfaces are read where an instrument is used. There its deviation δ is one input:
readings near each other share it, in proportion to u. Readings far apart, such as those of a balance with
the tank empty and full, get a deviation each, correlated as the certificate, or the bench file beside it,
states. Where neither does they are taken as independent: to take all as common would make the difference
surer than either reading.

A bench may state how far a standard's errors may have drifted since its certificate (`drifted`): then each
deviation brings one input more. Those of readings that get a deviation each are independent, whatever is
stated of the certificate's points: what these have in common tells nothing of what happened since, and where
a sensitivity drifted, a difference drifted with it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from remotecal.errors import BenchError, CertificateRefused
from remotecal.model import Text
from remotecal.model.certificate import ERROR
from remotecal.model.certified import CertifiedPoint
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.interpolation import CertifiedCurve
from remotecal.uncertainty.surface import CertifiedSurface
from remotecal.units import same_dimension

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remotecal.drivers.measured import Measured
    from remotecal.model import Certificate, CertifiedPoints, DriftLimit, Where
    from remotecal.procedures import Certificates, Drivers
    from remotecal.uncertainty.number import Number, Numbers


DRIFT: Final = "δ_d_"
"""What the symbol of a drift begins with; that of the deviation it adds to follows."""


def drifted(symbol: str, limits: Iterable[DriftLimit], unit: str) -> tuple[Input, ...]:
    """Return as an input how far errors may have drifted since their certificate; none where nobody says so.

    Args:
        symbol: of the errors' deviation, in the model.
        limits: what the bench states of the standard; that of their dimension counts.
        unit: to bring it to, as a difference.
    """
    return tuple(
        Input.from_limits(
            DRIFT + symbol, 0.0, unit, difference(limit.half_width, limit.unit, unit), source=limit.source
        )
        for limit in limits
        if same_dimension(limit.unit, unit)
    )


class Applied(ABC):
    """What a standard's certificate states, in use at a calibration point."""

    inputs: Sequence[Input]
    """What it brings into the model."""
    correlations: Mapping[tuple[str, str], float]
    """Correlation coefficients of its inputs; 0 where not given."""

    @abstractmethod
    def value(self, x: Numbers, *place: float) -> Number:
        """Return what it states, by the inputs of the model.

        Args:
            x: the inputs, by symbol.
            place: where: one number for a curve, two for a surface, none for a single value, what it is a
                function of for a function.

        Raises:
            CertificateRefused: it does not hold there.
        """

    def corrected(self, x: Numbers, indication: float) -> Number:
        """Return an indication less its error, where the certificate states errors against indications.

        Raises:
            CertificateRefused: the indication is outside the certificate's range.
        """
        value: Number = indication - self.value(x, indication)
        return value


@dataclass(frozen=True, slots=True)
class Limit:
    """A maker's limit of error: the error is taken as 0, with one uncertainty wherever it is read."""

    unit: str
    standard: float
    """Standard uncertainty."""
    source: Text | str

    def value(self, *place: float) -> float:
        """Return the error: none is known."""
        return 0.0

    def u(self, *place: float) -> float:
        """Return the standard uncertainty of the error."""
        return self.standard

    def at(self, symbol: str, *place: float) -> Input:
        """Return the error as an input quantity."""
        return Input.from_limits(symbol, 0.0, self.unit, self.standard * math.sqrt(3), source=self.source)


@dataclass(frozen=True, slots=True)
class Standard:
    """Values, such as errors of indication, against the place where a standard is used."""

    symbol: str
    """Name of the deviation δ in the measurement model."""
    stated: CertifiedCurve | CertifiedSurface | Limit
    drift: tuple[DriftLimit, ...] = ()
    """How far errors may have changed since; the same wherever it is used."""

    @classmethod
    def certified(
        cls,
        symbol: str,
        certificate: Certificate,
        unit: str,
        *,
        value: str = ERROR,
        at: str = "basic_measuredValue",
        at_unit: str = "",
        where: Where | None = None,
        extended: bool = False,
        correlation: float | None = None,
    ) -> Standard:
        """Read a curve from a certificate.

        Args:
            symbol: name of the deviation in the model.
            certificate: the standard's.
            unit: unit to bring the values to, as differences.
            value: refType of the values.
            at: refType of the column they are stated against.
            at_unit: unit to bring that column to; the same as `unit` if not given.
            where: what rows must say in other columns: the direction, the channel, the frequency.
            extended: whether it is used outside its range too, with more uncertainty.
            correlation: correlation coefficient of any two of its values, where it states none itself.

        Raises:
            CertificateRefused: there is no such table, its values have no uncertainty, or it has one
                point only.
        """
        points = certificate.points(value, at, unit, where)
        if points.correlation is None and correlation is not None:
            points = replace(points, correlation=alike(len(points.points), correlation))
        curve = _curve(points, unit, at_unit or unit, certificate.number, extended=extended)
        return cls(symbol, curve, certificate.drift if value == ERROR else ())

    @classmethod
    def surface(
        cls,
        symbol: str,
        certificate: Certificate,
        unit: str,
        at: tuple[tuple[str, str], tuple[str, str]],
        *,
        value: str = ERROR,
        where: Where | None = None,
    ) -> Standard:
        """Read values against two quantities from a certificate.

        Args:
            symbol: name of the deviation in the model.
            certificate: the standard's.
            unit: unit to bring the values to, as differences.
            at: both quantities, each as the refType of its column and the unit to bring it to.
            value: refType of the values.
            where: what rows must say in other columns.

        Raises:
            CertificateRefused: as `certified`, and where there is one place only on one of them.
        """
        (first, first_unit), (second, second_unit) = at
        places = certificate.places(first, value, unit, where)
        curves = []
        for place in places.places:
            rows = {**(where or {}), first: (place, places.unit)}
            points = certificate.points(value, second, unit, rows)
            curve = _curve(points, unit, second_unit, certificate.number)
            curves.append((_converted(place, places.unit, first_unit), curve))
        surface = CertifiedSurface(sorted(curves, key=lambda entry: entry[0]), unit, certificate.number)
        surface.across(curves[0][1].ends[0])  # refuses a single place at once
        return cls(symbol, surface, certificate.drift if value == ERROR else ())

    def u(self, *place: float) -> float:
        """Return the standard uncertainty at a place (CertificateRefused outside the certificate's range)."""
        return self.stated.u(*place)

    def require(self, low: float, high: float, need: str) -> None:
        """Raise `CertificateRefused` if a curve does not hold from `low` to `high`.

        Args:
            low: lowest place the standard will be used at.
            high: highest place.
            need: what for, in words that the places follow: "the balance is to weigh".
        """
        curve = self.stated
        if isinstance(curve, CertifiedCurve) and (curve.outside(low) or curve.outside(high)):
            raise CertificateRefused(
                f"certificate {curve.source} holds from {curve.told(*curve.ends)}, but {need} "
                f"{curve.told(*sorted({low, high}))}: use an instrument that is calibrated there"
            )

    def around(self, *place: float) -> Deviating:
        """Return it for use around a place, where one deviation is shared.

        Raises:
            CertificateRefused: the place is outside the certificate's range.
        """
        return Deviating(self, self.stated.at(self.symbol, *place), place)


class Deviating(Applied):
    """A curve or a surface in use: what it states, and one deviation in proportion to u.

    Args:
        standard: what it states.
        known: the value at the place where the deviation is stated.
        place: where that is.
    """

    def __init__(self, standard: Standard, known: Input, place: tuple[float, ...]) -> None:
        self.standard, self._known, self.place = standard, known, place
        drifts = drifted(standard.symbol, standard.drift, known.unit)
        self.inputs = (replace(known, value=0.0, stated=known.value), *drifts)
        self.correlations = {}

    def value(self, x: Numbers, *place: float) -> Number:
        stated = self.standard.stated
        weight = stated.u(*place) / self._known.u if self._known.u else 0.0
        value: Number = stated.value(*place) + weight * x[self.standard.symbol]
        return value + x.get(DRIFT + self.standard.symbol, 0.0) if self.standard.drift else value


def from_limit(symbol: str, readings: Sequence[Measured]) -> Standard:
    """Return the errors of an instrument that has no certificate: its maker's limit of error.

    Args:
        symbol: name of the deviation in the model.
        readings: what it indicated, each with the standard uncertainty the driver states.

    Raises:
        CertificateRefused: the maker states no limit either.
    """
    known = [reading.u for reading in readings if reading.u is not None]
    if len(known) < len(readings):
        raise CertificateRefused(
            f"{readings[0].source} has no certificate and no limit of error where it was read: "
            "give it a certificate in the bench file"
        )
    read = readings[0].source
    source = Text(zh=f"{read}：制造商给出的最大允许误差", en=f"{read}: maker's limit of error")
    return Standard(symbol, Limit(readings[0].unit, max(known), source))


def require_known(
    certificates: Certificates, drivers: Drivers, corrected: Iterable[tuple[str, str, str]]
) -> None:
    """See that every reading has a certificate that tells its error, or its maker's limit of error.

    Args:
        certificates: role → certificate.
        drivers: role → driver.
        corrected: whose readings an evaluation corrects: role, quantity, unit to work in.

    Raises:
        CertificateRefused: a certificate does not tell errors.
        BenchError: there is neither a certificate nor a limit.
    """
    for role, quantity, unit in corrected:
        if role in certificates:
            try:
                Standard.certified(role, certificates[role].certificate, unit)
            except CertificateRefused as refusal:
                raise CertificateRefused(f"{role}: {refusal}") from None
        elif not getattr(drivers[role], quantity).accuracy.stated:
            raise BenchError(
                f"the {role} has no certificate, and its maker states no limit of error for {quantity}: "
                "give it a certificate in the bench file"
            )


def difference(value: float, unit: str, to: str) -> float:
    """Convert a difference, which for temperatures is not converted as a temperature is."""
    return _converted(value, unit, to) - _converted(0.0, unit, to)


def _curve(
    points: CertifiedPoints, unit: str, at_unit: str, source: str, *, extended: bool = False
) -> CertifiedCurve:
    """Return a certificate's rows as a curve, values brought to `unit` and places to `at_unit`."""
    order = sorted(range(len(points.points)), key=lambda i: points.points[i].at)
    converted = [
        CertifiedPoint(
            _converted(row.at, points.at_unit, at_unit),
            difference(row.value, points.unit, unit),
            difference(row.expanded, points.unit, unit),
            row.k,
            row.dof,
        )
        for row in (points.points[i] for i in order)
    ]
    matrix = points.correlation
    common = None if matrix is None else [[matrix[i][j] for j in order] for i in order]
    return CertifiedCurve(
        converted,
        unit,
        source,
        extended=extended,
        correlation=common,
        at_unit=at_unit,
        stated_in=points.at_unit,
    )


def alike(size: int, correlation: float) -> tuple[tuple[float, ...], ...]:
    """Return the correlation matrix of values any two of which are correlated alike."""
    return tuple(tuple(1.0 if i == j else correlation for j in range(size)) for i in range(size))


def _converted(value: float, unit: str, to: str) -> float:
    from remotecal.units import convert

    return convert(value, unit, to)
