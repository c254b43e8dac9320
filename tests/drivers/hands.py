"""A person who is asked for instruments that have no interface, and what they are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.by_hand.indicating import PressureGaugeByHand, VolumeTotalizerByHand
from remotecal.drivers.hand_instrument import HandInstrument
from remotecal.drivers.links.by_hand import ByHandLink, Sought
from remotecal.drivers.quantities import Reading
from remotecal.drivers.shown import Shown
from remotecal.runs.prompts import Question


class Asked:
    """Answers in turn, as a run has a person answer; keeps what was asked."""

    def __init__(self, answers: Iterable[str]) -> None:
        self.sought: list[Sought] = []
        self._answers = iter(answers)

    def put(self, sought: Sought, still_wanted: Callable[[], None]) -> str:
        self.sought.append(sought)
        still_wanted()
        answer = next(self._answers)
        question = Question(sought.question, sought.options, sought.kind, unit=sought.unit)
        assert sought.kind == "file" or not question.refuses(answer), question.refuses(answer)
        return question.taken(answer)

    def questions(self, language: str = "en") -> list[str]:
        return [sought.question.get(language) for sought in self.sought]


@contextmanager
def by_hand(driver: type[HandInstrument], *answers: str, **settings: Any) -> Iterator[tuple[Any, Asked]]:
    """Open an instrument that a person reads, who answers so."""
    with driver.open("by-hand:there", name="gauge", **settings) as instrument:
        person = Asked(answers)
        assert isinstance(instrument.link, ByHandLink)
        instrument.link.person = person
        yield instrument, person


BAR = {"unit": "bar", "high": 16.0}
"""A dial."""


def dial(**place: Any) -> type[HandInstrument]:
    """Return a driver with one quantity, that a person reads there."""
    reading = Reading(Shown("表盘", "dial", **place), "V", span=(0, 10), accuracy=UNSTATED)
    return type("Probe", (HandInstrument,), {"q": reading})


def looks(driver: type[HandInstrument], *answers: str, expected: float | None = None) -> list[str]:
    """Return the questions until all answers are given."""
    with by_hand(driver, *answers) as (probe, person):
        if expected is not None:
            probe.expect("q", expected, "V")
        while len(person.sought) < len(answers):
            probe.q.read()
        return person.questions()


def gauge(*answers: str, driver: Any = PressureGaugeByHand, **settings: Any) -> tuple[Any, list[str]]:
    """Return the reading of a dial that a bench describes, and what was asked for it."""
    with by_hand(driver, *answers, **settings) as (probe, person):
        name = "volume" if driver is VolumeTotalizerByHand else "pressure"
        measured = getattr(probe, name).read()
        return measured, person.questions()


def limits(**settings: Any) -> float:
    measured, _ = gauge("8", **BAR, **settings)
    return round(measured.u * 3**0.5, 9)


def expecting(*answers: str, **settings: Any) -> int:
    with by_hand(PressureGaugeByHand, *answers, **BAR, **settings) as (probe, person):
        probe.expect("pressure", 100, "kPa")
        probe.pressure.read()
        return len(person.sought)
