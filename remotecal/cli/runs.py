"""`remotecal runs`: the runs at all stations, their journals, their certificates, and controlling them."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from remotecal.store import Store
    from remotecal.store.journals import RunRow
    from remotecal.transport.messages import Verb

COMMANDS: dict[Verb, str] = {
    "pause": "let a run hold before its next repeat",
    "go_on": "let a paused run go on",
    "abort": "stop a run; the rig is made safe",
    "answer": "answer a run's open question",
    "take_control": "take a run over from whoever controls it",
    "release_control": "let go of a run",
}
"""What can be commanded."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.set_defaults(handler=_list)
    parser.add_argument("--hub", type=Path, default=Path("hub"), metavar="DIR", help="the hub's directory")
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, help_text, handler in (
        ("journal", "write a run's journal, with its files, into a directory", _journal),
        ("certificate", "write a run's certificate into a directory", _certificate),
    ):
        command = _command(commands, name, help_text, handler)
        command.add_argument("--out", type=Path, required=True, metavar="DIR", help="the directory")
    files = _command(commands, "files", "list the photos and other files of a run, or fetch them", _files)
    files.add_argument("--out", type=Path, metavar="DIR", help="directory in which they go, in files/")
    for verb, help_text in COMMANDS.items():
        command = _command(commands, verb.replace("_", "-"), help_text, partial(_obey, verb))
        if verb in {"abort", "answer"}:
            command.add_argument("argument", metavar="TEXT", help="the reason, or the answer")


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    help_text: str,
    handler: Callable[[argparse.Namespace], None],
) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name, help=help_text, description=f"{help_text[:1].upper()}{help_text[1:]}."
    )
    command.add_argument("run", metavar="RUN", help="name of the run, or how it begins")
    command.set_defaults(handler=handler)
    return command


def _store(asked: argparse.Namespace) -> Store:
    from remotecal.store import Store
    from remotecal.transport.settings import HubFolder

    return Store(HubFolder(asked.hub).database)


def find_run(store: Store, name: str) -> RunRow:
    """Return the run whose name begins so (`ConfigurationError` if that is not exactly one)."""
    from remotecal.errors import ConfigurationError

    found = [row for row in store.journals.list(limit=1000) if row.run.startswith(name)]
    if len(found) != 1:
        raise ConfigurationError(
            f"{len(found) or 'no'} runs begin with {name!r}: `remotecal runs` lists them"
        )
    return found[0]


def _list(asked: argparse.Namespace) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from remotecal.cli.service import moment

    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("run", "station", "state", "lines", "files", "began", "record"):
        table.add_column(heading)
    with _store(asked) as store:
        for row in store.journals.list():
            record = store.records.find(row.station, row.run)
            agrees = "" if record is None else "agrees" if record.agrees else "DIFFERS"
            state = f"{row.state}, refused: {row.conflict}" if row.conflict else row.state
            files = store.files.list(row.station, row.run)
            here = f"{sum(file.complete for file in files)}/{len(files)}" if files else ""
            table.add_row(row.run, row.station, state, str(row.committed), here, moment(row.began), agrees)
        for order in store.orders.list():
            if order.state != "claimed":
                table.add_row(order.id, order.station, f"{order.state} {order.reason}", "", "", "", "")
    Console().print(table)


def _journal(asked: argparse.Namespace) -> None:
    from remotecal.transport.recomputing import write_journal

    with _store(asked) as store:
        row = find_run(store, asked.run)
        asked.out.mkdir(parents=True, exist_ok=True)
        print(write_journal(store, row.station, row.run, asked.out))


def _files(asked: argparse.Namespace) -> None:
    from remotecal.transport.recomputing import write_file

    with _store(asked) as store:
        row = find_run(store, asked.run)
        for file in store.files.list(row.station, row.run):
            what = f"{file.file.sha256}  {file.file.name}, {file.file.size} bytes, by {file.file.by}"
            missing = "" if file.complete else f" (only {file.here} bytes are here yet)"
            print(f"{what}: {file.file.about or 'no remark'}{missing}")
            if asked.out is not None and file.complete:
                print(write_file(store, row.station, row.run, file.file, asked.out))


def _certificate(asked: argparse.Namespace) -> None:
    from remotecal.transport.issuing import issue
    from remotecal.transport.settings import HubFolder

    with _store(asked) as store:
        row = find_run(store, asked.run)
        for path in issue(HubFolder(asked.hub), store, row.station, row.run, asked.out):
            print(path)


def _obey(verb: Verb, asked: argparse.Namespace) -> None:
    import asyncio
    import getpass
    import json

    from remotecal.errors import OrderError
    from remotecal.transport.laboratory import open_laboratory
    from remotecal.transport.messages import CommandAnswer
    from remotecal.transport.settings import HubFolder

    async def command() -> CommandAnswer:
        async with open_laboratory(HubFolder(asked.hub)) as laboratory:
            row = find_run(laboratory.store, asked.run)
            by = getpass.getuser()
            prompt = 0
            if verb == "answer":
                state = await laboratory.command(row.station, "state", by)
                prompt = ((json.loads(state.content) or {}).get("run") or {}).get("prompt", 0)
            argument = getattr(asked, "argument", "")
            return await laboratory.command(
                row.station, verb, by, run=row.run, argument=argument, prompt=prompt
            )

    answer = asyncio.run(command())
    if not answer.done:
        raise OrderError(answer.reason)
