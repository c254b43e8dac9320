"""What pycnometer, tubes, meters on line and hydrometer refuse, in sentences that say what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from short_runs import ShortRuns, evaluated, record, rewrite

from remotecal.errors import (
    BenchError,
    CertificateRefused,
    EvidenceError,
    NotStable,
    ParameterError,
    RunError,
)
from remotecal.runs.prompts import Answer, Beside
from remotecal.sim.density.gas_bench import PycnometerBench
from remotecal.sim.density.hydrometer_bench import HydrometerBench
from remotecal.sim.density.line_bench import LineBench
from remotecal.sim.density.tube_bench import TubeBench

RUNS = ShortRuns()
ONE = {"temperatures": [20.0], "repeats": 2, "readings": 2}


class Forgetful:
    """Does as the bench's person does, but not what holds `what`."""

    def __init__(self, bench, what, answer=None):
        self._person, self._what, self._answer = Beside(bench.person), what, answer

    def answer(self, question, still_wanted):
        if self._what in question.text.get("en"):
            return Answer(self._answer or question.options[0], "liwei")
        return self._person.answer(question, still_wanted)


def up(kind, tmp_path, **options):
    return kind.up(tmp_path / "bench", seed=7, **options)


@pytest.mark.parametrize(
    ("kind", "parameters", "error", "said"),
    [
        (
            PycnometerBench,
            {"sphere": "56.56 L"},
            ParameterError,
            r"sphere has 5\.7\d+e-05 m3 .*; 1 cm3 is 0\.001 L",
        ),
        (PycnometerBench, {"density": 2.7}, ParameterError, "at least 100"),
        (PycnometerBench, {"gas": "air"}, ParameterError, "gas"),
        (PycnometerBench, {"repeats": 2}, ParameterError, "at least 3"),
        (TubeBench, {"densities": [718.0, 779.0]}, ParameterError, "3 liquids or more are needed, not 2"),
        (TubeBench, {"viscosities": [1.0]}, ParameterError, "1 viscosities for 4 liquids"),
        (
            TubeBench,
            {"densities": [718.0, 779.0, 1464.0, 868.0, 900.0], "viscosities": []},
            BenchError,
            "there is no liquid 5 on the bench: give it an artefact, or mend densities",
        ),
        (
            TubeBench,
            {"densities": [779.0, 718.0, 1464.0, 868.0]},
            ParameterError,
            r"liquid 1 has .* and the order says 779 kg/m3: mend densities",
        ),
        (TubeBench, {"temperatures": [60.0]}, ParameterError, "at most 40"),
        (
            LineBench,
            {"densities": [718.0, 779.0]},
            ParameterError,
            "3 liquids or more are needed beside air, not 2",
        ),
        (
            LineBench,
            {"temperatures": [30.0, 20.0]},
            ParameterError,
            "must be near 20 °C, where K0, K1 and K2",
        ),
        (LineBench, {"compressibilities": []}, ParameterError, "0 compressibilities for 4 liquids"),
        (
            LineBench,
            {"pressures": [5e5, 50e5]},
            ParameterError,
            "interlock stops a run at controller.pressure above 1100 kPa",
        ),
        (
            LineBench,
            {"densities": [779.0, 718.0, 998.0, 1464.0]},
            ParameterError,
            r"liquid 1 has .* and the order says 779 kg/m3: mend densities",
        ),
        (
            LineBench,
            {"densities": [718.0, 779.0, 998.0, 1464.0, 868.0], "compressibilities": [1e-9] * 5},
            BenchError,
            "there is no liquid 5 on the bench",
        ),
        (HydrometerBench, {"marks": [1.02]}, ParameterError, "at least 500"),
        (HydrometerBench, {"stem": "5 cm2"}, ParameterError, "stem"),
        (HydrometerBench, {"permissible": 0.0}, ParameterError, "above 0"),
    ],
)
def test_orders_that_can_not_be_are_refused(tmp_path, kind, parameters, error, said):
    with up(kind, tmp_path) as bench, pytest.raises(error, match=said):
        RUNS.planned(bench, **parameters)


def test_pressures_without_a_controller_are_refused(tmp_path):
    with up(LineBench, tmp_path) as bench:
        rewrite(bench.bench, ("instruments.controller", "instruments.spare"), ("controller.p", "spare.p"))
        rewrite(bench.bench, ('"controller"', '"spare"'))
        with pytest.raises(BenchError, match="there is no controller: give it, or leave them out"):
            RUNS.planned(bench)


def test_a_pressure_that_the_controllers_certificate_does_not_hold_for_is_refused(tmp_path):
    with up(LineBench, tmp_path) as bench:
        rewrite(bench.bench, ("above = 1100.0", "above = 9000.0"))
        with pytest.raises(CertificateRefused, match="use an instrument that is calibrated there"):
            RUNS.planned(bench, pressures=[12.5e5])


