"""Budgets at many points at once are the budgets of each point, to float precision."""

import doctest
import math
import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from remotecal.errors import ParameterError
from remotecal.fluids.air import air_density
from remotecal.fluids.water import water_density_iapws95, water_density_tanaka
from remotecal.uncertainty import Budget, Distribution, Evaluated, Input, batch, evaluate_points
from remotecal.uncertainty.coverage import (
    coverage_factor,
    coverage_factors,
    coverage_probabilities,
    coverage_probability,
)
from remotecal.uncertainty.number import atan2, cos, exp, log, sin, sqrt, tan

SYMBOLS = ("a", "b", "c", "d")
Expression = Callable[..., object]

UNARY: dict[str, Expression] = {
    "minus": lambda x: -x,
    "plus": lambda x: +x,
    "exp": lambda x: exp(x / 8.0),
    "log": lambda x: log(x * x + 1.0),
    "sqrt": lambda x: sqrt(x * x + 2.0),
    "sin": sin,
    "cos": cos,
    "tan": lambda x: tan(x / 16.0),
    "square": lambda x: (x / 2) ** 2 / 2,
    "power": lambda x: (x * x + 1.0) ** -0.75,
    "of two": lambda x: 2.0 ** (x / 8.0),
    "first": lambda x: 3.0 - x,
    "inverse": lambda x: 1.0 / (x * x + 1.0),
    "angle": lambda x: atan2(x, 2.0) + atan2(0.5, x),
}
BINARY: dict[str, Expression] = {
    "sum": lambda x, y: x + y,
    "difference": lambda x, y: x - y,
    "product": lambda x, y: x * y / 4,
    "quotient": lambda x, y: x / (y * y + 1.0),
    "angle": lambda x, y: atan2(x, y * y - 4.0),
    "power": lambda x, y: (x * x + 1.0) ** (y / 4.0),
}
LEAVES = st.sampled_from(SYMBOLS)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.tuples(st.sampled_from(sorted(UNARY)), inner)
        | st.tuples(st.sampled_from(sorted(BINARY)), inner, inner)
    ),
    max_leaves=8,
)


def calculated(tree: object, x: dict[str, object]) -> object:
    """Return what an expression gives for inputs, whatever they are."""
    if isinstance(tree, str):
        return x[tree]
    name, *parts = tree
    numbers = [calculated(part, x) for part in parts]
    return (UNARY if len(numbers) == 1 else BINARY)[name](*numbers)


def model_of(tree: object) -> Expression:
    def model(a, b, c, d):
        x = {"a": a, "b": b, "c": c, "d": d}
        return calculated(tree, x) + 0.1 * a

    return model


def noise(expected: Evaluated) -> float:
    """Return what rounding may leave of a contribution that cancels, as one through two ways may."""
    slope = max(1.0, *(abs(line.sensitivity) for line in expected.lines))
    return 1e-14 * slope * max(line.u for line in expected.lines)


def assert_same(found: Evaluated, expected: Evaluated) -> None:
    """Compare what is found with what one point by itself gives, to float precision."""
    for name in ("unit", "cmc", "k_chosen"):
        assert getattr(found, name) == getattr(expected, name)
    least = noise(expected)
    size = max(1.0, abs(expected.value), *(abs(line.sensitivity * line.value) for line in expected.lines))
    assert found.value == pytest.approx(expected.value, rel=1e-13, abs=1e-14 * size)
    assert found.u == pytest.approx(expected.u, rel=1e-12, abs=least)
    for name in ("dof", "k", "coverage", "expanded"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-9)
    slopes = max(1.0, *(abs(line.sensitivity) for line in expected.lines))
    for ours, line in zip(found.lines, expected.lines, strict=True):
        for name in ("symbol", "value", "unit", "u", "distribution", "divisor", "dof", "source"):
            assert getattr(ours, name) == getattr(line, name)
        assert ours.sensitivity == pytest.approx(line.sensitivity, rel=1e-12, abs=1e-14 * slopes)
        assert ours.contribution == pytest.approx(line.contribution, rel=1e-12, abs=least)
        assert ours.share == pytest.approx(line.share, rel=1e-9, abs=1e-9)


