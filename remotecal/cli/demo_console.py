"""`remotecal demo --console`: a laboratory with a year of simulated work behind it, until interrupted.

Hub, broker and station are processes of their own, on this computer alone; a bench is simulated here. Nothing
of it is left once it ends, but for what `--out` keeps.
"""

from __future__ import annotations

import webbrowser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Self

from remotecal.bench import Bench
from remotecal.certificates.demonstration import write_trust_list
from remotecal.certificates.signing.seal import SealKey
from remotecal.cli.demo import KEYS, PAPER, TRUST, choose
from remotecal.cli.demo_people import enter, make_keys, write_register
from remotecal.cli.demo_remote import enrol, found_here
from remotecal.cli.demo_standards import CHECKED, write_checked
from remotecal.cli.demo_year import (
    NUMBERS,
    SINCE,
    STANDARDS,
    Year,
    YearsRun,
    demonstration_order,
    plan,
    two_years_of,
)
from remotecal.cli.processes import free_port, running
from remotecal.cli.terminal import say
from remotecal.clock import AwaitedClock
from remotecal.configuration import as_toml
from remotecal.errors import ConfigurationError, RemotecalError
from remotecal.hub.laboratory import OrderDesk, connection
from remotecal.hub.settings import FILE, HubFolder
from remotecal.runs.catalogue import find
from remotecal.runs.execute import check_directory
from remotecal.signals import on_ending
from remotecal.sim.assembly import CLOCK
from remotecal.sim.paper import BENCH
from remotecal.station.folder import StationFolder
from remotecal.store import Store

if TYPE_CHECKING:
    import subprocess

    from remotecal.certificates.demonstration import DemonstrationKeys, NewKeys
    from remotecal.cli.demo_people import LogIn
    from remotecal.cli.progress import ProgressLine
    from remotecal.model import Text
    from remotecal.sim.assembly import Assembly, BenchOptions

STATION, AWAY = "demo-site", "demo-away"
"""The station with the bench; and one that is not up, for which an order waits."""
HUB: Final = "hub"
REGISTER: Final = "register.toml"
"""The laboratory's."""
ZONE: Final = "Asia/Shanghai"
"""Where the laboratory is: its days and times are those of there, wherever the computer stands."""
FEWEST: Final = 2
"""Runs of a year: one that is issued, one that waits."""
BEHIND: Final = timedelta(hours=12)
"""How far the bench's time is behind, so that what is ordered on a page does not end in the future."""
LOOK_EVERY: Final = 0.5
"""Seconds from one look for a signal, or a process that has ended, to the next."""


@dataclass(frozen=True, slots=True)
class Console:
    """What is asked for."""

    bench: str
    """Name of the bench."""
    settings: Mapping[str, object]
    """What is chosen of it."""
    runs: int
    """Calibrations of the year."""
    port: int = 0
    """Where the console is served; 0 for any port that is free."""
    opened: bool = False
    """Whether to open it in the browser."""


def show_console(wanted: Console, out: Path | None, line: ProgressLine, keys: NewKeys) -> None:
    """Bring up the laboratory, tell where it is and how to log in, and serve until interrupted.

    Args:
        wanted: what is asked for.
        out: a new directory that keeps all of it; by default one that is removed.
        line: shows what is done.
        keys: everybody's, which are being made.

    Raises:
        OrderError: `out` holds something already, or the bench calibrates several devices at once.
        ConfigurationError: there is no such bench, it can't be so, or has no demonstration.
        RemotecalError: one of the processes ended.
    """
    kind, chosen = choose(wanted.bench, wanted.settings)
    if wanted.runs < FEWEST:
        raise ConfigurationError(f"--runs {wanted.runs}: a year has {FEWEST} runs at least")
    if out is not None:
        check_directory(out)
    with ExitStack() as stack:
        ended = stack.enter_context(_Ended())  # left last: nothing interrupts the clearing up
        temporary = stack.enter_context(TemporaryDirectory(prefix="remotecal-console-"))
        place = (out or Path(temporary)).resolve()
        laboratory = _Laboratory(place, kind, chosen, datetime.now(UTC), line)
        laboratory.found(keys)
        logins = laboratory.work(wanted.runs)
        url, processes = laboratory.open(stack, wanted.port)
        line.end()
        ended.awaited = True  # before anybody is told how to end it
        _tell(url, logins, place)
        if wanted.opened:
            webbrowser.open(url)
        ended.wait(processes)


