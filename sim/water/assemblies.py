"""Whole simulated water rigs: instruments on their ports, a bench file, certificates, a work order.

```python
with water_rig(Path("rig"), seed=7) as up:
    print(up.bench, up.order, up.truth.error(20.0))
```
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal, cast

from remotecal.certificates.trust import Capability
from remotecal.drivers.capabilities import Ammeter, PulseCounter
from remotecal.errors import ConfigurationError
from remotecal.procedures.parameters import In
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.water import paper, wiring
from remotecal.sim.water.outfit import SIZES, outfit
from remotecal.sim.water.rig import Rig
from remotecal.sim.water.truth import Truth
from remotecal.sim.water.weighed import WeighTankOptions
from remotecal.sim.water.wiring import KILOGRAMS, OF_MASS, Output

if TYPE_CHECKING:
    from datetime import date

    from remotecal.procedures import Drivers
    from remotecal.sim.paper import Paper
    from remotecal.sim.world import World


class WaterOptions(BenchOptions):
    """What can be chosen of a water rig."""

    dn: Annotated[Literal[25, 40, 50, 80, 100], In("mm")] = 50
    """Nominal diameter of the line."""
    output: Output = "pulses"
    """How the meter under test is read."""
    pulses: Annotated[float | None, In("1/m3", above=0)] = None
    """K factor of the meter under test; drawn if not given."""
    full_scale: Annotated[float | None, In("m3/h", above=0)] = None
    """Flow at 20 mA of the meter under test; drawn if not given."""
    meter: Annotated[int, In("1", at_least=1)] = 1
    """Which meter is under test: another number draws another one for the same rig."""
    cutoff: Annotated[float, In("1", at_least=0, at_most=0.02)] = 0.0005
    """Share of its highest flow below which it counts nothing; at 0 its zero counts while nothing flows."""


class GravimetricOptions(WaterOptions, WeighTankOptions):
    """What can be chosen of a gravimetric rig."""


class MasterLineOptions(WaterOptions):
    """What can be chosen of a master line."""

    output: Output = "mag6000"
    """How the meter under test is read."""
    reference_drift: Annotated[float, In("1", at_least=0, at_most=0.01)] = 0.0
    """How far the master meter may have drifted since its certificate, ±, relative; 0 states nothing."""


class WaterBench(Assembly):
    """What water rigs have in common."""

    gravimetric: ClassVar[bool]
    """Whether there is a weigh tank; otherwise a reference meter stands ahead of the one under test."""
    scope = (
        Capability(
            quantity="basic_measurementError",
            unit="%",
            cmc="0.005",
            against="basic_referenceValue",
            against_unit="m3/h",
            low="0.5",
            high="150",
        ),
        Capability(
            quantity="basic_measurementError",
            unit="%",
            cmc="0.005",
            against="basic_referenceValue",
            against_unit="kg/h",
            low="500",
            high="150000",
        ),
    )

    def __init__(self, world: World, options: WaterOptions) -> None:
        super().__init__(world, options)
        self.output: Output = options.output
        self.outfit = outfit(
            options.seed,
            options.dn,
            gravimetric=self.gravimetric,
            pulses=options.pulses,
            full_scale=options.full_scale,
            meter=options.meter,
            reference_drift=options.reference_drift if isinstance(options, MasterLineOptions) else 0.0,
            weighing=options if isinstance(options, WeighTankOptions) else None,
            coriolis=self.output in OF_MASS,
            cutoff=options.cutoff,
        )
        """The rig as it was drawn, with its certificates."""
        self.rig = Rig(self.outfit.spec, world)
        """The physics."""
        self.truth = Truth(self.rig)
        """What a perfect calibration would find."""
        if self.output in {"current", "mass_current"}:
            self.truth.output_error = self.outfit.spec.dut.output_error
        wire_up = wiring.gravimetric if self.gravimetric else wiring.master
        self.wired = wire_up(self.rig, self.outfit, self.output)

    @classmethod
    def resembling(cls, parameters: Mapping[str, object], drivers: Drivers) -> dict[str, object]:
        flows, largest = parameters["flows"], parameters.get("largest_mass", 0.0)
        fits = [
            dn
            for dn, size in SIZES.items()
            if max(cast("Sequence[float]", flows)) <= size.highest and cast("float", largest) <= size.tank
        ]
        if not fits:
            raise ConfigurationError("no simulated water rig is as large as this one: choose by --set dn=…")
        mro = drivers.get("dut", object).__mro__
        wired: list[Output] = [output for kind, output in READ_BY.items() if kind in mro]
        output: Output = wired[0] if wired else "mag6000"
        given = {"pulses": parameters["pulses_per_volume"], "full_scale": parameters["full_scale"]}
        if parameters.get("indicates") == "mass":
            output = MASS_BY.get(output, "mass")
            by_mass = {"pulses": parameters["pulses_per_mass"], "full_scale": parameters["mass_full_scale"]}
            scales = {"pulses": KILOGRAMS, "full_scale": 1.0 / KILOGRAMS}
            given = {key: scales[key] * cast("float", value) for key, value in by_mass.items() if value}
        return {"dn": fits[0], "output": output} | {key: value for key, value in given.items() if value}

    def true_error(self, at: float) -> float:
        """Return the meter's true error in % at a flow in m³/h, of a meter of mass in kg/h, as it is read."""
        return 100.0 * self.truth.error(at / self.rig.density if self.output in OF_MASS else at)

    def paper(self, today: date) -> Paper:
        return paper.paper(self.outfit, self.output, today, gravimetric=self.gravimetric)


READ_BY: Final[dict[type, Output]] = {PulseCounter: "pulses", Ammeter: "current"}
"""What a meter under test is read by where it is not read over a bus."""

MASS_BY: Final[dict[Output, Output]] = {"pulses": "mass_pulses", "current": "mass_current"}
"""The same of a meter of mass."""


def refuse_mass(parameters: Mapping[str, object]) -> None:
    """Raise `ConfigurationError` if an order is of a meter of mass, which few benches have."""
    if parameters.get("indicates") == "mass":
        raise ConfigurationError("no meter of mass can be simulated on such a bench")


class GravimetricRig(WaterBench):
    """Gravimetric water rig: pump, meter under test, diverter and weigh tank."""

    Options = GravimetricOptions
    procedures = ("flow.water_gravimetric",)
    gravimetric = True


class CoriolisOptions(GravimetricOptions):
    """What can be chosen of a gravimetric rig with a Coriolis meter under test."""

    output: Output = "mass_pulses"
    """How the meter under test is read."""


class CoriolisRig(GravimetricRig):
    """Gravimetric water rig with a Coriolis meter under test, which indicates mass and has a zero."""

    Options = CoriolisOptions


class MasterLine(WaterBench):
    """Water line with a Coriolis reference meter ahead of the meter under test."""

    Options = MasterLineOptions
    procedures = ("flow.water_master_meter",)
    gravimetric = False


water_rig, master_line = GravimetricRig.up, MasterLine.up

BENCHES: Final[dict[str, type[Assembly]]] = {
    "water-rig": GravimetricRig,
    "master-line": MasterLine,
    "coriolis-rig": CoriolisRig,
}
"""What the catalogue offers, by name."""
