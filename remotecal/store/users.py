"""People: who may use the laboratory's API, and as what.

Passwords, sessions and tokens are kept as digests only: whoever reads the database can't log in.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast, get_args

from remotecal.errors import ConfigurationError
from remotecal.store.digests import digest_of
from remotecal.store.due_tables import notice_ways
from remotecal.store.passkey_tables import passkeys
from remotecal.store.tables import sessions, tokens, users

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection, Row

    from remotecal.store.database import Database

Role = Literal["operator", "reviewer", "approver", "administrator", "reader", "customer"]
"""What somebody is at the laboratory; a reader, such as an assessor, looks on; a customer is none of it."""
ROLES: tuple[Role, ...] = get_args(Role)

NOTED_AFTER = 1 / 30
"""Part of the idle limit after which another use of a session is noted; each one need not be."""


@dataclass(frozen=True, slots=True)
class UserRow:
    """Somebody who may use the API."""

    name: str
    """The name they log in with, and under which the audit log knows them."""
    password: str
    """What their password is checked against."""
    roles: frozenset[Role]
    """What they are."""
    account: str | None
    """For a customer, whose orders they see."""
    enabled: bool
    """Whether they may use it now."""


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token for a program; the token itself is known to whoever got it, and to nobody else."""

    id: str
    """What it is called in lists."""
    user: str
    """Whose it is."""
    role: Role
    """All it can be used as."""
    label: str
    """What it is for."""
    expires: float
    """Until when it is good."""
    revoked: float | None
    """When it was revoked; None if it was not."""


