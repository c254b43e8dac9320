"""Screens on a wall."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Make the table."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "walls",
        sa.Column("id", number, primary_key=True, autoincrement=True),
        sa.Column("place", sa.Text, nullable=False, comment="where the screen hangs"),
        sa.Column(
            "digest", sa.Text, nullable=False, unique=True, comment="SHA-256 of the secret in its address"
        ),
        sa.Column("language", sa.Text, nullable=False, comment="of what it shows"),
        sa.Column("full", sa.Boolean, nullable=False, comment="whether it tells names and indications"),
        sa.Column("by", sa.Text, nullable=False, comment="who let it show"),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
        sa.Column("revoked", sa.Float),
        comment="screens that show what is on to whoever stands before them",
    )
