"""From a number back to what it rests on: its budget, what was observed, what the instruments replied."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple, Self

from fastapi import APIRouter, Path, Query, Response

from remotecal.errors import NotThere
from remotecal.journal.chain import ending
from remotecal.journal.contents import Files
from remotecal.journal.events import read_alone
from remotecal.journal.evidence import Start, start_of
from remotecal.journal.exchanges import kept_exchanges
from remotecal.journal.files import read_attached
from remotecal.journal.occurrences import tell
from remotecal.journal.places import places
from remotecal.journal.values import readings
from remotecal.model.flat import flatten
from remotecal.pages.formulas import symbols
from remotecal.pages.frame import as_read
from remotecal.web import runs, visible
from remotecal.web.bodies import RunName, StationName
from remotecal.web.pages.frame import Visiting
from remotecal.web.pages.leaned_on import leaned_on
from remotecal.web.pages.pictures import pictures_of
from remotecal.web.pages.runs import record_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from remotecal.drivers.measured import Measured
    from remotecal.journal.events import Event
    from remotecal.journal.exchanges import Exchange
    from remotecal.journal.files import Attached
    from remotecal.journal.occurrences import Occurrence
    from remotecal.journal.places import Places, RepeatAt
    from remotecal.model import PointBudget, Record
    from remotecal.model.equipment import Method
    from remotecal.model.flat import FlatColumn
    from remotecal.store import Store
    from remotecal.store.journals import RunRow
    from remotecal.web.office import Office
    from remotecal.web.pages.pictures import PictureShown

router = APIRouter(include_in_schema=False)

ON_A_PAGE: Final = 20
"""Repeats on a page."""
MOST_SHOWN: Final = 2000
"""What was observed that is on a page, of all its repeats together, at most."""
LONGEST_TEXT: Final = 500
"""Letters of anything else that was observed."""
Place = Annotated[int, Path(ge=0, le=10**6)]
From = Annotated[int, Query(alias="from", ge=0, le=10**6)]
"""How many repeats stand on the pages before."""


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

    @property
    def told(self) -> str:
        """The indication, with no more digits than the reply has that it was computed from."""
        shown = as_read(self.measured.value)
        said = self.exchange.reply if self.exchange else b""
        text = said.decode("ascii", "replace").strip()
        if "." not in shown or not text.isprintable() or not (numbers := _NUMBER.findall(text)):
            return shown  # registers begin with a byte that no line has
        digits = max(len(number.replace(".", "").lstrip("0")) for number in numbers)
        if digits and len(shown.partition("e")[0].replace(".", "").lstrip("-0")) > digits:
            return as_read(float(f"{self.measured.value:.{digits}g}"))
        return shown


_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")


class Glance(NamedTuple):
    """All that was read under one name in a repeat, in one unit, as it is seen at a glance."""

    name: str
    unit: str
    least: str
    most: str


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
    left_out: int
    """How much more stands in the line."""
    pictures: tuple[PictureShown, ...] = ()
    """That were added while it was on."""

    def at_a_glance(self) -> list[Glance]:
        """Return what was read, in the order in which its names came first."""
        found: dict[tuple[str, str], list[ReadBack]] = {}
        for read in self.reads:
            found.setdefault((read.name, read.measured.unit), []).append(read)
        ordered = {what: sorted(reads, key=lambda one: one.measured.value) for what, reads in found.items()}
        return [Glance(*what, reads[0].told, reads[-1].told) for what, reads in ordered.items()]


class RepeatsShown(NamedTuple):
    """What some repeats of a run yielded."""

    start: Start | None
    """How its journal begins."""
    repeats: list[RepeatShown]
    beside: list[PictureShown]
    """Pictures that were added while no repeat was on, before the last of these was over."""


@router.get("/runs/{station}/{run}/observations")
def list_observations(station: StationName, run: RunName, visitor: Visiting, begin: From = 0) -> Response:
    """Return all that a run has observed, a line for each repeat, which opens to what it was read from."""
    whole = visible.whole(visitor.office, visitor.caller, station, run)
    runs.see_evidence_of(visitor.office, visitor.caller, whole)
    all_ = stands(visitor.office, whole.row).repeats
    found = observed(visitor.office, whole.row, all_[begin : begin + ON_A_PAGE])
    return visitor.page(
        "observations.html",
        row=whole.row,
        repeats=found.repeats,
        beside=found.beside,
        begin=begin,
        count=len(all_),
        step=ON_A_PAGE,
    )


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
    begin: From = 0,
) -> Response:
    """Return what a number of a run's results rests on."""
    whole = visible.whole(visitor.office, visitor.caller, station, run)
    runs.see_evidence_of(visitor.office, visitor.caller, whole)
    of_run, record = whole.row, record_of(visitor, whole)
    if record is None:
        raise NotThere(f"{run} has no record yet")
    flat, cell = _cell(record, (measurement, result, table), row, column, visitor.words.language)
    budget = budget_of(record, measurement, result, row) if table == 0 else None
    points = () if budget is None else budget.points
    wanted = wanted_of(stands(visitor.office, of_run), points)
    found = observed(visitor.office, of_run, wanted[begin : begin + ON_A_PAGE])
    methods = record.measurements[measurement].methods
    read = [one.measured.source for repeat in found.repeats for one in repeat.reads]
    certificates = {} if found.start is None else found.start.certificates
    return visitor.page(
        "evidence.html",
        row=of_run,
        flat=flat,
        cell=cell,
        budget=budget,
        points=points,
        method=[one for one in methods if one.description],
        named={each.symbol: each.name for one in methods for each in one.inputs},
        inner=() if budget is None else inner_of(methods, budget, visitor.words.language),
        leaned_on=leaned_on(read, certificates, budget, methods),
        repeats=found.repeats,
        beside=found.beside,
        begin=begin,
        count=len(wanted),
        step=ON_A_PAGE,
    )


