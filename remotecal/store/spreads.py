"""How repeats scatter: an index of records, by which spreads are told over time.

It is kept when a record is, and `rebuild` makes it anew.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Column, Float, Index, Integer, Table, Text

from remotecal.order import DUT
from remotecal.store.tables import metadata, orders, records, run_items, runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, FromClause
    from sqlalchemy.sql.selectable import NamedFromClause, Subquery

    from remotecal.store.database import Database

REPEATED: Final = "t"
"""Distribution of what is known by repeated observations (JCGM 101, 6.4.9)."""
MONTH: Final = len("2026-05")

run_spreads = Table(
    "run_spreads",
    metadata,
    Column("station", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column(
        "device",
        Text,
        primary_key=True,
        comment="whose, where the run has several and the results tell; empty for all",
    ),
    Column("quantity", Text, primary_key=True, comment="refTypes of the results, by blanks; empty: not told"),
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
    whose: tuple[str, str]
    """Station and bench, as the orders name it ("" of runs that nobody ordered); or maker and model ("" for
    both where results are of several devices that are not of one model)."""
    quantity: str
    """refTypes of the results, by blanks; "" where they tell none."""
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


class ItemSpread(NamedTuple):
    """What repeats contributed to the uncertainty of an item's results, beside others of its model."""

    procedure: str
    maker: str
    model: str
    number: str
    """The maker's number of the item, or else its owner's."""
    account: str
    """The customer's, where that is the owner's number; "" for the maker's, or where none may see it."""
    quantity: str
    """refTypes of the results, by blanks; "" where they tell none."""
    unit: str
    """Of the results."""
    runs: int
    results: int
    u: float
    """Root mean square of the standard uncertainties that come of repeats, in `unit`."""
    largest: float
    """The largest of these."""
    of_model: float
    """Root mean square of all items of that model, by that procedure."""

    @property
    def ratio(self) -> float:
        """How many times as much as its model's items together this one scatters."""
        return self.u / self.of_model if self.of_model else 1.0


