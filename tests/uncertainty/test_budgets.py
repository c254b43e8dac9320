import doctest
import math
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

import remotecal.uncertainty
from remotecal.errors import ParameterError
from remotecal.model import Correlation
from remotecal.uncertainty import Budget, Distribution, Input, Reported
from remotecal.uncertainty.coverage import coverage_factor, whole_dof
from remotecal.uncertainty.curvature import confirmed
from remotecal.uncertainty.number import atan2, cos, exp, log, sin, sqrt, tan


def product(a, b):
    return a * b


A = Input.normal("a", 2.0, "m", 0.03)
B = Input.from_limits("b", 5.0, "m", 0.1)


def test_the_documented_example_runs():
    assert doctest.testmod(remotecal.uncertainty).failed == 0


def test_a_result_lists_what_each_input_contributes():
    result = Budget(product, [A, B], "m2").evaluate()
    a, b = result.lines
    assert (result.value, result.unit, result.dof) == (10.0, "m2", math.inf)
    assert result.u == pytest.approx(math.hypot(5 * 0.03, 2 * 0.1 / math.sqrt(3)))
    assert (a.sensitivity, b.sensitivity) == (pytest.approx(5.0), pytest.approx(2.0))
    assert (a.contribution, b.contribution) == (pytest.approx(0.15), pytest.approx(0.2 / math.sqrt(3)))
    assert a.share + b.share == pytest.approx(100.0)
    assert (b.distribution, b.divisor, b.unit) == ("rectangular", math.sqrt(3), "m")
    assert result.expanded == pytest.approx(1.959964 * result.u, rel=1e-6)


def test_welch_satterthwaite_is_truncated_down():
    inputs = [Input.student_t("a", 2.0, "m", 0.03, 4), Input.student_t("b", 5.0, "m", 0.05, 9)]
    result = Budget(product, inputs).evaluate()
    expected = result.u**4 / (0.15**4 / 4 + 0.1**4 / 9)
    assert result.dof == pytest.approx(expected)
    assert result.k == pytest.approx(coverage_factor(math.floor(expected), 0.95))
    assert expected % 1 > 0.01


def test_a_single_input_keeps_its_degrees_of_freedom():
    # The formula gives 3.9999…: truncating that to 3 would report k = 3.18 for 2.78.
    for u in (0.1, 0.3, 0.7, 1.1):
        result = Budget(lambda a: 3 * a, [Input.student_t("a", 1.0, "m", u, 4)]).evaluate()
        assert result.k == pytest.approx(2.776445, rel=1e-6)
    assert whole_dof(3.9999999999) == 4
    assert whole_dof(3.99) == 3


# GUM, table G.2
@pytest.mark.parametrize(
    ("dof", "p95", "p9545"),
    [
        (1, "12.71", "13.97"),
        (2, "4.30", "4.53"),
        (5, "2.57", "2.65"),
        (10, "2.23", "2.28"),
        (20, "2.09", "2.13"),
        (50, "2.01", "2.05"),
        (math.inf, "1.96", "2.00"),
    ],
)
def test_coverage_factors_of_the_gums_table(dof, p95, p9545):
    assert f"{coverage_factor(dof, 0.95):.2f}" == p95
    assert f"{coverage_factor(dof, 0.9545):.2f}" == p9545


def test_the_cmc_is_the_least_that_is_reported():
    budget = Budget(product, [A, B], "m2")
    floored = budget.evaluate(cmc=0.5)
    assert (floored.expanded, floored.limited_by_cmc) == (0.5, True)
    assert floored.u == budget.evaluate().u
    assert floored.reported() == Reported("10.00", "0.50")
    free = budget.evaluate(cmc=0.1)
    assert free.expanded == pytest.approx(free.k * free.u)
    assert not free.limited_by_cmc


def test_a_constant_has_a_sensitivity_and_no_share():
    result = Budget(product, [A, Input.normal("b", 5.0, "m", 0.0)]).evaluate()
    constant = result.lines[1]
    assert (constant.sensitivity, constant.contribution, constant.share) == (pytest.approx(2.0), 0.0, 0.0)
    assert result.u == pytest.approx(0.15, rel=1e-15)


def test_a_result_of_constants_has_no_uncertainty():
    inputs = [Input.normal("a", 2.0, "m", 0.0), Input.student_t("b", 5.0, "m", 0.0, 3)]
    result = Budget(product, inputs).evaluate()
    assert (result.value, result.u, result.expanded, result.dof) == (10.0, 0.0, 0.0, math.inf)
    with pytest.raises(ParameterError, match="can't report"):
        result.reported()


