"""The dosing stand as a bench: shipped drivers on real ports, certificates and facts that hold."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from dosing.stand import BIN, PULSES, Guard, Screw
from remotecal.bench_file import Heartbeat, Interlock, Safe
from remotecal.certificates.trust import Capability
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.calibrated import Calibrated, Stated, draw
from remotecal.sim.chance import chance
from remotecal.sim.gate import Gate
from remotecal.sim.instruments.drive import Drive
from remotecal.sim.instruments.weighing import Platform, PlatformSpec
from remotecal.sim.paper import Job, Paper, characteristic
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from remotecal.sim.world import World

RESOLUTION = 0.01
"""Scale interval of the balance in kg."""

INTERLOCKS = (
    Interlock(watch="rig.level", above=95.0, unit="%", every=5.0),
    Interlock(watch="rig.pressure", above=550.0, unit="kPa", every=5.0),
    Interlock(watch="thermometer.temperature", above=35.0, unit="°C", every=5.0),
)

DUT = {"name": "Dosing screw", "maker": "Simulated", "model": "50 pulses/kg", "serial": "SIM-0001"}


class DosingStand(Assembly):
    """Dosing screw above a bin on a balance."""

    procedures = ("dosing",)
    scope = (
        Capability(
            quantity="basic_measurementError",
            unit="%",
            cmc="0.005",
            against="basic_referenceValue",
            against_unit="kg",
            low="10",
            high="600",
        ),
    )

    def __init__(self, world: World, options: BenchOptions) -> None:
        super().__init__(world, options)
        self.certificates = known = certified(options.seed)
        rng = chance(options.seed, "screw")
        self.screw = Screw(
            world,
            rng.gauss(0.0, 0.0015),
            known["screw_expansion"].correction(0.0),
            known["granulate_density"].correction(0.0),
        )
        self.guard = Guard(world, self.screw)
        spec = PlatformSpec(BIN, RESOLUTION, known["balance"], 0.4 * RESOLUTION)
        air = [known[name] for name in ("barometer", "air_thermometer", "hygrometer")]
        self.wired = {
            "pump": Wired(Drive(world, self.screw), "serial", settings={"unit": 1}),
            "rig": Wired(self.guard.on_modbus(), "socket", settings={"unit": 1}),
            "thermometer": stands.thermometer(
                world, known["thermometer"], lambda: self.screw.temperature, "hopper"
            ),
            "ambient": stands.ambient(world, self.screw.air, *air),
            "dut": stands.counter(world, lambda: self.screw.pulses, Gate(), timebase_error=0.0),
            "balance": stands.balance(world, Platform(spec, self.screw, world.random("balance"))),
        }

    def true_error(self, at: float) -> float:
        """Return the screw's true error in % at 20 °C."""
        return 100.0 * self.screw.error

    def paper(self, today: date) -> Paper:
        facts = {
            name: characteristic(stated.corrections[0], stated.unit, stated.expanded[0], today)
            for name in ("screw_expansion", "granulate_density")
            for stated in (self.certificates[name].stated,)
        }
        facts["balance_resolution"] = characteristic(RESOLUTION, "kg", 0.0, today)
        parameters = {
            "speeds": [90.0, 70.0, 40.0, 20.0, 10.0, 6.0],
            "repeats": 3,
            "smallest_mass": 250.0,
            "accuracy_class": 0.5,
            "pulses_per_mass": PULSES,
        }
        return Paper(
            name="dosing stand",
            job=Job("dosing", "DOSE", parameters, DUT),
            characteristics=facts,
            interlocks=INTERLOCKS,
            heartbeat=Heartbeat(quantity="rig.heartbeat", every=2.0),
            safe=Safe(order=("pump", "rig"), within=20.0),
        )


def certified(seed: int) -> dict[str, Calibrated]:
    """Return what is certified or characterised, drawn by a seed."""
    rng = chance(seed, "outfit")
    loads = (0.0, 150.0, 300.0, 450.0, 600.0)
    return {
        "balance": draw(
            rng, "kg", loads, spread=0.015, expanded=(0.02, 0.035, 0.05, 0.065, 0.08),
            of="kg", digits=4, correlation=0.9,
        ),
        "thermometer": draw(rng, "°C", (10.0, 20.0, 30.0), spread=0.05, expanded=(0.02,) * 3, digits=3),
        "air_thermometer": draw(rng, "°C", (15.0, 20.0, 25.0), spread=0.2, expanded=(0.1,) * 3, digits=2),
        "barometer": draw(
            rng, "Pa", (95_000.0, 101_000.0, 106_000.0), spread=25.0, expanded=(15.0,) * 3, digits=0
        ),
        "hygrometer": draw(rng, "%", (30.0, 50.0, 70.0), spread=1.5, expanded=(1.5,) * 3, digits=1),
        "screw_expansion": Calibrated(Stated("1/K", (0.0,), (6e-5,), (1e-5,)), rng.gauss(0.0, 1.0)),
        "granulate_density": Calibrated(Stated("kg/m3", (0.0,), (1200.0,), (10.0,)), rng.gauss(0.0, 1.0)),
    }  # fmt: skip
