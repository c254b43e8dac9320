"""Journals while one transaction adds lines to them: what is here before, what follows, and what is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from remotecal.store.database import of_runs
from remotecal.store.shares import add_used
from remotecal.store.standing import RunStanding
from remotecal.store.tables import journal_lines, orders, run_files, runs

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from remotecal.store.database import Database
    from remotecal.store.indexed import Indexed

NOTHING: Final = "0" * 64
"""What a journal's first line follows from."""


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


@dataclass(slots=True)
class Growing:
    """A run while one transaction adds lines to it."""

    here: int
    """Lines that were here before."""
    head: str
    """Hash of the last line."""
    state: str
    """See `STATES`."""
    standing: RunStanding = field(default_factory=RunStanding)
    """What its lines say of how it stands."""
    new: list[bytes] = field(default_factory=list)
    """Lines to be added."""
    files: list[dict[str, object]] = field(default_factory=list)
    """Files these name, as rows."""
    about: list[Indexed] = field(default_factory=list)
    """What these say the run is about."""

    @property
    def committed(self) -> int:
        """Number of the last line."""
        return self.here + len(self.new)


def locked(
    connection: Connection, wanted: Collection[tuple[str, str]], at: float
) -> dict[tuple[str, str], Growing]:
    """Return runs by station and name, entering those that begin; nobody else adds to them meanwhile."""
    from sqlalchemy import select

    rows = connection.execute(select(runs).where(of_runs(runs, wanted)).with_for_update())
    found = {
        (row.station, row.run): Growing(
            row.committed, row.head, row.state, RunStanding(row.why, row.why_line, row.safe, row.on_site)
        )
        for row in rows
    }
    if beginning := sorted(set(wanted) - set(found)):
        _begin(connection, beginning, at)
    return found | {run: Growing(0, NOTHING, "new") for run in beginning}


def _begin(connection: Connection, beginning: Sequence[tuple[str, str]], at: float) -> None:
    """Enter runs, with what is told of their orders; whose these are can't be changed meanwhile."""
    from sqlalchemy import select

    of = orders.c
    ordered = select(of.station, of.id, of.account, of.issued, of.bench).where(
        of.id.in_([run for _, run in beginning])
    )
    told = {
        (row.station, row.id): {"account": row.account, "ordered": row.issued, "bench": row.bench or ""}
        for row in connection.execute(ordered.with_for_update(read=True))
    }
    nothing = {"account": None, "ordered": None, "bench": ""}
    new = {"committed": 0, "head": NOTHING, "state": "new", "began": at, "updated": at}
    connection.execute(
        runs.insert(),
        [
            {"station": station, "run": run, **told.get((station, run), nothing), **new}
            for station, run in beginning
        ],
    )


def compare(connection: Connection, growing: Growing, batch: Batch, lines: Sequence[bytes]) -> str:
    """Return why the first lines of a batch can't be those that are here already; "" if they are."""
    from sqlalchemy import select

    if not lines:
        return ""
    table, first, last = journal_lines, batch.first, batch.first + len(lines) - 1
    this = (table.c.station == batch.station) & (table.c.run == batch.run)
    stored = connection.execute(
        select(table.c.line).where(this, table.c.seq.between(first, last)).order_by(table.c.seq)
    ).scalars()
    begin, end = (max(0, seq - growing.here) for seq in (first - 1, last))
    here = [*map(bytes, stored), *growing.new[begin:end]]
    for seq, (line, known) in enumerate(zip(lines, here, strict=True), first):
        if line != known:
            return (
                f"line {seq} is here already and was another one: two stations write the same run, or "
                "the journal was changed"
            )
    return ""


def write(
    connection: Connection, database: Database, growing: Mapping[tuple[str, str], Growing], at: float
) -> None:
    """Write what was added to runs: lines, the files they name, how far each run is, what stations use."""
    from sqlalchemy import bindparam

    grown = {run: one for run, one in growing.items() if one.new}
    if not grown:
        return
    connection.execute(
        journal_lines.insert(),
        [
            {"station": station, "run": run, "seq": seq, "line": line}
            for (station, run), one in grown.items()
            for seq, line in enumerate(one.new, one.here + 1)
        ],
    )
    if files := [file for one in grown.values() for file in one.files]:
        connection.execute(database.insert(run_files).on_conflict_do_nothing(), files)
    for about in (each for one in grown.values() for each in one.about):
        about.write(connection, database)
    its = {
        run: {"committed": one.committed, "head": one.head, "state": one.state, **asdict(one.standing)}
        for run, one in grown.items()
    }
    values: dict[str, object] = {name: bindparam(f"its_{name}") for name in next(iter(its.values()))}
    this = (runs.c.station == bindparam("of")) & (runs.c.run == bindparam("named"))
    connection.execute(
        runs.update().where(this).values(values | {"updated": at}),
        [
            {"of": station, "named": run, **{f"its_{name}": value for name, value in told.items()}}
            for (station, run), told in its.items()
        ],
    )
    sizes: Counter[str] = Counter()
    for (station, _), one in grown.items():
        sizes[station] += sum(map(len, one.new))
    add_used(connection, sizes)
