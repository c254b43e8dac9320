"""The zero of an ultrasonic meter at each pressure: valves shut, blower off, and refused beyond its limit."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import pytest
from loops import calibrate, is_safe, planned
from short_runs import record, told

from remotecal.drivers.capabilities import LoopMode
from remotecal.errors import ConfigurationError, EvidenceError, ParameterError, RunError
from remotecal.procedures.library.gas_loop.running import REST
from remotecal.sim.gas_loop.assemblies import ClosedLoop

LEVELS = {"pressures": [1000.0, 400.0], "flows": [160.0, 40.0], "further_flows": [400.0]}


def zeros(made):
    return next(one.tables[0] for one in made.results if "remotecal_zeroUnderPressure" in one.ref_types)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("loop") / "bench"
    with ClosedLoop.up(folder, seed=7, output="total", zero=True) as bench:
        steps, rig = [], bench.rig

        def follow(took, *_):
            shut = not rig.plc.standing and not rig.blower.speed and rig.plc.mode is LoopMode.HOLD
            steps.append((shut, round(rig.pressure / 1e5), took))

        rig.followers.append(follow)
        yield bench, calibrate(bench, **LEVELS), steps


def test_the_zero_of_each_pressure_is_on_the_certificate(measured):
    bench, evidence, _ = measured
    made = record(evidence).measurements[0]
    table = zeros(made)
    assert table.column("remotecal_nominalPressure").values == ("1000", "400")
    found = table.column("remotecal_zeroFlow").floats()
    true = [3600.0 * bench.rig.zero(1000.0 * pressure) for pressure in (1000.0, 400.0)]
    assert found == pytest.approx(true, abs=0.004)
    assert abs(found[0] - found[1]) > 0.01, "another one at another pressure"
    assert table.column("remotecal_zeroAllowed").values == ("0.2", "0.2")
    notes = [note for note in told(bench, "note") if note["text"] == "zero"]
    assert [(note["pressure"], note["readings"]) for note in notes] == [(1000.0, 20), (400.0, 20)]
    assert [note["zero"] for note in notes] == pytest.approx(found, abs=5e-5)


def test_a_zero_is_the_meters_error_and_covered(measured):
    bench, evidence, _ = measured
    table = record(evidence).measurements[0].results[0].tables[0]
    errors = table.column("basic_measurementError")
    for row, (error, expanded) in enumerate(zip(errors.floats(), errors.uncertainty.expanded, strict=True)):
        assert error == pytest.approx(bench.true_in(table, row), abs=1.2 * float(expanded))


def test_it_is_read_with_the_blower_off_and_every_branch_shut(measured):
    bench, _, steps = measured
    shut = [
        (pressure, sum(took for *_, took in some))
        for (still, pressure), some in groupby(steps, key=lambda step: step[:2])
        if still
    ]
    (_, zero, other) = [(pressure, lasted) for pressure, lasted in shut if lasted > 60.0]
    assert (zero[0], other[0]) == (10, 4), "the gas is kept in; the first time it is for the test for leaks"
    assert min(zero[1], other[1]) >= REST + 60.0
    seen = [one for one in told(bench, "note") if one["text"] in {"leak", "zero", "masters"}]
    assert [one["text"] for one in seen] == ["leak", "zero", "masters", "masters", "leak", "zero", "masters"]
    assert is_safe(bench)


def test_a_zero_beyond_its_limit_is_refused_and_the_loop_is_safe(tmp_path):
    with ClosedLoop.up(tmp_path / "bench", seed=7, output="total", zero=True) as bench:
        with pytest.raises(RunError, match=r"at 600 kPa the meter shows [+-]0\.0\d+ m3/h while"):
            calibrate(bench, zero_limit=0.001)
        assert told(bench, "observation") == []
        assert is_safe(bench)


def test_evidence_of_a_zero_beyond_it_is_none(measured):
    _, evidence, _ = measured
    first, *others = evidence.observations
    forged = replace(first, values={**first.values, "zero": 0.5})
    with pytest.raises(EvidenceError, match=r"160 m3/h: at 1000 kPa the meter shows \+0\.5 m3/h"):
        record(replace(evidence, observations=(forged, *others)))
    left_out = replace(first, values={name: of for name, of in first.values.items() if "zero" not in name})
    with pytest.raises(EvidenceError, match=r"repeat 1: the order has the meter's zero read, and the repeat"):
        record(replace(evidence, observations=(left_out, *others)))


def test_a_meter_that_tells_no_flow_has_no_zero_to_read(tmp_path):
    told_none = pytest.raises(ParameterError, match="what has the role dut tells no flow")
    with ClosedLoop.up(tmp_path / "bench", seed=7) as bench, told_none:
        planned(bench, zero_time=60.0)
    with pytest.raises(ConfigurationError, match="zero is of an ultrasonic meter"):
        ClosedLoop.up(tmp_path / "other", seed=7, zero=True).__enter__()
