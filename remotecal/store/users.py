"""People: who may use the laboratory's API, as what, and whose orders are whose.

Passwords, sessions and tokens are kept as digests only: whoever reads the database can't log in.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, cast, get_args

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint

from remotecal.errors import ConfigurationError
from remotecal.store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy import Row

    from remotecal.store.database import Database

Role = Literal["operator", "reviewer", "approver", "administrator", "customer"]
"""What somebody is at the laboratory, or that they are its customer."""
ROLES: tuple[Role, ...] = get_args(Role)

users = Table(
    "users",
    metadata,
    Column("name", Text, primary_key=True),
    Column("password", Text, nullable=False, comment="scrypt, with its settings and salt"),
    Column("roles", Text, nullable=False, comment="in alphabetical order, by blanks"),
    Column("account", Text, comment="whose orders a customer sees"),
    Column("enabled", Boolean, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", Text, primary_key=True, comment="SHA-256 of the session's secret"),
    Column("user", Text, ForeignKey("users.name"), nullable=False),
    Column("expires", Float, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("digest", Text, primary_key=True, comment="SHA-256 of the token"),
    Column("id", Text, nullable=False, unique=True),
    Column("user", Text, ForeignKey("users.name"), nullable=False),
    Column("role", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("expires", Float, nullable=False),
    Column("revoked", Float),
)

order_accounts = Table(
    "order_accounts",
    metadata,
    Column("order", Text, ForeignKey("orders.id"), primary_key=True),
    Column("account", Text, nullable=False),
    Index(None, "account"),
)

signed_certificates = Table(
    "signed_certificates",
    metadata,
    Column("station", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column("duty", Text, primary_key=True),
    Column("by", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("xml", LargeBinary, nullable=False, comment="the certificate with this signature"),
    UniqueConstraint("station", "run", "by", name="uq_signed_certificates_station_run_by"),
)


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
    """Users, their sessions and tokens, and the accounts that orders belong to."""

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
    ) -> None:
        """Enter a user, or change one; whoever was logged in under the name is logged out.

        Args:
            name: the user.
            roles: what they are; a customer is nothing else.
            password: as `remotecal.web.passwords.digest` gives it; None to leave it as it is.
            account: for a customer, whose orders they see.
            enabled: whether they may use the API.

        Raises:
            ConfigurationError: roles and account don't go together, or a new user has no password.
        """
        if not roles or not set(roles) <= set(ROLES):
            raise ConfigurationError(f"{name} needs at least one of the roles {', '.join(ROLES)}")
        if "customer" in roles and (len(set(roles)) > 1 or not account):
            raise ConfigurationError("a customer has an account, and no role beside it")
        if "customer" not in roles and account is not None:
            raise ConfigurationError("only a customer has an account")
        values = {"roles": " ".join(sorted(set(roles))), "account": account, "enabled": enabled}
        if password is not None:
            values["password"] = password
        with self._database.begin() as connection:
            changed = connection.execute(users.update().where(users.c.name == name).values(**values))
            if changed.rowcount == 0:
                if password is None:
                    raise ConfigurationError(f"{name} is a new user and needs a password")
                connection.execute(users.insert().values(name=name, **values))
            connection.execute(sessions.delete().where(sessions.c.user == name))

    def set_password(self, name: str, password: str) -> None:
        """Give a user another password, as `put`; whoever was logged in under the name is logged out."""
        with self._database.begin() as connection:
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

    def open_session(self, name: str, expires: float, now: float) -> str:
        """Return the secret of a new session; sessions that are over are forgotten."""
        secret = secrets.token_urlsafe(32)
        with self._database.begin() as connection:
            connection.execute(sessions.delete().where(sessions.c.expires < now))
            connection.execute(sessions.insert().values(digest=_digest(secret), user=name, expires=expires))
        return secret

    def close_session(self, secret: str) -> None:
        """End a session."""
        with self._database.begin() as connection:
            connection.execute(sessions.delete().where(sessions.c.digest == _digest(secret)))

    def of_session(self, secret: str, now: float) -> tuple[UserRow, float] | None:
        """Return whose session this is and when it ends; None if it is none, or over."""
        from sqlalchemy import select

        query = select(users, sessions.c.expires).join(sessions, sessions.c.user == users.c.name)
        with self._database.read() as connection:
            row = connection.execute(
                query.where(sessions.c.digest == _digest(secret), sessions.c.expires > now, users.c.enabled)
            ).first()
        return None if row is None else (_user(row), row.expires)

    def new_token(self, user: str, role: Role, label: str, expires: float) -> tuple[str, TokenRow]:
        """Return a new token, and what is known of it."""
        token = f"remotecal_{secrets.token_urlsafe(32)}"
        known = TokenRow(secrets.token_hex(8), user, role, label, expires, None)
        with self._database.begin() as connection:
            connection.execute(
                tokens.insert().values(
                    digest=_digest(token), id=known.id, user=user, role=role, label=label, expires=expires
                )
            )
        return token, known

    def of_token(self, token: str, now: float) -> tuple[UserRow, Role] | None:
        """Return whose token this is and its role; None if it is none, expired or revoked."""
        from sqlalchemy import select

        query = select(users, tokens.c.role).join(tokens, tokens.c.user == users.c.name)
        good = (tokens.c.expires > now) & tokens.c.revoked.is_(None) & users.c.enabled
        with self._database.read() as connection:
            row = connection.execute(query.where(tokens.c.digest == _digest(token), good)).first()
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

    def assign(self, order: str, account: str) -> None:
        """Give an order to a customer's account, instead of the one it had."""
        insert = self._database.insert(order_accounts).values(order=order, account=account)
        with self._database.begin() as connection:
            connection.execute(
                insert.on_conflict_do_update(index_elements=["order"], set_={"account": account})
            )

    def accounts_of(self, orders: Iterable[str]) -> dict[str, str]:
        """Return order → account, for those that have one."""
        from sqlalchemy import select

        with self._database.read() as connection:
            rows = connection.execute(
                select(order_accounts).where(order_accounts.c.order.in_(list(orders)))
            ).all()
        return {row.order: row.account for row in rows}

    def orders_of(self, account: str, limit: int) -> tuple[str, ...]:
        """Return the orders of an account, the latest first."""
        from sqlalchemy import select

        from remotecal.store.tables import orders

        query = select(orders.c.id).join(order_accounts, order_accounts.c.order == orders.c.id)
        with self._database.read() as connection:
            rows = connection.execute(
                query.where(order_accounts.c.account == account).order_by(orders.c.issued.desc()).limit(limit)
            ).scalars()
            return tuple(rows)


def _digest(secret: str) -> str:
    # Of 32 random bytes, so a fast hash without salt can't be searched.
    return sha256(secret.encode()).hexdigest()


def _user(row: Row[tuple[object, ...]]) -> UserRow:
    roles = cast("frozenset[Role]", frozenset(row.roles.split()))
    return UserRow(row.name, row.password, roles, row.account, row.enabled)
