"""`remotecal station`: the agent beside the instruments, and what the person there may tell it."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WISHES = {
    "state": "tell what the station does",
    "pause": "let the run hold before its next repeat",
    "go_on": "let a paused run go on",
    "abort": "stop the run; the rig is made safe",
    "answer": "answer the open question",
    "attach": "add a photo or another file to the evidence; it answers a question that asks for one",
    "agree": "let the order that waits be begun",
    "decline": "send the order that waits back",
}
"""What the person on site may tell the agent."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    enrol = _command(commands, "enrol", "make keys, and have the laboratory certify them", _enrol)
    enrol.add_argument("code", metavar="CODE", help="the code from the laboratory")
    enrol.add_argument(
        "--at", required=True, metavar="HOST:PORT", help="where the laboratory enrols stations"
    )
    _command(commands, "up", "fetch and carry out orders until interrupted", _up)
    for verb, help_text in WISHES.items():
        command = _command(commands, verb.replace("_", "-"), help_text, partial(_wish, verb))
        if verb in {"abort", "answer"}:
            command.add_argument("argument", metavar="TEXT", help="the reason, or the answer")
        elif verb == "attach":
            command.add_argument("file", type=Path, metavar="FILE", help="the file")
            command.add_argument("--about", dest="argument", default="", metavar="TEXT", help="what it shows")


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    help_text: str,
    handler: Callable[[argparse.Namespace], None],
) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name, help=help_text, description=f"{help_text[:1].upper()}{help_text[1:]}."
    )
    command.add_argument(
        "--station", type=Path, default=Path("station"), metavar="DIR", help="the station's directory"
    )
    command.set_defaults(handler=handler)
    return command


def _enrol(asked: argparse.Namespace) -> None:
    import asyncio

    from remotecal.transport.enrolment import Code
    from remotecal.transport.station_folder import enrol_with

    folder = asyncio.run(enrol_with(asked.station, asked.at, Code.read(asked.code)))
    print(
        f"{folder.name} belongs to {folder.laboratory.name}. Name its benches in {folder.path}/station.toml."
    )
    print(f"Next: remotecal station up --station {folder.path}")


def _up(asked: argparse.Namespace) -> None:
    import asyncio

    from remotecal.cli.service import serve
    from remotecal.transport.station import Station
    from remotecal.transport.station_folder import StationFolder

    async def run() -> None:
        station = Station(StationFolder(asked.station))
        await serve(station.run(), station.liaison.greeted, "The station is up.", station.stop)

    asyncio.run(run())


def _wish(verb: str, asked: argparse.Namespace) -> None:
    import asyncio

    from remotecal.errors import OrderError
    from remotecal.transport.on_site import Wish, wish_for
    from remotecal.transport.station_folder import StationFolder

    # The agent has a working directory of its own.
    file = str(asked.file.absolute()) if verb == "attach" else ""
    wish = Wish.model_validate({"verb": verb, "argument": getattr(asked, "argument", ""), "file": file})
    answer = asyncio.run(wish_for(StationFolder(asked.station).socket, wish))
    if not answer.done:
        raise OrderError(answer.reason)
    if answer.content:
        print(answer.content)
