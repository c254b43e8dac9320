"""What the laboratory and the person on site may do to a run that is on."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING

from remotecal.procedures.control import Control
from remotecal.transport.messages import CommandAnswer, Live

if TYPE_CHECKING:
    from collections.abc import Callable

    from remotecal.procedures.prompts import Question
    from remotecal.procedures.run import Progress

WAIT = 0.2
"""Seconds between two looks whether an answer is still wanted."""
ON_SITE = "on site"
"""Who acts at the station itself."""


@dataclass(slots=True)
class _Asked:
    """A question that is open."""

    number: int
    question: Question
    answered: threading.Event = field(default_factory=threading.Event)
    answer: str = ""
    by: str = ""


class RemoteControl:
    """A run's controls: who holds them, and the question that is open. Safe from any thread.

    The person on site may do everything at any time. At the laboratory one person holds the
    controls: whoever acts first, until they let go or somebody takes over explicitly.

    Args:
        run: the run's name.
    """

    def __init__(self, run: str) -> None:
        self.run = run
        self.control = Control()
        self.holder = ""
        self.ended = ""
        """How the run ended; "" while it is on."""
        self._lock = threading.Lock()
        self._asked: _Asked | None = None
        self._questions = 0
        self._progress: Progress | None = None

    def __call__(self, progress: Progress) -> None:
        """Take note of where the run is."""
        self._progress = progress

    def answer(self, question: Question, still_wanted: Callable[[], None]) -> str:
        """Return the first answer anybody gives."""
        with self._lock:
            self._questions += 1
            asked = self._asked = _Asked(self._questions, question)
        try:
            while not asked.answered.wait(WAIT):
                still_wanted()
            return asked.answer
        finally:
            asked.answered.set()
            with self._lock:
                self._asked = None

    def give(self, number: int, answer: str, by: str) -> str:
        """Answer the open question; returns why that is not possible, "" if it was the first answer."""
        with self._lock:
            asked = self._asked
            if asked is None or asked.number != number:
                return "this question is not open any more"
            if asked.answered.is_set():
                return f"{asked.by} was first: {asked.answer}"
            if fault := asked.question.refuses(answer):
                return fault
            asked.answer, asked.by = answer, by
            asked.answered.set()
            return ""

    def obey(self, verb: str, by: str, argument: str, prompt: int) -> CommandAnswer:
        """Carry out what somebody at the laboratory, or on site, wants of this run."""
        if self.ended:
            return CommandAnswer(done=False, reason=f"the run is over: {self.ended}")
        if verb == "take_control":
            self.holder = by
            return CommandAnswer(done=True)
        if by != ON_SITE:
            if self.holder not in {"", by}:
                return CommandAnswer(
                    done=False, reason=f"{self.holder} controls this run: take control first, or ask them"
                )
            self.holder = "" if verb == "release_control" else by
        return self._act(verb, by, argument, prompt)

    def live(self) -> Live:
        """Return where the run is."""
        progress, asked = self._progress, self._asked
        state = self.ended or ("asking" if asked else "paused" if self.control.paused else "running")
        place = (
            Live(run=self.run, state=state, doing="begin") if progress is None else _place(self.run, progress)
        )
        return place.model_copy(
            update={
                "state": state,
                "holder": self.holder,
                "prompt": asked.number if asked else 0,
                "question": dict(asked.question.text.root) if asked else {},
                "options": asked.question.options if asked else (),
            }
        )

    def _act(self, verb: str, by: str, argument: str, prompt: int) -> CommandAnswer:
        reason = ""
        if verb == "pause":
            self.control.pause()
        elif verb == "go_on":
            self.control.go_on()
        elif verb == "abort":
            self.control.abort(f"{by}: {argument or 'no reason was given'}")
        elif verb == "answer":
            reason = self.give(prompt, argument, by)
        elif verb != "release_control":
            reason = f"a run can't be told to {verb}"
        return CommandAnswer(done=not reason, reason=reason)


def _place(run: str, progress: Progress) -> Live:
    return Live(
        run=run,
        state="running",
        doing=progress.doing,
        point=progress.point.name if progress.point else "",
        number=progress.number,
        points=progress.points,
        repeat=progress.repeat,
        observed=progress.observed,
        due=progress.due,
        began=progress.began,
        now=progress.now,
        last={
            source: (measured.value, measured.unit)
            for source, measured in progress.last.items()
            if isfinite(measured.value)
        },
    )
