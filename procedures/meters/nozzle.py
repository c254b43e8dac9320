"""Critical flow Venturi nozzles: what their certificates state, in one of three forms, and what passes them.

    q_m = A·C_d·C*·p_0/√(R·T_0/M),  A = π d²/4·(1 + 2α(t_0 - 20 °C)),  Re = 4 q_m/(π d μ_0)    (ISO 9300)

p_0 and T_0 are those of the gas at rest, μ_0 its viscosity there. A certificate states C_d at Reynolds
numbers, one C_d for all of them, or A·C_d as one value. How much of its uncertainty all nozzles of one
laboratory share, the common part, it states beside that; where it does not, all of it counts as shared: added
flows are then less sure than if each erred by itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from remotecal.errors import CertificateRefused, ParameterError
from remotecal.model import Text
from remotecal.procedures.library.evaluation.coefficients import convention
from remotecal.procedures.library.evaluation.in_common import Parts, in_common, laboratory_of
from remotecal.procedures.library.evaluation.standards import Standard
from remotecal.procedures.library.meters.critical import beyond_throat
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import estimate
from remotecal.units import convert

if TYPE_CHECKING:
    from remotecal.fluids.gas_equations import GasState
    from remotecal.model import Certificate, Column
    from remotecal.uncertainty.number import Number, Numbers

DISCHARGE: Final = "remotecal_dischargeCoefficient"
"""refType of C_d."""
REYNOLDS: Final = "remotecal_throatReynoldsNumber"
"""refType of the Reynolds number it is stated at."""
EFFECTIVE_AREA: Final = "remotecal_effectiveThroatArea"
"""refType of A·C_d, where it is stated as one value."""
THROAT: Final = "remotecal_throatDiameter"
"""refType of the throat's diameter d at 20 °C. It is a convention that C_d goes with, and has no uncertainty,
where both are of one calibration with flow; one that was measured by itself states its own."""
LARGEST_RATIO: Final = "remotecal_maximumBackPressureRatio"
"""refType of the largest ratio of the pressures behind and ahead of it at which it was found choked (MBPR):
one value, or one for each Reynolds number."""
PLENUM, EXPANSION = "plenum_diameter", "nozzle_expansion"
"""Facts that a bench may state: how wide the pipe ahead of nozzles is, and how they expand."""

MOST_NOZZLES: Final = 16
"""How many nozzles a bank may have."""
REFERENCE_TEMPERATURE: Final = 20.0
"""In °C; what a throat's diameter is stated for."""

INPUTS: Final[Mapping[str, Text]] = {
    **{
        f"C_{number}": Text(
            zh=f"喷嘴 {number} 流出系数（自身部分）", en=f"C_d of nozzle {number}, its own part"
        )
        for number in range(1, MOST_NOZZLES + 1)
    },
    **{
        f"d_{number}": Text(zh=f"喷嘴 {number} 喉径", en=f"throat diameter of nozzle {number}")
        for number in range(1, MOST_NOZZLES + 1)
    },
    **{
        f"δ_C{number}": Text(
            zh=f"流出系数公共部分（实验室 {number}）",
            en=f"C_d, what the nozzles of laboratory {number} share",
        )
        for number in range(1, MOST_NOZZLES + 1)
    },
}
"""The inputs nozzles bring into a model, by symbol."""


@dataclass(frozen=True, slots=True)
class Discharge:
    """C_d, or A·C_d, at one Reynolds number, in use."""

    value: float
    u: float
    """Standard uncertainty, relative to the value."""
    dof: float


