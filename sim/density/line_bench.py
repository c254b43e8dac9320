"""A bench with a density meter on line, on a counter, and certified liquids that a controller presses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, Final

from remotecal.bench_file import Interlock, Safe
from remotecal.certificates.trust import Capability
from remotecal.fluids.air import air_density_beyond
from remotecal.model import Text, Words
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.calibrated import draw
from remotecal.sim.certificates import Certified
from remotecal.sim.chance import chance
from remotecal.sim.density import outfit
from remotecal.sim.density.swinging import Swinging
from remotecal.sim.density.tube_bench import DRYNESS, EXPANDED, Liquid
from remotecal.sim.gate import Gate
from remotecal.sim.instruments.druck import Pace
from remotecal.sim.instruments.regulator import Regulator
from remotecal.sim.paper import Job, Paper, Standing
from remotecal.sim.person import Bystander
from remotecal.sim.surroundings import Air
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    import re
    from datetime import date
    from random import Random

    from remotecal.model import Table
    from remotecal.sim.calibrated import Calibrated
    from remotecal.sim.world import World

LIQUIDS: Final = (
    ("nonane", 718.0, -0.78, 1.20e-9),
    ("cyclohexane", 779.0, -0.95, 1.11e-9),
    ("water", 998.0, -0.21, 0.46e-9),
    ("trichloroethylene", 1464.0, -1.67, 0.83e-9),
)
"""Liquids: name, density in kg/m³ at 20 °C, its slope in kg/(m³·K), compressibility in 1/Pa, about."""

SPREAD: Final = 0.05
"""By which share a compressibility may be wrong."""

FULL: Final = 1000.0
"""Full scale of the controller in kPa."""


@dataclass(frozen=True, slots=True)
class LineMeterSpec:
    """What is true of a meter: how its period follows from what is in it."""

    k: tuple[float, float, float]
    """K₀ in kg/m³, K₁ in kg/(m³·µs), K₂ in kg/(m³·µs²)."""
    warm: tuple[float, float]
    """K₁₈ in 1/K, K₁₉ in kg/(m³·K)."""
    pressed: tuple[float, float, float, float]
    """K₂₀ₐ, K₂₀ᵦ, K₂₁ₐ, K₂₁ᵦ; p in bar."""
    bend: float
    """What is not a parabola in it: a third power of the density, in (m³/kg)²."""

    @classmethod
    def drawn(cls, rng: Random) -> LineMeterSpec:
        """Draw a meter: from 700 to 1500 kg/m³ its period goes from about 4400 to 5200 µs."""
        near = rng.uniform(0.98, 1.02)
        return cls(
            k=(-1150.0 * near, -0.12 * rng.uniform(0.9, 1.1), 1.22e-4 * near),
            warm=(-1.8e-5 * rng.uniform(0.5, 1.5), 6e-3 * rng.uniform(0.5, 1.5)),
            pressed=(
                2.6e-5 * rng.uniform(0.5, 1.5),
                -1.2e-7 * rng.uniform(0.5, 1.5),
                -1.5e-2 * rng.uniform(0.5, 1.5),
                4e-5 * rng.uniform(0.5, 1.5),
            ),
            bend=rng.gauss(0.0, 1e-10),
        )

    def period(self, density: float, t: float, p: float) -> float:
        """Return the period in µs; t in °C, p in bar."""
        a, b, c, d = self.pressed
        seen = density + self.bend * density * (density - 779.0) * (density - 998.0)
        warm = (seen - (c + d * p) * p) / (1.0 + (a + b * p) * p)
        k18, k19 = self.warm
        cold = (warm - k19 * (t - 20.0)) / (1.0 + k18 * (t - 20.0))
        k0, k1, k2 = self.k
        return (-k1 + math.sqrt(k1 * k1 - 4.0 * k2 * (k0 - cold))) / (2.0 * k2)


class PressedLine(Regulator):
    """The closed line, which its controller brings to pressures by its own indication, in kPa."""

    def __init__(self, world: World, controller: Calibrated) -> None:
        """`controller` holds the corrections of what the controller indicates."""
        super().__init__(lambda: world.time)
        self._controller = controller

    def control(self, target: float, rate: float) -> None:
        """Go to where the controller indicates `target`."""
        super().control(target + self._controller.correction(target), rate)


class LineMeter(Swinging):
    """The meter in its thermostated line."""

    def __init__(self, world: World, rng: Random, air: Air, line: PressedLine, *, drift: float) -> None:
        super().__init__(world, rng, drift=drift, noise=1e-7)
        self.air, self.line, self.spec = air, line, LineMeterSpec.drawn(rng)
        self.moisture = rng.uniform(-DRYNESS, DRYNESS)
        self.filling: Liquid | None = None
        """What is in it; None is dry air."""
        self.stiff: dict[str, float] = {}
        """Compressibility of each liquid, in 1/Pa."""
        self.opened_under: float = 0.0
        """The highest pressure in kPa at which anybody opened it."""
        self._filled = 0
        self._counted: dict[tuple[int, str, int, int], list[float]] = {}
        """Which filling it is, of what, thermostat in °C and pressure in bar → its density at each count."""

    def fill(self, t: float, filling: Liquid | None) -> None:
        """Open the line and fill it, and set its thermostat."""
        self.opened_under = max(self.opened_under, self.line.pressure())
        self.target, self.filling = t, filling
        self._filled += 1

    def cycles(self) -> float:
        place = round(self.target), round(self.line.pressure() / 100.0)
        held = self._counted.setdefault(
            (self._filled, self.filling.serial if self.filling else "air", *place), []
        )
        held.append(self.density(self._t, self._pressed))
        return super().cycles()

    def held(self, what: str, t: int, pressure: int) -> list[float]:
        """Return the density of what was in it whenever it was counted there, on the mean of each filling."""
        return [fmean(each) for (_, *place), each in self._counted.items() if place == [what, t, pressure]]

    @property
    def _pressed(self) -> float:
        """Gauge pressure in Pa of what is in it."""
        return 1000.0 * self.line.pressure() if self.filling else 0.0

    def density(self, t: float, pressure: float) -> float:
        """Return the density of what is in it, at t in °C and a gauge pressure in Pa."""
        if self.filling is None:
            dry = float(air_density_beyond(t, self.air.pressure(self.world.time), 0.0))
            return dry * (1.0 + self.moisture)
        return self.filling.at(t) / (1.0 - self.stiff[self.filling.serial] * pressure)

    @property
    def still(self) -> float:
        return self.spec.period(self.density(self._t, self._pressed), self._t, self._pressed / 1e5)


class LineOptions(BenchOptions):
    """What can be chosen of a bench with a density meter on line."""

    drift: Annotated[float, In("1", at_least=-100, at_most=100)] = 0.05
    """How fast its period drifts, in ppm an hour."""


class LineBench(Assembly):
    """Density meter on line on a counter, with certified liquids that a pressure controller presses."""

    Options = LineOptions
    procedures = ("density.on_line",)
    scope = (
        Capability(
            quantity="basic_measurementError",
            unit="kg/m3",
            cmc="0.001",
            against="basic_referenceValue",
            against_unit="kg/m3",
            low="0",
            high="2000",
        ),
    )

    def __init__(self, world: World, options: LineOptions) -> None:
        super().__init__(world, options)
        rng = chance(options.seed, "outfit")
        self.certificates = outfit.certified(rng, outfit.IN_A_BATH)
        """What each certificate or characterisation states, and what is true."""
        places = (0.0, 250.0, 500.0, 750.0, 1000.0, 1200.0)
        self.certificates["controller"] = draw(
            rng, "kPa", places, spread=0.1, expanded=(0.15,) * 6, digits=4, correlation=0.8
        )
        self.liquids = {
            name: Liquid(name, density + rng.uniform(-3.0, 3.0), slope, 0.0, rng.gauss(0.0, EXPANDED / 2))
            for name, density, slope, _ in LIQUIDS
        }
        self.air = Air(world.random("air"))
        self.line = PressedLine(world, self.certificates["controller"])
        self.meter = LineMeter(world, world.random("meter"), self.air, self.line, drift=options.drift)
        self.meter.stiff = {name: about * (1.0 + rng.uniform(-SPREAD, SPREAD)) for name, *_, about in LIQUIDS}
        world.physics = self.meter.move
        self.wired = self._wire_up(rng)
        self.person = Bystander(
            world,
            {
                r"Set its thermostat to ([\d.]+) °C, clean.* fill it with (.+), free": self._fill,
                r"Set the thermostat of the line to ([\d.]+) °C": self._warm,
            },
            pace=600.0,
        )

    def _wire_up(self, rng: Random) -> dict[str, Wired]:
        world, known = self.world, self.certificates
        pace = Pace(
            world,
            self.line,
            indicated=known["controller"].indicated,
            range_name=f"{0.012 * FULL:.9g}barg",
            full_scale=1.2 * FULL,
        )
        told = Certified(
            Text(zh="压力控制器", en="Pressure controller"),
            ((Text(zh="表压", en="gauge pressure"), known["controller"]),),
        )
        air = [known[name] for name in ("barometer", "air_thermometer", "hygrometer")]
        return {
            "dut": stands.counter(world, self.meter.cycles, Gate(), timebase_error=rng.gauss(0.0, 1e-7)),
            "thermometer": stands.thermometer(
                world, known["thermometer"], lambda: self.meter.temperature, "thermometer"
            ),
            "controller": Wired(pace, "socket", "9990001", {"max_slew": 50}, told),
            "ambient": stands.ambient(world, self.air, *air),
        }

    def _fill(self, asked: re.Match[str]) -> None:
        self.meter.fill(float(asked[1]), self.liquids.get(asked[2]))

    def _warm(self, asked: re.Match[str]) -> None:
        self.meter.target = float(asked[1])

    def true_in(self, table: Table, row: int, device: int = 0) -> float:
        """Return the error that a row's indication truly has, by what was in it when it was counted."""
        shown = sum(
            self.place_in(table, row, name) for name in ("basic_referenceValue", "basic_measurementError")
        )
        places = [self._place(table, each) for each in range(row + 1)]
        return shown - self.meter.held(*places[row])[places[:row].count(places[row])]

    def _place(self, table: Table, row: int) -> tuple[str, int, int]:
        """Return what a row was measured of, at which °C and bar."""
        said = table.said("remotecal_standard")
        pressure = self.place_in(table, row, "remotecal_linePressure")
        return (
            said.words[row] if isinstance(said, Words) else "",
            round(self.place_in(table, row, "basic_temperature")),
            round(pressure),
        )

    def paper(self, today: date) -> Paper:
        return Paper(
            name="simulated bench with a density meter on line",
            job=Job(
                "density.on_line",
                "LINE",
                {
                    "densities": [density for _, density, *_ in LIQUIDS],
                    "compressibilities": [about for *_, about in LIQUIDS],
                    "compressibility_spread": SPREAD,
                    "temperatures": [20.0, 10.0, 35.0],
                    "pressures": [5e5, 10e5],
                },
                {
                    "name": Text(zh="在线密度计", en="Density meter on line"),
                    "maker": "Simulated",
                    "model": "L",
                    "serial": "SIM-0001",
                },
            ),
            artefacts={
                name: Standing(name, liquid.certified(), model="1 L") for name, liquid in self.liquids.items()
            },
            roles={"liquids": tuple(self.liquids)},
            interlocks=(
                Interlock(watch="controller.pressure", above=1.1 * FULL, unit="kPa", every=5.0),
                Interlock(watch="thermometer.temperature", above=45.0, unit="°C", every=10.0),
            ),
            safe=Safe(order=("controller",), within=120.0),
        )
