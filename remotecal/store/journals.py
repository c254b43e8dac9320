"""Journals as they arrive from stations: every line once, in order, each following from the last."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from remotecal.errors import EvidenceError
from remotecal.journal.chain import follow
from remotecal.store import steps
from remotecal.store.database import of_runs
from remotecal.store.files import named
from remotecal.store.growing import Batch, compare, locked, write
from remotecal.store.index import AT_ONCE
from remotecal.store.indexed import INDEXED, Indexed
from remotecal.store.shares import Share, lock_used, no_room
from remotecal.store.tables import journal_lines, runs

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from remotecal.store.database import Database
    from remotecal.store.growing import Growing

TOGETHER = 100
"""Ranges of lines that are asked for in one query."""

STATES = {
    "start": "running",
    "resume": "running",
    "prompt": "asking",
    "answer": "running",
    "pause": "paused",
    "go_on": "running",
    "abort": "aborted",
    "suspend": "suspended",
    "interlock": "stopped",
    "failure": "stopped",
    "finish": "finished",
    "signature": "signed",
}
"""Kind of an event → what it makes of the run; other kinds leave it as it was."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run, as far as the laboratory knows."""

    station: str
    """Where."""
    run: str
    """Its name."""
    committed: int
    """Number of the journal's last line that is here."""
    head: str
    """Hash of that line."""
    state: str
    """See `STATES`."""
    began: float
    """When its first line arrived."""
    updated: float
    """When its last line arrived."""
    conflict: str
    """Why lines were refused; "" if none were."""
    unordered: str
    """Why it is none that the laboratory ordered; "" if it is, as far as was looked at."""
    failed: str
    """Why no record of it can be computed; "" if one was, or none was tried yet."""
    account: str | None
    """The customer's account of its order, where that was for this station."""
    record: str
    """`agrees` or `differs`: whether the station computed the same record; "" while there is none."""
    awaiting: str
    """Which signature its certificates wait for; "" without a record, or once all are issued."""
    acknowledged: int | None
    """Number of the journal's line up to which somebody has seen to it; None if nobody has."""
    procedure: str = ""
    """By which procedure its record says it was made; "" while there is none, or it names none."""
    ordered: float | None = None
    """When its order was issued, where that was for this station."""
    bench: str = ""
    """That this order names; "" where it names none."""
    why: str = ""
    """See `RunStanding`, as what follows."""
    why_line: int = 0
    safe: str = ""
    on_site: str = ""


@dataclass(frozen=True, slots=True)
class WantingRun(RunRow):
    """A run that wants somebody, with what its being silent is told by."""

    heard: float | None = None
    """When its station was heard of last, of a run that is on; None of others."""


