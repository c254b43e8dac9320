"""Certificates on paper; a chain of the audit log; an index of what a run was signed for."""

import sqlalchemy as sa
from alembic import op

from remotecal.store.chained import BEGIN, chained

revision = "0018"
down_revision = "0017"

AT_A_TIME = 1000


def upgrade() -> None:
    """Make table, column and index, and chain what stands in the audit log as it is."""
    columns = ["station", "run", "duty", "at"]
    op.create_index("ix_signed_certificates_station_run_duty_at", "signed_certificates", columns)
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "papers",
        sa.Column("id", number, primary_key=True, autoincrement=True),
        sa.Column("by", sa.Text, nullable=False, comment="who brought the scan"),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("scan_name", sa.Text, nullable=False),
        sa.Column("scan_sha256", sa.Text, nullable=False),
        sa.Column("scan", sa.LargeBinary, nullable=False),
        sa.Column("first_by", sa.Text, nullable=False, server_default=""),
        sa.Column("first", sa.Text, nullable=False, server_default="", comment="what they typed, in JSON"),
        sa.Column("second_by", sa.Text, nullable=False, server_default=""),
        sa.Column("second", sa.Text, nullable=False, server_default=""),
        sa.Column("number", sa.Text, nullable=False, server_default="", comment="once both typed the same"),
        sa.Column("certificate", sa.LargeBinary, comment="the DCC that came of it"),
        sa.Column("finished", sa.Float),
        comment="certificates on paper, typed by two persons apart",
    )
    comment = "hash of this and the chain before"
    op.add_column("audit", sa.Column("chain", sa.Text, nullable=False, server_default="", comment=comment))
    _chain()


def _chain() -> None:
    connection, last, chain = op.get_bind(), -1, BEGIN
    audit = sa.table("audit", *map(sa.column, ("id", "at", "who", "what", "data", "chain")))
    while True:
        query = sa.select(audit).where(audit.c.id > last).order_by(audit.c.id).limit(AT_A_TIME)
        rows = connection.execute(query).all()
        if not rows:
            return
        for row in rows:
            last, chain = row.id, chained(chain, row.at, row.who, row.what, row.data)
            connection.execute(audit.update().where(audit.c.id == last).values(chain=chain))
