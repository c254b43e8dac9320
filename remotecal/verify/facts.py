"""What a run relied on beside its readings: whether it was valid then, and what people answered."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import ValidationError

from remotecal import units
from remotecal.clock import civil_day
from remotecal.drivers.guide import Guide
from remotecal.errors import EvidenceError
from remotecal.journal.events import seconds
from remotecal.journal.files import read_attached
from remotecal.model import Text
from remotecal.runs.prompts import Question

if TYPE_CHECKING:
    from remotecal.journal.events import Event, Json
    from remotecal.journal.evidence import Start
    from remotecal.journal.occurrences import Occurrence


class Facts:
    """Checks that certificates and facts were valid when the run and each repeat began, or it was taken up.

    Raises:
        EvidenceError: one was not.
    """

    concerned = True

    def __init__(self, start: Start) -> None:
        self._start = start

    def follow(self, told: Occurrence) -> None:
        """Go on to the next event."""
        event = told.event
        if event.kind in {"start", "resume", "repeat"}:
            at = seconds(event.at)
            if ended := self._start.ended(at):
                today = civil_day(at, self._start.time_zone)
                raise EvidenceError(f"line {event.seq}: {ended}, used on {today}")

    def conclude(self) -> str:
        """Return the facts of the rig."""
        facts = (
            f"{name.replace('_', ' ')} {_amount(fact.value, fact.unit)}, "
            f"U = {_amount(fact.expanded_uncertainty, fact.unit)} ({Text.joined([fact.source]).get('en')})"
            for name, fact in self._start.characteristics.items()
        )
        return "; ".join(facts) or "none beside the certificates"


def _amount(value: float, unit: str) -> str:
    """Return a number as people write it, without an exponent, and its unit."""
    number = f"{Decimal(f'{value:g}'):f}"
    return number if unit == "1" else f"{number} {units.symbol(unit)}"


class Answers:
    """Checks that each answer is one to a question that was open; tells questions and answers.

    Raises:
        EvidenceError: an answer answers nothing, or as nobody could.
    """

    def __init__(self) -> None:
        self.concerned = False
        self._files: set[str] = set()
        self._open: dict[Json, Event] = {}
        self._said: list[str] = []

    def follow(self, told: Occurrence) -> None:
        """Go on to the next event."""
        event = told.event
        if event.kind == "file":
            self._files.add(read_attached(event.data, event.seq).sha256)
        elif event.kind == "prompt":
            self._open[event.seq] = event
        elif event.kind == "answer":
            self.concerned = True
            asked = self._open.pop(event.data["prompt"], None)
            if asked is None:
                raise EvidenceError(
                    f"line {event.seq} answers line {event.data['prompt']}, where no question is open"
                )
            self._said.append(_answered(asked, str(event.data["answer"]), self._files, event.seq))

    def conclude(self) -> str:
        """Return questions and answers."""
        return "; ".join(self._said)


def _answered(asked: Event, answer: str, files: set[str], line: int) -> str:
    """Return question and answer (EvidenceError where it does not answer that question)."""
    try:
        text = Text.model_validate(asked.data["question"])
    except ValidationError as error:
        raise EvidenceError(f"line {asked.seq} asks in no language: {error}") from None
    kind, options = asked.data["kind"], asked.data["options"]
    if kind == "file":
        fault = "" if answer in files else "no such file was added"
    else:
        choices = tuple(map(str, options)) if isinstance(options, list) else ()
        unit = str(asked.data.get("unit", ""))
        guide = Guide.read(asked.data)
        question = Question(text, choices, kind, unit=unit, guide=guide)  # type: ignore[arg-type]  # its shape was checked
        fault = question.refuses(answer)
    if fault:
        raise EvidenceError(f"line {line}: {answer:.40} is no answer to {text.get('en')!r}: {fault}")
    return f"{text.get('en')} {answer:.40}"
