"""The command line: what it prints, and what it ends in when something is wrong."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Annotated

import pytest

from remotecal.cli import EXIT_CODES, _fate, main
from remotecal.cli.every import COMMANDS
from remotecal.cli.procedures import parameter_rows
from remotecal.procedures.parameters import In, Parameters

HEAVY = {
    "GTC",
    "lxml",
    "numpy",
    "pydantic",
    "pyvisa",
    "remotecal.model",
    "rich",
    "serial",
    "typst",
}


def remotecal(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-c", "import sys; from remotecal.cli import main; sys.exit(main())", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=cwd,
        env=os.environ | {"COLUMNS": "120", "PYTHONPATH": str(Path(__file__).parent.parent / "procedures")},
    )


def loaded(*arguments):
    """Return the modules that a command line has loaded when it ends."""
    code = (
        "import atexit, sys; from remotecal.cli import main; "
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr)); sys.exit(main())"
    )
    line = [sys.executable, "-c", code, *arguments]
    result = subprocess.run(line, capture_output=True, text=True, timeout=60)
    return set(result.stderr.split())


def test_help_imports_nothing_heavy():
    modules = loaded("--help")
    assert modules & HEAVY == set()
    assert {module for module in modules if module.startswith("remotecal.")} == {
        "remotecal.cli",
        "remotecal.cli.commands",
        "remotecal.cli.declared",
        "remotecal.cli.every",
        "remotecal.cli.misread",
        "remotecal.cli.tables",
        "remotecal.cli.terminal",
        "remotecal.errors",
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_imports_only_what_declares_it(name):
    modules = loaded(name, "--help")
    assert modules & HEAVY == set()
    assert "remotecal.cli" in modules
    assert not modules & {f"remotecal.cli.{other}" for other in COMMANDS if other not in (name, "verify")}


def test_help_names_every_command_and_exit_code(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    said = capsys.readouterr().out
    for command in COMMANDS:
        assert f"\n    {command}" in said
    for _, code, meaning in EXIT_CODES:
        assert f"{code}  {meaning}" in said


@pytest.mark.parametrize("arguments", [[], ["rum"], ["run"], ["bench"], ["run", "order.toml"]])
def test_a_wrong_command_line_is_a_usage_error(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage: remotecal" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run", "nowhere.toml", "--out", "x"], 2, "nowhere.toml does not exist"),
        (["bench", "check", "nowhere.toml"], 2, "nowhere.toml does not exist"),
        (["resume", "nowhere"], 6, "nowhere can't be read"),
        (["evaluate", "nowhere"], 6, "can't be read"),
        (["drivers", "show", "MettlerSic"], 2, "MettlerSics"),
        (["sign", "C-1", "--at", "http://localhost:9", "--key", "k.pem"], 2, "C-1 is not STATION/RUN"),
        (["procedures", "show", "dosings"], 2, "did you mean dosing"),
        (["procedures", "show", "./nowhere.py"], 2, "the file does not exist"),
    ],
)
def test_every_refusal_is_one_message_and_an_exit_code(
    arguments, code, message, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == code
    said = capsys.readouterr().err
    assert said.startswith("remotecal: ")
    assert message in said
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_debug_shows_where_an_error_comes_from():
    result = remotecal("--debug", "bench", "check", "nowhere.toml")
    assert "Traceback" in result.stderr
    assert "Traceback" not in remotecal("bench", "check", "nowhere.toml").stderr


def test_procedures_are_listed_and_shown(capsys):
    assert main(["procedures"]) == 0
    listed = capsys.readouterr().out
    assert "dosing" in listed
    assert main(["procedures", "show", "dosing"]) == 0
    shown = capsys.readouterr().out
    for word in ("balance: Balance", "speeds", "%, above 0", "required", "SHA-256"):
        assert word in shown


def test_what_is_not_given_and_what_is_switched_off_are_said_in_no_words_of_python(monkeypatch):
    class BarelyGiven(Parameters):
        limit: Annotated[float | None, In("V")] = None
        photo: bool = False

    assert [row[2] for row in parameter_rows(BarelyGiven)] == ["none", "false"]
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert [row[2] for row in parameter_rows(BarelyGiven)] == ["无", "false"]


def test_a_refusal_is_in_the_language_of_whoever_sits_there(capsys, monkeypatch):
    for language, said in (
        ("C.UTF-8", "there is no folder nowhere"),
        ("zh_CN.UTF-8", "没有文件夹 nowhere。"),
    ):
        monkeypatch.setenv("LC_ALL", language)
        assert main(["runs", "--in", "nowhere"]) == 2
        assert capsys.readouterr().err == f"remotecal: {said}\n"


def test_whatever_is_not_installed_is_named_with_the_extra_that_brings_it():
    root = Path(__file__).parent.parent.parent
    extras = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    modules = {
        distribution.lower(): module
        for module, distributions in packages_distributions().items()
        for distribution in distributions
        if not module.startswith("_")
    }
    told = {}
    for extra in ("remote", "web", "websocket", "dataframe", "postgresql", "gas"):
        for wanted in extras["optional-dependencies"][extra]:
            module = modules.get(re.match(r"[\w-]+", wanted)[0].lower())
            if module is not None:
                code, said = _fate(ModuleNotFoundError(name=f"{module}.part"))
                told[module] = code, f"remotecal[{extra}]" in said
    assert {"nats", "fastapi", "PIL", "psycopg", "pyaga8"} <= told.keys()
    assert {module for module, (code, right) in told.items() if code != 2 or not right} == set()
