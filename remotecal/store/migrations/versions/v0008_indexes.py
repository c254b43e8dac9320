"""An index for each list, in its order and behind its filters; and whose a run is stands with the run."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

INDEXES = {
    "orders": (
        ("issued", "id"),
        ("number", "issued", "id"),
        ("account", "issued", "id"),
        ("station", "issued", "id"),
        ("state", "issued", "id"),
        ("station", "state", "issued", "id"),
    ),
    "runs": (
        ("began", "station", "run"),
        ("account", "began", "station", "run"),
        ("station", "began", "run"),
        ("state", "began", "station", "run"),
        ("station", "state", "began", "run"),
    ),
    "audit": (("what", "id"), ("who", "id"), ("what", "who", "id"), ("what", "at")),
    "tokens": (("user", "expires"),),
    "signed_certificates": (("duty",),),
}
FEW = {
    "ix_orders_waiting": ("orders", ["state", "station", "issued", "expires"], "state = 'issued'"),
    "ix_runs_refused": ("runs", ["state"], "conflict <> ''"),
    "ix_runs_unordered": ("runs", ["state"], "unordered <> ''"),
    "ix_runs_due": ("runs", ["state"], "state = 'signed' AND unordered = '' AND record = ''"),
    "ix_runs_differing": ("runs", ["state"], "record = 'differs'"),
}


def upgrade() -> None:
    """Add the columns, fill them, and make the indexes; what they replace goes."""
    _add_columns()
    op.drop_index("ix_orders_station_state", "orders")
    op.drop_index("ix_audit_at", "audit")
    for table, several in INDEXES.items():
        for names in several:
            op.create_index(f"ix_{table}_{'_'.join(names)}", table, list(names))
    op.create_index("ix_runs_run", "runs", ["run"], postgresql_ops={"run": "text_pattern_ops"})
    for name, (table, columns, which) in FEW.items():
        where = sa.text(which)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def _add_columns() -> None:
    account = "the customer's account that may see it"
    op.add_column("orders", sa.Column("account", sa.Text, comment=account))
    op.execute('UPDATE orders SET account = (SELECT account FROM order_accounts WHERE "order" = orders.id)')
    op.drop_table("order_accounts")
    of_order = "that of its order, where the order was for its station"
    op.add_column("runs", sa.Column("account", sa.Text, comment=of_order))
    op.execute(
        "UPDATE runs SET account = (SELECT orders.account FROM orders "
        "WHERE orders.id = runs.run AND orders.station = runs.station)"
    )
    known = "agrees or differs, once it is there"
    op.add_column("runs", sa.Column("record", sa.Text, nullable=False, server_default="", comment=known))
    op.execute(
        "UPDATE runs SET record = (SELECT CASE WHEN agrees THEN 'agrees' ELSE 'differs' END FROM records "
        "WHERE records.station = runs.station AND records.run = runs.run) "
        "WHERE EXISTS (SELECT 1 FROM records WHERE records.station = runs.station AND records.run = runs.run)"
    )
