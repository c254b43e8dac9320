"""Lists of orders, runs and the audit log as they are shown: filtered, the latest first, page by page.

A page begins after a row that is named, not at a number: what is added meanwhile moves nothing, and the
thousandth page costs what the first does. An index gives the rows in their order behind the filter that
leaves the fewest; what else is asked is looked at row by row.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from remotecal.certificates.signing.signature import DUTIES
from remotecal.store.awaiting import Awaiting, awaiting
from remotecal.store.database import of_runs
from remotecal.store.few import AWAITING, FEW_RUNS, UNSAFE
from remotecal.store.issued import IssuedAndOpen, IssuedRow, issued, issued_and_open
from remotecal.store.journals import RunRow, WantingRun, run_of
from remotecal.store.orders import OrderRow, order_of, with_words
from remotecal.store.placed import STATES_AT, PlacedOrder, Stage, at_stage, placed, placed_of
from remotecal.store.tables import orders, runs, signed_certificates, stations

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sqlalchemy import Column, ColumnElement, CompoundSelect, Row, Select

    from remotecal.certificates.signing.signature import Duty
    from remotecal.store.database import Database

    Group = Mapping[Column[str], str | None]
    """Columns that have an index together → what each must be; None for anything."""


ABNORMAL: Final = ("unsafe", "stopped", "suspended", "refused", "unordered", "failed", "differing")
"""Kinds of runs that are not as they should be: they are told until somebody has seen to them."""
ON: Final = ("asking", "running", "paused")
"""States of runs that are on."""
WANTED: Final = (*ON, "stopped", "suspended")
"""States of runs that are on, or stand still until somebody sees to them."""


class Pages:
    """Parts of long lists."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def orders(
        self,
        limit: int,
        *,
        before: str | None = None,
        account: str | None = None,
        station: str | None = None,
        state: str | None = None,
        number: str | None = None,
    ) -> tuple[OrderRow, ...]:
        """Return orders, the latest issued first.

        Args:
            limit: how many, at most.
            before: id of the last order of the page before; None for the first page.
            account: only those given to this account.
            station: only those for this station.
            state: only those in this state.
            number: only those with this number of the laboratory's.
        """
        from sqlalchemy import select

        wanted: tuple[Group, ...] = (
            {orders.c.number: number},
            {orders.c.account: account},
            {orders.c.station: station, orders.c.state: state},
        )
        end = None if before is None else (before,)
        rows = self._rows(select(orders), wanted, limit, orders.c.issued, (orders.c.id,), end)
        return tuple(order_of(row) for row in rows)

    def placed(
        self,
        limit: int,
        now: float,
        *,
        before: str | None = None,
        account: str | None = None,
        station: str | None = None,
        state: str | None = None,
        number: str | None = None,
        stage: Stage | None = None,
        procedure: str | None = None,
        words: str = "",
    ) -> tuple[PlacedOrder, ...]:
        """Return orders as `orders` does, each with where its work is now.

        Args:
            limit: how many, at most.
            now: the time, in seconds since 1970.
            before: id of the last order of the page before; None for the first page.
            account: only those given to this account.
            station: only those for this station.
            state: only those in this state.
            number: only those with this number of the laboratory's.
            stage: only those whose work is there.
            procedure: only those by this procedure.
            words: only those with this text in a name of the customer or of what they are for.
        """
        wanted: tuple[Group, ...] = (
            {orders.c.number: number},
            {orders.c.account: account},
            {orders.c.station: station, orders.c.state: state or (stage and STATES_AT[stage])},
            {orders.c.procedure: procedure},
        )
        end = None if before is None else (before,)
        which = (*(at_stage(stage, now) if stage else ()), *with_words(words))
        rows = self._rows(placed(now), wanted, limit, orders.c.issued, (orders.c.id,), end, which)
        return tuple(placed_of(row, self._database.revoked) for row in rows)

    def place(self, order: str, now: float) -> PlacedOrder | None:
        """Return an order with where its work is now; None if there is none of this id."""
        with self._database.read() as connection:
            row = connection.execute(placed(now).where(orders.c.id == order)).first()
        return None if row is None else placed_of(row, self._database.revoked)

    def placed_for(self, item: int, now: float, limit: int) -> tuple[PlacedOrder, ...]:
        """Return the orders for an item, the latest first, each with where its work is now."""
        query = placed(now).where(orders.c.item == item).order_by(orders.c.issued.desc(), orders.c.id.desc())
        with self._database.read() as connection:
            rows = connection.execute(query.limit(limit)).all()
        return tuple(placed_of(row, self._database.revoked) for row in rows)

    def runs(
        self,
        limit: int,
        *,
        before: tuple[str, str] | None = None,
        account: str | None = None,
        station: str | None = None,
        state: str | None = None,
    ) -> tuple[RunRow, ...]:
        """Return runs, the latest begun first; of an account those of its orders, where they were for.

        Args:
            limit: how many, at most.
            before: station and name of the last run of the page before; None for the first page.
            account: only those of this account.
            station: only those at this station.
            state: only those in this state.
        """
        from sqlalchemy import select

        wanted: tuple[Group, ...] = (
            {runs.c.account: account},
            {runs.c.station: station, runs.c.state: state},
        )
        rows = self._rows(select(runs), wanted, limit, runs.c.began, (runs.c.station, runs.c.run), before)
        return tuple(run_of(row) for row in rows)

    def named(self, beginning: str, *, limit: int, account: str | None = None) -> tuple[RunRow, ...]:
        """Return runs whose name begins so, the latest first.

        Args:
            beginning: of the name.
            limit: how many, at most.
            account: only those of this account.
        """
        with self._database.read() as connection:
            rows = connection.execute(runs_named(self._database, beginning, account, limit))
            return tuple(run_of(row) for row in rows)

    def certified(
        self,
        limit: int,
        *,
        before: tuple[str, str] | None = None,
        account: str | None = None,
        issued: bool = False,
        among: Collection[tuple[str, str]] | None = None,
    ) -> tuple[RunRow, ...]:
        """Return the runs that have a record, and so a certificate, the latest begun first.

        Args:
            limit: how many, at most.
            before: station and name of the last run of the page before; None for the first page.
            account: only those of this account.
            issued: only those of which a certificate is issued.
            among: only these, named by station and name.
        """
        from sqlalchemy import exists, select

        table = signed_certificates
        which = [runs.c.record != "", runs.c.unordered == ""]
        if issued:
            same = (table.c.station == runs.c.station) & (table.c.run == runs.c.run)
            which.append(exists().where(same, table.c.duty == "issued"))
        if among is not None:
            which.append(of_runs(runs, among))
        key = (runs.c.station, runs.c.run)
        rows = self._rows(select(runs), ({runs.c.account: account},), limit, runs.c.began, key, before, which)
        return tuple(run_of(row) for row in rows)

    def wanting(self, *, account: str | None = None, limit: int = 50) -> Mapping[str, tuple[WantingRun, ...]]:
        """Return the runs that want somebody, by why: the latest begun first, so many of each kind at most.

        A kind is a state that a run does not leave by itself or that goes on (`WANTED`), one of those few
        that are counted (`FEW_RUNS`), that no record of it can be computed, or the duty its certificates are
        to be signed for next. What is not as it should be (`ABNORMAL`) is left out from when somebody saw to
        it until something happens in it.
        """
        kinds, query = _wanting(of_all=account is None)
        found: dict[str, list[WantingRun]] = {kind: [] for kind in kinds}
        with self._database.read() as connection:
            for kind, *row in connection.execute(query, {"whose": account, "most": limit}):
                found[kind].append(WantingRun(*row))
        return {kind: tuple(rows) for kind, rows in found.items()}

    def faults(self, station: str, limit: int = 20) -> tuple[tuple[str, RunRow], ...]:
        """Return the runs of a station that were not as they should be, seen to or not, each with its kind.

        The latest begun come first; a run that is of several kinds comes as often.
        """
        from sqlalchemy import literal, select, union_all

        # Few are of a kind that has an index of its own; stations' states have one together.
        each = [
            select(
                select(literal(kind).label("kind"), runs)
                .where(which, (runs.c.station if kind in WANTED else runs.c.station + "") == station)
                .order_by(runs.c.began.desc() if kind in WANTED else (runs.c.began + 0).desc())
                .limit(limit)
                .subquery()
            )
            for kind, which in _abnormal().items()
        ]
        with self._database.read() as connection:
            found = [(kind, run_of(row)) for kind, *row in connection.execute(union_all(*each))]
        return tuple(sorted(found, key=lambda one: one[1].began, reverse=True)[:limit])

    def to_sign(self, wanting: Mapping[str, Sequence[RunRow]]) -> tuple[tuple[Awaiting, RunRow], ...]:
        """Return the certificates that are to be signed, each with its run, of those that `wanting` tells.

        What no index knows the items of has one certificate.
        """
        rows = {(row.station, row.run): row for duty in DUTIES for row in wanting[duty]}
        if not rows:
            return ()
        with self._database.read() as connection:
            found = awaiting(connection, rows)
        known = {(one.station, one.run) for one in found}
        others = (
            Awaiting(row.station, row.run, "", "", cast("Duty", row.awaiting))
            for place, row in rows.items()
            if place not in known
        )
        return tuple((one, rows[one.station, one.run]) for one in (*found, *others))

    def issued(self, since: float, *, account: str | None = None, limit: int = 50) -> tuple[IssuedRow, ...]:
        """Return the certificates issued since a time, the latest first."""
        with self._database.read() as connection:
            values = {"since": since, "whose": account, "most": limit}
            return tuple(map(IssuedRow._make, connection.execute(issued(of_all=account is None), values)))

    def issued_and_open(self, since: float, now: float, day: str, limit: int = 50) -> IssuedAndOpen:
        """Return what `store.issued.issued_and_open` finds; so many of each."""
        with self._database.read() as connection:
            return issued_and_open(connection, since, now, day, limit)

    def _rows(
        self,
        query: Select[Any],
        wanted: Sequence[Group],
        limit: int,
        latest: Column[float],
        key: Sequence[Column[str]],
        before: Sequence[str] | None,
        which: Sequence[ColumnElement[bool]] = (),
    ) -> Sequence[Row[tuple[object, ...]]]:
        """Return rows by `latest` and, where that is the same, by `key`, both falling."""
        from sqlalchemy import and_, select, tuple_

        query = query.where(*_only(wanted), *which)
        if before is not None:
            of_last = and_(*(column == value for column, value in zip(key, before, strict=True)))
            last = select(latest).where(of_last).scalar_subquery()
            query = query.where(tuple_(latest, *key) < tuple_(last, *before))
        with self._database.read() as connection:
            ordered = query.order_by(latest.desc(), *(column.desc() for column in key))
            return connection.execute(ordered.limit(limit)).all()


