"""Orders by any number: their own, that of what they are for, that of its certificate, their run's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from remotecal.model.identifiers import comparable
from remotecal.store.due_tables import items
from remotecal.store.index import EquipmentRow, ItemRow, equipment_numbered, items_numbered
from remotecal.store.journals import RunRow, run_of
from remotecal.store.orders import with_words
from remotecal.store.pages import runs_named
from remotecal.store.placed import PlacedOrder, Stage, at_stage, placed, placed_of
from remotecal.store.tables import amendments, orders, run_items, runs
from remotecal.store.together import together

if TYPE_CHECKING:
    from sqlalchemy import Select

    from remotecal.store.database import Database


class Numbered(NamedTuple):
    """What has a number."""

    items: tuple[ItemRow, ...]
    """Where something with it was calibrated; the latest runs first."""
    orders: tuple[PlacedOrder, ...]
    """The latest first, each with where its work is now."""
    runs: tuple[RunRow, ...]
    """Whose name begins so; likewise."""
    equipment: tuple[EquipmentRow, ...]
    """Where somebody with it took part; likewise."""


LEAST = 3
"""Letters and digits below which what is like a number is like too many."""


class ByNumber:
    """Looks for what a number is of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def orders(
        self,
        number: str,
        now: float,
        *,
        account: str | None = None,
        station: str | None = None,
        stage: Stage | None = None,
        procedure: str | None = None,
        words: str = "",
        limit: int = 50,
    ) -> tuple[PlacedOrder, ...]:
        """Return the orders that a number leads to, the latest first; batches by how it begins.

        Each is told with where its work is now.

        Args:
            number: any of theirs; "" leads nowhere.
            now: the time, in seconds since 1970.
            account: only those given to this account.
            station: only those for this station.
            stage: only those whose work is there.
            procedure: only those by this procedure.
            words: only those with this text in a name of the customer or of what they are for.
            limit: how many, at most.
        """
        query = self._orders(number, now, account, limit, station, stage).where(*with_words(words))
        if procedure is not None:
            query = query.where(orders.c.procedure == procedure)
        with self._database.read() as connection:
            rows = connection.execute(query).all() if number else ()
        return tuple(placed_of(row, self._database.revoked) for row in rows)

    def everything(self, number: str, now: float, account: str | None, limit: int) -> Numbered:
        """Return all that has a number, so many of each kind at most; nothing has none.

        Args:
            number: as it is written on the thing or the paper.
            now: the time, in seconds since 1970.
            account: only what this customer's account ordered; None for all, and for who took part in it.
            limit: how many of each, at most.
        """
        if not number:
            return Numbered((), (), (), ())
        queries = [
            items_numbered(number, account, limit),
            self._orders(number, now, account, limit),
            runs_named(self._database, number, account, limit),
        ]
        if account is None:
            queries.append(equipment_numbered(number, limit))
        with self._database.read() as connection:
            found = together(connection, *queries)
        return Numbered(
            tuple(map(ItemRow._make, found[0])),
            tuple(placed_of(row, self._database.revoked) for row in found[1]),
            tuple(map(run_of, found[2])),
            tuple(map(EquipmentRow._make, found[3])) if account is None else (),
        )

    def near(self, number: str, account: str | None, limit: int) -> tuple[str, ...]:
        """Return numbers that have this one in them, whatever the case, blanks and hyphens.

        Those of items, orders and certificates are looked through, so it is asked where nothing has exactly
        the number. Whoever gives fewer than three letters and digits gets none.

        Args:
            number: as somebody remembers it.
            account: only those of this customer's account; None for all.
            limit: how many, at most.
        """
        from sqlalchemy import func, select, union

        wanted = comparable(number).replace("-", "")
        if len(wanted) < LEAST:
            return ()
        ways = []
        for column, whose in (
            (items.c.serial, items.c.account),
            (items.c.owner_number, items.c.account),
            (orders.c.number, orders.c.account),
            (run_items.c.certificate, runs.c.account),
        ):
            bare = func.replace(func.replace(func.lower(column), "-", ""), " ", "")
            way = select(column.label("number")).where(bare.contains(wanted, autoescape=True))
            if column.table is run_items:
                of_run = (runs.c.station == run_items.c.station) & (runs.c.run == run_items.c.run)
                way = way.join(runs, of_run)
            ways.append(way if account is None else way.where(whose == account))
        found = union(*ways).subquery()
        with self._database.read() as connection:
            return tuple(
                connection.scalars(select(found.c.number).order_by(found.c.number.desc()).limit(limit))
            )

    def _orders(
        self,
        number: str,
        now: float,
        account: str | None,
        limit: int,
        station: str | None = None,
        stage: Stage | None = None,
    ) -> Select[*tuple[Any, ...]]:
        """Return the query for orders; each way is looked up in an index of its own."""
        from sqlalchemy import select, union

        ways = [
            select(orders.c.id).where(orders.c.number == number),
            select(orders.c.id).where(self._database.begins(orders.c.number, f"{number}-")),
            select(orders.c.id).where(orders.c.id == number),
            *(
                select(orders.c.id).join(items, items.c.id == orders.c.item).where(column == number)
                for column in (items.c.serial, items.c.owner_number)
            ),
            *(
                select(orders.c.id)
                .join(run_items, (run_items.c.run == orders.c.id) & (run_items.c.station == orders.c.station))
                .where(column == number)
                for column in (run_items.c.serial, run_items.c.owner_number, run_items.c.certificate)
            ),
            select(orders.c.id)
            .join(amendments, (amendments.c.run == orders.c.id) & (amendments.c.station == orders.c.station))
            .where(amendments.c.number == number),
        ]
        query = placed(now).where(orders.c.id.in_(union(*ways)))
        if account is not None:
            query = query.where(orders.c.account == account)
        if station is not None:
            query = query.where(orders.c.station == station)
        if stage is not None:
            query = query.where(*at_stage(stage, now))
        return query.order_by(orders.c.issued.desc(), orders.c.id.desc()).limit(limit)
