"""`remotecal watch`: a run, as it goes."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal import units
from remotecal.cli.commands import HUB, add_directory
from remotecal.cli.listing import named, place
from remotecal.cli.terminal import in_their_language, language, say

if TYPE_CHECKING:
    from remotecal.transport.messages import Live

ON = frozenset({"running", "asking", "paused"})
"""States of a run that is on."""

ASK_EVERY = 10.0
"""Seconds from one question where the run is to the next; what the station shows by itself may be lost."""
ANSWER_SHOWN = 40
"""Characters of an answer that are shown; a file's SHA-256 is longer."""
INDICATIONS_SHOWN = 12
"""Indications in one line; of thirty meters in series the page Live has the rest."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("run", metavar="RUN", help="name of the run, or how it begins")
    add_directory(parser, *HUB)
    parser.set_defaults(handler=main)


def main(asked: argparse.Namespace) -> None:
    """Show where a run is until it is over.

    Raises:
        ConfigurationError: there is no such run, or several, or it has not begun.
        NotConnected: the hub can't be reached.
    """
    import asyncio

    asyncio.run(_watch(asked.hub, asked.run))


async def _watch(hub: Path, name: str) -> None:
    import asyncio
    import getpass

    from remotecal.cli.runs import find_run
    from remotecal.cli.tables import plain
    from remotecal.errors import NotConnected, TransportError
    from remotecal.hub.laboratory import open_laboratory
    from remotecal.hub.settings import HubFolder
    from remotecal.transport.messages import Live

    over = asyncio.Event()
    shown = ""

    async def show(_: str, content: bytes) -> None:
        nonlocal shown
        live = Live.model_validate_json(content)
        line = plain(describe(live))
        if line != shown:
            shown = line
            _print(line)
        if live.state not in ON:
            over.set()

    async with open_laboratory(HubFolder(hub)) as laboratory:
        row = find_run(laboratory.store, name)
        await laboratory.watch(row.station, row.run, show)
        try:
            live = (await laboratory.state(row.station, getpass.getuser())).run
        except TransportError as error:
            raise NotConnected(
                f"{row.run} can't be watched: {row.station} can't be reached now ({error}). Its journal "
                f"here is {row.state}, {row.committed} lines; there, `remotecal station up` starts the agent"
            ) from None
        while live is not None and live.run == row.run:
            await show("", live.model_dump_json().encode())
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), ASK_EVERY)
                print()
                return
            with suppress(TransportError):  # the line is cut: what is shown is the latest there is
                live = (await laboratory.state(row.station, getpass.getuser())).run
        row = find_run(laboratory.store, row.run)
        order = laboratory.store.orders.find(row.run)
        because = order.reason if order is not None else ""
        print(
            say(
                f"{row.run} is not on; its journal here ends with it {row.state}",
                f"{row.run} 不在进行；此处的日志止于：{named('state', row.state)}",
            )
        )
        if because:
            print(f"  {in_their_language(because)}")


def describe(live: Live) -> str:
    """Return all there is to say of a run, as one line."""
    from remotecal.pages.words import words

    told = words(language())
    parts = [named("state", live.state)]
    if live.prompt:
        choices = f" [{'/'.join(map(_option, live.options))}]" if live.options else ""
        choices = (
            f" {say('[a file, from the station]', '[文件，由站点加入]')}" if live.kind == "file" else choices
        )
        asked = live.question.get(language()) or live.question.get("en")
        parts.append(f"{asked or next(iter(live.question.values()), '')}{choices}")
    parts.append(say(f"{live.observed}/{live.due} observed", f"已观测 {live.observed}/{live.due}"))
    if live.point:
        at = f"{live.number}/{live.points} {place(live.point)}"
        parts.append(say(f"point {at}", f"校准点 {at}"))
    if live.repeat:
        parts.append(say(f"repeat {live.repeat}", f"第 {live.repeat} 次"))
    if not live.prompt:  # else the question would be told again
        parts.append(say(live.doing, told.doing(live.doing)))
    since = timedelta(seconds=round(live.now - live.began))
    parts.append(say(f"rig {since}", f"装置时间 {since}"))
    shown = list(live.last.items())[:INDICATIONS_SHOWN]
    parts += [
        f"{source} {_indication(value, live.digits.get(source), unit)}" for source, (value, unit) in shown
    ]
    if more := len(live.last) - len(shown):
        parts.append(say(f"{more} indications more", f"另有 {more} 个示值"))
    if live.answered_by:
        answer = live.answered[:ANSWER_SHOWN]
        parts.append(say(f"{live.answered_by} answered {answer}", f"{live.answered_by} 已回答 {answer}"))
    if live.holder:
        parts.append(say(f"controlled by {live.holder}", f"由 {live.holder} 控制"))
    return " · ".join(parts)


def _indication(value: float, digits: int | None, unit: str) -> str:
    """Return an indication with as many digits behind the point as it has, where that is known."""
    told = f"{value:.6g}" if digits is None else f"{value:.{digits}f}"
    return told if unit == "1" else f"{told} {units.symbol(unit)}"


def _option(option: str) -> str:
    """Return what may be answered, as it is to be typed, and what it means in the reader's language."""
    meant = named("answer", option)
    return option if meant == option else f"{option}（{meant}）"


def _print(line: str) -> None:
    if sys.stdout.isatty():
        import shutil

        print(f"\r{line[: shutil.get_terminal_size().columns - 1]}\x1b[K", end="", flush=True)
    else:
        print(line, flush=True)
