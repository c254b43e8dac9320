"""Judging whether a quantity has settled."""

from __future__ import annotations

import pytest
from tiny import TinyMeter

from remotecal.drivers.measured import Measured
from remotecal.errors import ParameterError
from remotecal.procedures import Stability


@pytest.fixture
def quantity(tiny):
    with TinyMeter.open(tiny.world.address("meter"), name="meter") as meter:
        yield meter.value


def readings(values, every=1.0, start=1_767_225_600.0):
    return [Measured(value, "V", None, "meter.value", start + every * n) for n, value in enumerate(values)]


def test_a_quiet_quantity_is_stable_once_the_duration_is_over(quantity):
    criterion = Stability(quantity, duration=10, spread=0.1)
    assert not criterion.judge(readings([1.0] * 10)).stable
    assert criterion.judge(readings([1.0] * 11)).stable


def test_only_the_latest_readings_count(quantity):
    judgement = Stability(quantity, duration=10, spread=0.1).judge(readings([5.0, *[1.0] * 11]))
    assert judgement.stable
    assert judgement.readings == 11
    assert judgement.mean == 1.0


def test_spread_is_the_largest_difference(quantity):
    criterion = Stability(quantity, duration=4, spread=0.25)
    assert criterion.judge(readings([1.0, 1.25, 1.0, 1.0, 1.0])).stable
    judgement = criterion.judge(readings([1.0, 1.26, 1.0, 1.0, 1.0]))
    assert not judgement.stable
    assert judgement.spread == pytest.approx(0.26)


def test_slope_is_that_of_the_straight_line_in_either_direction(quantity):
    criterion = Stability(quantity, duration=4, slope=0.01)
    for sign in (1, -1):
        judgement = criterion.judge(readings([5 + sign * 0.02 * n for n in range(5)]))
        assert judgement.slope == pytest.approx(sign * 0.02)
        assert not judgement.stable
    assert criterion.judge(readings([5 + 0.005 * n for n in range(5)])).stable


def test_readings_that_come_seldom_or_late_still_cover_the_duration(quantity):
    criterion = Stability(quantity, duration=10, spread=0.1)
    assert criterion.judge(readings([1.0] * 3, every=7.0)).stable
    assert not criterion.judge(readings([1.0] * 2, every=7.0)).stable
    assert criterion.judge(readings([1.0] * 12, every=0.97)).stable


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"duration": 10}, "needs a spread or a slope"),
        ({"duration": 10, "spread": 1, "every": 20}, "each must be shorter"),
        ({"duration": 900, "spread": 1}, "each must be shorter"),
        ({"duration": 0, "spread": 1, "every": 0}, "each must be shorter"),
    ],
)
def test_criteria_that_mean_nothing_are_refused(quantity, wrong, message):
    with pytest.raises(ParameterError, match=message):
        Stability(quantity, **wrong)
