"""The characteristics of a device brought up and down, by the constructed examples of the fact sheet."""

import pytest

from remotecal.errors import EvidenceError
from remotecal.journal.observation import Point
from remotecal.procedures.library.evaluation import series
from remotecal.procedures.library.evaluation.series import Passage, StraightLine

GAUGE = (
    (0.0000, 2.0012, 4.0020, 6.0022, 8.0016, 10.0004),
    (0.0006, 2.0024, 4.0034, 6.0034, 8.0022, 10.0004),
    (0.0002, 2.0014, 4.0022, 6.0023, 8.0017, 10.0006),
    (0.0008, 2.0026, 4.0035, 6.0036, 8.0024, 10.0006),
    (0.0001, 2.0013, 4.0023, 6.0025, 8.0018, 10.0005),
    (0.0007, 2.0026, 4.0036, 6.0037, 8.0024, 10.0005),
)
"""M1 to M6 of a gauge in bar, at 0, 2 … 10 bar; the odd ones rise."""

TRANSMITTER = (
    (4.002, 8.004, 12.007, 16.005, 20.003),
    (4.004, 8.009, 12.012, 16.009, 20.003),
    (4.002, 8.005, 12.008, 16.005, 20.002),
    (4.004, 8.009, 12.013, 16.009, 20.002),
    (4.003, 8.005, 12.008, 16.006, 20.003),
    (4.004, 8.010, 12.013, 16.010, 20.003),
)
"""The same of a transmitter in mA, at 0, 0.25 … 1 MPa."""


def passed(rows, places):
    """Return M1, M2 … as passages, by the labels of their points."""
    values = [
        (Point("p", {"pressure": place}, series=(direction, series.cycle(number // 2 + 1))), value)
        for number, row in enumerate(rows)
        for direction in ((series.RISING, series.FALLING)[number % 2],)
        for place, value in zip(places, row, strict=True)
    ]
    return series.passages(values, "pressure")


@pytest.fixture
def gauge():
    return passed(GAUGE, (0.0, 2.0, 4.0, 6.0, 8.0, 10.0))


@pytest.fixture
def transmitter():
    return passed(TRANSMITTER, (0.0, 0.25, 0.5, 0.75, 1.0))


def printed(values, digits):
    return [f"{value:.{digits}f}" for value in values]


def test_the_zero_is_held_against_that_at_the_beginning_of_the_cycle(gauge):
    assert f"{series.zero_deviation(gauge):.4f}" == "0.0006"
    # From the first zero of all it would be 0.0008.
    assert max(abs(passage.values[0.0] - GAUGE[0][0]) for passage in gauge) == pytest.approx(0.0008)


def test_repeatability_is_the_largest_difference_of_two_cycles_each_from_its_own_zero(gauge):
    assert printed(series.repeatability(gauge).values(), 4) == [
        "0.0000", "0.0001", "0.0002", "0.0003", "0.0002", "0.0000",
    ]  # fmt: skip


def test_a_cycle_that_does_not_fall_counts_for_its_rising_points(gauge):
    without = gauge[:5]
    assert printed(series.repeatability(without).values(), 4)[2] == "0.0002"
    assert series.hysteresis(without)[4.0] == pytest.approx((0.0014 + 0.0013) / 2)
    assert series.mean(without, rising=False)[4.0] == pytest.approx((4.0034 + 4.0035) / 2)


def test_hysteresis_is_the_mean_over_the_cycles(gauge):
    assert printed(series.hysteresis(gauge).values(), 6) == [
        "0.000600", "0.001233", "0.001333", "0.001233", "0.000633", "0.000000",
    ]  # fmt: skip


def test_the_error_band_holds_the_error_uncorrected():
    assert f"{series.error_band(0.000906, -0.002950):.6f}" == "0.003856"


def test_the_basic_error_is_of_all_readings_and_hysteresis_of_their_means(transmitter):
    errors = [
        Passage(each.cycle, each.rising, {at: value - (4 + 16 * at) for at, value in each.values.items()})
        for each in transmitter
    ]
    basic = series.basic_error(errors)
    assert (f"{basic:.3f}", f"{basic / 16:.4%}") == ("0.013", "0.0812%")
    worst = max(series.hysteresis_of_means(transmitter).values())
    assert (f"{worst:.3f}", 100 * worst / 16) == ("0.005", pytest.approx(0.03125))


def test_linearity_by_least_squares(transmitter):
    up, down = (series.mean(transmitter, rising=rising) for rising in (True, False))
    means = {place: (up[place] + down[place]) / 2 for place in up}
    line = StraightLine.least_squares(means)
    assert (f"{line.intercept:.4f}", f"{line.slope:.5f}") == ("4.0062", "15.99973")
    largest = max((left for each in transmitter for left in line.residuals(each.values).values()), key=abs)
    assert f"{largest:.4f}" == "0.0069"


def test_a_point_that_does_not_say_how_it_was_come_to_is_refused():
    for labels in ((series.cycle(1),), (series.RISING, series.FALLING, series.cycle(1)), (series.RISING,)):
        with pytest.raises(EvidenceError, match=r"p (is neither|does not say)"):
            series.passages([(Point("p", {"pressure": 1.0}, series=labels), 1.0)], "pressure")
