"""Records computed at the laboratory from complete journals."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.store import spreads, stated, steps
from remotecal.store.database import in_parts, of_runs
from remotecal.store.tables import orders, records, runs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from remotecal.store.database import Database


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record, and what it was computed from."""

    station: str
    """Where the run was."""
    run: str
    """The run."""
    head: str
    """Hash of the last line of the journal."""
    key: str
    """The station's public key that signed the journal, in base64; a later enrolment has another."""
    record: str
    """The certificate's data, in JSON."""
    agrees: bool
    """Whether the station computed the same."""
    computed: float
    """When."""


class Records:
    """The records of all runs; one for each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, row: RecordRow) -> None:
        """Keep a run's record, in place of one computed before, and note with the run what came of it."""
        values = {
            "head": row.head,
            "key": row.key,
            "record": row.record,
            "agrees": row.agrees,
            "computed": row.computed,
        }
        insert = self._database.insert(records).values(station=row.station, run=row.run, **values)
        procedure = _procedure(row.record)  # before anybody waits: the first time, what is installed is read
        with self._database.begin() as connection:
            # Before the run, as `assign` has it. What the order was held by, once, is nothing it ended by.
            order = (orders.c.station == row.station) & (orders.c.id == row.run) & (orders.c.reason != "")
            connection.execute(orders.update().where(order).values(reason=""))
            connection.execute(insert.on_conflict_do_update(index_elements=["station", "run"], set_=values))
            this = (runs.c.station == row.station) & (runs.c.run == row.run)
            known = "agrees" if row.agrees else "differs"
            of_run = {"record": known, "procedure": procedure, "acknowledged": None}
            connection.execute(runs.update().where(this).values(of_run))
            steps.signed_again(connection, row.station, row.run)
            spreads.keep(connection, row.station, row.run, row.record)
            stated.compare_again(connection, row.station, row.run)

    def find(self, station: str, run: str) -> RecordRow | None:
        """Return a run's record; None if there is none yet."""
        from sqlalchemy import select

        with self._database.read() as connection:
            row = connection.execute(
                select(records).where(records.c.station == station, records.c.run == run)
            ).first()
        return None if row is None else RecordRow(*row)

    def each(self, of: Collection[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
        """Yield station, run and record (JSON) of those of several runs that have one."""
        from sqlalchemy import select

        wanted = sorted(set(of))
        columns = select(records.c.station, records.c.run, records.c.record)
        for some in in_parts(wanted):
            query = columns.where(of_runs(records, some))
            with self._database.read() as connection:
                rows = connection.execute(query).all()
            yield from ((row.station, row.run, row.record) for row in rows)


def _procedure(record: str) -> str:
    """Return by which procedure a record (JSON) says it was made, by its full name; "" if it names none."""
    from remotecal.runs.catalogue import full_name

    evidence = json.loads(record).get("evidence") or {}
    return full_name(str(evidence.get("procedure", "")))
