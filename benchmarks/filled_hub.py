"""Fills a hub's database with what many runs leave behind, for benchmarks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text

from remotecal.store import Store, tables

if TYPE_CHECKING:
    from sqlalchemy import Connection

EVENTS = 100
"""Events of each run."""
STATIONS, ACCOUNTS = 500, 40
NOW = time.time() // 86400 * 86400.0
"""The last run began then: as this day does, UTC."""
APART = 1200.0
"""Seconds from a run to the next: 100,000 are four years' work."""
STATES = ["signed"] * 970 + ["finished"] * 5 + ["running"] * 5 + ["asking"] * 2 + ["aborted"] * 18
"""Of a thousand runs."""
STANDARDS, ITEMS_A_RUN = 200, 4
"""Standards in use of each of three kinds, and runs an item has had."""
AT_ONCE = 10_000
"""Runs that are put in at a time."""
IN_BULK = ("journal_mode = OFF", "synchronous = OFF", "cache_size = -2000000", "temp_store = MEMORY")
"""What SQLite is told while it is filled: a computer that fails meanwhile may have its half for nothing."""


def enter_stations(url: str) -> None:
    """Make the tables of a hub, and enter stations."""
    Store.migrate(url)
    known = {"key": "k" * 44, "enabled": True, "enrolled": NOW, "certificate": "c" * 64}
    known |= {"certificate_until": NOW + 1e7, "seen": NOW, "announced": '{"benches":[]}' + " " * 500}
    with filling(url) as connection:
        stations = [{"name": f"s{number:03}", **known} for number in range(STATIONS)]
        connection.execute(tables.stations.insert(), stations)


def enter_runs(url: str, runs: int, events: int = EVENTS, record: str = "r" * 1000) -> float:
    """Put in what so many runs leave behind, each older than the one before, and the items they were for.

    Args:
        url: of the database.
        runs: how many.
        events: lines of each journal, which the database makes itself; 0 for none.
        record: what each run has come to.

    Returns:
        The seconds that took.
    """
    began = time.monotonic()
    with filling(url) as connection:
        for first in range(0, runs, AT_ONCE):
            _enter(connection, range(first, min(first + AT_ONCE, runs)), record)
        items = [_item(number) for number in range(runs // ITEMS_A_RUN)]
        connection.execute(tables.metadata.tables["items"].insert(), items)
        _enter_journals(connection, events)
        if connection.dialect.name == "postgresql":
            connection.execute(text("ANALYZE"))  # within a minute it does so by itself
    return time.monotonic() - began


@contextmanager
def filling(url: str) -> Iterator[Connection]:
    """Give a transaction that puts in much at once; SQLite is told that nobody else is there."""
    engine = create_engine(url)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            for setting in IN_BULK:
                connection.exec_driver_sql(f"PRAGMA {setting}")
            connection.rollback()
        with connection.begin():
            yield connection
    engine.dispose()


def _enter(connection: Connection, numbers: range, record: str) -> None:
    several: dict[str, list[dict[str, object]]] = {}
    for number in numbers:
        for table, row in _rows(number, record):
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
    return f"s{number * 7919 % STATIONS if number % 2 else 0:03}", name, NOW - APART * number


def day(ahead: int) -> str:
    """Return a day, counted from when the last run began, ISO 8601."""
    return (datetime.fromtimestamp(NOW, UTC).date() + timedelta(days=ahead)).isoformat()


def _rows(number: int, record: str) -> Iterator[tuple[str, dict[str, object]]]:
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
            "procedure": "flow",
            "ordered": began - 30,
        },
    )
    of_run = {"station": station, "run": run}
    computed = {"head": "h" * 64, "key": "k" * 44, "record": record, "agrees": True, "computed": began}
    yield "records", {**of_run, **computed}
    yield "run_files", {**of_run, "sha256": "f" * 64, "line": 2, "size": 9, "here": 9}
    yield from (("run_equipment", row) for row in _equipment(number))
    yield "run_items", _calibrated(number)
    yield from (("signed_certificates", row) for row in _signed(number))
    for what, who in (("order", "liwei"), ("claim", station), ("record", "hub"), ("sign", "na")):
        yield "audit", {"at": began, "who": who, "what": what, "data": f'{{"order":"{run}"}}'}


def _equipment(number: int) -> Iterator[dict[str, object]]:
    station, run, at = run_at(number)
    for place, name in enumerate(("balance", "thermometer", "clock")):
        standard = (number * 31 + place * 67) % STANDARDS
        yield {
            "station": station, "run": run, "name": name, "at": at, "roles": name, "maker": "Mettler",
            "model": name, "serial": f"{name}-{standard}", "certificate": f"{name}-{standard}-{number % 3}",
            "certificate_sha256": "a" * 64, "valid_until": day(500 - 91 * (number % 3) - standard % 365),
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
        "due": day(1 + number * 7 % 1000), "certificate": "",
        "calibrated": "", "station": "", "run": "", "entered": float(number), "by": "liwei",
    }  # fmt: skip
