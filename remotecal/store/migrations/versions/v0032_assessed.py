"""In which lines of a journal who took part was used first and last; assessments of what rests on a standard.

Of runs that are there, `remotecal hub reindex` reads that from their journals.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"

COLUMNS = (
    sa.Column(
        "first_line",
        sa.Integer,
        nullable=False,
        server_default="0",
        comment="of the journal, of those in which it was used; 0 where none tells of it",
    ),
    sa.Column("last_line", sa.Integer, nullable=False, server_default="0", comment="likewise"),
)


def upgrade() -> None:
    """Add the columns, and make the table."""
    for column in COLUMNS:
        op.add_column("run_equipment", column)
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "assessments",
        sa.Column("id", number, primary_key=True, autoincrement=True),
        sa.Column("by", sa.Text, nullable=False, comment="who found that"),
        sa.Column("file", sa.LargeBinary, nullable=False, comment="canonical JSON, as it was signed last"),
        sa.Column("signer", sa.Text, nullable=False, server_default="", comment="'' while nobody has signed"),
        sa.Column(
            "certificate", sa.Text, nullable=False, server_default="", comment="SHA-256 of the signer's"
        ),
        sa.Column("signed", sa.Float, comment="when that was, as it says"),
        comment="what was found of all that rests on a standard; the audit log tells of each",
    )
