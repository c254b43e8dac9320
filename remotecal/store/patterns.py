"""Orders by which others are made: for the same items, for like ones, and then any, all in one query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remotecal.store.due_tables import items
from remotecal.store.orders import order_of
from remotecal.store.tables import orders
from remotecal.store.together import together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement

    from remotecal.store.database import Database
    from remotecal.store.items import KeptItem
    from remotecal.store.orders import OrderRow

ALIKE = 200
"""Items of one model whose orders are looked for, at most."""


def patterns(
    database: Database, wanted: Sequence[KeptItem], limit: int, chosen: str
) -> tuple[tuple[OrderRow, ...], OrderRow | None]:
    """Return orders that may be a pattern for items of one account, and the one of an id, if there is one.

    First those for these items, then for others of the account that are of the first one's model, then any;
    of each so many at most, the latest first. None stands there twice.
    """
    from sqlalchemy import select, true

    def latest(which: ColumnElement[bool]) -> Any:  # noqa: ANN401  its columns are the table's
        query = select(orders).where(which).order_by(orders.c.issued.desc(), orders.c.id.desc())
        return query.limit(limit)

    first = wanted[0]
    like = (
        select(items.c.id)
        .where(items.c.account == first.account, items.c.model == first.model, items.c.model != "")
        .limit(ALIKE)
    )
    queries = (
        latest(orders.c.item.in_([one.id for one in wanted])),
        latest(orders.c.item.in_(like)),
        latest(true()),
        select(orders).where(orders.c.id == chosen),
    )
    with database.read() as connection:
        *lists, named = together(connection, *queries)
    several = {row.id: row for rows in lists for row in map(order_of, rows)}
    return tuple(several.values()), next(map(order_of, named), None)
