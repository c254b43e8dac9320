"""A bench with an oscillating tube, read by a counter, and certified liquids."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from remotecal.bench_file import Interlock
from remotecal.certificates.trust import Capability
from remotecal.fluids.air import air_density_beyond
from remotecal.fluids.water import water_density_tanaka, water_viscosity
from remotecal.model import Column, Table, Text, Uncertainty
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.certificates import Certified
from remotecal.sim.chance import chance
from remotecal.sim.density import outfit
from remotecal.sim.density.swinging import Swinging
from remotecal.sim.gate import Gate
from remotecal.sim.paper import Job, Paper, Standing, characteristic
from remotecal.sim.person import Bystander
from remotecal.sim.surroundings import Air

if TYPE_CHECKING:
    import re
    from datetime import date
    from random import Random

    from remotecal.sim.world import World

LIQUIDS: Final = (
    ("nonane", 718.0, -0.78, 0.71),
    ("cyclohexane", 779.0, -0.95, 0.98),
    ("trichloroethylene", 1464.0, -1.67, 0.57),
    ("oil", 868.0, -0.62, 120.0),
)
"""Liquids: name, density in kg/m³ at 20 °C, its slope in kg/(m³·K), viscosity in mPa·s."""

CHINESE: Final = {
    "nonane": "壬烷",
    "cyclohexane": "环己烷",
    "trichloroethylene": "三氯乙烯",
    "oil": "油",
    "water": "水",
}
"""What liquids are called in Chinese."""

EXPANDED: Final = 0.03
"""U (k = 2) of their certificates, in kg/m³."""

DRYNESS: Final = 1e-3
"""By which share air may differ from dry air, as the order has it."""

PLACES: Final = (5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0)


@dataclass(frozen=True, slots=True)
class Liquid:
    """A certified liquid."""

    serial: str
    density: float
    """True one at 20 °C, in kg/m³."""
    slope: float
    """In kg/(m³·K)."""
    viscosity: float
    """In mPa·s."""
    off: float
    """By how much its certificate states more than is true, in kg/m³."""

    def at(self, t: float) -> float:
        """Return its density at a temperature in °C."""
        return self.density + self.slope * (t - 20.0)

    def certified(self) -> Certified:
        """Return what its certificate states."""
        known = Uncertainty(expanded=(f"{EXPANDED:g}",) * len(PLACES), k=("2",), p=("0.95",))
        table = Table(
            columns=(
                Column(ref_types=("basic_temperature",), unit="°C", values=tuple(f"{t:g}" for t in PLACES)),
                Column(
                    ref_types=("remotecal_density",),
                    unit="kg/m3",
                    values=tuple(f"{self.at(t) + self.off:.4f}" for t in PLACES),
                    uncertainty=known,
                ),
            )
        )
        name = Text(
            zh=f"密度标准液（{CHINESE.get(self.serial, self.serial)}）", en=f"Certified liquid, {self.serial}"
        )
        return Certified(name, ((Text(zh="密度", en="density"), table),))


class Tube(Swinging):
    """The oscillating tube."""

    def __init__(self, world: World, rng: Random, air: Air, *, drift: float) -> None:
        super().__init__(world, rng, drift=drift, noise=5e-8)
        self.air = air
        self.a, self.b = 1.2354e-4 * rng.uniform(0.98, 1.02), -806.0 * rng.uniform(0.98, 1.02)
        self.bend = rng.gauss(0.0, 1e-7)
        """What is not straight in it, in m³/kg."""
        self.damping = 7.5e-5 * rng.uniform(0.5, 1.5)
        self.moisture = rng.uniform(-DRYNESS, DRYNESS)
        """By which share the air in it differs from dry air."""
        self.filling: Liquid | str = "dry air"

    def set(self, t: float, filling: Liquid | str) -> None:
        """Set the thermostat, and fill it."""
        self.target, self.filling = t, filling

    @property
    def density(self) -> float:
        """Density of what is in it, in kg/m³."""
        time = self.world.time
        if isinstance(self.filling, str):
            if self.filling == "pure water":
                return water_density_tanaka(self._t, self.air.pressure(time)) * (1.0 + self.denser)
            dry = float(air_density_beyond(self._t, self.air.pressure(time), 0.0))
            return dry * (1.0 + self.moisture)
        return self.filling.at(self._t)

    denser = 0.0
    """By which share its water is denser than Tanaka's formula has it."""

    @property
    def viscosity(self) -> float:
        """Of what is in it, in mPa·s; that of air is nothing."""
        if isinstance(self.filling, str):
            return float(water_viscosity(self._t)) if self.filling == "pure water" else 0.0
        return self.filling.viscosity

    @property
    def still(self) -> float:
        density = self.density
        seen = density + self.bend * density * (density - 998.0)
        feigned = seen / (1.0 - self.damping * math.sqrt(self.viscosity))
        return math.sqrt((feigned - self.b) / self.a)


