"""What a run relied on beside its readings: whether it was valid then, and what people answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import ValidationError

from remotecal.clock import civil_day
from remotecal.errors import EvidenceError
from remotecal.journal.events import seconds
from remotecal.journal.evidence import read_start
from remotecal.journal.files import named_files
from remotecal.model import Text
from remotecal.runs.prompts import Question

if TYPE_CHECKING:
    from remotecal.journal.events import Event, Json


def examine_facts(events: Sequence[Event]) -> str:
    """Check that certificates and facts of the rig were valid each time the run began or was taken up.

    Raises:
        EvidenceError: one was not.
    """
    start = read_start(events)
    until = {f"the fact {name}": fact.valid_until for name, fact in start.characteristics.items()}
    for name, used in start.certificates.items():
        if used.certificate.valid_until is not None:
            until[f"certificate {used.certificate.number} of {name}"] = used.certificate.valid_until
    for event in events:
        if event.kind in {"start", "resume"}:
            today = civil_day(seconds(event.at), start.time_zone)
            for what, last in until.items():
                if today > last:
                    raise EvidenceError(f"line {event.seq}: {what} was valid until {last}, used on {today}")
    facts = (
        f"{name} = {fact.value:g} {fact.unit}, U = {fact.expanded_uncertainty:g} ({fact.source})"
        for name, fact in start.characteristics.items()
    )
    return "; ".join(facts) or "none beside the certificates"


def examine_answers(events: Sequence[Event]) -> str:
    """Check that each answer is one to a question that was open; tell questions and answers.

    Raises:
        EvidenceError: an answer answers nothing, or as nobody could.
    """
    files = {file.sha256 for file in named_files(events)}
    open_questions: dict[Json, Event] = {}
    said = []
    for event in events:
        if event.kind == "prompt":
            open_questions[event.seq] = event
        elif event.kind == "answer":
            asked = open_questions.pop(event.data["prompt"], None)
            if asked is None:
                raise EvidenceError(
                    f"line {event.seq} answers line {event.data['prompt']}, where no question is open"
                )
            said.append(_answered(asked, str(event.data["answer"]), files, event.seq))
    return "; ".join(said)


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
        question = Question(text, choices, kind, unit=unit)  # type: ignore[arg-type]  # its shape was checked
        fault = question.refuses(answer)
    if fault:
        raise EvidenceError(f"line {line}: {answer:.40} is no answer to {text.get('en')!r}: {fault}")
    return f"{text.get('en')} {answer:.40}"
