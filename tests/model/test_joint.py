"""Values that belong together: correlation matrices, complex values, and what they refuse."""

import pytest
from pydantic import ValidationError

from remotecal.model import (
    Bivariate,
    Column,
    Complex,
    Correlation,
    JointResult,
    Note,
    Region,
    Table,
    Text,
    Uncertainty,
)

H2 = (("1", "-0.588", "-0.485"), ("-0.588", "1", "0.993"), ("-0.485", "0.993", "1"))
"""R, X and Z of GUM H.2."""


def column(*values: str, expanded: tuple[str, ...] = ("0.2",), k: str = "2", **more: object) -> Column:
    stated = Uncertainty(expanded=expanded, k=(k,), p=("0.95",))
    return Column.model_validate({"unit": "Ω", "values": values, "uncertainty": stated} | more)


def test_coefficients_have_one_spelling() -> None:
    matrix = (("1.000", "-0.50"), ("-0.5", "1"))
    assert Correlation(matrix=matrix, u=("0.0710", "71E-3")).model_dump(exclude_none=True) == {
        "matrix": (("1", "-0.5"), ("-0.5", "1")),
        "u": ("0.071", "0.071"),
    }
    assert Correlation(matrix=(("1", "-0.0"), ("0", "1"))).is_identity
    assert not Correlation(matrix=H2).is_identity
    assert Correlation(matrix=H2).floats()[0] == (1.0, -0.588, -0.485)


@pytest.mark.parametrize(
    ("matrix", "why"),
    [
        ((("1", "0.5"), ("0.4", "1")), "is symmetric"),
        ((("1", "0.5"), ("0.5", "0.9")), "ones on its diagonal"),
        ((("1", "0.5", "0"), ("0.5", "1", "0")), "of 2 rows has 2 columns"),
        ((("1", "1.5"), ("1.5", "1")), "pattern"),
        ((("1", "NaN"), ("NaN", "1")), "pattern"),
        ((("1",),), "at least 2"),
        ((("1", "0.9", "-0.9"), ("0.9", "1", "0.9"), ("-0.9", "0.9", "1")), "contradict each other"),
    ],
)
def test_what_is_no_correlation_matrix_is_refused(matrix: tuple[tuple[str, ...], ...], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Correlation(matrix=matrix)


def test_a_matrix_may_be_as_far_from_possible_as_its_rounding() -> None:
    """Of r(a, b) = r(b, c) = 1/√2 and r(a, c) = 0, two decimals make a matrix with a negative eigenvalue."""
    rounded = (("1", "0.71", "0"), ("0.71", "1", "0.71"), ("0", "0.71", "1"))
    assert Correlation(matrix=rounded).size == 3
    with pytest.raises(ValidationError, match="contradict each other"):
        Correlation(matrix=(("1", "0.710001", "0"), ("0.710001", "1", "0.71"), ("0", "0.71", "1")))


PAIR = Correlation(matrix=(("1", "0.5"), ("0.5", "1")))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"values": ("1", "2", "3")}, "2 rows of correlation for 3 values"),
        ({"uncertainty": None}, "values without uncertainties have no correlation"),
        ({"expanded": ("0.2", "NaN")}, "an uncertainty of 0 or none has no correlation"),
        ({"expanded": ("0.2", "0.0")}, "an uncertainty of 0 or none has no correlation"),
        (
            {"correlation": Correlation(matrix=PAIR.matrix, u=("0.1", "0.21"))},
            "standard uncertainty 0.21 beside the correlation is not the one stated",
        ),
    ],
)
def test_a_column_is_correlated_only_with_uncertainties(changes: dict[str, object], why: str) -> None:
    fields: dict[str, object] = {"values": ("1", "2"), "expanded": ("0.2",), "correlation": PAIR} | changes
    values = fields.pop("values")
    with pytest.raises(ValidationError, match=why):
        column(*values, **fields)  # type: ignore[misc, arg-type]


