"""Gauge and transmitter: the constructed examples of the fact sheet, through the whole evaluation."""

from dataclasses import replace

import pytest
from papers import (
    BARS,
    GAUGE,
    TRANSMITTER,
    certified,
    certified_air,
    elsewhere,
    evidence,
    evidence_of,
    fact,
    gauge,
    observed,
)

from remotecal.errors import CertificateRefused
from remotecal.procedures.library.pressure.head import gas_density, head
from remotecal.procedures.library.pressure.transmitter import Transmitter
from remotecal.runs.resting import rests_on


def transmitter(**changes):
    told = {"span": ("0 MPa", "1 MPa"), "unit": "MPa", "accuracy_class": 0.1, **changes}
    return Transmitter(Transmitter.accepts()(**told))


@pytest.fixture
def of_gauge():
    return evidence(gauge(), GAUGE, ("indicated", "bar"), certified("bar", (0, 5, 10), 0.0004))


@pytest.fixture
def of_transmitter():
    standard, ammeter = certified("MPa", (0, 0.5, 1), 1e-9), certified("mA", (0, 12, 24), 1e-9)
    return evidence(transmitter(), TRANSMITTER, ("current", "mA"), standard, dut=ammeter)


def printed(numbers, digits):
    return [f"{number:.{digits}f}" for number in numbers]


def columns(result):
    return {column.ref_types[-1]: column for column in result.tables[0].columns}


def said(made):
    return " ".join(one.declaration.get("en") for one in made.statements if one.declaration)


def test_the_gauges_errors_and_uncertainties_to_their_printed_digits(of_gauge):
    findings, whole = gauge().found(of_gauge)
    assert printed((one.evaluated.value for one in findings), 6) == [
        "0.000400", "0.001917", "0.002833", "0.002950", "0.002017", "0.000500",
    ]  # fmt: skip
    assert printed((one.evaluated.expanded for one in findings), 6) == [
        "0.000635", "0.000891", "0.000943", "0.000906", "0.000656", "0.000532",
    ]  # fmt: skip
    assert {one.evaluated.k for one in findings} == {2.0}
    assert printed((one.hysteresis for one in findings), 6)[1] == "0.001233"
    assert (f"{whole.zero:.4f}", f"{whole.repeatability:.4f}", f"{whole.band:.6f}") == (
        "0.0006",
        "0.0003",
        "0.003856",
    )
    assert findings[3].band == whole.band, "at 6 bar"


def test_the_gauges_table_says_what_it_indicates_up_and_down(of_gauge):
    table, whole = gauge().evaluate(of_gauge).results
    found = columns(table)
    assert found["remotecal_rising"].values[3] == "6.00233"
    assert found["remotecal_falling"].values[3] == "6.00357"
    error = found["basic_measurementError"]
    assert (error.values[3], error.uncertainty.expanded[3]) == ("0.00295", "0.00091")
    assert error.conformity.verdicts == ("pass",) * 6
    assert found["basic_referenceValue"].values[:2] == ("0.00000", "2.00000")
    assert columns(whole)["remotecal_errorBand"].values == ("0.00386",)


def test_the_transmitters_errors_to_their_printed_digits(of_transmitter):
    findings, whole = transmitter().found(of_transmitter)
    assert (f"{whole.basic:.3f}", f"{100 * whole.basic / 16:.4f}") == ("0.013", "0.0812")
    apart = max(abs(one.falling - one.rising) for one in findings)
    assert (f"{apart:.3f}", 100 * apart / 16) == ("0.005", pytest.approx(0.03125))
    # Of all readings 0.0069 mA lie beside the line of least squares; of their means no more than this.
    assert whole.nonlinearity == pytest.approx(0.0041)
    made = columns(transmitter().evaluate(of_transmitter).results[0])
    assert made["remotecal_idealIndication"].unit == "mA"
    assert [float(value) for value in made["remotecal_idealIndication"].values] == [4, 8, 12, 16, 20]


