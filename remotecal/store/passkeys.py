"""Passkeys: with which people log in beside their password, and what one is asked to sign.

Whatever takes a passkey away or lets one in takes its user's row first, so none slips through between.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from remotecal.errors import ConfigurationError, NotLoggedIn, NotThere
from remotecal.store.digests import digest_of
from remotecal.store.passkey_tables import passkey_challenges, passkeys
from remotecal.store.tables import sessions, users

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from remotecal.store.database import Database

MOST: Final = 10
"""Passkeys of one user."""
CHALLENGE_LASTS: Final = 300.0
"""Seconds in which a passkey must have answered."""
Purpose = Literal["login", "again", "add"]
"""What a passkey is asked for; what it answers is good for nothing else."""


class PasskeyRow(NamedTuple):
    """A passkey; its private key is known to its owner's device alone."""

    id: int
    """Number, rising."""
    user: str
    """Whose it is."""
    credential: str
    """What its device calls it, in base64url."""
    handle: bytes
    """What its device calls the user."""
    key: bytes
    """Its public key, as COSE has it."""
    signed: int
    """How often it signed, as its device told last; 0 where that does not tell."""
    name: str
    """By which its owner knows it."""
    made: float
    """When it was added, in seconds since 1970, UTC."""
    used: float | None
    """When it last said who somebody is; None for never."""


class Passkeys:
    """All passkeys, and what was asked of one a moment ago."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, secret: str, purpose: Purpose, now: float) -> bytes:
        """Return what a passkey is to sign, 32 random bytes; what was asked for the same before is forgotten.

        Args:
            secret: of the session, or of whoever has none yet, to whom alone the answer is worth something.
            purpose: what it is asked for.
            now: the time.
        """
        challenge = secrets.token_bytes(32)
        values = {"challenge": challenge, "expires": now + CHALLENGE_LASTS}
        entry = self._database.insert(passkey_challenges).values(digest=_whose(secret, purpose), **values)
        with self._database.begin() as connection:
            connection.execute(passkey_challenges.delete().where(passkey_challenges.c.expires < now))
            connection.execute(entry.on_conflict_do_update(index_elements=["digest"], set_=values))
        return challenge

    def asked(self, secret: str, purpose: Purpose, now: float) -> bytes | None:
        """Return what was to be signed, this once; None if nothing was, or too long ago. See `ask`."""
        this = passkey_challenges.c.digest == _whose(secret, purpose)
        taken = passkey_challenges.delete().where(this).returning(*passkey_challenges.c)
        with self._database.begin() as connection:
            row = connection.execute(taken).first()
        return None if row is None or row.expires <= now else bytes(row.challenge)

    def add(
        self,
        user: str,
        session: str,
        name: str,
        *,
        credential: str,
        handle: bytes,
        key: bytes,
        signed: int,
        now: float,
    ) -> PasskeyRow:
        """Enter a passkey, and return it; see `PasskeyRow`.

        Raises:
            ConfigurationError: it is known here already, or the user has as many as one may have.
            NotLoggedIn: the session in which it is added ended meanwhile.
        """
        from sqlalchemy import func, select

        values = {"user": user, "credential": credential, "handle": handle, "key": key, "signed": signed}
        entry = self._database.insert(passkeys).values(name=name, made=now, **values)
        counted = select(func.count()).select_from(passkeys).where(passkeys.c.user == user)
        theirs = (sessions.c.digest == digest_of(session)) & (sessions.c.user == user)
        with self._database.begin() as connection:
            _take(connection, user)
            if connection.execute(select(sessions.c.user).where(theirs)).first() is None:
                raise NotLoggedIn("the session is over: log in anew")
            if connection.execute(counted).scalar_one() >= MOST:
                raise ConfigurationError(f"{MOST} passkeys are the most one may have: remove one first")
            row = connection.execute(entry.on_conflict_do_nothing().returning(*_COLUMNS)).first()
        if row is None:
            raise ConfigurationError("this passkey is known here already")
        return PasskeyRow._make(row)

    def find(self, credential: str) -> PasskeyRow | None:
        """Return the passkey that a device calls so; None if there is none."""
        from sqlalchemy import select

        query = select(*_COLUMNS).where(passkeys.c.credential == credential)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else PasskeyRow._make(row)

    def of(self, user: str) -> tuple[PasskeyRow, ...]:
        """Return a user's passkeys, the oldest first."""
        from sqlalchemy import select

        query = select(*_COLUMNS).where(passkeys.c.user == user).order_by(passkeys.c.id)
        with self._database.read() as connection:
            return tuple(map(PasskeyRow._make, connection.execute(query)))

    def use(self, passkey: int, signed: int, now: float) -> bool:
        """Keep that a passkey said who somebody is; False if it is gone, or its count did not rise.

        Where it did not, two devices sign by one key, or an old answer was kept: whoever it is, it is none.
        A count of 0 stays 0 with devices that count nothing.
        """
        rises = (passkeys.c.signed < signed) | ((passkeys.c.signed == 0) & (signed == 0))
        this = (passkeys.c.id == passkey) & rises
        with self._database.begin() as connection:
            found = connection.execute(passkeys.update().where(this).values(signed=signed, used=now))
        return found.rowcount == 1

    def remove(self, user: str, passkey: int | None = None, *, but: str = "") -> tuple[PasskeyRow, ...]:
        """Take a passkey of a user away, and return it; sessions of theirs end, for one may be its finder's.

        Args:
            user: whose it is.
            passkey: its number; None for all that they have.
            but: secret of the session that goes on; "" for none.

        Raises:
            NotThere: they have none, or none of this number.
        """
        this = passkeys.c.user == user
        if passkey is not None:
            this &= passkeys.c.id == passkey
        others = (sessions.c.user == user) & (sessions.c.digest != digest_of(but))
        with self._database.begin() as connection:
            _take(connection, user)
            gone = connection.execute(passkeys.delete().where(this).returning(*_COLUMNS)).all()
            if gone:
                connection.execute(sessions.delete().where(others))
        if not gone:
            raise NotThere(f"{user} has no passkey{'' if passkey is None else f' {passkey}'}")
        return tuple(sorted(map(PasskeyRow._make, gone)))


def _take(connection: Connection, user: str) -> None:
    """Let nobody else change a user, or let them in, until the transaction ends."""
    from sqlalchemy import select

    connection.execute(select(users.c.name).where(users.c.name == user).with_for_update()).first()


def _whose(secret: str, purpose: Purpose) -> str:
    return digest_of(f"{purpose} {secret}")


_COLUMNS = tuple(passkeys.c[name] for name in PasskeyRow._fields)
