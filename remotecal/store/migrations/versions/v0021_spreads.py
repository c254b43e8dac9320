"""How repeats scatter: an index of records, which 0024 makes anew and fills."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "run_spreads",
        sa.Column("station", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("unit", sa.Text, primary_key=True, comment="of the results"),
        sa.Column("procedure", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False, comment="on which it was finished, ISO 8601"),
        sa.Column("results", sa.Integer, nullable=False, comment="with repeats in their budgets"),
        sa.Column(
            "squares", sa.Float, nullable=False, comment="sum of what repeats contribute to them, squared"
        ),
        sa.Column("largest", sa.Float, nullable=False, comment="the largest of these contributions"),
        comment="how repeats scatter; an index of records",
    )
    op.create_index("ix_run_spreads_day", "run_spreads", ["day"])
