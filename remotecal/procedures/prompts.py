"""Questions to a person, and who answers them."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from remotecal.errors import RunError
from remotecal.model import Text
from remotecal.procedures.control import ON_SITE
from remotecal.procedures.files import LARGEST, Attached, refusal

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

    def refuses(self, answer: str, language: str = "en") -> str:
        """Return why an answer won't do, in a language; "" if it will."""
        chinese = language == "zh"
        if self.kind == "choice" and answer not in self.options:
            return f"{'请回答其中之一:' if chinese else 'answer one of: '}{', '.join(self.options)}"
        if self.kind == "number":
            try:
                float(answer)
            except ValueError:
                return f"{answer!r} {'不是数字' if chinese else 'is no number'}"
        if not answer.strip():
            return "请作答" if chinese else "answer something"
        return refusal(Path(answer), self.largest) if self.kind == "file" else ""


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


class Terminal:
    """A person at the terminal.

    Args:
        language: the language questions are asked in.
        by: who sits there.
    """

    def __init__(self, language: str = "en", by: str = ON_SITE) -> None:
        self._language, self._by = language, by
        self._typed = b""

    def answer(self, question: Question, still_wanted: Callable[[], None]) -> Answer:
        choices = f" [{'/'.join(question.options)}]" if question.options else ""
        if question.kind == "file":
            choices = " [文件路径]" if self._language == "zh" else " [path of the file]"
        while True:
            print(f"\n{question.text.get(self._language)}{choices} ", end="", flush=True)
            answer = self._line(still_wanted).strip()
            fault = question.refuses(answer, self._language)
            if not fault:
                return Answer(answer, self._by)
            print(fault)

    def _line(self, still_wanted: Callable[[], None]) -> str:
        # Read below sys.stdin, which would hide from `select` what it has taken in already.
        while b"\n" not in self._typed:
            if not select.select([sys.stdin], [], [], LOOK_AROUND)[0]:
                still_wanted()
            elif not (typed := os.read(sys.stdin.fileno(), 4096)):
                raise RunError("the terminal was closed while a question was open: resume the run")
            else:
                self._typed += typed
        line, _, self._typed = self._typed.partition(b"\n")
        # In whatever the terminal speaks: Chinese ones may speak GBK.
        return line.decode(sys.stdin.encoding or "utf-8", errors="replace")


LOOK_AROUND = 0.2
"""Seconds between two looks whether an answer is still wanted."""