@cache
def _wanting(*, of_all: bool) -> tuple[tuple[str, ...], CompoundSelect[*tuple[Any, ...]]]:
    """Return the kinds that `Pages.wanting` tells, and its query: `most` of each, of all or of `whose`.

    It is long, and asked several times a second; it is written once.
    """
    from sqlalchemy import Float, and_, bindparam, literal, null, select, text, union_all
    from sqlalchemy import cast as cast_to

    kinds = {state: runs.c.state == state for state in WANTED} | _abnormal()
    unseen = runs.c.acknowledged.is_(None) | (runs.c.committed > runs.c.acknowledged)
    kinds = {kind: and_(which, unseen) if kind in ABNORMAL else which for kind, which in kinds.items()}
    kinds |= {duty: and_(text(AWAITING), runs.c.awaiting == duty, runs.c.unordered == "") for duty in DUTIES}
    # Few are of a kind: they are found by the index of that, never by going through all in their order.
    latest, own = (runs.c.began + 0).desc(), () if of_all else (runs.c.account + "" == bindparam("whose"),)
    heard = select(stations.c.seen).where(stations.c.name == runs.c.station).scalar_subquery()
    nobody = cast_to(null(), Float)
    each = [
        select(
            select(literal(kind).label("kind"), runs, (heard if kind in ON else nobody).label("heard"))
            .where(which, *own)
            .order_by(runs.c.began.desc() if kind in WANTED else latest)
            .limit(bindparam("most"))
            .subquery()
        )
        for kind, which in kinds.items()
    ]
    return tuple(kinds), union_all(*each)


