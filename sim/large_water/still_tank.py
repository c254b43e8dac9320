"""A multipath ultrasonic meter in a still tank, with the file of its survey."""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING, Annotated, Literal

from remotecal.certificates.trust import Capability
from remotecal.configuration import as_toml
from remotecal.drivers.tuf.tuf2000m import Tuf2000M
from remotecal.model import Text
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.calibrated import draw
from remotecal.sim.chance import chance
from remotecal.sim.paper import Job, Paper
from remotecal.sim.simulated_modbus import ModbusSimulated
from remotecal.sim.surroundings import Air
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from datetime import date

    from remotecal.sim.world import World

SOUND = 1482.0
"""Speed of sound in the tank's water in m/s."""
CHORDS = {
    2: ((0.5, 0.5), (0.5, 0.5)),
    4: ((0.309, 0.3618), (0.809, 0.1382), (0.309, 0.3618), (0.809, 0.1382)),
}
"""Paths → distance of each from the axis, as a share of the radius, and its weight."""
U_DIAMETER, U_LENGTH, U_ANGLE, U_DELAY = 1.0e-3, 1.0e-3, 0.05, 2.0e-9
"""Expanded uncertainties of the survey: m, m, degrees, s."""
SHARED_LENGTH, SHARED_ANGLE = 0.6e-3, 0.03
"""The parts of these that all paths share: m, degrees."""
PROFILE = {2: 0.014, 4: 0.005}
"""Paths → expanded uncertainty of the integration over the profile, relative (unverified)."""
FILE = "geometry.toml"
SURVEYED_AT, EXPANSION, STRETCH = 20.0, 1.2e-5, 5e-10
"""Temperature of the body at the survey in °C; its linear expansion in 1/K and stretch in 1/Pa, about."""


class StillTankOptions(BenchOptions):
    """What can be chosen of a meter in a still tank."""

    dn: Annotated[float, In("mm", at_least=1000, at_most=15_000)] = 3000.0
    """Nominal diameter of the meter."""
    paths: Literal[2, 4] = 2
    """How many paths it has."""
    warmer: Annotated[float, In("K", at_least=-20, at_most=40)] = 0.0
    """How much warmer its body is in use than when it was surveyed, at 20 °C."""
    pressure: Annotated[float, In("Pa", at_least=0, at_most=4e6)] = 0.0
    """Gauge pressure of the water in use."""


class Surveyed:
    """A meter: what it has been told of itself, what is true, what was surveyed.

    Args:
        rng: draws it.
        diameter: nominal, in m.
        count: of its paths.
        longer: by which share its body is longer in use than as surveyed, in all directions.
        wider: by which share it is wider beyond that, for its wall gives way to pressure.
    """

    def __init__(
        self, rng: Random, diameter: float, count: int, longer: float = 0.0, wider: float = 0.0
    ) -> None:
        self._longer, self._wider = longer, wider
        self.diameter = diameter
        self.true_diameter = diameter * (1.0 + rng.gauss(0.0, 0.001))
        off = rng.gauss(0.0, U_DIAMETER / 2)  # of the instrument, the same in all directions
        self.sections = [
            [self.true_diameter + off + rng.gauss(0.0, 0.5e-3) for _ in range(4)] for _ in range(3)
        ]
        self.told, self.true, self.found, self.delays = [], [], [], []
        shared = rng.gauss(0.0, SHARED_LENGTH / 2), rng.gauss(0.0, SHARED_ANGLE / 2)
        own = math.sqrt(U_LENGTH**2 - SHARED_LENGTH**2) / 2, math.sqrt(U_ANGLE**2 - SHARED_ANGLE**2) / 2
        for chord, weight in CHORDS[count]:
            length = diameter * math.sqrt(1.0 - chord**2) / math.sin(math.radians(45.0))
            true = length * (1.0 + rng.gauss(0.0, 0.001)), 45.0 + rng.gauss(0.0, 0.15)
            self.told.append((length, 45.0, weight))
            self.true.append(true)
            self.found.append(
                tuple(
                    value + off + rng.gauss(0.0, alone)
                    for value, off, alone in zip(true, shared, own, strict=True)
                )
            )
            self.delays.append(rng.gauss(0.0, U_DELAY / 2))
        self.profile = rng.gauss(0.0, PROFILE[count] / 2)
        self.zero = rng.gauss(0.0, 0.002)
        """Velocity it tells of resting water, in m/s."""

    def error(self, velocity: float) -> float:
        """Return its true relative error (1) at a mean velocity in m/s."""
        told = 0.0
        for (length, angle, weight), surveyed, delay in zip(self.told, self.true, self.delays, strict=True):
            true, phi = self._in_use(*surveyed)
            turned = math.cos(math.radians(phi))
            ratio = length / math.cos(math.radians(angle)) * turned / true
            told += weight * ratio * (1.0 + delay * SOUND**2 / (2.0 * true * turned * velocity))
        wide = (self.diameter / (self.true_diameter * (1.0 + self._longer) * (1.0 + self._wider))) ** 2
        return wide * told * (1.0 + self.profile) + self.zero / velocity - 1.0

    def _in_use(self, length: float, angle: float) -> tuple[float, float]:
        """Return a path's length in m and angle in degrees in use, by those it was surveyed with."""
        along = length * math.cos(math.radians(angle)) * (1.0 + self._longer)
        across = length * math.sin(math.radians(angle)) * (1.0 + self._longer) * (1.0 + self._wider)
        return math.hypot(along, across), math.degrees(math.atan2(across, along))

    def file(self) -> str:
        """Return the file of the survey."""
        return as_toml(
            {
                "by": "simulated total station",
                "diameters": [[round(one, 5) for one in section] for section in self.sections],
                "diameter_expanded": U_DIAMETER,
                "length_common_expanded": SHARED_LENGTH,
                "angle_common_expanded": SHARED_ANGLE,
                "profile_expanded": PROFILE[len(self.told)],
                "temperature": SURVEYED_AT,
                "temperature_expanded": 1.0,
                "paths": [
                    {
                        "length": round(length, 5),
                        "length_expanded": U_LENGTH,
                        "angle": round(angle, 4),
                        "angle_expanded": U_ANGLE,
                        "weight": weight,
                        "delay_expanded": U_DELAY,
                    }
                    for (length, angle), (_, _, weight) in zip(self.found, self.told, strict=True)
                ],
            }
        )