@pytest.mark.parametrize(("sequence", "apart"), [("JJG 882", 0.0), ("cg-17 comprehensive", 0.008 / 3)])
def test_hysteresis_is_that_of_the_means_by_jjg_882(sequence, apart):
    """Cycles that turn by 0.004, -0.002 and -0.002 mA have means that don't."""
    procedure = transmitter(sequence=sequence, pressures=("0 MPa", "0.5 MPa", "1 MPa"))
    up = (4.0, 12.0, 20.0)
    rows = [row for turned in (0.004, -0.002, -0.002) for row in (up, (4.0, 12.0 + turned, 20.0))]
    standard, ammeter = certified("MPa", (0, 0.5, 1), 1e-5), certified("mA", (0, 12, 24), 1e-4)
    findings, whole = procedure.found(evidence(procedure, rows, ("current", "mA"), standard, dut=ammeter))
    assert (findings[1].hysteresis, whole.hysteresis) == (pytest.approx(apart), pytest.approx(apart))
    (line,) = (line for line in findings[1].evaluated.lines if line.symbol == "δ_h")
    assert line.u == pytest.approx(apart / 12**0.5)


def test_a_device_above_the_standard_has_less_pressure(of_gauge):
    level = {"reference_height": fact(0.1, "m", 0.002), "gravity": fact(9.80122, "m/s2")}
    at_level, _ = gauge().found(of_gauge)
    above, _ = gauge().found(elsewhere(of_gauge, **level))
    # Nitrogen at 11 bar absolute weighs 11.4 kg/m³ more than the air around.
    more = (above[5].evaluated.value - at_level[5].evaluated.value) * 1e5
    assert more == pytest.approx(
        9.80122 * 0.1 * (11.013e5 * 28.0134e-3 / (8.314463 * 293.15) - 1.199), rel=1e-3
    )
    assert above[5].evaluated.expanded > at_level[5].evaluated.expanded


def test_an_absolute_device_on_a_gauge_standard_takes_the_airs_pressure_and_its_uncertainty(of_gauge):
    absolute = gauge(absolute=True, standard_kind="gauge")
    run = elsewhere(of_gauge)
    run.certificates["ambient"] = certified_air(40.0)
    at_level, _ = gauge().found(of_gauge)
    found, _ = absolute.found(run)
    lower = (found[3].evaluated.value - at_level[3].evaluated.value) * 1e5
    assert lower == pytest.approx(-101_325, rel=1e-6)
    (line,) = (line for line in found[3].evaluated.lines if line.symbol == "p_a")
    assert line.u == pytest.approx(20)


def test_a_standards_certificate_is_not_extended(of_gauge):
    of_gauge.certificates["controller"] = certified("bar", (0, 2.5, 5), 0.0004)
    with pytest.raises(CertificateRefused, match="holds from 0 to 5 bar, but 6 bar was read"):
        gauge().found(of_gauge)


def test_an_ammeters_certificate_holds_over_the_whole_current():
    class Fluke:
        current = pressure = air_pressure = None

    drivers = dict.fromkeys(("controller", "ambient", "dut"), Fluke)
    certificates = {
        "controller": certified("MPa", (0, 0.5, 1), 0.00001),
        "ambient": certified_air(),
        "dut": certified("mA", (0, 10, 20), 0.0006),
    }
    transmitter().check(certificates, drivers)
    short = {**certificates, "dut": certified("mA", (4, 10, 16), 0.0006)}
    with pytest.raises(CertificateRefused, match="from 4 to 16 mA, but the ammeter is to read 4 to 20 mA"):
        transmitter().check(short, drivers)


def test_what_the_standard_drifted_is_taken_off_and_is_an_input(of_gauge):
    plain, _ = gauge().found(of_gauge)
    run = elsewhere(of_gauge, reference_drift=fact(20.0, "Pa", 10.0))
    drifted, _ = gauge().found(run)
    assert drifted[3].evaluated.value - plain[3].evaluated.value == pytest.approx(20e-5)
    (line,) = (line for line in drifted[3].evaluated.lines if line.symbol == "δ_d")
    assert line.contribution == pytest.approx(5e-5)
    made = gauge().evaluate(run)
    assert "p_ref = p_std - δ_d - " in made.methods[0].description.get("en")
    (before,), after = (
        [one.declaration.get("en") for one in rests_on(replace(each, wording=1), type(gauge()), (made,))]
        for each in (of_gauge, run)
    )
    assert before.startswith("Drift of any standard since its calibration is not in the uncertainties")
    assert after == [], "it is, by that fact"


