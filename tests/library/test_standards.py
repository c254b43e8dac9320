"""What a standard's certificate states, in each of its four forms, read from a DCC and used in a model."""

from datetime import date

import pytest

from remotecal.certificates.dcc import read, write
from remotecal.drivers.keysight.dmm34461a import Keysight34461A
from remotecal.errors import CertificateRefused
from remotecal.model import Certificate, Column, Correlation, JointResult, Table, Text, Uncertainty, Words
from remotecal.procedures.library.evaluation.coefficients import Function, Single
from remotecal.procedures.library.evaluation.standards import Standard
from remotecal.sim.certificates import Certified, certificate
from remotecal.uncertainty.budget import Budget

A_0, SLOPE = ("remotecal_effectiveArea", "m2"), ("remotecal_distortionCoefficient", "1/Pa")


def certified(*tables):
    """Return a certificate with these tables as whoever reads its DCC finds it."""
    name = Text.plain("quantity")
    about = Certified(Text.plain("standard"), tuple((name, table) for table in tables))
    record = certificate(about, Keysight34461A, "S-1", name, "C-1", date(2026, 11, 1))
    return Certificate(read(write(record)))


def column(ref_type, unit, *values, expanded=None, k="2"):
    stated = None if expanded is None else Uncertainty(expanded=expanded, k=(k,), p=("0.95",))
    return Column(ref_types=(ref_type,), unit=unit, values=values, uncertainty=stated)


def errors(unit, *values, expanded):
    return column("basic_measurementError", unit, *values, expanded=expanded)


def directions(*words):
    return Words(ref_types=("remotecal_direction",), words=words)


GAUGE = Table(
    columns=(
        column("basic_measuredValue", "bar", "0", "5", "10", "0", "5", "10"),
        directions(*["rising"] * 3, *["falling"] * 3),
        errors("mbar", "0.1", "0.3", "0.4", "0.2", "0.8", "0.4", expanded=("0.2",)),
    )
)
"""A gauge that errs otherwise when its pressure falls."""

READOUT = [
    Table(
        columns=(
            column("remotecal_channel", "1", channel),
            column("basic_measuredValue", "°C", "0", "50"),
            errors("K", *values, expanded=("0.01",)),
        )
    )
    for channel, values in (("1", ("0.01", "0.02")), ("17", ("-0.03", "-0.05")))
]
"""A readout whose channels have a table each."""

WEIGHTS = Table(
    columns=(
        column("basic_nominalValue", "kg", "5", "10"),
        column("basic_conventionalMass", "g", "5000.012", "9999.985", expanded=("0.008", "0.015")),
    )
)
"""Two weights, each with its mass."""


def piston(correlation=None):
    """Return a piston gauge's certificate; A₀ and λ were fitted together where there is a correlation."""
    joint = () if correlation is None else (JointResult(columns=(0, 1), correlation=correlation),)
    return certified(
        Table(
            columns=(
                column(A_0[0], "mm2", "98.0500", expanded=("0.0010",)),
                column(SLOPE[0], "1/MPa", "4.0E-6", expanded=("0.8E-6",)),
            ),
            joint=joint,
        )
    )


def area(certificate):
    """Return its effective area as a function of the pressure."""
    return Function(certificate, {"A_0": A_0, "λ": SLOPE}, lambda a, b, pressure: a * (1 + b * pressure))


def evaluated(applied, *place):
    """Return what a standard states at a place, with its uncertainty."""
    budget = Budget(lambda **x: applied.value(x, *place), applied.inputs, "1", applied.correlations)
    return budget.evaluate()


