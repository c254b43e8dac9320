"""How runs stand: why they stopped, whether their rigs are safe, who is on site.

Of runs that are there, `remotecal hub reindex` reads that from their journals.
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

UNSAFE = sa.text("safe = 'no'")
COLUMNS = (
    sa.Column("why", sa.Text, nullable=False, server_default="", comment="why it stopped, or is not safe"),
    sa.Column("why_line", sa.Integer, nullable=False, server_default="0", comment="line that says so"),
    sa.Column("safe", sa.Text, nullable=False, server_default="", comment="yes, no or nothing, once told"),
    sa.Column("on_site", sa.Text, nullable=False, server_default="", comment="who acted there last"),
)


def upgrade() -> None:
    """Add the columns, and the index of those that are not safe."""
    for column in COLUMNS:
        op.add_column("runs", column)
    op.create_index("ix_runs_unsafe", "runs", ["state"], sqlite_where=UNSAFE, postgresql_where=UNSAFE)
