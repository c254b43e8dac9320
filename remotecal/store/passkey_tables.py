"""The tables of passkeys, and of what was asked of one a moment ago."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, LargeBinary, Table, Text

from remotecal.store.tables import metadata

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("user", Text, ForeignKey("users.name"), nullable=False),
    Column("credential", Text, nullable=False, unique=True, comment="what its device calls it, base64url"),
    Column("handle", LargeBinary, nullable=False, comment="what its device calls the user"),
    Column("key", LargeBinary, nullable=False, comment="its public key, COSE"),
    Column(
        "signed", BigInteger, nullable=False, comment="how often it signed, as its device says; 0: not told"
    ),
    Column("name", Text, nullable=False, comment="by which its owner knows it"),
    Column("made", Float, nullable=False),
    Column("used", Float, comment="when it last said who somebody is"),
    Index(None, "user", "id"),
    comment="with which people log in, beside their password",
)

passkey_challenges = Table(
    "passkey_challenges",
    metadata,
    Column("digest", Text, primary_key=True, comment="SHA-256 of whom it was given to, and what for"),
    Column("challenge", LargeBinary, nullable=False),
    Column("expires", Float, nullable=False),
    Index(None, "expires"),
    comment="what a passkey is to sign, once",
)
