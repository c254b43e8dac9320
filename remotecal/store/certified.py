"""What is told of the certificates of runs, and what a review of one begins with: each in one query."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from remotecal.store.amendments import AmendmentRow, amendments_of, is_issued
from remotecal.store.database import of_runs
from remotecal.store.index import ItemRow
from remotecal.store.journals import run_of
from remotecal.store.remarks import RemarkRow, remarks_on
from remotecal.store.signings import SignedRow, in_turn, signed_of
from remotecal.store.tables import amendments, orders, run_items, runs, signed_certificates
from remotecal.store.together import together

if TYPE_CHECKING:
    from collections.abc import Collection

    from remotecal.store.database import Database
    from remotecal.store.journals import RunRow


class CertificatesTold(NamedTuple):
    """What is told of the certificates of runs."""

    items: tuple[ItemRow, ...]
    """What the runs calibrate, in the order of their orders."""
    signed: tuple[SignedRow, ...]
    """See `Signings.of_runs`."""
    amended: tuple[AmendmentRow, ...]
    """Amendments of theirs, the first first."""


class InReview(NamedTuple):
    """What is told of a run whose certificates are reviewed."""

    signed: tuple[SignedRow, ...]
    """See `Signings.of_runs`."""
    amended: tuple[AmendmentRow, ...]
    """Amendments of its certificates, the first first."""
    remarks: tuple[RemarkRow, ...]
    """The first made first."""
    item: int | None
    """The item of the register that its order is for, by which it is ordered again."""


class IssuedCertificate(NamedTuple):
    """An issued certificate, and what it is of."""

    signed: SignedRow
    """Its last signature."""
    row: RunRow
    """Its run."""
    amended: tuple[AmendmentRow, ...]
    """Amendments of the certificate of this run or device, the first first."""


class ByRun:
    """The certificates of runs, and what stands beside them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def certified(self, wanted: Collection[tuple[str, str]]) -> CertificatesTold:
        """Return what is told of the certificates of runs, named by station and name."""
        from sqlalchemy import select

        if not wanted:
            return CertificatesTold((), (), ())
        items = select(run_items).where(of_runs(run_items, wanted))
        with self._database.read() as connection:
            found = together(connection, items, signed_of(wanted), amendments_of(wanted))
        return CertificatesTold(
            tuple(sorted(map(ItemRow._make, found[0]))),
            in_turn(found[1]),
            tuple(map(AmendmentRow._make, found[2])),
        )

    def numbered(self, number: str) -> IssuedCertificate | None:
        """Return the issued certificate that has a number; None if none has."""
        from sqlalchemy import and_, select

        table = signed_certificates
        signed = [table.c[name] for name in SignedRow._fields]
        run = [column.label(f"of_{column.name}") for column in runs.c]
        same = and_(runs.c.station == table.c.station, runs.c.run == table.c.run)
        its = and_(*(amendments.c[name] == table.c[name] for name in ("station", "run", "device")))
        queries = (
            select(*signed, *run).join(runs, same).where(table.c.number == number),
            select(amendments)
            .join(table, its)
            .where(table.c.number == number)
            .order_by(amendments.c.edition),
        )
        with self._database.read() as connection:
            found, amended = together(connection, *queries)
        if not found:
            return None
        (row,) = found
        return IssuedCertificate(
            SignedRow._make(row[: len(signed)]),
            run_of(row[len(signed) :]),
            tuple(map(AmendmentRow._make, amended)),
        )

    def replacing(self, number: str) -> SignedRow | None:
        """Return the issued certificate that takes the place of another one; None while there is none."""
        from sqlalchemy import select

        columns = [signed_certificates.c[name] for name in SignedRow._fields]
        query = select(*columns).join(amendments, is_issued()).where(amendments.c.replaces == number)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else SignedRow._make(row)

    def in_review(self, station: str, run: str) -> InReview:
        """Return what is told of a run whose certificates are reviewed."""
        from sqlalchemy import select

        this = {(station, run)}
        item = select(orders.c.item).where(orders.c.id == run)
        queries = signed_of(this), amendments_of(this), remarks_on(station, run), item
        with self._database.read() as connection:
            signed, amended, remarked, ordered = together(connection, *queries)
        return InReview(
            in_turn(signed),
            tuple(map(AmendmentRow._make, amended)),
            tuple(map(RemarkRow._make, remarked)),
            ordered[0][0] if ordered else None,
        )
