"""Every command, in clumsy hands: whatever is typed ends in a sentence, never in a traceback."""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path

import pytest

from remotecal.cli import FAULT, main, parser
from remotecal.cli.terminal import language
from remotecal.configuration import read_toml
from remotecal.errors import BenchError

WRONG_PATHS = {
    "missing": "nowhere/at all.toml",
    "a directory": "folder.toml",
    "a file where a directory is due": "text.toml",
    "below a file": "text.toml/below.toml",
    "empty": "",
    "blank": "  ",
    "Chinese": "委托单.toml",
    "bytes that are not UTF-8": "order\udcb1\udced.toml",
    "too long": "long" * 100,
    "in GBK": "gbk.toml",
    "in UTF-16": "utf16.toml",
    "with a byte order mark": "bom.toml",
    "nothing in it": "empty.toml",
    "bytes of chance": "noise.toml",
}
"""Names that are typed for every file and directory; the files are in `clumsy`."""

WRONG_TEXTS = {
    "Chinese": "第一台",
    "blank": " ",
    "empty": "",
    "bytes that are not UTF-8": "\udcb5\udcda",
    "long": "x" * 5000,
    "control characters": "\x1b[2J\x07\r\n",
    "a host that is none": "a..b:1",
    "a label that is too long": f"{'h' * 70}:1",
    "a port that is none": "127.0.0.1:99999",
}
"""What is typed for every name, number, address and answer."""


def leaves(parser: argparse.ArgumentParser, said: tuple[str, ...] = ()) -> Iterator[tuple]:
    """Yield every command: its words, and what it and those above it take."""
    inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for action in inner:
        for name, one in action.choices.items():
            yield from leaves(one, (*said, name))
    if said and not (inner and inner[0].required):
        yield said, parser


COMMANDS = {" ".join(said): (said, one) for said, one in leaves(parser())}


def typed(command: argparse.ArgumentParser, path: str, text: str, *, everything: bool) -> list[str]:
    """Return a command line's arguments: what is required, or all there is."""
    words, positional, seen = [], [], set()
    groups = {id(a): group for group in command._mutually_exclusive_groups for a in group._group_actions}
    for action in command._actions:
        group = groups.get(id(action))
        if isinstance(action, argparse._HelpAction | argparse._SubParsersAction) or id(group) in seen:
            continue
        if group is not None:
            seen.add(id(group))
        elif action.option_strings and not (action.required or everything):
            continue
        value = path if action.type is Path else action.choices[0] if action.choices else text
        if not action.option_strings:
            positional.append(value)
        else:
            # In one word: what begins with a hyphen would be taken for an option.
            words.append(action.option_strings[0] + ("" if action.nargs == 0 else f"={value}"))
    return [*words, "--", *positional] if positional else words


@pytest.fixture
def clumsy(tmp_path, monkeypatch):
    """Work in a folder with what people leave in folders."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    (tmp_path / "folder.toml").mkdir()
    for name, content in {
        "text.toml": b'name = "something else"\n',
        "gbk.toml": 'name = "校准"\n'.encode("gbk"),
        "utf16.toml": 'name = "校准"\n'.encode("utf-16"),
        "bom.toml": 'name = "校准"\n'.encode("utf-8-sig"),
        "empty.toml": b"",
        "noise.toml": bytes(range(256)),
    }.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def carry_out(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Carry out a command line; returns how it ended and what it complained of."""
    try:
        code = main(arguments)
    except SystemExit as end:  # the command line itself is no good
        return int(end.code or 0), capsys.readouterr().err
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert code != FAULT[0], f"nobody had foreseen {arguments}: {said}"
    if code:
        assert said.startswith("remotecal: "), said
        assert said.strip() != "remotecal:"
    return code, said


LASTING = {"demo", "serve"}
"""What takes long, or never ends, where nothing is wrong."""


@pytest.mark.parametrize("everything", [False, True], ids=["required", "all"])
@pytest.mark.parametrize("name", sorted(set(COMMANDS) - LASTING))
def test_no_command_ends_in_a_traceback(name, everything, clumsy, capsys):
    said, command = COMMANDS[name]
    for path in WRONG_PATHS.values():
        carry_out([*said, *typed(command, path, "x", everything=everything)], capsys)
    for text in WRONG_TEXTS.values():
        carry_out([*said, *typed(command, "text.toml", text, everything=everything)], capsys)


def test_nothing_but_a_folder_is_served(clumsy, capsys):
    for path in WRONG_PATHS.values():
        if path not in {"", WRONG_PATHS["a directory"]}:
            code, said = carry_out(["serve", path], capsys)
            assert code == 2, said


@pytest.mark.parametrize("out", ["text.toml", "text.toml/below", "long" * 100])
@pytest.mark.parametrize("command", [["demo"], ["demo", "--remote"], ["sim", "up", "dosing-stand"]])
def test_what_can_not_be_a_directory_is_said(command, out, clumsy, capsys, monkeypatch):
    monkeypatch.setattr("remotecal.cli.sim._until_ended", nullcontext)
    code, said = carry_out([*command, "--out", out], capsys)
    assert code == 2, said


