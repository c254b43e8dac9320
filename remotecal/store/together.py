"""Several lists that a page shows, of tables that have nothing to do with each other, in one query."""

from __future__ import annotations

from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Select

    Asked = Select[*tuple[Any, ...]]


def together(connection: Connection, *queries: Asked) -> tuple[Sequence[tuple[Any, ...]], ...]:
    """Return the rows of each of some queries, each in its order."""
    return OneStatement(*queries).rows(connection)


class OneStatement:
    """Some queries as one statement. It costs more to write down than to answer; keep what is asked often.

    A row has the columns of all of them beside each other, and nothing but in its own.
    """

    def __init__(self, *queries: Asked) -> None:
        from sqlalchemy import cast, literal, null, select, union_all

        each = [query.subquery() for query in queries]
        own = [
            [column.label(f"c{place}_{at}") for at, column in enumerate(one.c)]
            for place, one in enumerate(each)
        ]
        # Made once for all rows that lack them.
        absent = [[cast(null(), column.type).label(column.name) for column in columns] for columns in own]
        parts = [
            select(
                literal(number).label("which"), *chain(*absent[:number], own[number], *absent[number + 1 :])
            )
            for number in range(len(each))
        ]
        self._statement = union_all(*parts)
        begins = [1]
        for one in each:
            begins.append(begins[-1] + len(one.c))
        self._places = [slice(*ends) for ends in pairwise(begins)]

    def rows(
        self, connection: Connection, values: Mapping[str, object] | None = None
    ) -> tuple[Sequence[tuple[Any, ...]], ...]:
        """Return the rows of each query, each in its order; `values`: name of a parameter → what it is."""
        found: tuple[list[tuple[Any, ...]], ...] = tuple([] for _ in self._places)
        for row in map(tuple[Any, ...], connection.execute(self._statement, values)):
            found[row[0]].append(row[self._places[row[0]]])
        return found
