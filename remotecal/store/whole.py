"""A run with its record, and with the last certificate of what it calibrates: each in one query."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from remotecal.store.journals import RunRow, run_of
from remotecal.store.records import RecordRow
from remotecal.store.tables import records, run_items, runs, signed_certificates

if TYPE_CHECKING:
    from remotecal.store.database import Database


class WholeRun(NamedTuple):
    """A run and its record."""

    row: RunRow
    """The run."""
    record: RecordRow | None
    """None if there is none yet."""


def whole_run(database: Database, station: str, run: str) -> WholeRun | None:
    """Return a run with its record; None if no line of it is here."""
    from sqlalchemy import select

    same = (records.c.station == runs.c.station) & (records.c.run == runs.c.run)
    query = (
        select(runs, records)
        .select_from(runs.outerjoin(records, same))
        .where(runs.c.station == station, runs.c.run == run)
    )
    with database.read() as connection:
        found = connection.execute(query).first()
    if found is None:
        return None
    width = len(runs.c)
    of_record = found[width:]
    return WholeRun(
        run_of(found[:width]),
        None if of_record[0] is None else RecordRow(*of_record),
    )


def last_issued(database: Database, station: str, run: str) -> tuple[str, str] | None:
    """Return the number and the record (JSON) of the last certificate of what a run calibrates.

    None if there is none: it goes by maker, model and serial number of the run's one item.
    """
    from sqlalchemy import and_, exists, func, select

    this, other, signed = run_items.alias("this"), run_items.alias("other"), signed_certificates
    of_run = (run_items.c.station == station) & (run_items.c.run == run)
    alone = select(func.count()).select_from(run_items).where(of_run).scalar_subquery() == 1
    alike = [this.c[name] == other.c[name] for name in ("serial", "maker", "model")]
    issued = exists().where(
        signed.c.station == other.c.station, signed.c.run == other.c.run, signed.c.duty == "issued"
    )
    kept = (records.c.station == other.c.station) & (records.c.run == other.c.run)
    query = (
        select(other.c.certificate, records.c.record)
        .select_from(this.join(other, and_(*alike)).join(records, kept))
        .where(this.c.station == station, this.c.run == run, this.c.serial != "", alone)
        .where(other.c.at < this.c.at, issued)
        .order_by(other.c.at.desc())
        .limit(1)
    )
    with database.read() as connection:
        found = connection.execute(query).first()
    return None if found is None else (found[0], found[1])
