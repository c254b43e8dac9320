"""A whole simulated bell prover, with a gas meter or a critical nozzle under test, and the paper for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, Literal, cast

from remotecal.bench_file import Heartbeat, Interlock, Safe
from remotecal.certificates.trust import Capability
from remotecal.drivers.capabilities import Ammeter
from remotecal.fluids.gas_equations import EQUATIONS
from remotecal.model import Table, Text
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.calibrated import Calibrated, Stated, draw
from remotecal.sim.certificates import Certified, stated_column
from remotecal.sim.chance import chance
from remotecal.sim.gas.bell_rig import BellRig, BellSpec
from remotecal.sim.gas.outfit import meter
from remotecal.sim.gas.paper import DUT as METER
from remotecal.sim.gas.pvtt import DUT as NOZZLE
from remotecal.sim.gas.sensors import gauge, room_sensors, thermometer
from remotecal.sim.gate import Gate
from remotecal.sim.instruments.drive import Drive
from remotecal.sim.instruments.nozzle import CURVE, OF_NOZZLES, draw_nozzle
from remotecal.sim.paper import Job, Paper, Standing, characteristic
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from datetime import date
    from random import Random

    from remotecal.bench import CertificateUsed
    from remotecal.procedures import Drivers
    from remotecal.sim.instruments.meter import Meter, MeterSpec
    from remotecal.sim.world import World

AREA: Final = 0.8
"""Volume of the bell for each height, in m²; a stroke of 1200 mm."""
U_AREA: Final = 5e-4
"""Its U (k = 2), relative."""
FACTS: Final[Mapping[str, tuple[float, str, float]]] = {
    "dead_volume": (0.11, "m3", 0.01),
    "film": (0.0, "1", 4e-4),
    "bell_sampling": (0.0, "K", 0.08),
}
"""What is known of the bench: value, unit, U (k = 2)."""
READING_DELAY: Final = 0.002
"""U of the time between readings, in s."""
EXPANSION: Final = (16e-6, 2e-6)
"""Of the bell, in 1/K, and its U."""
LEAK: Final = 5e-4
"""What leaves under the rim of a bell that passes for tight, in m³/h at most: 0.17 µm/s of its height."""
PLACES: Final = (-1.0, 1.0)
"""Where the bell's thermometers are."""


class BellOptions(BenchOptions):
    """What can be chosen of a bell prover."""

    item: Literal["nozzle", "meter"] = "nozzle"
    """What is under test."""
    highest: Annotated[float, In("m3/h", at_least=1, at_most=16)] = 10.0
    """Highest flow of a meter under test, or about what a nozzle passes from a room, twice."""
    output: Literal["pulses", "current"] = "pulses"
    """How a meter under test is read."""
    warmer: Annotated[float, In("K", at_least=-20, at_most=20)] = 2.0
    """By how much what the blower brings is warmer than the room."""
    leak: Annotated[float, In("m3/h", at_least=0)] = 0.0
    """What leaves under the bell's rim; 0 for no more than is let pass."""
    film: Annotated[float | None, In("1", at_least=-0.1, at_most=0.1)] = None
    """What the film on the bell's wall truly makes of the volume, where the bench file does not tell."""
    ripple: Annotated[float, In("Pa", at_least=0)] = 3.0
    """Of the excess pressure as the bell goes down."""


