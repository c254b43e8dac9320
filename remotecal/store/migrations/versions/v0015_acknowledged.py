"""Whoever has seen to a run that stands still says so, and it is called no more until something happens."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the column; nobody has seen to any yet."""
    comment = "lines of its journal up to which somebody has seen to it"
    op.add_column("runs", sa.Column("acknowledged", sa.Integer, comment=comment))
