"""How long the console's pages take where there are 100,000 runs, beside a tenth of everything.

    python benchmarks/hub_pages.py                  # SQLite, 5 GB, records of their real size
    python benchmarks/hub_pages.py --runs 10000

Each page is fetched as a browser does, by somebody in a session, and by turns from both hubs; how often it
asks the database is counted. The first look after a start is told apart: there what is remembered is found.
A page that takes longer than a second at first is looked at but once more.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from compare import Bound, Cost, amount, take_turns, verdict
from filled_hub import enter_runs, enter_stations, run_at
from hub_lists import part, served
from sqlalchemy import create_engine

from remotecal.store import Store, tables

if TYPE_CHECKING:
    from sqlalchemy import Connection

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "certificates"))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "store"))
from asked import asking
from sample import record

ROUNDS = 40
P95 = 0.15
"""Seconds in which 95 of 100 looks at a page are answered."""
STANDARDS, ITEMS_A_RUN = 200, 4
"""Standards in use, and runs an item has had."""
AT_ONCE = 10_000
SHOWN = 60
"""How far from the oldest the run is that is looked at."""


@dataclass(frozen=True)
class Looked:
    """What looking at a page took."""

    full: Cost
    tenth: Cost
    first: float
    """Seconds of the first look."""
    queries: int
    """Asked of the database in a later one."""
    size: int
    """Bytes, not compressed."""


def enter_index(url: str, runs: int) -> None:
    """Put in what the pages know of runs besides: items, standards, records, certificates."""
    engine = create_engine(url)
    text = record().to_json()
    with engine.begin() as connection:
        connection.execute(tables.records.update().values(record=text, procedure="flow"))
        connection.execute(tables.signed_certificates.delete())
        station, run, _ = run_at(runs - SHOWN)  # its order is none that could be read
        shown = (tables.runs.c.station == station) & (tables.runs.c.run == run)
        connection.execute(tables.runs.update().where(shown).values(record=""))
        for first in range(0, runs, AT_ONCE):
            _enter(connection, range(first, min(first + AT_ONCE, runs)))
        items = [_item(number) for number in range(runs // ITEMS_A_RUN)]
        connection.execute(tables.metadata.tables["items"].insert(), items)
    engine.dispose()


def _enter(connection: Connection, numbers: range) -> None:
    connection.execute(tables.run_equipment.insert(), [row for n in numbers for row in _equipment(n)])
    connection.execute(tables.run_items.insert(), [_calibrated(n) for n in numbers])
    connection.execute(tables.signed_certificates.insert(), [row for n in numbers for row in _signed(n)])


def _equipment(number: int) -> Iterator[dict[str, object]]:
    station, run, at = run_at(number)
    for place, name in enumerate(("balance", "thermometer", "clock")):
        standard = (number * 31 + place * 67) % STANDARDS
        yield {
            "station": station, "run": run, "name": name, "at": at, "roles": name, "maker": "Mettler",
            "model": name, "serial": f"{name}-{standard}", "certificate": f"{name}-{standard}-{number % 3}",
            "certificate_sha256": "a" * 64, "valid_until": f"2027-{1 + standard % 12:02}-15",
        }  # fmt: skip


def _calibrated(number: int) -> dict[str, object]:
    station, run, at = run_at(number)
    item = number // ITEMS_A_RUN
    return {
        "station": station, "run": run, "place": 0, "at": at, "name": '{"en":"Meter"}', "maker": "Krohne",
        "model": "M", "serial": f"m-{item}", "owner_number": f"o-{item}", "customer": '{"en":"Acme"}',
        "certificate": f"C-{number}",
    }  # fmt: skip


def _signed(number: int) -> Iterator[dict[str, object]]:
    station, run, at = run_at(number)
    for duty in ("performed", "reviewed", "approved", "issued"):
        last = duty == "issued"
        yield {
            "station": station, "run": run, "device": "", "duty": duty, "by": duty, "at": at, "edition": 0,
            "xml": b"x" * 500, "pdf": b"p" if last else None, "number": f"C-{number}" if last else None,
            "token": f"t-{number}" if last else None,
        }  # fmt: skip


def _item(number: int) -> dict[str, object]:
    return {
        "account": f"acme{number % 40}", "same": f"krohne\nm\ns:m-{number}", "name": '{"en":"Meter"}',
        "maker": "Krohne", "model": "M", "serial": f"m-{number}", "owner_number": f"o-{number}", "place": "",
        "months": 12, "rule": "before", "due_set": "",
        "due": f"202{7 + number % 3}-{1 + number % 12:02}-{1 + number % 28:02}", "certificate": "",
        "calibrated": "", "station": "", "run": "", "entered": float(number), "by": "liwei",
    }  # fmt: skip


def pages(runs: int) -> dict[str, str]:
    """Return the pages, each with who looks."""
    far = runs - SHOWN
    station, run, _ = run_at(far)
    before = f"before={station}/{run}"
    operator = (
        "/", "/orders", f"/orders?before={run}", f"/orders?number=m-{far // ITEMS_A_RUN}",
        "/orders?state=issued", "/live", "/runs", f"/runs?{before}", "/runs?state=aborted",
        f"/runs/{station}/{run}", "/review", "/certificates", f"/certificates?{before}",
        f"/certificates?q=C-{far}", "/items", "/items?sort=serial", "/items?sort=model",
        "/items?sort=entered", f"/items?q=m-{far // ITEMS_A_RUN}", "/items/7", "/notices", "/standards",
        "/standard?number=balance-7", "/resting?number=balance-7",
        "/resting?number=balance-7&since=2026-09-01&until=2026-09-21",
        "/statistics", "/statistics?since=2026-09-01&until=2026-09-21", "/people", "/requests", "/numbers",
        f"/search?q=m-{far // ITEMS_A_RUN}", f"/search?q=C-{far}", "/search?q=balance-7",
        f"/search?q={run[:6]}",
    )  # fmt: skip
    customer = ("/", "/my", f"/my?{before}", "/runs", "/orders", "/items", "/certificates", "/live")
    administrator = ("/audit", "/audit?what=sign", "/audit?who=liwei", "/audit?since=2026-09-01")
    return {
        **dict.fromkeys(operator, "operator"),
        **{f"{path}#customer": "customer" for path in customer},
        **dict.fromkeys(administrator, "administrator"),
    }


def look(large: str, small: str, runs: int, folder: Path) -> dict[str, Looked]:
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
                {"full": partial(get, path, role), "tenth": partial(get_other, other_path, role)},
                rounds=ROUNDS if first < 1 else 1,
            )
            looked[page] = Looked(costs["full"], costs["tenth"], first, len(sent), size)
    return looked


def show(looked: dict[str, Looked]) -> list[Bound]:
    """Print what each page took, and return what is bounded."""
    print(f"  {'page':58} {'first':>8} {'p50':>8} {'p95':>8}  ten times of all  queries   bytes")
    for name, one in looked.items():
        grew = one.full / one.tenth
        print(
            f"  {name[:58]:58} {amount(one.first):>8} {amount(part(one.full, 0.5)):>8} "
            f"{amount(part(one.full, 0.95)):>8} {grew.cpu:8.2f} × cpu    {one.queries:8} {one.size:8}"
        )
    slowest = max(looked, key=lambda name: part(looked[name].full, 0.95))
    return [Bound(f"{slowest}: p95 in ms", part(looked[slowest].full, 0.95) * 1e3, P95 * 1e3)]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where databases are kept, for another look at them")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="remotecal-benchmark-") as path:
        folder = asked.folder or Path(path)
        large, small = (f"sqlite:///{folder}/{name}.sqlite" for name in ("large", "small"))
        for name, url, runs in (("small", small, asked.runs // 10), ("large", large, asked.runs)):
            if not (folder / f"{name}.sqlite").exists():
                enter_stations(url)
                took = enter_runs(url, runs, events=0)
                enter_index(url, runs)
                print(f"{runs:,} runs were put in; their orders and records within {took:.0f} s", flush=True)
        bounds = show(look(large, small, asked.runs, Path(path)))
    return verdict(bounds)


if __name__ == "__main__":
    sys.exit(main())
