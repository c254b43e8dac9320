"""Certificates (DCC) of standards that somebody brought, for benches to take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, Table, Text

from remotecal.errors import NotThere
from remotecal.model.identifiers import comparable
from remotecal.store.out_of_service import OutOfServiceRow, ever_out
from remotecal.store.tables import metadata
from remotecal.store.together import together

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remotecal.store.database import Database

LISTED: Final = 50
"""Certificates of one standard, at most, the latest first."""

brought_certificates = Table(
    "brought_certificates",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("standard", Text, nullable=False, comment="number of the standard it was brought for"),
    Column("same", Text, nullable=False, comment="that number as it is compared"),
    Column("number", Text, nullable=False, comment="of the certificate"),
    Column("finished", Text, nullable=False, comment="last day of that calibration, ISO 8601"),
    Column("valid_until", Text, nullable=False, comment="its last day, ISO 8601; '' if it does not say"),
    Column("sha256", Text, nullable=False, comment="of the file"),
    Column("issuer", Text, nullable=False, comment="by language, JSON"),
    Column("standing", Text, nullable=False, comment="what was found of its signatures, in a word"),
    Column("doubt", Text, nullable=False, comment="why nobody answers for it; '' where somebody does"),
    Column("body", Text, nullable=False, comment="who on the trust list answers for it, by language, JSON"),
    Column("trust", Text, nullable=False, comment="by which issue of which trust list, in words"),
    Column("by", Text, nullable=False, comment="who brought it"),
    Column("at", Float, nullable=False),
    Column("xml", LargeBinary, nullable=False),
    Index("uq_brought_certificates_same_sha256", "same", "sha256", unique=True),
    Index(None, "same", "id"),
    comment="certificates of standards, as somebody brought them",
)


class BroughtRow(NamedTuple):
    """A standard's certificate that somebody brought."""

    id: int
    """Number, rising."""
    standard: str
    """Number of the standard it was brought for."""
    number: str
    """Of the certificate."""
    finished: str
    """Last day of that calibration, ISO 8601."""
    valid_until: str
    """Its last day, ISO 8601; "" if it does not say."""
    sha256: str
    """Of its file, in hexadecimal."""
    issuer: str
    """By language, in JSON."""
    standing: str
    """What was found of its signatures: `signed`, `unsigned`, `unknown` or `unchecked`."""
    doubt: str
    """Why nobody answers for it, in English; "" where somebody on the trust list does."""
    body: str
    """Who on the trust list answers for it, by language, in JSON; "" where nobody does."""
    trust: str
    """By which issue of which trust list that was looked at; "" for none."""
    by: str
    """Who brought it."""
    at: float
    """When, in seconds since 1970, UTC."""


class Brought:
    """All certificates of standards that somebody brought."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, row: BroughtRow, xml: bytes) -> BroughtRow:
        """Keep a certificate, and return it; one that was brought for the same standard before is kept once.

        Args:
            row: what is to be kept of it; its id is given here.
            xml: the file.
        """
        from sqlalchemy import select

        table = brought_certificates
        values = {**row._asdict(), "same": comparable(row.standard), "xml": xml}
        del values["id"]
        kept = select(*_COLUMNS).where(table.c.same == values["same"], table.c.sha256 == row.sha256)
        insert = self._database.insert(table).values(**values).on_conflict_do_nothing()
        with self._database.begin() as connection:
            connection.execute(insert)
            return BroughtRow._make(connection.execute(kept).one())

    def of(self, numbers: Iterable[str], limit: int = LISTED) -> tuple[BroughtRow, ...]:
        """Return the certificates that were brought for a standard, by its numbers, the latest first."""
        from sqlalchemy import select

        table = brought_certificates
        wanted = sorted({comparable(number) for number in numbers if number})
        query = select(*_COLUMNS).where(table.c.same.in_(wanted)).order_by(table.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return tuple(map(BroughtRow._make, connection.execute(query)))

    def beside_service(
        self, number: str, limit: int = LISTED
    ) -> tuple[tuple[OutOfServiceRow, ...], tuple[BroughtRow, ...]]:
        """Return when a standard was out of service, and what was brought for it, the latest first."""
        from sqlalchemy import select

        table, same = brought_certificates, comparable(number)
        kept = select(*_COLUMNS).where(table.c.same == same).order_by(table.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            out, brought = together(connection, ever_out([number]), kept)
        rows = sorted(map(OutOfServiceRow._make, out), reverse=True)
        return tuple(rows), tuple(sorted(map(BroughtRow._make, brought), reverse=True))

    def contents(self, standard: str, limit: int = LISTED) -> tuple[tuple[BroughtRow, bytes], ...]:
        """Return the certificates that were brought for a standard with their files, the latest first."""
        from sqlalchemy import select

        table = brought_certificates
        query = select(*_COLUMNS, table.c.xml).where(table.c.same == comparable(standard))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(table.c.id.desc()).limit(limit)).all()
        return tuple((BroughtRow._make(row[:-1]), bytes(row[-1])) for row in rows)

    def files(self, hashes: Iterable[str]) -> tuple[bytes, ...]:
        """Return the files with these SHA-256, as far as somebody brought them; each once."""
        from sqlalchemy import select

        table = brought_certificates
        query = select(table.c.xml).where(table.c.sha256.in_(sorted(set(hashes))))
        with self._database.read() as connection:
            return tuple({bytes(row.xml): None for row in connection.execute(query)})

    def xml(self, brought: int) -> tuple[BroughtRow, bytes]:
        """Return a certificate and its file (`NotThere`: there is none of this number)."""
        from sqlalchemy import select

        query = select(*_COLUMNS, brought_certificates.c.xml).where(brought_certificates.c.id == brought)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotThere(f"no certificate {brought} was brought")
        return BroughtRow._make(row[:-1]), bytes(row[-1])


_COLUMNS: Final = tuple(brought_certificates.c[name] for name in BroughtRow._fields)
