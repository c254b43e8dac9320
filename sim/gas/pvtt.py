"""A whole simulated PVTt bench: a nozzle under test, a tank that collects what passes it, and the paper."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

from remotecal.bench_file import Heartbeat, Interlock, Safe
from remotecal.fluids.gas_equations import EQUATIONS
from remotecal.model import Text
from remotecal.procedures.parameters import In
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly, BenchOptions
from remotecal.sim.calibrated import Calibrated, Stated, draw
from remotecal.sim.chance import chance
from remotecal.sim.gas.collecting import PLACES, TankRig, TankSpec
from remotecal.sim.gas.sensors import gauge, room_sensors, thermometer
from remotecal.sim.instruments.drive import Drive
from remotecal.sim.instruments.nozzle import CURVE, OF_NOZZLES, draw_nozzle
from remotecal.sim.paper import Job, Paper, characteristic
from remotecal.sim.wiring import Wired

if TYPE_CHECKING:
    from datetime import date
    from random import Random

    from remotecal.procedures import Drivers
    from remotecal.sim.world import World

VOLUME: Final = 0.677
"""Of the tank in m³, as it was told to be; NIST's smaller one has so much."""

FACTS: Final[Mapping[str, tuple[float, str, float]]] = {
    "tank_volume": (VOLUME, "m3", 2.0e-4),
    "inventory_volume": (0.0021, "m3", 4e-5),
    "inventory_warming": (-8.0, "K", 5.0),
    "trigger_delay": (0.0, "s", 0.004),
    "tank_sampling": (0.0, "K", 0.04),
}
"""What is known of the bench: value, unit, U (k = 2)."""

EXPANSION: Final = (16e-6, 1e-6)
"""Of the tank, in 1/K, and its U."""


class PvttOptions(BenchOptions):
    """What can be chosen of a PVTt bench."""

    flow: Annotated[float, In("m3/h", at_least=0.5, at_most=50)] = 5.2
    """What the nozzle under test passes from a room, about."""
    inventory: Annotated[float | None, In("m3", above=0, at_most=0.1)] = None
    """Volume between nozzle and valves, where it is truly another one than the bench file states."""
    cooling: Annotated[float, In("W/K", above=0)] = 6.0
    """What the tank's wall takes from the gas: with less it is warm for longer."""
    layers: Annotated[float, In("K", at_least=0)] = 0.02
    """By how much the gas at the tank's top is warmer than at its middle, about."""
    leak: Annotated[float, In("Pa/s", at_least=0)] = 0.0
    """How fast the pressure in the shut, empty tank rises."""
    capacity: Annotated[float, In("m3/h", above=0)] = 110.0
    """What the vacuum pump draws."""


class PvttBench(Assembly):
    """A nozzle under test and a tank, pumped empty, that collects what passes it (PVTt)."""

    Options = PvttOptions
    options: PvttOptions
    procedures = ("gas.nozzle_by_pvtt",)
    scope = OF_NOZZLES
    states = CURVE

    def __init__(self, world: World, options: PvttOptions) -> None:
        super().__init__(world, options)
        rng = chance(options.seed, "outfit")
        self.certificates = certified(rng)
        """What each certificate states, and what is true."""
        self.rig = TankRig(drawn(rng, options), world, options.capacity / 3600.0)
        """The physics."""
        self.wired = self._wire_up()

    def _wire_up(self) -> dict[str, Wired]:
        world, rig, known = self.world, self.rig, self.certificates
        places = {f"tank_thermometer_{n}": place for n, place in enumerate(PLACES, 1)}
        return {
            "pump": Wired(Drive(world, rig.pump), "serial", settings={"unit": 1}),
            "rig": Wired(rig.plc.on_modbus(), "socket", settings={"unit": 1}),
            "inlet_gauge": gauge(world, known["inlet_gauge"], lambda: rig.ahead, "inlet_gauge", "K-01"),
            "tank_gauge": gauge(world, known["tank_gauge"], lambda: rig.pressure, "tank_gauge", "K-04"),
            "inlet_thermometer": thermometer(
                world,
                known["inlet_thermometer"],
                lambda: rig.inlet_temperature,
                "inlet_thermometer",
                "21-P2461",
            ),
            **{
                name: thermometer(world, known[name], partial(rig.shown, place), name, f"21-P247{number}")
                for number, (name, place) in enumerate(places.items(), 1)
            },
            "ambient": stands.ambient(world, rig.air, *room_sensors(known)),
        }

    def true_error(self, at: float) -> float:
        """Return the true C_d of the nozzle at a Reynolds number."""
        return self.rig.spec.nozzle.discharge(at)

    @classmethod
    def resembling(
        cls,
        parameters: Mapping[str, object],
        drivers: Drivers,  # noqa: ARG003  all are alike
    ) -> dict[str, object]:
        throat = float(str(parameters["throat"]))
        return {"flow": round(3600.0 * 0.983 * 198.6 * 3.14159265 / 4 * (throat / 1000.0) ** 2, 3)}

    def paper(self, today: date) -> Paper:
        facts = {name: characteristic(value, unit, u, today) for name, (value, unit, u) in FACTS.items()}
        value, u = EXPANSION
        return Paper(
            name=f"simulated PVTt bench, {VOLUME:g} m3",
            job=Job("gas.nozzle_by_pvtt", "NOZZLE", _parameters(self.rig.spec.nozzle.diameter), DUT),
            roles={"tank_thermometers": tuple(f"tank_thermometer_{n}" for n in range(1, len(PLACES) + 1))},
            characteristics={**facts, "tank_expansion": characteristic(value, "1/K", u, today)},
            interlocks=(Interlock(watch="tank_gauge.pressure", above=110.0, unit="kPa", every=5.0),),
            heartbeat=Heartbeat(quantity="rig.heartbeat", every=2.0),
            safe=Safe(order=("rig", "pump"), within=20.0),
        )


