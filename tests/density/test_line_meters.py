"""Density meters on line: constants come back, from exact points and from whole runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from short_runs import ShortRuns, evaluated, record

from remotecal.certificates.dcc import read, write
from remotecal.errors import EvidenceError
from remotecal.procedures.library.density.line_constants import (
    NAMES,
    FluidState,
    LineConstants,
    determine,
    scatter,
    stated,
)
from remotecal.sim.density.line_bench import LineBench, LineMeterSpec

RUNS = ShortRuns()
TRUE = LineConstants((-1150.0, -0.12, 1.22e-4), (-1.8e-5, 6e-3), (2.6e-5, -1.2e-7), (-1.5e-2, 4e-5))
METER = LineMeterSpec(TRUE.k, TRUE.warm, (TRUE.slope[0], TRUE.slope[1], TRUE.shift[0], TRUE.shift[1]), 0.0)
FLUIDS = (1.2, 718.0, 779.0, 998.0, 1464.0)


def states(fluids, t, p):
    return [FluidState(density, METER.period(density, t, p), t, p) for density in fluids]


def test_constants_come_back_to_the_digits_they_are_stated_with():
    found = determine(
        states(FLUIDS, 20.0, 0.0),
        [*states(FLUIDS[1:], 10.0, 0.0), *states(FLUIDS[1:], 35.0, 0.0)],
        [*states(FLUIDS[1:], 20.0, 5.0), *states(FLUIDS[1:], 20.0, 10.0)],
    )
    assert found.all() == pytest.approx(TRUE.all(), rel=1e-6)
    shown = stated(found).density(METER.period(868.0, 27.0, 7.0), 27.0, 7.0)
    assert shown == pytest.approx(868.0, abs=2e-5)


def test_what_is_not_quite_at_twenty_degrees_is_brought_there():
    """With the first temperature 0.2 K off, K₀ to K₂ are still those of 20 °C."""
    found = determine(states(FLUIDS, 20.2, 0.0), states(FLUIDS[1:], 35.0, 0.0), [])
    assert found.k == pytest.approx(TRUE.k, rel=1e-5)
    assert found.warm == pytest.approx(TRUE.warm, rel=1e-4)
    assert found.slope == found.shift == (0.0, 0.0)


def test_one_pressure_tells_no_square_of_it():
    found = determine(states(FLUIDS, 20.0, 0.0), [], states(FLUIDS[1:], 20.0, 10.0))
    assert (found.slope[1], found.shift[1]) == (0.0, 0.0)
    shown = found.density(METER.period(900.0, 20.0, 10.0), 20.0, 10.0)
    assert shown == pytest.approx(900.0, abs=1e-4)


@pytest.mark.parametrize(
    ("cold", "warm", "said"),
    [
        (FLUIDS[:2], FLUIDS[1:], "constants of fluids: add some"),
        (FLUIDS, FLUIDS[1:2], "constants of temperatures: add some"),
    ],
)
def test_too_few_points_are_refused(cold, warm, said):
    with pytest.raises(EvidenceError, match=said):
        determine(states(cold, 20.0, 0.0), states(warm, 35.0, 0.0), [])


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A calibration of a meter on line as it is ordered, and its bench."""
    with LineBench.up(tmp_path_factory.mktemp("line") / "bench", seed=7) as bench:
        evidence = RUNS.calibrate(bench)
        yield evidence, bench


def test_a_meters_errors_are_told_with_its_constants(ran):
    evidence, bench = ran
    made = record(evidence)
    assert read(write(made)) == made
    errors, constants = made.measurements[0].results
    table = errors.tables[0]
    column = table.column("basic_measurementError")
    assert len(column.values) == 22
    for row, (error, expanded) in enumerate(zip(column.floats(), column.uncertainty.expanded, strict=True)):
        assert abs(error) < 0.1
        assert error == pytest.approx(bench.true_in(table, row), abs=1.5 * float(expanded))
    said = {
        name: one.floats()[0]
        for each in constants.tables
        for name in NAMES
        if (one := each.column(f"remotecal_constant{name}")) is not None
    }
    assert tuple(said) == NAMES
    spec = bench.meter.spec
    assert said["K19"] == pytest.approx(spec.warm[1], abs=4e-3)
    for name, row in (("basic_temperature", 4), ("remotecal_linePressure", 3)):
        assert table.column(name).floats()[row] == pytest.approx(10.0, abs=0.02)
    assert [one.conformity for one in made.statements if one.conformity] == ["pass"]


def test_a_meters_truth_is_of_the_temperature_that_it_had(ran):
    """Its thermostat still lacks 10 mK of 35 °C: what a liquid's density is off by is the same there."""
    evidence, bench = ran
    table = record(evidence).measurements[0].results[0].tables[0]
    errors = table.column("basic_measurementError").floats()
    off = [error - bench.true_in(table, row) for row, error in enumerate(errors)]
    for at_20, at_35 in ((1, 5), (6, 10), (11, 15), (16, 20)):
        assert off[at_35] == pytest.approx(off[at_20], abs=0.006)


def test_without_temperature_and_pressure_a_meter_would_be_wrong(ran):
    """What the certificate's own constants say of its own periods, if only the three of 20 °C are used."""
    evidence, _ = ran
    errors, constants = record(evidence).measurements[0].results
    k = [constants.tables[0].column(f"remotecal_constant{name}").floats()[0] for name in NAMES[:3]]
    table = errors.tables[0]
    periods, references = (
        table.column(name).floats() for name in ("remotecal_period", "basic_referenceValue")
    )
    off = [
        k[0] + k[1] * period + k[2] * period**2 - reference
        for period, reference in zip(periods, references, strict=True)
    ]
    assert max(map(abs, off)) > 0.1


def test_a_meter_that_fits_no_parabola_leaves_errors_that_fail(ran):
    evidence, _ = ran
    (statement,) = [one for one in evaluated(evidence, permissible=1e-3).statements if one.conformity]
    assert statement.conformity != "pass"


def fitted(folder, bend):
    """Return the scatter of the fit and U between the fluids that a meter's certificate states."""
    with LineBench.up(folder / "bench", seed=7) as bench:
        bench.meter.spec = replace(bench.meter.spec, bend=bend)
        made = evaluated(RUNS.calibrate(bench, repeats=2, readings=2, temperatures=[20.0], pressures=[]))
    table = made.results[1].tables[-1]
    largest = max(map(float, made.results[0].tables[0].column("basic_measurementError").uncertainty.expanded))
    return [*(table.column(f"remotecal_fit{what}").floats()[0] for what in FIT), largest]


FIT = ("Scatter", "ExpandedUncertainty")


def test_a_fit_that_misses_its_fluids_states_a_larger_uncertainty_between_them(tmp_path):
    straight, bent = (fitted(tmp_path / f"{bend}", bend) for bend in (0.0, 3e-9))
    assert bent[0] > 5 * straight[0] > 0.0
    assert bent[1] > 4 * straight[1]
    for missed, expanded, largest in (straight, bent):
        assert expanded > max(largest, 2.5 * missed)


def test_fluids_no_more_than_constants_leave_no_scatter():
    with pytest.raises(EvidenceError, match="K0, K1 and K2 miss: add some"):
        scatter(TRUE, states(FLUIDS[:3], 20.0, 0.0))
