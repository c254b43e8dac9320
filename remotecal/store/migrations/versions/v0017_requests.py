"""Customers ask for calibrations; the audit log is asked for by day; records are counted by procedure."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"


def upgrade() -> None:
    """Make the table, the index and the column, and fill that from what the records say."""
    op.create_table(
        "requests",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("account", sa.Text, nullable=False, comment="the customer's"),
        sa.Column("by", sa.Text, nullable=False, comment="the user who asked"),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("item", sa.Text, nullable=False, comment="what is to be calibrated"),
        sa.Column("wanted", sa.Text, nullable=False, comment="what is to be done"),
        sa.Column("day", sa.Text, nullable=False, comment="by when, ISO 8601; empty where they did not say"),
        sa.Column(
            "repeat_key", sa.Text, nullable=False, comment="of the form: sent twice, it is one request"
        ),
        sa.Column("answer", sa.Text, nullable=False, server_default=""),
        sa.Column("settled_by", sa.Text, nullable=False, server_default=""),
        sa.Column("settled", sa.Float, comment="when the laboratory answered"),
        comment="what customers ask for, before there is an order",
    )
    op.create_index("ix_requests_account_at_id", "requests", ["account", "at", "id"])
    few = sa.text("settled IS NULL")
    op.create_index("ix_requests_open", "requests", ["at"], sqlite_where=few, postgresql_where=few)
    op.create_index("uq_requests_by_repeat_key", "requests", ["by", "repeat_key"], unique=True)
    op.create_index("ix_audit_at", "audit", ["at"])
    comment = "that the record names, for statistics"
    op.add_column(
        "records", sa.Column("procedure", sa.Text, nullable=False, server_default="", comment=comment)
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    named = (
        "json_extract(record, '$.evidence.procedure')"
        if sqlite
        else "CAST(record AS json) -> 'evidence' ->> 'procedure'"
    )
    op.execute(f"UPDATE records SET procedure = COALESCE({named}, '')")  # noqa: S608  written here
