"""Every command, in clumsy hands: whatever is typed ends in a sentence, never in a traceback."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from remotecal.cli import FAULT, main, parser

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
        assert end.code in (0, 2)
        return end.code, capsys.readouterr().err
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert code != FAULT[0], f"nobody had foreseen {arguments}: {said}"
    if code:
        assert said.startswith("remotecal: "), said
        assert said.strip() != "remotecal:"
    return code, said


LASTING = {"demo"}
"""What takes long where nothing is wrong."""


@pytest.mark.parametrize("everything", [False, True], ids=["required", "all"])
@pytest.mark.parametrize("name", sorted(set(COMMANDS) - LASTING))
def test_no_command_ends_in_a_traceback(name, everything, clumsy, capsys):
    said, command = COMMANDS[name]
    for path in WRONG_PATHS.values():
        carry_out([*said, *typed(command, path, "x", everything=everything)], capsys)
    for text in WRONG_TEXTS.values():
        carry_out([*said, *typed(command, "text.toml", text, everything=everything)], capsys)
