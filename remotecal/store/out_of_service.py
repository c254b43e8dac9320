"""Standards that are out of service: since when, why, by whom; and when they came back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import BigInteger, Column, Float, Index, Integer, Table, Text, text

from remotecal.errors import NotNow
from remotecal.model.identifiers import comparable
from remotecal.store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Select

    from remotecal.store.database import Database

OUT: Final = "back IS NULL"
"""Which standards are out of service still; few among many."""

out_of_service = Table(
    "out_of_service",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column(
        "number", Text, nullable=False, comment="serial number; its certificate's where nobody tells that"
    ),
    Column("same", Text, nullable=False, comment="that number as it is compared"),
    Column("since", Text, nullable=False, comment="day from which on it is in doubt, ISO 8601"),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("back", Float, comment="when it came back into service"),
    Column("back_by", Text, nullable=False, server_default=""),
    Column("back_reason", Text, nullable=False, server_default=""),
    Index(None, "same", "id"),
    Index("uq_out_of_service_same", "same", unique=True, sqlite_where=text(OUT), postgresql_where=text(OUT)),
    comment="standards that no order may use, and those that none could for a while",
)


class OutOfServiceRow(NamedTuple):
    """A standard that is out of service, or was."""

    id: int
    """Number, rising."""
    number: str
    """The standard's serial number, or its certificate's where nobody tells that."""
    since: str
    """The day from which on it is in doubt, ISO 8601."""
    reason: str
    by: str
    """Who took it out of service."""
    at: float
    """When, in seconds since 1970, UTC."""
    back: float | None
    """When it came back; None while it is out of service."""
    back_by: str
    """Who put it back; "" while nobody has."""
    back_reason: str
    """What for."""

    def told(self) -> str:
        """Return since when it is in doubt, why and by whom, in English."""
        return f"out of service, in doubt since {self.since}: {self.reason} ({self.by})"


class OutOfService:
    """All standards that are out of service, or were."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take_out(self, number: str, *, since: str, reason: str, by: str, at: float) -> OutOfServiceRow:
        """Take a standard out of service (`NotNow`: it is out of it already)."""
        values = {"number": number, "since": since, "reason": reason, "by": by, "at": at}
        insert = self._database.insert(out_of_service).values(same=comparable(number), **values)
        entry = insert.on_conflict_do_nothing().returning(*_COLUMNS)
        with self._database.begin() as connection:
            row = connection.execute(entry).first()
        if row is None:
            raise NotNow(f"{number} is out of service already")
        return OutOfServiceRow._make(row)

    def put_back(self, number: str, *, reason: str, by: str, at: float) -> OutOfServiceRow:
        """Put a standard back into service (`NotNow`: it is not out of it)."""
        this = (out_of_service.c.same == comparable(number)) & out_of_service.c.back.is_(None)
        values = {"back": at, "back_by": by, "back_reason": reason}
        change = out_of_service.update().where(this).values(**values).returning(*_COLUMNS)
        with self._database.begin() as connection:
            row = connection.execute(change).first()
        if row is None:
            raise NotNow(f"{number} is not out of service")
        return OutOfServiceRow._make(row)

    def now(self) -> tuple[OutOfServiceRow, ...]:
        """Return what is out of service, what was taken out last first."""
        from sqlalchemy import select

        query = select(*_COLUMNS).where(text(OUT)).order_by(out_of_service.c.id.desc())
        with self._database.read() as connection:
            return tuple(map(OutOfServiceRow._make, connection.execute(query)))

    def of(self, number: str) -> tuple[OutOfServiceRow, ...]:
        """Return when a standard was out of service, the latest first."""
        return self.ever([number])

    def ever(self, numbers: Iterable[str]) -> tuple[OutOfServiceRow, ...]:
        """Return when each of these standards was out of service, the latest first."""
        if not (wanted := [number for number in numbers if number]):
            return ()
        with self._database.read() as connection:
            rows = connection.execute(ever_out(wanted).order_by(out_of_service.c.id.desc()))
            return tuple(map(OutOfServiceRow._make, rows))


def ever_out(numbers: Iterable[str]) -> Select[*tuple[Any, ...]]:
    """Return the query of `OutOfService.ever`, in no order."""
    from sqlalchemy import select

    wanted = sorted(set(map(comparable, numbers)))
    return select(*_COLUMNS).where(out_of_service.c.same.in_(wanted))


_COLUMNS: Final = tuple(out_of_service.c[name] for name in OutOfServiceRow._fields)
