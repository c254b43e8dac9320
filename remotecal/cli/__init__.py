"""The command line: `remotecal run`, `resume`, `evaluate`, `bench check` and the rest.

Only the command that is asked for is declared, and it imports what it needs when it is carried out, so
that `remotecal --help` is instant.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from typing import Final

from remotecal import errors
from remotecal.cli.commands import command
from remotecal.cli.every import COMMANDS
from remotecal.cli.misread import Parser
from remotecal.cli.tables import plain_lines
from remotecal.cli.terminal import check_readable, in_their_language, never_fail_to_print, say, trouble

MADE_SAFE = "the rig was made safe, unless the message says otherwise"

EXIT_CODES: tuple[tuple[type[errors.RemotecalError], int, str], ...] = (
    (
        errors.SafeStateNotReached,
        5,
        "the rig is not safe, or nobody knows: go and look at it",
    ),
    (errors.ConfigurationError, 2, "a file, a parameter or the command line is wrong; no rig is moving"),
    (errors.RunError, 4, f"the run could not go on; {MADE_SAFE}"),
    (errors.EvidenceError, 6, "evidence or a certificate does not hold"),
    (errors.RecordError, 6, "evidence or a certificate does not hold"),
    (errors.StoreError, 7, "the laboratory's database, or the other side of a line, can't be reached"),
    (errors.TransportError, 7, "the laboratory's database, or the other side of a line, can't be reached"),
    (errors.RemotecalError, 3, f"an instrument or its link failed; {MADE_SAFE}"),
)
"""Errors, the exit code each ends in, and what that means; the first that fits counts."""


FAULT = (1, f"a fault in remotecal itself, a driver or a procedure; {MADE_SAFE}")
"""The exit code of whatever nobody has foreseen, and what it means."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line and return its exit code."""
    never_fail_to_print()
    said = sys.argv[1:] if arguments is None else arguments
    try:
        return _carry_out(parser(said).parse_args(said))
    finally:
        _let_go_of_output()


NOTHING_TYPED = (
    "the input ended where something was to be typed: call the command at a terminal, "
    "or give that by an option"
)
"""What is said of a question at the end of the input, as of a password in a script."""


def _carry_out(asked: argparse.Namespace) -> int:
    """Carry out a command; whatever goes wrong is told in a sentence, and where with `--debug`."""
    from remotecal.signals import unwinding

    handler: Callable[[argparse.Namespace], None] = asked.handler
    try:
        check_readable(asked)
        with unwinding():
            handler(asked)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        return 0  # whoever read our output has seen enough, as `head` has
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # rich's word for the same
            return 0
        raise
    except KeyboardInterrupt:
        _complain(in_their_language("interrupted"))
        return 130
    except Exception as error:
        if asked.debug:
            raise
        code, said = _fate(error)
        _complain(in_their_language(said))
        return code
    return 0


def _fate(error: Exception) -> tuple[int, str]:
    """Return the exit code an error ends in, and what is said of it."""
    if isinstance(error, errors.RemotecalError):
        return next(code for kind, code, _ in EXIT_CODES if isinstance(error, kind)), str(error)
    if isinstance(error, OSError | UnicodeError):
        return 2, trouble(error)
    if isinstance(error, EOFError):
        return 2, NOTHING_TYPED
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("remotecal"):
        return 2, _not_installed(str(error.name))
    said = f"{type(error).__name__}: {error}".rstrip(": ")
    return FAULT[0], f"{FAULT[1].partition(';')[0]}: {said}: `remotecal --debug …` shows where"


def _not_installed(module: str) -> str:
    extra = EXTRAS.get(module.partition(".")[0], "web")
    return say(
        f"{module} is not installed: `pip install 'remotecal[{extra}]'` brings it",
        f"未安装 {module}：`pip install 'remotecal[{extra}]'` 会安装它",
    )


EXTRAS: Final = {
    "aiohttp": "websocket",
    "alembic": "remote",
    "nats": "remote",
    "pandas": "dataframe",
    "psycopg": "postgresql",
    "pyaga8": "gas",
    "sqlalchemy": "remote",
}
"""What brings a module that is not installed with the rest; all others come with the pages."""


def _complain(text: str) -> None:
    text = plain_lines(text)  # it may be about what a forger wrote
    with suppress(OSError):  # the terminal may be gone, and the exit code says it too
        print(f"remotecal: {text}", file=sys.stderr, flush=True)


def _let_go_of_output() -> None:
    """Leave nothing for the interpreter to write at its end where nobody reads it any more."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def parser(said: Container[str] = tuple(COMMANDS)) -> argparse.ArgumentParser:
    """Return the parser of the command line.

    Args:
        said: the words of the command line: commands that are not among them are named, and no more.
    """
    codes = dict([FAULT, *((code, meaning) for _, code, meaning in reversed(EXIT_CODES))])
    lines = [f"  {code}  {codes[code]}" for code in sorted(codes)]
    whole = _named(
        description="Calibrate, from the instrument's reply to a certificate anyone can recompute.",
        epilog="\n".join(["exit codes:", "  0  all is well", *lines]),
    )
    whole.add_argument("--debug", action="store_true", help="show where an error comes from")
    whole.add_argument("--version", action=_Version, nargs=0, help="tell which version this is")
    commands = whole.add_subparsers(metavar="COMMAND", required=True)
    for name, (help_text, declare) in COMMANDS.items():
        one = command(commands, name, help_text)
        if name in said:
            declare(one)
    return whole


def _named(description: str, epilog: str) -> argparse.ArgumentParser:
    return Parser(
        "remotecal", None, description, epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )


class _Version(argparse.Action):
    """Print the version and end; it is looked up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"remotecal {version('remotecal')}")
        parser.exit()
