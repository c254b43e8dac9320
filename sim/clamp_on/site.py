"""A customer's pipe with its meter, and a clamp-on meter that was brought there: what is true of both."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

from remotecal.sim.calibrated import Calibrated, Stated, draw
from remotecal.sim.instruments.meter import Meter, MeterSpec, Shape
from remotecal.sim.surroundings import Air, Wave

if TYPE_CHECKING:
    from remotecal.sim.world import World

VELOCITIES = (0.3, 0.5, 1.0, 2.0, 4.0)
"""Where the clamp-on meter was calibrated, in m/s."""
WHOLE = 0.004
"""Expanded uncertainty (k = 2) of its errors, relative."""
COMMON = 0.0025
"""That of the part which is the laboratory's, before and after a journey alike."""
EXPONENT = 3
"""Power of the inner diameter its flow goes by: it finds the speed of sound by its own transit time."""
PROFILE = 1.0
"""How much, ±, in %, the profile at a place may count other than in the laboratory."""
PER_KELVIN = 0.02
"""How much, ±, in %, each kelvin from 20 °C may count."""
EXPANSION = 1.17e-5
"""Linear expansion of steel in 1/K."""


@dataclass(frozen=True, slots=True)
class PipeSize:
    """A pipe as it is measured on site, in mm, each with its expanded uncertainty."""

    outer: float
    outer_expanded: float
    wall: float
    wall_expanded: float
    lining: float
    lining_expanded: float
    highest: float
    """Highest flow the plant makes, in m³/h."""

    @property
    def inner(self) -> float:
        """Inner diameter in mm."""
        return self.outer - 2.0 * (self.wall + self.lining)


SIZES = {
    100: PipeSize(114.3, 0.2, 4.0, 0.05, 0.0, 0.0, 90.0),
    150: PipeSize(168.3, 0.3, 4.5, 0.08, 0.0, 0.0, 200.0),
    200: PipeSize(219.1, 0.3, 6.0, 0.10, 3.0, 0.2, 330.0),
}
"""By nominal diameter in mm."""


class Travelling:
    """A clamp-on meter: what its certificate before the journey states, and what becomes of it.

    Args:
        rng: draws it.
        drift: standard deviation of what the whole journey does to it, relative.
    """

    def __init__(self, rng: Random, drift: float) -> None:
        spread = tuple(round(rng.uniform(-0.01, 0.01), 5) for _ in VELOCITIES)
        stated = Stated("1", VELOCITIES, spread, (WHOLE,) * len(VELOCITIES), of="m/s")
        common, own = rng.gauss(0.0, COMMON / 2), math.sqrt(WHOLE**2 - COMMON**2) / 2
        self.before = Calibrated(stated, (common + rng.gauss(0.0, own)) / (WHOLE / 2)).bent()
        """What its first certificate states, and what was true then."""
        self.drift = rng.gauss(0.0, drift)
        self.on_site = self.drift * rng.random()
        """By how much its relative error had changed when it was on site."""
        off = common + rng.gauss(0.0, own)
        found = tuple(round(true - self.drift - off, 6) for true in self.before.true)
        self.after = Calibrated(
            Stated("1", VELOCITIES, found, (WHOLE,) * len(VELOCITIES), of="m/s"), off / (WHOLE / 2)
        )
        """What the one after its journey states, and what is true then."""

    @property
    def closed(self) -> bool:
        """Whether its certificates before and after agree within what is each one's own, |E_n| ≤ 1."""
        apart = self.after.stated.corrections[0] - self.before.stated.corrections[0]
        return abs(apart) <= math.sqrt(2.0 * (WHOLE**2 - COMMON**2))

    @property
    def off(self) -> float:
        """By how much more its first certificate states of its relative error than was true."""
        return self.before.true[0] - self.before.stated.corrections[0]

    def error(self, velocity: float) -> float:
        """Return its true relative error on site, mounted as in the laboratory."""
        return self.on_site - self.before.correction(velocity)


