"""A run may have a certificate for each of its devices."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

COLUMNS = 'station, run, duty, "by", at, xml, pdf, number'
"""What the table had before."""


def upgrade() -> None:
    """Make the table anew, for its key changes; what was signed so far is for all devices of a run."""
    op.execute("CREATE TABLE signed_before AS SELECT * FROM signed_certificates")
    op.drop_table("signed_certificates")
    op.create_table(
        "signed_certificates",
        sa.Column("station", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column(
            "device",
            sa.Text,
            primary_key=True,
            server_default="",
            comment="of a run with a certificate each",
        ),
        sa.Column("duty", sa.Text, primary_key=True),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("xml", sa.LargeBinary, nullable=False, comment="the certificate with this signature"),
        sa.Column("pdf", sa.LargeBinary, comment="once it is issued, as the PDF the laboratory signed"),
        sa.Column("number", sa.Text, comment="once it is issued, its number"),
        sa.UniqueConstraint(
            "station", "run", "device", "by", name="uq_signed_certificates_station_run_device_by"
        ),
    )
    op.execute(f"INSERT INTO signed_certificates ({COLUMNS}) SELECT {COLUMNS} FROM signed_before")  # noqa: S608
    op.drop_table("signed_before")
    op.create_index("ix_signed_certificates_duty", "signed_certificates", ["duty"])
    op.create_index("uq_signed_certificates_number", "signed_certificates", ["number"], unique=True)
