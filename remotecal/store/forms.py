"""Forms that make something, by the key each is given when its page is made: each is done once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Column, Float, Index, Table, Text

from remotecal.errors import NotNow
from remotecal.store.tables import metadata

if TYPE_CHECKING:
    from remotecal.store.database import Database

KEPT: Final = 86400.0
"""Seconds a form is remembered; one that is older is opened anew."""
BROKEN_OFF: Final = ""
"""Stands for the page that a form led to which broke off."""


forms = Table(
    "forms",
    metadata,
    Column("user", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("at", Float, nullable=False),
    Column("led_to", Text, comment="the page after it; none while it is being done"),
    Index(None, "at"),
    comment="forms that made something, each once",
)


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
        """Return the page a form led to; None while it is being done.

        Raises:
            NotNow: it came to nothing, or broke off.
        """
        from sqlalchemy import select

        this = (forms.c.user == user) & (forms.c.key == key)
        with self._database.read() as connection:
            row = connection.execute(select(forms.c.led_to).where(this)).first()
        if row is None:
            raise NotNow("this form was sent before and came to nothing: open its page anew, and look why")
        if row.led_to == BROKEN_OFF:
            raise NotNow(
                "this form was sent before and broke off, so what it asks for may be done: look before you "
                "open its page anew"
            )
        return None if row.led_to is None else str(row.led_to)

    def done(self, user: str, key: str, led_to: str) -> None:
        """Keep the page a form led to."""
        this = (forms.c.user == user) & (forms.c.key == key)
        with self._database.begin() as connection:
            connection.execute(forms.update().where(this).values(led_to=led_to))

    def broke_off(self, user: str, key: str) -> None:
        """Keep that nobody knows whether a form has done what it asks for; it is not done again."""
        self.done(user, key, BROKEN_OFF)

    def forget(self, user: str, key: str) -> None:
        """Let a form be sent again that was refused, and so did nothing."""
        with self._database.begin() as connection:
            connection.execute(forms.delete().where((forms.c.user == user) & (forms.c.key == key)))
