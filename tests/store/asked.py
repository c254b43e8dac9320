"""What a database is asked: the statements a store sends, and by which indexes they are answered."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import event

from remotecal.store import Store


class Asked(NamedTuple):
    """A statement as it was sent."""

    statement: str
    parameters: object
    many: bool
    """Whether it was sent with many rows at once."""


@contextmanager
def asking(store: Store, *, by_pages: bool = False) -> Iterator[list[Asked]]:
    """Give the statements that a store sends while the context lasts, those of transactions apart.

    `by_pages`: only those that requests over HTTP send, and not what a station has the hub look up meanwhile.
    """
    sent: list[Asked] = []

    def note(_connection, _cursor, statement, parameters, _context, many) -> None:
        ours = not by_pages or threading.current_thread().name.startswith("AnyIO")
        if ours and not statement.startswith("BEGIN"):
            sent.append(Asked(statement, parameters, many))

    event.listen(store.database._engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(store.database._engine, "before_cursor_execute", note)


def plan(store: Store, asked: Asked, *, sorting: bool = False) -> list[str]:
    """Return the steps in which a database answers a statement, in its own words.

    PostgreSQL would go through a small table whole: it is asked what it does where it can help that; and,
    unless some `sorting` is expected, how it finds rows that are in order already.
    """
    with store.database.read() as connection:
        explain = "EXPLAIN QUERY PLAN"
        if connection.dialect.name != "sqlite":
            explain = "EXPLAIN"
            for way in ("seqscan", *(() if sorting else ("sort", "incremental_sort", "bitmapscan"))):
                connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        rows = connection.exec_driver_sql(f"{explain} {asked.statement}", asked.parameters).all()
    return [row[-1] for row in rows]


def for_each_row(store: Store, asked: Asked) -> list[str]:
    """Return the steps that a SQLite database takes once more for each row it has found."""
    with store.database.read() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked.statement}", asked.parameters).all()
    below: set[int] = set()
    for number, parent, _, step in rows:
        if parent in below or step.startswith("CORRELATED"):
            below.add(number)
    return [step for number, *_, step in rows if number in below]


def searched_whole(steps: list[str]) -> list[str]:
    """Return the steps that go through all rows of a table, or put rows in order.

    To count what differs among rows is neither: how these are found is a step of its own.
    """
    slow = ("Seq Scan", "Sort", "TEMP B-TREE")
    return [
        step
        for step in steps
        if (any(word in step for word in slow) and "count(DISTINCT)" not in step)
        or ("SCAN" in step and "USING" not in step)
    ]
