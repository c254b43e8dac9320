"""Whole simulated benches of density: instruments on ports, bodies, bench file, certificates, order.

```python
with DensityBench.up(Path("bench"), seed=7) as up:
    print(up.bench, up.order, up.true_error(2700.0))
```
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final, Literal

from remotecal.certificates.trust import Capability
from remotecal.drivers.by_hand.indicating import DensitometerByHand
from remotecal.model import Text
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.certificates import Certified
from remotecal.sim.chance import chance
from remotecal.sim.density import outfit, paper
from remotecal.sim.density.densitometer import WeighingProgram
from remotecal.sim.density.gas_bench import PycnometerBench
from remotecal.sim.density.hydrometer_bench import HydrometerBench
from remotecal.sim.density.line_bench import LineBench
from remotecal.sim.density.solids import draw_solid
from remotecal.sim.density.stand import Stand
from remotecal.sim.density.tube_bench import TubeBench
from remotecal.sim.instruments.dial import Dial
from remotecal.sim.instruments.sartorius import SERIAL, SbiBalance
from remotecal.sim.instruments.weighing import Platform, PlatformSpec
from remotecal.sim.person import Bystander
from remotecal.sim.surroundings import Air
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from datetime import date

    from remotecal.procedures import Drivers
    from remotecal.sim.paper import Paper
    from remotecal.sim.world import World


class DensityOptions(BenchOptions):
    """What can be chosen of a bench for solid densitometers."""

    step: Annotated[float, In("kg/m3", at_least=0.01, at_most=1)] = 0.1
    """Smallest step of the density that is shown."""
    table: Literal["Tanaka", "old"] = "Tanaka"
    """Which table of water the densitometer has; an old one is 0.6 parts in a thousand too low."""
    bubbles: Annotated[float, In("mm3", at_least=0, at_most=50)] = 0.1
    """Most air that stays on a body on average, for all that it was looked at."""
    warming: Annotated[float, In("K/h", at_least=-20, at_most=20)] = 0.0
    """How fast the water warms."""
    evaporation: Annotated[float, In("mg/h", at_least=0, at_most=1000)] = 0.0
    """How fast the carrier becomes heavier as the water falls."""
    pull: Annotated[float, In("mg", at_least=-10, at_most=10)] = 0.0
    """How much more the menisci pull with a body on the carrier than without: its error depends on volume."""


class DensityBench(Assembly):
    """Solid densitometer with standards of density and weights, read and attended to by a person."""

    Options = DensityOptions
    procedures = ("density.densitometer",)
    scope = (
        Capability(
            quantity="basic_measurementError",
            unit="kg/m3",
            cmc="0.01",
            against="basic_referenceValue",
            against_unit="kg/m3",
            low="600",
            high="22000",
        ),
    )

    def __init__(self, world: World, options: DensityOptions) -> None:
        super().__init__(world, options)
        rng = chance(options.seed, "outfit")
        self.step = options.step
        self.certificates = outfit.certified(rng)
        """What each certificate or characterisation states, and what is true."""
        self.solids, self.weights = outfit.solids(rng), outfit.weights(rng)
        self.air = Air(world.random("air"))
        spec = outfit.stand(
            rng,
            self.certificates["water_density"].correction(0.0),
            meniscus=2e-7,
            offset=0.0,
            bubbles=options.bubbles * 1e-9,
            warming=options.warming,
            evaporation=options.evaporation * 1e-6 / 3600.0,
            eccentricity=0.0,  # what there is of it is the densitometer's own error
        )
        spec = replace(spec, offset=1e-6 * options.pull)
        self.stand = Stand(world, spec, self.air, world.random("stand"))
        weighs = PlatformSpec(0.22, 1e-7, outfit.balance(rng), 1e-7)
        self.platform = Platform(weighs, self.stand, world.random("balance"))
        table = {"Tanaka": 0.0, "old": -0.6e-3}[options.table]
        self.densitometer = WeighingProgram(outfit.densitometer(rng, table=table), self.stand, self.platform)
        """The device under test."""
        self.wired = self._wire_up()
        self.person = Bystander(
            world,
            {
                r"Measure (\S+) on the densitometer": self._measure,
                r"put the weight (\S+) on the upper pan": self._weigh,
            },
            [place.simulated for place in self.wired.values() if isinstance(place.simulated, Dial)],
            pace=90.0,
        )

    def _wire_up(self) -> dict[str, Wired]:
        world, known = self.world, self.certificates
        air = [known[name] for name in ("barometer", "air_thermometer", "hygrometer")]
        return {
            "balance": Wired(SbiBalance(world, self.platform), "serial", SERIAL),
            "thermometer": stands.thermometer(
                world, known["thermometer"], lambda: self.stand.temperature(world.time), "thermometer"
            ),
            "ambient": stands.ambient(world, self.air, *air),
            "dut": self._display("dut", lambda: self.densitometer.density, self.step),
            "liquid": self._display("liquid", lambda: self.densitometer.liquid, 0.01),
        }

    def _display(self, name: str, shows: Callable[[], float], step: float) -> Wired:
        words = {language: DISPLAYS[name].get(language) for language in ("zh", "en")}
        settings: dict[str, float | str] = {"unit": "kg/m3", "high": 25_000, "step": step, **words}
        dial = Dial(DensitometerByHand, self.world, name, {"density": shows}, settings, serial="SIM-0001")
        return Wired(dial, "by hand", "SIM-0001", settings)

    def _measure(self, asked: re.Match[str]) -> None:
        self.densitometer.measure(self.solids[asked[1]])

    def _weigh(self, asked: re.Match[str]) -> None:
        self.densitometer.zero()
        self.stand.put(self.weights[asked[1]])

    def true_error(self, at: float) -> float:
        """Return the densitometer's error in kg/m³ at the standard whose density is `at`, about."""
        with self.world.present() as time:
            t = self.stand.temperature(time) + self.stand.spec.warmer
            there = {body.mass / body.volume_at(t): body for body in self.solids.values()}
            true = min(there, key=lambda density: abs(density - at))
            return self.densitometer.expected(there[true], time) - true

    def paper(self, today: date) -> Paper:
        water = self.certificates["water_density"].stated
        return paper.densitometer(self.solids, self.weights, self.step, water, today)