def input_of(draw: st.DrawFn, symbol: str, dof: float) -> Input:
    value = round(draw(st.floats(-2.0, 2.0)), 6)
    u = draw(st.sampled_from([0.0, 0.01, 0.3]) | st.floats(1e-6, 1.0))
    return Input.student_t(symbol, value, "1", u, dof, source="drawn")


@st.composite
def situations(draw: st.DrawFn) -> tuple[Budget, list[list[Input]]]:
    """Give a budget and its inputs at some points; any two inputs may be correlated."""
    pair = draw(st.sampled_from([None, ("a", "b"), ("d", "b")]))
    group = draw(st.booleans())
    dofs = st.sampled_from([1.0, 2.0, 3.5, 50.0, math.inf])
    points = []
    for _ in range(draw(st.integers(1, 4))):
        together = draw(dofs)
        correlated = {"a", "b", "c"} if group else set(pair or ())
        points.append(
            [input_of(draw, symbol, together if symbol in correlated else draw(dofs)) for symbol in SYMBOLS]
        )
    correlations: dict[tuple[str, str], float] = {}
    if group:
        correlations = {("a", "b"): 0.5, ("c", "b"): -0.25, ("a", "c"): 0.3}
    elif pair:
        correlations = {pair: draw(st.sampled_from([-1.0, -0.4, 0.7, 1.0]))}
    return Budget(model_of(draw(TREES)), points[0], "m3", correlations), points


PLACES = [(0.4, 1.3, -0.7, 0.0), (-1.1, -0.2, 1.9, 0.6), (2.0, 0.5, 0.25, -3.0)]


@given(situations(), st.sampled_from([{}, {"coverage": 0.9545}, {"k": 2.0}, {"cmc": 0.2}]))
@settings(max_examples=150, deadline=None)
def test_each_point_is_its_own_budget(drawn: tuple[Budget, list[list[Input]]], how: dict[str, float]) -> None:
    budget, points = drawn
    columns = list(zip(*points, strict=True))
    arrays = [
        {column[0].symbol: [getattr(each, name) for each in column] for column in columns}
        for name in ("value", "u", "dof")
    ]
    expected = [replace(budget, inputs=inputs).evaluate(**how) for inputs in points]
    # Where all cancels but for rounding, degrees of freedom mean nothing.
    assume(all(one.u > 1e6 * noise(one) or not any(line.u for line in one.lines) for one in expected))
    found = evaluate_points(budget, arrays[0], u=arrays[1], dof=arrays[2], **how)
    for number, one in enumerate(expected):
        assert_same(found.at(number), one)
        for line in one.lines:
            ours = found.contribution(line.symbol)[number]
            assert ours == pytest.approx(line.contribution, rel=1e-12, abs=noise(one))


@pytest.mark.parametrize("tree", [*((name, "b") for name in UNARY), *((name, "b", "c") for name in BINARY)])
def test_each_function_has_its_slope(tree: tuple[str, ...]) -> None:
    inputs = [
        Input.student_t(symbol, value, "1", 0.1, 7) for symbol, value in zip(SYMBOLS, PLACES[0], strict=True)
    ]
    budget = Budget(model_of(tree), inputs)
    found = evaluate_points(budget, dict(zip(SYMBOLS, np.transpose(PLACES), strict=True)))
    for number, place in enumerate(PLACES):
        here = [replace(each, value=value) for each, value in zip(inputs, place, strict=True)]
        assert_same(found.at(number), replace(budget, inputs=here).evaluate())


def test_coverage_factors_of_many_are_those_of_each() -> None:
    dofs = np.array([1.0, 1.996, 1.9999, 2.0, 3.99, 18.9987, 18.99, 141.87, 141.996, 1e6, math.inf])
    for coverage in (0.6827, 0.95, 0.9545):
        assert coverage_factors(dofs, coverage).tolist() == [coverage_factor(dof, coverage) for dof in dofs]
    for k in (1.0, 2.0, 3.0):
        assert coverage_probabilities(dofs, k).tolist() == [coverage_probability(dof, k) for dof in dofs]
    for wrong in (0.0, 1.0):
        with pytest.raises(ParameterError, match="a coverage probability lies between 0 and 1"):
            coverage_factors(dofs, wrong)
    with pytest.raises(ParameterError, match="a coverage factor is above 0"):
        coverage_probabilities(dofs, 0.0)
    with pytest.raises(ParameterError, match=r"0.5 degrees of freedom give no coverage factor"):
        coverage_factors(np.array([2.0, 0.5]), 0.95)


