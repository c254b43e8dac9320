"""Screens on a wall: each shows what is on by a secret of its own, of which the digest alone is kept."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, NamedTuple

from remotecal.errors import NotThere
from remotecal.store.digests import digest_of
from remotecal.store.tables import walls

if TYPE_CHECKING:
    from remotecal.store.database import Database


class WallRow(NamedTuple):
    """A screen."""

    id: int
    """Number, rising."""
    place: str
    """Where it hangs."""
    by: str
    """Who let it show."""
    at: float
    """Since when, in seconds since 1970, UTC."""
    revoked: float | None
    """Since when it shows nothing any more; None while it does."""


class Walls:
    """All screens there are or were."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, place: str, by: str, at: float) -> tuple[WallRow, str]:
        """Enter a screen, and return it and the secret, which nobody can tell later."""
        secret = secrets.token_urlsafe(32)
        values = {"place": place, "digest": digest_of(secret), "by": by, "at": at}
        with self._database.begin() as connection:
            row = connection.execute(walls.insert().values(**values).returning(*_COLUMNS)).one()
        return WallRow._make(row), secret

    def of(self, secret: str) -> WallRow | None:
        """Return the screen that has a secret; None where none shows by it."""
        from sqlalchemy import select

        this = (walls.c.digest == digest_of(secret)) & walls.c.revoked.is_(None)
        with self._database.read() as connection:
            row = connection.execute(select(*_COLUMNS).where(this)).first()
        return None if row is None else WallRow._make(row)

    def list(self, limit: int) -> tuple[WallRow, ...]:
        """Return the screens, the latest first."""
        from sqlalchemy import select

        with self._database.read() as connection:
            rows = connection.execute(select(*_COLUMNS).order_by(walls.c.id.desc()).limit(limit)).all()
        return tuple(map(WallRow._make, rows))

    def revoke(self, wall: int, at: float) -> WallRow:
        """Have a screen show nothing any more, and return it (`NotThere`: none shows of this number)."""
        this = (walls.c.id == wall) & walls.c.revoked.is_(None)
        with self._database.begin() as connection:
            done = connection.execute(
                walls.update().where(this).values(revoked=at).returning(*_COLUMNS)
            ).first()
        if done is None:
            raise NotThere(f"no screen shows anything by the number {wall}")
        return WallRow._make(done)


_COLUMNS = (walls.c.id, walls.c.place, walls.c.by, walls.c.at, walls.c.revoked)
