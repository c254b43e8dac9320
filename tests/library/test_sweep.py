"""Which points a sweep makes, and how the device comes to them."""

from itertools import pairwise

import pytest

from remotecal.errors import ParameterError
from remotecal.procedures.library.measuring.sweep import Sweep


def sweep(**changes):
    return Sweep((0.0, 500.0, 1000.0), **{"quantity": "pressure", "unit": "kPa", "called": "bar", **changes})


def test_a_cycle_rises_through_all_set_points_and_falls_again():
    assert [(point.name, point.nominal["pressure"]) for point in sweep(cycles=2).points()][5:9] == [
        ("0 bar, falling, cycle 1", 0.0),
        ("0 bar, rising, cycle 2", 0.0),
        ("5 bar, rising, cycle 2", 500.0),
        ("10 bar, rising, cycle 2", 1000.0),
    ]
    assert len(sweep(cycles=2).points()) == 12
    assert {point.series for point in sweep(cycles=1).points()} == {
        ("rising", "cycle 1"),
        ("falling", "cycle 1"),
    }


def test_the_last_cycle_may_rise_only():
    assert [point.series[0] for point in sweep(cycles=2, last_falls=False).points()][3:] == [
        "falling", "falling", "falling", "rising", "rising", "rising",
    ]  # fmt: skip


def test_some_set_points_are_risen_to_again_after_a_single_cycle():
    names = [point.name for point in sweep(again=(0.0, 500.0), times=2).points()]
    assert names[6:] == [
        "0 bar, rising, cycle 2",
        "5 bar, rising, cycle 2",
        "0 bar, rising, cycle 3",
        "5 bar, rising, cycle 3",
    ]


def test_from_point_to_point_it_goes_straight_on():
    plan = sweep(cycles=2)
    points = plan.points()
    assert [plan.way(last, point) for last, point in pairwise(points)] == [
        (point.nominal["pressure"],) for point in points[1:]
    ]


def test_a_run_begins_with_the_preloads():
    first = sweep(preloads=2).points()[0]
    assert sweep(preloads=2).way(None, first) == (1000, 0, 1000, 0)
    assert sweep(preloads=0).way(None, first) == (0,)


@pytest.mark.parametrize(
    ("number", "way"),
    [
        (1, (1000, 0, 500)),  # rising to 5 bar
        (2, (1000, 0, 1000)),
        (3, (1000, 0, 1000)),  # falling at the top
        (4, (1000, 0, 1000, 500)),  # falling to 5 bar: over the top
        (5, (1000, 0, 1000, 0)),
    ],
)
def test_a_run_that_is_taken_up_leads_the_device_to_a_point_from_its_side(number, way):
    plan = sweep(preloads=1)
    assert plan.way(None, plan.points()[number]) == way


def test_it_stays_longer_where_it_turns():
    plan = sweep(dwell=30.0, dwell_at_ends=120.0)
    assert [plan.rest(value) for value in plan.values] == [120, 30, 120]


@pytest.mark.parametrize("values", [(0.0,), (0.0, 2.0, 1.0), (0.0, 1.0, 1.0)])
def test_set_points_that_do_not_rise_are_refused(values):
    with pytest.raises(ParameterError, match="two or more in ascending order"):
        Sweep(values, quantity="pressure", unit="kPa", called="bar")


def test_only_set_points_are_measured_again():
    with pytest.raises(ParameterError, match="and are no set points"):
        sweep(again=(250.0,))