def _cell(
    record: Record, place: tuple[int, int, int], row: int, column: int, language: str
) -> tuple[FlatColumn, str]:
    """Return a number of a record, and its column (`NotThere`: it has none such)."""
    measurement, result, table = place
    try:
        stated = record.measurements[measurement].results[result].tables[table]
        flat = flatten(stated.columns)[column]
        if row < stated.rows:
            return flat, flat.at(row, language)
    except IndexError:
        pass
    raise NotThere("the record has no such number")


def budget_of(record: Record, measurement: int, result: int, row: int) -> PointBudget | None:
    """Return the budget of a row of a result's first table; None where it has none."""
    budgets = record.measurements[measurement].budgets
    return next((one for one in budgets if one.result == result and one.row == row), None)


def inner_of(methods: Sequence[Method], budget: PointBudget, language: str) -> list[str]:
    """Return the symbols of the models that are no lines of a budget, and are not computed by these."""
    lines = {line.symbol for line in budget.lines}
    said = (one.description.get(language) for one in methods if one.description is not None)
    return [
        name for name in dict.fromkeys(each for text in said for each in symbols(text)) if name not in lines
    ]


def stands(office: Office, row: RunRow) -> Places:
    """Return what stands where in a run's journal; it is gone through once, until it grows."""

    def find() -> Places:
        with office.store.journals.opened(row.station, row.run) as lines:
            return places(lines)

    return office.places.get((row.station, row.run, row.head), find)


def wanted_of(all_: Places, points: Sequence[str]) -> list[RepeatAt]:
    """Return the repeats at some points, in the order of these; all of the run's where none are named."""
    if not points:
        return list(all_.repeats)
    order = {name: at for at, name in enumerate(points)}
    # A record has names in one line, with single blanks.
    placed = ((order.get(" ".join(one.point.split())), one) for one in all_.repeats)
    found = [(at, one) for at, one in placed if at is not None]
    return [one for _, one in sorted(found, key=lambda each: (each[0], each[1].ends))]