def test_one_cycle_tells_no_repeatability_and_the_certificate_says_so():
    procedure = gauge(sequence="DKD-R 6-1 C")
    run = evidence(procedure, GAUGE[:2], ("indicated", "bar"), certified("bar", (0, 5, 10), 0.0004))
    made = procedure.evaluate(run)
    assert "remotecal_repeatability" not in columns(made.results[1])
    assert any(
        "the repeatability is unknown" in said.declaration.get("en")
        for said in made.statements
        if said.declaration
    )


@pytest.mark.parametrize(
    ("changes", "norm", "expected", "unsaid"),
    [
        ({}, "EURAMET cg-17", "Sequence: cg-17 comprehensive; preloads: 1; cycles: 3", "mounted anew"),
        ({}, "EURAMET cg-17", "Not in the usual form of that sequence: set points.", "DKD"),
        ({"sequence": "DKD-R 6-1 A"}, "DKD-R 6-1", "was not mounted anew before the last cycle", "cg-17"),
        (
            {"sequence": "JJG 882", "pressures": (), "preloads": 0},
            "JJG 882",
            "sequence: preloads.",
            "set points",
        ),
        (
            {"cycles": 2},
            "EURAMET cg-17",
            "Not in the usual form of that sequence: set points, cycles.",
            "DKD",
        ),
    ],
)
def test_the_certificate_names_the_sequence_that_was_followed_and_what_was_otherwise(
    changes, norm, expected, unsaid
):
    procedure = gauge(**changes)
    there = procedure.sweep
    row = tuple(value / 1e5 for value in there.values)
    run = evidence(
        procedure, (row, row) * there.cycles, ("indicated", "bar"), certified("bar", (0, 5, 10), 0.0004)
    )
    made = procedure.evaluate(run)
    assert made.norms == (norm,)
    assert expected in said(made)
    assert unsaid not in said(made)


@pytest.mark.parametrize(
    ("sequence", "set_points", "ways", "preloads"),
    [
        ("cg-17 basic", 6, 2 + 2, 1),
        ("cg-17 standard", 11, 2 + 2, 1),
        ("cg-17 comprehensive", 11, 6, 1),
        ("DKD-R 6-1 A", 9, 6, 3),
        ("DKD-R 6-1 B", 9, 3, 2),
        ("DKD-R 6-1 C", 5, 2, 1),
        ("JJG 882", 5, 6, 1),
    ],
)
def test_sequences_are_those_of_their_documents(sequence, set_points, ways, preloads):
    """M1, M2 … of each, up and down; DKD-R 6-1 B ends after M3, and cg-17 rises to some points again."""
    procedure = gauge(sequence=sequence, pressures=())
    assert len(procedure.sweep.values) == set_points
    assert len({point.series for point in procedure.points()}) == ways
    assert len(procedure.sweep.way(None, procedure.points()[1])) == 2 * preloads + 1
    given = gauge(sequence=sequence, pressures=(), cycles=procedure.sweep.cycles)
    assert given.points() == procedure.points()


@pytest.mark.parametrize("cycles", [None, 1])
def test_a_single_cycle_is_followed_by_repeated_points_however_it_was_asked_for(cycles):
    procedure = gauge(sequence="cg-17 basic", cycles=cycles)
    rising = [point for point in procedure.points() if "rising" in point.series]
    assert [point.nominal["pressure"] for point in rising[6:]] == [0.0, 6e5, 0.0, 6e5]
    assert not [
        point for point in gauge(sequence="cg-17 basic", cycles=2).points() if "cycle 3" in point.series
    ]