def test_a_leak_is_seen_as_a_pressure_that_never_rests(tmp_path):
    with up(PycnometerBench, tmp_path, leak=1.0) as bench, pytest.raises(NotStable, match="pressure"):
        RUNS.calibrate(bench)


def test_a_valve_that_stayed_shut_is_found_out(tmp_path):
    with up(PycnometerBench, tmp_path) as bench:
        person = Forgetful(bench, "Open the valve to the reference chamber")
        with pytest.raises(RunError, match="look at the valves"):
            RUNS.calibrate(bench, person=person)


def test_another_sample_than_the_order_expects_is_refused(tmp_path):
    with up(PycnometerBench, tmp_path) as bench:
        evidence = RUNS.calibrate(bench, repeats=3, density=7850.0)
        with pytest.raises(ParameterError, match=r"and the order expects 7850 kg/m3: mend the order"):
            evaluated(evidence)


@pytest.mark.parametrize(
    ("kind", "said"),
    [(TubeBench, "Set the tube to 30 °C"), (LineBench, "Set the thermostat of the line to 30 °C")],
)
def test_a_thermostat_that_nobody_set_is_found_out(tmp_path, kind, said):
    with (
        up(kind, tmp_path) as bench,
        pytest.raises(RunError, match="set its temperature, or allow more by near"),
    ):
        RUNS.calibrate(bench, person=Forgetful(bench, said), **{**ONE, "temperatures": [20.0, 30.0]})


def test_a_period_that_wanders_while_air_comes_back_is_in_the_budget(tmp_path):
    """The drift of 20 ppm an hour is no refusal: what air says last and first is charged."""
    with up(TubeBench, tmp_path / "a", drift=20.0) as wandering:
        far = RUNS.calibrate(wandering, **ONE)
    with up(TubeBench, tmp_path / "b", drift=0.0) as still:
        near = RUNS.calibrate(still, **ONE)
    shares = [
        next(float(line.u) for line in record(one).measurements[0].budgets[0].lines if line.symbol == "δ_τ")
        for one in (far, near)
    ]
    assert shares[0] > 20 * shares[1]


def test_a_hydrometer_that_floats_above_the_mark_is_refused(tmp_path):
    """Water is denser than a mark of 900 kg/m³: the hydrometer would have to be pressed down."""
    with up(HydrometerBench, tmp_path) as bench, pytest.raises(RunError, match="it floats above this mark"):
        RUNS.calibrate(bench, marks=[900.0])


@pytest.mark.parametrize(
    ("sunk", "said"),
    [
        ("hanger", "pulls at nothing. Marks for liquids lighter"),
        ("in_air", "lighter than it is in air. Let it hang"),
    ],
)
def test_weighings_that_no_liquid_makes_are_refused(tmp_path, sunk, said):
    """By an evaluation, too: replies that were written anew stand in the right order."""
    with up(HydrometerBench, tmp_path) as bench:
        evidence = RUNS.calibrate(bench)
    first, *others = evidence.observations
    forged = first.values["sunk"]._replace(value=first.values[sunk].value)
    spoiled = replace(first, values={**first.values, "sunk": forged})
    with pytest.raises(EvidenceError, match=said):
        record(replace(evidence, observations=(spoiled, *others)))


def test_a_hydrometer_that_hung_in_no_water_is_refused(tmp_path):
    """In nonane it pulls by another force than in water, by which alone is reckoned: 1484 kg/m³ for 1068."""
    with up(HydrometerBench, tmp_path) as bench:
        evidence = RUNS.calibrate(bench)
    first, *others = evidence.observations
    hanger, above, below = (first.values[name].value for name in ("hanger", "in_air", "sunk"))
    in_nonane = above - (above - below) * 718.0 / 998.0
    assert hanger < in_nonane < above
    elsewhere = first.values["sunk"]._replace(value=in_nonane)
    spoiled = replace(first, values={**first.values, "sunk": elsewhere})
    with pytest.raises(EvidenceError, match="look whether it hangs in water, to this mark"):
        record(replace(evidence, observations=(spoiled, *others)))


def test_a_hydrometers_water_that_warms_is_refused(tmp_path):
    with (
        up(HydrometerBench, tmp_path, warming=15.0) as bench,
        pytest.raises(RunError, match=r"temperature changed by .* mK, and 20 mK are allowed"),
    ):
        RUNS.calibrate(bench)


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (PycnometerBench, "Leave the cell empty"),
        (TubeBench, "dry air again"),
        (LineBench, "nonane"),
        (HydrometerBench, "level with the mark 1040"),
    ],
)
def test_what_can_not_be_done_stops_a_run(tmp_path, kind, what):
    told = {} if kind in {PycnometerBench, HydrometerBench} else ONE
    with up(kind, tmp_path) as bench, pytest.raises(RunError, match="what was asked for can't be done"):
        RUNS.calibrate(bench, person=Forgetful(bench, what, "it can't be done"), **told)