class Nozzle:
    """A nozzle by its certificate.

    Args:
        number: its place on the bench, counted from 1.
        certificate: its own.

    Raises:
        CertificateRefused: it states neither C_d nor A·C_d, no diameter, or a common part that is too large.
    """

    def __init__(self, number: int, certificate: Certificate) -> None:
        self.number, self.certificate = number, certificate
        self._by_area = certificate.states(EFFECTIVE_AREA)
        self._curve = (
            Standard.certified(f"C_{number}", certificate, "1", value=DISCHARGE, at=REYNOLDS, at_unit="1")
            if not self._by_area and certificate.states(REYNOLDS)
            else None
        )
        self.diameter = convention(certificate, THROAT, "m")
        """Of the throat at 20 °C, in m."""

    @property
    def laboratory(self) -> str:
        """Who calibrated it."""
        return laboratory_of(self.certificate)

    @property
    def choked_to(self) -> float | None:
        """Largest ratio of pressures at which it is choked; None where its certificate states none.

        The least of all that is stated, each less its expanded uncertainty.
        """
        columns = (table.column(LARGEST_RATIO) for table in self.certificate.record.tables)
        told = [
            convert(value - spread, column.unit, "1")
            for column in columns
            if column is not None
            for value, spread in zip(column.floats(), _expanded(column), strict=True)
        ]
        if told and not 0.0 < min(told) < 1.0:
            raise CertificateRefused(
                f"certificate {self.certificate.number} states {min(told):g} as the ratio of pressures up to "
                "which it is choked, and that lies between 0 and 1: have it corrected"
            )
        return min(told, default=None)

    @property
    def area(self) -> float:
        """Area of the throat at 20 °C, in m²."""
        return math.pi * self.diameter**2 / 4

    def at(self, reynolds: float) -> Discharge:
        """Return C_d, or A·C_d in m² where that is stated, at a Reynolds number.

        Raises:
            CertificateRefused: the certificate does not hold there.
        """
        if self._curve is not None:
            applied = self._curve.around(reynolds)
            (known,) = applied.inputs
            value = estimate(applied.value({known.symbol: 0.0}, reynolds))
            return Discharge(value, known.u / value, known.dof)
        name, unit = (EFFECTIVE_AREA, "m2") if self._by_area else (DISCHARGE, "1")
        found = self.certificate.single(name, unit)
        (point,) = found.points
        value = convert(point.value, found.unit, unit)
        return Discharge(value, point.expanded / point.k / point.value, point.dof)

    def effective(self, reynolds: float) -> float:
        """Return A·C_d at 20 °C in m²."""
        return self.at(reynolds).value * (1.0 if self._by_area else self.area)

    def require(self, low: float, high: float) -> None:
        """Raise `CertificateRefused` unless it holds from one Reynolds number to another."""
        if self._curve is not None:
            self._curve.require(low, high, f"nozzle {self.number} is to work at Re")

    def parts(self, reynolds: float) -> Parts:
        """Return what of its uncertainty it shares with other nozzles, and what is its own."""
        known = self.at(reynolds)
        return Parts.of(self.certificate, known.u, known.dof)

    def inputs(self, reynolds: float) -> tuple[Input, ...]:
        """Return what is its own as inputs: of C_d, relative to it, and of the diameter where it has one."""
        source, parts = self.certificate.number, self.parts(reynolds)
        own = Input.normal(f"C_{self.number}", 0.0, "1", parts.own, dof=parts.dof, source=source)
        found = [own] if parts.own else []
        if not self._by_area and (u := self._u_of_throat()):
            found.append(Input.normal(f"d_{self.number}", self.diameter, "m", u, source=source))
        return tuple(found)

    def _u_of_throat(self) -> float:
        columns = (table.column(THROAT) for table in self.certificate.record.tables)
        if not any(column is not None and column.uncertainty for column in columns):
            return 0.0
        found = self.certificate.single(THROAT, "m")
        (point,) = found.points
        return convert(point.expanded / point.k, found.unit, "m")


def _expanded(column: Column) -> tuple[float, ...]:
    stated = column.uncertainty.expanded if column.uncertainty is not None else ("0",)
    return tuple(map(float, stated)) * (len(column.values) if len(stated) == 1 else 1)


def choked_to(ordered: float, nozzles: Iterable[Nozzle]) -> float:
    """Return up to which ratio of pressures nozzles that are open together count as choked.

    Args:
        ordered: what the order allows.
        nozzles: those that are open; of all that their certificates state the least decides.
    """
    return min([ordered, *(told for each in nozzles if (told := each.choked_to) is not None)])


def require_choked(ordered: float, nozzles: Iterable[Nozzle], ahead: GasState) -> None:
    """See that nobody takes for choked what a throat alone is not, unless it was measured of each nozzle.

    Args:
        ordered: largest ratio of pressures that the order allows.
        nozzles: that are to be used.
        ahead: the gas ahead of them.

    Raises:
        ParameterError: it is more than a nozzle without diffuser bears, and a certificate states no limit.
    """
    untold = sorted(each.number for each in nozzles if each.choked_to is None)
    if untold and (beyond := beyond_throat(ordered, ahead)):
        raise ParameterError(
            f"{beyond}: the certificate of nozzle {', '.join(map(str, untold))} "
            f"states no {LARGEST_RATIO}, up to which it was found choked; have it measured and certified, or "
            "let back_pressure be less"
        )


class Open:
    """Nozzles that are open together, with their inputs: each one's own, and one for each laboratory.

    Args:
        nozzles: which.
        reynolds: at which Reynolds number each works.
        laboratories: all that calibrated nozzles of the bank; their order numbers what each one's share.
    """

    def __init__(
        self, nozzles: Sequence[Nozzle], reynolds: Sequence[float], laboratories: Sequence[str]
    ) -> None:
        pairs = tuple(zip(nozzles, reynolds, strict=True))
        shared = {
            laboratory: in_common(f"δ_C{number}", laboratory, theirs)
            for number, laboratory in enumerate(laboratories, 1)
            if (theirs := [nozzle.parts(re) for nozzle, re in pairs if nozzle.laboratory == laboratory])
        }
        own = [each for nozzle, re in pairs for each in nozzle.inputs(re)]
        self.inputs: tuple[Input, ...] = (*shared.values(), *own)
        self._flowing = [_Flowing.of(nozzle, re, shared[nozzle.laboratory]) for nozzle, re in pairs]

    def effective_area(self, x: Numbers) -> Number:
        """Return Σ A·C_d at 20 °C in m²."""
        total: Number = 0.0
        for one in self._flowing:
            deviation = one.weight * x[one.shared] + x.get(f"C_{one.number}", 0.0)
            wider = x.get(f"d_{one.number}", one.diameter) / one.diameter
            total = total + one.effective * wider * wider * (1.0 + deviation)
        return total


@dataclass(frozen=True, slots=True)
class _Flowing:
    """A nozzle at the Reynolds number it works at."""

    number: int
    diameter: float
    effective: float
    """A·C_d at 20 °C in m²."""
    shared: str
    """Symbol of what its laboratory's nozzles deviate together by."""
    weight: float
    """How much of that it has."""

    @classmethod
    def of(cls, nozzle: Nozzle, reynolds: float, shared: Input) -> Self:
        weight = nozzle.parts(reynolds).weight(shared)
        return cls(nozzle.number, nozzle.diameter, nozzle.effective(reynolds), shared.symbol, weight)