class Users:
    """Users, their sessions and tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(
        self,
        name: str,
        *,
        roles: Collection[Role],
        password: str | None = None,
        account: str | None = None,
        enabled: bool = True,
    ) -> int:
        """Enter a user, or change one; whoever was logged in under the name is logged out.

        With another password their tokens and the address of their calendar end, and their passkeys go: one
        may be somebody else's.

        Args:
            name: the user.
            roles: what they are; a customer is nothing else.
            password: as `remotecal.web.passwords.digest` gives it; None to leave it as it is.
            account: for a customer, whose orders they see.
            enabled: whether they may use the API.

        Returns:
            How many passkeys went.

        Raises:
            ConfigurationError: roles and account don't go together, a new user has no password, or nobody
                would be left who can enter users.
        """
        if not roles or not set(roles) <= set(ROLES):
            raise ConfigurationError(f"{name} needs at least one of the roles {', '.join(ROLES)}")
        if "customer" in roles and (len(set(roles)) > 1 or not account):
            raise ConfigurationError("a customer has an account, and no role beside it")
        if "customer" not in roles and account is not None:
            raise ConfigurationError("only a customer has an account")
        values = {"roles": " ".join(sorted(set(roles))), "account": account, "enabled": enabled}
        gone = 0
        with self._database.begin() as connection:
            stays = enabled and "administrator" in roles
            if not stays and _administrators(connection) == {name}:
                raise ConfigurationError(f"{name} is the last administrator: make somebody else one first")
            if password is not None:
                _end_secrets(connection, name)
                values["password"] = password
                entry = self._database.insert(users).values(name=name, **values)
                connection.execute(entry.on_conflict_do_update(index_elements=["name"], set_=values))
                gone = connection.execute(passkeys.delete().where(passkeys.c.user == name)).rowcount
            else:
                changed = connection.execute(users.update().where(users.c.name == name).values(**values))
                if changed.rowcount == 0:
                    raise ConfigurationError(f"{name} is a new user and needs a password")
            connection.execute(sessions.delete().where(sessions.c.user == name))
        return gone

    def set_password(self, name: str, password: str) -> None:
        """Give a user another password, as they want it.

        Their sessions, their tokens and the address of their calendar end; passkeys stay.
        """
        with self._database.begin() as connection:
            _end_secrets(connection, name)
            connection.execute(users.update().where(users.c.name == name).values(password=password))
            connection.execute(sessions.delete().where(sessions.c.user == name))

    def find(self, name: str) -> UserRow | None:
        """Return a user; None if there is none of this name."""
        from sqlalchemy import select

        with self._database.read() as connection:
            row = connection.execute(select(users).where(users.c.name == name)).first()
        return None if row is None else _user(row)

    def list(self) -> tuple[UserRow, ...]:
        """Return all users, by name."""
        from sqlalchemy import select

        with self._database.read() as connection:
            rows = connection.execute(select(users).order_by(users.c.name)).all()
        return tuple(_user(row) for row in rows)

    def open_session(
        self, user: UserRow, expires: float, now: float, passkey: int | None = None
    ) -> str | None:
        """Return the secret of a new session; sessions that are over are forgotten.

        None if the user was disabled or given another password since `user` was found, or the passkey that
        they came by was removed.
        """
        from sqlalchemy import select

        secret = secrets.token_urlsafe(32)
        unchanged = (users.c.name == user.name) & (users.c.password == user.password) & users.c.enabled
        with self._database.begin() as connection:
            connection.execute(sessions.delete().where(sessions.c.expires < now))
            if connection.execute(select(users.c.name).where(unchanged).with_for_update()).first() is None:
                return None
            if passkey is not None and not _has(connection, user.name, passkey):
                return None
            connection.execute(
                sessions.insert().values(
                    digest=digest_of(secret), user=user.name, expires=expires, used=now, asked=now
                )
            )
        return secret

    def close_session(self, secret: str) -> None:
        """End a session."""
        with self._database.begin() as connection:
            connection.execute(sessions.delete().where(sessions.c.digest == digest_of(secret)))

    def of_session(
        self, secret: str, now: float, idle: float, *, used: bool = True
    ) -> tuple[UserRow, float] | None:
        """Return whose session this is and when it ends at the latest; None if it is none, or over.

        Args:
            secret: from `open_session`.
            now: the time.
            idle: seconds without use after which it is over; likewise one that was used so much later than
                now, by a clock that was set back since.
            used: whether it is used now.
        """
        from sqlalchemy import select

        this = sessions.c.digest == digest_of(secret)
        lately = (sessions.c.used > now - idle) & (sessions.c.used < now + idle)
        good = this & (sessions.c.expires > now) & lately & users.c.enabled
        query = select(users, sessions.c.expires, sessions.c.used)
        with self._database.read() as connection:
            row = connection.execute(
                query.join(sessions, sessions.c.user == users.c.name).where(good)
            ).first()
        if row is None:
            return None
        if used and now - row.used > idle * NOTED_AFTER:
            with self._database.begin() as connection:
                connection.execute(sessions.update().where(this).values(used=now))
        return _user(row), row.expires

    def asked(self, secret: str) -> float:
        """Return when password or passkey were given last in a session, in seconds since 1970, UTC."""
        from sqlalchemy import select

        this = sessions.c.digest == digest_of(secret)
        with self._database.read() as connection:
            return connection.execute(select(sessions.c.asked).where(this)).scalar() or 0.0

    def note_asked(self, secret: str, now: float) -> None:
        """Keep that password or passkey were given in a session."""
        with self._database.begin() as connection:
            this = sessions.c.digest == digest_of(secret)
            connection.execute(sessions.update().where(this).values(asked=now))

    def new_token(self, user: str, role: Role, label: str, expires: float) -> tuple[str, TokenRow]:
        """Return a new token, and what is known of it."""
        token = f"remotecal_{secrets.token_urlsafe(32)}"
        known = TokenRow(secrets.token_hex(8), user, role, label, expires, None)
        with self._database.begin() as connection:
            connection.execute(
                tokens.insert().values(
                    digest=digest_of(token), id=known.id, user=user, role=role, label=label, expires=expires
                )
            )
        return token, known

    def of_token(self, token: str, now: float) -> tuple[UserRow, Role] | None:
        """Return whose token this is and its role; None if it is none, expired or revoked."""
        from sqlalchemy import select

        query = select(users, tokens.c.role).join(tokens, tokens.c.user == users.c.name)
        good = (tokens.c.expires > now) & tokens.c.revoked.is_(None) & users.c.enabled
        with self._database.read() as connection:
            row = connection.execute(query.where(tokens.c.digest == digest_of(token), good)).first()
        return None if row is None else (_user(row), row.role)

    def tokens_of(self, user: str) -> tuple[TokenRow, ...]:
        """Return a user's tokens, those last to expire first."""
        from sqlalchemy import select

        with self._database.read() as connection:
            rows = connection.execute(
                select(tokens).where(tokens.c.user == user).order_by(tokens.c.expires.desc())
            ).all()
        return tuple(
            TokenRow(row.id, row.user, row.role, row.label, row.expires, row.revoked) for row in rows
        )

    def revoke_token(self, id_: str, user: str, now: float) -> bool:
        """Revoke a user's token; False if there is no such token."""
        with self._database.begin() as connection:
            mine = (tokens.c.id == id_) & (tokens.c.user == user)
            found = connection.execute(tokens.update().where(mine).values(revoked=now))
        return found.rowcount == 1

    def failures(self, what: str, name: str, host: str, since: float) -> tuple[int, int, int]:
        """Return how often the audit log has a failure to log in since a time.

        Args:
            what: what the log calls it.
            name: with which name.
            host: from which address.
            since: from when on.

        Returns:
            How often with this name from this address, with this name, and from this address.
        """
        from sqlalchemy import and_, func, select

        from remotecal.store.tables import audit

        by, there = audit.c.who == name, audit.c.data == json.dumps({"host": host})
        one, of_name, of_host = (func.count().filter(either) for either in (and_(by, there), by, there))
        counted = select(one.label("one"), of_name.label("of_name"), of_host.label("of_host"))
        recent = (audit.c.at > since) & (audit.c.what == what)
        with self._database.read() as connection:
            row = connection.execute(counted.select_from(audit).where(recent)).one()
        return row.one, row.of_name, row.of_host


def _has(connection: Connection, user: str, passkey: int) -> bool:
    from sqlalchemy import select

    theirs = (passkeys.c.id == passkey) & (passkeys.c.user == user)
    return connection.execute(select(passkeys.c.id).where(theirs)).first() is not None


def _administrators(connection: Connection) -> set[str]:
    """Return who can enter users, and let nobody change that meanwhile."""
    from sqlalchemy import select

    rows = connection.execute(select(users.c.name, users.c.roles).where(users.c.enabled).with_for_update())
    return {row.name for row in rows if "administrator" in row.roles.split()}


def _end_secrets(connection: Connection, name: str) -> None:
    """End what lets its bearer in as somebody: tokens, and the address of a calendar."""
    good = (tokens.c.user == name) & tokens.c.revoked.is_(None)
    connection.execute(tokens.update().where(good).values(revoked=time.time()))
    connection.execute(notice_ways.update().where(notice_ways.c.user == name).values(feed=None))


def _user(row: Row[tuple[object, ...]]) -> UserRow:
    roles = cast("frozenset[Role]", frozenset(row.roles.split()))
    return UserRow(row.name, row.password, roles, row.account, row.enabled)
