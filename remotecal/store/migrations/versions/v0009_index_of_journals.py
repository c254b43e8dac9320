"""An index of journals: who took part in a run, and what it calibrates; `remotecal hub reindex` fills it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the tables, empty: what stands in journals is read by `reindex`."""
    op.create_table(
        "run_equipment",
        *_of_run(),
        sa.Column("name", sa.Text, primary_key=True, comment="its name on the bench"),
        sa.Column("at", sa.Float, nullable=False, comment="when that was said, by the run's clock"),
        _told("roles", "which it filled, by blanks"),
        _told("maker"),
        _told("model"),
        _told("serial", "as it says itself, or its certificate, or the bench"),
        _told("certificate", "number of its certificate"),
        _told("certificate_sha256", "of that certificate's file"),
        _told("valid_until", "last day of that certificate, ISO 8601"),
        comment="who took part in a run; an index of journals",
    )
    op.create_table(
        "run_items",
        *_of_run(),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False, comment="in the order, from 0"),
        sa.Column("at", sa.Float, nullable=False, comment="when that was said, by the run's clock"),
        _told("name", "by language, JSON"),
        _told("maker"),
        _told("model"),
        _told("serial"),
        _told("owner_number"),
        _told("customer", "by language, JSON"),
        _told("certificate", "number its certificate has, or will have"),
        comment="what a run calibrates; an index of journals",
    )
    op.create_index("ix_run_equipment_serial_station_run", "run_equipment", ["serial", "station", "run"])
    op.create_index(
        "ix_run_equipment_certificate_station_run", "run_equipment", ["certificate", "station", "run"]
    )
    op.create_index("ix_run_items_serial_station_run", "run_items", ["serial", "station", "run"])
    op.create_index("ix_run_items_owner_number_station_run", "run_items", ["owner_number", "station", "run"])
    op.create_index("ix_run_items_certificate", "run_items", ["certificate"])


def _of_run() -> tuple[sa.Column[str], sa.Column[str]]:
    return sa.Column("station", sa.Text, primary_key=True), sa.Column("run", sa.Text, primary_key=True)


def _told(name: str, comment: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, comment=comment)
