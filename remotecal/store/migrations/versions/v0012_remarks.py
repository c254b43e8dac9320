"""Runs are returned with remarks, and these are answered; an issued certificate has a public page."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the table, and the column; the hub fills it when it starts."""
    op.create_table(
        "remarks",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("station", sa.Text, nullable=False),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column(
            "line", sa.Integer, nullable=False, comment="of the journal that it is about; 0 for the run"
        ),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("answer", sa.Text, nullable=False, server_default=""),
        sa.Column("settled_by", sa.Text, nullable=False, server_default=""),
        sa.Column("settled", sa.Float, comment="when it was answered"),
        comment="with which runs were returned to whoever performed them",
    )
    op.create_index("ix_remarks_station_run", "remarks", ["station", "run"])
    few = sa.text("settled IS NULL")
    op.create_index("ix_remarks_open", "remarks", ["at"], sqlite_where=few, postgresql_where=few)
    comment = "once it is issued, by which its public page is found"
    op.add_column("signed_certificates", sa.Column("token", sa.Text, comment=comment))
    op.create_index("uq_signed_certificates_token", "signed_certificates", ["token"], unique=True)
