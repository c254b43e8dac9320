"""Screens on a wall: each shows what is on by a secret of its own, of which the digest alone is kept."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, NamedTuple

from remotecal.errors import NotThere
from remotecal.store.digests import digest_of
from remotecal.store.wall_tables import walls

if TYPE_CHECKING:
    from remotecal.store.database import Database


class WallRow(NamedTuple):
    """A screen."""

    id: int
    """Number, rising."""
    place: str
    """Where it hangs."""
    language: str
    """Of what it shows."""
    full: bool
    """Whether it tells names of runs, points, persons and indications, too."""
    by: str
    """Who let it show."""
    at: float
    """Since when, in seconds since 1970, UTC."""
    expires: float
    """Until when, at the latest."""
    revoked: float | None
    """Since when it shows nothing any more; None where nobody took it down."""


class Walls:
    """All screens there are or were."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, place: str, *, language: str, full: bool, by: str, at: float, expires: float
    ) -> tuple[WallRow, str]:
        """Enter a screen, and return it and its secret, which nobody can tell later; see `WallRow`."""
        secret = secrets.token_urlsafe(32)
        values = {"place": place, "language": language, "full": full, "by": by, "at": at, "expires": expires}
        entry = walls.insert().values(digest=digest_of(secret), **values).returning(*_COLUMNS)
        with self._database.begin() as connection:
            return WallRow._make(connection.execute(entry).one()), secret

    def of(self, secret: str, now: float) -> WallRow | None:
        """Return the screen that has a secret; None where none shows anything by it now."""
        from sqlalchemy import select

        good = walls.c.revoked.is_(None) & (walls.c.expires > now)
        query = select(*_COLUMNS).where(walls.c.digest == digest_of(secret), good)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else WallRow._make(row)

    def list(self, limit: int) -> tuple[WallRow, ...]:
        """Return the screens, the latest first."""
        from sqlalchemy import select

        query = select(*_COLUMNS).order_by(walls.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return tuple(map(WallRow._make, connection.execute(query)))

    def revoke(self, wall: int, at: float) -> WallRow:
        """Have a screen show nothing any more, and return it (`NotThere`: none of this number shows)."""
        this = (walls.c.id == wall) & walls.c.revoked.is_(None)
        change = walls.update().where(this).values(revoked=at).returning(*_COLUMNS)
        with self._database.begin() as connection:
            row = connection.execute(change).first()
        if row is None:
            raise NotThere(f"there is no screen {wall} that shows anything")
        return WallRow._make(row)


_COLUMNS = tuple(walls.c[name] for name in WallRow._fields)
