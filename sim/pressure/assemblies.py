"""A whole simulated pressure bench: instruments on their ports, a bench file, certificates, a work order.

```python
with PressureBench.up(Path("bench"), seed=7) as up:
    print(up.bench, up.order, up.true_error(500.0))
```
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final, Literal, cast

from remotecal.certificates.trust import Capability
from remotecal.drivers.capabilities import Ammeter
from remotecal.model import Text
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.certificates import Certified
from remotecal.sim.chance import chance
from remotecal.sim.instruments.druck import Pace
from remotecal.sim.instruments.keller import keller
from remotecal.sim.pressure import paper
from remotecal.sim.pressure.device import OutputStage, PressureDevice
from remotecal.sim.pressure.line import GasLine
from remotecal.sim.pressure.outfit import device, drawn
from remotecal.sim.surroundings import Air
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from datetime import date

    from remotecal.procedures import Drivers
    from remotecal.sim.paper import Paper
    from remotecal.sim.world import World


MOLAR_MASS, GAS_CONSTANT = 28.0134e-3, 8.314462618
"""Of nitrogen in kg/mol, and in J/(mol K)."""


class PressureOptions(BenchOptions):
    """What can be chosen of a pressure bench."""

    full: Annotated[float, In("bar", at_least=1, at_most=100)] = 10.0
    """Full scale of the device under test."""
    output: Literal["indication", "current"] = "indication"
    """Whether it is a gauge, or a transmitter read by its current."""


class PressureBench(Assembly):
    """Pressure controller with a gauge, or a 4–20 mA transmitter, on its line of nitrogen."""

    Options = PressureOptions
    procedures = ("pressure.gauge", "pressure.transmitter")
    scope = tuple(
        Capability(
            quantity="basic_measurementError",
            unit=unit,
            cmc=cmc,
            against="basic_referenceValue",
            against_unit="kPa",
            low="-1",
            high="11000",
        )
        for unit, cmc in (("kPa", "0.0005"), ("mA", "0.0001"))
    )

    def __init__(self, world: World, options: PressureOptions) -> None:
        super().__init__(world, options)
        rng, full = chance(options.seed, "outfit"), 100.0 * options.full
        self.current = options.output == "current"
        self.certificates = drawn(rng, full)
        """What each certificate or characterisation states, and what is true."""
        self.air = Air(world.random("air"))
        self.line = GasLine(world, full, self.certificates["controller"])
        self.device = PressureDevice(device(rng, full), self._at_device, world.random("device"))
        self.stage = OutputStage(rng.gauss(0.0, 3e-4), rng.gauss(0.0, 3e-5))
        world.physics = self.device.move
        self.wired = self._wire_up()

    def _at_device(self) -> float:
        """Return the gauge pressure in kPa at the device, which stands above the controller."""
        pressure, time = self.line.pressure(), self.world.time
        absolute = 1000.0 * pressure + self.air.pressure(time)
        density = absolute * MOLAR_MASS / (GAS_CONSTANT * (self.air.temperature(time) + 273.15))
        height, gravity = (self.certificates[name].correction(0.0) for name in ("height", "gravity"))
        return pressure - (density - self.air.density(time)) * gravity * height / 1000.0

    def _shown(self) -> float:
        return self.device.indicated(self.air.temperature(self.world.time))

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
            "dut": self._transmitter() if self.current else self._gauge(),
        }

    def _gauge(self) -> Wired:
        step = self.device.spec.step
        shown = keller(self.world, lambda: round(self._shown() / step) * step / 100.0, name="dut")
        return Wired(shown, "serial", settings={"unit": 1})

    def _transmitter(self) -> Wired:
        def current() -> float:
            return self.stage.current(self._shown() / self.device.spec.full) / 1000.0

        return stands.multimeter(self.world, current, self.certificates["ammeter"])

    def true_error(self, at: float) -> float:
        """Return an error the device has in use at a pressure in kPa: in kPa, or of its current in mA.

        It is come to from either side, after loads of which nobody knows: so it lies anywhere within the
        loop, and its zero is that of another cycle.
        """
        spec, rng = self.device.spec, self.world.random(f"in use at {at:.4g}")
        with self.world.present() as time:
            error = spec.error(at, self.air.temperature(time))
        error += rng.uniform(-1, 1) * spec.apart(at) + rng.gauss(0.0, spec.shift * spec.full)
        if not self.current:
            return error
        return 16.0 * error / spec.full + self.stage.error(at / spec.full)

    @classmethod
    def resembling(cls, parameters: Mapping[str, object], drivers: Drivers) -> dict[str, object]:
        low, high = cast("Sequence[float]", parameters["span"])
        current = Ammeter in drivers.get("dut", object).__mro__
        return {"full": (high - low) / 1e5, "output": "current" if current else "indication"}

    def paper(self, today: date) -> Paper:
        return paper.paper(self.device.spec, self.certificates, today, current=self.current)


BENCHES: Final[dict[str, type[Assembly]]] = {"pressure-bench": PressureBench}
"""What the catalogue offers, by name."""
