"""Certificates as far as they are signed: each signature is a further file, and none is ever replaced."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from remotecal.certificates.signing.signature import DUTIES
from remotecal.errors import CertificateRefused
from remotecal.store import stated, steps
from remotecal.store.calibrations import refresh_run
from remotecal.store.database import of_runs
from remotecal.store.tables import signed_certificates

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from sqlalchemy import Row, Select

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
    number: str | None = None
    """Once it is issued, the certificate's number, which no other has."""
    device: str = ""
    """Id of the device it is for, where each of a run has a certificate of its own."""
    token: str | None = None
    """Once it is issued, by which anybody finds its public page, and nobody guesses it."""
    edition: int = 0
    """How often the certificate of this run or device was amended before."""


class SignedRow(NamedTuple):
    """That a certificate was signed for a duty, without the certificate."""

    station: str
    """Where the run was."""
    run: str
    """The run."""
    device: str
    """Whose, where each device has its own."""
    duty: str
    """What for."""
    by: str
    """The user who filed it."""
    at: float
    """When it was filed."""
    number: str | None
    """Once it is issued, its number."""
    token: str | None
    """Once it is issued, by which its public page is found."""
    edition: int
    """How often the certificate was amended before."""


class Signings:
    """The signed certificates of all runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def latest(self, station: str, run: str, device: str = "", edition: int = 0) -> SigningRow | None:
        """Return a run's certificate with all its signatures, or that of a device; None if it has none."""
        from sqlalchemy import case, select

        table = signed_certificates
        rank = case({duty: number for number, duty in enumerate(DUTIES)}, value=table.c.duty)
        of_run = (table.c.station == station) & (table.c.run == run) & (table.c.device == device)
        of_run &= table.c.edition == edition
        with self._database.read() as connection:
            row = connection.execute(select(table).where(of_run).order_by(rank.desc()).limit(1)).first()
        return None if row is None else _signing(row)

    def by_token(self, token: str) -> SigningRow | None:
        """Return the issued certificate whose public page has a token, or else another; None: there is none.

        Whoever asks by a token that is none shall not be told by how soon it is answered. The other one is
        the same for all of these: else what it takes would tell next to which token one is.
        """
        from sqlalchemy import func, select

        its = signed_certificates.c.token
        known = select(its).where(its == token).scalar_subquery()
        wanted = func.coalesce(known, select(func.min(its)).scalar_subquery())
        query = select(signed_certificates).where(its == wanted)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else _signing(row)

    def give_tokens(self, token_of: Callable[[str], str]) -> None:
        """Give those issued certificates a token that have none; `token_of` makes it of the number."""
        from sqlalchemy import select

        table = signed_certificates
        without = select(table.c.number).where(table.c.duty == "issued", table.c.token.is_(None))
        with self._database.begin() as connection:
            for number in connection.execute(without).scalars().all():
                this = table.update().where(table.c.number == number)
                connection.execute(this.values(token=token_of(number)))

    def any(self, station: str, run: str, duty: str | None = None) -> bool:
        """Tell whether somebody has signed a certificate of a run, for a duty where one is given."""
        from sqlalchemy import select

        table = signed_certificates
        of_run = select(table.c.duty).where((table.c.station == station) & (table.c.run == run)).limit(1)
        if duty is not None:
            of_run = of_run.where(table.c.duty == duty)
        with self._database.read() as connection:
            return connection.execute(of_run).first() is not None

    def issued(self, station: str, run: str) -> frozenset[str]:
        """Return the devices of a run whose certificates are issued; "" is the one for all together."""
        from sqlalchemy import select

        table = signed_certificates
        of_run = (table.c.station == station) & (table.c.run == run) & (table.c.duty == "issued")
        with self._database.read() as connection:
            return frozenset(connection.execute(select(table.c.device).where(of_run)).scalars())

    def of_runs(self, wanted: Collection[tuple[str, str]]) -> tuple[SignedRow, ...]:
        """Return what the certificates of runs, named by station and name, are signed for, in that order."""
        with self._database.read() as connection:
            return in_turn(connection.execute(signed_of(wanted)))

    def newest_issued(self, station: str, run: str, device: str = "") -> int | None:
        """Return which edition of a certificate was issued last; None if none was."""
        from sqlalchemy import func, select

        table = signed_certificates
        of_run = (table.c.station == station) & (table.c.run == run) & (table.c.device == device)
        query = select(func.max(table.c.edition)).where(of_run, table.c.duty == "issued")
        with self._database.read() as connection:
            return connection.execute(query).scalar()

    def numbered(self, number: str) -> SignedRow | None:
        """Return which issued certificate has a number; None if none has."""
        from sqlalchemy import select

        columns = [signed_certificates.c[name] for name in SignedRow._fields]
        query = select(*columns).where(signed_certificates.c.number == number)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else SignedRow._make(row)

    def add(self, row: SigningRow) -> None:
        """Keep a certificate with one more signature.

        Raises:
            CertificateRefused: it was signed for this duty a moment ago, or the user has filed one of
                its signatures already, or another certificate was issued with its number.
        """
        from sqlalchemy import select

        table = signed_certificates
        adding = self._database.insert(table).values(**asdict(row)).on_conflict_do_nothing()
        another = (table.c.run != row.run) | (table.c.device != row.device) | (table.c.edition != row.edition)
        same = (table.c.number == row.number) & another
        with self._database.begin() as connection:
            # An insert's row count is not told by every driver.
            added = connection.execute(adding.returning(table.c.duty)).first()
            if added is not None:
                steps.signed_again(connection, row.station, row.run)
                if row.duty == "issued":
                    refresh_run(connection, row.station, row.run, self._database.revoked)
                    number = row.number or ""
                    stated.enter(connection, self._database, row.station, row.run, row.device, number)
            other = None
            if added is None and row.number is not None:
                other = connection.execute(select(table.c.run).where(same)).first()
        if other is not None:
            raise CertificateRefused(
                f"the certificate of {other.run} was issued as {row.number}, and a number is issued once: "
                "order the work with a number of its own (`certificate` under [order])"
            )
        if added is None:
            raise CertificateRefused(
                f"{row.by} has filed a signature on this certificate already, or it was signed as {row.duty} "
                "a moment ago: nobody signs twice, and nothing is signed for twice"
            )


def signed_of(wanted: Collection[tuple[str, str]]) -> Select[*tuple[Any, ...]]:
    """Return the query for what the certificates of runs, named by station and name, are signed for."""
    from sqlalchemy import select

    columns = [signed_certificates.c[name] for name in SignedRow._fields]
    return select(*columns).where(of_runs(signed_certificates, wanted))


def in_turn(rows: Iterable[Sequence[Any]]) -> tuple[SignedRow, ...]:
    """Return rows of that query as what they are, in the order in which certificates are signed."""
    signed = map(SignedRow._make, rows)
    return tuple(sorted(signed, key=lambda row: (row.edition, DUTIES.index(row.duty))))


def _signing(row: Row[Any]) -> SigningRow:
    pdf = None if row.pdf is None else bytes(row.pdf)
    return SigningRow(
        row.station,
        row.run,
        row.duty,
        row.by,
        row.at,
        bytes(row.xml),
        pdf,
        row.number,
        row.device,
        row.token,
        row.edition,
    )
