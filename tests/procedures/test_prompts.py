"""Questions at a real terminal."""

from __future__ import annotations

import os
import sys

import pytest

from remotecal.errors import RunAborted, RunError
from remotecal.model import Text
from remotecal.procedures.prompts import Question, Terminal

READY = Question(Text(zh="可以开始吗?", en="May it begin?"), ("yes", "no"), "choice")
MASS = Question(Text(zh="质量?", en="Mass?"), kind="number")


@pytest.fixture
def keyboard(monkeypatch):
    master, slave = os.openpty()
    with os.fdopen(slave) as terminal, os.fdopen(master, "wb", buffering=0) as keys:
        monkeypatch.setattr(sys, "stdin", terminal)
        yield keys


def test_an_answer_is_taken_once_it_fits(keyboard, capsys):
    keyboard.write(b"perhaps\nyes\n")
    assert Terminal().answer(READY, lambda: None) == "yes"
    said = capsys.readouterr().out
    assert said.count("May it begin? [yes/no]") == 2
    assert "answer one of: yes, no" in said


def test_answers_typed_ahead_are_not_lost(keyboard):
    keyboard.write(b"yes\n12.5\n")
    terminal = Terminal()
    assert terminal.answer(READY, lambda: None) == "yes"
    assert terminal.answer(MASS, lambda: None) == "12.5"


def test_a_number_is_a_number(keyboard, capsys):
    keyboard.write(b"heavy\n-1e-3\n")
    assert Terminal("zh").answer(MASS, lambda: None) == "-1e-3"
    said = capsys.readouterr().out
    assert "'heavy' is no number" in said
    assert "质量?" in said


def test_a_question_is_dropped_when_the_run_must_stop(keyboard):
    def still_wanted():
        raise RunAborted("enough")

    with pytest.raises(RunAborted, match="enough"):
        Terminal().answer(READY, still_wanted)


def test_a_closed_terminal_ends_the_run(keyboard):
    keyboard.write(b"\x04")
    with pytest.raises(RunError, match="the terminal was closed"):
        Terminal().answer(READY, lambda: None)