class Journals:
    """The journals of all runs.

    Args:
        database: where they are.
        share: what each station may take of it.
    """

    def __init__(self, database: Database, share: Share) -> None:
        self._database, self._share = database, share

    def append(self, station: str, run: str, first: int, lines: Sequence[bytes], at: float) -> int:
        """Take one batch; see `append_all`.

        Raises:
            EvidenceError: a line does not follow, or differs from the one that is here.
        """
        (taken,) = self.append_all([Batch(station, run, first, lines)], at)
        if isinstance(taken, EvidenceError):
            raise taken
        return taken

    def append_all(self, batches: Sequence[Batch], at: float) -> list[int | EvidenceError]:
        """Take batches of lines in one transaction.

        Lines that are here already are compared, not stored again; lines that leave a gap are not
        taken. So a station may send what it likes as often as it likes, until it is told a number.

        Returns:
            For each batch the number of the last line of its run that is here now, or why it was
            not taken.
        """
        with self._database.begin() as connection:
            used = lock_used(connection, {batch.station for batch in batches})
            growing = locked(connection, {(batch.station, batch.run) for batch in batches}, at)
            taken = [
                self._take(connection, growing[batch.station, batch.run], used, batch) for batch in batches
            ]
            write(connection, self._database, growing, at)
        return taken

    def note_conflict(self, station: str, run: str, reason: str) -> None:
        """Keep why lines of a run were refused, for whoever looks at it."""
        with self._database.begin() as connection:
            this = (runs.c.station == station) & (runs.c.run == run) & (runs.c.conflict != reason)
            connection.execute(runs.update().where(this).values(conflict=reason, acknowledged=None))

    def note_unordered(self, station: str, run: str, reason: str) -> bool:
        """Keep why a run is none that the laboratory ordered, "" if it is; tell whether that is new."""
        this = (runs.c.station == station) & (runs.c.run == run) & (runs.c.unordered != reason)
        noting = runs.update().where(this).values(unordered=reason, acknowledged=None)
        with self._database.begin() as connection:
            new = connection.execute(noting).rowcount == 1
            if new:
                steps.keep(connection, station, run)
            return new

    def acknowledge(self, station: str, run: str, lines: int) -> None:
        """Keep that somebody has seen to a run as it was after so many lines; later ones call them again."""
        this = (runs.c.station == station) & (runs.c.run == run)
        with self._database.begin() as connection:
            connection.execute(runs.update().where(this).values(acknowledged=lines))

    def note_failed(self, station: str, run: str, reason: str) -> None:
        """Keep why no record of a run can be computed, "" once one was."""
        this = (runs.c.station == station) & (runs.c.run == run) & (runs.c.failed != reason)
        with self._database.begin() as connection:
            connection.execute(runs.update().where(this).values(failed=reason, acknowledged=None))

    def committed(self, station: str, run: str) -> int:
        """Return the number of a journal's last line that is here; 0 if there is none."""
        return row.committed if (row := self.find(station, run)) else 0

    def find(self, station: str, run: str) -> RunRow | None:
        """Return a run; None if no line of it is here."""
        from sqlalchemy import select

        with self._database.read() as connection:
            row = connection.execute(select(runs).where(runs.c.station == station, runs.c.run == run)).first()
        return None if row is None else run_of(row)

    def some(self, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], RunRow]:
        """Return runs by station and name; those that are there."""
        from sqlalchemy import select

        if not wanted:
            return {}
        with self._database.read() as connection:
            found = map(run_of, connection.execute(select(runs).where(of_runs(runs, wanted))))
            return {(row.station, row.run): row for row in found}

    def lines(self, station: str, run: str, after: int = 0) -> tuple[bytes, ...]:
        """Return a journal's lines behind line `after`, without their line feeds."""
        from sqlalchemy import select

        with self._database.read() as connection:
            rows = connection.execute(
                select(journal_lines.c.line)
                .where(
                    journal_lines.c.station == station,
                    journal_lines.c.run == run,
                    journal_lines.c.seq > after,
                )
                .order_by(journal_lines.c.seq)
            ).all()
        return tuple(bytes(row.line) for row in rows)

    @contextmanager
    def opened(
        self, station: str, run: str, within: Sequence[tuple[int, int]] = ()
    ) -> Iterator[Iterator[bytes]]:
        """Give a journal's lines one after another, each with its line feed; few are held at once.

        Args:
            station: where the run was.
            run: the run.
            within: only lines from one number to another, of any of these, which rise and don't overlap; all
                where none are named.
        """
        from sqlalchemy import or_, select

        table = journal_lines
        query = (
            select(table.c.line).where(table.c.station == station, table.c.run == run).order_by(table.c.seq)
        )
        parts = [
            query.where(or_(*(table.c.seq.between(*ends) for ends in within[begin : begin + TOGETHER])))
            for begin in range(0, len(within), TOGETHER)
        ]
        with self._database.read() as connection:
            yield (
                bytes(line) + b"\n"
                for part in parts or [query]
                for line in connection.execute(part, execution_options={"yield_per": AT_ONCE}).scalars()
            )

    def first_line(self, station: str, run: str) -> bytes:
        """Return a journal's first line; empty if it is not here."""
        from sqlalchemy import select

        table = journal_lines
        this = (table.c.station == station) & (table.c.run == run) & (table.c.seq == 1)
        with self._database.read() as connection:
            line = connection.execute(select(table.c.line).where(this)).scalar()
        return b"" if line is None else bytes(line)

    def first_lines(self, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """Return the first line of each of some journals, by station and run, where it is here."""
        from sqlalchemy import select

        if not wanted:
            return {}
        table = journal_lines
        query = select(table.c.station, table.c.run, table.c.line).where(
            of_runs(table, wanted), table.c.seq == 1
        )
        with self._database.read() as connection:
            return {(row.station, row.run): bytes(row.line) for row in connection.execute(query)}

    def _take(
        self, connection: Connection, growing: Growing, used: dict[str, int], batch: Batch
    ) -> int | EvidenceError:
        """Add a batch's lines to its run, and their bytes to what its station has used; or return why not."""
        station, run, first, lines = batch
        committed = growing.committed
        if first > committed + 1:
            return committed
        known, new = lines[: committed + 1 - first], lines[committed + 1 - first :]
        if fault := compare(connection, growing, batch, known):
            return EvidenceError(f"run {run} of {station}: {fault}")
        taken, head, state, files, about = used[station], growing.head, growing.state, [], Indexed()
        standing = replace(growing.standing)
        for seq, line in enumerate(new, committed + 1):
            if state == "signed":
                return EvidenceError(f"run {run} of {station}: line {seq} follows the journal's signature")
            link = follow(line, seq, head)
            if isinstance(link, str):
                return EvidenceError(f"run {run} of {station}: {link}")
            if fault := self._too_much(taken, seq, line):
                return EvidenceError(f"run {run} of {station}: {fault}")
            taken += len(line)
            head, state = link.hash, STATES.get(link.kind, state)
            standing.take(link.kind, link.seq, line)
            if link.kind in INDEXED:
                about.take(station, run, link.kind, link.seq, line)
            elif link.kind == "file":
                try:
                    files.append(named(station, run, seq, line))
                except EvidenceError as error:
                    return EvidenceError(f"run {run} of {station}: {error}")
        used[station] = taken
        growing.head, growing.state, growing.standing = head, state, standing
        growing.new += new
        growing.files += files
        growing.about.append(about)
        return growing.committed

    def _too_much(self, used: int, seq: int, line: bytes) -> str:
        """Return why a line is more than a station may have here; "" if it is not."""
        share = self._share
        if len(line) > share.line_bytes:
            return f"line {seq} has {len(line)} bytes, the laboratory takes {share.line_bytes} in a line"
        if seq > share.run_lines:
            return f"it has more lines than the {share.run_lines} that the laboratory takes of a run"
        return no_room(used, len(line), share.bytes)


def run_of(row: Sequence[Any]) -> RunRow:
    """Return a row of the table as what it is."""
    return RunRow(*row)
