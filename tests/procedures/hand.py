"""Instruments of the tiny bench that a person reads or turns, and a person who does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ClassVar

from tiny import Indicator, Leveller, TinySource, TinyWorld
from tiny_bench import Tiny

from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.by_hand.stated import ReadByHand
from remotecal.drivers.hand_instrument import HandInstrument
from remotecal.drivers.quantities import Reading, Setting
from remotecal.drivers.shown import shown
from remotecal.journal.events import Event
from remotecal.runs.prompts import Answer, Question

DRIVERS = frozenset({"hand:Dial", "hand:Knob", "tiny:TinySource", "tiny:TinyMeter"})


class Dial(ReadByHand, Indicator):
    """A dial that shows the level."""

    value = Reading(shown("表盘示值", "dial"), "V", span=(0, 1000), accuracy=UNSTATED)


class Loose(TinySource):
    """A source that has no safe state."""

    safe: ClassVar = ()


class Knob(HandInstrument, Leveller):
    """A knob by which a person sets the level."""

    level = Setting(shown("旋钮", "knob"), "V", span=(0, 10))
    safe: ClassVar = (level.to(0),)


DIAL = 'settings = { unit = "V", high = 20, step = 0.05, percent_of_span = 1, maker = "Acme", photo = false }'


def read_by_hand(tiny: Tiny, settings: str = DIAL) -> None:
    """Let a person read the gauge of the bench."""
    text = tiny.bench.read_text()
    meter = tiny.world.address("meter")
    text = text.replace('driver = "tiny:TinyMeter"', f'driver = "hand:Dial"\n{settings}')
    tiny.bench.write_text(text.replace(meter, "by-hand:dial"))


class Beside:
    """A person beside the bench, who reads the level off the dial, turns the knob and takes photos.

    Args:
        world: what they look at.
        instead: what they say instead, by the number of the question, from 1.
        photo: the photo they take.
    """

    def __init__(
        self, world: TinyWorld, instead: dict[int, str] | None = None, photo: Path | None = None
    ) -> None:
        self.asked: list[Question] = []
        self.before: Callable[[Question], None] = lambda _: None
        self._world, self._instead, self._photo = world, instead or {}, photo

    def answer(self, question: Question, still_wanted: Callable[[], None]) -> Answer:
        self.asked.append(question)
        self.before(question)
        still_wanted()
        text = self._instead.get(len(self.asked)) or self._said(question)
        fault = question.refuses(text)
        assert not fault, fault
        return Answer(text, "liwei")

    def _said(self, question: Question) -> str:
        if question.kind == "number":
            return f"{self._world.level + self._world.offset:.2f}"
        if question.kind == "file":
            return str(self._photo)
        if question.kind == "text":
            return "M1" if "gauge" in question.text.get("en") else "S1"
        if "knob to" in question.text.get("en"):
            self._world.level = float(question.text.get("en").partition("knob to ")[2].partition(" V")[0])
        return question.options[0]

    def questions(self, language: str = "en") -> list[str]:
        return [question.text.get(language) for question in self.asked]


def examine(events: Iterable[Event]) -> dict[str, str]:
    """Return what is said of a journal by the checks that readings by hand concern."""
    from examining import examine_answers, examine_by_hand, examine_instruments, examine_replies

    told = tuple(events)
    return {
        "instruments": examine_instruments(told, DRIVERS),
        "read by hand": examine_by_hand(told),
        "answers": examine_answers(told),
        "replies": examine_replies(told, DRIVERS),
    }
