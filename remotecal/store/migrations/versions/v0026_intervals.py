"""How intervals between calibrations ended: an index of the records of issued certificates."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0024"

TOLD = (
    "maker", "model", "quantity", "unit", "over", "against", "day", "number", "outside", "part", "days",
    "drift_part", "drift", "certificate", "before",
)  # fmt: skip


def upgrade() -> None:
    """Make the table; it was filled here once, by what the next version finds anew."""
    op.create_table(
        "ended_intervals",
        sa.Column("station", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column(
            "place", sa.Integer, primary_key=True, autoincrement=False, comment="of the item in the order"
        ),
        sa.Column("quantity", sa.Text, primary_key=True, comment="refTypes of the results, by blanks"),
        sa.Column("unit", sa.Text, primary_key=True, comment="of the errors"),
        sa.Column("over", sa.Text, primary_key=True, comment="unit of the places"),
        sa.Column("maker", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False, comment="the maker's of the item, or its owner's"),
        sa.Column("certificate", sa.Text, nullable=False, comment="its number, as numbers are compared"),
        sa.Column("before", sa.Text, nullable=False, comment="that of the certificate before"),
        sa.Column("day", sa.Text, nullable=False, comment="on which it ended, ISO 8601"),
        sa.Column("against", sa.Text, nullable=False, comment="limit or U"),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("results", sa.Integer, nullable=False, comment="that were judged"),
        sa.Column("outside", sa.Integer, nullable=False, comment="of these"),
        sa.Column("part", sa.Float, nullable=False, comment="the largest, of the limit or of U"),
        sa.Column("drift", sa.Float, comment="mean change in a year"),
        sa.Column("drift_part", sa.Float, comment="the largest in a year, of the limit or of U"),
        comment="how intervals between calibrations ended; an index of records",
    )
    op.create_index("ix_ended_intervals_told", "ended_intervals", list(TOLD))
