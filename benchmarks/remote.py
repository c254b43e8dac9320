"""How much one hub takes: stations, events, commands. Everything on this machine, over real TLS.

    python benchmarks/remote.py load --stations 500 --running 50 --seconds 120
    python benchmarks/remote.py load --database postgresql+psycopg://user@host/name
    python benchmarks/remote.py ingest
    python benchmarks/remote.py holes
    python benchmarks/remote.py overhead

`load` needs two file descriptors for each station in two processes: raise `ulimit -n` first.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from far_stations import NOTE, enrol, founded, hub_process, stations

from remotecal.bench import Bench
from remotecal.certificates.signing.seal import SealKey
from remotecal.clock import RealClock
from remotecal.hub.laboratory import open_laboratory
from remotecal.hub.settings import HubFolder
from remotecal.journal.writing import Journal
from remotecal.sim.water.assemblies import water_rig
from remotecal.station.agent import HELLO_EVERY
from remotecal.store import Store


async def sites(asked: argparse.Namespace, path: Path) -> None:
    """Be some of the stations of `load`; print when they are connected, and how many lines arrived."""
    folder = HubFolder(asked.hub)
    async with stations(folder, folder.path.parent, asked.first, asked.stations) as made:
        print("connected", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        touch = [
            asyncio.create_task(one.keep_in_touch(HELLO_EVERY * n / len(made))) for n, one in enumerate(made)
        ]
        lines = await asyncio.gather(*(one.run(asked.rate, asked.seconds) for one in made[: asked.running]))
        print(sum(lines), flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        for task in touch:
            if task.done():
                task.result()
            task.cancel()


def memory(pid: int) -> float:
    """Return a process's resident memory in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def commands(asked: argparse.Namespace, path: Path) -> None:
    """Command one station after another until told to stop, and print how long that took."""
    took: list[float] = []
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), over.set)
    async with open_laboratory(HubFolder(asked.hub)) as laboratory:
        while not over.is_set():
            began = time.perf_counter()
            answer = await laboratory.command(f"s{len(took) % asked.stations}", "state", "benchmark")
            took.append(time.perf_counter() - began)
            if not answer.done:
                raise SystemExit(f"a command failed: {answer.reason}")
            await asyncio.sleep(0.05)
    took.sort()
    p50, p99 = (took[int(len(took) * part)] * 1000 for part in (0.5, 0.99))
    print(f"{len(took)} commands: p50 {p50:.1f} ms, p99 {p99:.1f} ms")


def another(
    what: str, folder: HubFolder, program: str = __file__, **options: float | str
) -> subprocess.Popen[str]:
    """Start a part of a benchmark as a process of its own."""
    line = [sys.executable, program, what, "--hub", str(folder.path)]
    for name, value in options.items():
        line += [f"--{name}", str(value)]
    return subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def tell(process: subprocess.Popen[str], word: str = "on") -> None:
    if process.stdin is not None:
        process.stdin.write(f"{word}\n")
        process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> str:
    return process.stdout.readline().strip() if process.stdout is not None else ""


async def load(asked: argparse.Namespace, path: Path) -> None:
    """Stations that wait and stations with runs, each kind in a process; commands go to the former.

    A station has a computer of its own; fifty runs in one process would delay each other's answers.
    """
    folder = founded(path, asked.database)
    enrol(folder, path, asked.stations)
    idle = asked.stations - asked.running
    with hub_process(folder) as hub:
        began = time.monotonic()
        waiting = another("sites", folder, first=0, stations=idle, running=0)
        busy = another(
            "sites",
            folder,
            first=idle,
            stations=asked.running,
            running=asked.running,
            rate=asked.rate,
            seconds=asked.seconds,
        )
        both = (waiting, busy)
        if [hear(process) for process in both] != ["connected", "connected"]:
            raise SystemExit("the stations can't connect")
        print(f"{asked.stations} stations connected in {time.monotonic() - began:.1f} s")
        broker = int((folder.path / "broker" / "broker.pid").read_text())
        commanding = another("commands", folder, stations=idle)
        began = time.monotonic()
        for process in both:
            tell(process)
        lines = int(hear(busy))
        took = time.monotonic() - began
        print(f"memory: hub {memory(hub):.0f} MiB, broker {memory(broker):.0f} MiB")
        tell(commanding)
        print(hear(commanding))
        for process in both:
            tell(process)
        for process in (*both, commanding):
            process.communicate()
    with Store(folder.database) as store:
        there = sum(row.committed for row in store.pages.runs(10_000))
    print(f"{lines} events in {took:.1f} s, {lines / took:.0f}/s; lost: {lines - there}")


