"""Runs that nobody ordered, what each station takes of the database, and numbers that are issued once."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

USED = """
UPDATE stations SET used =
    coalesce((SELECT sum(length(line)) FROM journal_lines WHERE station = stations.name), 0)
    + coalesce((SELECT sum(length(content)) FROM file_pieces WHERE station = stations.name), 0)
"""


def upgrade() -> None:
    """Add the columns, and count what is there."""
    op.add_column(
        "runs",
        sa.Column(
            "unordered",
            sa.Text,
            nullable=False,
            server_default="",
            comment="why it is none the laboratory ordered",
        ),
    )
    op.add_column(
        "stations",
        sa.Column(
            "used",
            sa.BigInteger,
            nullable=False,
            server_default="0",
            comment="bytes of lines and files kept for it",
        ),
    )
    op.execute(USED)
    op.add_column(
        "signed_certificates", sa.Column("number", sa.Text, comment="once it is issued, its number")
    )
    op.create_index("uq_signed_certificates_number", "signed_certificates", ["number"], unique=True)
