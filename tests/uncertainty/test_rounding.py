import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remotecal.errors import ParameterError
from remotecal.uncertainty import Reported, report


@pytest.mark.parametrize(
    ("value", "expanded", "printed", "printed_expanded"),
    [
        (1.23456, 0.0996, "1.23", "0.10"),
        (1.23456, 0.0994, "1.235", "0.099"),
        (0.12249, 0.00254, "0.1225", "0.0025"),
        (0.12249, 0.00255, "0.1225", "0.0026"),
        (-0.0004, 0.12, "0.00", "0.12"),
        (-0.0, 0.12, "0.00", "0.12"),
        (12345.678, 123.4, "12350", "120"),
        (12345.678, 9.96, "12346", "10"),
        (1e-3, 9.96, "0", "10"),
        (99.99, 1.4e-7, "99.99000000", "0.00000014"),
        (5.0, 1, "5.0", "1.0"),
        (0.125, 0.10, "0.12", "0.10"),
        (0.375, 0.10, "0.38", "0.10"),
        (6.02214076e23, 1.5e19, "6.02214E+23", "1.5E+19"),
        (1e-20, 2.34e-22, "1.000E-20", "2.3E-22"),
    ],
)
def test_value_and_uncertainty_end_at_the_same_place(value, expanded, printed, printed_expanded):
    assert report(value, expanded) == Reported(printed, printed_expanded)


def test_one_digit_is_rounded_up_where_rounding_would_lower_it_by_more_than_5_percent():
    assert report(3.21, 1.4, 1) == Reported("3", "2")
    assert report(3.21, 1.04, 1) == Reported("3", "1")
    assert report(3.21, 0.97, 1) == Reported("3", "1")


@pytest.mark.parametrize("expanded", [0.0, -1.0, math.nan, math.inf])
def test_no_uncertainty_no_report(expanded):
    with pytest.raises(ParameterError, match="can't report"):
        report(1.0, expanded)


def test_no_value_no_report():
    with pytest.raises(ParameterError, match="can't report"):
        report(math.nan, 1.0)
    with pytest.raises(ParameterError, match="3 digits"):
        report(1.0, 1.0, 3)


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(min_value=1e-300, max_value=1e300),
    st.sampled_from([1, 2]),
)
def test_any_two_numbers_are_reported_faithfully(value, expanded, digits):
    printed = report(value, expanded, digits)
    y, u = Decimal(printed.value), Decimal(printed.expanded)
    assert (
        y.as_tuple().exponent == u.as_tuple().exponent or "E" in printed.value + printed.expanded or u >= 10
    )
    assert Decimal("0.95") <= u / Decimal(repr(expanded)) <= 2
    assert len(u.normalize().as_tuple().digits) <= digits
    assert abs(y - Decimal(repr(value))) <= u / 2
    assert not printed.value.startswith("-") or y != 0
