"""Fills a hub's database with what many runs leave behind, for benchmarks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from hashlib import md5
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text

from remotecal.store import Store, tables

if TYPE_CHECKING:
    from sqlalchemy import Connection

EVENTS = 100
"""Events of each run."""
STATIONS, ACCOUNTS = 500, 40
NOW = 1.79e9
STATES = ["signed"] * 970 + ["finished"] * 5 + ["running"] * 5 + ["asking"] * 2 + ["aborted"] * 18
"""Of a thousand runs."""
AT_ONCE = 10_000
"""Runs that are put in at a time."""


def enter_stations(url: str) -> None:
    """Make the tables of a hub, and enter stations."""
    Store.migrate(url)
    known = {"key": "k" * 44, "enabled": True, "enrolled": NOW, "certificate": "c" * 64}
    known |= {"certificate_until": NOW + 1e7, "seen": NOW, "announced": '{"benches":[]}' + " " * 500}
    engine = create_engine(url)
    with engine.begin() as connection:
        stations = [{"name": f"s{number:03}", **known} for number in range(STATIONS)]
        connection.execute(tables.stations.insert(), stations)
    engine.dispose()


def enter_runs(url: str, runs: int, events: int = EVENTS) -> float:
    """Put in what so many runs leave behind, each older than the one before.

    Args:
        url: of the database.
        runs: how many.
        events: lines of each journal, which the database makes itself; 0 for none.

    Returns:
        The seconds that took.
    """
    began = time.monotonic()
    engine = create_engine(url)
    with engine.begin() as connection:
        for first in range(0, runs, AT_ONCE):
            _enter(connection, range(first, min(first + AT_ONCE, runs)))
        _enter_journals(connection, events)
        if engine.dialect.name == "postgresql":
            connection.execute(text("ANALYZE"))  # within a minute it does so by itself
    engine.dispose()
    return time.monotonic() - began


def _enter(connection: Connection, numbers: range) -> None:
    several: dict[str, list[dict[str, object]]] = {}
    for number in numbers:
        for table, row in _rows(number):
            several.setdefault(table, []).append(row)
    for table, rows in several.items():
        connection.execute(tables.metadata.tables[table].insert(), rows)


def _enter_journals(connection: Connection, events: int) -> None:
    if not events:
        return
    connection.execute(text("CREATE TEMPORARY TABLE numbers (n INTEGER)"))
    connection.execute(text("INSERT INTO numbers VALUES (:n)"), [{"n": n + 1} for n in range(events)])
    lines = "SELECT station, run, n, :line FROM runs CROSS JOIN numbers ORDER BY station, run, n"
    connection.execute(text(f"INSERT INTO journal_lines {lines}"), {"line": b"{" * 300})


def run_at(number: int) -> tuple[str, str, float]:
    """Return the station of a run, its name, and when it began; every second was at the first station."""
    name = f"F-{number}-{md5(b'%d' % number, usedforsecurity=False).hexdigest()[:12]}"
    return f"s{number * 7919 % STATIONS if number % 2 else 0:03}", name, NOW - 60.0 * number


def _rows(number: int) -> Iterator[tuple[str, dict[str, object]]]:
    """Give table → row of all that a run leaves behind, but for its journal."""
    station, run, began = run_at(number)
    account = f"acme{number % ACCOUNTS}" if number % 5 else None
    waits = number % 50 == 0
    yield (
        "orders",
        {
            "id": run,
            "number": f"N-{number}",
            "station": station,
            "envelope": b"e" * 3000,
            "issued": began - 30,
            "expires": began + 86400,
            "by": "liwei",
            "state": "issued" if waits else "claimed",
            "account": account,
        },
    )
    yield (
        "runs",
        {
            "station": station,
            "run": run,
            "committed": EVENTS,
            "head": "h" * 64,
            "state": STATES[number * 31 % len(STATES)],
            "began": began,
            "updated": began + 600,
            "account": account,
            "record": "agrees",
        },
    )
    of_run = {"station": station, "run": run}
    record = {"head": "h" * 64, "key": "k" * 44, "record": "r" * 1000, "agrees": True, "computed": began}
    yield "records", {**of_run, **record}
    file = {"sha256": "f" * 64, "line": 2, "size": 9, "here": 9}
    yield "run_files", {**of_run, **file}
    for duty in ("performed", "reviewed"):
        yield "signed_certificates", {**of_run, "duty": duty, "by": duty, "at": began, "xml": b"x" * 500}
    for what, who in (("order", "liwei"), ("claim", station), ("record", "hub"), ("sign", "na")):
        yield "audit", {"at": began, "who": who, "what": what, "data": f'{{"order":"{run}"}}'}
