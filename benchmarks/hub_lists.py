"""How long the hub's lists and pages take over a full database: bare SQL, the store, the API that serves it.

    python benchmarks/hub_lists.py                  # 100,000 runs with 10⁷ events, beside a tenth of it: 5 GB
    python benchmarks/hub_lists.py --runs 10000
    python benchmarks/hub_lists.py --databases postgresql+psycopg://li@host/{large,small}    # both empty

Beside each list stands the bare query of the same rows on the same database, by the same driver, and the same
list where there is a tenth of everything. Then batches of lines are taken in, many in one transaction, beside
a bare insert of the same lines.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from compare import Bound, Cost, amount, show, take_turns, verdict
from filled_hub import EVENTS, NOW, enter_runs, enter_stations, run_at
from sqlalchemy import create_engine

from remotecal.cli.service import keep_what_is_there, promptly
from remotecal.clock import VirtualClock
from remotecal.hub.founding import found, settings_text
from remotecal.hub.laboratory import OrderDesk, connection
from remotecal.journal.writing import Journal
from remotecal.store import Store, tables
from remotecal.store.growing import Batch
from remotecal.web.callers import COOKIE
from remotecal.web.server import HOST, serving

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPICursor

ROUNDS = 60
TOGETHER, LINES = 64, 10
"""Batches in a transaction, and lines in a batch."""
P95 = 0.05
"""Seconds in which 95 of 100 pages are there."""
GROWTH = 1.5
"""By how much a page may take longer where there is ten times as much."""
INTAKE = 4.0
"""How many times as long as inserting lines it may take to take them in, for which each is hashed."""
ALL, WAITING = "all figures (/metrics)", "what waits (/health)"
"""What is counted: of all there is, which nobody waits for, and of what waits, which grows with that."""


@dataclass(frozen=True)
class Listed:
    """A list or page."""

    path: str
    """Where the API has it."""
    sql: str
    """The same rows, bare."""
    ask: Callable[[Store], object]
    """What the store is asked."""
    role: str = "operator"
    """Who may see it."""


def lists(runs: int) -> dict[str, Listed]:
    """Return the lists and pages, by what they are called."""
    orders_, runs_ = "SELECT * FROM orders {} LIMIT 101", "SELECT * FROM runs {} LIMIT 101"
    newest_order, newest_run = "ORDER BY issued DESC, id DESC", "ORDER BY began DESC, station DESC, run DESC"
    station, run, began = run_at(runs - 500)
    first = run_at(0)[0]
    audit = "SELECT * FROM audit {} ORDER BY id DESC LIMIT 101"
    lines = "SELECT line FROM journal_lines {} ORDER BY seq"
    this = f"station = '{station}' AND run = '{run}'"
    key = f"(began, station, run) < ({began!r}, '{station}', '{run}')"
    return {
        "runs": Listed("/runs", runs_.format(newest_run), lambda store: store.pages.runs(101)),
        "runs, a page near the end": Listed(
            f"/runs?before={station}/{run}",
            runs_.format(f"WHERE {key} {newest_run}"),
            lambda store: store.pages.runs(101, before=(station, run)),
        ),
        "runs at a station": Listed(
            f"/runs?station={first}",
            runs_.format(f"WHERE station = '{first}' {newest_run}"),
            lambda store: store.pages.runs(101, station=first),
        ),
        "runs that were aborted": Listed(
            "/runs?state=aborted",
            runs_.format(f"WHERE state = 'aborted' {newest_run}"),
            lambda store: store.pages.runs(101, state="aborted"),
        ),
        "runs that are signed": Listed(
            "/runs?state=signed",
            runs_.format(f"WHERE state = 'signed' {newest_run}"),
            lambda store: store.pages.runs(101, state="signed"),
        ),
        "a customer's runs": Listed(
            "/runs",
            runs_.format(f"WHERE account = 'acme7' {newest_run}"),
            lambda store: store.pages.runs(101, account="acme7"),
            "customer",
        ),
        "orders": Listed("/orders", orders_.format(newest_order), lambda store: store.pages.placed(101, NOW)),
        "orders, a page near the end": Listed(
            f"/orders?before={run}",
            orders_.format(f"WHERE (issued, id) < ({began - 30!r}, '{run}') {newest_order}"),
            lambda store: store.pages.placed(101, NOW, before=run),
        ),
        "orders that wait": Listed(
            "/orders?state=issued",
            orders_.format(f"WHERE state = 'issued' {newest_order}"),
            lambda store: store.pages.placed(101, NOW, state="issued"),
        ),
        "an order by its number": Listed(
            "/orders?number=N-777&state=claimed",
            orders_.format(f"WHERE number = 'N-777' {newest_order}"),
            lambda store: store.pages.placed(101, NOW, number="N-777", state="claimed"),
        ),
        "a customer's orders": Listed(
            "/orders",
            orders_.format(f"WHERE account = 'acme7' {newest_order}"),
            lambda store: store.pages.placed(101, NOW, account="acme7"),
            "customer",
        ),
        "audit log": Listed(
            "/audit", audit.format(""), lambda store: store.noted(limit=101), "administrator"
        ),
        "audit log of what never was": Listed(
            "/audit?what=revoke",
            audit.format("WHERE what = 'revoke'"),
            lambda store: store.noted(what="revoke", limit=101),
            "administrator",
        ),
        "audit log of a station": Listed(
            f"/audit?who={first}",
            audit.format(f"WHERE who = '{first}'"),
            lambda store: store.noted(who=first, limit=101),
            "administrator",
        ),
        "stations": Listed(
            "/stations", "SELECT * FROM stations ORDER BY name", lambda store: store.stations.list()
        ),
        "a run": Listed(
            f"/runs/{station}/{run}",
            runs_.format(f"WHERE {this}"),
            lambda store: store.journals.find(station, run),
        ),
        "a run's journal": Listed(
            f"/runs/{station}/{run}/journal",
            lines.format(f"WHERE {this}"),
            lambda store: store.journals.lines(station, run),
        ),
        WAITING: Listed(
            "/health",
            "SELECT count(*) FROM orders WHERE state = 'issued' AND expires >= 1.7e9",
            lambda store: store.figures.waiting(NOW, 60.0),
        ),
        ALL: Listed(
            "/metrics",
            "SELECT state, count(*) FROM runs GROUP BY state",
            lambda store: store.figures.now(NOW, 60.0),
        ),
    }


@contextmanager
def served(store: Store, folder: Path, prefix: str = "/api/v1") -> Iterator[Callable[[str, str], bytes]]:
    """Serve a laboratory whose broker is not up; give what fetches a path behind a prefix, for a role."""
    with (
        hub_up(store, folder) as (url, known),
        closing(http.client.HTTPConnection(url.removeprefix("http://"))) as client,
    ):

        def get(path: str, role: str) -> bytes:
            at = path if path in ("/health", "/metrics") else f"{prefix}{path}"
            try:
                client.request("GET", at, headers=known[role])
                answer = client.getresponse()
            except http.client.RemoteDisconnected:  # nothing was asked for a while
                client.request("GET", at, headers=known[role])
                answer = client.getresponse()
            content = answer.read()
            if answer.status not in (200, 503):  # without a broker the hub is not well
                raise SystemExit(f"{at}: {answer.status} {content!r}")
            return content

        yield get


@contextmanager
def hub_up(
    store: Store, folder: Path, host: str = HOST, certificate: Path | None = None
) -> Iterator[tuple[str, dict[str, dict[str, str]]]]:
    """Serve a laboratory whose broker is not up; give its URL, and role → headers that tell who asks."""
    settings = settings_text("Benchmark", "127.0.0.1", listen="127.0.0.1:1", enrolment="127.0.0.1:2")
    laboratory = found(folder / f"hub-{time.monotonic_ns()}", settings)
    desk = OrderDesk(laboratory, store, connection(laboratory, "benchmark"))
    store.users.put("liwei", roles={"operator", "administrator"}, password="none")  # noqa: S106  nobody's
    store.users.put("acme", roles={"customer"}, password="none", account="acme7")  # noqa: S106  nobody's
    users = {"operator": "liwei", "administrator": "liwei", "customer": "acme"}
    until = time.time() + 86400
    known = {}
    for role, user in users.items():
        token, _ = store.users.new_token(user, role, "", until)
        session = store.users.open_session(store.users.find(user), until, time.time())
        known[role] = {"Authorization": f"Bearer {token}", "Cookie": f"{COOKIE}={session}"}
    loop, over, told = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    urls: list[str] = []

    async def serve() -> None:
        async with serving(desk, host, 0, certificate=certificate) as url:
            urls.append(url)
            told.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="api")
    thread.start()
    told.wait()
    try:
        with promptly():
            keep_what_is_there()  # as a hub does that is up
            yield urls[0], known
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()


Costs = dict[str, dict[str, Cost]]
"""List → "bare", "store", "GET" and "a tenth" (a GET where there is a tenth of everything) → what it took."""


def measure(large: str, small: str, runs: int, folder: Path) -> Costs:
    """Let bare query, store and API take turns at each list."""
    engine, costs = create_engine(large), Costs()
    with (
        closing(engine.raw_connection()) as bare,
        closing(bare.cursor()) as cursor,
        Store(large) as store,
        Store(small) as other,
        served(store, folder) as get,
        served(other, folder) as get_other,
    ):
        elsewhere = lists(runs // 10)
        for name, one in lists(runs).items():
            costs[name] = take_turns(
                {
                    "bare": partial(fetch, cursor, one.sql),
                    "store": partial(one.ask, store),
                    "GET": partial(get, one.path, one.role),
                    "a tenth": partial(get_other, elsewhere[name].path, one.role),
                },
                rounds=ROUNDS,
            )
    engine.dispose()
    return costs


def fetch(cursor: DBAPICursor, sql: str) -> int:
    cursor.execute(sql)
    return len(cursor.fetchall())


def part(cost: Cost, share: float) -> float:
    """Return what a share of the turns stayed below, in seconds."""
    return sorted(cost.wall)[int(share * (len(cost.wall) - 1))]


def show_lists(costs: Costs) -> list[Bound]:
    """Print what each list took, and return what is bounded."""
    print(f"p50 and p95 of {ROUNDS} turns")
    print(f"  {'':29} {'bare SQL':>17} {'store':>17} {'GET':>17}  GET / a tenth of everything")
    grew = {name: several["GET"] / several["a tenth"] for name, several in costs.items()}
    for name, several in costs.items():
        times = (
            f"{amount(part(several[by], 0.5)):>8} {amount(part(several[by], 0.95)):>8}"
            for by in ("bare", "store", "GET")
        )
        print(f"  {name:29} {' '.join(times)} {grew[name].wall:6.2f} × {grew[name].cpu:6.2f} × cpu")
    slowest = max(costs.keys() - {ALL}, key=lambda name: part(costs[name]["GET"], 0.95))
    most = max(grew.keys() - {ALL, WAITING}, key=lambda name: grew[name].cpu)
    return [
        Bound(f"GET {slowest}: p95 in ms", part(costs[slowest]["GET"], 0.95) * 1e3, P95 * 1e3),
        Bound(f"GET {most}: ten times of everything", grew[most], GROWTH),
    ]


def take_in(url: str, folder: Path) -> list[Bound]:
    """Print how long batches of lines take, together and alone, beside a bare insert of the same lines."""
    lines = journal(folder / "run", LINES * (ROUNDS + 1))
    engine = create_engine(url)
    numbers = {name: count() for name in ("bare", "together", "alone")}

    def batches(name: str, several: int) -> list[Batch]:
        first = LINES * next(numbers[name])
        return [Batch(f"s{n:03}", name, first + 1, lines[first : first + LINES]) for n in range(several)]

    def insert() -> None:
        rows = [
            {"station": batch.station, "run": batch.run, "seq": seq, "line": line}
            for batch in batches("bare", TOGETHER)
            for seq, line in enumerate(batch.lines, batch.first)
        ]
        with engine.begin() as connection:
            connection.execute(tables.journal_lines.insert(), rows)

    def append(name: str, several: int) -> None:
        wanted = batches(name, several)
        if store.journals.append_all(wanted, NOW) != [batch.first + LINES - 1 for batch in wanted]:
            raise SystemExit("lines were not taken")

    with Store(url) as store:
        costs = take_turns(
            {
                "bare insert of as many lines": insert,
                f"{TOGETHER} batches together": partial(append, "together", TOGETHER),
                "1 batch": partial(append, "alone", 1),
            },
            rounds=ROUNDS,
        )
    engine.dispose()
    bare, together, alone = costs
    show(f"Batches of {LINES} lines taken in", costs, beside=bare)
    return [
        Bound(f"{together} / {bare}", (costs[together] / costs[bare]).wall, INTAKE),
        Bound(f"{together} / {alone}", (costs[together] / costs[alone]).wall, TOGETHER / 4),
    ]


def journal(folder: Path, lines: int) -> list[bytes]:
    """Return the lines of a journal."""
    with Journal.create(folder, VirtualClock(NOW)) as written:
        written.append("start", {"format": 1}, durable=False)
        for number in range(1, lines):
            written.append("note", {"text": f"observation {number} " + "x" * 150}, durable=False)
    return (folder / "journal.jsonl").read_bytes().splitlines()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument(
        "--databases", nargs=2, metavar="URL", help="two empty ones for SQLAlchemy; SQLite by default"
    )
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="remotecal-benchmark-") as path:
        folder = Path(path)
        large, small = asked.databases or (f"sqlite:///{folder}/{name}.sqlite" for name in ("large", "small"))
        for url, runs in ((small, asked.runs // 10), (large, asked.runs)):
            enter_stations(url)
            took = enter_runs(url, runs)
            print(f"{runs:,} runs with {runs * EVENTS:,} events were put in within {took:.0f} s", flush=True)
        bounds = show_lists(measure(large, small, asked.runs, folder))
        bounds += take_in(large, folder)
    return verdict(bounds)


if __name__ == "__main__":
    sys.exit(main())