def test_a_curve_is_that_of_the_direction_asked_for():
    gauge = certified(GAUGE)
    for direction, error in (("rising", 0.3), ("falling", 0.8)):
        known = Standard.certified(
            "p", gauge, "mbar", at_unit="bar", where={"remotecal_direction": direction}
        )
        assert known.around(5.0).value({"p": 0.0}, 5.0) == pytest.approx(error)
    with pytest.raises(CertificateRefused, match="needs 2 points or more, each at another place"):
        Standard.certified("p", gauge, "mbar", at_unit="bar")
    with pytest.raises(CertificateRefused, match=r"no table .* where remotecal_direction sideways"):
        Standard.certified("p", gauge, "mbar", where={"remotecal_direction": "sideways"})
    with pytest.raises(CertificateRefused, match=r"no table .* where remotecal_channel 1 1"):
        Standard.certified("p", gauge, "mbar", where={"remotecal_channel": (1, "1")})
    assert gauge.states("remotecal_direction")
    assert not gauge.states("remotecal_channel")


def test_a_curve_is_that_of_the_channel_asked_for():
    known = Standard.certified("t", certified(*READOUT), "°C", where={"remotecal_channel": (17, "1")})
    assert known.around(25.0).value({"t": 0.0}, 25.0) == pytest.approx(-0.04)


def test_a_single_value_is_chosen_by_its_nominal_one_and_is_an_input_itself():
    applied = Single(
        "m", certified(WEIGHTS), "basic_conventionalMass", "kg", {"basic_nominalValue": (10_000, "g")}
    )
    (mass,) = applied.inputs
    assert (mass.value, mass.u, mass.source) == (pytest.approx(9.999985), pytest.approx(7.5e-6), "C-1")
    assert evaluated(applied).value == pytest.approx(9.999985)
    with pytest.raises(CertificateRefused, match="has 2 rows of basic_conventionalMass: say which"):
        Single("m", certified(WEIGHTS), "basic_conventionalMass", "kg")
    with pytest.raises(CertificateRefused, match=r"no table of .* where basic_nominalValue 7 kg"):
        Single("m", certified(WEIGHTS), "basic_conventionalMass", "kg", {"basic_nominalValue": (7, "kg")})


def test_a_certificate_of_one_row_is_read_as_a_single_value():
    resistor = certified(Table(columns=(column("basic_resistance", "Ω", "100.0012", expanded=("0.0004",)),)))
    assert evaluated(Single("R", resistor, "basic_resistance", "Ω")).u == pytest.approx(0.0002)


def test_the_coefficients_of_a_function_are_inputs_in_the_units_asked_for():
    found = evaluated(area(piston()), 1e6)
    assert found.value == pytest.approx(9.805e-5 * (1 + 4e-12 * 1e6))
    assert found.u == pytest.approx(((0.5e-9) ** 2 + (9.805e-5 * 0.4e-12 * 1e6) ** 2) ** 0.5, rel=1e-4)
    assert {line.source for line in found.lines} == {
        Text(zh="C-1；未声明相关性", en="C-1; states no correlation")
    }


def test_coefficients_are_correlated_as_the_certificate_says():
    stated = Correlation(matrix=(("1", "-0.9"), ("-0.9", "1")), u=("0.0005", "0.4E-6"))
    independent, correlated = area(piston()), area(piston(stated))
    assert correlated.correlations == {("A_0", "λ"): -0.9}
    assert {each.source for each in correlated.inputs} == {"C-1"}
    # At 10 MPa λ counts as much as A₀: 3.9 ppm and 5.1 ppm, and most of it cancels.
    one, other = 0.5e-9, 9.805e-5 * 0.4e-12 * 1e7
    assert evaluated(independent, 1e7).u == pytest.approx((one**2 + other**2) ** 0.5, rel=1e-4)
    assert evaluated(correlated, 1e7).u == pytest.approx(
        (one**2 + other**2 - 1.8 * one * other) ** 0.5, rel=1e-3
    )


