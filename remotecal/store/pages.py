"""Lists of orders, runs and the audit log as they are shown: filtered, the latest first, page by page.

A page begins after a row that is named, not at a number: what is added meanwhile moves nothing, and the
thousandth page costs what the first does. An index gives the rows in their order behind the filter that
leaves the fewest; what else is asked is looked at row by row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.store.journals import RunRow, run_of
from remotecal.store.orders import OrderRow, order_of
from remotecal.store.tables import orders, runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Column, ColumnElement, Row, Table

    from remotecal.store.database import Database

    Group = Mapping[Column[str], str | None]
    """Columns that have an index together → what each must be; None for anything."""


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
        wanted: tuple[Group, ...] = (
            {orders.c.number: number},
            {orders.c.account: account},
            {orders.c.station: station, orders.c.state: state},
        )
        end = None if before is None else (before,)
        rows = self._rows(orders, wanted, limit, orders.c.issued, (orders.c.id,), end)
        return tuple(order_of(row) for row in rows)

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
        wanted: tuple[Group, ...] = (
            {runs.c.account: account},
            {runs.c.station: station, runs.c.state: state},
        )
        rows = self._rows(runs, wanted, limit, runs.c.began, (runs.c.station, runs.c.run), before)
        return tuple(run_of(row) for row in rows)

    def _rows(
        self,
        table: Table,
        wanted: Sequence[Group],
        limit: int,
        latest: Column[float],
        key: Sequence[Column[str]],
        before: Sequence[str] | None,
    ) -> Sequence[Row[tuple[object, ...]]]:
        """Return rows by `latest` and, where that is the same, by `key`, both falling."""
        from sqlalchemy import and_, select, tuple_

        query = select(table).where(*_only(wanted))
        if before is not None:
            of_last = and_(*(column == value for column, value in zip(key, before, strict=True)))
            last = select(latest).where(of_last).scalar_subquery()
            query = query.where(tuple_(latest, *key) < tuple_(last, *before))
        with self._database.read() as connection:
            ordered = query.order_by(latest.desc(), *(column.desc() for column in key))
            return connection.execute(ordered.limit(limit)).all()


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