def test_correlation_counts():
    inputs = [Input.normal("a", 2.0, "m", 0.03), Input.normal("b", 5.0, "m", 0.05)]

    def u(r):
        return Budget(product, inputs, correlations={("a", "b"): r}).evaluate().u

    assert u(0.0) == pytest.approx(math.hypot(0.15, 0.1))
    assert u(1.0) == pytest.approx(0.25)
    assert u(-1.0) == pytest.approx(0.05)


def test_correlated_inputs_observed_together_keep_their_degrees_of_freedom():
    inputs = [Input.student_t("a", 2.0, "m", 0.03, 6), Input.student_t("b", 5.0, "m", 0.05, 6)]
    result = Budget(product, inputs, correlations={("a", "b"): 0.7}).evaluate()
    assert result.dof == pytest.approx(6)


def three(a, b, c):
    return a + b + c


@pytest.mark.parametrize(
    ("correlations", "message"),
    [
        ({("a", "b"): 1.1}, "from -1 to 1"),
        ({("a", "a"): 1.0}, "two different inputs"),
        ({("a", "z"): 0.5}, "two different inputs"),
        ({("a", "b"): 0.5, ("b", "a"): 0.4}, "one number"),
        ({("a", "b"): 0.9, ("b", "c"): 0.9, ("a", "c"): -0.9}, "contradict"),
    ],
)
def test_correlations_that_cannot_be_are_refused(correlations, message):
    inputs = [Input.normal(symbol, 1.0, "m", 0.1) for symbol in "abc"]
    with pytest.raises(ParameterError, match=message):
        Budget(three, inputs, correlations=correlations)


def test_correlated_inputs_of_different_degrees_of_freedom_are_refused():
    inputs = [Input.student_t("a", 2.0, "m", 0.03, 6), Input.normal("b", 5.0, "m", 0.05)]
    with pytest.raises(ParameterError, match="Welch–Satterthwaite formula does not hold"):
        Budget(product, inputs, correlations={("a", "b"): 0.7})


@pytest.mark.parametrize(
    ("model", "inputs", "message"),
    [
        (product, [A], "missing a required argument: 'b'"),
        (product, [A, B, Input.normal("c", 1.0, "m", 0.1)], "unexpected keyword argument 'c'"),
        (product, [A, A], "same symbol"),
    ],
)
def test_inputs_that_are_not_the_models_are_refused(model, inputs, message):
    with pytest.raises(ParameterError, match=message):
        Budget(model, inputs)


@pytest.mark.parametrize("model", [lambda a, b: 3.0, lambda a, b: None, lambda a, b: (a, b)])  # noqa: ARG005
def test_a_model_that_returns_no_result_is_refused(model):
    with pytest.raises(ParameterError, match="must return a number that depends on its inputs"):
        Budget(model, [A, B]).evaluate()


def test_several_results_of_one_model_are_correlated():
    joint = Budget(lambda a, b: (a + b, a - b), [A, B]).evaluate_jointly(("m", "m"))
    ua, ub = A.u**2, B.u**2
    assert joint.covariance[0][1] == joint.covariance[1][0] == pytest.approx(ua - ub)
    assert joint.correlation(0, 1) == pytest.approx((ua - ub) / (ua + ub))
    assert joint.correlation(0, 0) == pytest.approx(1.0)
    assert [each.value for each in joint.results] == [7.0, -3.0]


def test_as_many_results_as_units():
    with pytest.raises(ParameterError, match="tuple of 3 numbers"):
        Budget(lambda a, b: (a, b), [A, B]).evaluate_jointly(("m", "m", "m"))


def test_functions_of_a_model_work_on_uncertain_numbers():
    x = Input.normal("x", 0.4, "1", 0.01)
    for function, slope in [
        (exp, math.exp(0.4)),
        (log, 1 / 0.4),
        (sqrt, 0.5 / math.sqrt(0.4)),
        (sin, math.cos(0.4)),
        (cos, -math.sin(0.4)),
        (tan, 1 / math.cos(0.4) ** 2),
    ]:
        result = Budget(lambda x, f=function: f(x), [x]).evaluate()
        assert result.value == getattr(math, function.__name__)(0.4)
        assert result.lines[0].sensitivity == pytest.approx(slope)


def test_the_angle_of_a_point_works_on_uncertain_numbers():
    inputs = [Input.normal("y", 0.3, "1", 0.01), Input.normal("x", -0.4, "1", 0.02)]
    result = Budget(atan2, inputs).evaluate()
    assert result.value == math.atan2(0.3, -0.4) == atan2(0.3, -0.4)
    assert [line.sensitivity for line in result.lines] == pytest.approx([-0.4 / 0.25, -0.3 / 0.25])
    assert Budget(lambda y: atan2(y, -0.4), inputs[:1]).evaluate().lines[0].sensitivity == pytest.approx(-1.6)


