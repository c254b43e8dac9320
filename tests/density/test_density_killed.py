"""Calibrations of density that are killed again and again, and interlocks that trip."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from beside import killed_beside
from killed import observed
from short_runs import AtPoint, ShortRuns, told

from remotecal.errors import RunError
from remotecal.runs.prompts import Beside
from remotecal.sim.density.gas_bench import PycnometerBench
from remotecal.sim.density.hydrometer_bench import HydrometerBench
from remotecal.sim.density.line_bench import LineBench
from remotecal.sim.density.tube_bench import TubeBench

RUNS = ShortRuns()
KILLS = 4


def carried_out(bench, out, chance, longest, **parameters):
    """Carry an order out that is killed again and again; return what was asked each time."""
    every, kept = [], []
    for _ in range(KILLS):
        was_killed, asked = killed_beside(bench, out, chance.uniform(0.05, 1.0) * longest, **parameters)
        assert was_killed, "it was done before: kill it earlier"
        every.append(asked)
        now = observed(out)
        assert now[: len(kept)] == kept, "nothing that was observed is lost"
        kept = now
    was_killed, asked = killed_beside(bench, out, 0)
    assert not was_killed
    assert set(Counter(observed(out)).values()) == {1}, "no repeat counts twice"
    return [*every, asked]


def test_a_pycnometer_is_vented_before_it_goes_on(tmp_path):
    with PycnometerBench.up(tmp_path / "bench", seed=7) as bench:
        out = tmp_path / "run"
        every = carried_out(bench, out, random.Random(1), 1500, repeats=3)
        assert len(observed(out)) == 3
        for asked in every[1:]:
            assert asked[0].startswith("Open both chambers of the pycnometer to the air"), asked[:1]
        assert bench.pycnometer.above == pytest.approx(0.0, abs=1.0)


def test_nobody_opens_a_line_that_a_killed_run_left_under_pressure(tmp_path):
    with LineBench.up(tmp_path / "bench", seed=7) as bench:
        out = tmp_path / "run"
        carried_out(bench, out, random.Random(2), 2500, repeats=2, readings=2, temperatures=[20.0])
        assert len(observed(out)) == 2 * (2 + 4 * 3)
        assert bench.meter.opened_under < 0.05
        assert bench.line.pressure() == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize(
    ("kind", "longest", "parameters", "repeats"),
    [
        (TubeBench, 2000, {"repeats": 2, "readings": 2, "temperatures": [20.0]}, 2 * 7),
        (HydrometerBench, 150, {"repeats": 2}, 2 * 3),
    ],
)
def test_what_stands_still_goes_on_where_it_was(tmp_path, kind, longest, parameters, repeats):
    with kind.up(tmp_path / "bench", seed=7) as bench:
        carried_out(bench, tmp_path / "run", random.Random(3), longest, **parameters)
        assert len(observed(tmp_path / "run")) == repeats


def push(bench, pressure):
    """Press the line of a bench beyond what its controller was told."""
    with bench.world.present():
        bench.line.control(pressure, 1e6)


def test_too_much_pressure_on_the_line_vents_it(tmp_path):
    with LineBench.up(tmp_path / "bench", seed=7) as bench:
        act = AtPoint("liquid 1, 20 °C, 10 bar", lambda: push(bench, 1150.0))
        with pytest.raises(RunError, match=r"controller\.pressure"):
            RUNS.calibrate(bench, watchers=(act,), repeats=2, readings=2, temperatures=[20.0])
        assert bench.line.pressure() == pytest.approx(0.0, abs=0.05)
        assert told(bench, "safe")[-1]["reached"]


def test_a_thermostat_that_runs_away_stops_a_tube(tmp_path):
    with TubeBench.up(tmp_path / "bench", seed=7) as bench:

        def run_away():
            bench.tube.target = 90.0

        with pytest.raises(RunError, match=r"thermometer\.temperature"):
            RUNS.calibrate(bench, watchers=(AtPoint("liquid 1, 20 °C", run_away),), temperatures=[20.0])


def test_a_line_that_runs_away_in_temperature_is_vented(tmp_path):
    with LineBench.up(tmp_path / "bench", seed=7) as bench:

        def run_away():
            bench.meter.target = 120.0

        act = AtPoint("liquid 1, 20 °C, 5 bar", run_away)
        with pytest.raises(RunError, match=r"thermometer\.temperature"):
            RUNS.calibrate(bench, watchers=(act,), temperatures=[20.0], readings=20)
        assert bench.line.pressure() == pytest.approx(0.0, abs=0.05)


def test_a_pycnometer_that_is_filled_too_far_is_vented_by_hand(tmp_path):
    with PycnometerBench.up(tmp_path / "bench", seed=7) as bench:

        def too_far(question, still_wanted):
            said = Beside(bench.person).answer(question, still_wanted)
            if "fill the cell" in question.text.get("en"):
                with bench.world.present():
                    bench.pycnometer.fill(190_000.0)
            return said

        class Careless:
            answer = staticmethod(too_far)

        with pytest.raises(RunError, match=r"dut\.pressure"):
            RUNS.calibrate(bench, person=Careless())
        assert bench.pycnometer.above == pytest.approx(0.0, abs=1.0)


def test_a_hydrometers_water_that_is_too_warm_stops_it(tmp_path):
    with HydrometerBench.up(tmp_path / "bench", seed=7) as bench:

        def warm():
            bench.stand.heated = 12.0

        with pytest.raises(RunError, match=r"thermometer\.temperature"):
            RUNS.calibrate(bench, watchers=(AtPoint("1040 kg/m3", warm),))
