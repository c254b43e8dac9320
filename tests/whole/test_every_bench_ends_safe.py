"""Whatever ends a run on any bench, nothing stays open or turning that a wire or a controller can reach."""

from __future__ import annotations

import random

import pytest
from every_bench import MEASURING, options, short
from shipped import BENCHES
from short_runs import ShortRuns, told
from tabled import KILLED
from tripping import GUARDED, guarded, out_of_place

from remotecal.drivers.capabilities import FlowSource
from remotecal.errors import RunAborted, SafeStateNotReached
from remotecal.runs.control import Control

RUNS = ShortRuns()
LONGEST = 10
"""How often a run tells where it is, at most, before it is ended."""


class AtSomeMoment:
    """Acts when a run has told so often that it measures, or at its end of doing so."""

    def __init__(self, moment, act):
        self._left, self._act = moment, act

    def __call__(self, progress):
        if progress.point is None or self._left < 0:
            return
        self._left -= 1
        if self._left < 0:
            self._act()


def left_open(bench):
    found = {name: out_of_place(instrument) for name, instrument in bench.connect().items()}
    return {name: wrong for name, wrong in found.items() if wrong}


@pytest.fixture
def bench(tmp_path, name):
    with short(name).up(tmp_path / "bench", seed=7, **options(name)) as made:
        yield made


def moment(name, why):
    return random.Random(f"{name} {why}").randint(0, LONGEST)


@pytest.mark.parametrize("name", MEASURING)
def test_a_run_that_is_called_off(bench, name):
    control = Control()
    ends = AtSomeMoment(moment(name, "aborted"), lambda: control.abort("enough", "liwei"))
    with pytest.raises(RunAborted):
        RUNS.calibrate(bench, (ends,), control)
    assert left_open(bench) == {}
    assert told(bench, "safe")[-1]["reached"] is not False


@pytest.mark.parametrize("name", [name for name in GUARDED if name in {*BENCHES, *KILLED}])
def test_a_run_whose_controller_is_not_reached_any_more(bench, name):
    """It makes the rig safe by itself, and nobody says that a run made it so."""
    (controller,) = guarded(bench)
    faults = bench.instrument(controller).faults
    with pytest.raises(SafeStateNotReached):
        RUNS.calibrate(bench, (AtSomeMoment(moment(name, "silent"), lambda: faults.set("dead")),))
    assert told(bench, "safe")[-1]["reached"] is False
    faults.clear("dead")
    bench.clock.sleep(60.0)
    opened = bench.connect()
    assert [trip.name for trip in opened[controller].trips.read()] == ["HEARTBEAT_LOST"]
    assert out_of_place(opened[controller]) == []
    drives = [one for one in opened.values() if isinstance(one, FlowSource)]
    assert [drive.actual_speed.read().value for drive in drives] == [0.0] * len(drives)
