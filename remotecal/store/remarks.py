"""Remarks with which a run is returned to whoever performed it, and their answers; none is ever removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from remotecal.errors import NotNow, NotThere
from remotecal.store import steps
from remotecal.store.few import OPEN
from remotecal.store.tables import remarks

if TYPE_CHECKING:
    from sqlalchemy import BindParameter, ColumnElement, Select

    from remotecal.store.database import Database


class RemarkRow(NamedTuple):
    """A remark on a run."""

    id: int
    """Number, rising."""
    station: str
    """Where the run was."""
    run: str
    """The run."""
    line: int
    """Number of the journal's line it is about; 0 for the run."""
    text: str
    """What is remarked."""
    by: str
    """Who."""
    at: float
    """When, in seconds since 1970, UTC."""
    answer: str
    """What was answered; "" while nobody has."""
    settled_by: str
    """Who answered."""
    settled: float | None
    """When; None while it is open."""


class Remarks:
    """The remarks on all runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, station: str, run: str, line: int, text: str, by: str, at: float) -> int:
        """Keep a remark, and return its number."""
        row = {"station": station, "run": run, "line": line, "text": text, "by": by, "at": at}
        with self._database.begin() as connection:
            added = connection.execute(remarks.insert().values(**row).returning(remarks.c.id)).scalar_one()
            steps.keep(connection, station, run)
            return int(added)

    def settle(self, station: str, run: str, remark: int, answer: str, by: str, at: float) -> None:
        """Keep what was answered to a remark.

        Raises:
            NotThere: the run has no such remark.
            NotNow: it was answered already.
        """
        this = (remarks.c.station == station) & (remarks.c.run == run) & (remarks.c.id == remark)
        values = {"answer": answer, "settled_by": by, "settled": at}
        settling = remarks.update().where(this, remarks.c.settled.is_(None)).values(**values)
        with self._database.begin() as connection:
            done = connection.execute(settling).rowcount == 1
        if done:
            return
        if not any(row.id == remark for row in self.of_run(station, run)):
            raise NotThere(f"there is no remark {remark} on {run}")
        raise NotNow(f"the remark {remark} on {run} was answered already")

    def of_run(self, station: str, run: str) -> tuple[RemarkRow, ...]:
        """Return the remarks on a run, the first made first."""
        with self._database.read() as connection:
            return tuple(map(RemarkRow._make, connection.execute(remarks_on(station, run))))

    def open(self) -> tuple[RemarkRow, ...]:
        """Return all remarks that nobody has answered, the first made first."""
        with self._database.read() as connection:
            return tuple(map(RemarkRow._make, connection.execute(open_remarks())))


def open_remarks(most: BindParameter[int] | None = None) -> Select[*tuple[Any, ...]]:
    """Return the query for the remarks that nobody has answered, the first made first."""
    from sqlalchemy import and_, text

    return _query(and_(text(OPEN)), most)


def remarks_on(station: str, run: str) -> Select[*tuple[Any, ...]]:
    """Return the query for the remarks on a run, the first made first."""
    return _query((remarks.c.station == station) & (remarks.c.run == run))


def _query(which: ColumnElement[bool], most: BindParameter[int] | None = None) -> Select[*tuple[Any, ...]]:
    from sqlalchemy import select

    return select(remarks).where(which).order_by(remarks.c.at, remarks.c.id).limit(most)
