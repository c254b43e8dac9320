"""The course of a run, as its journal tells it: points, repeats, questions, people, faults, line by line."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from remotecal.errors import JournalBroken
from remotecal.journal.chain import ending, reading
from remotecal.journal.events import seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Choose: TypeAlias = Callable[[Mapping[str, str]], str]

LONGEST_TEXT: Final = 500
"""Letters of what a line says."""
PASSED_OVER: Final = frozenset({"replies", "instrument", "watch", "signature"})
"""Kinds of lines that tell of instruments alone, which numbers lead to."""
SAYS: Final = {
    "start": ("run",),
    "point": ("point",),
    "stable": (),
    "prompt": ("question",),
    "answer": ("answer",),
    "control": ("verb", "reason"),
    "adjust": ("set",),
    "note": ("text",),
    "file": ("about", "name"),
    "safe": ("text",),
    "finish": ("observations",),
}
"""Kind → where its event says what it is about; the others say why in `text`."""


@dataclass(frozen=True, slots=True)
class CourseStep:
    """Something that happened in a run."""

    line: int
    """Number of the journal's line that tells it; of a repeat, the one with which it begins."""
    at: float
    """When, in seconds since 1970, UTC."""
    kind: str
    """What (`journal.events.KINDS`)."""
    what: str
    """What is said of it."""
    by: str
    """Who did it; "" for nobody."""
    done: bool = True
    """Whether a repeat came to an observation, or the safe state was reached."""
    observed: int = 0
    """Of a repeat the line that keeps what was observed; 0 where it came to none."""

    def stands_for(self, line: int) -> bool:
        """Tell whether a line of the journal is told of here."""
        return line in {self.line, self.observed}

    def as_of(self, line: int) -> CourseStep:
        """Return the same as it was when a line was written: what a repeat yields comes later."""
        return self if self.observed <= line else replace(self, done=False, observed=0)


class Timeline(NamedTuple):
    """What a journal tells, and which of its lines keep what instruments replied."""

    steps: tuple[CourseStep, ...]
    """What happened, by the lines that tell it."""
    replies: tuple[int, ...]
    states: tuple[tuple[int, str], ...]
    """Lines with which the run came into another state, and which; as whoever asks names them."""


def steps_of(lines: Iterable[bytes], choose: Choose) -> list[CourseStep]:
    """Return what happened in a run, of the lines of its journal; what instruments replied is not read.

    Raises:
        JournalBroken: a line is no event.
    """
    return list(timeline(lines, choose, {}).steps)


def timeline(lines: Iterable[bytes], choose: Choose, states: Mapping[str, str]) -> Timeline:
    """Return what a journal tells.

    Args:
        lines: of the journal.
        choose: gives what is said in several languages in one.
        states: kind of an event → what it makes of the run.

    Raises:
        JournalBroken: a line is no event.
    """
    steps: list[CourseStep] = []
    replies: list[int] = []
    came: list[tuple[int, str]] = []
    repeat: int | None = None
    for line in lines:
        link = ending(line.rstrip(b"\n"))
        if link is None:
            raise JournalBroken("a line of the journal is no event")
        if link.kind in states:
            came.append((link.seq, states[link.kind]))
        if link.kind == "replies":
            replies.append(link.seq)
        elif link.kind == "observation":
            if repeat is not None:
                steps[repeat] = replace(steps[repeat], observed=link.seq, done=True)
            repeat = None
        elif link.kind not in PASSED_OVER:
            if link.kind == "repeat":
                repeat = len(steps)
            with reading(link):
                event = json.loads(line)
                steps.append(_step(link.seq, link.kind, event["at"], event["data"], choose))
    return Timeline(tuple(steps), tuple(replies), tuple(came))


def _step(seq: int, kind: str, at: str, data: Mapping[str, object], choose: Choose) -> CourseStep:
    if kind == "repeat":
        return CourseStep(seq, seconds(at), kind, f"{data['point']} · {data['repeat']}", "", done=False)
    said = (_told(data.get(name), choose) for name in SAYS.get(kind, ("text",)))
    done = kind != "safe" or data.get("reached") is True
    return CourseStep(seq, seconds(at), kind, ": ".join(filter(None, said)), str(data.get("by") or ""), done)


def _told(said: object, choose: Choose) -> str:
    """Return what an event says, in the visitor's language where it is said in several."""
    if isinstance(said, dict):
        texts = {name: text for name, text in said.items() if isinstance(text, str)}
        if set(texts) == set(said) and set(texts) <= {"zh", "en", ""} and texts:
            return choose(texts)[:LONGEST_TEXT]
        return ", ".join(f"{name} = {_told(one, choose)}" for name, one in said.items())[:LONGEST_TEXT]
    if isinstance(said, list):
        return ", ".join(_told(one, choose) for one in said)[:LONGEST_TEXT]
    return ("" if said is None else str(said))[:LONGEST_TEXT]
