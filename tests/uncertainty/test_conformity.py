import math

import pytest

from remotecal.errors import ParameterError
from remotecal.uncertainty import DECISION_RULES, Outcome, Tolerance, decide
from remotecal.uncertainty.conformity import conformance_probability

MPE = Tolerance.symmetric(1.0)


def verdict(rule, value, expanded, tolerance=MPE):
    return decide(value, expanded, tolerance, DECISION_RULES[rule]).conformity


@pytest.mark.parametrize(
    ("rule", "value", "expanded", "expected"),
    [
        ("simple acceptance", 1.0, 0.5, Outcome.PASS),
        ("simple acceptance", -1.0, 0.5, Outcome.PASS),
        ("simple acceptance", 1.0001, 0.5, Outcome.FAIL),
        ("guard band U", 0.7, 0.3, Outcome.PASS),
        ("guard band U", 0.71, 0.3, Outcome.FAIL),
        ("guard band U", 0.0, 1.1, Outcome.FAIL),
        ("guard band 0.83 U", 0.75, 0.3, Outcome.PASS),
        ("guard band 0.83 U", 0.76, 0.3, Outcome.FAIL),
        ("guard band 1.5 U", -0.56, 0.3, Outcome.FAIL),
        ("non-binary", 0.7, 0.3, Outcome.PASS),
        ("non-binary", 0.71, 0.3, Outcome.CONDITIONAL_PASS),
        ("non-binary", 1.0, 0.3, Outcome.CONDITIONAL_PASS),
        ("non-binary", 1.01, 0.3, Outcome.CONDITIONAL_FAIL),
        ("non-binary", -1.29, 0.3, Outcome.CONDITIONAL_FAIL),
        ("non-binary", 1.31, 0.3, Outcome.FAIL),
        ("verification", 1.0, 1 / 3, Outcome.PASS),
        ("verification", 1.01, 1 / 3, Outcome.FAIL),
        ("verification", 0.6, 0.4, Outcome.PASS),
        ("verification", 0.61, 0.4, Outcome.NO_FAIL),
        ("verification", -1.0, 0.4, Outcome.NO_FAIL),
        ("verification", 1.39, 0.4, Outcome.NO_PASS),
        ("verification", 1.4, 0.4, Outcome.FAIL),
        ("verification", 0.0, 1.2, Outcome.NO_FAIL),
    ],
)
def test_decision_rules(rule, value, expanded, expected):
    assert verdict(rule, value, expanded) is expected


def test_a_third_of_the_mpe_does_not_hang_on_a_binary_digit():
    for mpe in (0.3, 0.6, 1.5, 2.1):
        tolerance = Tolerance.symmetric(mpe)
        assert decide(mpe, round(mpe / 3, 10), tolerance, DECISION_RULES["verification"]).conformity == "pass"


@pytest.mark.parametrize(
    ("rule", "risk"),
    [
        ("simple acceptance", 0.5),
        ("guard band 0.83 U", 0.0485),
        ("guard band U", 0.0228),
        ("guard band 1.5 U", 0.00135),
    ],
)
def test_specific_risk_at_the_acceptance_limit(rule, risk):
    # ILAC-G8:09/2019, table 1: at most 50 %, 5 %, 2.5 %, 0.16 % for a normal distribution and k = 2.
    tolerance = Tolerance(upper=10.0)
    limit = 10.0 - DECISION_RULES[rule].guard * 0.2
    statement = decide(limit, 0.2, tolerance, DECISION_RULES[rule])
    assert statement.conformity is Outcome.PASS
    assert statement.false_acceptance == pytest.approx(risk, rel=0.03)
    assert statement.false_rejection is None


def test_risk_of_a_false_rejection():
    statement = decide(10.1, 0.2, Tolerance(upper=10.0), DECISION_RULES["simple acceptance"])
    assert statement.false_acceptance is None
    assert statement.false_rejection == pytest.approx(0.1587, abs=1e-4)


def test_an_undecided_point_risks_nothing():
    statement = decide(0.9, 0.5, MPE, DECISION_RULES["verification"])
    assert (statement.false_acceptance, statement.false_rejection) == (None, None)
    assert statement.conformance_probability == pytest.approx(0.655, abs=0.001)
    assert statement.acceptance == Tolerance(-0.5, 0.5)


@pytest.mark.parametrize(
    ("value", "expanded", "k"), [(math.nan, 0.1, 2), (0, 0, 2), (0, -1, 2), (0, 0.1, 0), (0, math.inf, 2)]
)
def test_what_can_not_be_judged_is_refused(value, expanded, k):
    with pytest.raises(ParameterError):
        decide(value, expanded, MPE, DECISION_RULES["simple acceptance"], k=k)


def test_verification_needs_two_limits():
    with pytest.raises(ParameterError, match="two limits"):
        decide(0.0, 0.1, Tolerance(upper=1.0), DECISION_RULES["verification"])
    with pytest.raises(ParameterError, match="lower limit below"):
        Tolerance(1.0, 1.0)


# JCGM 106:2012, table 1
@pytest.mark.parametrize(
    ("probability", "z"), [("0.80", 0.84), ("0.90", 1.28), ("0.95", 1.64), ("0.99", 2.33), ("0.999", 3.09)]
)
def test_conformance_probabilities_of_jcgm_106(probability, z):
    digits = len(probability) - 2
    assert f"{conformance_probability(-z, 1.0, Tolerance(upper=0.0)):.{digits}f}" == probability


def test_zener_diode_of_jcgm_106():
    assert f"{conformance_probability(-5.47, 0.05, Tolerance(upper=-5.40)):.2f}" == "0.92"


def test_motor_oil_of_jcgm_106():
    assert f"{conformance_probability(13.6, 1.8, Tolerance(12.5, 16.3)):.2f}" == "0.66"


def test_speed_of_jcgm_106():
    def exceeding(speed):
        return conformance_probability(speed, 0.02 * speed, Tolerance(lower=100.0))

    assert exceeding(107.0) >= 0.999 > exceeding(106.0)


def test_small_risks_keep_their_digits():
    # Far above the limit the probability is a difference of numbers next to 1 if done carelessly.
    for value, limits in [(9.0, Tolerance(upper=0.0)), (-9.0, Tolerance(lower=0.0))]:
        assert conformance_probability(value, 1.0, limits) == pytest.approx(1.1285884e-19, rel=1e-6)


def test_few_degrees_of_freedom_raise_the_risk():
    normal = conformance_probability(0.8, 0.1, MPE)
    assert conformance_probability(0.8, 0.1, MPE, dof=3) == pytest.approx(0.93034 - 0.00019, abs=1e-5)
    assert normal == pytest.approx(0.97725, abs=1e-5)
