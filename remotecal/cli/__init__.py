"""The command line: `remotecal run`, `resume`, `evaluate`, `bench check` and the rest.

Only the parser is made here; each command imports what it needs when it is carried out, so that
`remotecal --help` is instant.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal import errors
from remotecal.cli import (
    amend,
    bundle,
    hub,
    new,
    order,
    rehearse,
    revoke,
    runs,
    sign,
    station,
    trace,
    verify,
    watch,
)
from remotecal.cli.commands import add_directory, add_settings, command
from remotecal.cli.tables import plain_lines
from remotecal.cli.terminal import check_readable, never_fail_to_print, trouble
from remotecal.signals import unwinding

if TYPE_CHECKING:
    from remotecal.cli.commands import Commands

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
    try:
        return _carry_out(parser().parse_args(arguments))
    finally:
        _let_go_of_output()


def _carry_out(asked: argparse.Namespace) -> int:
    """Carry out a command; whatever goes wrong is told in a sentence, and where with `--debug`."""
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
        _complain("interrupted")
        return 130
    except Exception as error:
        if asked.debug:
            raise
        code, said = _fate(error)
        _complain(said)
        return code
    return 0


def _fate(error: Exception) -> tuple[int, str]:
    """Return the exit code an error ends in, and what is said of it."""
    if isinstance(error, errors.RemotecalError):
        return next(code for kind, code, _ in EXIT_CODES if isinstance(error, kind)), str(error)
    if isinstance(error, OSError | UnicodeError):
        return 2, trouble(error)
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("remotecal"):
        return 2, f"{error.name} is not installed: `pip install 'remotecal[remote]'` brings what is needed"
    said = f"{type(error).__name__}: {error}".rstrip(": ")
    return FAULT[0], f"{FAULT[1].partition(';')[0]}: {said}: `remotecal --debug …` shows where"


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


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    codes = dict([FAULT, *((code, meaning) for _, code, meaning in reversed(EXIT_CODES))])
    lines = [f"  {code}  {codes[code]}" for code in sorted(codes)]
    whole = argparse.ArgumentParser(
        prog="remotecal",
        description="Calibrate, from the instrument's reply to a certificate anyone can recompute.",
        epilog="\n".join(["exit codes:", "  0  all is well", *lines]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--debug", action="store_true", help="show where an error comes from")
    whole.add_argument("--version", action=_Version, nargs=0, help="tell which version this is")
    commands = whole.add_subparsers(metavar="COMMAND", required=True)
    for declare in (
        _declare_runs,
        _declare_bench,
        _declare_certificates,
        _declare_remote,
        _declare_catalogues,
        _declare_simulation,
    ):
        declare(commands)
    return whole


class _Version(argparse.Action):
    """Print the version and end; it is looked up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"remotecal {version('remotecal')}")
        parser.exit()


def _declare_runs(commands: Commands) -> None:
    run = command(commands, "run", "carry out a work order and issue its certificate", _run)
    run.add_argument("order", type=Path, metavar="ORDER", help="the work order (TOML)")
    run.add_argument("--bench", type=Path, metavar="FILE", help="the bench file, if the order names none")
    run.add_argument(
        "--out", type=Path, metavar="DIR", required=True, help="new directory for what comes out"
    )
    resume = command(commands, "resume", "take up a run where it was cut off", _resume)
    resume.add_argument("run", type=Path, metavar="DIR", help="the run's directory")
    resume.add_argument("--bench", type=Path, metavar="FILE", help="the bench file, if it has moved")
    for one in (run, resume):
        one.add_argument("--yes", action="store_true", help="take the first option of every question")
        one.add_argument(
            "--answer",
            action="append",
            default=[],
            metavar="TEXT",
            help="answer to the next question, in turn",
        )
        one.add_argument(
            "--attach",
            action="append",
            type=Path,
            default=[],
            metavar="FILE",
            help="add a photo or another file to the evidence",
        )
    evaluate = command(commands, "evaluate", "compute a run's certificate from its journal", _evaluate)
    evaluate.add_argument("run", type=Path, metavar="DIR", help="the run's directory")
    evaluate.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="where the certificate goes; by default the run's directory, beside a certificate that is there",
    )
    for one in (resume, evaluate):
        one.add_argument(
            "--procedure", type=Path, metavar="FILE", help="the procedure's file, if it is one of yours"
        )
    evaluate.add_argument(
        "--new-evaluation", action="store_true", help="evaluate by a procedure changed since, and state it"
    )

    rehearse.add_arguments(
        command(commands, "rehearse", "tell what a run would state, before anything moves", rehearse.main)
    )


def _declare_bench(commands: Commands) -> None:
    bench = command(commands, "bench", "look after a bench").add_subparsers(metavar="COMMAND", required=True)
    check = command(bench, "check", "open every instrument and check who it is and its certificate", _check)
    check.add_argument("file", type=Path, metavar="FILE", help="the bench file (TOML)")
    add_directory(check, "hub", "the hub's directory, for station:// addresses")
    record = command(commands, "record", "keep what an instrument says, for tests to hear it again", _record)
    record.add_argument("file", type=Path, metavar="BENCH", help="the bench file (TOML)")
    record.add_argument("instrument", metavar="INSTRUMENT", help="the instrument, as it is called there")
    record.add_argument(
        "quantities", nargs="*", metavar="QUANTITY", help="what to ask for; by default all that can be asked"
    )
    record.add_argument("--out", type=Path, metavar="FILE", required=True, help="new file for the recording")


