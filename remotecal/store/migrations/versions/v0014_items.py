"""Items with their intervals, notices of what falls due, and orders that say their item, bench and day."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Make the tables and the columns; items are entered or imported, so there are none yet."""
    op.create_table(
        "items",
        _number(),
        _told("account", "the customer's account; '' for the laboratory's own", default=True),
        _told("same", "maker, model and number as they are compared"),
        _told("name", "by language, JSON"),
        _told("maker"),
        _told("model"),
        _told("serial"),
        _told("owner_number"),
        _told("place", "where it is"),
        sa.Column("months", sa.Integer, comment="from one calibration to the next"),
        _told("rule", "which day is the last: before, same or month"),
        _told("due_set", "last day as set by hand, ISO 8601"),
        _told("due", "last day that counts: as set by hand, or computed from the last certificate"),
        _told("certificate", "number of the last certificate issued"),
        _told("calibrated", "last day of that calibration, ISO 8601"),
        _told("station", "where that was"),
        _told("run", "the run of that"),
        sa.Column("entered", sa.Float, nullable=False),
        _told("by", "who entered it"),
        comment="what is calibrated here",
    )
    op.create_index("uq_items_account_same", "items", ["account", "same"], unique=True)
    for columns in (["account", "due", "id"], ["due", "id"], ["serial", "id"], ["owner_number", "id"]):
        op.create_index(f"ix_items_{'_'.join(columns)}", "items", columns)
    op.create_table(
        "notices",
        _number(),
        _told("kind", "standard, fact, item, person, accreditation or station"),
        _told("about", "what it is called by"),
        _told("what", "what it is, in words"),
        _told("account", "whose it is; '' for the laboratory's own", default=True),
        _told("to", "the user who is told"),
        _told("due", "last day, ISO 8601"),
        sa.Column("days", sa.Integer, nullable=False, comment="how many before the last day, at most"),
        sa.Column("made", sa.Float, nullable=False),
        sa.Column("tried", sa.Float, comment="when it was last tried to send it by mail"),
        sa.Column("sent", sa.Float, comment="when it was sent by mail"),
        sa.Column("acknowledged", sa.Float),
        comment="who was told what falls due",
    )
    op.create_index(
        "uq_notices_kind_about_to_due_days", "notices", ["kind", "about", "to", "due", "days"], unique=True
    )
    op.create_index("ix_notices_to_id", "notices", ["to", "id"])
    few = sa.text("sent IS NULL")
    op.create_index("ix_notices_unsent", "notices", ["to"], sqlite_where=few, postgresql_where=few)
    op.create_table(
        "notice_ways",
        sa.Column("user", sa.Text, sa.ForeignKey("users.name", name="fk_notice_ways_user"), primary_key=True),
        _told("mail", "address; '' for none", default=True),
        sa.Column("feed", sa.Text, comment="SHA-256 of the secret in the address of their calendar"),
        comment="how somebody is told besides the page",
    )
    op.create_index("uq_notice_ways_feed", "notice_ways", ["feed"], unique=True)
    op.add_column("orders", sa.Column("item", sa.BigInteger, comment="number of the item it is for"))
    op.add_column("orders", sa.Column("bench", sa.Text, comment="name of the bench it is for"))
    op.add_column("orders", sa.Column("planned", sa.Text, comment="day it is planned for, ISO 8601"))
    op.create_index("ix_orders_item_issued_id", "orders", ["item", "issued", "id"])


def _number() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    return sa.Column("id", kind, primary_key=True, autoincrement=True)


def _told(name: str, comment: str | None = None, *, default: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, comment=comment, server_default="" if default else None)
