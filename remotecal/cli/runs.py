"""`remotecal runs`: the runs at all stations, their journals, their certificates, and controlling them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, cast

from remotecal.cli.commands import HUB, add_directory, command, declare_verbs, directory
from remotecal.cli.listing import add_folder, add_form, catalogue, named, show, store_of, tell_failed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.cli.listing import Cell
    from remotecal.store import Store
    from remotecal.store.journals import RunRow
    from remotecal.store.orders import OrderRow
    from remotecal.transport.messages import Verb

COMMANDS = {
    "pause": "let a run hold before its next repeat",
    "go_on": "let a paused run go on",
    "abort": "stop a run; the rig is made safe",
    "answer": "answer a run's open question",
    "take_control": "take a run over from whoever controls it",
    "release_control": "let go of a run",
}
"""What can be commanded."""
LISTED = 100
"""How many runs, and orders, are listed: the latest."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.set_defaults(handler=_list)
    add_directory(parser, *HUB)
    add_folder(parser)
    add_form(parser)
    run = directory(*HUB)
    run.add_argument("run", metavar="RUN", help="name of the run, or how it begins")
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, help_text, handler in (
        ("journal", "write a run's journal, with its files, into a directory", _journal),
        ("certificate", "write a run's certificate into a directory", _certificate),
    ):
        written = command(commands, name, help_text, handler, [run])
        written.add_argument("--out", type=Path, required=True, metavar="DIR", help="the directory")
    report = command(
        commands,
        "report",
        "write one report of the certificates of several runs, for their customer",
        _report,
    )
    report.add_argument("runs", nargs="+", metavar="RUN", help="names of the runs, or how they begin")
    report.add_argument("--out", type=Path, required=True, metavar="DIR", help="the directory")
    add_directory(report, *HUB, inner=True)
    again = command(
        commands, "evaluate", "compute a run's record anew, where it could not be", _evaluate, [run]
    )
    again.add_argument(
        "--bundle", type=Path, metavar="FILE", help="the mended procedure, where it is not installed here"
    )
    files = command(
        commands, "files", "list the photos and other files of a run, or fetch them", _files, [run]
    )
    files.add_argument("--out", type=Path, metavar="DIR", help="directory in which they go, in files/")
    list(declare_verbs(commands, COMMANDS, _obey, [run]))


def _store(asked: argparse.Namespace) -> Store:
    from remotecal.hub.settings import HubFolder
    from remotecal.store import Store

    return Store(HubFolder(asked.hub).database)


def find_run(store: Store, name: str) -> RunRow:
    """Return the run whose name begins so (`ConfigurationError` if that is not exactly one)."""
    from remotecal.errors import ConfigurationError

    found = store.pages.named(name, limit=LISTED)
    if len(found) == 1:
        return found[0]
    orders = [order for order in store.pages.orders(LISTED) if name and order.id.startswith(name)]
    if not found and len(orders) == 1:
        (order,) = orders
        raise ConfigurationError(_not_begun(order))
    several = f"{len(found)} runs begin" if found else "no run begins"
    raise ConfigurationError(f"{several} with {name!r}: `remotecal runs` lists them all")


def _not_begun(order: OrderRow) -> str:
    """Return why there is no run of an order, and what to do."""
    if order.state == "issued":
        return (
            f"the run {order.id} has not begun: its order waits for {order.station}; `remotecal hub "
            "stations` shows whether that is connected, and somebody there may have to agree"
        )
    if order.state == "claimed":
        return (
            f"{order.station} has taken on {order.id}, and nothing of its journal is here yet: try again soon"
        )
    return f"there is no run {order.id}: its order was {order.state}: {order.reason}"


def _list(asked: argparse.Namespace) -> None:
    from remotecal.cli.tables import plain

    with store_of(asked) as store:
        runs = store.pages.runs(LISTED)
        orders = [order for order in store.pages.orders(LISTED) if order.state != "claimed"]
        files = store.files.counted([(run.station, run.run) for run in runs])
    rows = [_row(run, *files[run.station, run.run]) for run in runs]
    rows += [(order.id, order.station, order.state, "", "", "", "") for order in orders]
    t = catalogue()

    def told(row: Sequence[Cell]) -> Sequence[Cell]:
        run, station, state, *others, record = map(str, row)
        group = "state" if others[0] else "order_state"
        return run, station, named(group, state), *others, named("listed_record", record)

    show(asked, ("run", "station", "state", "lines", "files", "began", "record"), rows, told=told)
    if asked.csv or asked.json:
        return
    tell_failed(runs)
    for order in orders:
        if order.reason:
            state, why = named("order_state", order.state), t.refusal(order.reason)[0]
            print(plain(t("listed.order_was", order=order.id, state=state, why=why)))


