"""Whole simulated benches of density: instruments on their ports, bodies, a bench file, certificates, an order.

```python
with DensityBench.up(Path("bench"), seed=7) as up:
    print(up.bench, up.order, up.true_error(2700.0))
```
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Final, Literal

from remotecal.certificates.trust import Capability
from remotecal.drivers.by_hand.indicating import DensitometerByHand
from remotecal.model import Text
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.chance import chance
from remotecal.sim.density import outfit, paper
from remotecal.sim.density.densitometer import SolidDensitometer
from remotecal.sim.density.stand import Stand
from remotecal.sim.instruments.dial import Dial
from remotecal.sim.instruments.sartorius import SERIAL, SbiBalance
from remotecal.sim.instruments.weighing import Platform, PlatformSpec
from remotecal.sim.person import Person
from remotecal.sim.surroundings import Air
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from datetime import date

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
        )
        self.stand = Stand(world, spec, self.air, world.random("stand"))
        weighs = PlatformSpec(0.22, 1e-7, outfit.balance(rng), 1e-7)
        self.platform = Platform(weighs, self.stand, world.random("balance"))
        table = {"Tanaka": 0.0, "old": -0.6e-3}[options.table]
        self.densitometer = SolidDensitometer(
            outfit.densitometer(rng, table=table), self.stand, self.platform
        )
        """The device under test."""
        self.wired = self._wire_up()
        self.person = Person(
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
        settings = {"unit": "kg/m3", "high": 25_000, "step": step, "en": DISPLAYS[name].get("en")}
        settings["zh"] = DISPLAYS[name].get("zh")
        dial = Dial(
            DensitometerByHand, self.world, name, {"density": shows}, settings, serial="SIM-0001"
        )
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
        return paper.densitometer(self, today)


DISPLAYS: Final = {
    "dut": Text(zh="密度示值", en="density display"),
    "liquid": Text(zh="液体密度取值", en="density of the liquid on the display"),
}
"""What is read there."""

BENCHES: Final[dict[str, type[Assembly]]] = {"density-bench": DensityBench}
"""What the catalogue offers, by name."""
