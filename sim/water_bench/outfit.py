"""Draws benches of water meters at random: every systematic error consistent with what is stated of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from remotecal.sim.calibrated import Calibrated, Stated, draw
from remotecal.sim.chance import chance
from remotecal.sim.instruments.meter import MeterSpec, Shape
from remotecal.sim.water.line import PipeworkSpec
from remotecal.sim.water.outfit import Size, outfit
from remotecal.sim.water.water import HOT
from remotecal.sim.water.weighed import WeighTankOptions
from remotecal.sim.water_bench.series import SeriesSpec

DIAMETER = 25
"""Nominal diameter in mm of the rig whose tank, balance and diverter the bench has."""
OVERLOAD = 1.25
"""Q4 over Q3 (ISO 4064-1)."""
SPACING = 3.0e-4
"""Volume from one meter to the next, as it is from the drawings, in m³."""
LARGEST_LOSS = 25e3
"""Pressure loss of a meter at Q3, at most, in Pa; the order says so, for it is what they are declared for."""


@dataclass(frozen=True, slots=True)
class BenchOutfit:
    """A bench and the certificates of what stands on it."""

    spec: SeriesSpec
    size: Size
    certificates: dict[str, Calibrated]
    """By name, as of the rig, and `outlet_thermometer` and `spacing`."""


def bench_outfit(
    seed: int,
    meters: int,
    permanent: float,
    ratio: float,
    *,
    temperature: float,
    exchange: float,
    overload: float = OVERLOAD,
    weighing: WeighTankOptions | None = None,
) -> BenchOutfit:
    """Draw a bench.

    Args:
        seed: the same seed gives the same bench.
        meters: how many there are in the line.
        permanent: their permanent flow Q3 in m³/h.
        ratio: their range R = Q3/Q1.
        temperature: about which the water's swings, in °C.
        exchange: heat that the line gives to the hall from one meter to the next, in W/K.
        weighing: what is stated of the weigh tank; nothing if not given.
        overload: the meters' highest flow over their permanent one.
    """
    base = outfit(seed, DIAMETER, weighing=weighing, temperature=temperature)
    rng = chance(seed, "meters in series")
    rated = permanent / 3600.0
    highest = overload * rated
    spacing = _known_to_a_tenth(rng, SPACING)
    # The same thermometers serve warm water, so their certificates must reach there.
    reach = (40.0, 50.0, 60.0, 70.0) if temperature > HOT else (10.0, 20.0, 30.0, 40.0)
    thermometers = {
        name: draw(rng, "°C", reach, spread=0.05, expanded=(0.02,) * 4, digits=3)
        for name in ("line_thermometer", "outlet_thermometer")
    }
    *upstream, last = (_meter(rng, highest) for _ in range(meters))
    rig = replace(
        base.spec,
        line=PipeworkSpec(1.2 * highest),
        dut=last,
        reference=replace(base.spec.reference, highest=1.2 * highest, low_cutoff=0.0),
    )
    spec = SeriesSpec(
        rig,
        tuple(upstream),
        spacing.correction(0.0),
        exchange=exchange * rng.uniform(0.5, 1.5),
        loss=LARGEST_LOSS * rng.random(),
        rated=rated,
        slowest=rated / ratio,
    )
    return BenchOutfit(spec, base.size, {**base.certificates, **thermometers, "spacing": spacing})


def _known_to_a_tenth(rng: Random, nominal: float) -> Calibrated:
    stated = Stated("m3", (0.0,), (nominal,), (0.1 * nominal,))
    return Calibrated(stated, rng.gauss(0.0, 1.0))


def _meter(rng: Random, highest: float) -> MeterSpec:
    """Draw a water meter of class 2: most conform, it runs slow at low flow."""
    curve = Shape(
        highest,
        level=rng.gauss(0.0, 0.006),
        rise=rng.gauss(-0.0015, 0.0015),
        slope=rng.gauss(0.0, 0.003),
        bend=rng.gauss(0.0, 0.003),
    )
    return MeterSpec(
        highest,
        1.0e6,
        curve,
        temperature_coefficient=rng.uniform(-5.0e-5, 5.0e-5),
        noise=rng.uniform(3.0e-4, 8.0e-4),
    )
