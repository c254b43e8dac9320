"""When a session was last used, and the issued certificate as the PDF the laboratory signed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns; whoever is logged in will have to do so anew."""
    op.execute("DELETE FROM sessions")
    op.add_column(
        "sessions",
        sa.Column("used", sa.Float, nullable=False, server_default="0", comment="when it was last"),
    )
    op.add_column(
        "signed_certificates",
        sa.Column("pdf", sa.LargeBinary, comment="once it is issued, as the PDF the laboratory signed"),
    )
