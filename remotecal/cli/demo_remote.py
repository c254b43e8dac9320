"""The remote half of `remotecal demo --remote`: hub, broker and station as processes of their own.

What a command founds, invites, enrols or orders is done by the function behind it, in this process: another
one would only load everything anew. All of it is loaded before anything is founded: where a signal comes in
the middle of that, Python forgets the exit code.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from remotecal.certificates.signing.seal import SealKey
from remotecal.cli.processes import free_port, running
from remotecal.cli.terminal import say
from remotecal.configuration import as_toml
from remotecal.errors import RunError
from remotecal.hub.founding import found, settings_text
from remotecal.hub.laboratory import new_code
from remotecal.hub.settings import HubFolder
from remotecal.station.folder import StationFolder, enrol_with
from remotecal.store import Store

if TYPE_CHECKING:
    from remotecal.cli.progress import ProgressLine
    from remotecal.model import Record

STATION = "demo-site"
LOOK_EVERY = 0.1
"""Seconds from one look at the laboratory's database to the next."""
GLANCE_EVERY = 0.02
"""The same where somebody beside the bench waits for the next question."""


@dataclass(frozen=True, slots=True)
class Remote:
    """What comes of it."""

    record: Record
    """The record of the certificate, as the laboratory computed it."""
    station: SealKey
    """The key that signed the journal, for the demonstration's trust list."""


def calibrate_remotely(
    order: Path,
    bench: Path,
    out: Path,
    line: ProgressLine,
    person: Callable[[str, Sequence[str]], str] | None = None,
) -> Remote:
    """Carry out an order at a station, as a laboratory far away would; everything is on this machine.

    Hub, broker and station are processes of their own, with certificates of their own; they are
    ended before this returns.

    Args:
        order: the work order; its procedure is in the catalogue.
        bench: the bench file beside the station.
        out: where journal and certificate go.
        line: shows what is done.
        person: who is beside the bench, and answers at the station; None where nobody is needed.

    Raises:
        RemotecalError: something went wrong; the text says what, and shows the end of the log.
    """
    with TemporaryDirectory(prefix="remotecal-remote-") as temporary, ExitStack() as stack:
        hub, station = Path(temporary) / "hub", Path(temporary) / "station"
        line.step(say("founding a laboratory", "建立实验室"))
        desk = f"127.0.0.1:{free_port()}"
        found_here(hub, "Demonstration", desk)
        stack.enter_context(running(Path(temporary) / "hub.log", "hub", "up", "--hub", hub))
        line.say(
            say(
                "The hub is up, with a broker and an authority of its own.",
                "中心已启动，自带消息代理和证书颁发机构。",
            )
        )
        line.step(say("enrolling a station", "登记站点"))
        enrol(STATION, hub, desk, station, bench)
        stack.enter_context(running(Path(temporary) / "station.log", "station", "up", "--station", station))
        line.say(
            say(f"The station {STATION} has enrolled, and is connected.", f"站点 {STATION} 已登记并已连接。")
        )
        line.step(say("signing the order", "签署委托单"))
        run = _ordered(order, hub, _name(bench))
        line.say(say(f"The order {run} was signed and sent.", f"委托单 {run} 已签署并发出。"))
        began = time.monotonic()
        _follow(hub, run, line, _Attending(station, person) if person else _nobody)
        took = f"{time.monotonic() - began:.1f} s"
        line.say(
            say(
                f"The journal is complete, signed and recomputed after {took}.",
                f"日志已完整、签名并重新计算，用时 {took}。",
            )
        )
        line.step(say("writing the certificate", "写出证书"))
        return Remote(_issue(hub, run, out), SealKey.read(station / "journal.key.pem"))


def found_here(hub: Path, laboratory: str, desk: str) -> None:
    """Make a hub for stations on this computer.

    Args:
        hub: the hub's directory, which is made.
        laboratory: the laboratory's name.
        desk: where it is to enrol stations.
    """
    listen = f"127.0.0.1:{free_port()}"
    found(hub, settings_text(laboratory, "127.0.0.1", listen=listen, enrolment=desk))


def enrol(name: str, hub: Path, desk: str, station: Path, *benches: Path, zone: str = "") -> None:
    """Enrol a station with a hub that is up.

    Args:
        name: the station's.
        hub: the hub's directory.
        desk: where it enrols stations.
        station: the station's directory, which is made.
        benches: the bench files beside it; they may be written later.
        zone: the time zone of its pages; the computer's if not given.
    """
    folder = HubFolder(hub)
    with Store(folder.database) as store:
        code = new_code(folder, store, name, getpass.getuser())
    asyncio.run(enrol_with(station, desk, code))
    settings = {"name": name, "benches": [str(bench.resolve()) for bench in benches]}
    written = as_toml(settings | ({"time_zone": zone} if zone else {}))
    (station / "station.toml").write_text(written, encoding="utf-8")


def _ordered(order: Path, hub: Path, bench: str) -> str:
    """Have the station carry an order out; returns the name of its run."""
    from remotecal.cli.order import add_arguments, send

    parser = argparse.ArgumentParser()
    add_arguments(parser)
    runs: list[str] = []
    said = [str(order), "--station", STATION, "--bench", bench, "--hub", str(hub)]
    send(parser.parse_args(said), runs.append)
    (run,) = runs
    return run


def _follow(hub: Path, run: str, line: ProgressLine, attend: Callable[[], bool]) -> None:
    """Wait until a run's record has been computed at the laboratory.

    Who is beside the bench answers meanwhile what they are asked; `attend` tells whether that was so.

    Raises:
        RunError: the run ended early.
    """
    with Store(HubFolder(hub).database) as store:
        while store.records.find(STATION, run) is None:
            order = store.orders.find(run)
            if order is not None and order.reason:
                raise RunError(f"the run {run} was not carried out to the end: {order.reason}")
            if failed := store.noted(what="not computed"):
                raise RunError(f"the record can't be computed: {failed[0].data}")
            count = store.journals.committed(STATION, run)
            line.passing(say(f"{count} lines of the journal have arrived …", f"日志已到达 {count} 行 …"))
            if not attend():
                time.sleep(LOOK_EVERY if attend is _nobody else GLANCE_EVERY)


def _nobody() -> bool:
    return False


class _Attending:
    """Answers at the station what is asked there: each question once.

    Args:
        station: the station's directory.
        person: who does what is asked, and returns the answer.
    """

    def __init__(self, station: Path, person: Callable[[str, Sequence[str]], str]) -> None:
        self._socket, self._person, self._answered = StationFolder(station).socket, person, 0

    def __call__(self) -> bool:
        """Answer the question that is open, and tell whether there was one."""
        from remotecal.station.on_site import Wish, wish_for
        from remotecal.transport.messages import StationState

        seen = asyncio.run(wish_for(self._socket, Wish(verb="state")))
        run = StationState.model_validate_json(seen.content).run
        if run is None or run.prompt in {0, self._answered}:
            return False
        self._answered = run.prompt
        answer = self._person(run.question["en"], run.options)
        given = asyncio.run(wish_for(self._socket, Wish(verb="answer", argument=answer)))
        if not given.done:
            raise RunError(f"{answer!r} was not taken at the station: {given.reason}")
        return True


def _issue(hub: Path, run: str, out: Path) -> Record:
    from remotecal.hub.issuing import issue
    from remotecal.model import Record

    folder = HubFolder(hub)
    with Store(folder.database) as store:
        issue(folder, store, STATION, run, out)
    return Record.from_json((out / "record.json").read_text("utf-8").strip())


def _name(bench: Path) -> str:
    from remotecal.bench import Bench

    return Bench.load(bench).name