def test_some_points_risen_to_again_tell_the_repeatability_of_all_and_u_has_a_floor():
    procedure = gauge(sequence="cg-17 basic")
    again = [(row[0], row[3]) for row in GAUGE[2::2]]
    rows = [GAUGE[0], GAUGE[1], again[0], again[1][::-1]]
    run = evidence(procedure, rows, ("indicated", "bar"), certified("bar", (0, 5, 10), 0.0004))
    findings, whole = procedure.found(run)
    assert whole.repeatability == pytest.approx(0.0003)
    for one in findings:
        lines = {line.symbol: line for line in one.evaluated.lines}
        assert lines["δ_b"].u == pytest.approx(0.0003 / 12**0.5)
        assert one.evaluated.expanded == pytest.approx(0.02), "0.2 % of the span"
    made = procedure.evaluate(run)
    assert (
        "Set point 10 bar: U is the smallest that may be reported (0.2 % of the span, by cg-17 basic)"
        in said(made)
    )


@pytest.mark.parametrize(("cmc", "there"), [(70.0, ("0 bar", "8 bar", "10 bar")), (50.0, ())])
def test_the_certificate_says_where_the_cmc_is_stated_instead(of_gauge, cmc, there):
    """U is 53 to 94 Pa by the budget."""
    made = gauge().evaluate(elsewhere(of_gauge, cmc=fact(cmc, "Pa")))
    expected = ", ".join(f"Set point {place}" for place in there)
    assert (f"{expected}: U is the smallest that may be reported (the accredited CMC)" in said(made)) is bool(
        there
    )


def test_a_gauge_that_turns_too_wide_fails(of_gauge):
    strict = gauge(hysteresis_share=0.1)
    assert "does not conform" in strict.evaluate(of_gauge).statements[1].declaration.get("en")
    said = gauge().evaluate(of_gauge).statements[1].declaration.get("en")
    assert "the gauge conforms" in said
    assert "(unverified): the gauge" in said, "the hysteresis that is allowed"


def test_the_last_tenth_of_the_range_may_err_more(of_gauge):
    made = gauge(accuracy_class=0.015, class_at_top=0.1).evaluate(of_gauge)
    error = columns(made.results[0])["basic_measurementError"]
    assert error.conformity.tolerance.upper == ("0.0015",) * 5 + ("0.01",)


@pytest.mark.parametrize("sequence", ["DKD-R 6-1 B", "cg-17 basic", "DKD-R 6-1 A"])
def test_reference_and_indications_are_brought_to_one_mean_however_often_it_rose(sequence):
    """The controller stops 0.01 bar short on each way, and the gauge errs by 0.002 bar up, 0.004 bar down."""
    procedure = gauge(sequence=sequence)
    points = procedure.points()
    shown, observations = ("indicated", "bar"), []
    for at, point in enumerate(points):
        rising, value = "rising" in point.series, point.nominal["pressure"]
        there = value + (0 if value in (0, 1e6) else -1000 if rising else 1000)
        read = there / 1e5 + (0.002 if rising else 0.004)
        observations.append(observed(point, at, there, shown, read))
    run = replace(
        evidence_of(procedure, observations),
        certificates={"controller": certified("bar", (0, 5, 10), 0.0004)},
    )
    made = procedure.evaluate(run)
    found = {name: column.floats() for name, column in columns(made.results[0]).items()}
    assert found["basic_referenceValue"] == pytest.approx(BARS, abs=1e-5)
    for name, error in (("remotecal_rising", 0.002), ("remotecal_falling", 0.004)):
        apart = [one - true for one, true in zip(found[name], found["basic_referenceValue"], strict=True)]
        assert apart == pytest.approx([error] * 6, abs=1e-5)
    assert found["basic_measurementError"] == pytest.approx([0.003] * 6, abs=1e-5)


def test_a_column_of_a_tenth_of_a_metre():
    """Nitrogen at 1 MPa and 20 °C makes 10.1 Pa, oil of 860 kg/m³ 842 Pa, in air of 1.2 kg/m³."""
    lost = [head(density, 1.2, 9.80665, 0.1) for density in (gas_density("nitrogen", 1e6, 20.0), 860.0)]
    assert printed(lost, 1) == ["10.1", "842.2"]
