"""A rig controller that trips by itself, met over Modbus."""

from __future__ import annotations

import pytest
from dosing.bench import DosingStand

from remotecal.bench import Bench
from remotecal.drivers.rig.controller import Trip
from remotecal.errors import InterlockTripped
from remotecal.journal.writing import Journal
from remotecal.runs.control import Control
from remotecal.runs.watch import Watch


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    with DosingStand.up(tmp_path_factory.mktemp("rig")) as up:
        yield up


@pytest.fixture
def watched(rig, tmp_path):
    bench = Bench.load(rig.bench)
    with bench.open(rig.clock) as opened, Journal.create(tmp_path / "run", rig.clock) as journal:
        control = Control()
        watch = Watch(bench, opened, control, journal)
        yield opened, watch, control
        watch.end()
        control.notice()
        rig.guard.press(pressed=False)
        opened.instruments["rig"].reset()


def test_a_rig_that_missed_the_heartbeat_between_two_runs_is_reset(rig, watched):
    opened, watch, control = watched
    rig.guard.trip(Trip.HEARTBEAT_LOST)
    watch.begin()
    assert opened.instruments["rig"].trips.read() == Trip(0)
    rig.clock.sleep(600)
    assert opened.instruments["rig"].trips.read() == Trip(0)
    assert control.error is None


def test_a_rig_without_heartbeat_trips_once_the_watch_ends(rig, watched):
    opened, watch, _ = watched
    watch.begin()
    watch.end()
    rig.clock.sleep(600)
    assert Trip.HEARTBEAT_LOST in opened.instruments["rig"].trips.read()


def test_any_other_trip_is_left_to_a_person_even_once_its_cause_is_gone(rig, watched):
    opened, watch, _ = watched
    rig.guard.press()
    rig.guard.press(pressed=False)
    rig.guard.trip(Trip.HEARTBEAT_LOST)
    with pytest.raises(InterlockTripped, match=r"the rig is tripped: HEARTBEAT_LOST, EMERGENCY_STOP; remove"):
        watch.begin()
    assert Trip.EMERGENCY_STOP in opened.instruments["rig"].trips.read()


def test_a_trip_while_the_run_is_on_stops_it(rig, watched):
    _, watch, control = watched
    watch.begin()
    rig.clock.sleep(10)
    assert control.error is None
    rig.guard.press()
    rig.clock.sleep(10)
    assert isinstance(control.error, InterlockTripped)
    assert "the rig tripped by itself: EMERGENCY_STOP" in str(control.error)
