"""Certificates as far as they are signed: each signature is a further file, and none is ever replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.errors import CertificateRefused
from remotecal.store.users import signed_certificates

if TYPE_CHECKING:
    from remotecal.certificates.signing.signature import Duty
    from remotecal.store.database import Database


class Signings:
    """The signed certificates of all runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def latest(self, station: str, run: str) -> bytes | None:
        """Return a run's certificate with all its signatures; None if it has none."""
        from sqlalchemy import select

        table = signed_certificates
        of_run = (table.c.station == station) & (table.c.run == run)
        with self._database.read() as connection:
            rows = connection.execute(select(table.c.xml).where(of_run).order_by(table.c.at.desc()).limit(1))
            xml = rows.scalar()
        return None if xml is None else bytes(xml)

    def add(self, station: str, run: str, duty: Duty, by: str, at: float, xml: bytes) -> None:
        """Keep a certificate with one more signature.

        Raises:
            CertificateRefused: it was signed for this duty a moment ago, or `by` has filed one of its
                signatures already.
        """
        insert = self._database.insert(signed_certificates).values(
            station=station, run=run, duty=duty, by=by, at=at, xml=xml
        )
        with self._database.begin() as connection:
            added = connection.execute(insert.on_conflict_do_nothing())
        if added.rowcount != 1:
            raise CertificateRefused(
                f"{by} has filed a signature on this certificate already, or it was signed as {duty} a "
                "moment ago: nobody signs twice, and nothing is signed for twice"
            )
