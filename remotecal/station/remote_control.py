"""What the laboratory and the person on site may do to a run that is on."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from math import isfinite
from time import monotonic
from typing import TYPE_CHECKING

from remotecal.drivers import digits
from remotecal.drivers.guide import UNGUIDED
from remotecal.errors import JournalBroken, RemotecalError
from remotecal.journal.events import ON_SITE, found_in, is_on_site, opened_lines
from remotecal.journal.files import LARGEST, LONGEST_ABOUT, keep_file
from remotecal.runs.control import Control, Remark
from remotecal.runs.prompts import Answer
from remotecal.runs.tempo import Tempo
from remotecal.transport.limits import LimitTold
from remotecal.transport.messages import CommandAnswer, Live

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remotecal.journal.files import Attached
    from remotecal.runs.prompts import Question
    from remotecal.runs.recent import Recent
    from remotecal.runs.running import Progress

WAIT = 0.05
"""Seconds between two looks whether an answer is still wanted."""
WRITTEN_WITHIN = 5.0
"""Seconds a run has to write a file into its journal before whoever added it is told to look later."""


LONGEST_QUESTION = 300
"""Letters of a question that are told of the file by which it was answered."""


@dataclass(slots=True)
class _Asked:
    """A question that is open."""

    number: int
    question: Question
    answered: threading.Event = field(default_factory=threading.Event)
    answer: Answer | None = None
    open: bool = True
    """Whether the run still waits for the answer."""


class RemoteControl:
    """A run's controls: who holds them, and the question that is open. Safe from any thread.

    The person on site may do everything at any time. At the laboratory one person holds the
    controls: whoever acts first, until they let go or somebody takes over explicitly.

    Args:
        run: the run's directory, which has its name.
        largest_file: bytes a file may have that is added to the evidence.
        may_begin_anew: whether the run may be taken up again once it was suspended.
    """

    def __init__(self, run: Path, largest_file: int = LARGEST, *, may_begin_anew: bool = False) -> None:
        self.may_begin_anew = may_begin_anew
        self.run = run.name
        self._directory, self._largest_file = run, largest_file
        self.control = Control()
        self.holder = ""
        self.ended = ""
        """How the run ended; "" while it is on."""
        self.suspended = False
        """Whether the run ended only to be taken up again."""
        self._lock = threading.Lock()
        self._asked: _Asked | None = None
        self.sent = 0
        """How often its laboratory was told by the station where the run is."""
        self._last: Answer | None = None
        """The answer that was given last."""
        self._questions = _lines(run)
        """The number of the question that was asked last. Each stands in the journal before it is asked, so
        who answers one from before this start, on a page that was left open, answers no other one."""
        self._answers: dict[int, Answer] = {}
        """The questions that were answered last, and by what."""
        self.again = ""
        """Why the run is to be taken up again at once; "" where it is not."""
        self._progress: Progress | None = None
        self._tempo, self._begun, self._at_first = Tempo(), 0.0, "begin"

    def __call__(self, progress: Progress) -> None:
        """Take note of where the run is."""
        now = monotonic()
        self._begun = now if self._progress is None else self._begun
        self._tempo.see(now - self._begun, progress.plan, progress.number, progress.repeat)
        self._progress = progress

    def wait_for_bench(self) -> None:
        """Take note that the run can't begin before somebody else has left its bench."""
        self._at_first = "wait until the bench is free"

    def answer(self, question: Question, still_wanted: Callable[[], None]) -> Answer:
        """Return the first answer anybody gives."""
        with self._lock:
            self._questions += 1
            asked = self._asked = _Asked(self._questions, question)
        try:
            while (answer := asked.answer) is None:
                asked.answered.wait(WAIT)
                still_wanted()
            return answer
        finally:
            with self._lock:
                asked.open = False

    def give(self, number: int, answer: Answer) -> str:
        """Answer the open question; returns why that is not possible, "" if it was the first answer."""
        with self._lock:
            asked = self._asked
            if (first := self._answers.get(number)) is not None:
                return f"{first.by} was first: {first.text}"
            if asked is None or asked.number != number:
                return "this question is not open any more"
            if not asked.open:
                return "the run does not wait for an answer any more"
            if asked.question.kind == "file" and answer.file is None:
                return "a file answers this: `remotecal station attach FILE`, at the station"
            if answer.file is None and (fault := asked.question.refuses(answer.text)):
                return fault
            asked.answer = self._answers[number] = self._last = answer
            if len(self._answers) > REMEMBERED:
                del self._answers[next(iter(self._answers))]
            asked.answered.set()
            return ""

    def attach(self, path: Path, about: str, *, by: str = ON_SITE, prompt: int = 0) -> CommandAnswer:
        """Add a file of the person on site to the evidence; it answers a question that asks for one.

        Blocks until it is in the journal, or for a few seconds; for a thread of its own.

        Args:
            path: the file.
            about: what it shows; beside what was asked, where it answers a question.
            by: who adds it.
            prompt: the question it is meant for; 0 for whichever is open.
        """
        if self.ended:
            return CommandAnswer(done=False, reason=f"the run is over: {self.ended}")
        if self._progress is None:
            return CommandAnswer(done=False, reason="the run has not begun: add the file once it has")
        asked = self._open_question()
        number = prompt or (asked.number if asked is not None and asked.question.kind == "file" else 0)
        if asked is not None and asked.number == number:  # then it shows what was asked for
            room = max(0, min(LONGEST_QUESTION, LONGEST_ABOUT - len(about) - 1))
            about = f"{asked.question.text.get('en')[:room]} {about}".strip()
        try:
            file = keep_file(path, self._directory, about, by, self._largest_file)
        except RemotecalError as error:
            return CommandAnswer(done=False, reason=str(error))
        if not number:
            return self._remark(file)
        if late := self.give(number, Answer(file.sha256, by, file)):
            kept = self._remark(file)  # the file is evidence all the same
            return self._late(late, number) if prompt and kept.done else kept
        return CommandAnswer(done=True, content=file.sha256)

    def first(self, number: int) -> str:
        """Return who has answered a question; "" where nobody has, or it was long ago."""
        first = self._answers.get(number)
        return first.by if first is not None else ""

    def _late(self, reason: str, number: int) -> CommandAnswer:
        return CommandAnswer(done=False, reason=reason, content=self.first(number))

    def begin_anew(self) -> None:
        """Be ready for the run to be taken up again."""
        self.control, self.again = Control(), ""
        self._progress, self._tempo = None, Tempo()

    def obey(self, verb: str, by: str, argument: str, prompt: int) -> CommandAnswer:
        """Carry out what somebody at the laboratory, or on site, wants of this run."""
        if self.ended:
            return CommandAnswer(done=False, reason=f"the run is over: {self.ended}")
        if verb == "take_control":
            return _done(noticed=self.holder == by or self._hold(by))
        if not is_on_site(by):
            if self.holder not in {"", by}:
                return CommandAnswer(
                    done=False, reason=f"{self.holder} controls this run: take control first, or ask them"
                )
            if not self.holder and verb != "release_control":
                self._hold(by)
        return self._act(verb, by, argument, prompt)

    @property
    def prompt(self) -> int:
        """Number of the question that was asked last; 0 if there was none."""
        return self._asked.number if self._asked else 0

    def live(self) -> Live:
        """Return where the run is."""
        progress, asked = self._progress, self._open_question()
        state = self.ended or ("asking" if asked else "paused" if self.control.paused else "running")
        place = (
            Live(run=self.run, state=state, doing=self._at_first)
            if progress is None
            else _place(self.run, progress, self.control.watched)
        )
        blind = asked is not None and asked.question.guide.blind
        last = None if blind else self._last  # who reads a second time has not seen the first
        return place.model_copy(
            update={
                "state": state,
                "holder": self.holder,
                "left": None if self._tempo.left is None else round(self._tempo.left),
                "prompt": asked.number if asked else 0,
                "question": dict(asked.question.text.root) if asked else {},
                "options": asked.question.options if asked else (),
                "kind": asked.question.kind if asked else "text",
                "unit": asked.question.unit if asked else "",
                "guide": asked.question.guide if asked else UNGUIDED,
                "picture": asked.question.picture if asked else "",
                "about": asked.question.about if asked else "",
                "answered": last.text if last else "",
                "answered_by": last.by if last else "",
            }
        )

    def _open_question(self) -> _Asked | None:
        asked = self._asked
        return asked if asked is not None and asked.open and asked.answer is None else None

    def _take_again(self, by: str, reason: str) -> CommandAnswer:
        """Throw the repeat away that is on, and take the run up again there, by way of its safe state."""
        if not self.may_begin_anew:
            return CommandAnswer(done=False, reason="the order says not to take the run up again: abort it")
        if not reason.strip():
            return CommandAnswer(done=False, reason="say what is wrong with the repeat")
        noticed = self.control.act("again", by, reason)
        if noticed:
            self.again = f"{by} has the repeat taken again: {reason}"
            self.control.suspend(self.again)
        return _done(noticed=noticed)

    def _hold(self, by: str) -> bool:
        """Give the controls to somebody; tells whether there is a run that will say so in its journal."""
        noticed = self.control.act("take_control", by, f"from {self.holder}" if self.holder else "")
        if noticed:
            self.holder = by
        return noticed

    def _remark(self, file: Attached) -> CommandAnswer:
        """Have the run write a file into its journal, and wait until it has."""
        remark = Remark("file", file.model_dump(mode="json"))
        if not self.control.remark(remark):
            return _done(noticed=False)
        if not remark.written.wait(WRITTEN_WITHIN):
            busy = "the file is kept, but the run is busy and will name it in its journal later: look again"
            return CommandAnswer(done=False, reason=busy)
        return CommandAnswer(done=True, content=file.sha256)

    def _act(self, verb: str, by: str, argument: str, prompt: int) -> CommandAnswer:
        if verb == "pause":
            return _done(noticed=self.control.pause(by))
        if verb == "go_on":
            return _done(noticed=self.control.go_on(by))
        if verb == "abort":
            return _done(noticed=self.control.abort(argument or "no reason was given", by))
        if verb == "release_control":
            before, self.holder = self.holder, ""
            return _done(noticed=not before or self.control.act(verb, by))
        if verb == "again":
            return self._take_again(by, argument)
        if verb == "answer":
            reason = self.give(prompt, Answer(argument, by))
            return CommandAnswer(done=not reason, reason=reason, content=self.first(prompt) if reason else "")
        return CommandAnswer(done=False, reason=f"a run can't be told to {verb}")


REMEMBERED = 1000
"""Answers that are remembered, for whoever comes second to be told who was first."""


def _done(*, noticed: bool) -> CommandAnswer:
    """Return the answer to what was done, given whether the run noticed."""
    return CommandAnswer(
        done=noticed, reason="" if noticed else "the run is over: nothing changes it any more"
    )


def _place(run: str, progress: Progress, watched: Recent) -> Live:
    last = dict(progress.last)
    for source, measured in watched.latest().items():
        if source not in last or last[source].at < measured.at:
            last[source] = measured
    limits: dict[str, tuple[LimitTold, ...]] = {}
    for lock in watched.limits:
        limit = LimitTold(above=lock.above, below=lock.below, unit=lock.unit)
        limits[lock.watch] = (*limits.get(lock.watch, ()), limit)
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
            source: (digits.told(measured), measured.unit)
            for source, measured in last.items()
            if isfinite(measured.value)
        },
        digits={**watched.digits, **progress.digits},
        limits=limits,
    )


def _lines(run: Path) -> int:
    """Return how many lines a run's journal has; 0 where there is none, or none that will be gone on with."""
    with suppress(JournalBroken), opened_lines(found_in(run)) as lines:
        return sum(1 for _ in lines)
    return 0
