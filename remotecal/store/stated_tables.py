"""The tables of what certificates stated, beside what the laboratory may certify."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, Table, Text, UniqueConstraint

from remotecal.store.tables import few, metadata

BEHIND = "ended <> revision"
"""Of which certificates it is not known how the intervals ended that they end or begin; few among many."""
NEVER = -1
"""What is no revision."""
WANTING = "wanting"
"""Which results are not within what the laboratory may certify."""

stated_certificates = Table(
    "stated_certificates",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("station", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("device", Text, nullable=False, comment="whose, where each device of the run has its own"),
    Column("number", Text, nullable=False, comment="of the certificate, as it was amended last"),
    Column("scope", Text, nullable=False, comment="hash of the scope it was compared with; empty for none"),
    Column("revision", Integer, nullable=False, comment="how often it, or its record, became another one"),
    Column(
        "ended",
        Integer,
        nullable=False,
        server_default=str(NEVER),
        comment="revision whose intervals are found",
    ),
    UniqueConstraint("station", "run", "device", name="uq_stated_certificates"),
    Index(None, "scope", "id"),
    few("ix_stated_certificates_behind", BEHIND, "id"),
    comment="issued certificates whose results are held against the scope",
)

stated_results = Table(
    "stated_results",
    metadata,
    Column("certificate", BigInteger, primary_key=True, autoincrement=False),
    Column("place", Text, primary_key=True, comment="in the run's record, as in the address of its evidence"),
    Column("capability", Text, nullable=False, comment="hash of the capability that is for it; empty: none"),
    Column("quantity", Text, nullable=False, comment="of the capability, or the refTypes, by blanks"),
    Column("day", Text, nullable=False, comment="on which the measurement was finished, ISO 8601"),
    Column("wanting", Boolean, nullable=False, comment="U below the CMC or no capability, and not marked"),
    Column("marked", Boolean, nullable=False, comment="as outside the scope"),
    Column("ratio", Float, comment="of U to the CMC"),
    Column("expanded", Text, nullable=False, comment="U as stated"),
    Column("unit", Text, nullable=False, comment="of that"),
    Column("k", Text, nullable=False),
    Column("at", Text, nullable=False, comment="in the range of the capability, in its unit"),
    Column("compared", Text, nullable=False, comment="U at about 95 %, in the unit of the CMC"),
    Index("ix_stated_results_told", "capability", "quantity", "day", "ratio", "wanting", "marked"),
    few("ix_stated_results_wanting", WANTING, "day", "certificate", "place"),
    comment="results of issued certificates; an index of records",
)

stated_days = Table(
    "stated_days",
    metadata,
    Column("capability", Text, primary_key=True),
    Column("quantity", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("results", Integer, nullable=False, comment="that day"),
    Column("wanting", Integer, nullable=False, comment="of these, as `stated_results` has it"),
    Column("marked", Integer, nullable=False, comment="of these, marked as outside the scope"),
    Column("ratio", Float, comment="the smallest"),
    Column("certificate", BigInteger, nullable=False, comment="whose result that is"),
    Column("place", Text, nullable=False, comment="of that result"),
    Index(None, "day", "capability", "quantity"),
    comment="how many results there are of a day, and the smallest; an index of `stated_results`",
)
