"""Draws large rigs at random: every systematic error consistent with what a certificate states of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from random import Random

from remotecal.model import Table, Text
from remotecal.sim.calibrated import Calibrated, Stated, draw
from remotecal.sim.certificates import stated_column
from remotecal.sim.chance import chance
from remotecal.sim.instruments.meter import MeterSpec, Shape, certified
from remotecal.sim.large_water.branches import BranchSpec
from remotecal.sim.large_water.rig import LargeRigSpec
from remotecal.sim.water.line import PipeworkSpec

WHOLE, COMMON = 0.00216, 0.0018
"""Expanded uncertainty (k = 2) of a master meter's relative error, and of the part all of them share: u of
0.09 % in common and of 0.06 % of their own."""

MASTERS = (0.3, 0.3, 0.3, 0.3, 0.08)
"""Highest flows of the master meters, as shares of that of the meter under test."""

CERTIFIED = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Where a master meter's errors were found, as shares of its highest flow."""

SPEED = 3.0
"""Velocity in m/s at the highest flow of the meter under test."""


@dataclass(frozen=True, slots=True)
class LargeOutfit:
    """A rig and the certificates of what stands on it."""

    dn: int
    spec: LargeRigSpec
    masters: tuple[Calibrated, ...]
    """What the master meters' certificates state, and what is true."""
    certificates: dict[str, Calibrated]
    """The same of everything else."""

    @property
    def highest(self) -> float:
        """Highest flow of the meter under test in m³/h."""
        return round(3600.0 * self.spec.dut.highest, 6)

    @property
    def master_flows(self) -> tuple[float, ...]:
        """Highest flows of the master meters in m³/h."""
        return tuple(round(3600.0 * one.master.highest, 6) for one in self.spec.branches)


def highest_flow(dn: int) -> float:
    """Return the highest flow of a line of this nominal diameter in mm, in m³/h."""
    return float(f"{3600 * SPEED * math.pi / 4 * (dn / 1000) ** 2:.2g}")


def outfit(
    seed: int,
    dn: int,
    *,
    master_flows: tuple[float, ...] = (),
    leak: float = 0.0,
    pulses: float | None = None,
    full_scale: float | None = None,
) -> LargeOutfit:
    """Draw a rig.

    Args:
        seed: the same seed gives the same rig.
        dn: nominal diameter of the meter under test in mm.
        master_flows: highest flows of the master meters in m³/h; `MASTERS` of them if not given.
        leak: what the shut valve of each branch lets through at 100 kPa, in m³/h.
        pulses: K factor of the meter under test in 1/m³, where it shall be this one.
        full_scale: its flow at 20 mA in m³/h, where it shall be this one.
    """
    rng, highest = chance(seed, "outfit"), highest_flow(dn)
    flows = master_flows or tuple(round(share * highest, 6) for share in MASTERS)
    shared = rng.gauss(0.0, 1.0)
    masters = tuple(_master(rng, flow, shared) for flow in flows)
    known = _certificates(rng, dn)
    dut = _meter(rng, full_scale or highest)
    spec = LargeRigSpec(
        line=PipeworkSpec(1.15 * highest / 3600.0, response=2.0, fluctuation=0.002, correlation=5.0),
        dut=replace(dut, pulses=pulses or dut.pulses),
        branches=tuple(
            BranchSpec(
                MeterSpec(flow / 3600.0, 100.0, certified(each), noise=1.0e-4),
                flow / 3600.0 * rng.uniform(0.95, 1.05),
                leak / 3600.0,
            )
            for flow, each in zip(flows, masters, strict=True)
        ),
        connecting_volume=known["connecting_volume"].correction(0.0),
        header_capacity=_volume(dn) / 4 * 9.6e-10,
        warmer=rng.uniform(-0.03, 0.03),
        water_excess=known["water_density"].correction(0.0),
    )
    return LargeOutfit(dn, spec, masters, known)


def common_part() -> Table:
    """Return what a master meter's certificate states of the part all of them share."""
    name = Text(zh="公共部分", en="Common part")
    return Table(columns=(stated_column("remotecal_commonDeviation", "1", ("0",), f"{COMMON:g}", name=name),))


def _master(rng: Random, flow: float, shared: float) -> Calibrated:
    points = tuple(round(share * flow, 6) for share in CERTIFIED)
    corrections = tuple(round(rng.uniform(-0.002, 0.002), 5) for _ in points)
    stated = Stated("1", points, corrections, (WHOLE,) * len(points), of="m3/h")
    own = math.sqrt(WHOLE**2 - COMMON**2) * rng.gauss(0.0, 1.0)
    return Calibrated(stated, (COMMON * shared + own) / WHOLE).bent()


def _volume(dn: int) -> float:
    """Return the volume of 40 diameters of pipe, in m³."""
    return float(f"{math.pi / 4 * (dn / 1000) ** 3 * 40:.3g}")


def _certificates(rng: Random, dn: int) -> dict[str, Calibrated]:
    room, volume = (10.0, 20.0, 30.0), _volume(dn)
    return {
        "thermometer": draw(rng, "°C", room, spread=0.05, expanded=(0.02,) * 3, digits=3),
        "master_thermometer": draw(rng, "°C", room, spread=0.05, expanded=(0.02,) * 3, digits=3),
        "air_thermometer": draw(rng, "°C", (15.0, 20.0, 25.0), spread=0.2, expanded=(0.1,) * 3, digits=2),
        "barometer": draw(rng, "Pa", (95e3, 101e3, 106e3), spread=25.0, expanded=(15.0,) * 3, digits=0),
        "hygrometer": draw(rng, "%", (30.0, 50.0, 70.0), spread=1.5, expanded=(1.5,) * 3, digits=1),
        "ammeter": draw(rng, "mA", (4.0, 12.0, 20.0), spread=0.001, expanded=(0.0006,) * 3, digits=5),
        "counter": draw(rng, "1", (0.0,), spread=1.0e-6, expanded=(4.0e-7,)),
        "water_density": draw(rng, "1", (0.0,), spread=3.0e-5, expanded=(1.2e-5,), digits=6),
        "connecting_volume": Calibrated(
            Stated("m3", (0.0,), (volume,), (0.1 * volume,)), rng.gauss(0.0, 1.0)
        ),
    }


def _meter(rng: Random, highest: float) -> MeterSpec:
    """Draw an electromagnetic meter of class 0.5."""
    largest = highest / 3600.0
    curve = Shape(
        largest,
        level=rng.gauss(0.0, 0.0012),
        rise=rng.gauss(0.0, 0.0004),
        slope=rng.gauss(0.0, 0.0006),
        bend=rng.gauss(0.0, 0.0008),
    )
    return MeterSpec(
        largest,
        float(f"{1000.0 / largest:.2g}"),
        curve,
        temperature_coefficient=rng.uniform(-2.0e-5, 2.0e-5),
        noise=rng.uniform(1.0e-4, 3.0e-4),
        output_error=rng.uniform(-2.0e-4, 2.0e-4),
    )
