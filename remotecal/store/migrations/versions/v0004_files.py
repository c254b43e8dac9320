"""Photos and other files of runs: those a journal names, and their content in pieces as it arrives."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "run_files",
        sa.Column("station", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("line", sa.Integer, nullable=False, comment="number of the line that names it first"),
        sa.Column("size", sa.Integer, nullable=False, comment="bytes it has"),
        sa.Column(
            "here", sa.Integer, nullable=False, comment="bytes of it that are here, from its beginning"
        ),
    )
    op.create_table(
        "file_pieces",
        sa.Column("station", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("begin", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