def _abnormal() -> dict[str, ColumnElement[bool]]:
    """Return kind of what is not as it should be (`ABNORMAL`) → which runs are of it."""
    from sqlalchemy import and_, text

    kinds: dict[str, ColumnElement[bool]] = {
        state: runs.c.state == state for state in WANTED if state in ABNORMAL
    }
    kinds |= {kind: and_(text(which)) for kind, which in FEW_RUNS.items() if kind != "due"}
    kinds["unsafe"] = and_(text(UNSAFE))
    kinds["failed"] = and_(text(FEW_RUNS["due"]), runs.c.failed != "")
    return kinds


def runs_named(
    database: Database, beginning: str, account: str | None, limit: int
) -> Select[*tuple[Any, ...]]:
    """Return the query of `Pages.named`."""
    from sqlalchemy import select

    query = select(runs).where(database.begins(runs.c.run, beginning))
    if account is not None:
        query = query.where(runs.c.account == account)
    return query.order_by(runs.c.began.desc()).limit(limit)


def _only(wanted: Sequence[Group]) -> Iterator[ColumnElement[bool]]:
    """Give the conditions of a query; the first group that is asked for is looked up in its index.

    SQLite knows nothing of how many rows each filter leaves, and would take any of their indexes. A column
    with nothing appended is the same to whoever reads it, and is looked up in none.
    """
    looked_up = False
    for group in wanted:
        given = {column: value for column, value in group.items() if value is not None}
        for column, value in given.items():
            yield (column + "" if looked_up else column) == value
        looked_up = looked_up or bool(given)
