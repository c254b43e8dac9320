"""Every interlock of every bench: what it watches goes beyond its limit, and the run ends with all safe."""

from __future__ import annotations

import re
from datetime import date

import pytest
from every_bench import options, short
from shipped import BENCHES
from short_runs import ShortRuns, told
from tripping import as_drawn, out_of_place

from remotecal.drivers.declarations import declared
from remotecal.errors import InterlockTripped
from remotecal.runs.control import Control
from remotecal.units import convert

RUNS = ShortRuns()
PER_SECOND = 0.05
"""Share of its limit by which a quantity moves on; slow enough to be within its span when it is looked at."""


WATCHED = [(name, lock) for name in BENCHES for lock in as_drawn(name).paper(date(2026, 11, 29)).interlocks]


class Drifts:
    """Lets what an instrument shows move to its limit and on, once a run measures and until it is stopped."""

    def __init__(self, bench, lock, control):
        self._bench, self._lock, self._control, self._done = bench, lock, control, False

    def __call__(self, progress):
        if progress.doing == "measure" and not self._done:
            self._done = True
            self._drift()

    def _drift(self):
        instrument, _, quantity = self._lock.watch.partition(".")
        shown, world, control = self._bench.instrument(instrument), self._bench.world, self._control
        (reading,) = (one for one in declared(shown.driver) if one.name == quantity.partition("[")[0])
        rate = PER_SECOND * abs(convert(self._lock.limit, self._lock.unit, reading.unit))
        rate = rate if self._lock.above is not None else -rate
        if source := shown._reads.get(reading.name):  # what else it tells stays true
            with world.present() as since:
                shown._reads[reading.name] = lambda: (
                    source() if control.has_stopped else source() + rate * (world.time - since)
                )
        else:
            shown.faults.set("drifting", 3600.0 * rate)


@pytest.mark.parametrize(("name", "lock"), WATCHED, ids=[f"{name}-{lock.watch}" for name, lock in WATCHED])
def test_what_goes_beyond_its_limit_ends_a_run_and_leaves_all_safe(tmp_path, name, lock):
    with short(name).up(tmp_path / "bench", seed=7, **options(name)) as bench:
        control = Control()
        with pytest.raises(InterlockTripped, match=re.escape(lock.watch)):
            RUNS.calibrate(bench, (Drifts(bench, lock, control),), control)
        found = {of: out_of_place(instrument) for of, instrument in bench.connect().items()}
        assert {of: wrong for of, wrong in found.items() if wrong} == {}
        assert len(told(bench, "interlock")) == 1
        assert told(bench, "safe")[-1]["reached"] is not False