class BellBench(Assembly):
    """A bell prover whose gas passes a meter, or a critical nozzle with a vacuum pump behind it."""

    Options = BellOptions
    options: BellOptions
    procedures = ("gas.nozzle_by_bell", "gas.meter_by_bell")
    scope = (
        *OF_NOZZLES,
        Capability(
            quantity=CURVE[0],
            unit="1",
            cmc="0.001",
            against="remotecal_foundAtReynoldsNumber",
            against_unit="1",
            low="1000",
            high="1000000",
        ),
        Capability(
            quantity="basic_measurementError",
            unit="%",
            cmc="0.05",
            against="basic_referenceValue",
            against_unit="m3/h",
            low="0.05",
            high="20",
        ),
    )

    def __init__(self, world: World, options: BellOptions) -> None:
        super().__init__(world, options)
        rng = chance(options.seed, "outfit")
        self.nozzle, self.current = options.item == "nozzle", options.output == "current"
        self.certificates = certified(rng)
        """What each certificate states, and what is true."""
        self.bell = Calibrated(Stated("m2", (0.0,), (AREA,), (U_AREA * AREA,)), rng.gauss(0.0, 1.0))
        """Volume for each height: what is stated, and what is true."""
        self.used_at = rng.uniform(85e3, 106e3)
        """Pressure in Pa ahead of the nozzle where it is going to be used: any that a room has."""
        self.rig = BellRig(drawn(rng, options, self.bell.correction(0.0)), world)
        """The physics."""
        self.wired = self._wire_up()

    @property
    def states(self) -> tuple[str, str]:  # type: ignore[override]  # it depends on what is under test
        """What its certificate states, and against what."""
        if self.nozzle:
            return CURVE[0], "remotecal_foundAtReynoldsNumber"
        return "basic_measurementError", "basic_referenceValue"

    def _wire_up(self) -> dict[str, Wired]:
        world, rig, known = self.world, self.rig, self.certificates
        item = "inlet" if self.nozzle else "meter"
        wired = {
            "blower": Wired(Drive(world, rig.blower), "serial", settings={"unit": 1}),
            "rig": Wired(rig.plc.on_modbus(), "socket", settings={"unit": 1}),
            "bell_gauge": gauge(world, known["bell_gauge"], lambda: rig.pressure, "bell_gauge", "K-05"),
            f"{item}_gauge": gauge(
                world, known["item_gauge"], lambda: rig.item_pressure, f"{item}_gauge", "K-02"
            ),
            f"{item}_thermometer": thermometer(
                world,
                known["item_thermometer"],
                lambda: rig.item_temperature,
                f"{item}_thermometer",
                "21-P2462",
            ),
            **{
                f"bell_thermometer_{n}": thermometer(
                    world,
                    known[f"bell_thermometer_{n}"],
                    partial(rig.shown, place),
                    f"bell_thermometer_{n}",
                    f"21-P248{n}",
                )
                for n, place in enumerate(PLACES, 1)
            },
            "ambient": stands.ambient(world, rig.air, *room_sensors(known)),
        }
        if self.nozzle:
            wired["pump"] = Wired(Drive(world, rig.pump), "serial", settings={"unit": 1})
            wired["back_gauge"] = gauge(world, known["back_gauge"], lambda: rig.back, "back_gauge", "K-03")
        else:
            wired["dut"] = self._meter()
        return wired

    def _meter(self) -> Wired:
        shown = cast("Meter", self.rig.meter)
        if self.current:
            return stands.multimeter(self.world, lambda: shown.current, self.certificates["ammeter"])
        return stands.counter(self.world, lambda: shown.cycles, Gate(), timebase_error=0.0)

    def true_error(self, at: float) -> float:
        """Return a meter's true error in % at a flow in m³/h.

        Of a nozzle that was calibrated at a Reynolds number, its true C_d where somebody is going to use it.
        """
        spec = self.rig.spec
        if spec.nozzle is not None:
            with self.world.present():
                return spec.nozzle.discharge(at * self.used_at / self.rig.item_pressure)
        shown = cast("MeterSpec", spec.meter)
        output = shown.output_error if self.current else 0.0
        return 100.0 * ((1.0 + shown.curve(at / 3600.0)) * (1.0 + output) - 1.0)

    @classmethod
    def resembling(cls, parameters: Mapping[str, object], drivers: Drivers) -> dict[str, object]:
        if "throat" in parameters:
            throat = float(str(parameters["throat"])) / 1000.0
            return {"item": "nozzle", "highest": round(2 * 3600.0 * 0.983 * 198.6 * 0.785398 * throat**2, 3)}
        output = "current" if Ammeter in drivers.get("dut", object).__mro__ else "pulses"
        return {"item": "meter", "highest": parameters["highest"], "output": output}

    def mount(self, artefacts: Mapping[str, CertificateUsed], chance: Random) -> tuple[str, ...]:
        (point,) = artefacts["bell"].certificate.single("remotecal_bellArea", "m2").points
        true = chance.gauss(point.value, point.expanded / point.k)
        self.rig.spec = replace(self.rig.spec, area=true)
        return ()

    def paper(self, today: date) -> Paper:
        facts = {name: characteristic(value, unit, u, today) for name, (value, unit, u) in FACTS.items()}
        value, u = EXPANSION
        return Paper(
            name="simulated bell prover, 1000 L",
            job=self._job(),
            artefacts={"bell": Standing("B-1000", bell_certified(), model="1000 L")},
            roles={"bell_thermometers": tuple(f"bell_thermometer_{n}" for n in range(1, len(PLACES) + 1))},
            characteristics={
                **facts,
                "reading_delay": characteristic(0.0, "s", READING_DELAY, today),
                "bell_expansion": characteristic(value, "1/K", u, today),
            },
            interlocks=(Interlock(watch="bell_gauge.pressure", above=110.0, unit="kPa", every=5.0),),
            heartbeat=Heartbeat(quantity="rig.heartbeat", every=2.0),
            safe=Safe(order=("rig", "blower", *(("pump",) if self.nozzle else ())), within=20.0),
        )

    def _job(self) -> Job:
        known = {"dead_height": round(1000.0 * FACTS["dead_volume"][0] / AREA, 1)}
        if (nozzle := self.rig.spec.nozzle) is not None:
            told: dict[str, object] = {"throat": round(1000.0 * nozzle.diameter, 4), "air": "dry", **known}
            return Job("gas.nozzle_by_bell", "NOZZLE", told, NOZZLE)
        highest, spec = self.options.highest, cast("MeterSpec", self.rig.spec.meter)
        read = {"full_scale": highest} if self.current else {"pulses_per_volume": spec.pulses}
        told = {
            "highest": highest,
            "lowest": round(0.05 * highest, 9),
            "open_flow": round(3600.0 * self.rig.spec.flow, 6),
            "duration": 60.0,
            "fewest_pulses": 3000,
            "accuracy_class": "1",
            **known,
            **read,
        }
        return Job("gas.meter_by_bell", "GAS", told, METER)


