"""Notices: who was told what falls due, when, by which way, and whether they have seen it."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, NamedTuple

from remotecal.errors import NotThere
from remotecal.store.database import in_parts
from remotecal.store.digests import digest_of
from remotecal.store.due_tables import UNSENT, notice_ways, notices
from remotecal.store.tables import users

if TYPE_CHECKING:
    from remotecal.store.database import Database

CERTIFICATE = "certificate"
"""Kind of notices by which customers are told of a certificate; their day is that on which they are."""
TRIED_AGAIN = 3600.0
"""Seconds after which a mail that was not sent is tried again; the wait then doubles from one to the next."""
TRIED_DAILY = 86400.0
"""The longest wait."""
GIVEN_UP = 14 * 86400.0
"""Seconds after which it is tried no more: until its reader has another address."""
IN_HAND = 120.0
"""Seconds in which a mail that is being sent is told by nobody to have failed."""


class NoticeWanted(NamedTuple):
    """What somebody is to be told."""

    kind: str
    """`standard`, `fact`, `item`, `person`, `accreditation`, `station`; `revoked` or `certificate`, one that
    was revoked, or of which the laboratory tells something; or `question`, one that nobody has answered."""
    about: str
    """What it is called by, such as a serial number; of a question `station/run/line` of its journal."""
    what: str
    """What it is, in words."""
    account: str
    """Whose; "" for the laboratory's own."""
    to: str
    """The user."""
    due: str
    """Last day, ISO 8601; of a question the day it was asked."""
    days: int
    """How many days before the last day at most; 0 where it has passed."""


class NoticeRow(NamedTuple):
    """A notice."""

    id: int
    kind: str
    about: str
    what: str
    account: str
    to: str
    due: str
    days: int
    made: float
    """When it was made, in seconds since 1970, UTC."""
    tried: float | None
    """When a mail was last tried."""
    sent: float | None
    """When it was sent by mail; None if it was not."""
    acknowledged: float | None
    """When its reader said that they have seen it."""


class ToldBy(NamedTuple):
    """How somebody is told besides the page."""

    user: str
    mail: str
    """Address; "" for none."""
    feed: str | None
    """Digest of the secret in their calendar's address; None without one."""


