"""Controllers of rigs by tables of their registers: they trip by themselves, and are made safe."""

from pathlib import Path

import pytest
from twins import Pipes

from remotecal.clock import VirtualClock
from remotecal.drivers.capabilities import Valve
from remotecal.drivers.mapped.register_map import RegisterMap
from remotecal.errors import ModbusRefusal
from remotecal.sim.instruments.bell_prover import BellPlc
from remotecal.sim.instruments.branched_rig import BranchedPlc
from remotecal.sim.instruments.gas_loop import LoopPlc, Sensed
from remotecal.sim.instruments.gas_tank import TankPlc
from remotecal.sim.instruments.nozzle_bank import BankPlc
from remotecal.sim.machine import Machine
from remotecal.sim.memory import MemoryLink
from remotecal.sim.ramp import Ramp
from remotecal.sim.world import World
from remotecal.testing import check_twin

TABLES = Path(__file__).parents[2] / "docs" / "tables"


def stated(name):
    return RegisterMap.as_stated({"table": (TABLES / f"rig-{name}.toml").read_text(encoding="utf-8")})


def loop(world):
    at_rest = Sensed(lambda: 1e5, lambda: 1e5, lambda: 20.0, lambda: 20.0, lambda: 0)
    return LoopPlc(world, 8, Machine(world, Ramp(0.05)), at_rest, bank=16)


PLCS = {
    "loop-s7": loop,
    "nozzle-bank-s7": lambda world: BankPlc(world, 16, Machine(world, Ramp(0.2))),
    "branches-wago": lambda world: BranchedPlc(world, Machine(world, Ramp(0.1)), Pipes()),
    "bell-s7": lambda world: BellPlc(world, Machine(world, Ramp(0.2)), lambda: 500.0),
    "pvtt-wago": lambda world: TankPlc(world, Machine(world, Ramp(0.2)), lambda _: None),
}
VALVES = {"bell-s7": "outlet", "pvtt-wago": "evacuation"}
"""What is opened of those that have no branches or nozzles."""


@pytest.fixture(params=PLCS)
def rig(request):
    """The controller, what serves its table, and the driver by that."""
    world = World(VirtualClock(), 1)
    plc = PLCS[request.param](world)
    served = plc.on_modbus().behind(stated(request.param))
    table = served.driver.stated_table
    return plc, served, served.driver.over(MemoryLink(served), clock=world.clock, table=table)


@pytest.fixture
def opens(rig, request):
    """What opens something of it; told nothing, it tells whether that stands open."""
    _, _, controller = rig
    valve = VALVES.get(request.node.callspec.params["rig"])
    what = getattr(controller, valve or "opened")

    def act(*, opened=None):
        if opened is not None:
            what.set((Valve.OPEN if opened else Valve.SHUT) if valve else 3 * opened)
        return bool(what.read().value)

    return act


def test_twin_and_driver_understand_each_other(rig) -> None:
    _, served, _ = rig
    check_twin(served, unready=["map_revision"], table=served.driver.stated_table)


def test_it_trips_by_itself_tells_why_and_is_reset(rig, opens) -> None:
    plc, served, controller = rig
    assert opens(opened=True)
    controller.heartbeat.set(1)
    served.world.clock.sleep(10.0)
    assert [one.name for one in controller.trips.read()] == ["HEARTBEAT_LOST"]
    assert not opens()
    with pytest.raises(ModbusRefusal):
        opens(opened=True)
    controller.reset()
    plc.press()
    assert [one.name for one in controller.trips.read()] == ["EMERGENCY_STOP"]
    plc.press(pressed=False)
    controller.reset()
    assert not controller.trips.read(), "the controller cleared the bit, or it would not see it again"
    assert opens(opened=True)
    controller.make_safe()
    assert not opens()


def test_a_vent_that_is_open_without_current_is_0_on_the_wire() -> None:
    world = World(VirtualClock(), 1)
    served = PLCS["nozzle-bank-s7"](world).on_modbus().behind(stated("nozzle-bank-s7"))
    bank = served.driver.over(MemoryLink(served), clock=world.clock, table=served.driver.stated_table)
    bank.vent.set(Valve.SHUT)
    assert served.answer(bytes.fromhex("01 03 0000 0001")) == bytes.fromhex("01 03 02 0100")
    bank.make_safe()
    assert served.answer(bytes.fromhex("01 03 0000 0001")) == bytes.fromhex("01 03 02 0000")
