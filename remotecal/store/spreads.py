"""How repeats scatter: an index of records, by which spreads are told over time.

It is kept when a record is, and `rebuild` makes it anew.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import Column, Float, Index, Integer, Table, Text

from remotecal.store.tables import metadata, orders, records

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from remotecal.store.database import Database

REPEATED: Final = "t"
"""Distribution of what is known by repeated observations (JCGM 101, 6.4.9)."""
MONTH: Final = len("2026-05")

run_spreads = Table(
    "run_spreads",
    metadata,
    Column("station", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column("unit", Text, primary_key=True, comment="of the results"),
    Column("procedure", Text, nullable=False),
    Column("day", Text, nullable=False, comment="on which it was finished, ISO 8601"),
    Column("results", Integer, nullable=False, comment="with repeats in their budgets"),
    Column("squares", Float, nullable=False, comment="sum of what repeats contribute to them, squared"),
    Column("largest", Float, nullable=False, comment="the largest of these contributions"),
    Index(None, "day"),
    comment="how repeats scatter; an index of records",
)


class Spread(NamedTuple):
    """What repeats contributed to the uncertainty of results in a month."""

    procedure: str
    station: str
    bench: str
    """As the orders name it; "" of runs that nobody ordered."""
    unit: str
    """Of the results."""
    month: str
    """In which the measurements were finished, such as 2026-05."""
    runs: int
    results: int
    """Of how many it is told."""
    u: float
    """Root mean square of the standard uncertainties that come of repeats, in `unit`."""
    largest: float
    """The largest of these, in `unit`."""


class Spreads:
    """The spreads of all runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_month(self, since: str, until: str) -> tuple[Spread, ...]:
        """Return the spreads of the runs finished from a day to another (ISO 8601), months in their order."""
        from sqlalchemy import func, select

        of = run_spreads.c
        bench, month = func.coalesce(orders.c.bench, ""), func.substr(of.day, 1, MONTH)
        group = (of.procedure, of.station, bench, of.unit, month)
        query = (
            select(*group, func.count(), func.sum(of.results), func.sum(of.squares), func.max(of.largest))
            .select_from(
                run_spreads.outerjoin(orders, (orders.c.id == of.run) & (orders.c.station == of.station))
            )
            .where(of.day >= since, of.day <= until)
            .group_by(*group)
            .order_by(*group)
        )
        with self._database.read() as connection:
            return tuple(
                Spread._make((*row[:7], math.sqrt(row[7] / row[6]), row[8]))
                for row in connection.execute(query)
            )

    def rebuild(self) -> int:
        """Make the index anew from the records, while nobody else writes; return of how many runs it is."""
        with self._database.begin() as connection:
            return rebuild(connection)


def keep(connection: Connection, station: str, run: str, record: str) -> None:
    """Keep the spreads of a run by its record (JSON), in place of those it had."""
    this = (run_spreads.c.station == station) & (run_spreads.c.run == run)
    connection.execute(run_spreads.delete().where(this))
    if rows := _rows(station, run, record):
        connection.execute(run_spreads.insert(), rows)


def rebuild(connection: Connection) -> int:
    """Make the index anew from the records; return of how many runs it is."""
    from sqlalchemy import select

    connection.execute(run_spreads.delete())
    names = connection.execute(select(records.c.station, records.c.run)).all()
    for station, run in names:
        this = (records.c.station == station) & (records.c.run == run)
        keep(connection, station, run, connection.execute(select(records.c.record).where(this)).scalar_one())
    return len(names)


def _rows(station: str, run: str, record: str) -> list[dict[str, object]]:
    """Return a row for each unit in which a record has results whose budgets name repeats."""
    said = json.loads(record)
    found: dict[str, list[float]] = {}
    for budget in (each for measured in said.get("measurements", ()) for each in measured.get("budgets", ())):
        repeats = [
            float(line["contribution"]) for line in budget["lines"] if line["distribution"] == REPEATED
        ]
        if repeats:
            found.setdefault(budget["unit"], []).append(math.hypot(*repeats))
    return [
        {
            "station": station,
            "run": run,
            "unit": unit,
            "procedure": (said.get("evidence") or {}).get("procedure", ""),
            "day": said["finished"],
            "results": len(each),
            "squares": math.fsum(one * one for one in each),
            "largest": max(each),
        }
        for unit, each in found.items()
    ]