class Spreads:
    """The spreads of all runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_month(self, since: str, until: str) -> tuple[Spread, ...]:
        """Return the spreads of the runs finished from a day to another (ISO 8601), by bench and month."""
        from sqlalchemy import func

        of = run_spreads.c
        ordered = run_spreads.outerjoin(orders, (orders.c.id == of.run) & (orders.c.station == of.station))
        whose = (of.station, func.coalesce(orders.c.bench, ""))
        return self._months(ordered, whose, since, until)

    def by_model(self, since: str, until: str) -> tuple[Spread, ...]:
        """Return the same by maker and model of what was calibrated, wherever that was."""
        from sqlalchemy import and_, case

        of, item, several = run_spreads.c, _item(), _of_several_models(since, until)
        together = and_(of.device == "", several.c.station == of.station, several.c.run == of.run)
        source = run_spreads.outerjoin(item, _of_item(item)).outerjoin(several, together)
        one_model = several.c.run.is_(None)
        whose = tuple(case((one_model, item.c[name]), else_="") for name in ("maker", "model"))
        return self._months(source, whose, since, until)

    def _months(
        self,
        source: FromClause,
        whose: Sequence[ColumnElement[str]],
        since: str,
        until: str,
    ) -> tuple[Spread, ...]:
        from sqlalchemy import func, select

        of = run_spreads.c
        first, second = (func.coalesce(one, "") for one in whose)
        group = (of.procedure, first, second, of.quantity, of.unit, func.substr(of.day, 1, MONTH))
        query = (
            select(*group, _runs(), *_sums())
            .select_from(source)
            .where(of.day >= since, of.day <= until)
            .group_by(*group)
            .order_by(*group)
        )
        with self._database.read() as connection:
            rows: list[tuple[Any, ...]] = [tuple(row) for row in connection.execute(query)]
        return tuple(
            Spread._make((row[0], (row[1], row[2]), *row[3:8], math.sqrt(row[8] / row[7]), row[9]))
            for row in rows
        )

    def by_item(self, since: str, until: str) -> tuple[ItemSpread, ...]:
        """Return the spreads of single items, those first that scatter most beside their model.

        Results of several items together tell of none of them.
        """
        from sqlalchemy import case, func, select

        of, item = run_spreads.c, _item()
        number = case((item.c.serial != "", item.c.serial), else_=item.c.owner_number)
        account = case((item.c.serial != "", ""), else_=func.coalesce(runs.c.account, ""))
        group = (of.procedure, item.c.maker, item.c.model, number, account, of.quantity, of.unit)
        its_run = (runs.c.station == of.station) & (runs.c.run == of.run)
        query = (
            select(*group, _runs(), *_sums())
            .select_from(run_spreads.join(item, _of_item(item)).outerjoin(runs, its_run))
            .where(of.day >= since, of.day <= until, number != "")
            .where((of.device != "") | (_items_of_run(func.count()) == 1))
            .group_by(*group)
        )
        with self._database.read() as connection:
            rows: list[tuple[Any, ...]] = [tuple(row) for row in connection.execute(query)]
        models: dict[tuple[str, ...], list[float]] = {}
        for row in rows:
            model = models.setdefault((*row[:3], *row[5:7]), [0.0, 0.0])
            model[0] += row[9]
            model[1] += row[8]
        found = [
            ItemSpread._make((*row[:9], math.sqrt(row[9] / row[8]), row[10], math.sqrt(squares / results)))
            for row in rows
            for squares, results in (models[*row[:3], *row[5:7]],)
        ]
        return tuple(sorted(found, key=lambda one: (-one.ratio, *one[:7])))

    def rebuild(self) -> int:
        """Make the index anew from the records, while nobody else writes; return of how many runs it is."""
        with self._database.begin() as connection:
            return rebuild(connection)


def keep(connection: Connection, station: str, run: str, record: str) -> None:
    """Keep the spreads of a run by its record (JSON), in place of those it had."""
    this = (run_spreads.c.station == station) & (run_spreads.c.run == run)
    connection.execute(run_spreads.delete().where(this))
    if rows := rows_of(station, run, record):
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


def rows_of(station: str, run: str, record: str) -> list[dict[str, object]]:
    """Return a row for each device, quantity and unit of which budgets in a record name repeats."""
    from remotecal.runs.catalogue import full_name

    said = json.loads(record)
    found: dict[tuple[str, str, str], list[float]] = {}
    for measured in said.get("measurements", ()):
        for budget in measured.get("budgets", ()):
            repeats = [
                float(line["contribution"]) for line in budget["lines"] if line["distribution"] == REPEATED
            ]
            if repeats:
                of = (_device(measured, budget), _quantity(measured, budget), budget["unit"])
                found.setdefault(of, []).append(math.hypot(*repeats))
    return [
        {
            "station": station,
            "run": run,
            "device": device,
            "quantity": quantity,
            "unit": unit,
            "procedure": full_name((said.get("evidence") or {}).get("procedure", "")),
            "day": said["finished"],
            "results": len(each),
            "squares": math.fsum(one * one for one in each),
            "largest": max(each),
        }
        for (device, quantity, unit), each in found.items()
    ]


def _device(measured: dict[str, Any], budget: dict[str, Any]) -> str:
    """Return whose result a budget is of, where a run has several devices and that is told; "" otherwise."""
    of: list[str] = _result(measured, budget).get("items") or measured.get("items") or []
    return of[0] if len(of) == 1 and of[0] != DUT else ""


def _quantity(measured: dict[str, Any], budget: dict[str, Any]) -> str:
    """Return the refTypes of a budget's result, and of the first column of it that has an uncertainty.

    Both, for the errors of a volume converter's parts are called the same in each part's table. A column in
    the budget's unit goes before others.
    """
    result = _result(measured, budget)
    columns = (column for table in result.get("tables", ())[:1] for column in table["columns"])
    uncertain = (column for column in columns if column.get("uncertainty"))
    its: dict[str, Any] = min(uncertain, key=lambda one: one["unit"] != budget["unit"], default={})
    return " ".join(dict.fromkeys((*result.get("ref_types", ()), *its.get("ref_types", ()))))


def _result(measured: dict[str, Any], budget: dict[str, Any]) -> dict[str, Any]:
    """Return the result a budget is of; an empty one where that is not there."""
    results: list[dict[str, Any]] = measured.get("results") or []
    at = budget.get("result", 0)
    return results[at] if at < len(results) else {}


def _item() -> NamedFromClause:
    return run_items.alias("item")


def _of_item(item: NamedFromClause) -> ColumnElement[bool]:
    """Return whether a row of a run's items is whose a spread is; the first, where it tells none."""
    from sqlalchemy import and_, cast, literal, or_

    of = run_spreads.c
    named = of.device == literal(f"{DUT}-") + cast(item.c.place + 1, Text)
    whose = or_(named, and_(of.device == "", item.c.place == 0))
    return and_(item.c.station == of.station, item.c.run == of.run, whose)


def _of_several_models(since: str, until: str) -> Subquery:
    """Return the runs of a time whose devices together have spreads, and are not of one maker and model."""
    from sqlalchemy import func, or_, select

    of, items = run_spreads.c, run_items.c
    several = (func.min(items[name]) != func.max(items[name]) for name in ("maker", "model"))
    this = (items.station == of.station) & (items.run == of.run)
    return (
        select(items.station, items.run)
        .select_from(run_spreads.join(run_items, this))
        .where(of.device == "", of.day >= since, of.day <= until)
        .group_by(items.station, items.run)
        .having(or_(*several))
        .subquery()
    )


def _items_of_run(counted: ColumnElement[int]) -> ColumnElement[int]:
    from sqlalchemy import select

    of = run_spreads.c
    this = (run_items.c.station == of.station) & (run_items.c.run == of.run)
    return select(counted).select_from(run_items).where(this).correlate(run_spreads).scalar_subquery()


def _runs() -> ColumnElement[int]:
    from sqlalchemy import func

    return func.count((run_spreads.c.station + "/" + run_spreads.c.run).distinct())


def _sums() -> Sequence[ColumnElement[Any]]:
    from sqlalchemy import func

    of = run_spreads.c
    return func.sum(of.results), func.sum(of.squares), func.max(of.largest)
