"""A meter whose error follows the Reynolds number, or the flow: what is true of it, and what is certified."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import Final, Literal

from remotecal.model import Table, Text
from remotecal.sim.certificates import Certified, stated_column

COMMON, OWN = 0.0016, 0.0010
"""Expanded uncertainty (k = 2) of a certified error: the part the laboratory's meters share, and each one's
own; relative."""
WHOLE = 0.0019
"""Of both together, as it is stated."""
SCATTER = 0.0001
"""How much certified errors scatter about the curve they are points of."""
POINTS = 8
"""How many of them a certificate has."""


MeterKind = Literal["turbine", "rotary", "ultrasonic", "coriolis"]


@dataclass(frozen=True, slots=True)
class KindOfMeter:
    """How meters of a kind are, and pulse."""

    name: Text
    by_flow: bool
    """Whether its error follows the flow, and not the Reynolds number."""
    pulses: float
    """Pulses per second at the highest flow."""
    noise: float
    """Of its relative error over one minute: a rotary meter pulsates, an ultrasonic one sees eddies."""
    curve: tuple[tuple[float, float], ...]
    """Mean and spread of each coefficient of its curve."""


WAYS: Final[dict[MeterKind, KindOfMeter]] = {
    "turbine": KindOfMeter(
        Text(zh="标准气体涡轮流量计", en="Turbine gas meter, master"),
        by_flow=False,
        pulses=2.4e6 / 3600,
        noise=5e-5,
        curve=((0.001, 0.001), (0.001, 0.0006), (-0.001, 0.0005)),
    ),
    "rotary": KindOfMeter(
        Text(zh="标准气体腰轮流量计", en="Rotary gas meter, master"),
        by_flow=True,
        pulses=1e6 / 3600,
        noise=1e-4,
        curve=((0.001, 0.001), (0.0005, 0.0004), (-0.0012, 0.0004)),
    ),
    "ultrasonic": KindOfMeter(
        Text(zh="标准气体超声流量计", en="Ultrasonic gas meter, master"),
        by_flow=True,
        pulses=2.4e6 / 3600,
        noise=2e-4,
        curve=((0.0, 0.001), (0.0, 0.0004), (0.0, 0.0004)),
    ),
    "coriolis": KindOfMeter(
        Text(zh="标准气体科里奥利质量流量计", en="Coriolis gas meter, master"),
        by_flow=True,
        pulses=2.4e6 / 3600,
        noise=1e-4,
        curve=((0.0, 0.001), (0.0, 0.0003), (0.0005, 0.0003)),
    ),
}
"""By kind: a turbine's error collapses over Re, a rotary one leaks at low flows, an ultrasonic one is flat, a
Coriolis one is off where little flows, and tells mass."""
ON_A_BUS: Final[frozenset[MeterKind]] = frozenset({"ultrasonic", "coriolis"})
"""Those whose total is read over a bus."""
FLOWS: Final = (0.02, 1.05)
"""Where meters by flow were calibrated, as shares of the highest one."""


@dataclass(frozen=True, slots=True)
class ReynoldsCurve:
    """E = Σ a_k·(lg Re/10⁶)^k, relative; of a meter by flow, with 10⁶ at its highest one."""

    coefficients: tuple[float, ...]

    def __call__(self, reynolds: float) -> float:
        x = math.log10(max(reynolds, 1e3) / 1e6)
        return sum(a * x**k for k, a in enumerate(self.coefficients))

    def more_by(self, off: float) -> ReynoldsCurve:
        """Return the curve of errors that are larger by as much everywhere, relative."""
        first, *others = self.coefficients
        return ReynoldsCurve((first + off, *others))


class ByReynolds:
    """An error curve against the flow, which is one against the Reynolds number where the gas is known."""

    __slots__ = ("_curve", "per_flow", "zero")

    def __init__(self, curve: ReynoldsCurve) -> None:
        self._curve = curve
        self.per_flow = 1e7
        """Re for 1 m³/s, as the gas is; of a meter by flow what stands for it."""
        self.zero = 0.0
        """What it shows more at every flow, in m³/s."""

    def __call__(self, flow: float) -> float:
        error = self._curve(flow * self.per_flow)
        return error + self.zero / flow if self.zero else error


@dataclass(frozen=True, slots=True)
class TrueMaster:
    """A master meter, or one that checks them."""

    highest: float
    """Highest flow in m³/h."""
    diameter: float
    """Of the pipe, in m."""
    pulses: float
    """K factor in 1/m³."""
    places: tuple[float, ...]
    """Where its error is certified, ascending: Reynolds numbers, or flows in m³/h."""
    stated: tuple[float, ...]
    """Errors there, as stated."""
    curve: ReynoldsCurve
    """The curve those are points of."""
    off: float
    """What is true less what the curve tells."""
    kind: MeterKind = "turbine"

    @property
    def true(self) -> ReynoldsCurve:
        """What is true of it."""
        return self.curve.more_by(self.off)

    def certified(self) -> Certified:
        """Return what its certificate states."""
        way = WAYS[self.kind]
        across = ("remotecal_referenceFlow", "m3/h") if way.by_flow else ("remotecal_reynoldsNumber", "1")
        at = stated_column(
            *across, tuple(f"{each:.5g}" if way.by_flow else f"{each:.0f}" for each in self.places)
        )
        errors = stated_column(
            "basic_measurementError", "1", tuple(f"{each:.5f}" for each in self.stated), f"{WHOLE:.6f}"
        )
        facts = (
            ("仪表系数", "K factor", "remotecal_kFactor", "1/m3", f"{self.pulses:g}"),
            ("管道内径", "pipe diameter", "remotecal_pipeDiameter", "mm", f"{1000 * self.diameter:.1f}"),
            ("最大流量", "highest flow", "remotecal_highestFlow", "m3/h", f"{self.highest:g}"),
        )
        shared = Table(columns=(stated_column("remotecal_commonDeviation", "1", ("0",), f"{COMMON:.6f}"),))
        return Certified(
            way.name,
            (
                (Text(zh="示值误差", en="error of indication"), Table(columns=(at, errors))),
                (Text(zh="公共部分", en="common part"), shared),
                *(
                    (Text(zh=zh, en=en), Table(columns=(stated_column(kind, unit, (value,)),)))
                    for zh, en, kind, unit, value in facts
                ),
            ),
        )


def width(highest: float) -> float:
    """Return the diameter in m of the pipe of a meter with a highest flow in m³/h: DN100 for 400 m³/h."""
    return round(0.1 * math.sqrt(highest / 400.0), 4)


def draw_meters(
    rng: Random,
    flows: tuple[float, ...],
    reynolds: tuple[float, float],
    kinds: tuple[MeterKind, ...] = (),
) -> list[TrueMaster]:
    """Draw meters of one laboratory; what their certificates are off by, these allow.

    Args:
        rng: what they are drawn by.
        flows: highest flow of each in m³/h.
        reynolds: lowest and highest number at which the largest one, as a DN100, was calibrated.
        kinds: what each is; turbines where none is given.
    """
    shared = rng.gauss(0.0, COMMON / 2)
    own = math.sqrt(WHOLE**2 - COMMON**2) / 2
    usual: MeterKind = "turbine"
    every = kinds or (usual,) * len(flows)
    return [
        _draw(rng, flow, reynolds, shared + rng.gauss(0.0, own), kind)
        for flow, kind in zip(flows, every, strict=True)
    ]


def _draw(
    rng: Random, highest: float, reynolds: tuple[float, float], off: float, kind: MeterKind
) -> TrueMaster:
    diameter, way = width(highest), WAYS[kind]
    low, high = (
        (share * highest for share in FLOWS)
        if way.by_flow
        else (each * highest / 400.0 * 0.1 / diameter for each in reynolds)
    )
    spaced = (low * (high / low) ** (n / (POINTS - 1)) for n in range(POINTS))
    at = tuple(float(f"{each:.5g}") if way.by_flow else float(round(each)) for each in spaced)
    curve = ReynoldsCurve(tuple(rng.gauss(*each) for each in way.curve))
    told = (each * 1e6 / highest if way.by_flow else each for each in at)
    stated = tuple(round(curve(each) + rng.gauss(0.0, SCATTER), 5) for each in told)
    pulses = float(round(3600.0 * way.pulses / highest))
    return TrueMaster(highest, diameter, pulses, at, stated, curve, off, kind)
