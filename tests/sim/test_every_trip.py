"""Every trip of every simulated controller, caused by what truly happens at its bench, makes it safe."""

from __future__ import annotations

import pytest
from every_bench import options
from tabled import KINDS
from tripping import GUARDED, REFUSED, as_drawn, cause, guarded, guards, out_of_place, work

from remotecal.clock import VirtualClock
from remotecal.drivers.capabilities import FlowSource

TRIPS = [(name, trip) for name, kinds in GUARDED.items() for kind in kinds for trip in kind]


def test_every_controller_that_guards_a_bench_can_be_reached():
    for name in KINDS:
        bench = as_drawn(name)
        assert len(guards(bench)) == len(guarded(bench)), name


@pytest.mark.parametrize(("name", "trip"), TRIPS, ids=[f"{name}-{trip.name}" for name, trip in TRIPS])
def test_a_trip_makes_the_rig_safe(name, trip):
    """A trip that nobody says how to cause fails here: `tripping.TRIPS`."""
    with KINDS[name].up(clock=VirtualClock(), seed=7, **options(name)) as bench:
        opened = bench.connect()
        (controller,) = (opened[one] for one in guarded(bench))
        (guard,) = guards(bench)
        work(type(trip), bench, opened)
        bench.clock.sleep(2.0)
        assert not controller.trips.read()
        assert out_of_place(controller)
        with bench.world.present():
            assert any(machine.started for machine in guard.machines) is bool(guard.machines)
        cause(type(trip), trip)(bench, opened)
        bench.clock.sleep(2.0)
        assert trip.name in [one.name for one in controller.trips.read()]
        assert not out_of_place(controller)
        bench.clock.sleep(60.0)
        with bench.world.present():
            turning = [(each.started, each.speed) for each in guard.machines]
            assert turning == [(False, 0.0)] * len(guard.machines)
            assert not any(machine.start() for machine in guard.machines)
        drives = [one for one in opened.values() if isinstance(one, FlowSource)]
        assert [drive.actual_speed.read().value for drive in drives] == [0.0] * len(drives)
        with pytest.raises(REFUSED):
            work(type(trip), bench, opened)
