"""How intervals between calibrations ended: an index of the records of issued certificates."""

import sqlalchemy as sa
from alembic import op

from remotecal.store.interval_ends import CalibratedItem, by_number, rows_of, states, successive

revision = "0026"
down_revision = "0024"

CALIBRATED = """
SELECT item.station, item.run, item.place, item.at, issued.number, item.maker, item.model, item.serial,
    item.owner_number, item.customer
FROM stated_certificates AS issued JOIN run_items AS item
ON item.station = issued.station AND item.run = issued.run
AND (issued.device = '' OR issued.device = 'dut-' || (item.place + 1))
"""
TOLD = (
    "maker", "model", "quantity", "unit", "over", "against", "day", "number", "outside", "part", "days",
    "drift_part", "drift", "certificate", "before",
)  # fmt: skip
COLUMNS = (
    "station", "run", "place", "quantity", "unit", "over", "maker", "model", "number", "certificate",
    "before", "day", "against", "days", "results", "outside", "part", "drift", "drift_part",
)  # fmt: skip


def upgrade() -> None:
    """Make the table, and fill it."""
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
    _fill()


def _fill() -> None:
    """Fill the columns of this version, whatever further ones the index has by now."""
    here = op.get_bind()
    values = ", ".join(f":{name}" for name in COLUMNS)
    into = f"INSERT INTO ended_intervals ({', '.join(COLUMNS)}) VALUES ({values}) ON CONFLICT DO NOTHING"  # noqa: S608
    record = sa.text("SELECT record FROM records WHERE station = :station AND run = :run")

    def kept(one: CalibratedItem) -> str | None:
        return here.execute(record, {"station": one.station, "run": one.run}).scalar()

    found = map(CalibratedItem._make, here.execute(sa.text(CALIBRATED)).all())
    for group in by_number(found):
        for now, before in successive(group):
            if before is None:
                continue
            then = states(kept(before), before.place)
            rows = rows_of(now, before, states(kept(now), now.place), then)
            if rows:
                here.execute(sa.text(into), [{name: row[name] for name in COLUMNS} for row in rows])
