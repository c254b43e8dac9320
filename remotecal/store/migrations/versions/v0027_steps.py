"""How long steps took, a row for each run; and of which certificates the intervals are found.

Days are summed up, and intervals found, by the hub once it is up.
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

EARLY = "record = '' AND (state IN ('aborted', 'stopped', 'suspended') OR failed <> '')"
REASONED = "reason <> ''"
PACKED = "seconds it took those ordered that day, rising: 8 bytes each (IEEE 754, the lowest first)"
STEPS = ("begun", "complete", "performed", "reviewed", "approved", "issued", "whole")
KEY = ("maker", "model", "number", "quantity", "unit", "over", "against")
ORDERED = """
UPDATE runs SET ordered = orders.issued, bench = coalesce(orders.bench, '') FROM orders
WHERE orders.id = runs.run AND orders.station = runs.station
"""
DONE = """
(
    SELECT CASE WHEN count(*) >= (
        SELECT coalesce(nullif(count(DISTINCT certificate), 0), 1) FROM run_items AS its
        WHERE its.run = runs.run AND its.station = runs.station
    ) THEN max(at) END FROM signed_certificates AS signed
    WHERE signed.run = runs.run AND signed.station = runs.station AND duty || '' = '{duty}' AND edition = 0
)
"""
REVIEWED = """
EXISTS (
    SELECT 1 FROM signed_certificates AS signed
    WHERE signed.run = runs.run AND signed.station = runs.station AND duty || '' = 'reviewed'
)
"""
RETURNED = "EXISTS (SELECT 1 FROM remarks WHERE remarks.run = runs.run AND remarks.station = runs.station)"


def upgrade() -> None:
    """Note with runs what their orders say, make the tables, and fill that of the runs."""
    op.add_column(
        "runs",
        sa.Column("ordered", sa.Float, comment="when its order was issued, where that was for its station"),
    )
    op.add_column(
        "runs",
        sa.Column("bench", sa.Text, nullable=False, server_default="", comment="that this order names"),
    )
    op.execute(ORDERED)
    _few("ix_runs_early", "runs", EARLY, "ordered")
    _few("ix_orders_reasoned", "orders", REASONED, "issued")
    _tables()
    _fill()
    _ended()


def _ended() -> None:
    """Note of which certificates the intervals are found: of none, for some were kept too long."""
    op.add_column(
        "stated_certificates",
        sa.Column(
            "ended",
            sa.Integer,
            nullable=False,
            server_default="-1",
            comment="revision whose intervals are found",
        ),
    )
    op.execute(sa.table("ended_intervals").delete())  # with texts longer than PostgreSQL can index
    for name, columns in {"item": KEY[:3], "certificate": ["certificate"], "before": ["before"]}.items():
        op.create_index(f"ix_ended_intervals_{name}", "ended_intervals", list(columns))
    op.create_table(
        "item_ends",
        *(sa.Column(name, sa.Text, primary_key=True) for name in KEY),
        sa.Column(
            "intervals",
            sa.Integer,
            primary_key=True,
            autoincrement=False,
            comment="so many last ones it is told of",
        ),
        sa.Column("outside", sa.Integer, nullable=False, comment="of these, with a result outside"),
        sa.Column("last_outside", sa.Boolean, nullable=False, comment="whether the last one was"),
        sa.Column("part", sa.Float, nullable=False, comment="the largest, of the limit or of U"),
        sa.Column("days", sa.Float, nullable=False, comment="how long they were, in the mean"),
        sa.Column("drift_part", sa.Float, comment="the largest in a year, of the limit or of U"),
        sa.Column("drift", sa.Float, comment="mean change in a year"),
        sa.Column(
            "first", sa.Text, nullable=False, comment="day on which the first of these ended, ISO 8601"
        ),
        sa.Column("last", sa.Text, nullable=False, comment="on which the last did"),
        sa.Column(
            "earlier",
            sa.Text,
            nullable=False,
            comment="on which the one before these did, if it would count",
        ),
        sa.Column(
            "advised", sa.Integer, nullable=False, comment="place of what is advised among all that may be"
        ),
        comment="how the last intervals of items ended; an index of `ended_intervals`",
    )
    op.create_index("ix_item_ends_advised", "item_ends", ["advised", *KEY, "first", "earlier", "last"])
    op.create_index("ix_item_ends_last", "item_ends", ["last"])
    _few("ix_stated_certificates_behind", "stated_certificates", "ended <> revision", "id")


def _few(name: str, table: str, which: str, column: str) -> None:
    op.create_index(name, table, [column], sqlite_where=sa.text(which), postgresql_where=sa.text(which))


def _tables() -> None:
    op.create_table(
        "run_steps",
        sa.Column("station", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("procedure", sa.Text, nullable=False),
        sa.Column(
            "ordered", sa.Float, comment="when its order was issued; none where it is none that was ordered"
        ),
        sa.Column("begun", sa.Float, nullable=False, comment="when its first line arrived"),
        sa.Column("complete", sa.Float, nullable=False, comment="when its last line did"),
        sa.Column(
            "performed", sa.Float, comment="when the last of its certificates was signed so; likewise:"
        ),
        sa.Column("reviewed", sa.Float),
        sa.Column("approved", sa.Float),
        sa.Column("issued", sa.Float),
        sa.Column(
            "looked", sa.Boolean, nullable=False, comment="whether somebody reviewed it, or returned it"
        ),
        sa.Column("returned", sa.Boolean, nullable=False, comment="whether it was returned with a remark"),
        comment="when the steps of runs with a record were done; an index of orders, runs and signatures",
    )
    op.create_index("ix_run_steps_ordered", "run_steps", ["ordered"])
    op.create_index("ix_run_steps_begun", "run_steps", ["begun"])
    op.create_table(
        "work_days",
        sa.Column("day", sa.Integer, primary_key=True, autoincrement=False, comment="since 1970-01-01, UTC"),
        sa.Column("procedure", sa.Text, primary_key=True, comment="that without a name stands for each day"),
        sa.Column(
            "looked", sa.Integer, nullable=False, comment="runs begun that day that were reviewed or returned"
        ),
        sa.Column("returned", sa.Integer, nullable=False, comment="of these, returned with a remark"),
        *(
            sa.Column(step, sa.LargeBinary, nullable=False, comment="likewise" if number else PACKED)
            for number, step in enumerate(STEPS)
        ),
        comment="how long steps took, by day; an index of `run_steps`, without the days that changed since",
    )


def _fill() -> None:
    duties = STEPS[2:6]
    done = ", ".join(DONE.format(duty=duty) for duty in duties)
    named = f"station, run, procedure, ordered, begun, complete, {', '.join(duties)}, looked, returned"
    of_run = "station, run, procedure, CASE WHEN unordered = '' THEN ordered END, began, updated"
    rows = f"SELECT {of_run}, {done}, {REVIEWED} OR {RETURNED}, {RETURNED} FROM runs WHERE record <> ''"  # noqa: S608
    op.execute(f"INSERT INTO run_steps ({named}) {rows}")
