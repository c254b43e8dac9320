"""Closure and control charts, against published examples."""

import pytest

from remotecal.errors import CertificateRefused, ParameterError
from remotecal.statistics import ControlChart, Journey, check_before_run, close_journey

NIST = (49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1)
"""NIST/SEMATECH e-Handbook, 6.3.2.2: flow rates of ten batches."""


def test_individuals_chart_of_the_handbook() -> None:
    chart = ControlChart.of(NIST)
    low, high = chart.limits
    assert chart.centre == pytest.approx(50.81)
    assert chart.sigma * 1.128 == pytest.approx(1.8778, abs=5e-5)
    assert (round(low, 4), round(high, 4)) == (45.8159, 55.8041)
    assert chart.faults(NIST) == ()


@pytest.mark.parametrize(
    ("latest", "fault"),
    [
        ((3.1,), "1 of the last 1"),
        ((2.1, 0.0, 2.1), "2 of the last 3"),
        ((-1.1, -1.1, 0.0, -1.1, -1.1), "4 of the last 5"),
        ((0.1,) * 8, "8 of the last 8"),
    ],
)
def test_each_rule_stops_a_run(latest: tuple[float, ...], fault: str) -> None:
    chart = ControlChart(0.0, 1.0)
    with pytest.raises(CertificateRefused, match=fault):
        check_before_run(chart, latest)
    check_before_run(chart, (*latest, -0.1 if latest[0] > 0 else 0.1))


def test_both_sides_are_told_apart() -> None:
    check_before_run(ControlChart(0.0, 1.0), (2.1, -2.1, 0.5))


def test_a_chart_needs_values_that_vary() -> None:
    with pytest.raises(ParameterError, match="8 values"):
        ControlChart.of(NIST[:7])
    with pytest.raises(ParameterError, match="don't vary"):
        ControlChart.of((1.0,) * 9)
    with pytest.raises(CertificateRefused, match="was not measured today"):
        check_before_run(ControlChart(0.0, 1.0), ())


def test_a_journey_that_closes() -> None:
    (closure,) = close_journey([Journey("50 m3/h", 0.100, 0.050, 0.130, 0.050, common_expanded=0.030)])
    assert closure.drift == pytest.approx(0.030)
    assert closure.en == pytest.approx(0.030 / (0.040 * 2**0.5))
    assert closure.u == pytest.approx(0.030 / 12**0.5)


def test_one_that_does_not() -> None:
    points = [Journey("50 m3/h", 0.100, 0.050, 0.110, 0.050), Journey("5 m3/h", 0.1, 0.05, 0.2, 0.05)]
    with pytest.raises(CertificateRefused, match=r"5 m3/h: drift \+0\.1, E_n \+1\.41"):
        close_journey(points)


def test_the_common_part_cannot_exceed_the_whole() -> None:
    with pytest.raises(ParameterError, match="common part"):
        close_journey([Journey("50 m3/h", 0.1, 0.05, 0.1, 0.05, common_expanded=0.06)])
