"""Declaring commands: what those of several modules have in common."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  argparse names it so
    Handler = Callable[[argparse.Namespace], None]


def command(
    commands: Commands,
    name: str,
    help_text: str,
    handler: Handler | None = None,
    parents: Sequence[argparse.ArgumentParser] = (),
) -> argparse.ArgumentParser:
    """Return a new command, described by its help text, with the arguments of its parents."""
    about = f"{help_text[:1].upper()}{help_text[1:]}."
    declared = commands.add_parser(name, help=help_text, description=about, parents=parents)
    if handler is not None:
        declared.set_defaults(handler=handler)
    return declared


def declare_verbs(
    commands: Commands,
    verbs: Mapping[str, str],
    handler: Callable[[str, argparse.Namespace], None],
    parents: Sequence[argparse.ArgumentParser],
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Declare what a run can be told, verb → help text, and give each with its command."""
    for verb, help_text in verbs.items():
        declared = command(commands, verb.replace("_", "-"), help_text, partial(handler, verb), parents)
        if verb in {"abort", "answer", "again"}:
            declared.add_argument("argument", metavar="TEXT", help="the reason, or the answer")
        yield verb, declared


def directory(option: str, about: str) -> argparse.ArgumentParser:
    """Return a parent with an option for a directory that may stand before the command, too."""
    parent = argparse.ArgumentParser(add_help=False)
    add_directory(parent, option, about, inner=True)
    return parent


def add_directory(parser: argparse.ArgumentParser, option: str, about: str, *, inner: bool = False) -> None:
    """Add an option for a directory, which is called like the option by default.

    A command of a group takes it too (`inner`), so that it may stand before the command's name or behind
    it; what is said last counts.
    """
    default = argparse.SUPPRESS if inner else Path(option)
    parser.add_argument(f"--{option}", type=Path, default=default, metavar="DIR", help=about)


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add `--set KEY=VALUE`, which may stand several times, for what can be chosen of a simulated bench."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=_setting,
        dest="settings",
        metavar="KEY=VALUE",
        help="choose something of the bench, such as seed=7; `remotecal sim list` tells what there is",
    )


def add_password(parser: argparse.ArgumentParser) -> None:
    """Add `--password-file FILE`, for the key a command signs with."""
    parser.add_argument("--password-file", type=Path, metavar="FILE", help="holds the key's password or PIN")


def password_of(asked: argparse.Namespace) -> str | None:
    """Return what stands in the password file that was named; None where there is none.

    Raises:
        ConfigurationError: it can't be read, or others can read it.
    """
    from remotecal.private_files import read_private

    return None if asked.password_file is None else read_private(asked.password_file).decode().strip()


def today_here() -> date:
    """Return the day it is where this computer is."""
    return datetime.now(UTC).astimezone().date()


def _setting(text: str) -> tuple[str, object]:
    """Return a key and its value: a number, a list or whatever TOML knows, and else the text itself."""
    import tomllib

    key, equals, value = text.partition("=")
    if not (key.strip() and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE, such as seed=7")
    try:
        read = tomllib.loads(f"value = {value.strip()}")
    except ValueError:
        read = {}
    return key.strip(), read["value"] if len(read) == 1 else value.strip()


HUB = ("hub", "the hub's directory")
"""The option of whatever works at the laboratory."""
