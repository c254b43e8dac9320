"""How long the console's pages take where there are 100,000 runs, beside a tenth of everything.

    python benchmarks/hub_pages.py                  # SQLite, 5 GB, records of their real size
    python benchmarks/hub_pages.py --runs 10000

Each page is fetched as a browser does, by somebody in a session, and by turns from both hubs, beside a bare
page; how often it asks the database is counted. The first look after a start is told apart: there what is
remembered is found.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from compare import Bound, Cost, amount, take_turns, verdict
from filled_hub import ITEMS_A_RUN, day, enter_runs, enter_stations, filling, run_at
from hub_lists import served

from remotecal.store import Store, tables

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "certificates"))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "store"))
from asked import asking
from sample import record

ROUNDS = 20
BARE = "/help"
P95 = 0.15
"""Seconds of the processor that 95 of 100 looks at a page take at most, which is what they last where nobody
else is at work."""
SHOWN = 60
"""How far from the oldest the run is that is looked at."""


@dataclass(frozen=True)
class Looked:
    """What looking at a page took."""

    full: Cost
    tenth: Cost
    """Where there is a tenth of everything."""
    bare: Cost
    """The page of keys, of the same server, which asks the database who looks and nothing else."""
    first: float
    """Seconds of the first look after a start."""
    queries: int
    """Asked of the database in a later one."""
    size: int
    """Bytes, not compressed."""


def make(url: str, runs: int) -> None:
    """Fill a database with so many runs."""
    enter_stations(url)
    took = enter_runs(url, runs, events=0, record=record().to_json())
    station, run, _ = run_at(runs - SHOWN)  # its order is none that could be read
    with filling(url) as connection:
        shown = (tables.runs.c.station == station) & (tables.runs.c.run == run)
        connection.execute(tables.runs.update().where(shown).values(record=""))
    print(f"{runs:,} runs were put in within {took:.0f} s", flush=True)
    with Store(url) as store:  # as a hub does that is up
        store.work.rebuild()


def pages(runs: int) -> dict[str, str]:
    """Return the pages, each with who looks."""
    far = runs - SHOWN
    station, run, _ = run_at(far)
    before = f"before={station}/{run}"
    operator = (
        "/", "/orders", f"/orders?before={run}", f"/orders?number=m-{far // ITEMS_A_RUN}",
        "/orders?stage=waits", "/orders?stage=on", "/live", "/runs", f"/runs?{before}", "/runs?state=aborted",
        f"/runs/{station}/{run}", "/review", "/certificates", f"/certificates?{before}",
        f"/certificates?q=C-{far}", "/items", "/items?sort=serial", "/items?sort=model",
        "/items?sort=entered", f"/items?q=m-{far // ITEMS_A_RUN}", "/items/7", "/notices", "/standards",
        "/standard?number=balance-7", "/resting?number=balance-7",
        f"/resting?number=balance-7&since={day(-90)}",
        "/statistics", f"/statistics?since={day(-7)}", f"/statistics?since={day(-365)}",
        "/people", "/requests", "/numbers",
        f"/search?q=m-{far // ITEMS_A_RUN}", f"/search?q=C-{far}", "/search?q=balance-7",
        f"/search?q={run[:6]}",
    )  # fmt: skip
    customer = ("/", "/my", f"/my?{before}", "/runs", "/orders", "/items", "/certificates", "/live")
    administrator = (
        "/audit",
        "/audit?what=sign",
        "/audit?who=liwei",
        f"/audit?since={day(-90)}&until={day(-80)}",
    )
    return {
        **dict.fromkeys(operator, "operator"),
        **{f"{path}#customer": "customer" for path in customer},
        **dict.fromkeys(administrator, "administrator"),
    }


def look(large: str, small: str, runs: int, rounds: int, folder: Path) -> dict[str, Looked]:
    """Let both hubs take turns at each page."""
    looked = {}
    with (
        Store(large) as store,
        Store(small) as other,
        served(store, folder, "") as get,
        served(other, folder, "") as get_other,
    ):
        elsewhere = list(pages(runs // 10))
        for (page, role), there in zip(pages(runs).items(), elsewhere, strict=True):
            path, other_path = page.partition("#")[0], there.partition("#")[0]
            began = time.perf_counter()
            get(path, role)
            first = time.perf_counter() - began
            with asking(store) as sent:
                size = len(get(path, role))
            costs = take_turns(
                {
                    "full": partial(get, path, role),
                    "tenth": partial(get_other, other_path, role),
                    "bare": partial(get, BARE, role),
                },
                rounds=rounds,
            )
            looked[page] = Looked(first=first, queries=len(sent), size=size, **costs)
            print(f"  {page[:62]:62} {line(looked[page])}", flush=True)
    return looked


def line(one: Looked) -> str:
    """Return what a page took, in columns: beside a bare page, and beside a tenth of everything."""
    beside, grew = one.full / one.bare, one.full / one.tenth
    times = (one.first, part(one.full.wall, 0.5), part(one.full.wall, 0.95), part(one.full.cpu, 0.95))
    return (
        "".join(f"{amount(seconds):>9}" for seconds in times)
        + f"{beside.cpu:7.1f} ×{grew.cpu:7.2f} ×{one.queries:9}{one.size:9}"
    )


def bounds_of(looked: dict[str, Looked]) -> list[Bound]:
    """Return what is bounded."""
    slowest = max(looked, key=lambda name: part(looked[name].full.cpu, 0.95))
    took = part(looked[slowest].full.cpu, 0.95)
    return [Bound(f"{slowest}: p95 of the processor in ms", took * 1e3, P95 * 1e3)]


def part(took: Sequence[float], share: float) -> float:
    """Return what a share of the turns stayed below, in seconds."""
    return sorted(took)[int(share * (len(took) - 1))]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--folder", type=Path, help="where databases are kept, for another look at them")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="remotecal-benchmark-") as path:
        folder = asked.folder or Path(path)
        large, small = (f"sqlite:///{folder}/{name}.sqlite" for name in ("large", "small"))
        for name, url, runs in (("small", small, asked.runs // 10), ("large", large, asked.runs)):
            if not (folder / f"{name}.sqlite").exists():
                make(url, runs)
        print(
            f"  {'page':62} {'first':>8} {'p50':>8} {'p95':>8} {'cpu p95':>8}  / bare / tenth  queries  bytes"
        )
        looked = look(large, small, asked.runs, asked.rounds, Path(path))
    return verdict(bounds_of(looked))


if __name__ == "__main__":
    sys.exit(main())
