"""Arguments of commands that modules of their own carry out, which are imported then."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.cli.commands import add_directory, add_settings, command

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

EVERYBODY = 6
"""Who needs a key in a demonstration: an authority, three persons, the laboratory, and an institute."""


DEMO_BENCH, CONSOLE_BENCH = "water-rig", "master-line"
"""What is demonstrated unless another bench is named: the second works faster."""
YEARS_RUNS = 15
"""Calibrations of the console's year."""


def run(run: argparse.ArgumentParser) -> None:
    """Declare `run ORDER`."""
    run.set_defaults(handler=_run)
    run.add_argument("order", type=Path, metavar="ORDER", help="the work order (TOML)")
    run.add_argument("--bench", type=Path, metavar="FILE", help="the bench file, if the order names none")
    run.add_argument(
        "--out", type=Path, metavar="DIR", required=True, help="new directory for what comes out"
    )
    _add_answers(run)


def resume(resume: argparse.ArgumentParser) -> None:
    """Declare `resume DIR`."""
    resume.set_defaults(handler=_resume)
    resume.add_argument("run", type=Path, metavar="DIR", help="the run's directory")
    resume.add_argument("--bench", type=Path, metavar="FILE", help="the bench file, if it has moved")
    _add_answers(resume)
    _add_procedure(resume)


def evaluate(evaluate: argparse.ArgumentParser) -> None:
    """Declare `evaluate DIR`."""
    evaluate.set_defaults(handler=_evaluate)
    evaluate.add_argument("run", type=Path, metavar="DIR", help="the run's directory")
    evaluate.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="where the certificate goes; by default the run's directory, beside a certificate that is there",
    )
    _add_procedure(evaluate)
    evaluate.add_argument(
        "--new-evaluation", action="store_true", help="evaluate by a procedure changed since, and state it"
    )


def _add_answers(one: argparse.ArgumentParser) -> None:
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


def _add_procedure(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--procedure", type=Path, metavar="FILE", help="the procedure's file, if it is one of yours"
    )


def bench(bench: argparse.ArgumentParser) -> None:
    """Declare `bench check FILE`."""
    commands = bench.add_subparsers(metavar="COMMAND", required=True)
    check = command(
        commands, "check", "open every instrument and check who it is and its certificate", _check
    )
    check.add_argument("file", type=Path, metavar="FILE", help="the bench file (TOML)")
    add_directory(check, "hub", "the hub's directory, for station:// addresses")


def record(record: argparse.ArgumentParser) -> None:
    """Declare `record BENCH INSTRUMENT`."""
    record.set_defaults(handler=_record)
    record.add_argument("file", type=Path, metavar="BENCH", help="the bench file (TOML)")
    record.add_argument("instrument", metavar="INSTRUMENT", help="the instrument, as it is called there")
    record.add_argument(
        "quantities", nargs="*", metavar="QUANTITY", help="what to ask for; by default all that can be asked"
    )
    record.add_argument("--out", type=Path, metavar="FILE", required=True, help="new file for the recording")


def drivers(drivers: argparse.ArgumentParser) -> None:
    """Declare `drivers` and `drivers show NAME`."""
    drivers.set_defaults(handler=_list_drivers)
    _add_show(drivers, "drivers", _show_driver)


def procedures(procedures: argparse.ArgumentParser) -> None:
    """Declare `procedures` and `procedures show NAME`."""
    procedures.set_defaults(handler=_list_procedures)
    _add_show(procedures, "procedures", _show_procedure)


def _add_show(
    catalogue: argparse.ArgumentParser, things: str, handler: Callable[[argparse.Namespace], None]
) -> None:
    inner = catalogue.add_subparsers(metavar="COMMAND")
    one = command(inner, "show", f"tell everything about one of the {things}", handler)
    one.add_argument("name", metavar="NAME")


def sim(sim: argparse.ArgumentParser) -> None:
    """Declare `sim list` and `sim up NAME`."""
    commands = sim.add_subparsers(metavar="COMMAND", required=True)
    command(commands, "list", "list the simulated benches, and what can be chosen of each", _list_benches)
    up = command(
        commands, "up", "serve a simulated bench until interrupted, and say which bench file to use", _up
    )
    up.add_argument("name", metavar="NAME", help="the bench, as `remotecal sim list` names it, or its file")
    add_settings(up)
    up.add_argument("--out", type=Path, metavar="DIR", help="where bench file, certificates and order go")
    up.add_argument("--real", action="store_true", help="let the bench's time be the computer's")


def demo(demo: argparse.ArgumentParser) -> None:
    """Declare `demo [NAME]`."""
    demo.set_defaults(handler=_demo)
    demo.add_argument("name", nargs="?", metavar="NAME", help="the bench; a water rig by default")
    add_settings(demo)
    demo.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="new directory for what comes out; by default one named as the bench",
    )
    how = demo.add_mutually_exclusive_group()
    how.add_argument(
        "--remote", action="store_true", help="by a hub, a broker and a station, as processes of their own"
    )
    how.add_argument(
        "--console",
        action="store_true",
        help="bring up a laboratory with a year of work, until interrupted; --out keeps it",
    )
    demo.add_argument(
        "--runs", type=int, default=YEARS_RUNS, metavar="N", help="of that year (%(default)s by default)"
    )
    demo.add_argument(
        "--port", type=int, default=0, metavar="N", help="of the console; any that is free by default"
    )
    demo.add_argument("--open", action="store_true", help="open the console in the browser")


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
    from remotecal.cli.progress import ProgressLine

    with ProgressLine() as line:
        line.passing("loading …")
        from remotecal.certificates.demonstration import NewKeys

        out: Path | None = asked.out
        settings = dict(asked.settings)
        with NewKeys(EVERYBODY) as keys:
            if asked.console:
                from remotecal.cli.demo_console import Console, show_console

                wanted = Console(asked.name or CONSOLE_BENCH, settings, asked.runs, asked.port, asked.open)
                show_console(wanted, out, line, keys)
                return
            from remotecal.cli.demo import demo

            name = asked.name or DEMO_BENCH
            demo(out or Path(name), name, settings, line, keys, remote=asked.remote)
