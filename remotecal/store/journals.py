"""Journals as they arrive from stations: every line once, in order, each following from the last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from remotecal.errors import EvidenceError
from remotecal.journal.chain import follow
from remotecal.store.files import expect
from remotecal.store.shares import Share, add_used, lock_used, no_room
from remotecal.store.tables import journal_lines, runs

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from remotecal.store.database import Database

NOTHING = "0" * 64
"""What a journal's first line follows from."""

AT_ONCE = 16
"""Lines of a journal held at once while it is gone through."""

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


class Batch(NamedTuple):
    """Lines of a journal, one after another."""

    station: str
    """Whose."""
    run: str
    """The run."""
    first: int
    """Number of the first line."""
    lines: Sequence[bytes]
    """The lines, without their line feeds."""


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
        taken: dict[int, int | EvidenceError] = {}
        # In one order, whoever takes them: two hubs that lock the same rows must not wait for each other.
        in_order = sorted(range(len(batches)), key=lambda number: batches[number].station)
        with self._database.begin() as connection:
            for number in in_order:
                taken[number] = self._take(connection, batches[number], at)
        return [taken[number] for number in range(len(batches))]

    def note_conflict(self, station: str, run: str, reason: str) -> None:
        """Keep why lines of a run were refused, for whoever looks at it."""
        with self._database.begin() as connection:
            connection.execute(
                runs.update().where(runs.c.station == station, runs.c.run == run).values(conflict=reason)
            )

    def note_unordered(self, station: str, run: str, reason: str) -> bool:
        """Keep why a run is none that the laboratory ordered, "" if it is; tell whether that is new."""
        this = (runs.c.station == station) & (runs.c.run == run) & (runs.c.unordered != reason)
        with self._database.begin() as connection:
            return connection.execute(runs.update().where(this).values(unordered=reason)).rowcount == 1

    def note_failed(self, station: str, run: str, reason: str) -> None:
        """Keep why no record of a run can be computed, "" once one was."""
        this = (runs.c.station == station) & (runs.c.run == run)
        with self._database.begin() as connection:
            connection.execute(runs.update().where(this).values(failed=reason))

    def committed(self, station: str, run: str) -> int:
        """Return the number of a journal's last line that is here; 0 if there is none."""
        row = self.find(station, run)
        return row.committed if row else 0

    def find(self, station: str, run: str) -> RunRow | None:
        """Return a run; None if no line of it is here."""
        from sqlalchemy import select

        with self._database.read() as connection:
            row = connection.execute(select(runs).where(runs.c.station == station, runs.c.run == run)).first()
        return None if row is None else _run(row)

    def list(self, *, limit: int = 100) -> tuple[RunRow, ...]:
        """Return the runs, the latest first."""
        from sqlalchemy import select

        with self._database.read() as connection:
            rows = connection.execute(select(runs).order_by(runs.c.began.desc()).limit(limit)).all()
        return tuple(_run(row) for row in rows)

    def named(self, beginning: str) -> tuple[RunRow, ...]:
        """Return the runs whose name begins so, the latest first."""
        from sqlalchemy import func, select

        # LIKE tells capitals apart on one database and not on the other.
        begins = func.substr(runs.c.run, 1, len(beginning)) == beginning
        with self._database.read() as connection:
            rows = connection.execute(select(runs).where(begins).order_by(runs.c.began.desc())).all()
        return tuple(_run(row) for row in rows)

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
    def opened(self, station: str, run: str) -> Iterator[Iterator[bytes]]:
        """Give a journal's lines one after another, each with its line feed; few are held at once."""
        from sqlalchemy import select

        table = journal_lines
        query = (
            select(table.c.line).where(table.c.station == station, table.c.run == run).order_by(table.c.seq)
        )
        with self._database.read() as connection:
            rows = connection.execute(query, execution_options={"yield_per": AT_ONCE}).scalars()
            yield (bytes(line) + b"\n" for line in rows)

    def first_line(self, station: str, run: str) -> bytes:
        """Return a journal's first line; empty if it is not here."""
        from sqlalchemy import select

        table = journal_lines
        this = (table.c.station == station) & (table.c.run == run) & (table.c.seq == 1)
        with self._database.read() as connection:
            line = connection.execute(select(table.c.line).where(this)).scalar()
        return b"" if line is None else bytes(line)

    def _take(self, connection: Connection, batch: Batch, at: float) -> int | EvidenceError:
        station, run, first, lines = batch
        used = lock_used(connection, station)
        committed, head, state = self._locked(connection, station, run, at)
        if first > committed + 1:
            return committed
        known, new = lines[: committed + 1 - first], lines[committed + 1 - first :]
        if fault := self._compare(connection, station, run, first, known):
            return EvidenceError(f"run {run} of {station}: {fault}")
        rows, files = [], []
        for seq, line in enumerate(new, committed + 1):
            if state == "signed":
                return EvidenceError(f"run {run} of {station}: line {seq} follows the journal's signature")
            link = follow(line, seq, head)
            if isinstance(link, str):
                return EvidenceError(f"run {run} of {station}: {link}")
            if fault := self._too_much(used, seq, line):
                return EvidenceError(f"run {run} of {station}: {fault}")
            used += len(line)
            head, state = link.hash, STATES.get(link.kind, state)
            rows.append({"station": station, "run": run, "seq": seq, "line": line})
            if link.kind == "file":
                files.append((seq, line))
        try:
            expect(self._database, connection, station, run, files)
        except EvidenceError as error:
            return EvidenceError(f"run {run} of {station}: {error}")
        if rows:
            connection.execute(journal_lines.insert(), rows)
            connection.execute(
                runs.update()
                .where(runs.c.station == station, runs.c.run == run)
                .values(committed=committed + len(rows), head=head, state=state, updated=at)
            )
            add_used(connection, station, sum(len(line) for line in new))
        return committed + len(rows)

    def _too_much(self, used: int, seq: int, line: bytes) -> str:
        """Return why a line is more than a station may have here; "" if it is not."""
        share = self._share
        if len(line) > share.line_bytes:
            return f"line {seq} has {len(line)} bytes, the laboratory takes {share.line_bytes} in a line"
        if seq > share.run_lines:
            return f"it has more lines than the {share.run_lines} that the laboratory takes of a run"
        return no_room(used, len(line), share.bytes)

    def _locked(self, connection: Connection, station: str, run: str, at: float) -> tuple[int, str, str]:
        """Return a run's last line, its hash and the run's state; nobody else adds to it meanwhile."""
        from sqlalchemy import select

        begin = self._database.insert(runs).on_conflict_do_nothing()
        connection.execute(
            begin,
            {
                "station": station,
                "run": run,
                "committed": 0,
                "head": NOTHING,
                "state": "new",
                "began": at,
                "updated": at,
            },
        )
        row = connection.execute(
            select(runs.c.committed, runs.c.head, runs.c.state)
            .where(runs.c.station == station, runs.c.run == run)
            .with_for_update()
        ).one()
        return row.committed, row.head, row.state

    def _compare(
        self, connection: Connection, station: str, run: str, first: int, lines: Sequence[bytes]
    ) -> str:
        """Return why lines can't be those that are here already; "" if they are."""
        from sqlalchemy import select

        if not lines:
            return ""
        last = first + len(lines) - 1
        here = connection.execute(
            select(journal_lines.c.line)
            .where(
                journal_lines.c.station == station,
                journal_lines.c.run == run,
                journal_lines.c.seq.between(first, last),
            )
            .order_by(journal_lines.c.seq)
        ).scalars()
        for seq, (line, known) in enumerate(zip(lines, here, strict=True), first):
            if line != bytes(known):
                return (
                    f"line {seq} is here already and was another one: two stations write the same run, or "
                    "the journal was changed"
                )
        return ""


def _run(row: Row[tuple[object, ...]]) -> RunRow:
    return RunRow(**row._mapping)  # noqa: SLF001  the documented name, public in spite of its underscore