class TubeOptions(BenchOptions):
    """What can be chosen of a bench with an oscillating tube."""

    drift: Annotated[float, In("1", at_least=-100, at_most=100)] = 0.05
    """How fast its period drifts, in ppm an hour."""
    temperatures: Annotated[tuple[float, ...], In("°C", at_least=10, at_most=40)] = (15.0, 20.0, 30.0)
    """Temperatures of the order."""


class TubeBench(Assembly):
    """Oscillating-tube density meter on a counter, filled by a person with certified liquids."""

    Options = TubeOptions
    procedures = ("density.vibrating_tube",)
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

    def __init__(self, world: World, options: TubeOptions) -> None:
        super().__init__(world, options)
        rng = chance(options.seed, "outfit")
        self.temperatures = options.temperatures
        self.certificates = outfit.certified(rng, outfit.IN_A_BATH)
        """What each certificate or characterisation states, and what is true."""
        self.liquids = {
            name: Liquid(
                name,
                density + rng.uniform(-3.0, 3.0),
                slope,
                viscosity,
                rng.gauss(0.0, EXPANDED / 2),
            )
            for name, density, slope, viscosity in LIQUIDS
        }
        self.air = Air(world.random("air"))
        self.tube = Tube(world, world.random("tube"), self.air, drift=options.drift)
        self.tube.denser = self.certificates["water_density"].correction(0.0)
        world.physics = self.tube.move
        air = [self.certificates[name] for name in ("barometer", "air_thermometer", "hygrometer")]
        self.wired = {
            "dut": stands.counter(world, self.tube.cycles, Gate(), timebase_error=rng.gauss(0.0, 1e-7)),
            "thermometer": stands.thermometer(
                world, self.certificates["thermometer"], lambda: self.tube.temperature, "thermometer"
            ),
            "ambient": stands.ambient(world, self.air, *air),
        }
        self.person = Bystander(
            world,
            {r"Set the tube to ([\d.]+) °C, clean and dry it, and fill it with (.+), free": self._fill},
            pace=600.0,
        )

    def _fill(self, asked: re.Match[str]) -> None:
        what = asked[2].removesuffix(" again")
        self.tube.set(float(asked[1]), self.liquids.get(what, what))

    def true_error(self, at: float) -> float:
        """Return the error in kg/m³ that its constants by air and water truly have at a density."""
        tube = self.tube

        def shown(density: float) -> float:
            return density + tube.bend * density * (density - 998.0)

        # Two true places, air and water, through which the constants go.
        low, high = 1.2, 998.2
        slope = (high - low) / (shown(high) - shown(low))
        return low + slope * (shown(at) - shown(low)) - at

    def paper(self, today: date) -> Paper:
        water = self.certificates["water_density"].stated
        return Paper(
            name="simulated bench with an oscillating tube",
            job=Job(
                "density.vibrating_tube",
                "TUBE",
                {
                    "densities": [density for _, density, _, _ in LIQUIDS],
                    "viscosities": [viscosity for *_, viscosity in LIQUIDS],
                    "temperatures": list(self.temperatures),
                },
                {
                    "name": Text(zh="振动管密度计", en="Oscillating-tube density meter"),
                    "maker": "Simulated",
                    "model": "U",
                    "serial": "SIM-0001",
                },
            ),
            artefacts={
                name: Standing(name, liquid.certified(), model="100 mL")
                for name, liquid in self.liquids.items()
            },
            roles={"liquids": tuple(self.liquids)},
            characteristics={
                "water_density": characteristic(water.corrections[0], "1", water.expanded[0], today)
            },
            interlocks=(Interlock(watch="thermometer.temperature", above=45.0, unit="°C", every=10.0),),
        )