@pytest.mark.parametrize("name", [name for name in COMMANDS if name.split()[0] in ("hub", "runs", "station")])
def test_the_directory_may_stand_before_the_command_and_behind_it(name):
    said, command = COMMANDS[name]
    option = "--station" if said[0] == "station" else "--hub"
    rest = typed(command, "file", "1", everything=False)
    for before, behind, counts in (
        (["--one"], [], "one"),
        ([], ["--two"], "two"),
        (["--one"], ["--two"], "two"),
        ([], [], option.strip("-")),
    ):
        where = [[f"{option}={one.strip('-')}" for one in some] for some in (before, behind)]
        asked = parser().parse_args([said[0], *where[0], *said[1:], *where[1], *rest])
        assert getattr(asked, option.strip("-")) == Path(counts), name


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"remotecal {version('remotecal')}\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('name = "校准"\n'.encode("utf-8-sig"), ""),
        ('name = "校准"\n'.encode(), ""),
        ('name = "校准"\nother = "Поверка ΔU 25 °C kΩ Zürich"\n'.encode(), ""),
        ('name = "校准"\n'.encode("gbk"), "is not in UTF-8, perhaps in GBK: save it as UTF-8"),
        ('name = "流量"\n'.encode("gbk"), "is not in UTF-8 (byte 9): save it as UTF-8"),
        ('name = "校准"\n'.encode("utf-16"), "is not in UTF-8 (byte 1): save it as UTF-8"),
        ('name = "Zürich"\n'.encode("latin-1"), "save it as UTF-8"),
    ],
)
def test_a_file_is_read_with_a_byte_order_mark_and_in_utf_8_only(tmp_path, content, said):
    path = tmp_path / "bench.toml"
    path.write_bytes(content)
    if not said:
        assert read_toml(path, BenchError)["name"] == "校准"
        return
    with pytest.raises(BenchError) as refusal:
        read_toml(path, BenchError)
    assert str(refusal.value).startswith(str(path))
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    ("variables", "encoding", "expected"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "utf-8", "zh"),
        ({"LANG": "zh_CN.GBK"}, "gbk", "zh"),
        ({"LANG": "zh_CN.UTF-8"}, "latin-1", "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "utf-8", "en"),
        ({"LANG": "de_CH.UTF-8", "LC_ALL": "zh_TW"}, "utf-8", "zh"),
        ({"LANG": "zh_CN", "LC_ALL": "C"}, "utf-8", "en"),
        ({"LANG": "zh_CN", "LC_ALL": ""}, "utf-8", "zh"),
        ({"LANG": "C"}, "utf-8", "en"),
    ],
)
def test_the_language_is_that_of_the_system_where_the_terminal_can_show_it(
    monkeypatch, variables, encoding, expected
):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding))
    assert language() == expected


TERMINALS = {
    "UTF-8": {"LC_ALL": "C.UTF-8"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "Latin-1": {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "latin-1"},
    "GBK": {"LC_ALL": "zh_CN.GBK", "PYTHONIOENCODING": "gbk"},
}


def in_terminal(variables: dict[str, str], script: str, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    """Run a shell's command line as somebody with such a terminal would; `$R` is remotecal."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
    command = [b"sh", b"-c", script.encode("utf-8", "surrogateescape")]
    more = {"R": f"{sys.executable} -m remotecal", "COLUMNS": "80", **variables}
    return subprocess.run(command, capture_output=True, timeout=60, cwd=cwd, env=environment | more)


@pytest.mark.parametrize("terminal", TERMINALS)
def test_any_terminal_shows_something_of_anything(terminal, clumsy):
    (clumsy / "委托单.toml").write_text('[order]\nprocedure = "水表"\n', "utf-8")
    script = "; ".join(
        f"$R {command} >>out 2>>err; echo $? >>codes"
        for command in (
            "procedures show dosing",
            "run 委托单.toml --out 结果",
            "run order\udcb1.toml --out x",
            "runs --hub 中心 answer RUN '好'",
        )
    )
    done = in_terminal(TERMINALS[terminal], script, clumsy)
    assert done.stderr == b""
    said = (clumsy / "err").read_bytes()
    assert b"Traceback" not in said
    assert said.count(b"remotecal: ") == 3, said
    assert (clumsy / "codes").read_text().split() == ["0", "2", "2", "2"]
    encoding = TERMINALS[terminal].get("PYTHONIOENCODING", "ascii" if terminal == "C" else "utf-8")
    shown = (clumsy / "out").read_bytes().decode(encoding)
    assert ("螺杆校准" if encoding in ("utf-8", "gbk") else r"\u87ba\u6746\u6821") in shown


def test_what_nobody_reads_any_more_ends_in_silence(clumsy):
    done = in_terminal(TERMINALS["UTF-8"], "($R procedures show dosing; echo $? >code) | head -1", clumsy)
    assert (done.stderr, (clumsy / "code").read_text()) == (b"", "0\n")
    done = in_terminal(TERMINALS["UTF-8"], "$R drivers >&- 2>&- </dev/null", clumsy)
    assert (done.stdout, done.stderr, done.returncode) == (b"", b"", 0)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")
def test_what_can_not_be_written_is_said(clumsy):
    done = in_terminal(TERMINALS["UTF-8"], "$R procedures >/dev/full", clumsy)
    assert (done.returncode, done.stderr) == (2, b"remotecal: No space left on device\n")


def test_a_question_at_the_end_of_the_input_is_no_fault_of_ours(tmp_path):
    command = ["sign", "here/run", "--at", "http://127.0.0.1:1", "--user", "li", "--key", "none.pem"]
    asked = subprocess.run(  # with no terminal, where passwords are asked for otherwise
        [sys.executable, "-W", "ignore", "-m", "remotecal", *command],
        cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, start_new_session=True,
    )  # fmt: skip
    assert asked.returncode == 2
    assert "remotecal: the input ended where something was to be typed: " in asked.stderr
