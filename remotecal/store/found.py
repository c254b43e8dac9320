"""Orders by any number: their own, that of what they are for, that of its certificate, their run's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.store.due_tables import items
from remotecal.store.placed import Placed, placed, placed_of
from remotecal.store.tables import orders, run_items

if TYPE_CHECKING:
    from remotecal.store.database import Database


class ByNumber:
    """Looks for what a number is of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def orders(
        self, number: str, now: float, *, account: str | None = None, limit: int = 50
    ) -> tuple[Placed, ...]:
        """Return the orders that a number leads to, the latest first; a batch by the number it begins with.

        Each is told with where its work is now.

        Each way is looked up in an index of its own.
        """
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
        ]
        query = placed(now).where(orders.c.id.in_(union(*ways)))
        if account is not None:
            query = query.where(orders.c.account == account)
        with self._database.read() as connection:
            latest = query.order_by(orders.c.issued.desc(), orders.c.id.desc()).limit(limit)
            return tuple(map(placed_of, connection.execute(latest))) if number else ()