class PipeOnSite:
    """The pipe: one flow that both meters see. Look at it only inside `with site.world.present():`.

    Args:
        world: where it is.
        rng: draws it.
        size: what is measured of the pipe.
        travelling: the clamp-on meter.
        mounting: standard deviation of what a mounting does, relative.
        unstated: thickness in mm of what has grown in the pipe that nobody measured.
        pulses: K factor of the customer's meter in 1/m³; drawn if not given.
    """

    STEP = 5.0
    """Longest step in s."""

    def __init__(
        self,
        world: World,
        rng: Random,
        size: PipeSize,
        travelling: Travelling,
        mounting: float,
        unstated: float,
        pulses: float | None,
    ) -> None:
        self.world, self.size, self.travelling = world, size, travelling
        self._mounting, self._chance = mounting, world.random("mounting")
        outer = size.outer + rng.gauss(0.0, size.outer_expanded / 2)
        wall = size.wall + rng.gauss(0.0, size.wall_expanded / 2)
        lining = size.lining + rng.gauss(0.0, size.lining_expanded / 2) + unstated
        self.inner = outer - 2.0 * (wall + lining)
        """True inner diameter in mm at 20 °C."""
        self.profile = rng.uniform(-PROFILE, PROFILE) / 100.0
        """By how much more flows than the profile makes the clamp-on meter tell, relative."""
        self._per_kelvin = rng.uniform(-PER_KELVIN, PER_KELVIN) / 100.0
        self._mounted = 0.0
        self._temperature = Wave(world.random("water"), rng.uniform(8.0, 24.0), 0.3, 4 * 3600.0)
        self._noise = world.random("flow")
        self.air = Air(world.random("air"))
        highest = size.highest / 3600.0
        drawn = customers(rng, highest)
        self.dut = Meter(replace(drawn, pulses=pulses or drawn.pulses), world.random("dut"))
        """The customer's meter."""
        told = MeterSpec(highest, 1000.0, self._clamped, noise=6.0e-4, low_cutoff=0.0)
        self.clamp_on = Meter(told, world.random("clamp-on"))
        """The clamp-on meter."""
        self._set = 0.0
        world.physics = self._advance

    @property
    def temperature(self) -> float:
        """Temperature of the water in °C."""
        return self._temperature.at(self.world.time)

    def mount(self) -> None:
        """Mount the clamp-on meter anew."""
        self._mounted = self._chance.gauss(0.0, self._mounting)

    def make(self, flow: float) -> None:
        """Let the plant make about a flow in m³/h: its valves are turned by hand."""
        self._set = flow / 3600.0 * (1.0 + self._noise.uniform(-0.03, 0.03))

    def _clamped(self, flow: float) -> float:
        """Return the relative error of the clamp-on meter as it is mounted, at a flow in m³/s."""
        warm = self.temperature - 20.0
        inner = self.inner * (1.0 + EXPANSION * warm)
        velocity = flow / (math.pi / 4 * (inner / 1000.0) ** 2)
        told = (self.size.inner / inner) ** EXPONENT * (1.0 + self.travelling.error(velocity))
        told /= (1.0 + self.profile) * (1.0 + self._per_kelvin * warm)
        return told * (1.0 + self._mounted) - 1.0

    def _advance(self, begin: float, until: float) -> float:
        until = min(until, begin + self.STEP)
        took = until - begin
        if took > 0.0 and self._set > 0.0:
            temperature = self._temperature.at(begin)
            flow = self._set * (1.0 + self._noise.gauss(0.0, 0.003))
            for meter in (self.dut, self.clamp_on):
                meter.prepare(flow, temperature, took)
                meter.take(flow * took, took, 998.0)
        return until


def customers(rng: Random, highest: float) -> MeterSpec:
    """Draw a customer's electromagnetic meter, up to a flow in m³/s."""
    curve = Shape(
        highest, level=rng.gauss(0.0, 0.008), rise=rng.gauss(0.0, 0.001), slope=rng.gauss(0.0, 0.002)
    )
    return MeterSpec(
        highest,
        float(f"{1000.0 / highest:.2g}"),
        curve,
        temperature_coefficient=rng.uniform(-2.0e-5, 2.0e-5),
        noise=rng.uniform(2.0e-4, 5.0e-4),
    )


def instruments(rng: Random) -> dict[str, Calibrated]:
    """Draw what reads the state of water and air, with certificates."""
    room = (5.0, 20.0, 35.0)
    return {
        "thermometer": draw(rng, "°C", room, spread=0.05, expanded=(0.05,) * 3, digits=3),
        "air_thermometer": draw(rng, "°C", (15.0, 20.0, 25.0), spread=0.2, expanded=(0.1,) * 3, digits=2),
        "barometer": draw(rng, "Pa", (95e3, 101e3, 106e3), spread=25.0, expanded=(15.0,) * 3, digits=0),
        "hygrometer": draw(rng, "%", (30.0, 50.0, 70.0), spread=1.5, expanded=(1.5,) * 3, digits=1),
        "counter": draw(rng, "1", (0.0,), spread=1.0e-6, expanded=(4.0e-7,)),
    }
