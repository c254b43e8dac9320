"""A nozzle: what is true of it, and what its certificate states."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from random import Random

from remotecal.certificates.trust import Capability
from remotecal.model import Column, Table, Text, Uncertainty
from remotecal.sim.calibrated import interpolate
from remotecal.sim.certificates import Certified

WHOLE, COMMON = 0.0018, 0.0015
"""Expanded uncertainty (k = 2) of C_d, relative, and of the part the laboratory's nozzles share."""

SHARES = (0.6, 0.75, 0.9, 1.05, 1.2)
"""Where C_d was found, as shares of the Reynolds number in a room's air."""

BEST = 1.0e5
"""Pressure in Pa for which that number is."""


CURVE = ("remotecal_dischargeCoefficient", "remotecal_throatReynoldsNumber")
"""refTypes of what a nozzle's certificate states, and against what."""

LARGEST_RATIO = "remotecal_maximumBackPressureRatio"
"""refType of the ratio of pressures up to which it was found choked: a limit, on the safe side."""

OF_NOZZLES = (
    Capability(
        quantity=CURVE[0],
        unit="1",
        cmc="0.001",
        against=CURVE[1],
        against_unit="1",
        low="1000",
        high="1000000",
    ),
    Capability(
        quantity="remotecal_commonDeviation",
        unit="1",
        cmc="0.0005",
        against="remotecal_commonDeviation",
        against_unit="1",
        low="0",
        high="0",
    ),
)
"""What a laboratory that calibrates nozzles may certify: C_d, and what nozzles have in common, which is 0."""


@dataclass(frozen=True, slots=True)
class TrueNozzle:
    """A nozzle with a diffuser."""

    diameter: float
    """Of the throat, in m, as its certificate states it."""
    reynolds: tuple[float, ...]
    """Where its C_d is stated, ascending."""
    stated: tuple[float, ...]
    """C_d there, as stated."""
    off: float
    """What is true less what is stated, relative to C_d."""
    recovers: float
    """Largest ratio of the pressures behind and ahead at which it is choked."""

    @property
    def area(self) -> float:
        """Area of the throat in m²."""
        return math.pi * self.diameter**2 / 4

    def discharge(self, reynolds: float) -> float:
        """Return the true C_d."""
        return interpolate(self.reynolds, self.stated, reynolds) * (1.0 + self.off)

    def choked(self, ratio: float) -> float:
        """Return what passes at a back-pressure ratio, as a share of what passes when it is choked."""
        if ratio <= self.recovers:
            return 1.0
        beyond = (min(ratio, 1.0) - self.recovers) / (1.0 - self.recovers)
        return math.sqrt(1.0 - beyond * beyond)

    def certified(self) -> Certified:
        """Return what its certificate states."""
        return Certified(
            Text(zh="临界流喷嘴", en="Critical flow nozzle"),
            (
                (Text(zh="流出系数", en="discharge coefficient"), self._curve()),
                (
                    Text(zh="喉径", en="throat diameter"),
                    Table(
                        columns=(_column("remotecal_throatDiameter", "mm", (f"{1000 * self.diameter:.4f}",)),)
                    ),
                ),
                (
                    Text(zh="最大背压比", en="maximum back-pressure ratio"),
                    Table(columns=(_column(LARGEST_RATIO, "1", (self._choked_to(),)),)),
                ),
                (
                    Text(zh="公共部分", en="common part"),
                    Table(columns=(_column("remotecal_commonDeviation", "1", ("0",), COMMON),)),
                ),
            ),
        )

    def _choked_to(self) -> str:
        """Return what is stated as the largest ratio at which it is choked: two digits, rounded down."""
        return f"{math.floor(100 * self.recovers) / 100:.2f}"

    def _curve(self) -> Table:
        at = _column("remotecal_throatReynoldsNumber", "1", tuple(f"{each:.0f}" for each in self.reynolds))
        coefficients = tuple(f"{each:.5f}" for each in self.stated)
        expanded = tuple(WHOLE * each for each in self.stated)
        return Table(columns=(at, _column("remotecal_dischargeCoefficient", "1", coefficients, *expanded)))


def _column(ref_type: str, unit: str, values: tuple[str, ...], *expanded: float) -> Column:
    if not expanded:
        return Column(ref_types=(ref_type,), unit=unit, values=values)
    known = Uncertainty(expanded=tuple(f"{each:.6f}" for each in expanded), k=("2",), p=("0.95",))
    return Column(ref_types=(ref_type,), unit=unit, values=values, uncertainty=known)


def draw_bank(rng: Random, flows: tuple[float, ...], shares: tuple[float, ...] = SHARES) -> list[TrueNozzle]:
    """Draw the nozzles that pass about these flows in m³/h; their C_d errs as the certificates allow.

    `rng`, `flows` and `shares` are as for `draw_nozzle`.
    """
    shared = rng.gauss(0.0, COMMON / 2)
    own = math.sqrt(WHOLE**2 - COMMON**2) / 2
    return [replace(draw_nozzle(rng, flow, shares), off=shared + rng.gauss(0.0, own)) for flow in flows]


def draw_nozzle(rng: Random, flow: float, shares: tuple[float, ...] = SHARES) -> TrueNozzle:
    """Draw a nozzle that passes about this flow in m³/h from a room; nothing is off what is stated.

    Args:
        rng: what it is drawn by.
        flow: in m³/h.
        shares: where its C_d is stated, as shares of its Reynolds number in a room's air.
    """
    area = flow * rng.uniform(0.99, 1.01) / 3600.0 / (0.983 * 198.6)
    diameter = round(math.sqrt(4.0 * area / math.pi), 7)
    best = 4.0 * flow / 3600.0 * 1.18 / (math.pi * diameter * 1.82e-5)
    reynolds = tuple(float(round(best * share)) for share in shares)
    level = rng.uniform(0.996, 1.000)
    stated = tuple(round(level - 3.0 / math.sqrt(each), 5) for each in reynolds)
    return TrueNozzle(diameter, reynolds, stated, 0.0, rng.uniform(0.75, 0.85))
