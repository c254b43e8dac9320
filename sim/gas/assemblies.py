"""A whole simulated nozzle bench: instruments on their ports, nozzles, a bench file, certificates, an order.

```python
with NozzleBench.up(Path("bench"), seed=7) as up:
    print(up.bench, up.order, up.true_error(20.0))
```
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final, Literal, cast

from remotecal.certificates.trust import Capability
from remotecal.drivers.capabilities import Ammeter
from remotecal.model import Text
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.certificates import Certified
from remotecal.sim.chance import chance
from remotecal.sim.gas import paper
from remotecal.sim.gas.outfit import SHARES, certified, drawn
from remotecal.sim.gas.rig import NozzleRig
from remotecal.sim.gate import Gate
from remotecal.sim.instruments.drive import Drive
from remotecal.sim.instruments.keller import keller
from remotecal.sim.instruments.thermometers import MilliK, probe
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from datetime import date

    from remotecal.procedures import Drivers
    from remotecal.sim.paper import Paper
    from remotecal.sim.world import World


class NozzleOptions(BenchOptions):
    """What can be chosen of a nozzle bench."""

    highest: Annotated[float, In("m3/h", at_least=10, at_most=2500)] = 65.0
    """Highest flow of the meter under test."""
    nozzle_flows: Annotated[tuple[float, ...], In("m3/h", above=0)] = ()
    """What the nozzles pass, about; seven that double from 1 % of the highest flow on, if not given."""
    output: Literal["pulses", "current"] = "pulses"
    """How the meter under test is read."""
    pump: Annotated[float, In("1", above=0, at_most=10)] = 3.0
    """What the vacuum pump draws, in times of the highest flow; one too weak leaves the nozzles unchoked."""
    leak: Annotated[float, In("m3/h", at_least=0)] = 0.0
    """What leaks through the valves of nozzles that are shut."""


class NozzleBench(Assembly):
    """Critical nozzles behind a gas meter that draws air from the room, and a vacuum pump behind them."""

    Options = NozzleOptions
    procedures = ("gas.meter_by_nozzles",)
    scope = (
        Capability(
            quantity="basic_measurementError",
            unit="%",
            cmc="0.1",
            against="basic_referenceValue",
            against_unit="m3/h",
            low="0.1",
            high="3000",
        ),
    )

    def __init__(self, world: World, options: NozzleOptions) -> None:
        super().__init__(world, options)
        rng, highest = chance(options.seed, "outfit"), options.highest
        self.flows = options.nozzle_flows or tuple(round(share * highest, 9) for share in SHARES)
        self.current = options.output == "current"
        self.certificates = certified(rng)
        """What each certificate or characterisation states, and what is true."""
        spec = drawn(rng, highest, self.flows, self.certificates, leak=options.leak, pump=options.pump)
        self.rig = NozzleRig(spec, world)
        """The physics."""
        self.wired = self._wire_up()

    def _wire_up(self) -> dict[str, Wired]:
        world, rig, known = self.world, self.rig, self.certificates
        air = [known[name] for name in ("barometer", "air_thermometer", "hygrometer")]
        return {
            "pump": Wired(Drive(world, rig.pump), "serial", settings={"unit": 1}),
            "bank": Wired(rig.bank.on_modbus(), "socket", settings={"unit": 1}),
            "inlet_gauge": self._gauge("inlet_gauge", "K-01", lambda: rig.stream.pressure),
            "meter_gauge": self._gauge("meter_gauge", "K-02", lambda: rig.stream.meter_pressure),
            "back_gauge": self._gauge("back_gauge", "K-03", lambda: rig.back),
            "inlet_thermometer": self._thermometer(
                "inlet_thermometer", "21-P2461", lambda: rig.stream.temperature
            ),
            "meter_thermometer": self._thermometer(
                "meter_thermometer", "21-P2462", lambda: rig.stream.meter_temperature
            ),
            "ambient": stands.ambient(world, rig.air, *air),
            "dut": self._meter(),
        }

    def _gauge(self, name: str, serial: str, pressure: Callable[[], float]) -> Wired:
        known = self.certificates[name]
        shown = keller(self.world, lambda: known.indicated(pressure()) / 1e5, name=name)
        told = Certified(
            Text(zh="绝压变送器", en="Absolute pressure transmitter"),
            ((Text(zh="绝压", en="absolute pressure"), known),),
        )
        return Wired(shown, "serial", serial, {"unit": 1, "absolute": True}, told)

    def _thermometer(self, name: str, serial: str, temperature: Callable[[], float]) -> Wired:
        known = self.certificates[name]
        readout = MilliK(
            self.world, {1: probe(self.world, known, temperature, name)}, serial=serial, name=name
        )
        told = Certified(
            Text(zh="铂电阻测温仪", en="Platinum resistance thermometer"),
            ((Text(zh="温度", en="temperature"), known),),
        )
        return Wired(readout, "serial", serial, {"channel": 1, "largest_resistance": 115}, told)

    def _meter(self) -> Wired:
        meter = self.rig.meter
        if self.current:
            return stands.multimeter(self.world, lambda: meter.current, self.certificates["ammeter"])
        return stands.counter(self.world, lambda: meter.cycles, Gate(), timebase_error=0.0)

    def true_error(self, at: float) -> float:
        """Return the meter's true error in % at a flow in m³/h, as it is read."""
        spec = self.rig.spec.meter
        output = spec.output_error if self.current else 0.0
        return 100.0 * ((1.0 + spec.curve(at / 3600.0)) * (1.0 + output) - 1.0)

    @classmethod
    def resembling(cls, parameters: Mapping[str, object], drivers: Drivers) -> dict[str, object]:
        flows = tuple(cast("Sequence[float]", parameters["nozzle_flows"]))
        current = Ammeter in drivers.get("dut", object).__mro__
        output = "current" if current else "pulses"
        return {"highest": parameters["highest"], "nozzle_flows": flows, "output": output}

    def paper(self, today: date) -> Paper:
        return paper.paper(self.rig.spec, self.flows, self.certificates, today, current=self.current)


BENCHES: Final[dict[str, type[Assembly]]] = {"nozzles": NozzleBench}
"""What the catalogue offers, by name."""
