"""Rotary and ultrasonic masters beside turbines: by flow, by bus; and the speed of sound they tell."""

from __future__ import annotations

import pytest
from loops import calibrate, is_safe, planned
from short_runs import evaluated, record

from remotecal.errors import CertificateRefused, ConfigurationError, EvidenceError, RunError
from remotecal.procedures.library.gas_loop.sound import Heard, remark
from remotecal.sim.gas_loop.assemblies import ClosedLoop
from remotecal.sim.instruments.gas_ultrasonic import WRAPS

MIXED = ("rotary", "ultrasonic", "turbine")
"""At 400 m³/h the rotary and the turbine are open, at 100 m³/h the ultrasonic one alone."""


def up(folder, **options):
    return ClosedLoop.up(folder / "bench", **{"seed": 7, "kinds": MIXED, **options})


def results_of(made):
    return {result.ref_types[0]: result.tables[0] for result in made.measurements[0].results}


def covers(bench, made):
    table = results_of(made)["remotecal_errorCurve"]
    found = table.column("basic_measurementError")
    for error, expanded, at in zip(
        found.floats(), found.uncertainty.expanded, table.column("basic_referenceValue").floats(), strict=True
    ):
        assert error == pytest.approx(bench.true_error(at), abs=1.5 * float(expanded))


def test_masters_of_every_kind_work_side_by_side_and_tell_the_speed_of_sound(tmp_path):
    with up(tmp_path) as bench:
        made = record(calibrate(bench))
        covers(bench, made)
        assert is_safe(bench)
    found = results_of(made)
    assert found["remotecal_loopFlow"].said("remotecal_masters").words == ("1+3", "2")
    heard = found["remotecal_soundCheck"]
    assert heard.said("remotecal_meter").words == ("2",)
    assert heard.column("remotecal_soundComputed").floats() == pytest.approx((344.0,), abs=1.5)
    assert abs(heard.column("remotecal_soundDifference").floats()[0]) < 0.05


def test_another_speed_of_sound_than_the_gas_has_stops_the_run(tmp_path):
    with up(tmp_path, sound_off=0.3) as bench:
        with pytest.raises(
            RunError, match=r"100 m3/h: master 2 tells a speed of sound .* \+0\.\d+ %; 0\.2 %"
        ):
            calibrate(bench)
        assert is_safe(bench)


def test_another_gas_than_the_order_says_is_heard(tmp_path):
    """Nitrogen is lighter than air, and faster by 1.6 %; ratios of volumes would not have told."""
    with (
        up(tmp_path, gas="nitrogen") as bench,
        pytest.raises(RunError, match=r"speed of sound of .* \+1\.\d+ %; 0\.2 % is allowed: look at"),
    ):
        calibrate(bench, gas="air", flows=[100.0])


def test_another_speed_of_sound_than_is_allowed_is_refused_by_the_evaluation(tmp_path):
    """Whoever writes the readings of another run into a journal has no certificate of them."""
    with up(tmp_path, sound_off=0.3) as bench:
        evidence = calibrate(bench, flows=[100.0], sound_difference=0.5)
    assert "remotecal_soundCheck" in results_of(record(evidence))
    with pytest.raises(EvidenceError, match=r"master 2 tells a speed .* a run does not go on behind"):
        evaluated(evidence, sound_difference=0.2)
    (said,) = remark([Heard("2", evidence.points[0], 345.0, 344.0)], 0.2)
    assert "differs from the computed one by more than 0.2 %: master 2 (" in said.declaration.get("en")
    assert not remark([Heard("2", evidence.points[0], 345.0, 344.0)], 0.5)


def test_a_total_that_begins_anew_in_a_repeat_is_no_error(tmp_path):
    """An ultrasonic master's total wraps just as the first repeat is under way: neither closure nor error."""
    with up(tmp_path) as bench:

        def fill_up(progress):
            if progress.point and progress.doing == "measure" and bench.rig.masters[1].indicated < WRAPS / 2:
                bench.rig.masters[1].indicated = WRAPS - 0.3

        evidence = calibrate(bench, (fill_up,), flows=[100.0])
        first = evidence.observations[0].values
        assert first["masters_after"][0].value < 1.0 < first["masters_before"][0].value
        covers(bench, record(evidence))


def test_a_master_by_flow_is_not_extrapolated(tmp_path):
    refused = r"master 1, .* certified for a flow in m3/h of 1\.3 to 68\.25, and 1\.2 is asked for"
    with up(tmp_path) as bench, pytest.raises(CertificateRefused, match=refused):
        planned(bench, lowest=1.0, flows=[1.2], least_load=0.01)


def test_each_master_is_of_one_kind():
    with pytest.raises(ConfigurationError, match="one of each"):
        ClosedLoop.up(kinds=("rotary",)).__enter__()
