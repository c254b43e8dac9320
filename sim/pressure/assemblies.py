"""Whole simulated benches of pressure: instruments on their ports, a bench file, certificates, a work order.

```python
with PressureBench.up(Path("bench"), seed=7) as up:
    print(up.bench, up.order, up.true_error(500.0))
```
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final, Literal, cast

from remotecal.drivers.capabilities import Ammeter
from remotecal.model import Text
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.certificates import Certified
from remotecal.sim.chance import chance
from remotecal.sim.instruments.druck import Pace
from remotecal.sim.pressure import paper
from remotecal.sim.pressure.device import OutputStage
from remotecal.sim.pressure.line import GasLine
from remotecal.sim.pressure.piston_bench import PistonBench
from remotecal.sim.pressure.stand import DeviceStand, capability
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from datetime import date

    from remotecal.procedures import Drivers
    from remotecal.sim.paper import Paper
    from remotecal.sim.world import World


class PressureOptions(BenchOptions):
    """What can be chosen of a pressure bench."""

    full: Annotated[float, In("bar", at_least=1, at_most=100)] = 10.0
    """Full scale of the device under test."""
    output: Literal["indication", "current"] = "indication"
    """Whether it is a gauge, or a transmitter read by its current."""


class PressureBench(DeviceStand):
    """Pressure controller with a gauge, or a 4–20 mA transmitter, on its line of nitrogen."""

    Options = PressureOptions
    procedures = ("pressure.gauge", "pressure.transmitter")
    scope = (capability("kPa", "0.0005"), capability("mA", "0.0001"))

    def __init__(self, world: World, options: PressureOptions) -> None:
        rng, full = chance(options.seed, "outfit"), 100.0 * options.full
        super().__init__(world, options, rng, full)
        self.current = options.output == "current"
        self.line = GasLine(world, full, self.certificates["controller"])
        self.stage = OutputStage(rng.gauss(0.0, 3e-4), rng.gauss(0.0, 3e-5))
        self.wired = self._wire_up()

    def pressure(self) -> float:
        return self.line.pressure()

    def _wire_up(self) -> dict[str, Wired]:
        world, known, full = self.world, self.certificates, self.device.spec.full
        pace = Pace(
            world,
            self.line,
            indicated=known["controller"].indicated,
            range_name=f"{0.012 * full:.9g}barg",
            full_scale=1.2 * full,
        )
        told = Certified(
            Text(zh="压力控制器", en="Pressure controller"),
            ((Text(zh="表压", en="gauge pressure"), known["controller"]),),
        )
        settings = {"max_slew": max(1, round(full / 20))}
        air = [known[name] for name in ("barometer", "air_thermometer", "hygrometer")]
        return {
            "controller": Wired(pace, "socket", "9990001", settings, told),
            "ambient": stands.ambient(world, self.air, *air),
            "dut": self._transmitter() if self.current else self.gauge(),
        }

    def _transmitter(self) -> Wired:
        def current() -> float:
            return self.stage.current(self.shown() / self.device.spec.full) / 1000.0

        return stands.multimeter(self.world, current, self.certificates["ammeter"])

    def true_error(self, at: float) -> float:
        """Return an error the device has in use at a pressure in kPa: in kPa, or of its current in mA."""
        error, full = super().true_error(at), self.device.spec.full
        return 16.0 * error / full + self.stage.error(at / full) if self.current else error

    @classmethod
    def resembling(cls, parameters: Mapping[str, object], drivers: Drivers) -> dict[str, object]:
        low, high = cast("Sequence[float]", parameters["span"])
        current = Ammeter in drivers.get("dut", object).__mro__
        return {"full": (high - low) / 1e5, "output": "current" if current else "indication"}

    def paper(self, today: date) -> Paper:
        return paper.paper(self.device.spec, self.certificates, today, current=self.current)


BENCHES: Final[dict[str, type[Assembly]]] = {"pressure-bench": PressureBench, "piston-bench": PistonBench}
"""What the catalogue offers, by name."""
