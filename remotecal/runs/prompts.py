"""Questions to a person, and who answers them."""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Literal, Protocol

from remotecal import units
from remotecal.drivers.guide import UNGUIDED, Guide
from remotecal.drivers.shown import in_dsi, quantity_of, typed_quantity
from remotecal.errors import RunError, UnitError
from remotecal.journal.events import ON_SITE
from remotecal.journal.files import LARGEST, Attached, refusal
from remotecal.model import Text
from remotecal.numerals import read_number

Kind = Literal["choice", "number", "text", "file"]
"""What sort of answer is wanted."""


@dataclass(frozen=True, slots=True)
class Question:
    """Something a procedure asks."""

    text: Text
    """The question."""
    options: tuple[str, ...] = ()
    """What may be answered, for a choice."""
    kind: Kind = "text"
    """What sort of answer is wanted; a file is answered by its path."""
    largest: int = LARGEST
    """Bytes a file may have."""
    unit: str = ""
    """What a number without a unit beside it is in, of a quantity; "" for a bare number."""
    guide: Guide = UNGUIDED
    """Limits of a number and the like."""
    picture: str = ""
    """SHA-256 of a file of the run that shows what is meant; "" for none."""
    about: str = ""
    """What is read: instrument and line of its dialogue, where the question is put for an instrument."""

    def taken(self, answer: str) -> str:
        """Return an answer that will do as it is kept: of a quantity digits of ASCII with their unit."""
        return typed_quantity(answer, self.unit) if self.unit and self.kind == "number" else answer

    def refuses(self, answer: str, language: str = "en") -> str:
        """Return why an answer won't do, in a language; "" if it will."""
        chinese = language == "zh"
        if self.kind == "choice" and answer not in self.options:
            return f"{'请回答其中之一:' if chinese else 'answer one of: '}{', '.join(self.options)}"
        if self.kind == "number":
            return self._refuses_number(answer, chinese=chinese)
        if not answer.strip():
            return "请作答" if chinese else "answer something"
        return refusal(Path(answer), self.largest) if self.kind == "file" else ""

    def _refuses_number(self, answer: str, *, chinese: bool) -> str:
        try:
            value = self._value(answer)
        except UnitError as error:
            return f"{answer!r} 的单位不能换算为 {self.unit}" if chinese else str(error)
        except ValueError as error:
            if not self.unit:
                return f"{answer!r} {'不是数字' if chinese else 'is no number'}"
            return f"{answer!r} 不是数字，或有歧义：请只用数字和小数点" if chinese else str(error)
        if self.guide.refuses(value):
            limits = f"{self.guide.limits} {self.unit}".strip()
            return f"{answer} 超出允许范围 {limits}" if chinese else f"{answer} is not within {limits}"
        return ""

    def _value(self, answer: str) -> float:
        """Return a number that was typed, in the question's unit (`ValueError`, `UnitError`)."""
        if not self.unit:
            return read_number(answer)
        number, unit = quantity_of(in_dsi(typed_quantity(answer, self.unit)))
        return units.convert(number, unit, self.unit)


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answered."""

    text: str
    """The answer."""
    by: str
    """Who gave it."""
    file: Attached | None = None
    """The file that answers, where it is in the run's directory already."""


class Answerer(Protocol):
    """Whoever answers questions: a terminal, a script, the laboratory far away."""

    def answer(self, question: Question, still_wanted: Callable[[], None]) -> Answer:
        """Return an answer, however long it takes.

        Call `still_wanted` several times a second while waiting: it raises once the run must stop.
        """
        ...


