"""From a number back to what it rests on: its budget, what was observed, what the instruments replied."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Path, Response

from remotecal.errors import NotThere
from remotecal.journal.contents import Files
from remotecal.journal.events import JournalReader
from remotecal.journal.evidence import Start, start_of
from remotecal.journal.observation import Point
from remotecal.journal.occurrences import tell
from remotecal.model.flat import flatten
from remotecal.web import runs, visible
from remotecal.web.bodies import RunName, StationName
from remotecal.web.pages.frame import Visiting
from remotecal.web.pages.runs import record_of

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured
    from remotecal.journal.exchanges import Exchange
    from remotecal.journal.occurrences import Occurrence
    from remotecal.model import PointBudget, Record

router = APIRouter(include_in_schema=False)

MOST_SHOWN: Final = 2000
"""Indications on a page, at most."""
Place = Annotated[int, Path(ge=0, le=10**6)]


@dataclass(frozen=True, slots=True)
class ReadBack:
    """One indication, and the reply it was read from."""

    name: str
    """Under which it stands in the observation."""
    measured: Measured
    exchange: Exchange | None
    """None where nobody kept it."""
    kept_in: int
    """Number of the journal's line the reply stands in; 0 for none."""


@dataclass(frozen=True, slots=True)
class RepeatShown:
    """What one repeat at a point yielded."""

    point: str
    number: int
    line: int
    """Number of the journal's line it stands in."""
    hash: str
    """Hash of that line."""
    reads: tuple[ReadBack, ...]
    others: tuple[tuple[str, str], ...]
    """What else was observed, as text."""


@router.get("/runs/{station}/{run}/results/{measurement}/{result}/{table}/{row}/{column}")
def show_number(
    station: StationName,
    run: RunName,
    measurement: Place,
    result: Place,
    table: Place,
    row: Place,
    column: Place,
    visitor: Visiting,
) -> Response:
    """Return what a number of a run's results rests on."""
    of_run = visible.run(visitor.office, visitor.caller, station, run)
    runs.may_see_evidence(visitor.office, visitor.caller, station, run)
    record = record_of(visitor, of_run)
    missing = f"the record of {run} has no such number"
    if record is None:
        raise NotThere(f"{run} has no record yet")
    try:
        stated = record.measurements[measurement].results[result].tables[table]
        flat = flatten(stated.columns)[column]
        cell = flat.at(row, visitor.words.language)
    except IndexError:
        raise NotThere(missing) from None
    if row >= stated.rows:
        raise NotThere(missing)
    budget = budget_of(record, measurement, result, row) if table == 0 else None
    store = visitor.office.store
    journal = JournalReader(partial(store.journals.opened, station, run), f"the journal of {run}")
    files = Files(lambda file: store.files.content(station, run, file.sha256))
    start, repeats = observed(tell(journal, files), budget)
    return visitor.page(
        "evidence.html",
        row=of_run,
        flat=flat,
        cell=cell,
        budget=budget,
        method=[one for one in record.measurements[measurement].methods if one.description],
        start=start,
        repeats=repeats,
        record=record,
    )


def budget_of(record: Record, measurement: int, result: int, row: int) -> PointBudget | None:
    """Return the budget of a row of a result's first table; None where it has none."""
    budgets = record.measurements[measurement].budgets
    return next((one for one in budgets if one.result == result and one.row == row), None)


def observed(
    journal: Iterable[Occurrence], budget: PointBudget | None
) -> tuple[Start | None, list[RepeatShown]]:
    """Return how a journal begins, and what was observed at the points that a budget is of.

    These are those whose set value stands in the budget's title; where it names none, all points.
    """
    start: Start | None = None
    repeats: list[RepeatShown] = []
    latest: dict[int, tuple[Exchange, int]] = {}
    wanted: frozenset[str] = frozenset()
    for told in journal:
        event = told.event
        if event.kind == "start":
            start = start_of(event.data)
            wanted = points_of(start.points, budget)
        elif event.kind == "repeat":
            latest = {}
        elif event.kind == "replies":
            latest.update((one.number, (one, event.seq)) for one in told.exchanges)
        elif event.kind == "observation" and str(event.data["point"]) in wanted:
            repeats.append(_repeat(told, latest))
    return start, repeats


def points_of(points: Iterable[Point], budget: PointBudget | None) -> frozenset[str]:
    """Return the names of the points that a budget's title tells by a value they were set to."""
    names = {point.name: {f"{value:.6g}" for value in point.nominal.values()} for point in points}
    if budget is None:
        return frozenset(names)
    titles = [budget.title.get(language) for language in budget.title.languages]
    told = {number for title in titles for number in re.findall(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", title)}
    found = frozenset(name for name, values in names.items() if values & told or name in titles)
    return found or frozenset(names)


def _repeat(told: Occurrence, latest: dict[int, tuple[Exchange, int]]) -> RepeatShown:
    event = told.event
    indicated = {name for name, _ in told.observed}
    return RepeatShown(
        str(event.data["point"]),
        int(str(event.data["repeat"])),
        event.seq,
        event.hash,
        tuple(_reads(told, latest)),
        tuple((name, str(value)) for name, value in told.values.items() if name not in indicated),
    )


def _reads(told: Occurrence, latest: dict[int, tuple[Exchange, int]]) -> Iterator[ReadBack]:
    from remotecal.drivers.measured import Measured as Indication

    shown = 0
    for name, measured in told.observed:
        if isinstance(measured, Indication) and shown < MOST_SHOWN:
            shown += 1
            exchange, line = latest.get(measured.exchange or 0, (None, 0))
            yield ReadBack(name, measured, exchange, line)
