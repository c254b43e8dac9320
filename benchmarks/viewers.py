"""What fifty who look on cost a hub with 500 stations, 50 of them with a run: is a command slower for it?

    python benchmarks/viewers.py
    python benchmarks/viewers.py --stations 100 --running 10 --seconds 10 --turns 2

One hub with its broker, TLS and API; the stations, who looks on, and who commands are processes of their own,
which speak what real ones do. Nobody looks on, and all do, by turns within one run; commands are sent all the
time, as a program sends them. Then the hub is ended and started anew, and all stations come back and say
hello at once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

from commanding import Pairs, Turn, commands, run_of
from compare import Bound, amount, verdict
from far_stations import BenchmarkStation, enrol, founded, hub_process, stations
from remote import another, cpu, hear, memory, tell

from remotecal.certificates.signing.seal import SealKey
from remotecal.cli.processes import free_port
from remotecal.hub.settings import HubFolder
from remotecal.journal.events import Json
from remotecal.journal.evidence import ProcedureUsed, Start
from remotecal.order import Order
from remotecal.sim.water.assemblies import water_rig
from remotecal.store import Store
from remotecal.transport import subjects
from remotecal.transport.envelopes import seal
from remotecal.transport.messages import Live, ProcedureNamed, RemoteOrder
from remotecal.web.callers import COOKIE

PAGES = ("/live", "/live", "/live", "/", "/runs/{station}/{run}")
"""What is looked at, by turns: three in five at all runs, one at Today, one at a run."""
ORDER = "order.toml"
"""What all runs were ordered as: beside the hub's folder."""
SHOW_EVERY = 0.2
"""Seconds from one word of a station on its run to the next."""
SLOWER, OF_A_VIEWER = 1.2, 100.0
"""How many times as long 99 of 100 commands may take where all look on; kB for each who looks on."""
MORE, HELD_AFTER = 3, 6
"""How many times as many look on to tell what each takes, and for how many seconds."""


async def site(asked: argparse.Namespace) -> None:
    """Be some stations, with runs that they show and bring the journal of; say hello when told to."""
    folder = HubFolder(asked.hub)
    async with stations(folder, folder.path.parent, asked.first, asked.number) as made:
        works = [one.keep_in_touch(30 * n / len(made)) for n, one in enumerate(made)]
        for one in made if asked.runs else ():
            works += [bring(one, ordered(folder, one.name), asked.rate), show(one)]
        work = [asyncio.create_task(each) for each in works]
        print("connected", flush=True)
        while await asyncio.to_thread(sys.stdin.readline) == "hello\n":
            took = await asyncio.gather(*map(greeted, made))
            print(json.dumps(sorted(took)), flush=True)
        for task in work:
            task.cancel()


def ordered(folder: HubFolder, station: str) -> Mapping[str, Json]:
    """Order a station's run and let it be claimed; returns what its journal begins with."""
    order, run, now = Order.load(folder.path.parent / ORDER), run_of(station), time.time()
    procedure = ProcedureNamed(name=order.order.procedure, sha256="0" * 64)
    signed = RemoteOrder(
        id=run,
        station=station,
        bench="bench",
        procedure=procedure,
        order=order,
        issued=now,
        expires=now + 3600,
        by="viewer-0",
    )
    envelope = seal("order", signed, SealKey.read(folder.laboratory))
    with Store(folder.database) as store:
        store.orders.issue(run, run, station, envelope, signed.issued, signed.expires, signed.by)
        store.orders.claim(run, station, "claim", now)
    start = Start(
        run=run,
        order=order,
        procedure=ProcedureUsed(name=procedure.name, sha256=procedure.sha256),
        parameters={},
        points=(),
        bench="bench.toml",
        bench_name=signed.bench,
        bench_sha256="0" * 64,
        roles={},
        certificates={},
        characteristics={},
        software={},
        clock="real",
    )
    return start.model_dump(mode="json")


async def bring(station: BenchmarkStation, start: Mapping[str, Json], rate: float) -> None:
    """Write the journal of the station's run at a rate of lines a second, and bring it."""
    await station.run(rate, 1e6, run_of(station.name), start)


async def greeted(station: BenchmarkStation) -> float:
    """Say hello once there is a connection, as a station does; return in how long it was answered."""
    await station.connection.up.wait()
    began = time.perf_counter()
    while True:
        try:
            await station.say_hello()
        except Exception:  # noqa: BLE001  whatever it is, a station asks again
            await asyncio.sleep(0.2)
        else:
            return time.perf_counter() - began


async def show(station: BenchmarkStation) -> None:
    """Say where the station's run is, as often as a station does while values change."""
    observed, indications = 0, {f"reading {n}": (n * 1.5, "m3/h") for n in range(4)}
    while True:
        await asyncio.sleep(SHOW_EVERY)
        observed += 1
        last = {name: (value + observed / 7, unit) for name, (value, unit) in indications.items()}
        told = Live(
            run=run_of(station.name),
            state="running",
            doing="measure",
            point="24 m³/h",
            number=3,
            points=6,
            repeat=2,
            observed=observed,
            due=10**6,
            last=last,
        )
        subject = subjects.live(station.name, told.run)
        await station.connection.publish(subject, told.model_dump_json().encode())


