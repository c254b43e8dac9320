"""What issued certificates stated, held against the scope; and whose repeats scatter how much."""

import json
import math
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0022"

ENTERED = """
INSERT INTO stated_certificates (station, run, device, number, scope, revision)
SELECT station, run, device, coalesce(number, ''), '', 0 FROM signed_certificates AS one
WHERE duty = 'issued' AND edition = (
    SELECT max(edition) FROM signed_certificates AS other
    WHERE other.station = one.station AND other.run = one.run AND other.device = one.device
    AND other.duty = 'issued'
)
"""
SPREADS = (
    "station",
    "run",
    "device",
    "quantity",
    "unit",
    "procedure",
    "day",
    "results",
    "squares",
    "largest",
)


def upgrade() -> None:
    """Make the tables, and enter what is issued; the hub compares it once it is up."""
    _certificates()
    _results()
    op.create_table(
        "stated_days",
        sa.Column("capability", sa.Text, primary_key=True),
        sa.Column("quantity", sa.Text, primary_key=True),
        sa.Column("day", sa.Text, primary_key=True),
        sa.Column("results", sa.Integer, nullable=False, comment="that day"),
        sa.Column("wanting", sa.Integer, nullable=False, comment="of these, as `stated_results` has it"),
        sa.Column("marked", sa.Integer, nullable=False, comment="of these, marked as outside the scope"),
        sa.Column("ratio", sa.Float, comment="the smallest"),
        sa.Column("certificate", sa.BigInteger, nullable=False, comment="whose result that is"),
        sa.Column("place", sa.Text, nullable=False, comment="of that result"),
        comment="how many results there are of a day, and the smallest; an index of `stated_results`",
    )
    op.create_index(
        "ix_stated_days_day_capability_quantity", "stated_days", ["day", "capability", "quantity"]
    )
    op.execute(ENTERED)
    _spreads()
    _fill_spreads()


def _certificates() -> None:
    whose = "whose, where each device of the run has its own"
    compared = "hash of the scope it was compared with; empty for none"
    op.create_table(
        "stated_certificates",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("station", sa.Text, nullable=False),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False, comment=whose),
        sa.Column("number", sa.Text, nullable=False, comment="of the certificate, as it was amended last"),
        sa.Column("scope", sa.Text, nullable=False, comment=compared),
        sa.Column(
            "revision", sa.Integer, nullable=False, comment="how often it, or its record, became another one"
        ),
        sa.UniqueConstraint("station", "run", "device", name="uq_stated_certificates"),
        comment="issued certificates whose results are held against the scope",
    )
    op.create_index("ix_stated_certificates_scope_id", "stated_certificates", ["scope", "id"])


def _results() -> None:
    wanting = "U below the CMC or no capability, and not marked"
    capability = "hash of the capability that is for it; empty: none"
    op.create_table(
        "stated_results",
        sa.Column("certificate", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column(
            "place",
            sa.Text,
            primary_key=True,
            comment="in the run's record, as in the address of its evidence",
        ),
        sa.Column("capability", sa.Text, nullable=False, comment=capability),
        sa.Column(
            "quantity", sa.Text, nullable=False, comment="of the capability, or the refTypes, by blanks"
        ),
        sa.Column("day", sa.Text, nullable=False, comment="on which the measurement was finished, ISO 8601"),
        sa.Column("wanting", sa.Boolean, nullable=False, comment=wanting),
        sa.Column("marked", sa.Boolean, nullable=False, comment="as outside the scope"),
        sa.Column("ratio", sa.Float, comment="of U to the CMC"),
        sa.Column("expanded", sa.Text, nullable=False, comment="U as stated"),
        sa.Column("unit", sa.Text, nullable=False, comment="of that"),
        sa.Column("k", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False, comment="in the range of the capability, in its unit"),
        sa.Column("compared", sa.Text, nullable=False, comment="U at about 95 %, in the unit of the CMC"),
        comment="results of issued certificates; an index of records",
    )
    told = ["capability", "quantity", "day", "ratio", "wanting", "marked"]
    op.create_index("ix_stated_results_told", "stated_results", told)
    op.create_index(
        "ix_stated_results_wanting",
        "stated_results",
        ["day", "certificate", "place"],
        sqlite_where=sa.text("wanting"),
        postgresql_where=sa.text("wanting"),
    )


def _spreads() -> None:
    op.drop_table("run_spreads")
    device = "whose, where the run has several and the results tell; empty for all"
    op.create_table(
        "run_spreads",
        sa.Column("station", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("device", sa.Text, primary_key=True, comment=device),
        sa.Column(
            "quantity",
            sa.Text,
            primary_key=True,
            comment="refTypes of the results, by blanks; empty: not told",
        ),
        sa.Column("unit", sa.Text, primary_key=True, comment="of the results"),
        sa.Column("procedure", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False, comment="on which it was finished, ISO 8601"),
        sa.Column("results", sa.Integer, nullable=False, comment="with repeats in their budgets"),
        sa.Column(
            "squares", sa.Float, nullable=False, comment="sum of what repeats contribute to them, squared"
        ),
        sa.Column("largest", sa.Float, nullable=False, comment="the largest of these contributions"),
        comment="how repeats scatter; an index of records",
    )
    op.create_index("ix_run_spreads_day", "run_spreads", ["day"])


def _fill_spreads() -> None:
    """Fill the columns of this version, as this version read records, whatever becomes of either."""
    here = op.get_bind()
    values = ", ".join(f":{name}" for name in SPREADS)
    into = f"INSERT INTO run_spreads ({', '.join(SPREADS)}) VALUES ({values}) ON CONFLICT DO NOTHING"  # noqa: S608
    one = sa.text("SELECT record FROM records WHERE station = :station AND run = :run")
    for station, run in here.execute(sa.text("SELECT station, run FROM records")).all():
        record = here.execute(one, {"station": station, "run": run}).scalar_one()
        if rows := list(_rows_of(station, run, json.loads(record))):
            here.execute(sa.text(into), rows)


def _rows_of(station: str, run: str, said: dict[str, Any]) -> Iterator[dict[str, object]]:
    """Yield a row for each device, quantity and unit of which budgets in a record name repeats."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for measured in said.get("measurements", ()):
        for budget in measured.get("budgets", ()):
            lines = [line for line in budget["lines"] if line["distribution"] == "t"]
            if lines:
                of = (*_whose(measured, budget), budget["unit"])
                found.setdefault(of, []).append(math.hypot(*(float(line["contribution"]) for line in lines)))
    procedure = (said.get("evidence") or {}).get("procedure", "")
    for of, each in found.items():
        squares = math.fsum(one * one for one in each)
        row = (station, run, *of, procedure, said["finished"], len(each), squares, max(each))
        yield dict(zip(SPREADS, row, strict=True))


def _whose(measured: dict[str, Any], budget: dict[str, Any]) -> tuple[str, str]:
    """Return the device a budget is of, "" where that is not told, and the refTypes of its quantity."""
    results, at = measured.get("results") or [], budget.get("result", 0)
    result = results[at] if at < len(results) else {}
    items = result.get("items") or measured.get("items") or []
    columns = [column for table in result.get("tables", ())[:1] for column in table["columns"]]
    uncertain = (column for column in columns if column.get("uncertainty"))
    its: dict[str, Any] = min(uncertain, key=lambda one: bool(one["unit"] != budget["unit"]), default={})
    kinds = dict.fromkeys((*result.get("ref_types", ()), *its.get("ref_types", ())))
    return items[0] if len(items) == 1 and items[0] != "dut" else "", " ".join(kinds)
