"""Every interlock of every bench: what it watches goes beyond its limit in a run, which ends, and all is safe."""

from __future__ import annotations

import re
from datetime import date

import pytest
from every_bench import options, short
from shipped import BENCHES
from short_runs import ShortRuns, told
from tripping import BEYOND, out_of_place

from remotecal.clock import VirtualClock
from remotecal.drivers.declarations import declared
from remotecal.errors import InterlockTripped
from remotecal.sim.world import World
from remotecal.units import convert

RUNS = ShortRuns()
PER_SECOND = 0.05
"""Share of its limit by which a quantity moves on; slow enough to be within its span when it is looked at."""


def interlocks(name):
    """Return what a bench's file says is watched."""
    kind = BENCHES[name]
    bench = kind(World(VirtualClock(), 7), kind.choose({"seed": 7, **options(name)}))
    return bench.paper(date(2026, 11, 29)).interlocks


WATCHED = [(name, lock) for name in BENCHES for lock in interlocks(name)]


class Drifts:
    """Lets what is watched move to its limit and on, once a run measures.

    Truly, where a domain says how (`tripping.BEYOND`); otherwise by what its instrument shows.
    """

    def __init__(self, name, bench, lock):
        self._bench, self._lock, self._done = bench, lock, False
        self._truly = BEYOND.get(name, {}).get(lock.watch)

    def __call__(self, progress):
        if progress.doing == "measure" and not self._done:
            self._done = True
            self._truly(self._bench) if self._truly else self._drift()

    def _drift(self):
        instrument, _, quantity = self._lock.watch.partition(".")
        shown = self._bench.instrument(instrument)
        (reading,) = (one for one in declared(shown.driver) if one.name == quantity.partition("[")[0])
        rate = PER_SECOND * abs(convert(self._lock.limit, self._lock.unit, reading.unit))
        rate = rate if self._lock.above is not None else -rate
        if source := shown._reads.get(reading.name):
            world = self._bench.world
            with world.present() as since:
                shown._reads[reading.name] = lambda: source() + rate * (world.time - since)
        else:
            shown.faults.set("drifting", 3600.0 * rate)


@pytest.mark.parametrize(("name", "lock"), WATCHED, ids=[f"{name}-{lock.watch}" for name, lock in WATCHED])
def test_what_goes_beyond_its_limit_ends_a_run_and_leaves_all_safe(tmp_path, name, lock):
    with short(name).up(tmp_path / "bench", seed=7, **options(name)) as bench:
        with pytest.raises(InterlockTripped, match=re.escape(lock.watch)):
            RUNS.calibrate(bench, (Drifts(name, bench, lock),))
        found = {of: out_of_place(instrument) for of, instrument in bench.connect().items()}
        assert {of: wrong for of, wrong in found.items() if wrong} == {}
        assert len(told(bench, "interlock")) == 1
        assert told(bench, "safe")[-1]["reached"] is not False
