"""A whole simulated bench for heat meters: instruments on their ports, a bench file, certificates, an order.

```python
with HeatBench.up(Path("bench"), seed=7) as up:
    print(up.bench, up.order, up.pairs[0].error(70.0, 50.0))
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from remotecal.certificates.trust import Capability
from remotecal.model import Text
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.certificates import Certified
from remotecal.sim.chance import chance
from remotecal.sim.heat import paper
from remotecal.sim.heat.bath import Bath
from remotecal.sim.heat.calculator_bench import CalculatorBench
from remotecal.sim.heat.complete_bench import CompleteBench
from remotecal.sim.heat.outfit import SELF_HEATING, STEM, UNIFORMITY, certified
from remotecal.sim.heat.thermometers import Immersed, draw_pair
from remotecal.sim.instruments.power_guard import GuardPlc
from remotecal.sim.instruments.thermometers import PairBridge
from remotecal.sim.instruments.well import Well
from remotecal.sim.surroundings import Air
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from remotecal.model import Table
    from remotecal.procedures import Drivers
    from remotecal.sim.paper import Paper
    from remotecal.sim.world import World


class HeatOptions(BenchOptions):
    """What can be chosen of a bench for heat meters."""

    pairs: Annotated[int, In("1", at_least=1, at_most=8)] = 3
    """Pairs of thermometers in the bath."""
    apart: Annotated[float, In("K", at_least=0)] = 0.015
    """Standard deviation of what the thermometers of a pair are apart."""
    leads: Annotated[float, In("Ω", at_least=0)] = 0.0
    """Resistance of leads that is measured along with the return thermometer of the first pair, as with two
    wires."""
    wandering: Annotated[float, In("K/min")] = 0.0
    """By how much the bath's temperature runs away."""


class HeatBench(Assembly):
    """Stirred bath with the pairs of thermometers of heat meters, a bridge for each, and a reference."""

    Options = HeatOptions
    procedures = ("heat.pair",)
    scope = (
        Capability(
            quantity="basic_measurementError",
            unit="%",
            cmc="0.003",
            against="basic_referenceValue",
            against_unit="K",
            low="1",
            high="200",
        ),
    )

    STEP, LAGS = 5.0, (12.0, 30.0)
    """Longest step in s; between what the time constants of sheaths are, in s."""

    def __init__(self, world: World, options: HeatOptions) -> None:
        super().__init__(world, options)
        rng = chance(options.seed, "outfit")
        self.certificates = certified(rng, options.pairs)
        """What each certificate states, and what is true."""
        self.air = Air(world.random("air"))
        self.tank = Bath(world, self._room, UNIFORMITY / 2, "bath")
        self.tank.wandering = options.wandering
        warmed = SELF_HEATING[0], SELF_HEATING[1] / 2
        self.pairs = [
            draw_pair(rng, apart=options.apart, stem=STEM / 2, warmed=warmed) for _ in range(options.pairs)
        ]
        """The pairs, as they truly are."""
        self.immersed = [
            tuple(
                Immersed(curve, rng.uniform(*self.LAGS), stem, warm, self.tank.temperature)
                for curve, stem, warm in zip((one.forward, one.back), one.stem, one.warmed, strict=True)
            )
            for one in self.pairs
        ]
        self.immersed[0][1].leads = options.leads
        self._off = rng.gauss(0.0, 0.15)
        self.guard = GuardPlc(world, [self.tank])
        world.physics = self._advance
        self.wired = self._wire_up()

    def _room(self) -> float:
        return self.air.temperature(self.world.time)

    def _advance(self, begin: float, until: float) -> float:
        took = min(until - begin, self.STEP)
        self.tank.move(took)
        for number, pair in enumerate(self.immersed):
            for side, one in zip("fr", pair, strict=True):
                one.move(took, self.tank.at(f"{number}{side}"))
        return begin + took

    def _wire_up(self) -> dict[str, Wired]:
        world, known = self.world, self.certificates
        air = [known[name] for name in ("barometer", "air_thermometer", "hygrometer")]
        told = Certified(THERMOMETER, ((Text(zh="温度", en="temperature"), known["reference"]),))
        reference = stands.thermometer(world, known["reference"], lambda: self.tank.fluid, "reference")
        settings = {"channel": 1, "largest_resistance": 460}
        bridges = {f"pair_{n}": self._bridge(n) for n in range(1, len(self.pairs) + 1)}
        return {
            "bath": Wired(
                Well(world, self.tank, off=self._off, span=(-10.0, 150.0), name="bath"),
                "serial",
                "9142B0017",
            ),
            "guard": Wired(self.guard.on_modbus(), "socket", settings={"unit": 1}),
            "reference": Wired(reference.simulated, "serial", reference.serial, settings, told),
            **bridges,
            "ambient": stands.ambient(world, self.air, *air),
        }

    def _bridge(self, number: int) -> Wired:
        known, serial = self.certificates[f"pair_{number}"], f"21-P247{number}"
        rng = self.world.random(f"bridge {number}")

        def indicated(one: Immersed) -> Callable[[], float]:
            return lambda: known.indicated(one.ohms(self._room())) + rng.gauss(0.0, 1e-4)

        forward, back = self.immersed[number - 1]
        bridge = PairBridge(
            self.world, (indicated(forward), indicated(back)), serial=serial, name=f"pair_{number}"
        )
        told = Certified(BRIDGE, ((Text(zh="电阻", en="resistance"), known),))
        return Wired(bridge, "serial", serial, {"forward": 1, "back": 2}, told)

    def true_in(self, table: Table, row: int, device: int = 0) -> float:
        """Return a pair's true error in % at the temperatures that a row of errors tells."""
        difference = self.place_in(table, row)
        back = self.place_in(table, row, "remotecal_returnTemperature")
        return self.pairs[device].error(back + difference, back)

    @classmethod
    def resembling(cls, parameters: Mapping[str, object], drivers: Drivers) -> dict[str, object]:  # noqa: ARG003
        return {"pairs": sum(role.startswith("pairs[") for role in drivers)}

    def paper(self, today: date) -> Paper:
        return paper.pair_paper(len(self.pairs), today)


THERMOMETER: Final = Text(zh="标准铂电阻测温仪", en="Reference platinum resistance thermometer")
BRIDGE: Final = Text(zh="测温电桥", en="Thermometry bridge")
"""What instruments are called on their certificates."""

BENCHES: Final[dict[str, type[Assembly]]] = {
    "heat-bench": HeatBench,
    "heat-calculator": CalculatorBench,
    "heat-meter": CompleteBench,
}
"""What the catalogue offers, by name."""
