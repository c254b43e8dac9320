"""What a device is judged by, and where its permissible error changes."""

import math
from dataclasses import replace

import pytest
from papers import BARS, certified, evidence, evidence_of, gauge, observed

from remotecal.procedures.library.evaluation.conformity import Zones
from remotecal.procedures.library.pressure.transmitter import Transmitter

MILLIAMPERES = (4, 8, 12, 16, 20)


def shifted(values, inner, top):
    """Return a passage in which all readings but the first are off: by `inner`, and by `top` at the top."""
    first, *middle, last = values
    return (float(first), *(value + inner for value in middle), last + top)


def of_gauge(procedure, rising, falling):
    """Return three cycles of a gauge that errs by so many bar on its ways."""
    passages = (shifted(BARS, rising, 0.009), shifted(BARS, falling, 0.009)) * 3
    return evidence(procedure, passages, ("indicated", "bar"), certified("bar", (0, 5, 10), 0.0004))


def columns(result):
    return {column.ref_types[-1]: column for column in result.tables[0].columns}


def said(made):
    return "\n".join(one.declaration.get("en") for one in made.statements if one.declaration)


@pytest.mark.parametrize(
    ("rising", "falling", "verdict", "largest"),
    [
        (0.0075, 0.0095, "pass", "0.0095"),
        (0.0075, 0.0115, "fail", "0.0115"),
        (-0.0115, -0.0075, "fail", "-0.0115"),
    ],
)
def test_a_gauge_fails_by_a_single_direction_outside_its_limits(rising, falling, verdict, largest):
    """The mean of both directions is 0.0095 bar, within 0.01 bar, where one of them is 0.0115 bar."""
    procedure = gauge()
    made = procedure.evaluate(of_gauge(procedure, rising, falling))
    table, whole = (columns(result) for result in made.results)
    assert table["basic_measurementError"].conformity.verdicts == ("pass", *(verdict,) * 4, "pass")
    assert set(table["remotecal_largestError"].values[1:5]) == {f"{float(largest):.4f}"}
    assert whole["remotecal_basicError"].floats() == (float(largest),), "with its sign"
    ends = {"pass": "the gauge conforms.", "fail": "the gauge does not conform."}
    assert ends[verdict] in said(made)
    assert "of all readings is judged, rising and falling" in said(made)


def test_one_reading_of_one_cycle_is_enough_to_fail():
    procedure = gauge()
    good, bad = shifted(BARS, 0.005, 0.005), shifted(BARS, 0.0101, 0.005)
    run = evidence(
        procedure,
        (good, good, good, bad, good, good),
        ("indicated", "bar"),
        certified("bar", (0, 5, 10), 0.0004),
    )
    assert "the gauge does not conform." in said(procedure.evaluate(run))


def at_places(procedure, standard_off):
    """Return a gauge without errors whose pressures came to rest beside the set points."""
    observations = []
    for at, point in enumerate(procedure.points()):
        there = point.nominal["pressure"] + standard_off
        observations.append(observed(point, at, there, ("indicated", "bar"), there / 1e5 + 0.011))
    known = certified("bar", (-1, 5, 10), 0.0004)
    return replace(evidence_of(procedure, observations), certificates={"controller": known})


@pytest.mark.parametrize("standard_off", [-500.0, 0.0, 500.0])
def test_the_last_tenth_begins_at_its_set_point_wherever_the_pressure_came_to_rest(standard_off):
    procedure = gauge(pressures=("0 bar", "5 bar", "9 bar", "10 bar"), class_at_top=0.2)
    made = procedure.evaluate(at_places(procedure, standard_off))
    judged = columns(made.results[0])["basic_measurementError"].conformity
    assert judged.tolerance.upper == ("0.01", "0.01", "0.02", "0.02")
    assert judged.verdicts == ("fail", "fail", "pass", "pass")
    assert "±0.01 bar (< 9 bar), ±0.02 bar (≥ 9 bar)" in said(made)


def test_the_top_of_a_vacuum_gauge_is_its_lower_end():
    procedure = gauge(
        span=("-0.8 bar", "0 bar"),
        pressures=("-0.8 bar", "-0.72 bar", "-0.4 bar", "0 bar"),
        accuracy_class=1.6,
        class_at_top=2.5,
    )
    made = procedure.evaluate(at_places(procedure, 0.0))
    judged = columns(made.results[0])["basic_measurementError"].conformity
    assert judged.tolerance.upper == ("0.02", "0.02", "0.0128", "0.0128")
    assert "±0.0128 bar (|p| < 0.72 bar), ±0.02 bar (|p| ≥ 0.72 bar)" in said(made)


def test_limits_of_three_zones_are_told_from_where_to_where():
    zones = Zones(((10.0, 5.0), (20.0, 3.0), (math.inf, 2.0)), "%", "m3/h")
    assert str(zones) == "±5 % (< 10 m3/h), ±3 % (≥ 10 m3/h, < 20 m3/h), ±2 % (≥ 20 m3/h)"
    assert [zones.at(place).upper for place in (9.9, 10.0, 20.0 - 1e-12, 25.0)] == [5.0, 3.0, 2.0, 2.0]


def test_a_transmitter_fails_by_a_single_direction_outside_its_limits():
    """0.1 % of 16 mA are 0.016 mA; it errs by 0.012 mA rising and by 0.0184 mA falling."""
    procedure = Transmitter(Transmitter.accepts()(span=("0 MPa", "1 MPa"), unit="MPa", accuracy_class=0.1))
    passages = (shifted(MILLIAMPERES, 0.012, 0.014), shifted(MILLIAMPERES, 0.0184, 0.014)) * 3
    run = evidence(
        procedure,
        passages,
        ("current", "mA"),
        certified("MPa", (0, 0.5, 1), 0.00001),
        dut=certified("mA", (0, 12, 24), 0.0006),
    )
    made = procedure.evaluate(run)
    verdicts = columns(made.results[0])["basic_measurementError"].conformity.verdicts
    assert verdicts == ("pass", "fail", "fail", "fail", "pass")
    assert "the transmitter does not conform." in said(made)
