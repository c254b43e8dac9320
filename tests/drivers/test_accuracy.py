"""What a per cent is of."""

import math

import pytest

from remotecal.drivers.accuracy import (
    percent_of_full_scale,
    percent_of_range,
    percent_of_reading,
    percent_of_span,
)
from remotecal.drivers.codecs import scpi
from remotecal.drivers.quantities import Reading

SYMMETRIC = (-10.0, 10.0)


@pytest.mark.parametrize(
    ("accuracy", "limit", "shown"),
    [
        (percent_of_span(1), 0.2, "1 % of span"),
        (percent_of_full_scale(1), 0.1, "1 % of full scale"),
        (percent_of_range(1, 8), 0.08, "1 % of range (8)"),
        (percent_of_span(1) + percent_of_range(1, 8), 0.28, "1 % of span + 1 % of range (8)"),
        (
            percent_of_reading(1) + percent_of_full_scale(0.5),
            0.09,
            "1 % of reading + 0.5 % of full scale",
        ),
    ],
)
def test_each_says_what_it_is_of(accuracy, limit, shown):
    assert accuracy.limit(-4.0, SYMMETRIC) == pytest.approx(limit)
    assert str(accuracy) == shown
    declared = Reading(scpi("MEASure"), "V", span=SYMMETRIC, accuracy=accuracy)
    assert declared.standard_uncertainty(-4.0) == pytest.approx(limit / math.sqrt(3))


def test_full_scale_is_the_larger_end():
    assert percent_of_full_scale(1).limit(0, (-100, 1000)) == 10
    assert percent_of_span(1).limit(0, (-100, 1000)) == 11


def test_a_range_in_force_must_be_told():
    limit = percent_of_reading(0.0035) + percent_of_range(0.0005)
    assert str(limit) == "0.0035 % of reading + 0.0005 % of range"
    assert limit.on_range(10).limit(4.0, SYMMETRIC) == pytest.approx(4 * 35e-6 + 10 * 5e-6)
    with pytest.raises(ValueError, match="depends on the range in force"):
        limit.limit(4.0, SYMMETRIC)
    with pytest.raises(ValueError, match="depends on the range in force"):
        Reading(scpi("MEASure"), "V", span=SYMMETRIC, accuracy=limit)
