import GTC
import numpy as np
import pytest

from remotecal.fluids.by_differences import FARTHEST, evaluate


class Counted:
    """A function of floats that counts how often it is asked."""

    def __init__(self, function):
        self.function = function
        self.asked = 0

    def __call__(self, inputs):
        assert all(type(each) is float for each in inputs)
        self.asked += 1
        return self.function(*inputs)


def parabola(a, b, c):
    return [3.0 + a * a - 2.0 * a * b + 0.5 * c * c * b, a + 2.0 * b]


def drawn(size=5000):
    random = np.random.default_rng(1)
    return [random.normal(mean, 0.3, size) for mean in (5.0, 7.0)]


def test_draws_of_a_parabola_are_exact_and_ask_a_few_times():
    a, b = drawn()
    asked = Counted(parabola)
    first, second = evaluate(asked, [a, b, 2.0])
    assert first == pytest.approx(parabola(a, b, 2.0)[0], rel=1e-12)
    assert second == pytest.approx(a + 2.0 * b, rel=1e-12)
    assert asked.asked == 6 + FARTHEST


def test_draws_of_what_has_a_kink_are_asked_one_by_one():
    a, b = drawn()
    asked = Counted(lambda a, b: [abs(a - 5.0) * b])
    (found,) = evaluate(asked, [a, b])
    assert list(found) == list(abs(a - 5.0) * b)
    assert asked.asked > len(a)


def test_few_draws_are_asked_one_by_one():
    a, b = drawn(10)
    asked = Counted(parabola)
    assert list(evaluate(asked, [a, b, 2.0])[0]) == list(parabola(a, b, 2.0)[0])
    assert asked.asked == 10


def test_a_draw_may_be_of_nothing_but_zeros():
    (found,) = evaluate(lambda at: [at[0] ** 2 + at[1]], [np.array([2.0, 3.0] * 100), np.zeros(200)])
    assert list(found[:2]) == pytest.approx([4.0, 9.0])


def test_uncertain_numbers_keep_their_correlation():
    a, b = GTC.multiple_ureal([5.0, 7.0], [0.1, 0.1], float("inf"))
    GTC.set_correlation(0.5, a, b)
    first, second = evaluate(lambda at: parabola(*at), [a, b, 2.0])
    assert (first.x, second.x) == tuple(parabola(5.0, 7.0, 2.0))
    assert first.sensitivity(a) == pytest.approx(2 * 5.0 - 2 * 7.0, rel=1e-9)
    assert GTC.get_correlation(second, a) == pytest.approx((1 + 2 * 0.5) / 7**0.5, rel=1e-9)


def test_a_slope_at_0_looks_to_one_side():
    seen = []

    def function(at):
        seen.extend(at)
        return [3.0 * at[0]]

    nothing = GTC.ureal(0.0, 0.1)
    assert evaluate(function, [nothing])[0].sensitivity(nothing) == pytest.approx(3.0)
    assert min(seen) == 0
