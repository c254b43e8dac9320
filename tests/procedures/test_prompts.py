"""Questions at a real terminal."""

from __future__ import annotations

import os
import sys

import pytest

from remotecal.errors import RunAborted, RunError
from remotecal.model import Text
from remotecal.procedures.prompts import Answer, Question, Terminal

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
    assert Terminal().answer(READY, lambda: None).text == "yes"
    said = capsys.readouterr().out
    assert said.count("May it begin? [yes/no]") == 2
    assert "answer one of: yes, no" in said


def test_answers_typed_ahead_are_not_lost(keyboard):
    keyboard.write(b"yes\n12.5\n")
    terminal = Terminal()
    assert terminal.answer(READY, lambda: None).text == "yes"
    assert terminal.answer(MASS, lambda: None).text == "12.5"


def test_a_number_is_a_number(keyboard, capsys):
    keyboard.write(b"heavy\n-1e-3\n")
    assert Terminal("zh", by="liwei").answer(MASS, lambda: None) == Answer("-1e-3", "liwei")
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


def test_a_file_is_answered_by_the_path_of_one_that_can_be_taken(keyboard, capsys, tmp_path):
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "plate.jpg").write_bytes(b"photo")
    keyboard.write(f"{tmp_path}/none.jpg\n{tmp_path}/empty.jpg\n{tmp_path}/plate.jpg\n".encode())
    question = Question(Text(en="A photo?"), kind="file")
    assert Terminal().answer(question, lambda: None).text == f"{tmp_path}/plate.jpg"
    said = capsys.readouterr().out
    assert said.count("A photo? [path of the file]") == 3
    assert "none.jpg can't be read: No such file" in said
    assert "empty.jpg is empty" in said
