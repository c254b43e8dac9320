"""`remotecal order`: have a station carry out a work order."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.cli.commands import HUB, add_directory
from remotecal.numerals import read_number

if TYPE_CHECKING:
    from remotecal.transport.messages import ProcedureNamed
    from remotecal.transport.settings import HubFolder


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
    """Sign an order and hand it to its station; prints the name of its run.

    Raises:
        ConfigurationError: the order, or the station it is for, can't be used.
    """
    import asyncio
    import getpass

    from remotecal.procedures.order import Order
    from remotecal.transport.laboratory import Terms, open_laboratory
    from remotecal.transport.settings import HubFolder

    folder = HubFolder(asked.hub)
    order = Order.load(asked.order)
    bundle, procedure = _procedure(asked, order.order.procedure, folder)
    terms = Terms(
        bench=asked.bench,
        lasts=asked.hours * 3600,
        after_crash=asked.after_crash,
        link_lost=asked.link_lost,
        link_lost_after=asked.link_lost_after,
        bundle=bundle,
    )

    async def issue() -> str:
        async with open_laboratory(folder) as laboratory:
            return (await laboratory.issue(order, procedure, asked.station, terms, getpass.getuser())).id

    print(asyncio.run(issue()))


def _procedure(asked: argparse.Namespace, name: str, folder: HubFolder) -> tuple[str, ProcedureNamed]:
    """Return the order's procedure: as a bundle, where it is a file; and by its content."""
    from remotecal.certificates.signing.seal import SealKey
    from remotecal.errors import OrderError
    from remotecal.procedures.catalogue import find
    from remotecal.transport.library import Library, make_bundle
    from remotecal.transport.messages import ProcedureNamed

    if not name.endswith(".py"):
        found = find(name)
        return "", ProcedureNamed(name=name, sha256=found.sha256)
    if asked.author is None:
        raise OrderError(f"{name} is a file: give --author, the key whose procedures the station trusts")
    author = SealKey.read(asked.author)
    file = asked.order.parent / name
    bundle, library = make_bundle(file, author), Library(folder.procedures)
    named = library.install(bundle, [author.public])
    library.find(named)
    return bundle, named
