"""The table of the screens on a wall."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, Table, Text

from remotecal.store.tables import metadata

walls = Table(
    "walls",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("place", Text, nullable=False, comment="where the screen hangs"),
    Column("digest", Text, nullable=False, unique=True, comment="SHA-256 of the secret in its address"),
    Column("language", Text, nullable=False, comment="of what it shows"),
    Column("full", Boolean, nullable=False, comment="whether it tells names and indications"),
    Column("by", Text, nullable=False, comment="who let it show"),
    Column("at", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("revoked", Float),
    comment="screens that show what is on to whoever stands before them",
)
