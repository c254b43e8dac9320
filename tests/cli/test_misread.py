"""What is wrong with a command line is said in the language of whoever typed it."""

from __future__ import annotations

import pytest

from remotecal.cli import main
from remotecal.cli.misread import IN_CHINESE, Parser
from remotecal.sayings import Sayings

WRONG = [
    "--number x --name a",
    "--share x --name a",
    "--level 3 --name a",
    "--level x --name a",
    "--name",
    "--pair 1 --name a",
    "--some --name a",
    "--flag=3 --name a",
    "--csv --json --name a",
    "--lev 1 --name a",
    "--name a --csv --unknown",
    "",
    "--name a",
    "--csv",
]
"""Command lines that show what `argparse` can say, however this version of it puts that."""


def level(text: str) -> int:
    return int(text)


def wrong() -> Parser:
    parser = Parser(prog="tool")
    parser.add_argument("--number", type=int)
    parser.add_argument("--share", type=float)
    parser.add_argument("--level", type=level, choices=(1, 2))
    parser.add_argument("--levels")
    parser.add_argument("--name", required=True)
    parser.add_argument("--pair", nargs=2)
    parser.add_argument("--some", nargs="+")
    parser.add_argument("--flag", action="store_true")
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument("--csv", action="store_true")
    either.add_argument("--json", action="store_true")
    return parser


def said(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        wrong().parse_args(line.split())
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_all_that_can_be_said_is_said_in_chinese(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    used = set()
    for line in WRONG:
        monkeypatch.setenv("LC_ALL", "C.UTF-8")
        english = said(line, capsys).split("tool: error: ")[1].strip()
        sentence = english.partition(": ")[2] if english.startswith("argument ") else english
        used |= {one for one in IN_CHINESE if Sayings({one: "x"}).of(sentence)}
        monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
        chinese = said(line, capsys)
        assert chinese.startswith("用法：tool")
        assert chinese.rstrip().endswith("。"), english
    assert used == set(IN_CHINESE)


def test_a_command_is_misread_in_the_language_of_whoever_typed_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for language, put in (
        ("C.UTF-8", "remotecal due: error: argument --within: invalid int value: 'soon'"),
        ("zh_CN.UTF-8", "remotecal due：参数 --within：'soon' 不是整数。"),
    ):
        monkeypatch.setenv("LC_ALL", language)
        with pytest.raises(SystemExit):
            main(["due", "--within", "soon"])
        assert capsys.readouterr().err.splitlines()[-1] == put