def test_the_documented_example_runs() -> None:
    assert doctest.testmod(batch).failed == 0


def meter(collected, temperature, pulses, air, repeatability):
    density = water_density_tanaka(temperature)
    volume = collected * (1 - air / 8000) / (1 - air / density) / density
    return (pulses / 100 / volume / 1000 - 1) * 100 + repeatability


METER = Budget(
    meter,
    [
        Input.from_certificate("collected", 500.0, "kg", 0.05, source="balance"),
        Input.from_limits("temperature", 20.0, "°C", 0.1),
        Input.from_limits("pulses", 50_100.0, "1", 1.0, Distribution.TRIANGULAR),
        Input.normal("air", 1.2, "kg/m3", 0.0),
        Input.student_t("repeatability", 0.0, "%", 0.01, 2),
    ],
    "%",
)


def test_many_points_and_many_items_at_once() -> None:
    """Nine points of seven meters: what they share is given once, and blocks don't show."""
    generator = np.random.default_rng(1)
    values = {
        "collected": generator.uniform(400, 600, (9, 1)),
        "temperature": generator.uniform(15, 25, (9, 1)),
        "pulses": generator.uniform(49_000, 51_000, (9, 7)),
    }
    u = {"repeatability": generator.uniform(0.001, 0.1, 7)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "_BLOCK", 10)
        found = evaluate_points(METER, values, u=u, cmc=0.05)
    assert found.value.shape == found.k.shape == found.contribution("air").shape == (9, 7)
    for point, item in np.ndindex(9, 7):
        inputs = [
            replace(
                each, value=float(values[each.symbol][point, min(item, values[each.symbol].shape[1] - 1)])
            )
            if each.symbol in values
            else each
            for each in METER.inputs
        ]
        inputs[-1] = replace(inputs[-1], u=float(u["repeatability"][item]))
        assert_same(found.at(point, item), replace(METER, inputs=inputs).evaluate(cmc=0.05))


def test_a_single_point_has_no_shape() -> None:
    found = evaluate_points(METER, {})
    assert found.value.shape == ()
    assert_same(found.at(), METER.evaluate())


@pytest.mark.parametrize(
    "density",
    [
        water_density_iapws95,
        water_density_tanaka,
        lambda t, p: air_density(t, p, 0.5),
    ],
)
def test_formulas_of_fluids(density: Expression) -> None:
    inputs = [Input.from_limits("t", 20.0, "°C", 0.2), Input.from_limits("p", 100e3, "Pa", 200.0)]
    budget = Budget(density, inputs, "kg/m3")
    values = {"t": np.array([15.0, 20.0, 26.5]), "p": np.array([80e3, 101_325.0, 105e3])}
    found = evaluate_points(budget, values)
    for at, (t, p) in enumerate(zip(*values.values(), strict=True)):
        here = [replace(inputs[0], value=float(t)), replace(inputs[1], value=float(p))]
        assert_same(found.at(at), replace(budget, inputs=here).evaluate())
    with pytest.raises(ParameterError, match=r"temperature 140 °C is outside"):
        evaluate_points(budget, {"t": [20.0, 140.0, 20.0]})
    with pytest.raises(ParameterError, match=r"temperature -40 °C is outside"):
        evaluate_points(budget, {"t": [20.0, -40.0, 20.0]})


def test_numbers_of_numpy_are_constants_like_others() -> None:
    def model(a):
        half, two = np.float64(0.5), np.float64(2.0)
        first, last = np.float32(1) + half * a - two / (a + two), a * two + half - a / two
        return two - first * last + two ** (a * half) - a ** np.int64(2) + np.array(3.0) * a

    inputs = [Input.student_t("a", 0.7, "1", 0.1, 4)]
    budget = Budget(model, inputs)
    found = evaluate_points(budget, {"a": [0.7, 1.3]})
    assert_same(found.at(0), budget.evaluate())
    assert_same(found.at(1), Budget(model, [replace(inputs[0], value=1.3)]).evaluate())


