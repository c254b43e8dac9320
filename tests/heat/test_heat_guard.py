"""What supplies baths and pump on a bench for heat meters lets go of them when nobody beats."""

import pytest

from remotecal.drivers.fluke.well import Output
from remotecal.drivers.rig.power_guard import GuardTrip, Supply
from remotecal.errors import InstrumentError, ModbusRefusal
from remotecal.sim.heat.complete_bench import CompleteBench

SILENT = 61.0
"""Seconds after which the guard has missed its heartbeat."""


@pytest.fixture
def bench(tmp_path):
    with CompleteBench.up(tmp_path / "bench", seed=7) as made:
        yield made


def running(bench):
    with bench.world.present():
        return [each.started for each in bench.guard.machines]


def start(opened):
    opened["pump"].speed.set(50)
    opened["pump"].start()
    for name in ("forward_bath", "return_bath"):
        opened[name].setpoint.set(60.0)
        opened[name].start()


def test_baths_and_pump_that_nobody_beats_lose_their_supply(bench):
    opened = bench.connect()
    guard = opened["guard"]
    for number in (1, 2):
        guard.heartbeat.set(number)
    start(opened)
    bench.clock.sleep(SILENT - 5.0)
    assert running(bench) == [True] * 3
    bench.clock.sleep(10.0)
    assert running(bench) == [False] * 3
    assert guard.trips.read() == GuardTrip.HEARTBEAT_LOST
    assert opened["forward_bath"].output.read() is Output.OFF
    with pytest.raises(ModbusRefusal):
        guard.supply.set(Supply.ON)


def test_what_lost_its_supply_stays_off_until_it_is_started_again(bench):
    opened = bench.connect()
    guard = opened["guard"]
    guard.heartbeat.set(1)
    start(opened)
    bench.clock.sleep(SILENT + 5.0)
    guard.heartbeat.set(2)
    assert guard.supply.read() is Supply.OFF, "a beat does not close what is tripped"
    guard.reset()
    assert guard.supply.read() is Supply.ON
    assert running(bench) == [False] * 3
    start(opened)
    assert running(bench) == [True] * 3


def test_nothing_runs_that_nobody_has_beaten_for(bench):
    opened = bench.connect()
    opened["forward_bath"].start()
    with pytest.raises(InstrumentError, match="run enabled"):
        opened["pump"].start()
    assert running(bench) == [False] * 3