def certified(rng: Random) -> dict[str, Calibrated]:
    """Draw what is certified of the sensors."""
    ahead, tank = (2e4, 1.1e5, 2e5), (50.0, 2.5e4, 5e4, 1.2e5)
    return {
        "inlet_gauge": draw(rng, "Pa", ahead, spread=40.0, expanded=(20.0, 20.0, 30.0), digits=0),
        "tank_gauge": draw(rng, "Pa", tank, spread=20.0, expanded=(1.0, 5.0, 8.0, 15.0), digits=1),
        "inlet_thermometer": draw(rng, "°C", (10.0, 20.0, 30.0), spread=0.05, expanded=(0.06,) * 3, digits=3),
        **{
            f"tank_thermometer_{n}": draw(
                rng, "°C", (10.0, 20.0, 30.0), spread=0.05, expanded=(0.03,) * 3, digits=3
            )
            for n in range(1, len(PLACES) + 1)
        },
        "barometer": draw(rng, "Pa", (95e3, 101e3, 106e3), spread=25.0, expanded=(15.0,) * 3, digits=0),
        "air_thermometer": draw(rng, "°C", (15.0, 20.0, 25.0), spread=0.2, expanded=(0.1,) * 3, digits=2),
        "hygrometer": draw(rng, "%", (30.0, 50.0, 70.0), spread=1.5, expanded=(2.0,) * 3, digits=1),
    }


def drawn(rng: Random, options: PvttOptions) -> TankSpec:
    """Draw a bench: every systematic error consistent with what is stated of it."""
    known = EQUATIONS["Lemmon 2000"].ranges[-1]
    true = {
        name: Calibrated(Stated(unit, (0.0,), (value,), (u,)), rng.gauss(0.0, 1.0)).correction(0.0)
        for name, (value, unit, u) in FACTS.items()
    }
    began = rng.uniform(10.0, 14.0)
    return TankSpec(
        nozzle=draw_nozzle(rng, options.flow),
        volume=true["tank_volume"],
        inventory=options.inventory or true["inventory_volume"],
        warmer=(began, began + true["inventory_warming"]),
        late=true["trigger_delay"],
        cooling=options.cooling,
        layers=options.layers * rng.uniform(0.5, 1.5),
        unseen=true["tank_sampling"],
        leak=options.leak,
        expansion=rng.gauss(EXPANSION[0], EXPANSION[1] / 2),
        c_star=rng.gauss(0.0, known.u_critical_flow),
        denser=rng.gauss(0.0, known.u_density),
    )


def _parameters(diameter: float) -> dict[str, object]:
    return {"throat": round(1000.0 * diameter, 4), "pressures": [80.0, 100.0, 120.0], "air": "dry"}


DUT: Final = {
    "name": Text(zh="临界流文丘里喷嘴", en="Critical flow Venturi nozzle"),
    "maker": "Simulated",
    "model": "toroidal, with diffuser",
    "serial": "N-0001",
}
