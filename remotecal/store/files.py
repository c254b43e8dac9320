"""Files that journals name, as they arrive from stations: piece by piece, each once, checked when whole."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from remotecal.errors import EvidenceError
from remotecal.journal.chain import told_by
from remotecal.journal.files import Attached, read_attached
from remotecal.store.database import of_runs
from remotecal.store.shares import add_used, lock_used, no_room
from remotecal.store.tables import file_pieces, journal_lines, run_files

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Table

    from remotecal.store.database import Database
    from remotecal.store.shares import Share


AT_ONCE = 16
"""Pieces of a file held at once while it is hashed."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of a run, as far as the laboratory has it."""

    file: Attached
    """What the journal says of it."""
    line: int
    """Number of the journal's line that names it."""
    here: int
    """Bytes of it that are here, from its beginning."""

    @property
    def complete(self) -> bool:
        """Whether it is here; its hash was checked then."""
        return self.here == self.file.size


class StoredFiles:
    """The files of all runs.

    Args:
        database: where they are.
        share: what each station may take of it.
    """

    def __init__(self, database: Database, share: Share) -> None:
        self._database, self._share = database, share

    def list(self, station: str, run: str) -> tuple[FileRow, ...]:
        """Return the files a run's journal names, in its order; each once."""
        return self._rows(run_files.c.station == station, run_files.c.run == run)

    def find(self, station: str, run: str, digest: str) -> FileRow | None:
        """Return a file that a run's journal names; None if it names none such."""
        return next(iter(self._rows(*_of(run_files, station, run, digest))), None)

    def _rows(self, *which: ColumnElement[bool]) -> tuple[FileRow, ...]:
        from sqlalchemy import and_, select

        named = and_(
            journal_lines.c.station == run_files.c.station,
            journal_lines.c.run == run_files.c.run,
            journal_lines.c.seq == run_files.c.line,
        )
        query = (
            select(run_files.c.line, run_files.c.here, journal_lines.c.line.label("text"))
            .join(journal_lines, named)
            .where(*which)
            .order_by(run_files.c.line)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(FileRow(_named(row.line, bytes(row.text)), row.line, row.here) for row in rows)

    def missing(self, station: str, run: str) -> dict[str, int]:
        """Return the files that are not here yet: SHA-256 → bytes that are here, from the beginning."""
        return self.missing_of([(station, run)])[station, run]

    def missing_of(self, runs: Collection[tuple[str, str]]) -> dict[tuple[str, str], dict[str, int]]:
        """Return the files that are not here yet of each run, named by station and name; as `missing`."""
        from sqlalchemy import select

        found: dict[tuple[str, str], dict[str, int]] = {run: {} for run in runs}
        query = (
            select(run_files)
            .where(of_runs(run_files, runs), run_files.c.here < run_files.c.size)
            .order_by(run_files.c.line)
        )
        with self._database.read() as connection:
            for row in connection.execute(query):
                found[row.station, row.run][row.sha256] = row.here
        return found

    def counted(self, runs: Collection[tuple[str, str]]) -> dict[tuple[str, str], tuple[int, int]]:
        """Return how many files of each run, named by station and name, are here whole, and of how many."""
        from sqlalchemy import func, select

        run = run_files.c.station, run_files.c.run
        whole = func.count().filter(run_files.c.here == run_files.c.size).label("whole")
        query = select(*run, whole, func.count().label("all")).where(of_runs(run_files, runs))
        with self._database.read() as connection:
            rows = connection.execute(query.group_by(*run)).all()
        found: dict[tuple[str, str], tuple[int, int]] = dict.fromkeys(runs, (0, 0))
        found.update({(row.station, row.run): (row.whole, row.all) for row in rows})
        return found

    def take(self, station: str, run: str, digest: str, begin: int, content: bytes) -> int:
        """Take a piece of a file, and return how many bytes of it are here now, from its beginning.

        A piece that is here already, or leaves a gap, changes nothing. A file that is whole and not
        the one the journal names is thrown away whole, so that the right one can come.

        Raises:
            EvidenceError: the journal here names no such file, or this is another one.
        """
        with self._database.begin() as connection:
            taken = self._take(connection, station, run, digest, begin, content)
        if isinstance(taken, EvidenceError):
            raise taken
        return taken

    def content(self, station: str, run: str, digest: str) -> bytes:
        """Return a file.

        Raises:
            EvidenceError: it is not here, or not the one the journal names any more.
        """
        with self._database.read() as connection:
            content = self._pieces(connection, _of(file_pieces, station, run, digest))
        if not content:
            raise EvidenceError(f"the file {digest} of run {run} is not here")
        if sha256(content).hexdigest() != digest:
            raise EvidenceError(f"the file {digest} of run {run} is not complete here, or was changed")
        return content

    def _take(
        self, connection: Connection, station: str, run: str, digest: str, begin: int, content: bytes
    ) -> int | EvidenceError:
        from sqlalchemy import select

        used = lock_used(connection, [station])[station]
        this, pieces = _of(run_files, station, run, digest), _of(file_pieces, station, run, digest)
        row = connection.execute(
            select(run_files.c.size, run_files.c.here).where(*this).with_for_update()
        ).first()
        if row is None:
            return EvidenceError(f"the journal of run {run} names no file {digest}")
        size, here = int(row.size), int(row.here)
        if begin != here or not content or here == size:
            return here
        here += len(content)
        if here > size:
            return EvidenceError(f"the file {digest} of run {run} is longer than the journal says: {size}")
        if fault := no_room(used, len(content), self._share.bytes):
            return EvidenceError(f"the file {digest} of run {run}: {fault}")
        connection.execute(
            file_pieces.insert().values(station=station, run=run, sha256=digest, begin=begin, content=content)
        )
        wrong = here == size and self._digest(connection, pieces) != digest
        if wrong:
            connection.execute(file_pieces.delete().where(*pieces))
            here = 0
        add_used(connection, {station: len(content) - (size if wrong else 0)})
        connection.execute(run_files.update().where(*this).values(here=here))
        if wrong:
            return EvidenceError(f"what came as the file {digest} of run {run} has another hash")
        return here

    def _digest(self, connection: Connection, which: Sequence[ColumnElement[bool]]) -> str:
        """Return the SHA-256 of a file, which may be larger than what should be held at once."""
        from sqlalchemy import select

        query = select(file_pieces.c.content).where(*which).order_by(file_pieces.c.begin)
        digest = sha256()
        for piece in connection.execute(query, execution_options={"yield_per": AT_ONCE}).scalars():
            digest.update(bytes(piece))
        return digest.hexdigest()

    def _pieces(self, connection: Connection, which: Sequence[ColumnElement[bool]]) -> bytes:
        from sqlalchemy import select

        query = select(file_pieces.c.content).where(*which).order_by(file_pieces.c.begin)
        return b"".join(bytes(piece) for piece in connection.execute(query).scalars())


def named(station: str, run: str, number: int, line: bytes) -> dict[str, object]:
    """Return the file that a line of a journal names, as a row of the table.

    Raises:
        EvidenceError: the line does not tell a file.
    """
    file = _named(number, line)
    return {
        "station": station,
        "run": run,
        "sha256": file.sha256,
        "line": number,
        "size": file.size,
        "here": 0,
    }


def _named(number: int, line: bytes) -> Attached:
    return read_attached(told_by(line).get("data", {}), number)


def _of(table: Table, station: str, run: str, digest: str) -> tuple[ColumnElement[bool], ...]:
    """Return what picks a file's rows from a table."""
    return (table.c.station == station, table.c.run == run, table.c.sha256 == digest)
