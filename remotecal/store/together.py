"""Several lists that a page shows, of tables that have nothing to do with each other, in one query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Select

    Asked = Select[*tuple[Any, ...]]


def together(connection: Connection, *queries: Asked) -> tuple[Sequence[tuple[Any, ...]], ...]:
    """Return the rows of each of some queries, each in its order.

    One statement asks for all: a row has the columns of all of them beside each other, and nothing but in
    its own.
    """
    from sqlalchemy import cast, literal, null, select, union_all

    each = [query.subquery() for query in queries]
    parts = [
        select(
            literal(number).label("which"),
            *(
                (column if one is own else cast(null(), column.type)).label(f"c{place}_{at}")
                for place, one in enumerate(each)
                for at, column in enumerate(one.c)
            ),
        ).select_from(own)
        for number, own in enumerate(each)
    ]
    begins = [1]
    for one in each:
        begins.append(begins[-1] + len(one.c))
    found: tuple[list[tuple[Any, ...]], ...] = tuple([] for _ in each)
    for row in map(tuple[Any, ...], connection.execute(union_all(*parts))):
        found[row[0]].append(row[begins[row[0]] : begins[row[0] + 1]])
    return found