def test_threads_do_not_disturb_each_other():
    budget = Budget(product, [A, B], "m2", {})
    alone = budget.evaluate()
    with ThreadPoolExecutor(8) as pool:
        assert all(result == alone for result in pool.map(lambda _: budget.evaluate(), range(200)))


def test_a_result_is_the_same_to_the_last_bit_in_every_process():
    code = (
        "from remotecal.uncertainty import *\n"
        "x = [Input.student_t(s, v, '1', v / 7, 5) for s, v in zip('abcd', (1.1, 2.3, 3.7, 0.9))]\n"
        "r = {('a', 'b'): 0.3, ('b', 'c'): 0.2}\n"
        "print(Budget(lambda a, b, c, d: a * b / c + d ** 3, x, correlations=r).evaluate())\n"
    )

    def run(seed):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        return subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, check=True
        ).stdout

    assert run("1") == run("2")


def test_importing_loads_nothing_heavy():
    code = (
        "import sys\n"
        "import remotecal.fluids.air, remotecal.fluids.water, remotecal.uncertainty\n"
        "from remotecal.fluids import base_conditions, gas_viscosity, moisture\n"
        "from remotecal.uncertainty import anova, interpolation, monte_carlo, regression, risk\n"
        "import remotecal.statistics\n"
        "print({'GTC', 'numpy', 'scipy', 'pyaga8'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_evaluating_loads_no_optimizer_until_somebody_asks_gtc_for_it():
    code = (
        "import sys\n"
        "from remotecal.uncertainty import Budget, Input\n"
        "Budget(lambda a: 2 * a, [Input.student_t('a', 1.0, '1', 0.1, 5)]).evaluate()\n"
        "print('scipy.optimize' in sys.modules)\n"
        "from GTC.reporting import k2_to_dof\n"
        "print(round(k2_to_dof(2.6), 3), 'scipy.optimize' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n34.358 True\n"


def test_symbols_of_a_distribution_are_plain_text():
    assert Budget(product, [A, B]).evaluate().lines[0].distribution == Distribution.NORMAL.value


@pytest.mark.parametrize(
    ("dof", "k"),
    [
        (18.9987, "2.093"),
        (19.0, "2.093"),
        (18.9, "2.101"),
        (16.7, "2.120"),
        (1.9999, "4.303"),
        (1.5, "12.706"),
    ],
)
def test_degrees_of_freedom_a_hair_below_an_integer_are_that_integer(dof: float, k: str) -> None:
    assert f"{coverage_factor(dof, 0.95):.3f}" == k  # tables of t; GUM G.4.1 truncates


@pytest.mark.parametrize(
    ("dof", "whole"), [(68.978, 68), (141.87, 141), (942.99, 942), (390_498.7, 390_498), (1.996, 1)]
)
def test_many_degrees_of_freedom_are_truncated_and_never_raised(dof: float, whole: int) -> None:
    assert whole_dof(dof) == whole  # GUM G.4.1


def test_u_may_be_exactly_twice_the_standard_uncertainty() -> None:
    budget = Budget(lambda a: a, [Input.student_t("a", 1.0, "V", 0.1, 4)])
    result = budget.evaluate(k=2.0)
    assert (result.k, result.expanded) == (2.0, 0.2)
    assert result.coverage == pytest.approx(0.8839, abs=1e-4)  # t-distribution of 4 degrees of freedom
    normal = Budget(lambda a: a, [Input.normal("a", 1.0, "V", 0.1)]).evaluate(k=2.0)
    assert normal.coverage == pytest.approx(0.9545, abs=1e-4)


@pytest.mark.parametrize("stated", [("0.99", "0.99", "0.96"), ("0.9", "0.9", "0.6"), ("0.5", "0.5", "0.5")])
def test_correlations_that_a_certificate_may_state_are_taken_by_the_budget(stated):
    """Rounded to their last digit, 0.99, 0.99 and 0.96 contradict each other a little."""
    ab, ac, bc = stated
    matrix = Correlation(matrix=(("1", ab, ac), (ab, "1", bc), (ac, bc, "1"))).possible()
    pairs = {("a", "b"): matrix[0][1], ("a", "c"): matrix[0][2], ("b", "c"): matrix[1][2]}
    inputs = [Input.normal(symbol, 1.0, "1", 0.1) for symbol in "abc"]
    budget = Budget(three, inputs, "1", pairs)
    found = confirmed(budget, budget.evaluate(), about="a point")
    assert found.u == pytest.approx(0.1 * sum(map(sum, matrix)) ** 0.5)
    half = 0.5 * 10.0 ** -len(ab.partition(".")[2])
    assert list(pairs.values()) == pytest.approx([float(one) for one in stated], abs=half)
