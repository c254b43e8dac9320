"""Procedures are counted by their full names, whatever old orders and journals call them."""

import sqlalchemy as sa
from alembic import op

from remotecal.runs.catalogue import full_name

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Call them so in the indexes that are grouped by them; sums of days are made anew.

    Which names are one procedure follows from what is installed here, as for whatever comes after this.
    """
    here = op.get_bind()
    for table in ("runs", "run_spreads", "run_steps"):
        named = sa.table(table, sa.column("procedure", sa.Text))
        for name in here.execute(sa.select(named.c.procedure).distinct()).scalars().all():
            if (full := full_name(name)) != name:
                here.execute(named.update().where(named.c.procedure == name).values(procedure=full))
    op.execute(sa.table("work_days").delete())
