"""The first tables: stations, enrolment codes, orders, runs, journals, records, audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "stations",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column(
            "key", sa.Text, nullable=False, comment="Ed25519 public key that signs its journals, base64"
        ),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("enrolled", sa.Float, nullable=False),
        sa.Column("certificate", sa.Text, nullable=False, comment="SHA-256 of its latest certificate"),
        sa.Column("certificate_until", sa.Float, nullable=False),
        sa.Column("session", sa.Text, comment="the latest start of its agent"),
        sa.Column("seen", sa.Float),
        sa.Column("announced", sa.Text, comment="what it said of itself, JSON"),
    )
    op.create_table(
        "enrolment_codes",
        sa.Column("digest", sa.Text, primary_key=True, comment="SHA-256 of the code's secret"),
        sa.Column("station", sa.Text, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
        sa.Column("used", sa.Float),
    )
    _make_orders()
    _make_runs()
    op.create_table(
        "audit",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False, comment="JSON"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])


def _make_orders() -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("station", sa.Text, sa.ForeignKey("stations.name"), nullable=False),
        sa.Column("envelope", sa.LargeBinary, nullable=False, comment="the signed order"),
        sa.Column("issued", sa.Float, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, comment="issued, claimed, refused or withdrawn"),
        sa.Column("claim", sa.Text, comment="what the station that claimed it showed"),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("ix_orders_station_state", "orders", ["station", "state"])


def _make_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("station", sa.Text, sa.ForeignKey("stations.name"), primary_key=True),
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("committed", sa.Integer, nullable=False, comment="number of its journal's last line here"),
        sa.Column("head", sa.Text, nullable=False, comment="hash of that line"),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("began", sa.Float, nullable=False),
        sa.Column("updated", sa.Float, nullable=False),
        sa.Column("conflict", sa.Text, nullable=False, server_default="", comment="why lines were refused"),
    )
    op.create_table(
        "journal_lines",
        sa.Column("station", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("line", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "records",
        sa.Column("station", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("head", sa.Text, nullable=False, comment="hash of the journal it was computed from"),
        sa.Column(
            "key", sa.Text, nullable=False, comment="Ed25519 public key that signed the journal, base64"
        ),
        sa.Column("record", sa.Text, nullable=False, comment="the certificate's data, JSON"),
        sa.Column("agrees", sa.Boolean, nullable=False, comment="whether the station computed the same"),
        sa.Column("computed", sa.Float, nullable=False),
    )
