"""The tables. Times are seconds since 1970, UTC; what is signed or hashed is kept as the bytes it was.

Each list has an index for its order behind each of its filters (`pages`), and what is counted of few rows
an index of just these (`figures`).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from remotecal.store.few import AWAITING, EARLY, FEW_RUNS, OPEN, REASONED, UNSAFE, WAITING
from remotecal.store.lines import KeptLine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

TOLD = ("run", "station", "duty", "edition", "device", "at", "by", "number", "token")
"""All that is told of signatures, without the certificates; those of one run are beside each other.

The run comes first: where several runs are asked for that one station had, SQLite would go through all of
that station.
"""
STANDARD = ("maker", "model", "serial", "certificate", "valid_until", "at", "station", "run")
"""By what two instruments are one standard, and all that tells how often and when it took part."""


def few(name: str, which: str, *columns: str) -> Index:
    """Return an index of few rows; SQLite takes it only where a query says the same in the same words."""
    return Index(name, *columns, sqlite_where=text(which), postgresql_where=text(which))


stations = Table(
    "stations",
    metadata,
    Column("name", Text, primary_key=True),
    Column("key", Text, nullable=False, comment="Ed25519 public key that signs its journals, base64"),
    Column("enabled", Boolean, nullable=False),
    Column("enrolled", Float, nullable=False),
    Column("certificate", Text, nullable=False, comment="SHA-256 of its latest certificate"),
    Column("certificate_until", Float, nullable=False),
    Column("session", Text, comment="the latest start of its agent"),
    Column("seen", Float),
    Column("announced", Text, comment="what it said of itself, JSON"),
    Column(
        "used", BigInteger, nullable=False, server_default="0", comment="bytes of lines and files kept for it"
    ),
)

enrolment_codes = Table(
    "enrolment_codes",
    metadata,
    Column("digest", Text, primary_key=True, comment="SHA-256 of the code's secret"),
    Column("station", Text, nullable=False),
    Column("expires", Float, nullable=False),
    Column("used", Float),
)

orders = Table(
    "orders",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("station", Text, ForeignKey("stations.name"), nullable=False),
    Column("envelope", LargeBinary, nullable=False, comment="the signed order"),
    Column("issued", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("by", Text, nullable=False),
    Column("state", Text, nullable=False, comment="issued, claimed, refused or withdrawn"),
    Column("claim", Text, comment="what the station that claimed it showed"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("repeat_key", Text, comment="with which whoever issued it may ask again"),
    Column("repeat_digest", Text, comment="SHA-256 of the request that had that key"),
    Column("account", Text, comment="the customer's account that may see it"),
    Column("item", BigInteger, comment="number of the item it is for"),
    Column("bench", Text, comment="name of the bench it is for"),
    Column("planned", Text, comment="day it is planned for, ISO 8601"),
    Column("procedure", Text, comment="full name of its procedure"),
    Column("customer", Text, comment="name by language, JSON"),
    Column("device", Text, comment="what it is for, the first of several, by language, JSON"),
    Column("serial", Text, comment="that one's number, the maker's or else its owner's"),
    Column("devices", Integer, comment="how many it is for"),
    Column("words", Text, comment="names of both by all languages, a line each"),
    Index(None, "issued", "id"),
    Index(None, "procedure", "issued", "id"),
    Index("ix_orders_words", "words", "id"),
    Index(None, "item", "issued", "id"),
    Index(None, "number", "issued", "id"),
    Index(None, "account", "issued", "id"),
    Index(None, "station", "issued", "id"),
    Index(None, "state", "issued", "id"),
    Index(None, "station", "state", "issued", "id"),
    few("ix_orders_waiting", WAITING, "state", "station", "issued", "expires"),
    few("ix_orders_reasoned", REASONED, "issued"),
    Index("uq_orders_by_repeat_key", "by", "repeat_key", unique=True),
)

runs = Table(
    "runs",
    metadata,
    Column("station", Text, ForeignKey("stations.name"), primary_key=True),
    Column("run", Text, primary_key=True),
    Column("committed", Integer, nullable=False, comment="number of its journal's last line here"),
    Column("head", Text, nullable=False, comment="hash of that line"),
    Column("state", Text, nullable=False),
    Column("began", Float, nullable=False),
    Column("updated", Float, nullable=False),
    Column("conflict", Text, nullable=False, server_default="", comment="why lines were refused"),
    Column(
        "unordered", Text, nullable=False, server_default="", comment="why it is none the laboratory ordered"
    ),
    Column("failed", Text, nullable=False, server_default="", comment="why no record of it can be computed"),
    Column("account", Text, comment="that of its order, where the order was for its station"),
    Column("record", Text, nullable=False, server_default="", comment="agrees or differs, once it is there"),
    Column("awaiting", Text, nullable=False, server_default="", comment="which signature comes next"),
    Column("acknowledged", Integer, comment="lines of its journal up to which somebody has seen to it"),
    Column("procedure", Text, nullable=False, server_default="", comment="that its record names"),
    Column("ordered", Float, comment="when its order was issued, where that was for its station"),
    Column("bench", Text, nullable=False, server_default="", comment="that this order names"),
    Column("why", Text, nullable=False, server_default="", comment="why it stopped, or is not safe"),
    Column("why_line", Integer, nullable=False, server_default="0", comment="line that says so"),
    Column("safe", Text, nullable=False, server_default="", comment="yes, no or nothing, once told"),
    Column("on_site", Text, nullable=False, server_default="", comment="who acted there last"),
    Index(None, "began", "station", "run"),
    Index(None, "account", "began", "station", "run"),
    Index(None, "station", "began", "run"),
    Index(None, "state", "began", "station", "run"),
    Index(None, "station", "state", "began", "run"),
    Index(None, "run", postgresql_ops={"run": "text_pattern_ops"}),
    *(few(f"ix_runs_{name}", which, "state") for name, which in FEW_RUNS.items()),
    few("ix_runs_unsafe", UNSAFE, "state"),
    few("ix_runs_awaiting", AWAITING, "state"),
    few("ix_runs_early", EARLY, "ordered"),
)

journal_lines = Table(
    "journal_lines",
    metadata,
    Column("station", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("line", KeptLine, nullable=False),
)

run_equipment = Table(
    "run_equipment",
    metadata,
    Column("station", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column("name", Text, primary_key=True, comment="its name on the bench"),
    Column("at", Float, nullable=False, comment="when that was said, by the run's clock"),
    Column("roles", Text, nullable=False, comment="which it filled, by blanks"),
    Column("maker", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("serial", Text, nullable=False, comment="as it says itself, or its certificate, or the bench"),
    Column("certificate", Text, nullable=False, comment="number of its certificate"),
    Column("certificate_sha256", Text, nullable=False, comment="of that certificate's file"),
    Column("valid_until", Text, nullable=False, comment="last day of that certificate, ISO 8601"),
    Column(
        "first_line",
        Integer,
        nullable=False,
        server_default="0",
        comment="of the journal, of those in which it was used; 0 where none tells of it",
    ),
    Column("last_line", Integer, nullable=False, server_default="0", comment="likewise"),
    Index(None, "serial", "at", "station", "run"),
    Index(None, "certificate", "at", "station", "run"),
    Index("ix_run_equipment_standard", *STANDARD),
    comment="who took part in a run; an index of journals",
)

run_items = Table(
    "run_items",
    metadata,
    Column("station", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False, comment="in the order, from 0"),
    Column("at", Float, nullable=False, comment="when that was said, by the run's clock"),
    Column("name", Text, nullable=False, comment="by language, JSON"),
    Column("maker", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("serial", Text, nullable=False),
    Column("owner_number", Text, nullable=False),
    Column("customer", Text, nullable=False, comment="by language, JSON"),
    Column("certificate", Text, nullable=False, comment="number its certificate has, or will have"),
    Index(None, "serial", "station", "run"),
    Index(None, "owner_number", "station", "run"),
    Index(None, "certificate"),
    comment="what a run calibrates; an index of journals",
)

run_files = Table(
    "run_files",
    metadata,
    Column("station", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("line", Integer, nullable=False, comment="number of the line that names it first"),
    Column("size", Integer, nullable=False, comment="bytes it has"),
    Column("here", Integer, nullable=False, comment="bytes of it that are here, from its beginning"),
)

file_pieces = Table(
    "file_pieces",
    metadata,
    Column("station", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("begin", Integer, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)

records = Table(
    "records",
    metadata,
    Column("station", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column("head", Text, nullable=False, comment="hash of the journal it was computed from"),
    Column("key", Text, nullable=False, comment="Ed25519 public key that signed the journal, base64"),
    Column("record", Text, nullable=False, comment="the certificate's data, JSON"),
    Column("agrees", Boolean, nullable=False, comment="whether the station computed the same"),
    Column("computed", Float, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("data", Text, nullable=False, comment="JSON"),
    Column("chain", Text, nullable=False, server_default="", comment="hash of this and the chain before"),
    Index(None, "what", "id"),
    Index(None, "who", "id"),
    Index(None, "what", "who", "id"),
    Index(None, "what", "at"),
    Index(None, "at"),
)

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
    Column("used", Float, nullable=False, server_default="0", comment="when it was last"),
    Column("asked", Float, nullable=False, server_default="0", comment="when a password was"),
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
    Index(None, "user", "expires"),
)

signed_certificates = Table(
    "signed_certificates",
    metadata,
    Column("station", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column("device", Text, primary_key=True, server_default="", comment="of a run with a certificate each"),
    Column("duty", Text, primary_key=True),
    Column("by", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("xml", LargeBinary, nullable=False, comment="the certificate with this signature"),
    Column("pdf", LargeBinary, comment="once it is issued, as the PDF the laboratory signed"),
    Column("number", Text, comment="once it is issued, its number"),
    Column("token", Text, comment="once it is issued, by which its public page is found"),
    Column(
        "edition",
        Integer,
        primary_key=True,
        autoincrement=False,
        server_default="0",
        comment="how often it was amended",
    ),
    Index(None, "duty", "at"),
    Index("ix_signed_certificates_told", *TOLD),
    Index("uq_signed_certificates_number", "number", unique=True),
    Index("uq_signed_certificates_token", "token", unique=True),
    UniqueConstraint("station", "run", "device", "edition", "by", name="uq_signed_certificates_by"),
)

amendments = Table(
    "amendments",
    metadata,
    Column("station", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column("device", Text, primary_key=True),
    Column("edition", Integer, primary_key=True, autoincrement=False, comment="from 1"),
    Column("number", Text, nullable=False),
    Column("replaces", Text, nullable=False, comment="number of the certificate before"),
    Column("record", Text, nullable=False, comment="what the new certificate says, JSON"),
    Column("by", Text, nullable=False),
    Column("at", Float, nullable=False),
    Index("uq_amendments_number", "number", unique=True),
    Index("uq_amendments_replaces", "replaces", unique=True),
    comment="certificates that take the place of issued ones",
)

numbers = Table(
    "numbers",
    metadata,
    Column("series", Text, primary_key=True, comment="the pattern, with its year"),
    Column("next", Integer, nullable=False),
    comment="series of numbers of orders and certificates",
)

held_numbers = Table(
    "held_numbers",
    metadata,
    Column("compared", Text, primary_key=True, comment="the number as it is compared"),
    Column("number", Text, nullable=False, comment="as it is written"),
    Column("holder", Text, nullable=False, comment="the order it was given to"),
    Column("at", Float, nullable=False),
    Index(None, "at", "compared"),
    comment="numbers of orders and certificates that nobody else may have",
)

remarks = Table(
    "remarks",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("station", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("line", Integer, nullable=False, comment="of the journal that it is about; 0 for the run"),
    Column("text", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("answer", Text, nullable=False, server_default=""),
    Column("settled_by", Text, nullable=False, server_default=""),
    Column("settled", Float, comment="when it was answered"),
    Index(None, "station", "run"),
    few("ix_remarks_open", OPEN, "at"),
    comment="with which runs were returned to whoever performed them",
)

requests = Table(
    "requests",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False, comment="the customer's"),
    Column("by", Text, nullable=False, comment="the user who asked"),
    Column("at", Float, nullable=False),
    Column("item", Text, nullable=False, comment="what is to be calibrated"),
    Column("wanted", Text, nullable=False, comment="what is to be done"),
    Column("day", Text, nullable=False, comment="by when, ISO 8601; empty where they did not say"),
    Column("repeat_key", Text, nullable=False, comment="of the form: sent twice, it is one request"),
    Column("answer", Text, nullable=False, server_default=""),
    Column("settled_by", Text, nullable=False, server_default=""),
    Column("settled", Float, comment="when the laboratory answered"),
    Column("number", BigInteger, comment="of the item in the register, where it is one"),
    Index(None, "account", "at", "id"),
    few("ix_requests_open", OPEN, "at"),
    Index("uq_requests_by_repeat_key", "by", "repeat_key", unique=True),
    comment="what customers ask for, before there is an order",
)
