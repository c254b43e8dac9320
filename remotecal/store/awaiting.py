"""Which signature the certificates of a run wait for, kept with the run for whoever is to give it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from remotecal.certificates.signing.signature import DUTIES, Duty
from remotecal.order import DUT
from remotecal.store.database import of_runs
from remotecal.store.tables import amendments, run_items, runs, signed_certificates

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement, Connection, Table


class Awaiting(NamedTuple):
    """A certificate that is to be signed."""

    station: str
    """Where the run was."""
    run: str
    device: str
    """Whose, where each device of the run has its own; "" for the one for all."""
    number: str
    """Its number, as the index of journals tells."""
    duty: Duty
    """What it is to be signed for next."""


def awaiting(connection: Connection, wanted: Collection[tuple[str, str]]) -> tuple[Awaiting, ...]:
    """Return the certificates of runs, named by station and name, that are to be signed, each on its own.

    A certificate is signed for one duty after the other, so the number of its signatures tells the next.
    """
    from sqlalchemy import String, and_, cast, func, literal, or_, select

    items, signed = run_items, signed_certificates
    numbers = (
        select(
            items.c.station,
            items.c.run,
            items.c.certificate,
            func.min(items.c.place).label("place"),
            func.count().over(partition_by=[items.c.station, items.c.run]).label("numbers"),
        )
        .where(of_runs(items, wanted))
        .group_by(items.c.station, items.c.run, items.c.certificate)
        .subquery()
    )
    device = literal(f"{DUT}-") + cast(numbers.c.place + 1, String)

    def of(table: Table) -> ColumnElement[bool]:
        same = and_(table.c.station == numbers.c.station, table.c.run == numbers.c.run)
        return and_(same, or_(numbers.c.numbers == 1, table.c.device == device))

    # Once it is amended the last amendment is the one to be signed.
    amended = select(func.count()).select_from(amendments).where(of(amendments)).correlate(numbers)
    its = and_(of(signed), signed.c.edition == amended.scalar_subquery())
    query = (
        select(*numbers.c, func.count(signed.c.duty).label("signed"))
        .select_from(numbers.outerjoin(signed, its))
        .group_by(*numbers.c)
        .order_by(numbers.c.station, numbers.c.run, numbers.c.place)
    )
    return tuple(
        Awaiting(
            row.station,
            row.run,
            f"{DUT}-{row.place + 1}" if row.numbers > 1 else "",
            row.certificate,
            DUTIES[row.signed],
        )
        for row in connection.execute(query)
        if row.signed < len(DUTIES)
    )


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
