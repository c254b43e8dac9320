"""Steps that two readings of each repeat are rounded to, beside the scatter of the repeats."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

import pytest

from remotecal.journal.observation import Observation
from remotecal.procedures import Observed, Point
from remotecal.procedures.library.evaluation.repeats import REPEATABILITY, Repeats
from remotecal.procedures.library.evaluation.sources import COUNTED, IN_SCATTER, ORDER
from remotecal.uncertainty.inputs import Input


class Told(Observed):
    """A repeat: what was counted."""

    value: Annotated[float, "1"]


def told(value):
    return Told.of(Observation(Point("Q", {"flow": 1.0}), 1, {"value": value}, began=0.0, at=1.0))


class Without:
    """Evidence of a bench without facts."""

    characteristics: Mapping[str, object] = MappingProxyType({})


def counted(values):
    """Return the result of counting, with a step of 1 in each."""
    repeats = Repeats(Point("Q", {"flow": 1.0}), Without(), [told(value) for value in values])
    repeats.rounded("N", "1", 1.0, COUNTED)
    found = repeats.evaluate(lambda seen, x: seen.value + x["N"], "1")
    return found, {line.symbol: line for line in found.lines}


def test_they_count_once_where_the_repeats_scatter_by_more():
    found, lines = counted([100.0, 102.0, 99.0, 101.0])
    assert found.u == pytest.approx(lines[REPEATABILITY].u)
    assert (lines["N"].u, lines["N"].source) == (0.0, IN_SCATTER)


def test_they_count_where_the_repeats_agree():
    found, lines = counted([100.0, 100.0, 100.0])
    assert found.u == pytest.approx(1 / math.sqrt(6) / math.sqrt(3))
    assert lines["N"].source == COUNTED
    found, lines = counted([100.0, 100.0, 100.0, 100.5])
    assert 0.0 < lines[REPEATABILITY].u < found.u == pytest.approx(1 / math.sqrt(6) / math.sqrt(4))


def test_what_an_error_does_not_take_stays_as_it_is():
    repeats = Repeats(Point("Q", {"flow": 1.0}), Without(), [told(1.0), told(9.0)])
    repeats.rounded("N", "1", 1.0, COUNTED)
    repeats.rounded("of_another", "1", 1.0, COUNTED)
    lines = {line.symbol: line for line in repeats.evaluate(lambda seen, x: seen.value + x["N"], "1").lines}
    assert lines["N"].u == 0.0
    assert lines["of_another"].u == pytest.approx(1 / math.sqrt(12))


def test_they_count_once_beside_a_scatter_that_is_given():
    """One of all places, such as a converter's; what the mean of several readings is off is the smaller."""
    repeats = Repeats(Point("Q", {"flow": 1.0}), Without(), [told(1.0), told(1.0)])
    repeats.rounded("W", "kg", 1 / math.sqrt(2), ORDER)
    for spread, left in ((0.0, 0.5), (0.1, math.sqrt(0.25 - 0.06)), (1.0, 0.0)):
        given = (Input.student_t(REPEATABILITY, 0.0, "kg", spread, 9.0),)
        found = repeats.evaluate(lambda seen, x: seen.value + x["W"], "kg", scatter=given)
        assert found.u == pytest.approx(max(spread, 1 / math.sqrt(24)))
        assert found.lines[1].u == pytest.approx(left / math.sqrt(6))


def test_more_scatter_is_never_less_uncertainty():
    """What scatters a little less and a little more than the steps is as uncertain."""
    steps = 1 / math.sqrt(6) / math.sqrt(3)
    for by in (0.0, 0.3, 0.705, 0.71, 0.9):
        found, _ = counted([100.0, 100.0, 100.0 + by])
        assert found.u == pytest.approx(max(by / 3, steps))


@pytest.mark.parametrize(("noise", "repeats"), [(0.0, 3), (0.3, 3), (1.0, 10)])
def test_the_interval_holds_as_often_as_it_says_whatever_scatters(noise, repeats):
    """Monte Carlo: totals that begin anywhere within a step, with noise of the process or without."""
    rng = random.Random(11)

    def once():
        values = []
        for _ in range(repeats):
            begin, passed = rng.uniform(0, 1), 10.37 + rng.gauss(0.0, noise)
            values.append(math.floor(begin + passed) - math.floor(begin))
        found, _ = counted(values)
        return abs(found.value - 10.37) <= found.expanded

    assert sum(once() for _ in range(200)) / 200 > 0.92
