"""People: users, their sessions and tokens, customers' orders, signed certificates."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "users",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("password", sa.Text, nullable=False, comment="scrypt, with its settings and salt"),
        sa.Column("roles", sa.Text, nullable=False, comment="in alphabetical order, by blanks"),
        sa.Column("account", sa.Text, comment="whose orders a customer sees"),
        sa.Column("enabled", sa.Boolean, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.Text, primary_key=True, comment="SHA-256 of the session's secret"),
        sa.Column("user", sa.Text, sa.ForeignKey("users.name"), nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
    )
    op.create_table(
        "tokens",
        sa.Column("digest", sa.Text, primary_key=True, comment="SHA-256 of the token"),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("user", sa.Text, sa.ForeignKey("users.name"), nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
        sa.Column("revoked", sa.Float),
    )
    op.create_table(
        "order_accounts",
        sa.Column("order", sa.Text, sa.ForeignKey("orders.id"), primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
    )
    op.create_index("ix_order_accounts_account", "order_accounts", ["account"])
    op.create_table(
        "signed_certificates",
        sa.Column("station", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("duty", sa.Text, primary_key=True),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("xml", sa.LargeBinary, nullable=False, comment="the certificate with this signature"),
        sa.UniqueConstraint("station", "run", "by", name="uq_signed_certificates_station_run_by"),
    )
