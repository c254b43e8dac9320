"""Several lists that a page shows, of tables that have nothing to do with each other, in one query."""

from __future__ import annotations

from itertools import chain
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
    own = [
        [column.label(f"c{place}_{at}") for at, column in enumerate(one.c)] for place, one in enumerate(each)
    ]
    # Made once for all rows that lack them: to write the statement down costs more than to answer it.
    absent = [[cast(null(), column.type).label(column.name) for column in columns] for columns in own]
    parts = [
        select(literal(number).label("which"), *chain(*absent[:number], own[number], *absent[number + 1 :]))
        for number in range(len(each))
    ]
    begins = [1]
    for one in each:
        begins.append(begins[-1] + len(one.c))
    found: tuple[list[tuple[Any, ...]], ...] = tuple([] for _ in each)
    for row in map(tuple[Any, ...], connection.execute(union_all(*parts))):
        found[row[0]].append(row[begins[row[0]] : begins[row[0] + 1]])
    return found