def test_an_uncertainty_with_more_digits_is_one_that_was_rounded() -> None:
    finer = Correlation(matrix=PAIR.matrix, u=("0.1004", "0.0958"))
    assert column("1", "2", correlation=finer).correlation == finer


R, X, Z = (
    column("127.732", expanded=("0.071",), k="1"),
    column("219.847", expanded=("0.296",), k="1"),
    column("254.260", expanded=("0.236",), k="1"),
)


def test_a_joint_result_is_of_columns_of_one_table() -> None:
    joint = JointResult(columns=(0, 1, 2), correlation=Correlation(matrix=H2))
    table = Table(columns=(R, X, Z), joint=(joint,))
    assert table.joint_columns(joint) == (R, X, Z)
    assert table.joint_rows(joint) == (0,)


@pytest.mark.parametrize(
    ("joint", "why"),
    [
        ({"columns": (0, 3)}, "column 3 of a joint result is none of 2 numbers"),
        ({"columns": (0, 2)}, "column 2 of a joint result is none of 2 numbers"),
        ({"columns": (-1, 0)}, "column -1 of a joint result"),
        ({"columns": (0, 0)}, "a column or a row twice"),
        ({"columns": (0,)}, "at least 2"),
        ({"columns": (0, 1), "rows": (2,)}, "of row 2 in a table of 2 rows"),
        ({"columns": (0, 1)}, "2 rows of correlation for 4 values"),
    ],
)
def test_a_joint_result_that_is_none_is_refused(joint: dict[str, object], why: str) -> None:
    one, other = column("1", "2"), column("3", "4")
    with pytest.raises(ValidationError, match=why):
        Table(
            columns=(one, other, Note(text=Text.plain("x"))),
            joint=(JointResult.model_validate({"correlation": PAIR} | joint),),
        )


def test_a_joint_result_of_one_row_among_many() -> None:
    joint = JointResult(columns=(1, 0), rows=(1,), correlation=PAIR)
    unknown = column("3", "4", expanded=("NaN", "0.2"))
    assert Table(columns=(column("1", "2"), unknown), joint=(joint,)).joint == (joint,)


IMPEDANCE = Complex(
    unit="Ω",
    values=(("127.732", "219.847"),),
    uncertainty=Bivariate(u=(("0.0711", "0.2956"),), r=("-0.588",), region=Region(k="5.89", p="0.95")),
)


def test_a_complex_value_has_two_parts_with_what_the_region_spans_of_each() -> None:
    resistance, reactance = IMPEDANCE.parts()
    assert (resistance.values, reactance.values) == (("127.732",), ("219.847",))
    assert resistance.uncertainty == Uncertainty(expanded=("0.42",), k=("5.89",), p=("0.95",))
    assert reactance.uncertainty == Uncertainty(expanded=("1.8",), k=("5.89",), p=("0.95",))
    bare = IMPEDANCE.model_copy(update={"uncertainty": Bivariate(u=(("0.0711", "0.2956"),), r=("-0.588",))})
    assert bare.parts()[0].uncertainty == Uncertainty(expanded=("0.0711",), k=("1",))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"form": "polar"}, "a phase has a unit of its own"),
        ({"phase_unit": "rad"}, "a phase has a unit of its own"),
        ({"form": "polar", "phase_unit": "%"}, "a phase is an angle, in rad or °, not in %"),
        ({"unit": "dBm"}, "state complex values in dB, not in dBm"),
        (
            {"values": (("1", "2"),) * 2, "uncertainty": Bivariate(u=(("1", "1"),) * 3, r=("0",) * 3)},
            "3 entries for 2",
        ),
    ],
)
def test_complex_values_that_are_none_are_refused(changes: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Complex.model_validate(dict(IMPEDANCE) | changes)


def test_the_uncertainty_of_both_parts_is_stated_together() -> None:
    with pytest.raises(ValidationError, match="an uncertainty of 0 has no correlation"):
        Bivariate(u=(("0.1", "0"),), r=("0",))
    with pytest.raises(ValidationError, match="1 pairs of uncertainties and 2 correlations"):
        Bivariate(u=(("0.1", "0.1"),), r=("0", "0"))
