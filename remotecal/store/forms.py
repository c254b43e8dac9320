"""Forms that make something, by the key each is given when its page is made: each is done once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.store.tables import forms

if TYPE_CHECKING:
    from remotecal.store.database import Database

KEPT = 86400.0
"""Seconds a form is remembered; one that is older is opened anew."""


class Forms:
    """The forms that were sent of late."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, user: str, key: str, now: float) -> bool:
        """Tell whether a form is to be done now; False where it was sent before."""
        row = {"user": user, "key": key, "at": now}
        adding = self._database.insert(forms).values(**row).on_conflict_do_nothing()
        with self._database.begin() as connection:
            connection.execute(forms.delete().where(forms.c.at < now - KEPT))
            return connection.execute(adding.returning(forms.c.key)).first() is not None

    def led_to(self, user: str, key: str) -> str | None:
        """Return the page a form led to; None while it is being done, "" where it came to nothing."""
        from sqlalchemy import select

        this = (forms.c.user == user) & (forms.c.key == key)
        with self._database.read() as connection:
            row = connection.execute(select(forms.c.led_to).where(this)).first()
        return "" if row is None else row.led_to

    def done(self, user: str, key: str, led_to: str) -> None:
        """Keep the page a form led to."""
        this = (forms.c.user == user) & (forms.c.key == key)
        with self._database.begin() as connection:
            connection.execute(forms.update().where(this).values(led_to=led_to))

    def forget(self, user: str, key: str) -> None:
        """Let a form be sent again that came to nothing."""
        with self._database.begin() as connection:
            connection.execute(forms.delete().where((forms.c.user == user) & (forms.c.key == key)))
