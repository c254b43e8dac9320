"""Why no record of a run can be computed."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column; of runs from before, the audit log says it."""
    op.add_column(
        "runs",
        sa.Column(
            "failed",
            sa.Text,
            nullable=False,
            server_default="",
            comment="why no record of it can be computed",
        ),
    )
