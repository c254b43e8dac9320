"""A whole simulated nozzle bench: instruments on their ports, nozzles, a bench file, certificates, an order.

```python
with NozzleBench.up(Path("bench"), seed=7) as up:
    print(up.bench, up.order, up.true_error(20.0))
```
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final, Literal, cast

from remotecal.certificates.trust import Capability
from remotecal.drivers.capabilities import Ammeter
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.chance import chance
from remotecal.sim.gas import paper
from remotecal.sim.gas.alike import certified_so
from remotecal.sim.gas.bell_bench import BellBench
from remotecal.sim.gas.outfit import SHARES, certified, drawn
from remotecal.sim.gas.pvtt import PvttBench
from remotecal.sim.gas.rig import NozzleRig
from remotecal.sim.gas.sensors import gauge, room_sensors, thermometer
from remotecal.sim.gate import Gate
from remotecal.sim.instruments.drive import Drive
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from datetime import date
    from random import Random

    from remotecal.bench import CertificateUsed
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
        return {
            "pump": Wired(Drive(world, rig.pump), "serial", settings={"unit": 1}),
            "bank": Wired(rig.bank.on_modbus(), "socket", settings={"unit": 1}),
            "inlet_gauge": gauge(
                world, known["inlet_gauge"], lambda: rig.stream.pressure, "inlet_gauge", "K-01"
            ),
            "meter_gauge": gauge(
                world, known["meter_gauge"], lambda: rig.stream.meter_pressure, "meter_gauge", "K-02"
            ),
            "back_gauge": gauge(world, known["back_gauge"], lambda: rig.back, "back_gauge", "K-03"),
            "inlet_thermometer": thermometer(
                world,
                known["inlet_thermometer"],
                lambda: rig.stream.temperature,
                "inlet_thermometer",
                "21-P2461",
            ),
            "meter_thermometer": thermometer(
                world,
                known["meter_thermometer"],
                lambda: rig.stream.meter_temperature,
                "meter_thermometer",
                "21-P2462",
            ),
            "ambient": stands.ambient(world, rig.air, *room_sensors(known)),
            "dut": self._meter(),
        }

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

    def mount(self, artefacts: Mapping[str, CertificateUsed], chance: Random) -> tuple[str, ...]:
        shared: dict[str, float] = defaultdict(lambda: chance.gauss(0.0, 1.0))
        nozzles = list(self.rig.spec.nozzles)
        for name, used in artefacts.items():
            at = paper.names(self.flows).index(name)
            nozzles[at] = certified_so(used, shared, chance, nozzles[at].recovers)
        self.rig.spec = replace(self.rig.spec, nozzles=tuple(nozzles))
        return ()

    def paper(self, today: date) -> Paper:
        return paper.paper(self.rig.spec, self.flows, self.certificates, today, current=self.current)


BENCHES: Final[dict[str, type[Assembly]]] = {"nozzles": NozzleBench, "pvtt": PvttBench, "bell": BellBench}
"""What the catalogue offers, by name."""