class _Laboratory:
    """The laboratory while it is brought up.

    Args:
        place: directory of everything.
        kind: its bench.
        chosen: what is chosen of it.
        now: the time.
        line: shows what is done.
    """

    def __init__(
        self, place: Path, kind: type[Assembly], chosen: BenchOptions, now: datetime, line: ProgressLine
    ) -> None:
        self._place, self._kind, self._chosen, self._now, self._line = place, kind, chosen, now, line
        self._hub, self._station = place / HUB, place / STATION
        self._paper = place / PAPER
        self._keys: DemonstrationKeys | None = None

    def found(self, keys: NewKeys) -> None:
        """Make hub and stations, and say who may sign."""
        with self._kind.put_up(self._chosen) as bench:
            job = bench.paper(self._now.date()).job
            name, procedure = job.laboratory, job.procedure
        self._line.step(say("founding a laboratory", "建立实验室"))
        desk = self._found_hub(name)
        made = make_keys(name, self._now - SINCE, keys)
        write_register(self._place / REGISTER, name, made, procedure, self._now.date())
        with running(self._place / "founding.log", "hub", "up", "--hub", self._hub):
            self._line.step(say("enrolling its stations", "登记站点"))
            checked = self._place / CHECKED / BENCH
            enrol(STATION, self._hub, desk, self._station, self._paper / BENCH, checked, zone=ZONE)
            write_checked(checked, self._now.date())
            enrol(AWAY, self._hub, desk, self._place / AWAY, zone=ZONE)
        self._keys = made = replace(made, station=SealKey.read(StationFolder(self._station).journal_key))
        made.write(self._place / KEYS)
        write_trust_list(self._place / TRUST, made, name, self._kind.scope, self._now.date(), SINCE)

    def work(self, runs: int) -> tuple[LogIn, ...]:
        """Let the laboratory work for a year, and give it users; returns how they log in."""
        with self._at_desk() as (desk, year):
            self._line.step(say("certifying its standards", "签发标准器证书"))
            year.certify()
            for job in plan(runs, self._now):
                of = job.number, runs, job.at.date()
                self._line.step(
                    say("calibration {} of {}, of {}", "第 {} 次校准（共 {} 次），{}").format(*of)
                )
                year.carry_out(job)
            year.bring(self._now)
            return enter(desk.store.users)

    def open(self, stack: ExitStack, port: int) -> tuple[str, Sequence[subprocess.Popen[str]]]:
        """Put up bench, hub and station until `stack` closes, and let an order wait; returns the address."""
        self._line.step(say("opening the laboratory", "启动实验室"))
        at = (self._now - BEHIND).timestamp()
        with self._at_desk() as (_, year):
            clock = AwaitedClock.begin(self._paper / CLOCK, at)
            assembly = stack.enter_context(year.bench(self._paper, at, clock=clock))
            waits = YearsRun(0, self._now, 1, "draft")
            order = demonstration_order(assembly, waits)
            year.enter(order, find(order.order.procedure), Bench.load(assembly.bench).name, AWAY, waits)
        port = port or free_port()
        url = f"http://localhost:{port}"  # browsers have passkeys under this name, and none under 127.0.0.1
        self._state({"api": {"address": url}})
        serve = ("hub", "up", "--hub", self._hub, "--api", f"127.0.0.1:{port}")
        hub = stack.enter_context(running(self._place / "hub.log", *serve))
        log = self._place / "station.log"
        station = stack.enter_context(running(log, "station", "up", "--station", self._station))
        return url, (hub, station)

    def _found_hub(self, name: Text) -> str:
        """Make the hub; returns where it enrols stations."""
        desk = f"127.0.0.1:{free_port()}"
        found_here(self._hub, name.get("en"), desk)
        issuing: dict[str, object] = {
            "browser_keys": True,
            "signatories": f"../{REGISTER}",
            "trust": f"../{TRUST}",
            "trust_key": f"../{KEYS}/list-issuer.pub.pem",
            "key": f"../{KEYS}/issued.pem",
        }
        self._state({"time_zone": ZONE, "called": dict(name.root), "issuing": issuing, "numbers": NUMBERS})
        return desk

    def _state(self, further: Mapping[str, object]) -> None:
        """State more in the hub's file."""
        file = self._hub / FILE
        plain = {name: said for name, said in further.items() if not isinstance(said, Mapping)}
        tables = {name: said for name, said in further.items() if name not in plain}
        parts = (as_toml(plain), file.read_text("utf-8"), as_toml(tables))  # what is plain is of no table
        file.write_text("\n".join(part for part in parts if part), encoding="utf-8")

    @contextmanager
    def _at_desk(self) -> Iterator[tuple[OrderDesk, Year]]:
        """Give the laboratory's desk, which nobody is connected to, and its year."""
        if self._keys is None:
            raise RemotecalError("the laboratory is not founded")
        folder = HubFolder(self._hub)
        with Store(folder.database, folder.share) as store:
            desk = OrderDesk(folder, store, connection(folder, "demonstration"))
            station = (STATION, self._keys.station)
            certified = two_years_of(self._now, self._place)
            yield desk, Year(desk, self._keys, station, self._kind, self._chosen, certified)