def _declare_certificates(commands: Commands) -> None:
    for module, name, help_text in (
        (sign, "sign", "sign a certificate, a trust list or a journal"),
        (verify, "verify", "check a certificate and whatever proves it"),
        (trace, "trace", "draw a certificate's chain of traceability"),
        (amend, "amend", "draft the certificate that takes the place of an issued one"),
        (revoke, "revoke", "say in a trust list that a certificate or a key is not to be believed"),
    ):
        module.add_arguments(command(commands, name, help_text, module.main))


def _declare_remote(commands: Commands) -> None:
    for module, name, help_text in (
        (hub, "hub", "the laboratory's side: serve stations, invite and revoke them"),
        (station, "station", "the computer beside a bench: enrol it, let it work"),
        (order, "order", "sign a work order and send it to a station"),
        (bundle, "bundle", "pack and sign a procedure of one's own, for an order over the API"),
        (runs, "runs", "list the runs of all stations, control them, issue their certificates"),
        (watch, "watch", "show a run at a station, live"),
    ):
        module.add_arguments(command(commands, name, help_text))


def _declare_catalogues(commands: Commands) -> None:
    for name, handler, show in (
        ("drivers", _list_drivers, _show_driver),
        ("procedures", _list_procedures, _show_procedure),
    ):
        catalogue = command(commands, name, f"list the {name}", handler)
        inner = catalogue.add_subparsers(metavar="COMMAND")
        one = command(inner, "show", f"tell everything about one of the {name}", show)
        one.add_argument("name", metavar="NAME")
    new.add_arguments(command(commands, "new", "write a start of a driver, a procedure or a bench"))


def _declare_simulation(commands: Commands) -> None:
    sim = command(commands, "sim", "simulate a bench").add_subparsers(metavar="COMMAND", required=True)
    command(sim, "list", "list the simulated benches, and what can be chosen of each", _list_benches)
    up = command(sim, "up", "serve a simulated bench until interrupted, and say which bench file to use", _up)
    up.add_argument("name", metavar="NAME", help="the bench, as `remotecal sim list` names it, or its file")
    add_settings(up)
    up.add_argument("--out", type=Path, metavar="DIR", help="where bench file, certificates and order go")
    up.add_argument("--real", action="store_true", help="let the bench's time be the computer's")
    demo = command(commands, "demo", "calibrate on a simulated bench, from wire to certificate", _demo)
    demo.add_argument(
        "name", nargs="?", default="water-rig", metavar="NAME", help="the bench; a water rig by default"
    )
    add_settings(demo)
    demo.add_argument(
        "--out", type=Path, metavar="DIR", required=True, help="new directory for what comes out"
    )
    demo.add_argument(
        "--remote", action="store_true", help="by a hub, a broker and a station, as processes of their own"
    )


def _run(asked: argparse.Namespace) -> None:
    from remotecal.cli.run import run

    run(asked.order, asked.bench, asked.out, answers=asked.answer, yes=asked.yes, files=asked.attach)


def _resume(asked: argparse.Namespace) -> None:
    from remotecal.cli.run import take_up

    take_up(
        asked.run,
        asked.bench,
        procedure=asked.procedure,
        answers=asked.answer,
        yes=asked.yes,
        files=asked.attach,
    )


def _evaluate(asked: argparse.Namespace) -> None:
    from remotecal.cli.evaluate import evaluate_run

    evaluate_run(
        asked.run,
        asked.out or asked.run,
        procedure=asked.procedure,
        new_evaluation=asked.new_evaluation,
    )


def _check(asked: argparse.Namespace) -> None:
    from remotecal.cli.bench import check

    check(asked.file, asked.hub)


def _record(asked: argparse.Namespace) -> None:
    from remotecal.cli.record import record

    record(asked.file, asked.instrument, asked.quantities, asked.out)


def _list_drivers(_: argparse.Namespace) -> None:
    from remotecal.cli.drivers import list_drivers

    list_drivers()


def _show_driver(asked: argparse.Namespace) -> None:
    from remotecal.cli.drivers import show_driver

    show_driver(asked.name)


def _list_procedures(_: argparse.Namespace) -> None:
    from remotecal.cli.procedures import list_procedures

    list_procedures()


def _show_procedure(asked: argparse.Namespace) -> None:
    from remotecal.cli.procedures import show_procedure

    show_procedure(asked.name)


def _list_benches(_: argparse.Namespace) -> None:
    from remotecal.cli.sim import list_benches

    list_benches()


def _up(asked: argparse.Namespace) -> None:
    from remotecal.cli.sim import up

    up(asked.name, dict(asked.settings), directory=asked.out, real=asked.real)


def _demo(asked: argparse.Namespace) -> None:
    from remotecal.cli.demo import demo

    demo(asked.out, asked.name, dict(asked.settings), remote=asked.remote)