class StillTank(Assembly):
    """Still tank with a multipath ultrasonic meter of DN1000 and more, surveyed dry."""

    Options = StillTankOptions
    procedures = ("flow.ultrasonic_dry",)
    scope = (
        Capability(
            quantity="basic_measurementError",
            unit="%",
            cmc="0.2",
            against="basic_referenceValue",
            against_unit="m3/h",
            low="10",
            high="3000000",
        ),
    )

    def __init__(self, world: World, options: StillTankOptions) -> None:
        super().__init__(world, options)
        rng = chance(options.seed, "still tank")
        self.paths = options.paths
        own = chance(options.seed, "body")
        self.use = _use(options)
        """What the order says of its body in use."""
        longer = (
            EXPANSION
            * own.uniform(0.9, 1.1)
            * (options.warmer + own.gauss(0.0, 0.5) + own.uniform(-1.0, 1.0))
        )
        wider = STRETCH * own.uniform(0.8, 1.2) * options.pressure / 2.0
        self.meter = Surveyed(
            rng, options.dn / 1000.0, options.paths, longer if options.warmer else 0.0, wider
        )
        """The meter: what is true of it."""
        noise = world.random("zero")
        shown = ModbusSimulated(
            Tuf2000M,
            world,
            "dut",
            unit=1,
            reads={"velocity": lambda: self.meter.zero + noise.gauss(0.0, 0.0005)},
        )
        air = (
            draw(rng, "Pa", (95e3, 101e3, 106e3), spread=25.0, expanded=(15.0,) * 3, digits=0),
            draw(rng, "°C", (15.0, 20.0, 25.0), spread=0.2, expanded=(0.1,) * 3, digits=2),
            draw(rng, "%", (30.0, 50.0, 70.0), spread=1.5, expanded=(1.5,) * 3, digits=1),
        )
        self.wired = {
            "dut": Wired(shown, "serial", settings={"unit": 1}),
            "ambient": stands.ambient(world, Air(world.random("air")), *air),
        }

    def true_error(self, at: float) -> float:
        """Return the meter's true error in % at a flow in m³/h."""
        return 100.0 * self.meter.error(at / 3600.0 / (math.pi / 4 * self.meter.true_diameter**2))

    def paper(self, today: date) -> Paper:
        path = "" if self.directory is None else str(self.directory.resolve() / FILE)
        if self.directory is not None:
            self.directory.mkdir(parents=True, exist_ok=True)
            (self.directory / FILE).write_text(self.meter.file(), encoding="utf-8")
        return Paper(
            name=f"simulated still tank, meter of {self.paths} paths, DN{1000 * self.meter.diameter:g}",
            job=Job(
                "flow.ultrasonic_dry",
                "DRY",
                {
                    "geometry": path,
                    "diameter": self.meter.diameter,
                    "lengths": [round(length, 5) for length, _, _ in self.meter.told],
                    "angles": [angle for _, angle, _ in self.meter.told],
                    "velocities": [3.0, 1.5, 0.5],
                    "accuracy_class": 2.0,
                    **self.use,
                },
                {
                    "name": Text(zh="多声道超声流量计", en="Multipath ultrasonic flow meter"),
                    "maker": "Simulated",
                    "model": f"{self.paths} paths",
                    "serial": "SIM-0001",
                    "class_scheme": "JJG 1030-2007",
                    "class_name": "2",
                },
            ),
        )


def _use(options: StillTankOptions) -> dict[str, float]:
    """Return what an order says of a body in use; of one that is as surveyed nothing."""
    if not options.warmer and not options.pressure:
        return {}
    return {
        "use_temperature": SURVEYED_AT + options.warmer,
        "use_temperature_spread": 1.0,
        "expansion": EXPANSION,
        "use_pressure": options.pressure,
        "stretch": STRETCH,
    }
