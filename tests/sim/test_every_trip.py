"""Every trip of every simulated controller, caused by what truly happens at its bench: it makes the rig safe."""

from __future__ import annotations

import pytest
from every_bench import options
from shipped import BENCHES
from tripping import REFUSED, cause, guarded, guards, out_of_place, steps, work

from remotecal.clock import VirtualClock
from remotecal.drivers.capabilities import FlowSource
from remotecal.sim.world import World


def guarding(name):
    """Return the kinds of trips of a bench's controllers."""
    kind = BENCHES[name]
    bench = kind(World(VirtualClock(), 7), kind.choose({"seed": 7, **options(name)}))
    assert len(guards(bench)) == len(guarded(bench)), "each controller can be reached"
    return {type(guard.trips) for guard in guards(bench)}


KINDS = {name: guarding(name) for name in BENCHES}
TRIPS = [(name, trip.name) for name, kinds in KINDS.items() for kind in kinds for trip in kind]


@pytest.mark.parametrize(("name", "trip"), TRIPS)
def test_a_trip_makes_the_rig_safe(name, trip):
    """A trip that nobody says how to cause fails here: `tripping.TRIPS`."""
    with BENCHES[name].up(clock=VirtualClock(), seed=7, **options(name)) as bench:
        opened = bench.connect()
        (controller,) = (opened[one] for one in guarded(bench))
        (guard,) = guards(bench)
        work(name, bench, opened)
        bench.clock.sleep(2.0)
        assert not controller.trips.read()
        assert out_of_place(controller)
        with bench.world.present():
            assert any(machine.started for machine in guard.machines) is bool(guard.machines)
        cause(name, trip)(bench, opened)
        bench.clock.sleep(2.0)
        assert trip in [one.name for one in controller.trips.read()]
        assert not out_of_place(controller)
        bench.clock.sleep(60.0)
        with bench.world.present():
            turning = [(each.started, each.speed) for each in guard.machines]
            assert turning == [(False, 0.0)] * len(guard.machines)
            assert not any(machine.start() for machine in guard.machines)
        with pytest.raises(REFUSED):
            work(name, bench, opened)
        assert steps(controller)
