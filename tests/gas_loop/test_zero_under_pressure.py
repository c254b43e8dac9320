"""The zero of an ultrasonic meter at each pressure: valves shut, blower off, and refused beyond its limit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby

import pytest
from examining import examine_replies, examine_times
from loops import calibrate, is_safe, planned
from short_runs import of_before, record, record_anew, told

from remotecal.drivers.capabilities import LoopMode
from remotecal.errors import ConfigurationError, EvidenceError, ParameterError, RunError
from remotecal.journal.contents import beside
from remotecal.journal.events import JournalReader
from remotecal.procedures.library.gas_loop.running import REST
from remotecal.sim.gas_loop.assemblies import ClosedLoop

LATER = datetime(2100, 1, 1, tzinfo=UTC)
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
    assert table.column("remotecal_zeroAllowed").values == ("0.2", "0.2"), "7 mm/s in DN100"
    notes = [note for note in told(bench, "note") if note["text"] == "zero"]
    assert [(note["pressure"], note["readings"]) for note in notes] == [(1000.0, 20), (400.0, 20)]
    assert [note["zero"] for note in notes] == pytest.approx(found, abs=5e-5)


def test_a_zero_is_the_meters_error_and_covered(measured):
    bench, evidence, _ = measured
    table = record(evidence).measurements[0].results[0].tables[0]
    errors = table.column("basic_measurementError")
    for row, (error, expanded) in enumerate(zip(errors.floats(), errors.uncertainty.expanded, strict=True)):
        assert error == pytest.approx(bench.true_in(table, row), abs=1.2 * float(expanded))


def test_the_zero_of_a_coriolis_meter_is_one_of_mass(tmp_path):
    """The same mass flow is 2.5 times as much volume where the gas is 2.5 times as thin."""
    with ClosedLoop.up(tmp_path / "bench", seed=7, output="coriolis", zero=True) as bench:
        evidence = calibrate(bench, **LEVELS)
        made = record(evidence).measurements[0]
        dense, thin = zeros(made).column("remotecal_zeroFlow").floats()
        assert thin / dense == pytest.approx(1000.0 / 400.0, rel=0.25)
        true = [3600.0 * bench.rig.zero(1000.0 * pressure) for pressure in (1000.0, 400.0)]
        assert (dense, thin) == pytest.approx(true, abs=0.004)
        table = made.results[0].tables[0]
        errors = table.column("basic_measurementError")
        for row, (error, expanded) in enumerate(
            zip(errors.floats(), errors.uncertainty.expanded, strict=True)
        ):
            assert error == pytest.approx(bench.true_in(table, row), abs=1.2 * float(expanded))
    assert evidence.instruments["dut"].driver == "MicroMotion2700"


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


def test_the_limit_of_a_zero_follows_the_bore_unless_the_order_has_a_figure(measured):
    _, evidence, _ = measured

    def allowed(**other):
        order = evidence.order.model_copy(update={"parameters": {**evidence.order.parameters, **other}})
        found = record(replace(evidence, order=order, parameters={**evidence.parameters, **other}))
        return zeros(found.measurements[0]).column("remotecal_zeroAllowed").values[0]

    width = evidence.parameters["diameter"]
    assert allowed(diameter=2 * width) == "0.8"
    assert allowed(diameter=2 * width, zero_limit=0.2) == "0.2"
    with pytest.raises(EvidenceError, match=r"m3/h while the gas stands, and 0\.002 m3/h is allowed"):
        allowed(diameter=width / 10)


def test_leak_and_zero_are_computed_from_what_was_read_for_them(measured):
    _, evidence, _ = measured
    assert [(one.text, one.about["pressure"]) for one in evidence.kept] == [
        (text, pressure) for pressure in (1000.0, 400.0) for text in ("leak", "zero")
    ]
    first, *others = evidence.observations
    assert not {"leak", "zero", "zero_scatter"} & first.values.keys(), "a repeat tells no computed number"
    leak, zero, *rest = evidence.kept

    def forged(*kept, **values):
        entry = replace(first, values={**first.values, **values})
        return replace(evidence, observations=(entry, *others), kept=(*kept, *rest))

    shown = tuple(one._replace(value=one.value + 0.5) for one in zero.values["flow"])
    wrong = replace(zero, values={"flow": shown})
    fallen = tuple(one._replace(value=one.value * 0.999**n) for n, one in enumerate(leak.values["pressure"]))
    lost = replace(leak, values={**leak.values, "pressure": fallen})
    few = replace(zero, values={"flow": shown[1:]})
    of_master = replace(zero, values={"flow": tuple(one._replace(source="m1.flow") for one in shown)})
    for made, said in (
        (forged(leak, wrong), r"160 m3/h: at 1000 kPa the meter shows \+0\.\d+ m3/h"),
        (forged(lost, zero), r"160 m3/h: the loop leaked \d.* m3/h when it was tested"),
        (forged(leak), r"repeat 1: the order has the meter's zero read, and nothing tells it"),
        (forged(zero), r"repeat 1: nothing was read before it that tells of a leak"),
        (forged(leak, few), r"zero, .*pressure 1000.*: flow holds 19 readings of .*, and 20 are due"),
        (forged(leak, of_master), r"zero, .*pressure 1000.*: flow was read by m1"),
        (
            forged(leak, zero, leak=0.001),
            r"repeat 1: the repeat tells 0\.001 m3/h as leak, and what",
        ),
        (
            forged(leak, zero, zero=0.001),
            r"repeat 1: the repeat tells 0\.001 m3/h as the mean of the zero, and",
        ),
        (
            forged(leak, replace(zero, text="tare")),
            r"tare, .*: the procedure reads nothing beside",
        ),
    ):
        with pytest.raises(EvidenceError, match=said):
            record(made)


def test_an_older_journal_whose_repeats_tell_the_numbers_gives_the_same_certificate(measured):
    _, evidence, _ = measured
    told = {
        (kept.text, kept.about["pressure"]): {
            new: kept.about[old]
            for old, new in {"leak": "leak", "zero": "zero", "scatter": "zero_scatter"}.items()
            if old in kept.about
        }
        for kept in evidence.kept
    }
    older = tuple(
        replace(one, values={**one.values, **told["leak", at], **told["zero", at]})
        for one in evidence.observations
        if (at := one.point.nominal["pressure"])
    )
    old, new = record_anew(of_before(evidence, observations=older)), record(evidence)
    assert old.measurements == new.measurements
    with pytest.raises(EvidenceError, match="nothing was read before it that tells of a leak"):
        record(replace(evidence, observations=older, kept=()))
    for wrong, said in (
        ({"zero": 0.5}, r"160 m3/h: at 1000 kPa the meter shows \+0\.5 m3/h"),
        ({"leak": 0.5}, r"the loop leaked 0\.5 m3/h when it was tested, and 0\.0\d+ m3/h are allowed"),
        ({"leak": -0.5}, r"the loop leaked -0\.5 m3/h"),
    ):
        first = replace(older[0], values={**older[0].values, **wrong})
        with pytest.raises(EvidenceError, match=said):
            record_anew(of_before(evidence, observations=(first, *older[1:])))


def test_a_verifier_reads_them_again_from_the_replies(measured):
    bench, _, _ = measured
    folder = bench.directory.parent / "run"
    events = list(JournalReader.at(folder))
    examine_times(events, LATER)
    assert "values read again" in examine_replies(events, contents=beside(folder))
    place = next(n for n, one in enumerate(events) if one.kind == "note" and one.data["text"] == "zero")
    data = events[place].data
    first, *others = data["values"]["flow"]
    for wrong, examine, said in (
        ({**first, "value": first["value"] + 0.1}, examine_replies, r"exchange \d+ says .*, the observation"),
        ({**first, "at": first["at"] - 7200.0}, lambda found: examine_times(found, LATER), "the repeat was"),
    ):
        note = events[place]._replace(data={**data, "values": {"flow": [wrong, *others]}})
        with pytest.raises(EvidenceError, match=said):
            examine([*events[:place], note, *events[place + 1 :]])


def test_a_meter_that_tells_no_flow_has_no_zero_to_read(tmp_path):
    told_none = pytest.raises(ParameterError, match="what has the role dut tells no flow")
    with ClosedLoop.up(tmp_path / "bench", seed=7) as bench, told_none:
        planned(bench, zero_time=60.0)
    with pytest.raises(ConfigurationError, match="zero is of an ultrasonic meter"):
        ClosedLoop.up(tmp_path / "other", seed=7, zero=True).__enter__()
