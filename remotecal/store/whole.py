"""A run with what belongs to it alone, in one query: its record, and the order it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from remotecal.store.journals import RunRow, run_of
from remotecal.store.records import RecordRow
from remotecal.store.tables import orders, records, runs

if TYPE_CHECKING:
    from remotecal.store.database import Database


class WholeRun(NamedTuple):
    """A run, its record and its order."""

    row: RunRow
    """The run."""
    record: RecordRow | None
    """None if there is none yet."""
    order: bytes | None
    """The signed order that has the run's name; None if there is none."""


def whole_run(database: Database, station: str, run: str) -> WholeRun | None:
    """Return a run with its record and its order; None if no line of it is here."""
    from sqlalchemy import select

    same = (records.c.station == runs.c.station) & (records.c.run == runs.c.run)
    query = (
        select(runs, records, orders.c.envelope)
        .select_from(runs.outerjoin(records, same).outerjoin(orders, orders.c.id == runs.c.run))
        .where(runs.c.station == station, runs.c.run == run)
    )
    with database.read() as connection:
        found = connection.execute(query).first()
    if found is None:
        return None
    width = len(runs.c)
    of_record, envelope = found[width:-1], found[-1]
    return WholeRun(
        run_of(found[:width]),
        None if of_record[0] is None else RecordRow(*of_record),
        None if envelope is None else bytes(envelope),
    )
