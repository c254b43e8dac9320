"""Facts of a rig are sizes, but for temperatures: 0.02 °C is 0.02 K, and 296.15 K is 23 °C."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

import pytest

from remotecal.bench_file import Characteristic
from remotecal.journal.observation import Observation
from remotecal.procedures import Observed, Point, Procedure
from remotecal.procedures.library.evaluation.repeats import CMC, Repeats
from remotecal.runs.suitability import implausible


def fact(value, unit):
    return Characteristic(
        value=value, unit=unit, expanded_uncertainty=0.0, source="", valid_until=date(2027, 1, 1)
    )


class Told(Observed):
    """A repeat: what was read."""

    value: Annotated[float, "°C"]


@dataclass
class Facts:
    """Evidence of a bench that states some."""

    characteristics: dict[str, Characteristic]


def repeats_beside(**facts):
    point = Point("20", {"t": 20.0})
    told = [Told.of(Observation(point, number, {"value": 20.0}, began=0.0, at=1.0)) for number in (1, 2)]
    return Repeats(point, Facts(facts), told)


@pytest.mark.parametrize(("value", "unit"), [(0.02, "K"), (0.02, "°C"), (20.0, "mK")])
def test_the_cmc_of_temperatures_is_a_size(value, unit):
    repeats = repeats_beside(**{CMC: fact(value, unit)})
    found = repeats.evaluate(lambda seen, _: seen.value, "°C")
    assert found.expanded == pytest.approx(0.02)


def test_a_resolution_is_a_size_and_a_temperature_a_place():
    assert repeats_beside(step=fact(0.1, "K")).constant("step", "°C") == pytest.approx(0.1)
    assert fact(296.15, "K").place("°C") == pytest.approx(23.0)


class Bath(Procedure):
    """What nothing measures: where its facts may be."""

    def __init__(self):
        """Take no parameters."""

    def plausible(self):
        return {"uniformity": (0.0, 1.0), "base": (10.0, 30.0)}

    def points(self):
        return ()

    def measure(self, point, run):
        raise NotImplementedError

    def evaluate(self, evidence):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("name", "stated", "declared", "plausible"),
    [
        ("uniformity", fact(0.02, "°C"), "K", True),
        ("uniformity", fact(20.0, "mK"), "K", True),
        ("uniformity", fact(2.0, "°C"), "K", False),
        ("base", fact(296.15, "K"), "°C", True),
        ("base", fact(20.0, "degC"), "degC", True),
        ("base", fact(20.0, "K"), "°C", False),
    ],
)
def test_a_fact_that_is_a_difference_may_be_stated_in_degrees_celsius(name, stated, declared, plausible):
    assert (implausible(Bath(), name, stated, declared) == "") is plausible