class Notices:
    """All notices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, told: Iterable[NoticeWanted], at: float) -> int:
        """Keep notices; what somebody was told before is left as it is. Return how many are new."""
        wanted = set(told)
        known = self._known(wanted)  # most are there, and need not keep others from writing
        new = sorted(one for one in wanted if (one.kind, one.about, one.to, one.due, one.days) not in known)
        if not new:
            return 0
        added = 0
        with self._database.begin() as connection:
            for one in new:
                row = {**one._asdict(), "made": at}
                insert = self._database.insert(notices).values(**row).on_conflict_do_nothing()
                added += connection.execute(insert.returning(notices.c.id)).first() is not None
        return added

    def _known(self, wanted: Collection[NoticeWanted]) -> set[tuple[str, str, str, str, int]]:
        """Return which notices there are of what some are about; what is past stays unread."""
        from sqlalchemy import select

        about: dict[str, set[str]] = {}
        for one in wanted:
            about.setdefault(one.kind, set()).add(one.about)
        columns = [notices.c[name] for name in ("kind", "about", "to", "due", "days")]
        found: set[tuple[str, str, str, str, int]] = set()
        with self._database.read() as connection:
            for kind, several in about.items():
                for some in in_parts(sorted(several)):
                    query = select(*columns).where(notices.c.kind == kind, notices.c.about.in_(some))
                    found.update((*row,) for row in connection.execute(query))
        return found

    def told(self, kind: str, about: str) -> frozenset[str]:
        """Return who was told of a thing."""
        from sqlalchemy import select

        query = select(notices.c.to).where(notices.c.kind == kind, notices.c.about == about)
        with self._database.read() as connection:
            return frozenset(connection.execute(query).scalars())

    def about_since(self, kind: str, since: float) -> frozenset[str]:
        """Return of which things of a kind somebody was told from a time on."""
        from sqlalchemy import select

        query = select(notices.c.about).where(notices.c.kind == kind, notices.c.made >= since).distinct()
        with self._database.read() as connection:
            return frozenset(connection.execute(query).scalars())

    def to(self, user: str, limit: int = 200, *, unseen: bool = False) -> tuple[NoticeRow, ...]:
        """Return the notices to somebody, the latest first; of those not acknowledged alone where asked."""
        from sqlalchemy import select

        query = select(notices).where(notices.c.to == user)
        if unseen:
            query = query.where(notices.c.acknowledged.is_(None))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(notices.c.id.desc()).limit(limit))
            return tuple(map(NoticeRow._make, rows))

    def all(self, limit: int = 200) -> tuple[NoticeRow, ...]:
        """Return the notices to everybody, the latest first."""
        from sqlalchemy import select

        with self._database.read() as connection:
            rows = connection.execute(select(notices).order_by(notices.c.id.desc()).limit(limit))
            return tuple(map(NoticeRow._make, rows))

    def of(self, kind: str, about: str, limit: int = 200) -> tuple[NoticeRow, ...]:
        """Return the notices of one thing, the latest first."""
        from sqlalchemy import select

        query = select(notices).where(notices.c.kind == kind, notices.c.about == about)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(notices.c.id.desc()).limit(limit))
            return tuple(map(NoticeRow._make, rows))

    def acknowledge(self, notice: int, user: str, at: float) -> NoticeRow:
        """Note that its reader has seen a notice, and with it all of the same thing before.

        Raises:
            NotThere: there is no such notice to them.
        """
        from sqlalchemy import select

        this = (notices.c.id == notice) & (notices.c.to == user)
        with self._database.begin() as connection:
            row = connection.execute(select(notices).where(this)).first()
            if row is None:
                raise NotThere(f"there is no notice {notice} to you")
            of_it = (notices.c.kind == row.kind) & (notices.c.about == row.about) & (notices.c.to == user)
            unseen = of_it & notices.c.acknowledged.is_(None) & (notices.c.id <= notice)
            connection.execute(notices.update().where(unseen).values(acknowledged=at))
            return NoticeRow._make(connection.execute(select(notices).where(this)).one())

    def to_send(self, now: float) -> dict[str, tuple[NoticeRow, ...]]:
        """Return the notices that are to go by mail, by address, and let no other hub send them meanwhile."""
        from sqlalchemy import select, text

        tried, made = notices.c.tried, notices.c.made
        # Tried for as long as it was waited since: so the waits double.
        again = (tried < now - TRIED_AGAIN) & (2 * tried - made < now) | (tried < now - TRIED_DAILY)
        waits = tried.is_(None) | (again & (made > now - GIVEN_UP))
        query = (
            select(notices.c.id, notice_ways.c.mail)
            .join(notice_ways, notice_ways.c.user == notices.c.to)
            .join(users, users.c.name == notices.c.to)
            .where(text(f"notices.{UNSENT}"), waits, notices.c.acknowledged.is_(None))
            .where(notice_ways.c.mail != "", users.c.enabled)
        )
        found: dict[str, list[NoticeRow]] = {}
        with self._database.begin() as connection:
            for number, mail in connection.execute(query).all():
                this = (notices.c.id == number) & waits & notices.c.sent.is_(None)
                claim = notices.update().where(this).values(tried=now).returning(notices)
                if (row := connection.execute(claim).first()) is not None:
                    found.setdefault(mail, []).append(NoticeRow._make(row))
        return {mail: tuple(sorted(rows)) for mail, rows in found.items()}

    def failing(self, now: float, limit: int) -> tuple[tuple[str, int], ...]:
        """Return addresses that mail can't be sent to, each with how many notices wait or were given up."""
        from sqlalchemy import func, select, text

        query = (
            select(notice_ways.c.mail, func.count())
            .join(notices, notice_ways.c.user == notices.c.to)
            .join(users, users.c.name == notices.c.to)
            .where(text(f"notices.{UNSENT}"), notices.c.tried < now - IN_HAND)
            .where(notices.c.acknowledged.is_(None), notice_ways.c.mail != "", users.c.enabled)
            .group_by(notice_ways.c.mail)
            .order_by(notice_ways.c.mail)
            .limit(limit)
        )
        with self._database.read() as connection:
            return tuple((mail, count) for mail, count in connection.execute(query))

    def sent(self, numbers: Collection[int], at: float) -> None:
        """Note that notices went by mail."""
        with self._database.begin() as connection:
            connection.execute(notices.update().where(notices.c.id.in_(numbers)).values(sent=at))

    def way(self, user: str) -> ToldBy:
        """Return how somebody is told besides the page."""
        from sqlalchemy import select

        with self._database.read() as connection:
            row = connection.execute(select(notice_ways).where(notice_ways.c.user == user)).first()
        return ToldBy(user, "", None) if row is None else ToldBy._make(row)

    def set_mail(self, user: str, mail: str) -> None:
        """Say to which address somebody is told; "" for none. What the last one did not take is sent anew."""
        self._put(user, mail=mail)
        unsent = notices.c.sent.is_(None) & notices.c.acknowledged.is_(None) & (notices.c.to == user)
        with self._database.begin() as connection:
            connection.execute(notices.update().where(unsent).values(tried=None))

    def new_feed(self, user: str) -> str:
        """Return the secret of a new calendar of somebody; the one before is none any more."""
        secret = secrets.token_urlsafe(32)
        self._put(user, feed=digest_of(secret))
        return secret

    def end_feed(self, user: str) -> None:
        """Let the address of somebody's calendar be none any more."""
        self._put(user, feed=None)

    def whose_feed(self, secret: str) -> str | None:
        """Return whose calendar a secret is of; None if it is of none, or they may not use the hub."""
        from sqlalchemy import select

        query = select(notice_ways.c.user).join(users, users.c.name == notice_ways.c.user)
        with self._database.read() as connection:
            return connection.execute(
                query.where(notice_ways.c.feed == digest_of(secret), users.c.enabled)
            ).scalar()

    def _put(self, user: str, **values: str | None) -> None:
        insert = self._database.insert(notice_ways).values(user=user, **values)
        with self._database.begin() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=["user"], set_=values))
