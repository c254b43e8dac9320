"""Lists of orders, runs and the audit log as they are shown: filtered, the latest first, page by page.

A page begins after a row that is named, not at a number: what is added meanwhile moves nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.store.journals import RunRow
from remotecal.store.orders import OrderRow
from remotecal.store.tables import order_accounts, orders, runs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Column, Row, Select

    from remotecal.store.database import Database


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

        query = select(orders)
        if account is not None:
            query = query.join(order_accounts, order_accounts.c.order == orders.c.id)
        wanted: Mapping[Column[str], str | None] = {
            order_accounts.c.account: account,
            orders.c.station: station,
            orders.c.state: state,
            orders.c.number: number,
        }
        end = None if before is None else (before,)
        rows = self._rows(_only(query, wanted), limit, orders.c.issued, (orders.c.id,), end)
        return tuple(OrderRow(**{**row._mapping, "envelope": bytes(row.envelope)}) for row in rows)  # noqa: SLF001  documented and public

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

        query = select(runs)
        if account is not None:
            ordered = (orders.c.id == runs.c.run) & (orders.c.station == runs.c.station)
            query = query.join(orders, ordered).join(order_accounts, order_accounts.c.order == orders.c.id)
        wanted: Mapping[Column[str], str | None] = {
            order_accounts.c.account: account,
            runs.c.station: station,
            runs.c.state: state,
        }
        rows = self._rows(_only(query, wanted), limit, runs.c.began, (runs.c.station, runs.c.run), before)
        return tuple(RunRow(**row._mapping) for row in rows)  # noqa: SLF001  documented and public

    def _rows(
        self,
        query: Select[tuple[object, ...]],
        limit: int,
        latest: Column[float],
        key: Sequence[Column[str]],
        before: Sequence[str] | None,
    ) -> Sequence[Row[tuple[object, ...]]]:
        """Return rows by `latest` and, where that is the same, by `key`, both falling."""
        from sqlalchemy import and_, select, tuple_

        if before is not None:
            of_last = and_(*(column == value for column, value in zip(key, before, strict=True)))
            last = select(latest).where(of_last).scalar_subquery()
            query = query.where(tuple_(latest, *key) < tuple_(last, *before))
        with self._database.read() as connection:
            ordered = query.order_by(latest.desc(), *(column.desc() for column in key))
            return connection.execute(ordered.limit(limit)).all()


def _only(
    query: Select[tuple[object, ...]], wanted: Mapping[Column[str], str | None]
) -> Select[tuple[object, ...]]:
    return query.where(*(column == value for column, value in wanted.items() if value is not None))
