"""The tables of what falls due: items with their intervals, notices, and how somebody is told."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, Table, Text

from remotecal.store.tables import few, metadata

UNSENT = "sent IS NULL"
"""Which notices were not sent by mail."""

items = Table(
    "items",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column(
        "account",
        Text,
        nullable=False,
        server_default="",
        comment="the customer's account; '' for the laboratory's own",
    ),
    Column("same", Text, nullable=False, comment="maker, model and number as they are compared"),
    Column("name", Text, nullable=False, comment="by language, JSON"),
    Column("maker", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("serial", Text, nullable=False),
    Column("owner_number", Text, nullable=False),
    Column("place", Text, nullable=False, comment="where it is"),
    Column("months", Integer, comment="from one calibration to the next"),
    Column("rule", Text, nullable=False, comment="which day is the last: before, same or month"),
    Column("due_set", Text, nullable=False, comment="last day as set by hand, ISO 8601"),
    Column(
        "due",
        Text,
        nullable=False,
        comment="last day that counts: as set by hand, or computed from the last certificate",
    ),
    Column("certificate", Text, nullable=False, comment="number of the last certificate issued"),
    Column("calibrated", Text, nullable=False, comment="last day of that calibration, ISO 8601"),
    Column("station", Text, nullable=False, comment="where that was"),
    Column("run", Text, nullable=False, comment="the run of that"),
    Column("entered", Float, nullable=False),
    Column("by", Text, nullable=False, comment="who entered it"),
    Index("uq_items_account_same", "account", "same", unique=True),
    Index(None, "account", "due", "id"),
    Index(None, "due", "id"),
    Index(None, "serial", "id"),
    Index(None, "owner_number", "id"),
    comment="what is calibrated here",
)

notices = Table(
    "notices",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False, comment="standard, fact, item, person, accreditation or station"),
    Column("about", Text, nullable=False, comment="what it is called by"),
    Column("what", Text, nullable=False, comment="what it is, in words"),
    Column(
        "account", Text, nullable=False, server_default="", comment="whose it is; '' for the laboratory's own"
    ),
    Column("to", Text, nullable=False, comment="the user who is told"),
    Column("due", Text, nullable=False, comment="last day, ISO 8601"),
    Column("days", Integer, nullable=False, comment="how many before the last day, at most"),
    Column("made", Float, nullable=False),
    Column("tried", Float, comment="when it was last tried to send it by mail"),
    Column("sent", Float, comment="when it was sent by mail"),
    Column("acknowledged", Float),
    Index("uq_notices_kind_about_to_due_days", "kind", "about", "to", "due", "days", unique=True),
    Index(None, "to", "id"),
    few("ix_notices_unsent", UNSENT, "to"),
    comment="who was told what falls due",
)

notice_ways = Table(
    "notice_ways",
    metadata,
    Column("user", Text, ForeignKey("users.name"), primary_key=True),
    Column("mail", Text, nullable=False, server_default="", comment="address; '' for none"),
    Column("feed", Text, comment="SHA-256 of the secret in the address of their calendar"),
    Index("uq_notice_ways_feed", "feed", unique=True),
    comment="how somebody is told besides the page",
)