def bell_certified() -> Certified:
    """Return what a bell's certificate states."""
    stated = stated_column("remotecal_bellArea", "m2", (f"{AREA:.5f}",), f"{U_AREA * AREA:.6f}")
    name = Text(zh="单位高度容积", en="volume for each height")
    return Certified(Text(zh="钟罩", en="Bell"), ((name, Table(columns=(stated,))),))


def certified(rng: Random) -> dict[str, Calibrated]:
    """Draw what is certified of the sensors."""
    room, warm = (85e3, 95e3, 106e3), (10.0, 20.0, 30.0)
    return {
        **{
            name: draw(rng, "Pa", room, spread=40.0, expanded=(20.0,) * 3, digits=0)
            for name in ("bell_gauge", "item_gauge")
        },
        "back_gauge": draw(rng, "Pa", (1e3, 5e4, 1.06e5), spread=60.0, expanded=(60.0,) * 3, digits=0),
        **{
            name: draw(rng, "°C", warm, spread=0.05, expanded=(0.05,) * 3, digits=3)
            for name in ("item_thermometer", "bell_thermometer_1", "bell_thermometer_2")
        },
        "barometer": draw(rng, "Pa", (95e3, 101e3, 106e3), spread=25.0, expanded=(15.0,) * 3, digits=0),
        "air_thermometer": draw(rng, "°C", (15.0, 20.0, 25.0), spread=0.2, expanded=(0.1,) * 3, digits=2),
        "hygrometer": draw(rng, "%", (30.0, 50.0, 70.0), spread=1.5, expanded=(2.0,) * 3, digits=1),
        "ammeter": draw(rng, "mA", (4.0, 12.0, 20.0), spread=0.001, expanded=(0.0006,) * 3, digits=5),
    }


def drawn(rng: Random, options: BellOptions, area: float) -> BellSpec:
    """Draw a bench: every systematic error consistent with what is stated; `area` is the bell's true one."""
    known = EQUATIONS["Lemmon 2000"].ranges[0]
    true = {
        name: Calibrated(Stated(unit, (0.0,), (value,), (u,)), rng.gauss(0.0, 1.0)).correction(0.0)
        for name, (value, unit, u) in FACTS.items()
    }
    nozzle, item = draw_nozzle(rng, options.highest / 2), meter(rng, options.highest)
    return BellSpec(
        meter=item if options.item == "meter" else None,
        nozzle=nozzle if options.item == "nozzle" else None,
        area=area * (1.0 + (true["film"] if options.film is None else options.film)),
        dead_volume=true["dead_volume"],
        unseen=true["bell_sampling"],
        flow=round(1.1 * options.highest / 3600.0 * rng.uniform(0.99, 1.01), 8),
        warmer=options.warmer,
        ripple=options.ripple,
        expansion=rng.gauss(EXPANSION[0], EXPANSION[1] / 2),
        leak=(options.leak or rng.uniform(0.0, LEAK)) / 3600.0,
        c_star=rng.gauss(0.0, known.u_critical_flow),
        denser=rng.gauss(0.0, known.u_density),
    )
