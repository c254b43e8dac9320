"""What each page shows: the parts of them, made anew as things change."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, NamedTuple

from remotecal.clock import civil_time
from remotecal.errors import EvidenceError, RemotecalError
from remotecal.journal.events import ON_SITE, is_on_site
from remotecal.model.flat import flatten
from remotecal.pages.amounts import amount_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remotecal.model import Record
    from remotecal.model.flat import FlatColumn
    from remotecal.pages.amounts import Amount
    from remotecal.pages.words import Catalogue
    from remotecal.station.pages.desk import Desk
    from remotecal.station.pages.journals import JournalTold
    from remotecal.transport.messages import Live, StationState

LATEST: Final = 12
"""Rows of the grid that are shown; the journal has all."""


class Indicated(NamedTuple):
    """An indication, and what stops the run."""

    source: str
    number: float
    unit: str
    limits: tuple[str, ...]
    digits: int | None
    """Behind the point; None where nobody knows."""


class ResultTable(NamedTuple):
    """A table of the last result."""

    title: str
    columns: tuple[FlatColumn, ...]
    rows: int


class SeenHere(NamedTuple):
    """The station at one moment."""

    state: StationState | None
    """What the agent does; None where none is at work."""
    told: JournalTold | None
    """What the journal of the run that is on tells, or of the last one."""
    last: str
    """The run whose result nobody took away yet; "" for none."""
    on_the_way: Mapping[str, tuple[int, int]]
    """Run → lines the laboratory has, and lines there are."""

    @property
    def live(self) -> Live | None:
        """The run that is on."""
        return self.state.run if self.state is not None else None

    @property
    def values(self) -> tuple[Indicated, ...]:
        """The latest indications, those with a limit first."""
        if self.live is None:
            return ()
        limits = self.told.limits if self.told is not None else []
        found = [
            Indicated(
                source,
                value,
                unit,
                tuple(one for one in limits if one.startswith(f"{source} ")),
                self.live.digits.get(source),
            )
            for source, (value, unit) in self.live.last.items()
        ]
        return tuple(sorted(found, key=lambda one: not one.limits))


async def look(desk: Desk) -> SeenHere:
    """Return the station as it is now."""
    import asyncio

    state = await desk.state()
    return await asyncio.to_thread(_look, desk, state)


def _look(desk: Desk, state: StationState | None) -> SeenHere:
    on = state.run.run if state is not None and state.run is not None else ""
    last = desk.runs.last(on)
    told: JournalTold | None = None
    try:
        told = desk.told(on or last) if on or last else None
    except (EvidenceError, OSError):
        told = None  # the agent says what is wrong with it
    return SeenHere(state, told, last, desk.runs.on_the_way(state))


def tables(record: Record, words: Catalogue) -> Sequence[ResultTable]:
    """Return the tables of a record."""
    return [
        ResultTable(result.name.get(words.language), flatten(table.columns), table.rows)
        for measurement in record.measurements
        for result in measurement.results
        for table in result.tables
    ]


def results(desk: Desk, told: JournalTold, words: Catalogue) -> Sequence[ResultTable]:
    """Return the tables of a complete run; none where they can't be computed here."""
    if told.kind != "finish":
        return []
    try:
        record = desk.record(told.run)
    except (RemotecalError, OSError):
        return []
    return tables(record, words) if record is not None else []


def who(by: str, words: Catalogue) -> str:
    """Return who did something, as it is shown beside the rig."""
    if not is_on_site(by):
        return by
    return by.removeprefix(f"{ON_SITE}: ") if by != ON_SITE else words("site.somebody")


def clock_time(at: float | str, zone: str) -> str:
    """Return a time as it is told here, to the minute, with its offset: seconds stand in the journal."""
    from datetime import datetime

    seconds = datetime.fromisoformat(at).timestamp() if isinstance(at, str) else at
    return civil_time(seconds, zone).isoformat(" ", "minutes")


def left(expires: float) -> Amount:
    """Return for how long an order may still be begun."""
    return amount_of(max(0.0, expires - time.time()), int)
