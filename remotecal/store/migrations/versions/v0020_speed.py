"""Indexes that hold all that lists tell of signatures and standards; the procedure stands with the run."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Bring the procedure to the runs, and make the indexes anew."""
    comment = "that its record names, for statistics"
    op.add_column("runs", sa.Column("procedure", sa.Text, nullable=False, server_default="", comment=comment))
    op.execute(
        "UPDATE runs SET procedure = coalesce((SELECT procedure FROM records "
        "WHERE records.station = runs.station AND records.run = runs.run), '')"
    )
    op.drop_column("records", "procedure")
    op.drop_index("ix_signed_certificates_station_run_duty_at", "signed_certificates")
    told = ["run", "station", "duty", "edition", "device", "at", "by", "number", "token"]
    op.create_index("ix_signed_certificates_told", "signed_certificates", told)
    for column in ("serial", "certificate"):
        op.drop_index(f"ix_run_equipment_{column}_station_run", "run_equipment")
        several = [column, "at", "station", "run"]
        op.create_index(f"ix_run_equipment_{column}_at_station_run", "run_equipment", several)
    standard = ["maker", "model", "serial", "certificate", "valid_until", "at", "station", "run"]
    op.create_index("ix_run_equipment_standard", "run_equipment", standard)
