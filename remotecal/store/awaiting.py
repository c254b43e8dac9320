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

    The first duty that one of its certificates lacks is due, or one of those that amend them.
    """
    from sqlalchemy import case, func, literal, select

    def signed(duty: Duty) -> ColumnElement[int]:
        count = select(func.count()).select_from(signed_certificates).where(signed_for(duty))
        return count.correlate(runs).scalar_subquery()

    amending = (amendments.c.station == runs.c.station) & (amendments.c.run == runs.c.run)
    amended = select(func.count()).select_from(amendments).where(amending).correlate(runs).scalar_subquery()
    wanted = _certificates() + amended
    return case(*((signed(duty) < wanted, literal(duty)) for duty in DUTIES), else_=literal(""))


def done(duty: Duty) -> ColumnElement[float | None]:
    """Return when the last certificate of a row of the runs was signed for a duty; none while one was not.

    What they were amended to later, or are being amended to, counts for nothing.
    """
    from sqlalchemy import case, func, select

    table = signed_certificates
    last = case((func.count() >= _certificates(), func.max(table.c.at)))
    return select(last).where(signed_for(duty), table.c.edition == 0).correlate(runs).scalar_subquery()


def signed_for(duty: Duty) -> ColumnElement[bool]:
    """Return whether a signature is for a duty, and of a row of the runs; looked up by the run."""
    table = signed_certificates
    of_run = (table.c.station == runs.c.station) & (table.c.run == runs.c.run)
    return of_run & (table.c.duty + "" == duty)  # all runs have each duty


def _certificates() -> ColumnElement[int]:
    """Return how many certificates a row of the runs has: as many as its devices have numbers for one."""
    from sqlalchemy import func, select

    of_run = (run_items.c.station == runs.c.station) & (run_items.c.run == runs.c.run)
    numbers = func.nullif(func.count(run_items.c.certificate.distinct()), 0)
    return select(func.coalesce(numbers, 1)).where(of_run).correlate(runs).scalar_subquery()