class Scripted:
    """Answers given beforehand, for unattended runs.

    Args:
        answers: taken in turn.
        first_option: where they are used up, take the first option of a choice.
        by: who gave them.
    """

    def __init__(self, answers: Iterable[str] = (), *, first_option: bool = False, by: str = ON_SITE) -> None:
        self._answers: Iterator[str] = iter(answers)
        self._first_option = first_option
        self._by = by

    def answer(self, question: Question, still_wanted: Callable[[], None]) -> Answer:
        still_wanted()
        answer = next(self._answers, None)
        if answer is None and self._first_option and question.options:
            answer = question.options[0]
        if answer is None:
            raise RunError(
                f"nobody is there to answer: {question.text.get('en')}: resume the run at a terminal"
            )
        fault = question.refuses(answer)
        if fault:
            raise RunError(
                f"the answer {answer!r} was given beforehand to: {question.text.get('en')}; {fault}"
            )
        return Answer(answer, self._by)


class Beside:
    """Somebody beside the bench, who does what is asked for, such as on a simulated one.

    Args:
        does: what is asked in English, and what may be answered, to the answer; acts before it returns.
        by: who that is.
    """

    def __init__(self, does: Callable[[str, tuple[str, ...]], str], *, by: str = ON_SITE) -> None:
        self._does, self._by = does, by

    def answer(self, question: Question, still_wanted: Callable[[], None]) -> Answer:
        still_wanted()
        return Answer(self._does(question.text.get("en"), question.options), self._by)


class Terminal:
    """A person at the terminal.

    Args:
        language: the language questions are asked in.
        by: who sits there.
        called: returns what an option is called in their language, which they may answer as well.
    """

    def __init__(
        self, language: str = "en", by: str = ON_SITE, called: Callable[[str], str] = lambda option: option
    ) -> None:
        self._language, self._by, self._called = language, by, called
        self._typed = b""
        self._taken: SimpleQueue[bytes] = SimpleQueue()
        self._typing: threading.Thread | None = None

    def answer(self, question: Question, still_wanted: Callable[[], None]) -> Answer:
        options = {self._called(option): option for option in question.options}
        choices = f" [{'/'.join(options)}]" if options else ""
        if question.kind == "file":
            choices = " [文件路径]" if self._language == "zh" else " [path of the file]"
        while True:
            try:
                print(f"\n{question.text.get(self._language)}{choices} ", end="", flush=True)
                answer = self._line(still_wanted).strip()
                answer = options.get(answer, answer)
            except OSError as error:
                raise RunError(f"{GONE} ({error})") from error
            fault = question.refuses(answer, self._language)
            if not fault:
                return Answer(answer, self._by)
            print(fault)
            still_wanted()  # an Enter key that hangs leaves no pause in which to look

    def _line(self, still_wanted: Callable[[], None]) -> str:
        while b"\n" not in self._typed:
            typed = self._pumped() if PUMPED else self._selected()
            if typed == b"":
                raise RunError(GONE)
            self._typed += typed or b""
            if b"\n" not in self._typed:
                still_wanted()
        line, _, self._typed = self._typed.partition(b"\n")
        # In whatever the terminal speaks: Chinese ones may speak GBK.
        return line.decode(sys.stdin.encoding or "utf-8", errors="replace")

    def _selected(self) -> bytes | None:
        """Return what was typed, b"" at the end of it, None if nothing was."""
        # Read below sys.stdin, which would hide from `select` what it has taken in already.
        ready, _, _ = select.select([sys.stdin], [], [], LOOK_AROUND)
        return os.read(sys.stdin.fileno(), 4096) if ready else None

    def _pumped(self) -> bytes | None:
        """Return the same where a terminal can't be waited for, from a thread that waits in reading it."""
        if self._typing is None:
            self._typing = threading.Thread(target=self._read_on, name="what is typed", daemon=True)
            self._typing.start()
        try:
            return self._taken.get(timeout=LOOK_AROUND)
        except Empty:
            return None

    def _read_on(self) -> None:
        typed = b"begin"
        while typed:
            try:
                typed = os.read(sys.stdin.fileno(), 4096)
            except OSError:
                typed = b""
            self._taken.put(typed)


PUMPED = sys.platform == "win32"
"""Whether `select` knows nothing of terminals."""
GONE = "the terminal was closed while a question was open: resume the run"
LOOK_AROUND = 0.05
"""Seconds between two looks whether an answer is still wanted."""
