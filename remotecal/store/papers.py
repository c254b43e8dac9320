"""Certificates on paper: the scan, what two persons typed apart, the certificate that came of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import BigInteger, Column, Float, Integer, LargeBinary, Table, Text

from remotecal.errors import NotAllowed, NotNow, NotThere
from remotecal.store.tables import metadata

if TYPE_CHECKING:
    from remotecal.store.database import Database

papers = Table(
    "papers",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("by", Text, nullable=False, comment="who brought the scan"),
    Column("at", Float, nullable=False),
    Column("scan_name", Text, nullable=False),
    Column("scan_sha256", Text, nullable=False),
    Column("scan", LargeBinary, nullable=False),
    Column("first_by", Text, nullable=False, server_default=""),
    Column("first", Text, nullable=False, server_default="", comment="what they typed, in JSON"),
    Column("second_by", Text, nullable=False, server_default=""),
    Column("second", Text, nullable=False, server_default=""),
    Column("number", Text, nullable=False, server_default="", comment="once both typed the same"),
    Column("certificate", LargeBinary, comment="the DCC that came of it"),
    Column("finished", Float),
    comment="certificates on paper, typed by two persons apart",
)


class PaperRow(NamedTuple):
    """A certificate on paper."""

    id: int
    """Number, rising."""
    by: str
    """Who brought its scan."""
    at: float
    """When, in seconds since 1970, UTC."""
    scan_name: str
    """Name of the scan's file."""
    scan_sha256: str
    """Its SHA-256, in hexadecimal."""
    first_by: str
    """Who typed it first; "" while nobody has."""
    first: str
    """What they typed, in JSON."""
    second_by: str
    """Who typed it apart from them."""
    second: str
    """What they typed."""
    number: str
    """Number of the certificate; "" until both typed the same."""
    finished: float | None
    """When they had."""


class OnPaper:
    """All certificates on paper."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, by: str, at: float, scan_name: str, scan_sha256: str, scan: bytes) -> int:
        """Keep a scan, and return the paper's number."""
        values = {"by": by, "at": at, "scan_name": scan_name, "scan_sha256": scan_sha256, "scan": scan}
        with self._database.begin() as connection:
            made = connection.execute(papers.insert().values(**values).returning(papers.c.id))
            return int(made.scalar_one())

    def get(self, paper: int) -> PaperRow:
        """Return a paper (`NotThere`: there is none of this number)."""
        from sqlalchemy import select

        with self._database.read() as connection:
            row = connection.execute(select(*_COLUMNS).where(papers.c.id == paper)).first()
        if row is None:
            raise NotThere(f"there is no certificate on paper {paper}")
        return PaperRow._make(row)

    def list(self, limit: int) -> tuple[PaperRow, ...]:
        """Return the papers, the latest first."""
        from sqlalchemy import select

        with self._database.read() as connection:
            rows = connection.execute(select(*_COLUMNS).order_by(papers.c.id.desc()).limit(limit)).all()
        return tuple(map(PaperRow._make, rows))

    def scan(self, paper: int) -> bytes:
        """Return the scan of a paper that is there."""
        return self._bytes(paper, "scan")

    def certificate(self, paper: int) -> bytes:
        """Return the certificate that came of it (`NotThere`: none has)."""
        return self._bytes(paper, "certificate")

    def _bytes(self, paper: int, column: str) -> bytes:
        from sqlalchemy import select

        with self._database.read() as connection:
            found = connection.execute(select(papers.c[column]).where(papers.c.id == paper)).scalar()
        if found is None:
            raise NotThere(f"there is no {column} of the certificate on paper {paper}")
        return bytes(found)

    def typed(self, paper: int, by: str, said: str) -> PaperRow:
        """Keep what somebody typed, in place of what they typed before, and return the paper.

        Raises:
            NotNow: its certificate is made.
            NotAllowed: two others typed it.
        """
        from sqlalchemy import select

        this = papers.c.id == paper
        with self._database.begin() as connection:
            found = connection.execute(select(*_COLUMNS).where(this).with_for_update()).first()
            if found is None:
                raise NotThere(f"there is no certificate on paper {paper}")
            row = PaperRow._make(found)
            if row.finished is not None:
                raise NotNow("both typed the same before, and the certificate is made")
            if row.first_by in {"", by}:
                values = {"first_by": by, "first": said}
            elif row.second_by in {"", by}:
                values = {"second_by": by, "second": said}
            else:
                raise NotAllowed(f"{row.first_by} and {row.second_by} type this one", by)
            changed = papers.update().where(this).values(**values).returning(*_COLUMNS)
            return PaperRow._make(connection.execute(changed).one())

    def finish(self, row: PaperRow, number: str, certificate: bytes, at: float) -> bool:
        """Keep the certificate that came of what both typed; False where one of them typed anew meanwhile."""
        this = (papers.c.id == row.id) & papers.c.finished.is_(None)
        same = (papers.c.first == row.first) & (papers.c.second == row.second)
        values = {"number": number, "certificate": certificate, "finished": at}
        with self._database.begin() as connection:
            done = connection.execute(papers.update().where(this, same).values(**values))
        return done.rowcount == 1


_COLUMNS = tuple(papers.c[name] for name in PaperRow._fields)
