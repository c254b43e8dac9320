"""`remotecal order`: have a station carry out a work order."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.cli.commands import HUB, add_directory
from remotecal.numerals import read_number

if TYPE_CHECKING:
    from remotecal.hub.laboratory import OrderDesk
    from remotecal.hub.settings import HubFolder
    from remotecal.runs.catalogue import Found
    from remotecal.transport.messages import ProcedureNamed, Terms

WAIT = 15.0
"""Seconds the station is given to say what becomes of an order, unless it waits for somebody or something."""
LOOK_EVERY = 0.2
"""Seconds from one look to the next."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("order", type=Path, metavar="ORDER", help="the work order (TOML)")
    parser.add_argument(
        "--station", required=True, metavar="NAME", help="the station that is to carry it out"
    )
    parser.add_argument("--bench", required=True, metavar="NAME", help="name of the bench there")
    add_directory(parser, *HUB)
    parser.add_argument(
        "--hours",
        type=read_number,
        default=24.0,
        metavar="H",
        help="within which it may be begun (24 by default)",
    )
    parser.add_argument(
        "--after-crash",
        choices=["resume", "make_safe"],
        default="resume",
        help="what the station does should it be cut off",
    )
    parser.add_argument(
        "--link-lost",
        choices=["go_on", "make_safe"],
        default="go_on",
        help="what the run does while the laboratory can't be reached",
    )
    parser.add_argument(
        "--link-lost-after",
        type=read_number,
        default=60.0,
        metavar="S",
        help="seconds until then (60 by default)",
    )
    parser.add_argument(
        "--author", type=Path, metavar="KEY", help="Ed25519 key that signs a procedure's file for the journey"
    )
    parser.set_defaults(handler=main)


def main(asked: argparse.Namespace) -> None:
    """Sign an order and hand it to its station; prints the name of its run, and what the station says.

    A lot becomes an order for each mounting, which the station carries out one after the other; the names of
    all their runs are printed.

    Raises:
        ConfigurationError: the order, or the station it is for, can't be used; or the station refuses it.
    """
    import sys

    from remotecal.cli.terminal import in_their_language

    said = send(asked, lambda run: print(run, flush=True))
    print(in_their_language(said), file=sys.stderr)


def send(asked: argparse.Namespace, tell: Callable[[str], None]) -> str:
    """Sign an order and hand it to its station; returns what the station says.

    Args:
        asked: what the command line says.
        tell: is told the name of each run as soon as it is ordered.

    Raises:
        ConfigurationError: as `main`.
    """
    import asyncio
    import getpass
    import time

    from remotecal.clock import civil_day
    from remotecal.hub.laboratory import open_laboratory
    from remotecal.hub.ordering import check_order
    from remotecal.hub.out_of_service import Out
    from remotecal.hub.settings import HubFolder
    from remotecal.lot import read_orders
    from remotecal.store import Store

    folder = HubFolder(asked.hub)
    orders = read_orders(asked.order)
    bundle, procedure, found = _procedure(asked, orders[0].order.procedure, folder)
    with Store(folder.database) as store:
        today, others = civil_day(time.time(), folder.time_zone), store.stations.list()
        out = Out.of(store)
        for order in orders:
            check_order(order, found, store.stations.get(asked.station), asked.bench, today, others, out)
    terms = _terms(asked, bundle)

    async def issue() -> str:
        async with open_laboratory(folder) as laboratory:
            by, lasts = getpass.getuser(), asked.hours * 3600
            runs = []
            for order in orders:
                issued = await laboratory.issue(order, procedure, asked.station, terms, by, lasts=lasts)
                tell(issued.id)
                runs.append(issued.id)
            return await _fate(laboratory, runs[0], asked.station, by)

    return asyncio.run(issue())


def _terms(asked: argparse.Namespace, bundle: str) -> Terms:
    from remotecal.transport.messages import Terms

    return Terms(
        bench=asked.bench,
        after_crash=asked.after_crash,
        link_lost=asked.link_lost,
        link_lost_after=asked.link_lost_after,
        bundle=bundle,
    )


async def _fate(laboratory: OrderDesk, order: str, station: str, by: str) -> str:
    """Return what becomes of an order, as soon as the station takes it on or says what it waits for.

    Raises:
        OrderError: the station refuses it.
    """
    import asyncio
    import time

    from remotecal.errors import OrderError, RemotecalError

    until = time.monotonic() + WAIT
    while time.monotonic() < until:
        row = await asyncio.to_thread(laboratory.store.orders.find, order)
        if row is not None and row.state in {"refused", "withdrawn"}:
            raise OrderError(f"{station} refuses the order {order}: {row.reason}")
        if row is not None and row.state == "claimed":
            return f"{station} has taken it on: `remotecal watch {order}` shows how it goes"
        try:
            state = await laboratory.state(station, by)
        except RemotecalError:
            return f"{station} can't be reached now, and will fetch the order once it is connected"
        if state.waits_for_consent is not None and state.waits_for_consent.id == order:
            return f"the order waits until somebody at {station} agrees"
        if state.run is not None and state.run.run != order:
            return f"{station} is busy with {state.run.run}, and looks at the order after that"
        await asyncio.sleep(LOOK_EVERY)
    return f"{station} has not looked at the order yet: `remotecal runs` shows what becomes of it"


def _procedure(asked: argparse.Namespace, name: str, folder: HubFolder) -> tuple[str, ProcedureNamed, Found]:
    """Return the order's procedure: as a bundle, where it is a file; by its content; and itself."""
    from remotecal.certificates.signing.seal import SealKey
    from remotecal.errors import OrderError
    from remotecal.runs.catalogue import find, full_name
    from remotecal.transport.bundles import TrustedProcedures, make_bundle
    from remotecal.transport.messages import ProcedureNamed

    if not name.endswith(".py"):
        found = find(name)
        return "", ProcedureNamed(name=full_name(name), sha256=found.sha256), found
    if asked.author is None:
        raise OrderError(f"{name} is a file: give --author, the key whose procedures the station trusts")
    author = SealKey.read(asked.author)
    file = asked.order.parent / name
    bundle, library = make_bundle(file, author), TrustedProcedures(folder.procedures)
    named = library.install(bundle, [author.public])
    return bundle, named, library.find(named)