async def viewers(asked: argparse.Namespace) -> None:
    """Look on, from addresses of their own, as many and as long as told; print what came to each.

    Once all of them have their page and its first news, how long that took is printed.
    """
    cookies = json.loads(Path(asked.cookies).read_text())
    print("ready", flush=True)
    while (told := (await asyncio.to_thread(sys.stdin.readline)).strip()) not in {"", "on"}:
        many, seconds = told.split()
        places = [PAGES[number % len(PAGES)] for number in range(int(many))]
        opened, began = asyncio.Barrier(len(places) + 1), time.perf_counter()
        looks = [
            asyncio.create_task(look(number, place, cookies[number], asked, float(seconds), opened))
            for number, place in enumerate(places)
        ]
        await opened.wait()
        print(time.perf_counter() - began, flush=True)
        found = await asyncio.gather(*looks)
        several: dict[str, list[tuple[int, int, float]]] = defaultdict(list)
        for place, one in zip(places, found, strict=True):
            several[place].append(one)
        print(
            json.dumps(
                {place: [fmean(each) for each in zip(*all_, strict=True)] for place, all_ in several.items()}
            ),
            flush=True,
        )


async def look(
    number: int, place: str, cookie: str, asked: argparse.Namespace, seconds: float, opened: asyncio.Barrier
) -> tuple[int, int, float]:
    """Return bytes of a page, of its stream's first event, and of what came in a minute after that."""
    address = place.format(
        station=f"s{asked.first + number % asked.runs}", run=run_of(f"s{asked.first + number % asked.runs}")
    )
    page = await fetched(number, asked.port, address, cookie)
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", asked.port, local_addr=(f"127.0.1.{1 + number}", 0)
    )
    writer.write(request(f"{address.rstrip('/')}/news", cookie))
    first, later = len(await reader.read(2**20)), 0
    await opened.wait()
    began = time.perf_counter()
    while (left := began + seconds - time.perf_counter()) > 0:
        try:
            more = len(await asyncio.wait_for(reader.read(2**20), left))
        except TimeoutError:
            break
        if not more:
            raise SystemExit(f"the stream of {address} ended")
        if time.perf_counter() - began < 1:
            first += more
        else:
            later += more
    writer.close()
    return page, first, later * 60 / (seconds - 1)


async def fetched(number: int, port: int, address: str, cookie: str) -> int:
    """Return the bytes of a page as a browser is sent it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(f"127.0.1.{1 + number}", 0))
    writer.write(request(address, cookie).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    content = await reader.read()
    writer.close()
    if not content.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"{address}: {content[:300]!r}")
    return len(content)


def request(address: str, cookie: str) -> bytes:
    kinds = "Accept-Encoding: gzip\r\nSec-Fetch-Site: same-origin"
    return f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n{kinds}\r\n\r\n".encode()


def known(folder: HubFolder, number: int) -> tuple[str, Path]:
    """Enter who commands and who looks on; return a token, and the file of the others' cookies."""
    now = time.time()
    with Store(folder.database) as store:
        users = [f"viewer-{n}" for n in range(number)]
        for user in users:
            store.users.put(user, roles={"operator"}, password="none")  # noqa: S106  nobody's
        token, _ = store.users.new_token(users[0], "operator", "", now + 86400)
        found = map(store.users.find, users)
        kept = [store.users.open_session(one, now + 86400, now) for one in found if one is not None]
    path = folder.path / "cookies.json"
    path.write_text(json.dumps([f"{COOKIE}={one}" for one in kept]))
    return token, path


@contextmanager
def sites(folder: HubFolder, asked: argparse.Namespace) -> Iterator[list[subprocess.Popen[str]]]:
    """Have all stations connected: those that wait in one process, those with a run in another."""
    idle = asked.stations - asked.running
    both = [
        another("site", folder, __file__, first=0, number=idle, runs=0),
        another("site", folder, __file__, first=idle, number=asked.running, runs=1, rate=asked.rate),
    ]
    try:
        if [hear(process) for process in both] != ["connected", "connected"]:
            raise SystemExit("the stations can't connect")
        yield both
    finally:
        for process in both:
            tell(process)
            process.communicate()


def until_on(folder: HubFolder, running: int) -> None:
    """Wait until all runs are on at the hub."""
    with Store(folder.database) as store:
        while len(store.pages.runs(running + 1, state="running")) < running:
            time.sleep(0.2)


