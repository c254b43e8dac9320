"""What customers ask the laboratory for, before there is an order; nothing of it is ever removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remotecal.errors import NotNow, NotThere
from remotecal.store.few import OPEN
from remotecal.store.tables import requests

if TYPE_CHECKING:
    from sqlalchemy import BindParameter, Select

    from remotecal.store.database import Database

MOST_OPEN: Final = 200
"""Requests of one account that wait for an answer, at most."""


class RequestRow(NamedTuple):
    """What a customer asks for."""

    id: int
    """Number, rising."""
    account: str
    """Whose."""
    by: str
    """The user who asked."""
    at: float
    """When, in seconds since 1970, UTC."""
    item: str
    """What is to be calibrated."""
    wanted: str
    """What is to be done."""
    day: str
    """By when, ISO 8601; "" where they did not say."""
    repeat_key: str
    """Made up for this request: sent again with it, it is the same one."""
    answer: str
    """What the laboratory answered; "" while it has not."""
    settled_by: str
    """Who answered."""
    settled: float | None
    """When; None while it is open."""
    number: int | None = None
    """Of the item in the register, where it is one."""


class Requests:
    """The requests of all customers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        account: str,
        by: str,
        item: str,
        wanted: str,
        day: str,
        repeat_key: str,
        at: float,
        number: int | None = None,
    ) -> tuple[RequestRow, bool]:
        """Keep a request, and return it, and whether it is new; one sent again is the one it was.

        Args:
            account: whose.
            by: the user who asks.
            item: what is to be calibrated.
            wanted: what is to be done.
            day: by when, ISO 8601; "" where they do not say.
            repeat_key: made up for this request.
            at: the time.
            number: of the item in the register, where it is one.

        Raises:
            NotNow: too many of this account wait for an answer, or the key was that of another request.
        """
        from sqlalchemy import func, select, text

        row = {
            "account": account,
            "by": by,
            "item": item,
            "wanted": wanted,
            "day": day,
            "at": at,
            "number": number,
        }
        adding = self._database.insert(requests).values(**row, repeat_key=repeat_key)
        waiting = select(func.count()).where(text(OPEN), requests.c.account == account).select_from(requests)
        same = (requests.c.by == by) & (requests.c.repeat_key == repeat_key)
        with self._database.begin() as connection:
            there = connection.execute(select(requests).where(same)).first()
            if there is not None:
                found = RequestRow._make(there)
                if (found.item, found.wanted, found.day) != (item, wanted, day):
                    raise NotNow("this form was sent already, with something else in it: open its page anew")
                return found, False
            if connection.execute(waiting).scalar_one() >= MOST_OPEN:
                raise NotNow(f"{MOST_OPEN} requests of yours wait for an answer: wait for the laboratory's")
            added = connection.execute(adding.on_conflict_do_nothing().returning(requests)).first()
            if added is not None:
                return RequestRow._make(added), True
            return RequestRow._make(connection.execute(select(requests).where(same)).one()), False

    def settle(self, request: int, answer: str, by: str, at: float) -> RequestRow:
        """Keep what was answered to a request, and return it.

        Raises:
            NotThere: there is none of this number.
            NotNow: it was answered already.
        """
        from sqlalchemy import select

        this = requests.c.id == request
        values = {"answer": answer, "settled_by": by, "settled": at}
        settling = requests.update().where(this, requests.c.settled.is_(None)).values(**values)
        with self._database.begin() as connection:
            done = connection.execute(settling.returning(requests)).first()
            known = done or connection.execute(select(requests).where(this)).first()
        if known is None:
            raise NotThere(f"there is no request {request}")
        if done is None:
            raise NotNow(f"request {request} was answered already")
        return RequestRow._make(done)

    def of_account(self, account: str, limit: int) -> tuple[RequestRow, ...]:
        """Return the requests of an account, the latest first."""
        from sqlalchemy import select

        query = select(requests).where(requests.c.account == account)
        return self._found(query.order_by(requests.c.at.desc(), requests.c.id.desc()).limit(limit))

    def open(self, limit: int) -> tuple[RequestRow, ...]:
        """Return the requests that nobody has answered, the first made first."""
        return self._found(open_requests(limit))

    def _found(self, query: Select[*tuple[Any, ...]]) -> tuple[RequestRow, ...]:
        with self._database.read() as connection:
            return tuple(map(RequestRow._make, connection.execute(query)))


def open_requests(limit: int | BindParameter[int]) -> Select[*tuple[Any, ...]]:
    """Return the query for the requests that nobody has answered, the first made first."""
    from sqlalchemy import select, text

    return select(requests).where(text(OPEN)).order_by(requests.c.at, requests.c.id).limit(limit)