def observed(office: Office, row: RunRow, shown: Sequence[RepeatAt]) -> RepeatsShown:
    """Return how a run's journal begins, and what some of its repeats yielded; only their lines are read."""
    last = max((one.ends for one in shown), default=1)
    all_ = stands(office, row)
    named = [line for line in all_.files if line <= last]
    files = Checked(lambda file: office.store.files.content(row.station, row.run, file.sha256))
    start: Start | None = None
    yielded: dict[int, Yielded] = {}
    attached: list[tuple[int, Attached]] = []
    room = MOST_SHOWN
    lines = sorted({1, *named, *(one.ends for one in shown)})
    for told in tell(events_of(office.store, row, [(line, line) for line in lines]), files):
        if told.event.kind == "start":
            start = start_of(told.event.data)
        elif told.event.kind == "file":
            attached.append((told.event.seq, read_attached(told.event.data, told.event.seq)))
        elif told.event.kind == "observation":
            yielded[told.event.seq] = found = Yielded.of(told, room)
            room -= len(found.indications) + len(found.others)
    wanted = {measured.exchange or 0 for found in yielded.values() for _, measured in found.indications}
    replies = _replies(office.store, row, shown, wanted)
    pictures = pictures_of(attached)
    repeats = [
        yielded[one.ends].shown(one, replies, _within(pictures, one)) for one in shown if one.ends in yielded
    ]
    ever = {one for repeat in all_.repeats for one in _within(pictures, repeat)}
    return RepeatsShown(start, repeats, [one for one in pictures if one not in ever])


def _within(pictures: Iterable[PictureShown], repeat: RepeatAt) -> tuple[PictureShown, ...]:
    """Return the pictures that were added while a repeat was on."""
    return tuple(one for one in pictures if repeat.begins < one.line < repeat.ends)


class Checked(Files):
    """What a journal names, of one that was checked when it was complete: it is not looked for again."""

    def check(self, digest: str) -> None:
        """Believe that the journal names bytes with this SHA-256."""


@dataclass(frozen=True, slots=True)
class Yielded:
    """What an observation holds, as much of it as is shown."""

    event: Event
    """Its line."""
    indications: tuple[tuple[str, Measured], ...]
    others: tuple[tuple[str, str], ...]
    """What else there is, as text."""
    left_out: int
    """How much more there is."""

    @classmethod
    def of(cls, told: Occurrence, room: int) -> Self:
        """Return what an observation holds, so much at most."""
        indications = tuple(readings(told.values))
        names = {name for name, _ in indications}
        others = [(name, _cut(str(value))) for name, value in told.values.items() if name not in names]
        shown = indications[: max(room, 0)]
        beside = tuple(others[: max(room - len(shown), 0)])
        left_out = len(indications) + len(others) - len(shown) - len(beside)
        return cls(told.event, shown, beside, left_out)

    def shown(
        self, at: RepeatAt, replies: Mapping[int, tuple[Exchange, int]], pictures: tuple[PictureShown, ...]
    ) -> RepeatShown:
        """Return it with the replies it was read from, which are told with their lines, and its pictures."""
        reads = tuple(
            ReadBack(name, measured, *replies.get(measured.exchange or 0, (None, 0)))
            for name, measured in self.indications
        )
        line, digest = self.event.seq, self.event.hash
        return RepeatShown(at.point, at.number, line, digest, reads, self.others, self.left_out, pictures)


def _cut(text: str) -> str:
    """Return a text with a mark where more of it is left out."""
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} …"


def _replies(
    store: Store, row: RunRow, shown: Sequence[RepeatAt], wanted: Collection[int]
) -> dict[int, tuple[Exchange, int]]:
    """Return the exchanges with some numbers, each with the line it stands in."""
    if not wanted:
        return {}
    within = sorted((one.begins, one.ends) for one in shown)
    return {
        one.number: (one, event.seq)
        for event in events_of(store, row, within, "replies")
        for one in kept_exchanges(event)
        if one.number in wanted
    }


def events_of(
    store: Store, row: RunRow, within: Sequence[tuple[int, int]], kind: str = ""
) -> Iterator[Event]:
    """Give the events of some lines of a journal, of one kind where it is named."""
    with store.journals.opened(row.station, row.run, within) as lines:
        for line in lines:
            link = ending(line[:-1])
            if link is not None and kind in {"", link.kind}:
                yield read_alone(line[:-1], link.seq)
