"""Questions at a real terminal."""

from __future__ import annotations

import os
import sys

import pytest
from examining import examine_answers, examine_shapes
from tiny import PROCEDURE
from tiny_bench import Tiny

from remotecal.drivers.guide import Guide
from remotecal.errors import RunAborted, RunError
from remotecal.model import Text
from remotecal.runs.prompts import Answer, Question, Scripted, Terminal

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


def test_a_choice_is_offered_and_taken_in_their_language(keyboard, capsys):
    done = Question(
        Text(zh="请关阀", en="Close the valve"), options=("done", "it can't be done"), kind="choice"
    )
    keyboard.write("完成\ndone\n".encode())
    terminal = Terminal("zh", called={"done": "完成", "it can't be done": "无法完成"}.__getitem__)
    assert [terminal.answer(done, lambda: None).text for _ in range(2)] == ["done", "done"]
    assert capsys.readouterr().out.count("请关阀 [完成/无法完成]") == 2


def test_answers_typed_ahead_are_not_lost(keyboard):
    keyboard.write(b"yes\n12.5\n")
    terminal = Terminal()
    assert terminal.answer(READY, lambda: None).text == "yes"
    assert terminal.answer(MASS, lambda: None).text == "12.5"


def test_a_number_is_a_number(keyboard, capsys):
    keyboard.write(b"heavy\n-1e-3\n")
    assert Terminal("zh", by="liwei").answer(MASS, lambda: None) == Answer("-1e-3", "liwei")
    said = capsys.readouterr().out
    assert "'heavy' 不是数字" in said
    assert "质量?" in said


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_what_is_typed_is_read_as_the_terminal_speaks(monkeypatch, capsys, encoding):
    master, slave = os.openpty()
    with os.fdopen(slave, encoding=encoding) as terminal, os.fdopen(master, "wb", buffering=0) as keys:
        monkeypatch.setattr(sys, "stdin", terminal)
        keys.write("\n已就位\n".encode(encoding))
        question = Question(Text(zh="被检表在哪里?", en="Where is the meter?"))
        assert Terminal("zh").answer(question, lambda: None).text == "已就位"
    said = capsys.readouterr().out
    assert said.count("被检表在哪里?") == 2
    assert "请作答" in said


def test_a_terminal_that_speaks_chinese_asks_for_a_file_in_chinese(keyboard, capsys, tmp_path):
    (tmp_path / "铭牌.jpg").write_bytes(b"photo")
    keyboard.write(f"{tmp_path}/铭牌.jpg\n".encode())
    question = Question(Text(zh="请拍照。", en="A photo?"), kind="file")
    assert Terminal("zh").answer(question, lambda: None).text == f"{tmp_path}/铭牌.jpg"
    assert "请拍照。 [文件路径]" in capsys.readouterr().out


def test_a_question_is_dropped_when_the_run_must_stop(keyboard):
    def still_wanted():
        raise RunAborted("enough")

    with pytest.raises(RunAborted, match="enough"):
        Terminal().answer(READY, still_wanted)


def test_a_key_that_hangs_keeps_nobody_from_looking_whether_the_run_must_stop(keyboard):
    """Interlocks are looked at, and signals heeded, by what is called while a question is open."""

    def still_wanted():
        raise RunAborted("enough")

    keyboard.write(b"\n" * 100 + b"yes\n")
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


def test_a_number_with_limits_is_taken_within_them_in_any_unit(keyboard, capsys):
    question = Question(Text(zh="压力?", en="Pressure?"), kind="number", unit="bar", guide=Guide(0.5, 16.0))
    keyboard.write(b"17\n0.4 bar\n20 kPa\n1600.0 kPa\n")
    assert Terminal().answer(question, lambda: None).text == "1600.0 kPa"
    said = capsys.readouterr().out
    assert said.count("is not within 0.5 – 16 bar") == 3
    assert "超出允许范围" in question.refuses("17", "zh")
    assert Guide.read(question.guide.written()) == question.guide
    assert Guide.read({}) == Guide(), "older journals say nothing of it"


def test_a_procedure_states_unit_limits_digits_and_picture_beside_its_question(tiny: Tiny) -> None:
    (tiny.directory / "valve.png").write_bytes(b"a drawing")
    lines = [
        "from pathlib import Path",
        "from remotecal.model import Text",
        "from tiny_procedure import Tiny",
        "",
        "class Asking(Tiny):",
        "    def prepare(self, run):",
        '        self.told = run.ask(Text(zh="开度?", en="Opening?"), unit="mm", low=0, high=30, digits=1,',
        f'                            picture=Path("{tiny.directory}/valve.png"))',
        "        run.note(self.told)",
    ]
    (tiny.directory / "asking.py").write_text("\n".join(lines) + "\n")
    tiny.order.write_text(tiny.order.read_text().replace(str(PROCEDURE), "asking.py"))
    tiny.run(Scripted(["1.25 cm"]))
    (said,) = tiny.events("prompt")
    (file,) = tiny.events("file")
    assert said.data == {
        "kind": "number", "options": [], "question": {"en": "Opening?", "zh": "开度?"}, "unit": "mm",
        "low": 0, "high": 30, "digits": 1, "picture": file.data["sha256"],
    }  # fmt: skip
    assert tiny.events("answer")[-1].data["answer"] == "1.25 cm"
    examine_shapes(tiny.events())
    examine_answers(tiny.events())