def test_more_digits_beside_the_correlation_count_and_so_do_the_fewest_degrees_of_freedom():
    stated = Correlation(matrix=(("1", "0.5"), ("0.5", "1")), u=("0.000481", "0.372E-6"))
    area_0 = column(A_0[0], "mm2", "98.0500", expanded=("0.0010",)).model_copy(update={"dof": ("12",)})
    slope = column(SLOPE[0], "1/MPa", "4.0E-6", expanded=("0.8E-6",)).model_copy(update={"dof": ("7",)})
    table = Table(columns=(area_0, slope), joint=(JointResult(columns=(0, 1), correlation=stated),))
    one, other = area(certified(table)).inputs
    assert (one.u, other.u) == (pytest.approx(0.481e-9), pytest.approx(0.372e-12))
    assert (one.dof, other.dof) == (7, 7)
    assert [each.dof for each in area(certified(table.model_copy(update={"joint": ()}))).inputs] == [12, 7]


def test_a_u_that_was_raised_above_what_stands_beside_the_correlation_is_what_counts():
    stated = Correlation(matrix=(("1", "0.5"), ("0.5", "1")), u=("0.000481", "0.372E-6"))
    columns = (
        column(A_0[0], "mm2", "98.0500", expanded=("0.0030",)),
        column(SLOPE[0], "1/MPa", "4.0E-6", expanded=("0.8E-6",)),
    )
    table = Table(columns=columns, joint=(JointResult(columns=(0, 1), correlation=stated),))
    raised, as_beside = area(certified(table)).inputs
    assert (raised.u, as_beside.u) == (pytest.approx(1.5e-9), pytest.approx(0.372e-12))


def test_coefficients_in_several_rows_are_refused_until_one_is_chosen():
    both = certified(
        Table(
            columns=(
                column("remotecal_piston", "1", "1", "2"),
                column(A_0[0], "mm2", "98.05", "9.805", expanded=("0.001", "0.0002")),
                column(SLOPE[0], "1/MPa", "4E-6", "5E-6", expanded=("1E-6",)),
            ),
            joint=(JointResult(columns=(2, 1), correlation=FOUR_TOGETHER),),
        )
    )
    with pytest.raises(CertificateRefused, match="has 2 rows of remotecal_effectiveArea, "):
        area(both)
    coefficients = {"A_0": A_0, "λ": SLOPE}
    second = Function(both, coefficients, lambda a, b, p: a * (1 + b * p), {"remotecal_piston": (2, "1")})
    assert second.inputs[0].value == pytest.approx(9.805e-6)
    assert second.correlations == {("A_0", "λ"): 0.25}


FOUR_TOGETHER = Correlation(
    matrix=(
        ("1", "0.5", "0.1", "0.2"),
        ("0.5", "1", "0.3", "0.25"),
        ("0.1", "0.3", "1", "0.4"),
        ("0.2", "0.25", "0.4", "1"),
    )
)
"""Of λ in both rows, and then of A₀ in both."""

SURFACE = Table(
    columns=(
        column("basic_temperature", "°C", "10", "10", "10", "30", "30", "30"),
        column("basic_measuredValue", "bar", "0", "5", "10", "0", "5", "10"),
        errors("mbar", "0", "1", "2", "2", "4", "6", expanded=("0.2", "0.2", "0.2", "0.6", "0.6", "0.6")),
    )
)
"""Errors over pressure and temperature: 0.1 (t − 10)·(1 + p/10) + 0.2 p at the ends."""

PLACES = (("basic_temperature", "°C"), ("basic_measuredValue", "kPa"))


def test_a_surface_is_interpolated_in_two_directions():
    known = Standard.surface("p", certified(SURFACE), "Pa", PLACES)
    applied = known.around(20.0, 250.0)
    assert applied.value({"p": 0.0}, 20.0, 250.0) == pytest.approx(100 * (0.5 + 3) / 2)
    assert applied.value({"p": 0.0}, 10.0, 500.0) == pytest.approx(100)
    assert applied.value({"p": 0.0}, 30.0, 1000.0) == pytest.approx(600)
    # Between two temperatures alone the line may miss a parabola that peaks at one of them.
    bend = abs(3 - 0.5) / 4 / 3**0.5 * 100
    assert applied.inputs[0].u == pytest.approx((20.0**2 + bend**2) ** 0.5)
    with pytest.raises(CertificateRefused, match="holds from 10 to 30, but 40 was read"):
        known.around(40.0, 250.0)
    with pytest.raises(CertificateRefused, match="holds from 0 to 10 bar, but 20 bar was read"):
        known.around(20.0, 2000.0)


