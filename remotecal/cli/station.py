"""`remotecal station`: the agent beside the instruments, and what the person there may tell it."""

from __future__ import annotations

import argparse
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.cli.commands import add_directory, command, declare_verbs, directory
from remotecal.cli.install_service import add_command as add_install
from remotecal.cli.listing import catalogue, place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remotecal.station.folder import StationFolder
    from remotecal.transport.consent import OrderWaiting
    from remotecal.transport.messages import StationState

WISHES = {
    "pause": "let the run hold before its next repeat",
    "go_on": "let a paused run go on",
    "abort": "stop the run; the rig is made safe",
    "answer": "answer the open question",
    "attach": "add a photo or another file to the evidence; it answers a question that asks for one",
    "agree": "let the order that waits be begun",
    "decline": "send the order that waits back",
    "again": "throw the repeat away that is on, and take it again, by way of the safe state",
    "resend": "ask the laboratory what it has of a run, or of all runs, and send it the rest",
}
"""What the person on site may tell the agent."""
DONE = {
    "pause": ("The run holds before its next repeat.", "运行将在下一次重复之前暂停。"),
    "go_on": ("The run goes on.", "运行继续。"),
    "abort": ("The run is stopped, and the rig is made safe.", "运行停止，装置置于安全状态。"),
    "answer": ("The answer is taken.", "已收到回答。"),
    "agree": ("You agree: the order may be begun.", "您已同意：委托可以开始。"),
    "decline": ("The order is sent back, and the laboratory is told why.", "委托已退回，已告知实验室理由。"),
    "again": ("The repeat is thrown away and taken again.", "本次重复作废，重新测量。"),
}
"""What comes of it, in English and Chinese, where the agent says nothing more of it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    where = ("station", "the station's directory")
    add_directory(parser, *where)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    at = [directory(*where)]
    enrol = command(commands, "enrol", "make keys, and have the laboratory certify them", _enrol, at)
    enrol.add_argument("code", metavar="CODE", help="the code from the laboratory")
    enrol.add_argument(
        "--at", required=True, metavar="HOST:PORT", help="where the laboratory enrols stations"
    )
    command(commands, "up", "fetch and carry out orders until interrupted", _up, at)
    page = command(commands, "open", "open the page beside the rig in a browser on this computer", _open, at)
    page.add_argument("--port", type=int, default=0, help="port of the page; any that is free by default")
    page.add_argument("--phones", default="", metavar="ADDRESS", help="where phones reach this computer")
    page.add_argument("--no-browser", action="store_true", help="say how to get in, and open no browser")
    add_install(commands, "station", at)
    command(commands, "state", "tell what the station does", _state, at)
    for verb, told in declare_verbs(commands, WISHES, _wish, at):
        if verb in {"agree", "decline", "answer", "attach", "pause", "go_on", "abort", "again"}:
            told.add_argument("--by", default="", metavar="NAME", help="who you are, for the journal")
        if verb == "decline":
            told.add_argument("argument", metavar="REASON", help="why: the laboratory is told")
        if verb == "resend":
            told.add_argument("argument", nargs="?", default="", metavar="RUN", help="all if none is given")
        if verb == "attach":
            told.add_argument("file", type=Path, metavar="FILE", help="the file")
            told.add_argument("--about", dest="argument", default="", metavar="TEXT", help="what it shows")


def _enrol(asked: argparse.Namespace) -> None:
    import asyncio

    from remotecal.cli.terminal import say
    from remotecal.station.folder import enrol_with
    from remotecal.transport.enrolment import Code

    folder = asyncio.run(enrol_with(asked.station, asked.at, Code.read(asked.code)))
    whose, settings = folder.laboratory.name, f"{folder.path}/station.toml"
    print(
        say(
            f"{folder.name} belongs to {whose}. Name its benches in {settings}.\n"
            "Its journals are signed by this key, which the laboratory's trust list names (`--journal-key`):",
            f"{folder.name} 属于{whose}。请在 {settings} 中写明其台架。\n"
            "其日志由此密钥签名，实验室的信任列表须列出它（`--journal-key`）：",
        )
    )
    print(f"  {folder.signing_key().public.text}")
    print(say("Next: ", "下一步：") + f"remotecal station up --station {folder.path}")


def _up(asked: argparse.Namespace) -> None:
    import asyncio

    from remotecal.cli.service import serve
    from remotecal.cli.terminal import say
    from remotecal.station.agent import Station
    from remotecal.station.folder import StationFolder

    async def run() -> None:
        station = Station(StationFolder(asked.station))
        said = say("The station is up.", "站点已启动。")
        await serve(station.run(), station.liaison.greeted, said, station.stop)

    asyncio.run(run())


def _open(asked: argparse.Namespace) -> None:
    import asyncio

    from remotecal.errors import ConfigurationError
    from remotecal.station.folder import StationFolder

    try:
        from remotecal.station.pages.serving import another_entrance, is_served, serving_pages
    except ImportError as error:
        raise ConfigurationError(f"the page needs more: pip install 'remotecal[web]' ({error})") from None
    from remotecal.cli.service import serve
    from remotecal.cli.terminal import say

    folder = StationFolder(asked.station)
    if is_served(folder):
        _lead_in(asked, folder, another_entrance(folder))
        return
    ready = asyncio.Event()

    async def run() -> None:
        async with serving_pages(folder, asked.port, asked.phones) as served:
            await asyncio.to_thread(_lead_in, asked, folder, served.entrance())
            ready.set()
            await asyncio.Event().wait()

    async def whole() -> None:
        with suppress(asyncio.CancelledError):
            said = "The page is served until this is interrupted.", "页面一直可用，直到按 Ctrl-C 结束。"
            await serve(run(), ready, say(*said))

    asyncio.run(whole())


def _lead_in(asked: argparse.Namespace, folder: StationFolder, entrance: str) -> None:
    """Let a browser in by a file that nobody else can read; the terminal shows its owner the way as well."""
    import sys
    import webbrowser

    from remotecal.cli.terminal import say
    from remotecal.station.pages.serving import lead_in

    door = lead_in(folder, entrance).as_uri()
    if not asked.no_browser:
        webbrowser.open(door)
    within = (
        "In a browser of this computer, once, within 5 minutes:",
        "请在 5 分钟内用本机的浏览器打开（一次有效）：",
    )
    print(f"{say(*within)} {door}", flush=True)
    if sys.stdout.isatty():
        print(f"{say('or:', '或：')} {entrance}", flush=True)


def _state(asked: argparse.Namespace) -> None:
    from remotecal.cli.tables import plain
    from remotecal.cli.terminal import say
    from remotecal.cli.watch import describe
    from remotecal.transport.messages import StationState

    state = StationState.model_validate_json(_told(asked, "state"))
    if (order := state.waits_for_consent) is not None:
        waits = say(
            f"The order {order.id} of {order.by} for {order.bench} waits: agree, or decline.",
            f"{order.by} 的委托 {order.id}（台架 {order.bench}）等待答复：agree 同意，decline 拒绝。",
        )
        print(plain(waits))
        for line in _asked_for(order):
            print(plain(f"  {line}"))
    for line in _not_brought(state):
        print(plain(line))
    nothing = say("No run is on.", "没有正在进行的运行。")
    print(plain(f"{state.run.run}: {describe(state.run)}") if state.run else nothing)


def _not_brought(state: StationState) -> Iterator[str]:
    """Yield why something does not reach the laboratory, or came to nothing there."""
    from remotecal.cli.terminal import say

    if why := state.not_served:
        yield say(f"The laboratory can't work with this station: {why}.", f"实验室不能与本站点配合：{why}。")
    if where := state.cut_off:
        yield say(f"There is no connection to {where}.", f"与实验室没有连接：{where}。")
    for run, reason in state.held_up.items():
        yield say(f"{run} does not reach the laboratory: {reason}", f"{run} 未能送达实验室：{reason}")
    for run, reason in state.failed.items():
        yield say(f"The laboratory has no record of {run}: {reason}", f"实验室没有 {run} 的记录：{reason}")


def _asked_for(order: OrderWaiting) -> Iterator[str]:
    """Yield what an order would do, in the language of whoever sits here."""
    from remotecal.cli.service import moment
    from remotecal.cli.terminal import language, say
    from remotecal.runs.tempo import in_minutes

    spoken = language()

    def chosen(said: Mapping[str, str]) -> str:
        return said.get(spoken) or next(iter(said.values()), "")

    yield f"{say('what: ', '内容：')}{chosen(order.title) or order.procedure}"
    yield f"{say('order: ', '委托：')}{order.number} {chosen(order.customer)}"
    for item in order.items:
        yield f"{say('item: ', '器具：')}{chosen(item)}"
    yield f"{say('points: ', '校准点：')}{say(', ', '；').join(map(place, order.points))}"
    if order.seconds is not None:
        minutes = in_minutes(order.seconds)
        yield say(
            f"takes: about {minutes} min by the procedure, or longer; preparing comes on top",
            f"按程序约需：{minutes} 分钟，可能更长；准备时间另计",
        )
    for moved in catalogue().moves(order.moves):
        yield f"{say('may move: ', '将动作：')}{moved}"
    yield f"{say('to be begun before: ', '须在此前开始：')}{moment(order.expires)}"


def _wish(verb: str, asked: argparse.Namespace) -> None:
    from remotecal.cli.terminal import say

    if said := _told(asked, verb) or say(*DONE.get(verb, ("", ""))):
        print(said)


def _told(asked: argparse.Namespace, verb: str) -> str:
    """Tell the agent what is wanted, and return what it says."""
    import asyncio

    from remotecal.configuration import checked
    from remotecal.errors import ConfigurationError, OrderError
    from remotecal.station.folder import StationFolder
    from remotecal.station.on_site import Wish, wish_for

    # The agent has a working directory of its own.
    file = str(asked.file.absolute()) if verb == "attach" else ""
    said = {"verb": verb, "argument": getattr(asked, "argument", ""), "file": file}
    said["by"] = getattr(asked, "by", "")
    wish = checked(Wish, said, f"station {verb}", ConfigurationError)
    answer = asyncio.run(wish_for(StationFolder(asked.station).socket, wish))
    if not answer.done:
        raise OrderError(answer.reason)
    return answer.content
