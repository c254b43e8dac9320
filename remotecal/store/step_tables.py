"""The tables of how long the steps of orders took."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, Table, Text

from remotecal.store.tables import metadata

PACKED = "seconds it took those ordered that day, rising: 8 bytes each (IEEE 754, the lowest first)"

run_steps = Table(
    "run_steps",
    metadata,
    Column("station", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column("procedure", Text, nullable=False),
    Column("ordered", Float, comment="when its order was issued; none where it is none that was ordered"),
    Column("begun", Float, nullable=False, comment="when its first line arrived"),
    Column("complete", Float, nullable=False, comment="when its last line did"),
    Column("performed", Float, comment="when the last of its certificates was signed so; likewise:"),
    Column("reviewed", Float),
    Column("approved", Float),
    Column("issued", Float),
    Column("looked", Boolean, nullable=False, comment="whether somebody reviewed it, or returned it"),
    Column("returned", Boolean, nullable=False, comment="whether it was returned with a remark"),
    Index(None, "ordered"),
    Index(None, "begun"),
    comment="when the steps of runs with a record were done; an index of orders, runs and signatures",
)

work_days = Table(
    "work_days",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False, comment="since 1970-01-01, UTC"),
    Column("procedure", Text, primary_key=True, comment="that without a name stands for each day"),
    Column("looked", Integer, nullable=False, comment="runs begun that day that were reviewed or returned"),
    Column("returned", Integer, nullable=False, comment="of these, returned with a remark"),
    Column("begun", LargeBinary, nullable=False, comment=PACKED),
    Column("complete", LargeBinary, nullable=False, comment="likewise"),
    Column("performed", LargeBinary, nullable=False, comment="likewise"),
    Column("reviewed", LargeBinary, nullable=False, comment="likewise"),
    Column("approved", LargeBinary, nullable=False, comment="likewise"),
    Column("issued", LargeBinary, nullable=False, comment="likewise"),
    Column("whole", LargeBinary, nullable=False, comment="likewise"),
    comment="how long steps took, by day; an index of `run_steps`, without the days that changed since",
)
