"""A loop whose gas is as moist as a dew-point meter tells, and not as the order supposes."""

from dataclasses import replace

import pytest
from loops import calibrate, errors_of, planned
from short_runs import evaluated, record

from remotecal.errors import ConfigurationError, EvidenceError, ParameterError, RunError
from remotecal.sim.gas_loop.assemblies import ClosedLoop

MASSES = {"kinds": ("coriolis",) * 3, "dew_point": -5.0, "dew_meter": True, "pressures": (400.0,)}
"""Masters that tell mass: by a dew point of -5 °C the gas is 0.16 % lighter than dry."""


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A short calibration whose order supposes a gas that is all but dry."""
    with ClosedLoop.up(tmp_path_factory.mktemp("dew") / "bench", seed=7, **MASSES) as bench:
        yield bench, calibrate(bench, pressures=[400.0], dew_point=-45.0)


def without(observation):
    """Return an observation in which the meter was not read."""
    kept = {name: value for name, value in observation.values.items() if name != "dew_point"}
    return replace(observation, values=kept)


def drier(evidence, by):
    """Return evidence in which the meter read other dew points: by so many kelvins in the nth repeat."""
    every = []
    for n, one in enumerate(evidence.observations):
        read = tuple(each._replace(value=each.value + by(n)) for each in one.values["dew_point"])
        every.append(replace(one, values={**one.values, "dew_point": read}))
    return replace(evidence, observations=tuple(every))


def test_what_the_meter_tells_counts_and_not_what_the_order_supposes(measured):
    _, evidence = measured
    supposed = [errors_of(evaluated(evidence, dew_point=at)) for at in (-45.0, -5.0)]
    assert supposed[0] == supposed[1]
    unread = [without(one) for one in evidence.observations]
    instruments = {role: one for role, one in evidence.instruments.items() if role != "dew_point_meter"}
    stated = replace(evidence, observations=tuple(unread), instruments=instruments)
    dry, wet = (errors_of(evaluated(stated, dew_point=at)) for at in (-45.0, -5.0))
    assert supposed[0] == pytest.approx(wet, abs=0.011)
    assert [a - b for a, b in zip(dry, wet, strict=True)] == pytest.approx([0.16, 0.16], abs=0.03)


def test_its_certificate_tells_the_uncertainty_and_stands_among_the_standards(measured):
    _, evidence = measured
    made = record(evidence)
    known = {line.symbol: line for line in made.measurements[0].budgets[0].lines}
    assert 0.15 <= float(known["δ_dp"].u) <= 0.2, "half of 0.3 K, and more between certified points"
    assert float(known["ε_w"].u) == pytest.approx(0.005)
    assert "t_dp" not in known, "the order's is not counted beside it"
    assert any("Dew-point transmitter" in each.name.get("en") for each in made.standards)
    (told,) = [each for each in made.measurements[0].conditions if "remotecal_dewPoint" in each.ref_types]
    assert "101.325 kPa" in told.name.get("en")
    (fluid,) = [each for each in made.measurements[0].conditions if "remotecal_fluid" in each.ref_types]
    assert "its dew point measured" in fluid.quantities[0].text.get("en")


def test_the_water_is_that_of_each_repeat_and_its_change_scatters(measured):
    """By -15 °C in place of -5 °C the gas is 0.1 % heavier; what the meter is off is the same in both."""
    _, evidence = measured
    moist, dry, mixed = (
        drier(evidence, by) for by in (lambda _: 0.0, lambda _: -10.0, lambda n: -10.0 * (n % 2))
    )
    (wet, _), (light, _) = errors_of(evaluated(moist)), errors_of(evaluated(dry))
    assert errors_of(evaluated(mixed))[0] == pytest.approx((wet + light) / 2, abs=0.006)
    scatter, common = {}, {}
    for name, each in (("wet", moist), ("mixed", mixed)):
        lines = {line.symbol: float(line.u) for line in record(each).measurements[0].budgets[0].lines}
        scatter[name], common[name] = lines["E_rep"], lines["δ_dp"]
    assert scatter["mixed"] > scatter["wet"] + 0.02
    assert common["mixed"] == pytest.approx(common["wet"], rel=0.3)


def test_its_sensor_may_be_at_the_pressure_of_the_loop(measured):
    """There the same dew point is that of a quarter of the water, so the gas is all but dry."""
    _, evidence = measured
    expanded, inside = (errors_of(evaluated(evidence, dew_cell=cell)) for cell in ("stated", "loop"))
    assert [b - a for a, b in zip(expanded, inside, strict=True)] == pytest.approx([0.12, 0.12], abs=0.03)


def test_a_meter_that_was_not_read_is_missed(measured):
    _, evidence = measured
    first, *rest = evidence.observations
    unread = without(first)
    with pytest.raises(EvidenceError, match="dew_point_meter was not read in every repeat"):
        evaluated(replace(evidence, observations=(unread, *rest)))


def test_an_order_that_supposes_a_dry_gas_is_refused(measured):
    bench, _ = measured
    with pytest.raises(ParameterError, match=r"dew_point is missing: .* take that role out"):
        planned(bench, dew_point=None)
    with pytest.raises(ParameterError, match=r"at 2500 kPa dew_cell .* 2e.06 Pa.*expand the sample"):
        planned(bench, dew_point=-5.0, dew_cell="loop", pressures=[2500.0])
    with (
        pytest.raises(ConfigurationError, match="dew_meter needs a moist gas"),
        ClosedLoop.up(bench.directory / "dry", dew_meter=True),
    ):
        pass


def test_a_dew_point_that_moves_in_a_repeat_stops_the_run(tmp_path):
    with ClosedLoop.up(tmp_path / "bench", seed=7, dew_point=-20.0, dew_meter=True) as bench:
        known = bench.certificates["dew_point_meter"]
        plain = known.true

        def drifts(*_):
            known.true = tuple(each + (0.05 * bench.world.time) % 2.0 for each in plain)

        bench.rig.followers.append(drifts)
        with pytest.raises(RunError, match=r"the dew point changed by .* cleaning its mirror"):
            calibrate(bench, dew_point=-20.0)


@pytest.mark.parametrize(
    ("off", "said"), [(-10.0, r"holds from .* was read.* calibrated there, or"), (50.0, "drier gas")]
)
def test_gas_of_which_no_certificate_could_be_had_stops_the_first_repeat(tmp_path, off, said):
    with ClosedLoop.up(tmp_path / "bench", seed=7, dew_point=-40.0, dew_meter=True) as bench:
        known = bench.certificates["dew_point_meter"]
        known.true = tuple(each - off for each in known.true)
        with pytest.raises(RunError, match=said):
            calibrate(bench, dew_point=-40.0)
        held = next(tmp_path.rglob("journal.jsonl")).read_text(encoding="utf-8")
        assert held.count('"kind":"repeat"') == 1, "not after hours"


@pytest.mark.parametrize(
    ("all_others", "first", "said"),
    [
        (20.0, 20.0, r"1\.\d+ times what stays vapour at"),
        (
            3.0,
            0.0,
            r"the dew point changed by 3\.\d+ K in a repeat, and .*; a run does not go on behind that",
        ),
    ],
)
def test_forged_dew_points_that_would_have_stopped_the_run_give_no_certificate(
    measured, all_others, first, said
):
    _, evidence = measured
    one, *others = evidence.observations
    read = [each._replace(value=each.value + all_others) for each in one.values["dew_point"]]
    read[0] = read[0]._replace(value=read[0].value - all_others + first)
    forged = replace(one, values={**one.values, "dew_point": tuple(read)})
    with pytest.raises(EvidenceError, match=said):
        record(replace(evidence, observations=(forged, *others)))
