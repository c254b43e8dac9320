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