class _Ended:
    """The signals that end it: until they are awaited the first one interrupts; no other one ever does."""

    def __init__(self) -> None:
        self.awaited = False
        self._received: SimpleQueue[str] = SimpleQueue()
        self._signals = on_ending(self._receive)

    def __enter__(self) -> Self:
        self._signals.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        self._signals.__exit__(None, None, None)

    def wait(self, processes: Sequence[subprocess.Popen[str]]) -> None:
        """Return once somebody ends it (`RemotecalError` if a process ends before)."""
        while True:
            with suppress(Empty):
                self._received.get(timeout=LOOK_EVERY)
                return
            if any(process.poll() is not None for process in processes) and self._received.empty():
                raise RemotecalError("hub or station ended; their logs lie beside them (--out keeps them)")

    def _receive(self, name: str) -> None:
        first = self._received.empty()
        self._received.put(name)
        if first and not self.awaited:
            raise KeyboardInterrupt(name)


def _tell(url: str, logins: Sequence[LogIn], place: Path) -> None:
    about = say(
        "A laboratory with a year of simulated work; nothing in it is valid.",
        "一个已有一年模拟工作的实验室；其中一切均无效力。",
    )
    print(f"{about}\n\n  {url}\n")
    names, passwords = max(len(one.name) for one in logins), max(len(one.password) for one in logins)
    for one in logins:
        print(f"  {one.name:{names}}  {one.password:{passwords}}  {one.whose}")
    keys, list_key = place / KEYS, place / KEYS / "list-issuer.pub.pem"
    to_sign = say(
        "To sign, end the command of a page of Review & sign so (or reviewed.pem, approved.pem):",
        "签字时，“审核签字”页面上的命令以下列内容结尾（或 reviewed.pem、approved.pem）：",
    )
    print(
        f"\n{to_sign}\n"
        f"  --key {keys / 'performed.pem'} --trust {place / TRUST} --trust-key {list_key} "
        f"--standards {place / STANDARDS}"
    )
    print(say("Ctrl-C ends it.", "Ctrl-C 可结束。"), flush=True)