def _row(run: RunRow, complete: int, files: int) -> tuple[Cell, ...]:
    from remotecal.cli.service import moment

    agrees = "DIFFERS" if run.record == "differs" else run.record
    agrees = "UNORDERED" if run.unordered else "FAILED" if run.failed else agrees
    here = f"{complete}/{files}" if files else ""
    return run.run, run.station, run.state, run.committed, here, moment(run.began), agrees


def _report(asked: argparse.Namespace) -> None:
    from remotecal.certificates.reporting import FILES, write_summary
    from remotecal.hub.run_at import RunAt
    from remotecal.hub.settings import HubFolder

    folder = HubFolder(asked.hub)
    with _store(asked) as store:
        found = [find_run(store, name) for name in dict.fromkeys(asked.runs)]
        every = [RunAt(folder, store, row.station, row.run) for row in found]
        certificates = [one.certificate() for of_run in every for one in of_run.each()]
    made = write_summary(certificates, asked.out)
    counted = ", ".join(
        f"{count} {verdict or 'without a verdict'}" for verdict, count in made.verdicts.items()
    )
    print(f"{len(made.listed)} certificates: {counted}")
    if made.unissued:
        print(f"{made.unissued} of them are not issued yet: they are no certificates")
    for name in FILES:
        print(asked.out / name)


def _journal(asked: argparse.Namespace) -> None:
    from remotecal.hub.recomputing import write_journal

    with _store(asked) as store:
        row = find_run(store, asked.run)
        asked.out.mkdir(parents=True, exist_ok=True)
        print(write_journal(store, row.station, row.run, asked.out))


def _files(asked: argparse.Namespace) -> None:
    from remotecal.cli.tables import plain
    from remotecal.hub.recomputing import write_file

    with _store(asked) as store:
        row = find_run(store, asked.run)
        for file in store.files.list(row.station, row.run):
            print(file.file.sha256)
            what = f"{file.file.name}, {file.file.size} bytes, by {file.file.by}"
            missing = "" if file.complete else f" (only {file.here} bytes are here yet)"
            print(plain(f"    {what}: {file.file.about or 'no remark'}{missing}"))
            if asked.out is not None and file.complete:
                print(write_file(store, row.station, row.run, file.file, asked.out))


def _certificate(asked: argparse.Namespace) -> None:
    from remotecal.hub.issuing import issue
    from remotecal.hub.settings import HubFolder

    with _store(asked) as store:
        row = find_run(store, asked.run)
        for path in issue(HubFolder(asked.hub), store, row.station, row.run, asked.out):
            print(path)


def _evaluate(asked: argparse.Namespace) -> None:
    import getpass

    from remotecal.hub.recomputing import evaluate_anew
    from remotecal.hub.settings import HubFolder

    bundle = asked.bundle.read_text("utf-8") if asked.bundle else ""
    with _store(asked) as store:
        row = find_run(store, asked.run)
        evaluate_anew(HubFolder(asked.hub), store, row.station, row.run, by=getpass.getuser(), bundle=bundle)
        print(f"The record of {row.run} is computed: `remotecal runs certificate {row.run} --out DIR`")


def _obey(verb: str, asked: argparse.Namespace) -> None:
    import asyncio
    import getpass

    from remotecal.errors import OrderError
    from remotecal.hub.laboratory import open_laboratory
    from remotecal.hub.settings import HubFolder
    from remotecal.transport.messages import CommandAnswer

    async def obeyed() -> CommandAnswer:
        async with open_laboratory(HubFolder(asked.hub)) as laboratory:
            row = find_run(laboratory.store, asked.run)
            by = getpass.getuser()
            prompt = 0
            if verb == "answer":
                on = (await laboratory.state(row.station, by)).run
                prompt = on.prompt if on and on.run == row.run else 0
            argument = getattr(asked, "argument", "")
            return await laboratory.command(
                row.station, cast("Verb", verb), by, run=row.run, argument=argument, prompt=prompt
            )

    answer = asyncio.run(obeyed())
    if not answer.done:
        raise OrderError(answer.reason)
