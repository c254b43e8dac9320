"""Risks over a whole production, against published figures and against counting simulated items."""

import numpy as np
import pytest
from scipy import stats

from remotecal.errors import ParameterError
from remotecal.uncertainty import Distribution, Input, Tolerance
from remotecal.uncertainty.risk import Production, global_risk

ALL = Tolerance(-1e9, 1e9)


def normal(deviation=1.0):
    return Production.like(Input.normal("item", 0.0, "1", deviation))


def test_global_risks_of_deaver():
    # Deaver, Guardbanding with confidence (1994): limits at 2 standard deviations.
    limits = Tolerance.symmetric(2.0)
    four_to_one = global_risk(normal(), 0.25, limits, limits)
    assert f"{four_to_one.false_acceptance:.3f} {four_to_one.false_rejection:.3f}" == "0.008 0.015"
    guarded = global_risk(normal(), 0.5, limits, Tolerance.symmetric(2.0 * 0.91))
    assert f"{guarded.false_acceptance:.3f} {guarded.false_rejection:.3f}" == "0.008 0.066"


def test_ball_bearings_of_jcgm_106():
    # JCGM 106:2012, 9.5.4: radial error motion in µm, gamma prior of mean 1 and deviation 0.5.
    bearings, limit = Production.gamma(1.0, 0.5), Tolerance(upper=2.0)
    assert f"{100 * global_risk(bearings, 0.25, limit, ALL).false_acceptance:.1f}" == "4.2"
    plain = global_risk(bearings, 0.25, limit, limit)
    assert f"{100 * plain.false_acceptance:.1f}" == "0.8"
    assert plain.false_acceptance == pytest.approx(0.008019111884303, rel=1e-10)
    # The limit of acceptance for a consumer's risk of 0.1 %.
    guarded = global_risk(bearings, 0.25, limit, Tolerance(upper=1.671828771543956))
    assert guarded.false_acceptance == pytest.approx(0.001, rel=1e-8)
    assert guarded.false_rejection > 4 * plain.false_rejection


DISTRIBUTIONS = [
    Input.normal("x", 3.0, "1", 0.3),
    Input.student_t("x", 3.0, "1", 0.3, 3),
    Input.from_limits("x", 3.0, "1", 0.7),
    Input.from_limits("x", 3.0, "1", 0.7, Distribution.TRIANGULAR),
    Input.from_limits("x", 3.0, "1", 0.7, Distribution.ARCSINE),
    Input.from_limits("x", 3.0, "1", 0.7, Distribution.TRAPEZOIDAL, shape=0.5),
    Input.from_limits("x", 3.0, "1", 0.7, Distribution.CURVILINEAR, shape=0.5),
]


@pytest.mark.parametrize("quantity", DISTRIBUTIONS, ids=lambda each: each.distribution.value)
def test_items_of_any_distribution_are_counted_rightly(quantity):
    tolerance, acceptance, u, count = Tolerance(2.8, 3.3), Tolerance(2.9, 3.2), 0.1, 400_000
    risk = global_risk(Production.like(quantity), u, tolerance, acceptance)
    generator = np.random.default_rng(11)
    items = quantity.draw(generator, count)
    measured = items + u * generator.standard_normal(count)
    good = (items >= tolerance.lower) & (items <= tolerance.upper)
    accepted = (measured >= acceptance.lower) & (measured <= acceptance.upper)
    for computed, counted in [
        (risk.false_acceptance, np.mean(accepted & ~good)),
        (risk.false_rejection, np.mean(~accepted & good)),
    ]:
        assert computed == pytest.approx(counted, abs=4 * (computed / count) ** 0.5)


@pytest.mark.parametrize(
    "produced",
    [*map(Production.like, DISTRIBUTIONS), Production.gamma(0.1, 0.2), Production.gamma(5.0, 0.1)],
)
def test_every_item_is_somewhere(produced):
    everywhere = global_risk(produced, 0.01, Tolerance(-1e30, 1e30), Tolerance(2e30, 3e30))
    assert everywhere.false_rejection == pytest.approx(1.0, abs=1e-9)
    assert everywhere.false_acceptance == 0.0


def test_a_density_of_ones_own():
    weibull = stats.weibull_min(1.8, scale=2.0)
    produced = Production(weibull.pdf, (0.0, 1.0, 2.0, 4.0, 8.0, 16.0))
    risk = global_risk(produced, 0.2, Tolerance(upper=3.0), ALL)
    assert risk.false_acceptance == pytest.approx(weibull.sf(3.0), rel=1e-9)


def test_a_perfect_measurement_decides_rightly():
    limits = Tolerance.symmetric(2.0)
    perfect = global_risk(normal(), 1e-9, limits, limits)
    assert perfect.false_acceptance + perfect.false_rejection < 1e-8
    hopeless = global_risk(normal(), 1e9, limits, limits)
    assert hopeless.false_rejection == pytest.approx(0.9545, abs=1e-4)


@pytest.mark.parametrize(
    "bad",
    [
        lambda: global_risk(normal(), 0.0, ALL, ALL),
        lambda: normal(0.0),
        lambda: Production.gamma(0.0, 1.0),
        lambda: Production.gamma(1.0, 0.0),
    ],
)
def test_what_gives_no_risk_is_refused(bad):
    with pytest.raises(ParameterError, match="above 0"):
        bad()