def measure(
    folder: HubFolder, both: list[subprocess.Popen[str]], port: int, pid: int, asked: argparse.Namespace
) -> list[Bound]:
    """Let commands take turns: nobody looks on, all do; a bound is crossed where the turns show that."""
    token, cookies = known(folder, MORE * asked.viewers)
    first = asked.stations - asked.running
    looking = another(
        "viewers",
        folder,
        __file__,
        cookies=str(cookies),
        number=asked.viewers,
        port=port,
        first=first,
        runs=asked.running,
    )
    hear(looking)
    pairs = Pairs()
    tell(looking, f"{len(PAGES)} 5")  # what the first look at a page costs is nobody's
    hear(looking), hear(looking)
    commands(pid, port, token, asked)
    held, came, opened = [memory(pid)], dict[str, tuple[float, float, float]](), list[float]()
    for _ in range(asked.turns):
        pairs.none.append(commands(pid, port, token, asked))
        held.append(memory(pid))
        tell(looking, f"{asked.viewers} {asked.seconds + 1}")
        opened.append(float(hear(looking)))
        pairs.all.append(commands(pid, port, token, asked))
        held.append(memory(pid))
        came = json.loads(hear(looking))
    held += [held_by(looking, pid, many * asked.viewers) for many in (1, MORE)]
    each = (held[-1] - held[-2]) * 2**20 / 1e3 / (MORE - 1) / asked.viewers
    tell(looking)
    looking.communicate()
    for name, turns in (("nobody looks on", pairs.none), (f"{asked.viewers} look on", pairs.all)):
        together, busy = Turn([*chain(*(turn.took for turn in turns))]), [turn.busy for turn in turns]
        print(
            f"  {name:16} {len(together.took)} commands: p50 {amount(together.part(0.5))}, "
            f"p99 {amount(together.part(0.99))}; processor of the hub {fmean(busy):.2f} s a second "
            f"({min(busy):.2f} to {max(busy):.2f})"
        )
    for place, (page, event, minute) in came.items():
        print(
            f"  {place}: page {page / 1e3:.1f} kB, first second of news {event / 1e3:.1f} kB, "
            f"then {minute / 1e3:.0f} kB a minute"
        )
    print(f"  all opened their pages at once: within {amount(max(opened))}")
    print(f"  hub, turn by turn: {', '.join(f'{one:.1f}' for one in held)} MiB")
    pairs.told("processor of the hub", lambda turn: turn.busy)
    p99 = pairs.told("p99 of a command", lambda turn: turn.part(0.99))
    p50 = pairs.told("p50 of a command", lambda turn: turn.part(0.5))
    return [
        Bound("p99 of a command, all look on / nobody, at least", p99.low, SLOWER),
        Bound("p50 of a command, all look on / nobody, at least", p50.low, SLOWER),
        Bound("memory of the hub for each who looks on, in kB", each, OF_A_VIEWER),
    ]


def held_by(looking: subprocess.Popen[str], pid: int, many: int) -> float:
    """Return the memory of the hub while so many look on, in MiB.

    What it takes when pages are opened for the first time, or many at once, stays for whoever comes next; so
    what one takes is told by how much more it is with more of them, after all have looked several times.
    """
    tell(looking, f"{many} {HELD_AFTER}")
    hear(looking)
    time.sleep(HELD_AFTER / 2)
    found = memory(pid)
    hear(looking)
    return found


def all_back(both: list[subprocess.Popen[str]], pid: int, asked: argparse.Namespace) -> None:
    """Print how long it takes until all stations, at once, have said hello to a hub that has just started."""
    used = cpu(pid)
    for process in both:
        tell(process, "hello")
    took = sorted(chain.from_iterable(json.loads(hear(process)) for process in both))
    print(
        f"  {len(took)} hellos at once after a restart: half answered within "
        f"{amount(took[len(took) // 2])}, all within {amount(took[-1])}; processor of the hub "
        f"{cpu(pid) - used:.2f} s"
    )


def load(asked: argparse.Namespace, path: Path) -> int:
    folder, port = founded(path, asked.database), free_port()
    enrol(folder, path, asked.stations)
    with water_rig(path / "rig", seed=1) as rig:
        shutil.copy(rig.order, path / ORDER)
    with ExitStack() as stack:
        with hub_process(folder, port) as pid:
            both = stack.enter_context(sites(folder, asked))
            until_on(folder, asked.running)
            bounds = measure(folder, both, port, pid, asked)
        with hub_process(folder, port) as pid:
            all_back(both, pid, asked)
            stack.close()
    return verdict(bounds)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["load", "site", "viewers"], nargs="?", default="load")
    parser.add_argument("--database", default="", help="SQLAlchemy URL; SQLite by default")
    parser.add_argument("--stations", type=int, default=500)
    parser.add_argument("--running", type=int, default=50)
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--rate", type=float, default=2.0, help="lines of each run's journal a second")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each turn")
    parser.add_argument("--turns", type=int, default=10)
    for name, kind in (
        ("hub", Path),
        ("cookies", Path),
        ("first", int),
        ("number", int),
        ("runs", int),
        ("port", int),
    ):
        parser.add_argument(f"--{name}", type=kind, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    logging.getLogger("remotecal").setLevel(logging.ERROR)
    if asked.what != "load":
        asyncio.run({"site": site, "viewers": viewers}[asked.what](asked))
        return 0
    with TemporaryDirectory(prefix="remotecal-benchmark-") as path:
        return load(asked, Path(path))


if __name__ == "__main__":
    sys.exit(main())
