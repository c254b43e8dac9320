"""Assessments of what rests on standards, as files: what was found, and once somebody has signed it, so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import BigInteger, Column, Float, Integer, LargeBinary, Table, Text

from remotecal.errors import NotNow
from remotecal.store.database import in_parts
from remotecal.store.tables import metadata, signed_certificates

if TYPE_CHECKING:
    from collections.abc import Collection

    from remotecal.store.database import Database

assessments = Table(
    "assessments",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("by", Text, nullable=False, comment="who found that"),
    Column("file", LargeBinary, nullable=False, comment="canonical JSON, as it was signed last"),
    Column("signer", Text, nullable=False, server_default="", comment="'' while nobody has signed"),
    Column("certificate", Text, nullable=False, server_default="", comment="SHA-256 of the signer's"),
    Column("signed", Float, comment="when that was, as it says"),
    comment="what was found of all that rests on a standard; the audit log tells of each",
)


class AssessmentRow(NamedTuple):
    """An assessment that is kept, without its file."""

    id: int
    """Number, rising."""
    by: str
    """The user who found that."""
    signer: str
    """Who signed it; "" while nobody has."""
    certificate: str
    """SHA-256 of the signer's certificate."""
    signed: float | None
    """When, as the signature says, in seconds since 1970, UTC."""


_COLUMNS: Final = tuple(assessments.c[name] for name in AssessmentRow._fields)


class Assessments:
    """All assessments."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enter(self, by: str, file: bytes) -> int:
        """Keep an assessment that nobody has signed yet, and return its number."""
        insert = self._database.insert(assessments).values(by=by, file=file).returning(assessments.c.id)
        with self._database.begin() as connection:
            return int(connection.execute(insert).scalar_one())

    def sign(self, id_: int, file: bytes, *, signer: str, certificate: str, signed: float) -> None:
        """Keep an assessment's signed file in the place of the other (`NotNow`: it is signed already)."""
        this = (assessments.c.id == id_) & assessments.c.signed.is_(None)
        values = {"file": file, "signer": signer, "certificate": certificate, "signed": signed}
        with self._database.begin() as connection:
            if not connection.execute(assessments.update().where(this).values(**values)).rowcount:
                raise NotNow("the assessment is signed already")

    def some(self, ids: Collection[int]) -> dict[int, AssessmentRow]:
        """Return some of them by their numbers."""
        from sqlalchemy import select

        if not ids:
            return {}
        query = select(*_COLUMNS).where(assessments.c.id.in_(ids))
        with self._database.read() as connection:
            return {row.id: row for row in map(AssessmentRow._make, connection.execute(query))}

    def file(self, id_: int) -> bytes | None:
        """Return the file of one; None if there is none."""
        from sqlalchemy import select

        query = select(assessments.c.file).where(assessments.c.id == id_)
        with self._database.read() as connection:
            found = connection.execute(query).scalar()
        return None if found is None else bytes(found)

    def hashes(self, numbers: Collection[str]) -> dict[str, str]:
        """Return number → SHA-256 of the XML of those certificates that were issued."""
        from hashlib import sha256

        from sqlalchemy import select

        its = signed_certificates.c
        found = {}
        with self._database.read() as connection:
            for some in in_parts(sorted(set(numbers) - {""})):
                query = select(its.number, its.xml).where(its.number.in_(some))
                for row in connection.execute(query, execution_options={"yield_per": 16}):
                    found[row.number] = sha256(row.xml).hexdigest()
        return found
