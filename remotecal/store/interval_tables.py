"""The tables of how intervals between calibrations ended."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, Table, Text

from remotecal.store.tables import metadata

BY_MODEL = (
    "maker", "model", "quantity", "unit", "over", "against", "day", "number", "outside", "part", "days",
    "drift_part", "drift", "certificate", "before",
)  # fmt: skip
"""All that is told of the intervals of models, so that none of their rows is read for it."""

ended_intervals = Table(
    "ended_intervals",
    metadata,
    Column("station", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False, comment="of the item in the order"),
    Column("quantity", Text, primary_key=True, comment="refTypes of the results, by blanks"),
    Column("unit", Text, primary_key=True, comment="of the errors"),
    Column("over", Text, primary_key=True, comment="unit of the places"),
    Column("maker", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("number", Text, nullable=False, comment="the maker's of the item, or its owner's"),
    Column("certificate", Text, nullable=False, comment="its number, as numbers are compared"),
    Column("before", Text, nullable=False, comment="that of the certificate before"),
    Column("day", Text, nullable=False, comment="on which it ended, ISO 8601"),
    Column("against", Text, nullable=False, comment="limit or U"),
    Column("days", Integer, nullable=False),
    Column("results", Integer, nullable=False, comment="that were judged"),
    Column("outside", Integer, nullable=False, comment="of these"),
    Column("part", Float, nullable=False, comment="the largest, of the limit or of U"),
    Column("drift", Float, comment="mean change in a year"),
    Column("drift_part", Float, comment="the largest in a year, of the limit or of U"),
    Index("ix_ended_intervals_told", *BY_MODEL),
    Index("ix_ended_intervals_item", "maker", "model", "number"),
    Index(None, "certificate"),
    Index(None, "before"),
    comment="how intervals between calibrations ended; an index of records",
)

KEY = ("maker", "model", "number", "quantity", "unit", "over", "against")
"""Of which item, and which of its results, intervals are told together."""

item_ends = Table(
    "item_ends",
    metadata,
    *(Column(name, Text, primary_key=True) for name in KEY),
    Column(
        "intervals", Integer, primary_key=True, autoincrement=False, comment="so many last ones it is told of"
    ),
    Column("outside", Integer, nullable=False, comment="of these, with a result outside"),
    Column("last_outside", Boolean, nullable=False, comment="whether the last one was"),
    Column("part", Float, nullable=False, comment="the largest, of the limit or of U"),
    Column("days", Float, nullable=False, comment="how long they were, in the mean"),
    Column("drift_part", Float, comment="the largest in a year, of the limit or of U"),
    Column("drift", Float, comment="mean change in a year"),
    Column("first", Text, nullable=False, comment="day on which the first of these ended, ISO 8601"),
    Column("last", Text, nullable=False, comment="on which the last did"),
    Column("earlier", Text, nullable=False, comment="on which the one before these did, if it would count"),
    Column("advised", Integer, nullable=False, comment="place of what is advised among all that may be"),
    Index("ix_item_ends_advised", "advised", *KEY, "first", "earlier", "last"),
    Index(None, "last"),
    comment="how the last intervals of items ended; an index of `ended_intervals`",
)
