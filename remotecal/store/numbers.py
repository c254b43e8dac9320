"""Numbers of orders and certificates: given out of series, and held by one order each.

A number is held from the order on. Who holds it lets it go where nothing can come of its order any more: it
was refused, taken back, or never begun in time, or its run ended early.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from remotecal.errors import OrderError
from remotecal.model.identifiers import comparable
from remotecal.store.few import ENDED_EARLY
from remotecal.store.tables import held_numbers, numbers, orders, runs, signed_certificates

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from remotecal.store.database import Database

IN_VAIN = ("refused", "withdrawn")
"""States of orders of which no run comes."""
REMEMBERED = 60.0
"""Seconds for which a number that is likely is not looked for again: another hub may have given it."""


class HeldRow(NamedTuple):
    """A number, and what became of it."""

    number: str
    """As it is written."""
    holder: str
    """The order it was given to, which is also the name of its run."""
    at: float
    """When it was given, in seconds since 1970, UTC."""
    order: str | None
    """State of that order; None where it is not known here."""
    expires: float | None
    """Until when that order may be begun."""
    run: str | None
    """State of its run; None while there is none."""
    issued: float | None
    """When a certificate was issued with this number; None if none was."""


class _Undone(Exception):
    """What was given is not needed."""


class Giving:
    """Numbers while they are given: with the transaction they are kept, or none of them was given."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database, self._connection = database, connection

    def next(self, series: str, written: Callable[[int], str]) -> str:
        """Return the next number of a series that nobody holds.

        Args:
            series: which, with its year.
            written: how a count is written as a number of it.
        """
        counting = self._database.insert(numbers).values(series=series, next=2)
        counted = counting.on_conflict_do_update(
            index_elements=["series"], set_={"next": numbers.c.next + 1}
        ).returning(numbers.c.next)
        while True:
            number = written(self._connection.execute(counted).scalar_one() - 1)
            if not _known(self._connection, number):
                return number

    def hold(
        self, wanted: Iterable[str], holder: str, at: float, *, pretended: bool = False, anew: bool = False
    ) -> None:
        """Let an order hold numbers.

        Args:
            wanted: the numbers.
            holder: the order.
            at: the time, in seconds since 1970, UTC.
            pretended: whether it is a demonstration or training, which may be repeated with its number.
            anew: whether none may be one that the order has already, for a further certificate of it.

        Raises:
            OrderError: another order has one of them, of which a certificate may come.
        """
        for number in wanted:
            row = {"compared": comparable(number), "number": number, "holder": holder, "at": at}
            adding = self._database.insert(held_numbers).values(**row).on_conflict_do_nothing()
            added = self._connection.execute(adding.returning(held_numbers.c.compared)).first()
            if added is None and not pretended:
                self._take_over(number, holder, at, anew=anew)

    def undo(self) -> NoReturn:
        """Give nothing: leaves the context."""
        raise _Undone

    def _take_over(self, number: str, holder: str, at: float, *, anew: bool) -> None:
        from sqlalchemy import select

        this = held_numbers.c.compared == comparable(number)
        holds = select(held_numbers.c.holder).where(this).with_for_update()
        before = self._connection.execute(holds).scalar_one()
        if before == holder and not anew:
            return
        if before == holder or not self._free(before, at):
            raise OrderError(
                f"the number {number} is that of the order {before}, and a number is used once: give another"
            )
        self._connection.execute(
            held_numbers.update().where(this).values(holder=holder, at=at, number=number)
        )

    def _free(self, holder: str, now: float) -> bool:
        """Tell whether nothing can come of an order any more."""
        from sqlalchemy import select

        query = select(orders.c.state, orders.c.expires, runs.c.state).outerjoin(runs, _its_run())
        row = self._connection.execute(query.where(orders.c.id == holder)).first()
        if row is None:
            return False
        state, expires, run = row
        return state in IN_VAIN or (state == "issued" and expires < now) or run in ENDED_EARLY


class GivenNumbers:
    """The series, and all numbers that were given."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._likely: dict[str, tuple[float, str]] = {}
        """Series → when its next number was looked for, and what it was."""

    @contextmanager
    def giving(self) -> Iterator[Giving]:
        """Give a transaction in which numbers are given, and what they are given to is entered.

        It is one of its own, never within another: `Giving.undo` undoes all that is done in it.
        """
        try:
            with suppress(_Undone), self._database.begin() as connection:
                yield Giving(self._database, connection)
        finally:
            self._likely.clear()

    def next(self) -> dict[str, int]:
        """Return series → what its next number counts."""
        from sqlalchemy import select

        with self._database.read() as connection:
            rows = connection.execute(select(numbers.c.series, numbers.c.next).order_by(numbers.c.series))
            return {row.series: row.next for row in rows}

    def likely(self, series: str, written: Callable[[int], str]) -> str:
        """Return what the next number of a series would be now: nothing is given, so another may get it.

        It is remembered for a minute, or until one is given here: each form asks for it.

        Args:
            series: which, with its year.
            written: how a count is written as a number of it.
        """
        from sqlalchemy import select

        now, (at, told) = time.monotonic(), self._likely.get(series, (-math.inf, ""))
        if now - at < REMEMBERED:
            return told
        with self._database.read() as connection:
            counted = connection.execute(select(numbers.c.next).where(numbers.c.series == series))
            count = counted.scalar() or 1
            while _known(connection, written(count)):
                count += 1
        self._likely[series] = now, written(count)
        return written(count)

    def held(
        self, limit: int, *, before: tuple[float, str] | None = None, beginning: str = ""
    ) -> tuple[HeldRow, ...]:
        """Return numbers and what became of them, the latest given first.

        Args:
            limit: how many, at most.
            before: `at` and `number` of the last of the page before.
            beginning: only those that begin so.
        """
        from sqlalchemy import select, tuple_

        held = held_numbers
        issued = (signed_certificates.c.number == held.c.number) & (signed_certificates.c.duty == "issued")
        query = (
            select(
                held.c.number,
                held.c.holder,
                held.c.at,
                orders.c.state,
                orders.c.expires,
                runs.c.state,
                signed_certificates.c.at,
            )
            .outerjoin(orders, orders.c.id == held.c.holder)
            .outerjoin(runs, _its_run())
            .outerjoin(signed_certificates, issued)
        )
        if before is not None:
            query = query.where(tuple_(held.c.at, held.c.compared) < (before[0], comparable(before[1])))
        if beginning:
            query = query.where(self._database.begins(held.c.number, beginning))
        ordered = query.order_by(held.c.at.desc(), held.c.compared.desc()).limit(limit)
        with self._database.read() as connection:
            return tuple(map(HeldRow._make, connection.execute(ordered)))


def _known(connection: Connection, number: str) -> bool:
    from sqlalchemy import select, union_all

    held = select(held_numbers.c.holder).where(held_numbers.c.compared == comparable(number))
    ordered = select(orders.c.id).where(orders.c.number == number)
    return connection.execute(union_all(held, ordered).limit(1)).first() is not None


def _its_run() -> ColumnElement[bool]:
    return (runs.c.station == orders.c.station) & (runs.c.run == orders.c.id)
