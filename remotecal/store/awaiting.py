"""Which signature the certificates of a run wait for, kept with the run for whoever is to give it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.certificates.signing.signature import DUTIES
from remotecal.store.tables import amendments, run_items, runs, signed_certificates

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement


def next_duty() -> ColumnElement[str]:
    """Return the duty that is due next for a row of the runs; "" once all its certificates are issued.

    A run has as many certificates as its devices have numbers for one, and those that amend them; the first
    duty that one of them lacks is due.
    """
    from sqlalchemy import case, func, literal, select

    numbered = (run_items.c.station == runs.c.station) & (run_items.c.run == runs.c.run)
    count = (
        select(func.count(run_items.c.certificate.distinct()))
        .where(numbered)
        .correlate(runs)
        .scalar_subquery()
    )

    def signed(duty: str) -> ColumnElement[int]:
        table = signed_certificates
        this = (table.c.station == runs.c.station) & (table.c.run == runs.c.run) & (table.c.duty == duty)
        return select(func.count()).select_from(table).where(this).correlate(runs).scalar_subquery()

    amending = (amendments.c.station == runs.c.station) & (amendments.c.run == runs.c.run)
    amended = select(func.count()).select_from(amendments).where(amending).correlate(runs).scalar_subquery()
    wanted = case((count == 0, 1), else_=count) + amended
    return case(*((signed(duty) < wanted, literal(duty)) for duty in DUTIES), else_=literal(""))
