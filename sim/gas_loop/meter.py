"""A meter whose error follows the Reynolds number: what is true of it, and what its certificate states."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from remotecal.model import Column, Table, Text, Uncertainty
from remotecal.sim.certificates import Certified

COMMON, OWN = 0.0016, 0.0010
"""Expanded uncertainty (k = 2) of a certified error: the part the laboratory's meters share, and each one's
own; relative."""
WHOLE = 0.0019
"""Of both together, as it is stated."""
SCATTER = 0.0001
"""How much certified errors scatter about the curve they are points of."""
POINTS = 8
"""How many of them a certificate has."""


@dataclass(frozen=True, slots=True)
class ReynoldsCurve:
    """E = Σ a_k·(lg Re/10⁶)^k, relative."""

    coefficients: tuple[float, ...]

    def __call__(self, reynolds: float) -> float:
        x = math.log10(max(reynolds, 1e3) / 1e6)
        return sum(a * x**k for k, a in enumerate(self.coefficients))


class ByReynolds:
    """An error curve against the flow, which is one against the Reynolds number where the gas is known."""

    __slots__ = ("_curve", "per_flow")

    def __init__(self, curve: ReynoldsCurve) -> None:
        self._curve = curve
        self.per_flow = 1e7
        """Re for 1 m³/s, as the gas is."""

    def __call__(self, flow: float) -> float:
        return self._curve(flow * self.per_flow)


@dataclass(frozen=True, slots=True)
class TrueMaster:
    """A master meter, or one that checks them."""

    highest: float
    """Highest flow in m³/h."""
    diameter: float
    """Of the pipe, in m."""
    pulses: float
    """K factor in 1/m³."""
    reynolds: tuple[float, ...]
    """Where its error is certified, ascending."""
    stated: tuple[float, ...]
    """Errors there, as stated."""
    curve: ReynoldsCurve
    """The curve those are points of."""
    off: float
    """What is true less what the curve tells."""

    @property
    def true(self) -> ReynoldsCurve:
        """What is true of it."""
        first, *others = self.curve.coefficients
        return ReynoldsCurve((first + self.off, *others))

    def certified(self) -> Certified:
        """Return what its certificate states."""
        at = _column("remotecal_reynoldsNumber", "1", tuple(f"{each:.0f}" for each in self.reynolds))
        errors = _column("basic_measurementError", "1", tuple(f"{each:.5f}" for each in self.stated), WHOLE)
        facts = (
            ("仪表系数", "K factor", "remotecal_kFactor", "1/m3", f"{self.pulses:g}"),
            ("管道内径", "pipe diameter", "remotecal_pipeDiameter", "mm", f"{1000 * self.diameter:.1f}"),
            ("最大流量", "highest flow", "remotecal_highestFlow", "m3/h", f"{self.highest:g}"),
        )
        shared = Table(columns=(_column("remotecal_commonDeviation", "1", ("0",), COMMON),))
        return Certified(
            Text(zh="标准气体涡轮流量计", en="Turbine gas meter, master"),
            (
                (Text(zh="示值误差", en="error of indication"), Table(columns=(at, errors))),
                (Text(zh="公共部分", en="common part"), shared),
                *(
                    (Text(zh=zh, en=en), Table(columns=(_column(kind, unit, (value,)),)))
                    for zh, en, kind, unit, value in facts
                ),
            ),
        )


def _column(ref_type: str, unit: str, values: tuple[str, ...], expanded: float | None = None) -> Column:
    if expanded is None:
        return Column(ref_types=(ref_type,), unit=unit, values=values)
    known = Uncertainty(expanded=(f"{expanded:.6f}",), k=("2",), p=("0.95",))
    return Column(ref_types=(ref_type,), unit=unit, values=values, uncertainty=known)


def width(highest: float) -> float:
    """Return the diameter in m of the pipe of a meter with a highest flow in m³/h: DN100 for 400 m³/h."""
    return round(0.1 * math.sqrt(highest / 400.0), 4)


def draw_meters(rng: Random, flows: tuple[float, ...], reynolds: tuple[float, float]) -> list[TrueMaster]:
    """Draw meters of one laboratory; what their certificates are off by, these allow.

    Args:
        rng: what they are drawn by.
        flows: highest flow of each in m³/h.
        reynolds: lowest and highest number at which the largest one, as a DN100, was calibrated.
    """
    shared = rng.gauss(0.0, COMMON / 2)
    own = math.sqrt(WHOLE**2 - COMMON**2) / 2
    return [_draw(rng, flow, reynolds, shared + rng.gauss(0.0, own)) for flow in flows]


def _draw(rng: Random, highest: float, reynolds: tuple[float, float], off: float) -> TrueMaster:
    diameter = width(highest)
    low, high = (each * highest / 400.0 * 0.1 / diameter for each in reynolds)
    at = tuple(float(round(low * (high / low) ** (n / (POINTS - 1)))) for n in range(POINTS))
    curve = ReynoldsCurve(
        (rng.gauss(0.001, 0.001), rng.gauss(0.001, 0.0006), rng.gauss(-0.001, 0.0005)),
    )
    stated = tuple(round(curve(each) + rng.gauss(0.0, SCATTER), 5) for each in at)
    return TrueMaster(highest, diameter, float(round(2.4e6 / highest)), at, stated, curve, off)
