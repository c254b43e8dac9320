"""How intervals between calibrations ended, and what is advised of them."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sample import record
from test_history import adjusted

from remotecal.certificates.intervals import IntervalEnd, interval_ends, states_of
from remotecal.model import Column, Conformity, Limits, Record, Text
from remotecal.model.certificate import LEVEL
from remotecal.statistics.staircase import Advice, Ended, of_item, of_model

LIMITED = Conformity(verdicts=("pass",), tolerance=Limits(lower=("-0.5",), upper=("0.5",)))
SAID = ("0.112", "0.087", "0.064", "0.021", "-0.058", "-0.243")
"""Errors of the sample."""


def calibrated(
    errors: tuple[str, ...] = SAID,
    days: int = 0,
    conformity: Conformity | None = LIMITED,
    more: tuple[Column, ...] = (),
) -> Record:
    """Return the sample as it was calibrated so many days later, with other errors, and more columns."""
    whole = record()
    (measured,) = whole.measurements
    results = []
    for result in measured.results:
        tables = []
        for table in result.tables:
            columns = tuple(
                column.model_copy(update={"values": errors, "conformity": conformity})
                if "basic_measurementError" in getattr(column, "ref_types", ())
                else column
                for column in table.columns
            )
            tables.append(table.model_copy(update={"columns": columns + more}))
        results.append(result.model_copy(update={"tables": tuple(tables)}))
    measured = measured.model_copy(update={"results": tuple(results)})
    finished = whole.finished + timedelta(days=days)
    return whole.model_copy(update={"measurements": (measured,), "finished": finished})


def shifted(by: float) -> tuple[str, ...]:
    return tuple(f"{float(error) + by:.3f}" for error in SAID)


def ended(before: Record, now: Record) -> list[IntervalEnd]:
    return list(interval_ends(states_of(before, 0), states_of(now, 0)))


def test_errors_are_held_against_their_limits_with_their_drift() -> None:
    (end,) = ended(calibrated(), calibrated(shifted(0.1), 731))
    assert (end.against, end.days, end.results, end.outside) == ("limit", 731, 6, 0)
    assert end.part == pytest.approx(0.212 / 0.5)
    assert end.drift == pytest.approx(0.05, rel=1e-3)
    assert end.drift_part == pytest.approx(0.1, rel=1e-3)
    (end,) = ended(calibrated(), calibrated(shifted(-0.3), 365))
    assert (end.outside, end.part) == (1, pytest.approx(0.543 / 0.5))


def test_one_limit_alone_and_limits_about_another_middle_count() -> None:
    upper = Conformity(verdicts=("pass",), tolerance=Limits(upper=("0.2",)))
    (end,) = ended(calibrated(), calibrated(days=365, conformity=upper))
    assert (end.outside, end.part) == (0, pytest.approx(0.56))  # -0.243 is far from it
    lower = Conformity(verdicts=("pass",), tolerance=Limits(lower=("-0.2",)))
    (end,) = ended(calibrated(), calibrated(days=365, conformity=lower))
    assert (end.outside, end.part) == (1, pytest.approx(0.243 / 0.2))
    both = Conformity(verdicts=("pass",), tolerance=Limits(lower=("-0.4",), upper=("0",)))
    (end,) = ended(calibrated(), calibrated(days=365, conformity=both))
    assert (end.outside, end.part) == (4, pytest.approx((0.112 + 0.2) / 0.2))


def test_without_limits_the_change_is_held_against_the_uncertainties_of_both() -> None:
    (end,) = ended(calibrated(conformity=None), calibrated(shifted(0.04), 365, None))
    (then,) = states_of(calibrated(conformity=None), 0).found.values()
    part = max(0.04 / (2**0.5 * one.expanded) for one in then)
    assert (end.against, end.part) == ("U", pytest.approx(part))
    assert end.outside == sum(2**0.5 * one.expanded < 0.04 for one in then)
    assert 0 < end.outside < end.results == 6


def test_what_was_left_begins_an_interval_and_what_was_found_ends_it() -> None:
    before, now = adjusted(calibrated()), calibrated(shifted(0.1), 365)
    states = states_of(before, 0)
    (kind,) = states.found
    assert len(states.found[kind]) == len(states.left[kind]) == len(SAID)
    states.found[kind] = [one._replace(error=9.0) for one in states.found[kind]]
    (end,) = interval_ends(states, states_of(now, 0))
    assert end.drift == pytest.approx(0.1, rel=1e-2)
    later = states_of(adjusted(calibrated(shifted(0.1), 365)), 0)
    later.left[kind] = [one._replace(error=9.0) for one in later.left[kind]]
    assert list(interval_ends(states_of(calibrated(), 0), later)) == [end]


def test_errors_at_one_place_and_another_level_are_not_held_against_each_other() -> None:
    def at(levels: str, errors: tuple[str, ...], days: int, unit: str = "kPa") -> Record:
        level = Column(
            name=Text(zh="压力", en="Pressure"), ref_types=(LEVEL,), unit=unit, values=tuple(levels.split())
        )
        return calibrated(errors, days, None, (level,))

    high, low = "1000 1000 1000 1000 1000 1000", "400 400 400 400 400 400"
    assert ended(at(high, SAID, 0), at(low, shifted(0.3), 365)) == []
    (end,) = ended(at(high, SAID, 0), at(high, shifted(0.3), 365))
    assert end.results == 6
    assert ended(at(high, SAID, 0), at("1 1 1 1 1 1", shifted(0.3), 365, "MPa")) == [end]
    assert ended(calibrated(conformity=None), at(high, shifted(0.3), 365)) == [], (
        "at which it was is not known"
    )


def test_what_was_calibrated_again_soon_ended_no_interval() -> None:
    assert ended(calibrated(), calibrated(days=27)) == []
    assert len(ended(calibrated(), calibrated(days=28))) == 1


def test_numbers_that_nobody_can_compute_with_are_left_out() -> None:
    (end,) = ended(calibrated(), calibrated(("1e400", *SAID[1:]), 365))
    assert (end.results, end.part) == (5, pytest.approx(0.243 / 0.5))
    assert ended(calibrated(conformity=None), calibrated(("-1e999",) * 6, 365, None)) == []


WELL = Ended(intervals=10, outside=0, last_outside=False, largest=0.5, days=365.25, drift=0.2)


@pytest.mark.parametrize(
    ("changed", "item", "model"),
    [
        ({}, ("lengthen", "within"), ("lengthen", "within")),
        ({"intervals": 9}, ("lengthen", "within"), ("none", "few")),
        ({"intervals": 2}, ("none", "few"), ("none", "few")),
        ({"largest": 0.81}, ("keep", "near"), ("keep", "near")),
        ({"largest": 0.8, "drift": 0.41}, ("keep", "drift"), ("keep", "drift")),
        ({"drift": None}, ("lengthen", "within"), ("lengthen", "within")),
        ({"outside": 1, "largest": 1.1}, ("keep", "once"), ("shorten", "often")),
        ({"outside": 1, "largest": 1.1, "intervals": 20}, ("keep", "once"), ("keep", "once")),
        ({"outside": 1, "largest": 1.1, "last_outside": True}, ("shorten", "outside"), ("shorten", "often")),
    ],
)
def test_advice_follows_the_staircase(
    changed: dict[str, float], item: tuple[str, str], model: tuple[str, str]
) -> None:
    found = replace(WELL, **changed)
    assert (of_item(found), of_model(found)) == (Advice(*item), Advice(*model))


def test_the_days_are_those_of_the_calibrations() -> None:
    assert states_of(calibrated(days=3), 0).finished == date(2026, 11, 23)
