"""Certificates as far as they are signed: each signature is a further file, and none is ever replaced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.certificates.signing.signature import DUTIES
from remotecal.errors import CertificateRefused
from remotecal.store.tables import signed_certificates

if TYPE_CHECKING:
    from remotecal.store.database import Database


@dataclass(frozen=True, slots=True)
class SigningRow:
    """A certificate under one more signature."""

    station: str
    """Where the run was."""
    run: str
    """The run."""
    duty: str
    """What the signature is for: `performed`, `reviewed`, `approved` or `issued`."""
    by: str
    """The user who filed it."""
    at: float
    """When it was filed."""
    xml: bytes
    """The certificate with this signature and all before it."""
    pdf: bytes | None
    """Once it is issued, the PDF/A-3 that holds it and that the laboratory signed."""


class Signings:
    """The signed certificates of all runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def latest(self, station: str, run: str) -> SigningRow | None:
        """Return a run's certificate with all its signatures; None if it has none."""
        from sqlalchemy import case, select

        table = signed_certificates
        rank = case({duty: number for number, duty in enumerate(DUTIES)}, value=table.c.duty)
        of_run = (table.c.station == station) & (table.c.run == run)
        with self._database.read() as connection:
            row = connection.execute(select(table).where(of_run).order_by(rank.desc()).limit(1)).first()
        if row is None:
            return None
        pdf = None if row.pdf is None else bytes(row.pdf)
        return SigningRow(row.station, row.run, row.duty, row.by, row.at, bytes(row.xml), pdf)

    def add(self, row: SigningRow) -> None:
        """Keep a certificate with one more signature.

        Raises:
            CertificateRefused: it was signed for this duty a moment ago, or the user has filed one of
                its signatures already.
        """
        insert = self._database.insert(signed_certificates).values(
            station=row.station, run=row.run, duty=row.duty, by=row.by, at=row.at, xml=row.xml, pdf=row.pdf
        )
        adding = insert.on_conflict_do_nothing().returning(signed_certificates.c.duty)
        with self._database.begin() as connection:
            added = connection.execute(adding).first()  # an insert's row count is not told by every driver
        if added is None:
            raise CertificateRefused(
                f"{row.by} has filed a signature on this certificate already, or it was signed as {row.duty} "
                "a moment ago: nobody signs twice, and nothing is signed for twice"
            )
