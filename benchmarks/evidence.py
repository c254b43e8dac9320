"""What evidence costs: writing it, how much there is, reading, verifying, evaluating and taking it in.

python benchmarks/evidence.py               # up to 1,800 repeats, and a journal of 139 MB
python benchmarks/evidence.py --long        # 18,000 repeats as well
python benchmarks/evidence.py --gigabyte    # and a journal of 1 GB
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import rfc8785
from compare import Bound, amount, show, take_turns, verdict
from long_runs import lines_of, longer, real_run

from remotecal.canonical import as_named, canonical
from remotecal.certificates.library import CertificateLibrary
from remotecal.clock import RealClock
from remotecal.journal.contents import Files
from remotecal.journal.events import FORMAT, JournalReader, read_journal
from remotecal.journal.gathering import gather, read_evidence
from remotecal.journal.occurrences import tell
from remotecal.journal.resting import pack_journal
from remotecal.journal.writing import Journal
from remotecal.opening import make_sure
from remotecal.runs.catalogue import find
from remotecal.runs.record import evaluate
from remotecal.store import Store
from remotecal.store.database import Database
from remotecal.verify.conduct import conduct
from remotecal.verify.outline import Outline
from remotecal.verify.report import Checklist, Examinations
from remotecal.verify.subject import Means

ROUNDS = 400
BATCH_OF = 20
"""Events that are batched in one turn, for one alone takes less than looking at the clock."""
REPEATS = (18, 180, 1800)
LONG = 18_000
TWO_HOURS = 500_000
"""Bytes of a two-hour run's journal."""
AGAIN = 0.15
"""Seconds in which a record is computed again, beyond reading."""
EVENT = {"point": "50 m3/h", "repeat": 3}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help=f"{LONG} repeats as well")
    parser.add_argument("--gigabyte", action="store_true", help="a journal of 1 GB as well")
    parser.add_argument("--child", choices=["verify", "evaluate"], help=argparse.SUPPRESS)
    parser.add_argument("run", nargs="?", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        return child(asked.child, asked.run)
    with TemporaryDirectory(dir=os.environ.get("BENCHMARK_FOLDER")) as name:
        folder = Path(name)
        run = real_run(folder)
        bounds = [
            *writing(folder),
            *canonical_form(run),
            *size(run),
            *again(run),
            *growth(run, folder, (*REPEATS, LONG) if asked.long else REPEATS),
            *memory(run, folder, asked.gigabyte),
        ]
    return verdict(bounds)


def writing(folder: Path) -> list[Bound]:
    """Compare an event's way onto the disk with one line written there and made sure of."""
    journal = Journal.create(folder / "writing", RealClock())
    journal.append("start", {"format": FORMAT})
    line = b"x" * 300 + b"\n"
    file = os.open(folder / "peer", os.O_RDWR | os.O_APPEND | os.O_CREAT)

    def sync() -> None:
        os.write(file, line)
        make_sure(file)

    def batched() -> None:
        for _ in range(BATCH_OF):
            journal.append("point", EVENT, durable=False)

    def with_exchanges() -> None:
        for _ in range(20):
            journal.keep("balance", b"SI", b"S S     480.67 kg")
        journal.append("repeat", EVENT)

    costs = take_turns(
        {
            "one fsync": sync,
            "event, durable": lambda: journal.append("repeat", EVENT),
            f"{BATCH_OF} events, batched": batched,
            "event with 20 exchanges, durable": with_exchanges,
            "a line appended": lambda: os.write(file, line),
        },
        rounds=ROUNDS,
    )
    show(f"Writing, medians of {ROUNDS}", costs, "one fsync")
    journal.close()
    os.close(file)
    ratios = {name: (cost / costs["one fsync"]).wall for name, cost in costs.items()}
    return [
        # A tenth where an fsync takes 0.4 ms and more; this is for a disk that is done in 0.13 ms.
        Bound("event, durable / one fsync", ratios["event, durable"], 1.3),
        Bound("event, batched / one fsync", ratios[f"{BATCH_OF} events, batched"] / BATCH_OF, 0.12),
    ]


def canonical_form(run: Path) -> list[Bound]:
    """Compare canonical JSON with that of rfc8785, which is the same."""
    events = read_journal(run)
    replies = [event.data for event in events if event.kind == "replies"]
    observed = [event.data for event in events if event.kind == "observation"]
    return [
        _canonical("exchanges", replies, as_named, 0.35),
        _canonical("observations", observed, canonical, 0.75),
    ]


Way = Callable[[Mapping[str, object]], object]
"""A way to write an object."""


def _canonical(name: str, several: Sequence[Mapping[str, object]], ours: Way, most: float) -> Bound:
    ways: Mapping[str, Way] = {
        "rfc8785": rfc8785.dumps,
        "ours": ours,
        "json, sorted": partial(json.dumps, sort_keys=True),
    }
    if any(rfc8785.dumps(one) != ours(one) for one in several):
        raise AssertionError(f"{name} have another canonical form")
    costs = take_turns({way: partial(_each, make, several) for way, make in ways.items()}, rounds=15)
    show(f"Canonical JSON of {len(several)} events with {name}", costs, "rfc8785")
    return Bound(f"canonical {name}, ours / rfc8785", costs["ours"] / costs["rfc8785"], most)


def _each(make: Way, several: Sequence[Mapping[str, object]]) -> None:
    for one in several:
        make(one)


def size(run: Path) -> list[Bound]:
    """Tell how much a two-hour run's journal is, as it is written and at rest."""
    plain = (run / "journal.jsonl").stat().st_size
    copy = run.parent / "packed"
    copy.mkdir()
    (copy / "journal.jsonl").write_bytes((run / "journal.jsonl").read_bytes())
    pack_journal(copy)
    packed = sum(path.stat().st_size for path in copy.iterdir())
    print(f"Two hours on the rig: {plain} bytes, {packed} at rest at the station")
    return [
        Bound("bytes of a two-hour run / 0.5 MB", plain / TWO_HOURS, 1.0),
        Bound("the same at rest / 0.15 MB", packed / 150_000, 1.0),
    ]


def again(run: Path) -> list[Bound]:
    """Compare computing a record again with reading its journal."""
    evidence = read_evidence(run)
    found = find(evidence.procedure.name)
    costs = take_turns(
        {"reading": partial(read_evidence, run), "computing": lambda: evaluate(evidence, found)}, rounds=9
    )
    show("A record computed again, beyond reading", costs, "reading")
    spent = min(costs["computing"].cpu)
    return [Bound(f"record computed again, {amount(spent)} cpu / {AGAIN:g} s", spent / AGAIN, 1.0)]


def growth(run: Path, folder: Path, several: Sequence[int]) -> list[Bound]:
    """Compare what one repeat costs in journals of few and of many."""
    print("Growth with repeats, cpu of one repeat")
    spent: dict[str, dict[int, float]] = {}
    for repeats in several:
        made = longer(run, folder / f"of-{repeats}", repeats)
        evidence = read_evidence(made)
        tasks: Mapping[str, Callable[[], object]] = {
            "reading": partial(read_evidence, made),
            "verifying": partial(examine, made),
            "evaluating": partial(evaluate, evidence, find(evidence.procedure.name)),
            "taking in at the hub": partial(take_in, made, folder),
        }
        for name, task in tasks.items():
            spent.setdefault(name, {})[repeats] = once(task) / repeats
        each = ", ".join(f"{name} {amount(cost[repeats])}" for name, cost in spent.items())
        print(f"  {repeats:6} repeats: {each}")
    few, many = several[-2:]
    return [
        Bound(f"{name} a repeat, of {many} / of {few}", cost[many] / cost[few], 1.2)
        for name, cost in spent.items()
    ]


def once(task: Callable[[], object]) -> float:
    """Return the processor time a task takes; the least of two where it is short."""
    least = float("inf")
    for _ in range(2):
        before = time.process_time()
        task()
        least = min(least, time.process_time() - before)
        if least > 20:
            break
    return least


def examine(run: Path) -> Checklist:
    """Make the checks of a verification that go through the journal, but for the signature it lacks."""
    events, files, checks = JournalReader.at(run), Files(), Checklist()
    outline = Outline(events)
    outline.shapes.conclude()
    later = datetime.now(UTC) + timedelta(days=100_000)
    means = Means(later, None, CertificateLibrary(), None, None, frozenset(), None)
    made = conduct(outline, means, files, demonstration=True, trusted=True)
    Examinations(made).examine(checks, tell(events, files))
    if failed := [check for check in checks.checks if check.outcome == "failed"]:
        raise AssertionError(failed[0])
    return checks


BATCH = 256 * 1024


def take_in(run: Path, folder: Path) -> None:
    """Put a journal into a new database, in batches as a station sends them, and go through it."""
    url = f"sqlite:///{folder / 'hub.sqlite'}"
    Database(url).migrate()
    with Store(url) as store:
        store.stations.enrol(store.stations.new_code("here", 1e9), "key", "", 0.0, 1.0)
        first, batch, held = 1, [], 0
        for line in lines_of(run):
            batch.append(line)
            held += len(line)
            if held > BATCH:
                store.journals.append("here", "run", first, batch, 1.0)
                first, batch, held = first + len(batch), [], 0
        store.journals.append("here", "run", first, batch, 1.0)
        gather(JournalReader(lambda: store.journals.opened("here", "run"), "the journal"))
    for each in folder.glob("hub.sqlite*"):
        each.unlink()


def memory(run: Path, folder: Path, gigabyte: bool) -> list[Bound]:
    """Compare by how much the memory that a process takes grows with what a journal has more."""
    print("Memory, most that was held by a process for it")
    sizes = (1800, 9000, *([66_000] if gigabyte else []))
    journals = [longer(run, folder / f"of-all-{repeats}", repeats, everything=True) for repeats in sizes]
    written = [(journal / "journal.jsonl").stat().st_size / 1e6 for journal in journals]
    bounds = []
    for act, most in (("verify", 0.02), ("evaluate", 0.25)):
        took = [held(act, journal) for journal in journals]
        told = ", ".join(
            f"{size:.0f} MB: {megabytes:.0f} MB in {seconds:.0f} s"
            for size, (megabytes, seconds) in zip(written, took, strict=True)
        )
        print(f"  {act} {told}")
        share = (took[-1][0] - took[0][0]) / (written[-1] - written[0])
        bounds.append(Bound(f"memory to {act} another byte of a journal", share, most))
    return bounds


def held(act: str, run: Path) -> tuple[float, float]:
    """Return the megabytes that a process of its own took at most, and its seconds."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", act, run], capture_output=True, text=True, check=True
    )
    megabytes, took = done.stdout.split()
    return float(megabytes), float(took)


def child(act: str, run: Path) -> int:
    before = time.process_time()
    if act == "verify":
        examine(run)
    else:
        evidence = read_evidence(run)
        evaluate(evidence, find(evidence.procedure.name))
    # What getrusage tells is the parent's, where that held more.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    print(int(status["VmHWM"].split()[0]) / 1024, time.process_time() - before)
    return 0


if __name__ == "__main__":
    sys.exit(main())
