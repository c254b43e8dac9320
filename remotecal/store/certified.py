"""What is told of the certificates of runs, and what a review of one begins with: each in one query."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from remotecal.store.amendments import AmendmentRow, amendments_of
from remotecal.store.database import of_runs
from remotecal.store.index import ItemRow
from remotecal.store.remarks import RemarkRow, remarks_on
from remotecal.store.signings import SignedRow, in_turn, signed_of
from remotecal.store.tables import orders, run_items
from remotecal.store.together import together

if TYPE_CHECKING:
    from collections.abc import Collection

    from remotecal.store.database import Database


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