def test_readings_elsewhere_on_a_surface_share_the_deviation_in_proportion_to_their_uncertainty():
    applied = Standard.surface("p", certified(SURFACE), "Pa", PLACES).around(10.0, 500.0)
    one_sigma = applied.inputs[0].u
    assert applied.value({"p": one_sigma}, 30.0, 500.0) == pytest.approx(400 + 30)


def test_a_surface_of_one_place_is_a_curve_and_said_to_be():
    one = [row for row in SURFACE.columns[0].values if row == "10"]
    rows = Table(columns=tuple(_first(column, len(one)) for column in SURFACE.columns))
    with pytest.raises(CertificateRefused, match="needs 2 points or more"):
        Standard.surface("p", certified(rows), "Pa", PLACES)


def _first(column, rows):
    stated = column.uncertainty
    less = None if stated is None else stated.model_copy(update={"expanded": stated.expanded[:rows]})
    return column.model_copy(update={"values": column.values[:rows], "uncertainty": less})


def test_what_a_certificates_points_have_in_common_is_read_and_goes_before_what_the_bench_says():
    stated = Correlation(matrix=(("1", "0.8", "0.5"), ("0.8", "1", "0.9"), ("0.5", "0.9", "1")))
    values = errors("kg", "0.1", "0.2", "0.3", expanded=("0.2",)).model_copy(update={"correlation": stated})
    places = column("basic_measuredValue", "kg", "0", "50", "100")
    known = Standard.certified("W", certified(Table(columns=(places, values))), "kg", correlation=0.1).stated
    assert known.correlated(0.0, 100.0) == pytest.approx(0.5, abs=1e-3)
    assert known.correlated(50.0, 100.0) == pytest.approx(0.9, abs=1e-3)
    assert known.correlated(0.0, 75.0) == pytest.approx((0.8 + 0.5) / 2 / 0.95**0.5, abs=1e-3)
    plain = certified(Table(columns=(places, values.model_copy(update={"correlation": None}))))
    assert Standard.certified("W", plain, "kg", correlation=0.1).stated.correlated(0.0, 100.0) == 0.1
    assert Standard.certified("W", plain, "kg").stated.correlated(0.0, 100.0) == 0.0


def test_rows_in_descending_order_keep_their_correlation():
    stated = Correlation(matrix=(("1", "0.8", "0.5"), ("0.8", "1", "0.9"), ("0.5", "0.9", "1")))
    values = errors("kg", "0.3", "0.2", "0.1", expanded=("0.2",)).model_copy(update={"correlation": stated})
    places = column("basic_measuredValue", "kg", "100", "50", "0")
    known = Standard.certified("W", certified(Table(columns=(places, values))), "kg").stated
    assert known.correlated(50.0, 100.0) == pytest.approx(0.8, abs=1e-3)
    assert known.correlated(0.0, 50.0) == pytest.approx(0.9, abs=1e-3)


def test_of_two_tables_of_coefficients_that_differ_none_is_taken_by_its_place():
    def fitted(a_0):
        slope = column(SLOPE[0], "1/MPa", "4E-6", expanded=("1E-6",))
        return Table(columns=(column(A_0[0], "mm2", a_0, expanded=("0.001",)), slope))

    with pytest.raises(CertificateRefused, match="has 2 tables of remotecal_effectiveArea"):
        area(certified(fitted("98.05"), fitted("9.805")))
    assert area(certified(fitted("98.05"), fitted("98.05"))).inputs[0].value == pytest.approx(9.805e-5)
