"""The engine's bench is worth testing on: what is found on it is true, and it makes itself safe."""

import pytest
from dosing.bench import DosingStand

from remotecal.drivers.capabilities import Valve
from remotecal.drivers.rig.controller import Trip


def test_the_screws_true_error_is_found(bench_of, run_on):
    stand = bench_of("dosing-stand", seed=11)
    record = run_on(stand, None, {"speeds": [80.0, 30.0]}).record
    error = record.tables[0].column("basic_measurementError")
    for found, expanded in zip(error.floats(), error.uncertainty.expanded, strict=True):
        assert found == pytest.approx(stand.true_error(30.0), abs=float(expanded))
        assert float(expanded) < 0.2
    (symbols,) = {tuple(line.symbol for line in budget.lines) for budget in record.measurements[0].budgets}
    assert len(symbols) == 12


def test_without_a_heartbeat_it_stops_and_empties_the_bin():
    with DosingStand.up() as stand:
        opened = stand.connect()
        rig, pump, balance = (opened[name] for name in ("rig", "pump", "balance"))
        rig.drain.set(Valve.SHUT)
        rig.heartbeat.set(1)
        pump.speed.set(50.0)
        pump.start()
        stand.clock.sleep(4.0)
        assert balance.mass.read().value == pytest.approx(20.0, abs=1.0)
        stand.clock.sleep(60.0)
        assert rig.trips.read() == Trip.HEARTBEAT_LOST
        assert rig.drain.read() is Valve.OPEN
        assert balance.mass.read().value == pytest.approx(0.0, abs=0.05)
        rig.reset()
        assert rig.trips.read() == Trip(0)