def test_the_size_of_a_number_has_a_slope() -> None:
    budget = Budget(lambda a: abs(a) * 2, [Input.normal("a", 1.0, "1", 0.1)])
    found = evaluate_points(budget, {"a": [-3.0, 3.0]})
    assert found.value.tolist() == [6.0, 6.0]
    assert found.sensitivities["a"].tolist() == [-2.0, 2.0]


def test_where_a_formula_has_no_slope() -> None:
    inputs = [Input.normal(symbol, 0.0, "1", 0.1) for symbol in "yx"]
    for model in (atan2, lambda y, x: y**0 + x**2, lambda y, x: 0.0 ** (y + 1) + x):
        budget = Budget(model, inputs)
        assert_same(evaluate_points(budget, {"x": [0.0, 0.0]}).at(1), budget.evaluate())


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (
            lambda a, b: a + np.array([1.0, 2.0]) * b,
            r"can't use ndarray beside its inputs: give what differs",
        ),
        (
            lambda a, b: np.array([1.0, 2.0]) * a + b,
            r"can't use ndarray beside its inputs: give what differs",
        ),
        (lambda a, b: np.cbrt(a) + b, r"can't use numpy's cbrt: it is plain arithmetic"),
        (lambda a, b: max(b, a), r"can't ask which of two numbers is larger"),
        (lambda **_: 3.0, r"must return a number that depends on its inputs, not 3.0"),
        (lambda a, b: (a, b), r"must return a number that depends on its inputs, not \(<"),
        (lambda a, b: a + b / (a - 2.0), r"no finite result at point 1: .*inf"),
        (lambda a, b: log(a - 1.5) + b, r"no finite result at point 0: .*nan"),
    ],
)
def test_what_can_not_be_evaluated_at_once_is_refused(model: Expression, said: str) -> None:
    budget = Budget(model, [Input.normal("a", 1.0, "1", 0.1), Input.normal("b", 2.0, "1", 0.1)])
    with pytest.raises(ParameterError, match=said):
        evaluate_points(budget, {"a": [1.0, 2.0]})


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"values": {"e": [1.0]}}, "e is no input of the budget, which has a, b"),
        ({"values": {"a": [1.0, math.inf]}}, "value of a can't be .*inf"),
        ({"values": {"a": [1.0, math.nan]}}, "value of a can't be .*nan"),
        ({"u": {"a": [0.1, -0.1]}}, "u of a can't be .*-0.1"),
        ({"dof": {"a": [0.5, 2.0], "b": 2.0}}, "dof of a can't be .*0.5"),
        ({"values": {"a": [1.0, 2.0], "b": [1.0, 2.0, 3.0]}}, r"shapes \(2,\), \(3,\) are not of the same"),
        ({"dof": {"a": [3.0, 4.0]}}, "correlated inputs a, b differ in degrees of freedom"),
    ],
)
def test_inputs_that_can_not_be_are_refused(arrays: dict[str, dict[str, object]], said: str) -> None:
    inputs = [Input.student_t("a", 1.0, "1", 0.1, 5), Input.student_t("b", 2.0, "1", 0.1, 5)]
    budget = Budget(lambda a, b: a * b, inputs, correlations={("a", "b"): 0.5})
    with pytest.raises(ParameterError, match=said):
        evaluate_points(budget, **{"values": {}, **arrays})


def test_what_is_remembered_is_bounded() -> None:
    """A model of a thousand steps at 40,960 points would take 330 MB, were they all evaluated together."""

    def model(a):
        for _ in range(1000):
            a = a * 1.0001
        return a

    budget = Budget(model, [Input.normal("a", 1.0, "1", 0.1)])
    tracemalloc.start()
    found = evaluate_points(budget, {"a": np.full(40_960, 2.0)})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.value[-1] == pytest.approx(2.0 * 1.0001**1000)
    assert peak < 60e6