async def ingest(asked: argparse.Namespace, path: Path) -> None:
    """One station brings a long journal that was written while it was away."""
    folder = founded(path, asked.database)
    enrol(folder, path, 1)
    with Journal.create(path / "run-1", RealClock()) as journal:
        journal.append("start", {"format": 1}, durable=False)
        for _ in range(asked.events):
            journal.append("note", NOTE, durable=False)
    size = (path / "run-1" / "journal.jsonl").stat().st_size / asked.events
    with hub_process(folder):
        async with stations(folder, path, 0, 1) as (station,):
            over = asyncio.Event()
            over.set()
            began = time.monotonic()
            upload = station.upload(path / "run-1")
            lines = await upload.run(over)
            took = time.monotonic() - began
    print(f"{lines} events of {size:.0f} bytes in {took:.2f} s: {lines / took:.0f}/s")


async def holes(asked: argparse.Namespace, path: Path) -> None:
    """The broker stands still for a while, in the middle of a journal."""
    import signal

    folder = founded(path, asked.database)
    enrol(folder, path, 1)
    with hub_process(folder):
        async with stations(folder, path, 0, 1) as (station,):
            broker = int((folder.path / "broker" / "broker.pid").read_text())
            for hole in asked.holes:
                run = asyncio.create_task(station.run(20, hole + 4))
                await asyncio.sleep(2)
                os.kill(broker, signal.SIGSTOP)
                await asyncio.sleep(hole)
                os.kill(broker, signal.SIGCONT)
                began = time.monotonic()
                lines = await run
                print(
                    f"broker stopped for {hole:g} s: {lines} lines, all there "
                    f"{time.monotonic() - began:.1f} s after it went on"
                )


def cpu(pid: int) -> float:
    """Return the processor time a process has used, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def duration(journal: Path, pid: int) -> tuple[float, float]:
    """Wait for a run, and return how long it took from first line to last repeat, and its processor time."""
    while not journal.exists():
        time.sleep(0.01)
    began, used = time.monotonic(), cpu(pid)
    while b'"kind":"finish"' not in journal.read_bytes()[-2000:]:
        time.sleep(0.05)
    return time.monotonic() - began, cpu(pid) - used


async def overhead(asked: argparse.Namespace, path: Path) -> None:
    """The same order on the same simulated rig: `remotecal run`, and by a station with its hub."""
    remotecal = [sys.executable, "-m", "remotecal"]
    folder = founded(path, asked.database)
    with hub_process(folder):
        enrol(folder, path, 1)
        station = path / "s0"
        belongs = {"name": "Benchmark", "servers": folder.settings.servers}
        belongs["key"] = SealKey.read(folder.laboratory).public.text
        (station / "laboratory.json").write_text(json.dumps(belongs))
        (station / "authority.pem").write_bytes(folder.trusted.read_bytes())
        pairs: list[tuple[float, float]] = []
        for turn in range(asked.turns):
            with water_rig(path / f"local-{turn}", seed=2026) as rig:
                out = path / f"out-{turn}"
                line = [*remotecal, "run", rig.order, "--bench", rig.bench, "--out", out]
                with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as alone:
                    here = duration(out / "journal.jsonl", alone.pid)
            with water_rig(path / f"remote-{turn}", seed=2026) as rig:
                benches = f'name = "s0"\nbenches = ["{rig.bench.resolve()}"]\n'
                (station / "station.toml").write_text(benches)
                with subprocess.Popen(
                    [*remotecal, "station", "up", "--station", station],
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                ) as agent:
                    line = [*remotecal, "order", rig.order, "--station", "s0", "--hub", folder.path]
                    line += ["--bench", Bench.load(rig.bench).name]
                    run = subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()
                    there = duration(station / "runs" / run / "journal.jsonl", agent.pid)
                    agent.terminate()
            print(
                f"local {here[0]:.2f} s, remote {there[0]:.2f} s, ratio {there[0] / here[0]:.3f}; "
                f"processor {here[1]:.2f} s and {there[1]:.2f} s, ratio {there[1] / here[1]:.3f}",
                flush=True,
            )
            pairs.append((here[0], there[0]))
    alone_took, remote_took = (median(times) for times in zip(*pairs, strict=True))
    print(
        f"medians: local {alone_took:.2f} s, remote {remote_took:.2f} s, ratio {remote_took / alone_took:.3f}"
    )


WHAT = {
    "overhead": overhead,
    "load": load,
    "ingest": ingest,
    "holes": holes,
    "commands": commands,
    "sites": sites,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=list(WHAT))
    parser.add_argument("--database", default="", help="SQLAlchemy URL; SQLite by default")
    parser.add_argument("--stations", type=int, default=500)
    parser.add_argument("--running", type=int, default=50)
    parser.add_argument("--hub", type=Path, help="for what `load` calls by itself: `commands`, `sites`")
    parser.add_argument("--first", type=int, default=0, help="for `sites`")
    parser.add_argument("--rate", type=float, default=20.0, help="events per second of each run")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument("--holes", type=float, nargs="*", default=[20.0, 45.0])
    asked = parser.parse_args()
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    logging.getLogger("remotecal").setLevel(logging.ERROR)
    with TemporaryDirectory(prefix="remotecal-benchmark-") as path:
        asyncio.run(WHAT[asked.what](asked, Path(path)))


if __name__ == "__main__":
    main()
