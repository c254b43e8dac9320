"""A whole simulated rig for large water meters: instruments on their ports, certificates, a work order.

```python
with LargeWater.up(Path("rig"), seed=7, dn=500) as up:
    print(up.bench, up.order, up.true_error(1000.0))
```
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final, Literal, cast

from remotecal.certificates.trust import Capability
from remotecal.drivers.capabilities import Ammeter, PulseCounter
from remotecal.model import Text
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.certificates import Certified
from remotecal.sim.gate import Gate
from remotecal.sim.instruments.drive import Drive
from remotecal.sim.instruments.flow_meters import mag6000, promag
from remotecal.sim.large_water import paper
from remotecal.sim.large_water.outfit import common_part, highest_flow, outfit
from remotecal.sim.large_water.rig import LargeRig
from remotecal.sim.large_water.still_tank import StillTank
from remotecal.sim.water.assemblies import refuse_mass
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from datetime import date

    from remotecal.procedures import Drivers
    from remotecal.sim.paper import Paper
    from remotecal.sim.world import World

Bore = Literal[200, 300, 400, 500, 600, 800, 1000]
BORES: Final[tuple[Bore, ...]] = (200, 300, 400, 500, 600, 800, 1000)
"""Lines by nominal diameter in mm."""


class LargeOptions(BenchOptions):
    """What can be chosen of a large rig."""

    dn: Annotated[Bore, In("mm")] = 500
    """Nominal diameter of the meter under test."""
    output: Literal["pulses", "current", "promag53"] = "pulses"
    """How it is read."""
    master_flows: Annotated[tuple[float, ...], In("m3/h", above=0)] = ()
    """Highest flows of the master meters; if not given four of 30 % of the meter's and one of 8 %."""
    leak: Annotated[float, In("m3/h", at_least=0)] = 0.0
    """What the shut valve of each branch lets through at a difference of 100 kPa."""
    pulses: Annotated[float | None, In("1/m3", above=0)] = None
    """K factor of the meter under test; drawn if not given."""
    full_scale: Annotated[float | None, In("m3/h", above=0)] = None
    """Flow at 20 mA of the meter under test; about 3 m/s if not given."""


class LargeWater(Assembly):
    """Large water rig: master meters in parallel ahead of a meter of DN200 to DN1000."""

    Options = LargeOptions
    procedures = ("flow.water_parallel_masters",)
    scope = (
        Capability(
            quantity="basic_measurementError",
            unit="%",
            cmc="0.05",
            against="basic_referenceValue",
            against_unit="m3/h",
            low="10",
            high="30000",
        ),
    )

    def __init__(self, world: World, options: LargeOptions) -> None:
        super().__init__(world, options)
        self.output = options.output
        self.outfit = outfit(
            options.seed,
            options.dn,
            master_flows=options.master_flows,
            leak=options.leak,
            pulses=options.pulses,
            full_scale=options.full_scale,
        )
        """The rig as it was drawn, with its certificates."""
        self.rig = LargeRig(self.outfit.spec, world)
        """The physics."""
        self.wired = {**self._wire_up(), **self._wire_masters()}

    def _wire_up(self) -> dict[str, Wired]:
        world, rig, known = self.world, self.rig, self.outfit.certificates
        air = [known[name] for name in ("barometer", "air_thermometer", "hygrometer")]
        return {
            "pump": Wired(Drive(world, rig.pump), "serial", settings={"unit": 1}),
            "rig": Wired(rig.plc.on_modbus(), "socket", settings={"unit": 1}),
            "thermometer": stands.thermometer(
                world, known["thermometer"], lambda: rig.temperature, "thermometer"
            ),
            "master_thermometer": stands.thermometer(
                world,
                known["master_thermometer"],
                lambda: rig.at_masters,
                "master_thermometer",
                serial="21-P2461",
            ),
            "ambient": stands.ambient(world, rig.air, *air),
            "dut": self._meter(),
        }

    def _wire_masters(self) -> dict[str, Wired]:
        wired = {}
        for number, (branch, known) in enumerate(
            zip(self.rig.branches.each, self.outfit.masters, strict=True), 1
        ):
            name = f"master_{number}"
            shown = mag6000(self.world, branch.master, name=name)
            about = Certified(
                Text(zh="标准流量计", en="Master meter"),
                ((Text(zh="流量", en="flow"), known), (Text(zh="公共部分", en="common part"), common_part())),
            )
            wired[name] = Wired(shown, "serial", settings={"unit": shown.unit}, certified=about)
        return wired

    def _meter(self) -> Wired:
        meter, known = self.rig.dut, self.outfit.certificates
        if self.output == "pulses":
            error = -known["counter"].correction(0.0)
            return stands.counter(self.world, lambda: meter.cycles, Gate(), timebase_error=error)
        if self.output == "current":
            return stands.multimeter(self.world, lambda: meter.current, known["ammeter"])
        shown = promag(self.world, meter, name="dut")
        return Wired(shown, "serial", settings={"unit": shown.unit})

    def true_error(self, at: float) -> float:
        """Return the meter's true error in % at a flow in m³/h, as it is read."""
        spec = self.rig.spec.dut
        with self.world.present():
            error = self.rig.dut.error(at / 3600.0, self.rig.temperature)
        output = spec.output_error if self.output == "current" else 0.0
        return 100.0 * ((1.0 + error) * (1.0 + output) - 1.0)

    @classmethod
    def resembling(cls, parameters: Mapping[str, object], drivers: Drivers) -> dict[str, object]:
        refuse_mass(parameters)
        flows = cast("Sequence[float]", parameters["flows"])
        dn = next((dn for dn in BORES if highest_flow(dn) >= max(flows) / 1.1), BORES[-1])
        kinds = drivers.get("dut", object).__mro__
        output = "pulses" if PulseCounter in kinds else "current" if Ammeter in kinds else "promag53"
        given = {"pulses": parameters["pulses_per_volume"], "full_scale": parameters["full_scale"]}
        masters = tuple(cast("Sequence[float]", parameters["master_flows"]))
        return {"dn": dn, "output": output, "master_flows": masters} | {
            key: value for key, value in given.items() if value
        }

    def paper(self, today: date) -> Paper:
        return paper.paper(self.outfit, self.output, today)


BENCHES: Final[dict[str, type[Assembly]]] = {"water-large": LargeWater, "still-tank": StillTank}
"""What the catalogue offers, by name."""
