"""A water line with a pipe prover behind a turbine meter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, cast

from remotecal.bench_file import Heartbeat, Interlock, Safe
from remotecal.certificates.trust import Capability
from remotecal.errors import ConfigurationError
from remotecal.model import Text
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.calibrated import Calibrated, Stated, draw
from remotecal.sim.chance import chance
from remotecal.sim.instruments.drive import Drive
from remotecal.sim.instruments.meter import MeterSpec, Shape
from remotecal.sim.instruments.prover import prover
from remotecal.sim.paper import Job, Paper, Standing, characteristic
from remotecal.sim.volumetric.prover import PipeProver
from remotecal.sim.water.assemblies import refuse_mass
from remotecal.sim.water.outfit import SIZES, outfit
from remotecal.sim.water.rig import Rig
from remotecal.sim.water.rig_controller import rig_controller
from remotecal.sim.water.truth import Truth
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from datetime import date

    from remotecal.bench_file import Characteristic
    from remotecal.procedures import Drivers
    from remotecal.sim.world import World

SHARES = (0.9, 0.6, 0.3, 0.1)
"""Flows to calibrate at, as shares of the highest."""
QUICKEST = 5.0
"""Seconds a pass takes at the highest flow, about."""
INTERLOCKS = (
    Interlock(watch="rig.pressure", above=550.0, unit="kPa", every=5.0),
    Interlock(watch="thermometer.temperature", above=35.0, unit="°C", every=5.0),
)


class ProverOptions(BenchOptions):
    """What can be chosen of a line with a prover."""

    dn: Annotated[Literal[25, 40, 50, 80, 100], In("mm")] = 50
    """Nominal diameter of the line."""
    pulses: Annotated[float | None, In("1/m3", above=0)] = None
    """K factor of the meter under test; few pulses in a pass if not given."""
    connection: Annotated[float, In("1", at_least=0, at_most=20)] = 0.5
    """Volume of the pipe from the meter to the prover, as a share of that which the prover sweeps."""


class ProverLine(Assembly):
    """Water line with a pipe prover behind a turbine meter, which counts by double chronometry."""

    Options = ProverOptions
    procedures = ("flow.water_prover",)
    scope: ClassVar[tuple[Capability, ...]] = (
        Capability(
            quantity="basic_measurementError",
            unit="%",
            cmc="0.02",
            against="basic_referenceValue",
            against_unit="m3/h",
            low="0.5",
            high="150",
        ),
    )

    def __init__(self, world: World, options: ProverOptions) -> None:
        super().__init__(world, options)
        rng, size = chance(options.seed, "prover"), SIZES[options.dn]
        few = float(f"{1500 / (QUICKEST * size.highest / 3600):.2g}")
        meter = turbine(rng, size.highest / 3600, options.pulses or few)
        self.outfit = outfit(options.seed, options.dn, gravimetric=False, dut=meter)
        self.rig = Rig(self.outfit.spec, world)
        self.truth = Truth(self.rig)
        base = QUICKEST * size.highest / 3600
        self.between = Stated("m3", (0.0,), (options.connection * base,), (0.1 * options.connection * base,))
        """What is stated of the pipe between the meter and the prover."""
        pipe = Calibrated(self.between, chance(options.seed, "pipe to the prover").gauss(0.0, 1.0))
        self.prover = PipeProver(self.rig, rng, base, pipe.correction(0.0))
        """The prover: what is true of it."""
        inside = draw(rng, "°C", (10.0, 20.0, 30.0), spread=0.05, expanded=(0.02,) * 3, digits=3)
        known, rig = self.outfit.certificates, self.rig
        air = [known[name] for name in ("barometer", "air_thermometer", "hygrometer")]
        self.wired = {
            "pump": Wired(Drive(world, rig.pump), "serial", settings={"unit": 1}),
            "rig": Wired(rig_controller(rig), "socket", settings={"unit": 1}),
            "thermometer": stands.thermometer(
                world, known["line_thermometer"], lambda: rig.temperature, "line"
            ),
            "prover_thermometer": stands.thermometer(
                world, inside, lambda: self.prover.temperature, "prover", serial="21-P2463"
            ),
            "ambient": stands.ambient(world, rig.air, *air),
            "dut": Wired(
                prover(world, self.prover.read(), self.prover.launch), "serial", settings={"unit": 1}
            ),
        }

    def true_error(self, at: float) -> float:
        """Return the meter's true error in % at a flow in m³/h."""
        return 100.0 * self.truth.error(at)

    @classmethod
    def resembling(
        cls,
        parameters: Mapping[str, object],
        drivers: Drivers,  # noqa: ARG003  its meter is read in one way
    ) -> dict[str, object]:
        refuse_mass(parameters)
        highest = max(cast("Sequence[float]", parameters["flows"]))
        fits = [dn for dn, size in SIZES.items() if highest <= size.highest]
        if not fits:
            raise ConfigurationError("no simulated prover line is as large as this one: choose by --set dn=…")
        return {"dn": fits[0], "pulses": parameters["pulses_per_volume"]}

    def paper(self, today: date) -> Paper:
        size, water = self.outfit.size, self.outfit.certificates["water"].stated
        litres = 1000 * self.prover.stated
        return Paper(
            name=f"simulated water line with pipe prover, up to {size.highest:g} m³/h",
            job=Job(
                "flow.water_prover",
                "PROVER",
                {
                    "flows": [round(share * size.highest, 2) for share in SHARES],
                    "pulses_per_volume": self.rig.spec.dut.pulses,
                    "accuracy_class": 0.5,
                    "norm": "JJG 1037-2008",
                    "judged_by": "k factor",
                },
                {
                    "name": Text(zh="涡轮流量计", en="Turbine flow meter"),
                    "maker": "Simulated",
                    "model": "class 0.5",
                    "serial": "SIM-0001",
                    "class_scheme": "JJG 1037-2008",
                    "class_name": "0.5",
                },
            ),
            artefacts={"prover": Standing("P-01", self.prover.certified(), model=f"{litres:.3g} L")},
            characteristics={
                "water_density": characteristic(
                    water.corrections[0], "1", water.expanded[0], today, k=water.k
                ),
                **self._piped(today),
            },
            interlocks=INTERLOCKS,
            heartbeat=Heartbeat(quantity="rig.heartbeat", every=2.0),
            safe=Safe(order=("pump", "rig"), within=20.0),
        )

    def _piped(self, today: date) -> dict[str, Characteristic]:
        """Return what the bench states of the pipe between the meter and the prover, if there is one."""
        (volume,), (expanded,) = self.between.corrections, self.between.expanded
        return {"connecting_volume": characteristic(volume, "m3", expanded, today)} if volume else {}


def turbine(rng: Random, highest: float, pulses: float) -> MeterSpec:
    """Draw a turbine meter of class 0.5, for flows up to `highest` in m³/s, of so many pulses per m³."""
    curve = Shape(
        highest,
        level=rng.gauss(0.0, 0.0012),
        rise=rng.gauss(0.0, 0.0004),
        slope=rng.gauss(0.0, 0.0006),
        bend=rng.gauss(0.0, 0.0008),
    )
    return MeterSpec(highest, pulses, curve, noise=rng.uniform(1.0e-5, 3.0e-5))
