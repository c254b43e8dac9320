"""A bench with a balance from which a hydrometer hangs, and water that is raised to its marks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Final

from remotecal.certificates.trust import Capability
from remotecal.model import Text
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.calibrated import interpolate
from remotecal.sim.certificates import Certified
from remotecal.sim.chance import chance
from remotecal.sim.density import outfit
from remotecal.sim.density.paper import INTERLOCKS
from remotecal.sim.density.stand import Stand
from remotecal.sim.instruments.sartorius import SERIAL, SbiBalance
from remotecal.sim.instruments.weighing import Platform, PlatformSpec
from remotecal.sim.paper import Job, Paper, characteristic
from remotecal.sim.person import Bystander
from remotecal.sim.surroundings import Air
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    import re
    from datetime import date
    from random import Random

    from remotecal.sim.world import World

MARKS: Final = (1020.0, 1040.0, 1060.0)
STEM, STEM_SPREAD, TENSION, TENSION_SPREAD, MEANT, ALIGNMENT = 5e-3, 2e-5, 0.0725, 0.03, 0.055, 0.1
"""What the order states: m, m, N/m, a share, N/m, kg/m³."""


class Hanging(Stand):
    """A hydrometer that hangs in air, or is sunk to a mark."""

    def draw(self, rng: Random) -> None:
        """Draw what is true of the hydrometer."""
        self.mass, self.total = 0.080 * rng.uniform(0.98, 1.02), 112e-6
        self.errors = tuple(rng.gauss(0.0, 0.3) for _ in MARKS)
        self.stem = STEM + rng.uniform(-STEM_SPREAD, STEM_SPREAD)
        self.tension = TENSION * (1.0 + rng.uniform(-TENSION_SPREAD, TENSION_SPREAD))
        self.expansion = 1.0e-5 * rng.uniform(0.9, 1.1)
        self.beside = tuple(rng.triangular(-ALIGNMENT, ALIGNMENT) for _ in MARKS)
        """By how much the surface stands beside each mark, in kg/m³."""
        self.mark: float | None = None
        self.there = False

    def hang(self, *, there: bool, mark: float | None = None) -> None:
        """Take it off, hang it in air, or sink it to a mark."""
        self.put(None)
        self.there, self.mark = there, mark

    def error(self, mark: float) -> float:
        """Return the true error of a mark, in kg/m³."""
        return interpolate(MARKS, self.errors, mark)

    def below(self, mark: float, air: float) -> float:
        """Return the volume below a mark at 20 °C, by the density in which it floats there."""
        floats = mark - self.error(mark)
        pull = math.pi * self.stem * MEANT / 9.80665
        return (self.mass + pull - air * self.total) / (floats - air)

    def apparent(self, time: float) -> float:
        if not self.there:
            return self._pull
        air = self.air.density(time)
        left = self.mass - self.total * air
        if self.mark is None:
            left += self.spec.beside[0]
        else:
            t = self.temperature(time) + self.spec.warmer
            beside = self.mark + interpolate(MARKS, self.beside, self.mark)
            sunk = self.below(beside, air) * (1.0 + self.expansion * (t - 20.0))
            pull = math.pi * self.stem * self.tension / 9.80665
            left += self.spec.beside[1] + pull - sunk * (self.water(time) - air)
        return left / (1.0 - air / 8000.0) + self._pull


class HydrometerOptions(BenchOptions):
    """What can be chosen of a bench for hydrometers."""

    warming: Annotated[float, In("K/h", at_least=-20, at_most=20)] = 0.0
    """How fast the water warms."""


class HydrometerBench(Assembly):
    """Balance with a hydrometer below it, and water that a person raises to its marks."""

    Options = HydrometerOptions
    procedures = ("density.hydrometer",)
    scope = (
        Capability(
            quantity="basic_measurementError",
            unit="kg/m3",
            cmc="0.01",
            against="basic_referenceValue",
            against_unit="kg/m3",
            low="600",
            high="2000",
        ),
    )

    def __init__(self, world: World, options: HydrometerOptions) -> None:
        super().__init__(world, options)
        rng = chance(options.seed, "outfit")
        self.certificates = outfit.certified(rng)
        """What each certificate or characterisation states, and what is true."""
        self.air = Air(world.random("air"))
        spec = outfit.stand(
            rng,
            self.certificates["water_density"].correction(0.0),
            meniscus=3e-7,
            offset=0.0,
            bubbles=0.0,
            warming=options.warming,
            evaporation=0.0,
        )
        self.stand = Hanging(world, spec, self.air, world.random("stand"))
        self.stand.draw(rng)
        self.certificates["balance"] = outfit.analytical(rng)
        weighs = PlatformSpec(0.22, 1e-7, self.certificates["balance"], 1e-7)
        platform = Platform(weighs, self.stand, world.random("balance"))
        told = Certified(
            Text(zh="分析天平", en="Analytical balance"),
            ((Text(zh="质量", en="mass"), self.certificates["balance"]),),
        )
        air = [self.certificates[name] for name in ("barometer", "air_thermometer", "hygrometer")]
        self.wired = {
            "dut": Wired(SbiBalance(world, platform, "dut"), "serial", SERIAL, certified=told),
            "thermometer": stands.thermometer(
                world,
                self.certificates["thermometer"],
                lambda: self.stand.temperature(world.time),
                "thermometer",
            ),
            "ambient": stands.ambient(world, self.air, *air),
        }
        self.person = Bystander(
            world,
            {
                "Take the hydrometer off": lambda _: self.stand.hang(there=False),
                "Hang the hydrometer": lambda _: self.stand.hang(there=True),
                r"level with the mark ([\d.]+)": self._sink,
            },
        )

    def _sink(self, asked: re.Match[str]) -> None:
        self.stand.hang(there=True, mark=float(asked[1]))

    def true_error(self, at: float) -> float:
        """Return the hydrometer's true error at the mark where it floats in a density, in kg/m³."""
        mark = min(MARKS, key=lambda each: abs(each - at))
        return self.stand.error(mark)

    def paper(self, today: date) -> Paper:
        water = self.certificates["water_density"].stated
        return Paper(
            name="simulated bench for hydrometers",
            job=Job(
                "density.hydrometer",
                "HYD",
                {
                    "marks": list(MARKS),
                    "stem": STEM,
                    "surface_tension": TENSION,
                    "meant_tension": MEANT,
                    "alignment": ALIGNMENT,
                    "permissible": 1.0,
                },
                {
                    "name": Text(zh="浮计", en="Hydrometer"),
                    "maker": "Simulated",
                    "model": "SY-05",
                    "serial": "SIM-0001",
                },
            ),
            characteristics={
                "water_density": characteristic(water.corrections[0], "1", water.expanded[0], today)
            },
            interlocks=INTERLOCKS,
        )