class SolidOptions(BenchOptions):
    """What can be chosen of a bench for hydrostatic weighing."""

    material: Literal["steel", "brass", "aluminium", "silicon", "glass", "polymer"] = "steel"
    """What the solid under test is made of."""
    volume: Annotated[float, In("cm3", at_least=1, at_most=20)] = 12.7
    """About what its volume is."""
    method: Literal["hydrostatic", "substitution"] = "hydrostatic"
    """What tells the liquid's density in the order."""
    bubbles: Annotated[float, In("mm3", at_least=0, at_most=50)] = 0.1
    """Most air that stays on a body on average, for all that it was looked at."""
    warming: Annotated[float, In("K/h", at_least=-20, at_most=20)] = 0.0
    """How fast the water warms."""
    evaporation: Annotated[float, In("mg/h", at_least=0, at_most=10_000)] = 0.0
    """How fast the carrier becomes heavier as the water falls."""
    auto_zero: bool = False
    """Whether the balance follows its zero, and can't be kept from it."""


class SolidBench(Assembly):
    """Analytical balance with a carrier in water, a silicon standard, and a solid of unknown density."""

    states = ("remotecal_density", "remotecal_density")
    Options = SolidOptions
    procedures = ("density.solid",)
    scope = (
        Capability(
            quantity="remotecal_density",
            unit="kg/m3",
            cmc="0.01",
            against="remotecal_density",
            against_unit="kg/m3",
            low="600",
            high="22000",
        ),
    )

    def __init__(self, world: World, options: SolidOptions) -> None:
        super().__init__(world, options)
        rng = chance(options.seed, "outfit")
        self.chosen = options
        self.certificates = outfit.certified(rng)
        """What each certificate or characterisation states, and what is true."""
        density, volume = outfit.DENSITIES[options.material], options.volume * 1e-6
        self.solid = draw_solid(rng, "SIM-0001", options.material, density, volume, 0.0)
        self.standard = draw_solid(rng, "Si-1", "silicon", 2329.0, 20e-6, 0.01)
        self.air = Air(world.random("air"))
        pull = math.pi * outfit.WIRE * outfit.TENSION / 9.80665
        spec = outfit.stand(
            rng,
            self.certificates["water_density"].correction(0.0),
            meniscus=1.5e-7,
            offset=outfit.MENISCUS * pull,
            bubbles=options.bubbles * 1e-9,
            warming=options.warming,
            evaporation=options.evaporation * 1e-6 / 3600.0,
        )
        self.stand = Stand(world, spec, self.air, world.random("stand"))
        self.certificates["balance"] = outfit.analytical(rng)
        weighs = PlatformSpec(0.22, 1e-7, self.certificates["balance"], 5e-8)
        self.platform = Platform(weighs, self.stand, world.random("balance"))
        self.wired = self._wire_up()
        put = self.stand.put
        self.person = Bystander(
            world,
            {
                "automatic zero": lambda _: "it can't be switched off" if options.auto_zero else None,
                "everything off the pan": lambda _: put(None),
                "dry, on the pan in air": lambda _: put(self.solid),
                "empty carrier": lambda _: put(None, "carrier"),
                "(?:Put|Take) the solid": lambda _: put(self.solid, "carrier"),
                r"Put the standard (\S+) on the carrier": lambda _: put(self.standard, "carrier"),
            },
            pace=40.0,
        )

    def _wire_up(self) -> dict[str, Wired]:
        world, known = self.world, self.certificates
        air = [known[name] for name in ("barometer", "air_thermometer", "hygrometer")]
        told = Certified(
            Text(zh="分析天平", en="Analytical balance"),
            ((Text(zh="质量", en="mass"), known["balance"]),),
        )
        return {
            "dut": Wired(SbiBalance(world, self.platform, "dut"), "serial", SERIAL, certified=told),
            "thermometer": stands.thermometer(
                world, known["thermometer"], lambda: self.stand.temperature(world.time), "thermometer"
            ),
            "ambient": stands.ambient(world, self.air, *air),
        }

    def true_error(self, at: float) -> float:
        """Return the solid's true density at 20 °C, in kg/m³: it is a value and no error that is found."""
        return self.solid.density

    @classmethod
    def resembling(
        cls,
        parameters: Mapping[str, object],
        drivers: Drivers,  # noqa: ARG003  whoever weighs
    ) -> dict[str, object]:
        return {name: parameters[name] for name in ("material", "method")}

    def paper(self, today: date) -> Paper:
        water = self.certificates["water_density"].stated
        return paper.solid(self.chosen.material, self.chosen.method, self.standard, water, today)


DISPLAYS: Final = {
    "dut": Text(zh="密度示值", en="density display"),
    "liquid": Text(zh="液体密度取值", en="density of the liquid on the display"),
}
"""What is read there."""

BENCHES: Final[dict[str, type[Assembly]]] = {
    "density-bench": DensityBench,
    "solid-bench": SolidBench,
    "pycnometer-bench": PycnometerBench,
    "tube-bench": TubeBench,
    "hydrometer-bench": HydrometerBench,
    "line-bench": LineBench,
}
"""What the catalogue offers, by name."""
