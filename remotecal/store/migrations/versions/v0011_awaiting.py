"""A run tells which signature its certificates wait for; what was issued is found by its day."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

DUTIES = ("performed", "reviewed", "approved", "issued")
WANTED = """
MAX(1, (SELECT COUNT(DISTINCT certificate) FROM run_items i
        WHERE i.station = runs.station AND i.run = runs.run))
"""
"""How many certificates a run has."""
SIGNED = """
(SELECT COUNT(*) FROM signed_certificates s
 WHERE s.station = runs.station AND s.run = runs.run AND s.duty = '{duty}')
"""


def upgrade() -> None:
    """Add the column, fill it for what has a record, and index what is looked for."""
    comment = "which signature comes next"
    op.add_column("runs", sa.Column("awaiting", sa.Text, nullable=False, server_default="", comment=comment))
    wanted = WANTED if op.get_bind().dialect.name == "sqlite" else WANTED.replace("MAX(", "GREATEST(")
    cases = " ".join(f"WHEN {SIGNED.format(duty=duty)} < {wanted} THEN '{duty}'" for duty in DUTIES)
    op.execute(f"UPDATE runs SET awaiting = CASE {cases} ELSE '' END WHERE record <> ''")  # noqa: S608
    few = sa.text("awaiting <> ''")
    op.create_index("ix_runs_awaiting", "runs", ["state"], sqlite_where=few, postgresql_where=few)
    op.drop_index("ix_signed_certificates_duty", "signed_certificates")
    op.create_index("ix_signed_certificates_duty_at", "signed_certificates", ["duty", "at"])
