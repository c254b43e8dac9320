"""Certificates that take the place of issued ones: what each says, and which it replaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from remotecal.errors import CertificateRefused
from remotecal.store import steps
from remotecal.store.database import in_parts, of_runs
from remotecal.store.tables import amendments, signed_certificates

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import ColumnElement, CompoundSelect, Select

    from remotecal.store.database import Database


class AmendmentRow(NamedTuple):
    """A certificate that takes the place of an issued one."""

    station: str
    """Where the run was."""
    run: str
    device: str
    """Whose, where each device has its own."""
    edition: int
    """The how manieth amendment of this certificate it is."""
    number: str
    """Its own."""
    replaces: str
    """Number of the one before."""
    record: str
    """What it says, in JSON."""
    by: str
    """Who drafted it."""
    at: float
    """When, in seconds since 1970, UTC."""


class Amendments:
    """All amendments; none is ever removed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, row: AmendmentRow) -> None:
        """Keep the draft of an amended certificate, and let its run wait for signatures again.

        Raises:
            CertificateRefused: the certificate is being amended, or was.
        """
        adding = self._database.insert(amendments).values(**row._asdict()).on_conflict_do_nothing()
        with self._database.begin() as connection:
            if connection.execute(adding.returning(amendments.c.edition)).first() is None:
                raise CertificateRefused(
                    f"certificate {row.replaces} is amended already, and a certificate has one that takes "
                    "its place: amend that one"
                )
            steps.signed_again(connection, row.station, row.run)

    def find(self, station: str, run: str, device: str, edition: int) -> AmendmentRow | None:
        """Return an amendment of a certificate; None if there is none of this edition."""
        return next((row for row in self.of_run(station, run, device) if row.edition == edition), None)

    def of_run(self, station: str, run: str, device: str) -> tuple[AmendmentRow, ...]:
        """Return the amendments of a certificate, the first first."""
        from sqlalchemy import select

        table = amendments
        this = (table.c.station == station) & (table.c.run == run) & (table.c.device == device)
        with self._database.read() as connection:
            rows = connection.execute(select(table).where(this).order_by(table.c.edition))
            return tuple(map(AmendmentRow._make, rows))

    def numbered(self, number: str) -> AmendmentRow | None:
        """Return the amended certificate that has a number, issued or not; None if none has."""
        from sqlalchemy import select

        with self._database.read() as connection:
            row = connection.execute(select(amendments).where(amendments.c.number == number)).first()
        return None if row is None else AmendmentRow._make(row)

    def replaced(self, numbers: Collection[str]) -> Mapping[str, str]:
        """Return which of these certificates an issued one takes the place of: number → number of that."""
        from sqlalchemy import select

        query = select(amendments.c.replaces, amendments.c.number).join(signed_certificates, is_issued())
        found, wanted = {}, sorted(numbers)
        with self._database.read() as connection:
            for some in in_parts(wanted):
                for row in connection.execute(query.where(amendments.c.replaces.in_(some))):
                    found[row.replaces] = row.number
        return found

    def newest(self, numbers: Collection[str]) -> Mapping[str, AmendmentRow]:
        """Return of these certificates which was issued last in its place; nothing of those not replaced."""
        following: dict[str, str] = {}
        wanted = set(numbers)
        while wanted:
            found = self.replaced(wanted)
            following |= found
            wanted = set(found.values()) - set(following)
        newest = {}
        for number in set(numbers) & set(following):
            last = number
            while last in following:
                last = following[last]
            if (row := self.numbered(last)) is not None:
                newest[number] = row
        return newest


def is_issued() -> ColumnElement[bool]:
    """Return whether a signature is that by which an amended certificate was issued."""
    # By its number: by its duty, SQLite would go through all that were ever issued.
    table = signed_certificates
    return (table.c.number == amendments.c.number) & (table.c.duty + "" == "issued")


def alike(numbers: Collection[str]) -> CompoundSelect[*tuple[Any, ...]]:
    """Return the query for all numbers that calibrations with amended certificates were certified by.

    Args:
        numbers: one of each.
    """
    from sqlalchemy import and_, select, union

    one, other = amendments, amendments.alias("other")
    same = and_(*(one.c[name] == other.c[name] for name in ("station", "run", "device")))
    joined = one.join(other, same)
    return union(
        *(
            select(told).select_from(joined).where(known.in_(numbers))
            for told in (other.c.number, other.c.replaces)
            for known in (one.c.number, one.c.replaces)
        )
    )


def amendments_of(wanted: Collection[tuple[str, str]]) -> Select[*tuple[Any, ...]]:
    """Return the query for the amendments of runs, named by station and name, the first first."""
    from sqlalchemy import select

    return select(amendments).where(of_runs(amendments, wanted)).order_by(amendments.c.edition)
