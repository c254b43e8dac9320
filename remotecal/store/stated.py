"""What issued certificates stated, held against what the laboratory may certify.

It is an index of records: each result of an issued certificate stands in it, with the capability that is for
it and how its U compares. That is found by whoever knows the scope, after a certificate was issued and again
when the scope has changed; `behind` tells what is not compared with the present one yet. Sums of days are
kept beside it, so that a year is told without looking at each result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remotecal.store.stated_tables import WANTING, stated_certificates, stated_days, stated_results
from remotecal.store.tables import signed_certificates

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Select

    from remotecal.store.database import Database

SHOWN: Final = 100
"""Results that are listed, at most, unless more are asked for."""


class StatedCertificate(NamedTuple):
    """An issued certificate of the index."""

    id: int
    station: str
    run: str
    device: str
    """Whose, where each device of the run has its own."""
    revision: int
    """How often its record, or the certificate, became another one."""


class ResultRow(NamedTuple):
    """A result as it is kept."""

    place: str
    """In the run's record: measurement, result, table, row and column, as in the address of its evidence."""
    capability: str
    """By which it is known (`Capability`'s hash); "" where none is for it."""
    quantity: str
    """Of the capability, or its own refTypes."""
    wanting: bool
    """Whether U is below the CMC or no capability is for it, and it is not marked."""
    marked: bool
    """Whether the certificate marks it as outside the scope."""
    ratio: float | None
    """Of U to the CMC; None without a capability, or where U is no number."""
    expanded: str
    """U as stated."""
    unit: str
    """Of that."""
    k: str
    at: str
    """Where it lies in the range of the capability, in its unit."""
    compared: str
    """U at about 95 %, in the unit of the CMC."""


class StatedResult(NamedTuple):
    """A result of a certificate, to be shown."""

    certificate: int
    """In the index."""
    capability: str
    quantity: str
    day: str
    station: str
    run: str
    number: str
    """Of the certificate."""
    place: str
    marked: bool
    ratio: float | None
    expanded: str
    unit: str
    k: str
    at: str
    compared: str


class StatedSum(NamedTuple):
    """What was stated by one capability in a time; or of one quantity that none is for."""

    results: int
    wanting: int
    """Of these, see `ResultRow`."""
    marked: int
    """Of these, marked as outside the scope."""
    smallest: StatedResult
    """The one whose U is the smallest part of the CMC."""


class StatedResults:
    """The results of all issued certificates."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def behind(self, scope: str, limit: int) -> tuple[StatedCertificate, ...]:
        """Return certificates that are not compared with a scope (its hash) yet, so many at most.

        Those that were compared with none come first.
        """
        from sqlalchemy import select

        of = stated_certificates.c
        columns = [of[name] for name in StatedCertificate._fields]
        found: list[StatedCertificate] = []
        with self._database.read() as connection:
            for others in (of.scope < scope, of.scope > scope):
                query = select(*columns).where(others)
                query = query.order_by(of.scope, of.id).limit(limit - len(found))
                found += map(StatedCertificate._make, connection.execute(query))
        return tuple(found)

    def find(self, station: str, run: str, device: str) -> StatedCertificate | None:
        """Return an issued certificate; None where it is not issued."""
        from sqlalchemy import select

        of = stated_certificates.c
        query = select(*(of[name] for name in StatedCertificate._fields))
        query = query.where(of.station == station, of.run == run, of.device == device)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else StatedCertificate._make(row)

    def issued(self) -> tuple[StatedCertificate, ...]:
        """Return all issued certificates."""
        from sqlalchemy import select

        of = stated_certificates.c
        query = select(*(of[name] for name in StatedCertificate._fields)).order_by(of.id)
        with self._database.read() as connection:
            return tuple(map(StatedCertificate._make, connection.execute(query)))

    def count_behind(self, scope: str) -> int:
        """Return how many certificates are not compared with a scope (its hash) yet."""
        from sqlalchemy import func, or_, select

        of = stated_certificates.c
        query = select(func.count()).where(or_(of.scope < scope, of.scope > scope))
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def keep(self, scope: str, found: Mapping[StatedCertificate, tuple[str, Sequence[ResultRow]]]) -> None:
        """Keep what certificates state, in place of what was kept of them.

        What is of another revision by now stays as it is, to be compared again.

        Args:
            scope: hash of what they were compared with.
            found: certificate → day on which its measurement was finished (ISO 8601), and its results.
        """
        from sqlalchemy import select, tuple_

        of = stated_certificates.c
        read = tuple_(of.id, of.revision).in_([(one.id, one.revision) for one in found])
        compared = stated_certificates.update().where(read).values(scope=scope).returning(of.id)
        days = stated_results.c.capability, stated_results.c.quantity, stated_results.c.day
        with self._database.begin() as connection:
            self._database.alone(connection, stated_results)
            ids = set(connection.execute(compared).scalars())
            rows = [
                {"certificate": one.id, "day": day, **row._asdict()}
                for one, (day, results) in found.items()
                for row in results
                if one.id in ids
            ]
            its = stated_results.c.certificate.in_(ids)
            changed = {tuple(row) for row in connection.execute(select(*days).where(its).distinct())}
            connection.execute(stated_results.delete().where(its))
            if rows:
                connection.execute(stated_results.insert(), rows)
            changed |= {(row["capability"], row["quantity"], row["day"]) for row in rows}
            _sum_up(connection, sorted(changed))

    def sums(self, since: str, until: str) -> dict[tuple[str, str], StatedSum]:
        """Return capability and quantity → what was stated from a day to another (ISO 8601)."""
        from sqlalchemy import and_, func, select

        of = stated_days.c
        each = [of.capability, of.quantity]
        ranked = (
            select(
                *(func.sum(column).over(partition_by=each) for column in (of.results, of.wanting, of.marked)),
                of.certificate,
                of.place,
                func.row_number()
                .over(partition_by=each, order_by=[of.ratio.is_(None), of.ratio, of.day])
                .label("rank"),
            )
            .where(of.day >= since, of.day <= until)
            .subquery()
        )
        totals = list(ranked.c)[:3]
        joined = and_(
            stated_results.c.certificate == ranked.c.certificate, stated_results.c.place == ranked.c.place
        )
        query = _told(select(*totals, *_columns())).join(ranked, joined).where(ranked.c.rank == 1)
        with self._database.read() as connection:
            rows: list[tuple[Any, ...]] = [tuple(row) for row in connection.execute(query)]
        found = [StatedSum._make((*row[:3], StatedResult._make(row[3:]))) for row in rows]
        return {(one.smallest.capability, one.smallest.quantity): one for one in found}

    def wanting(
        self, since: str, until: str, limit: int = SHOWN, after: StatedResult | None = None, *, scope: str
    ) -> tuple[StatedResult, ...]:
        """Return the results that are not within a scope, the latest first, so many at most.

        Args:
            since: first day of their measurements (ISO 8601).
            until: last day of these.
            limit: how many, at most.
            after: only those that come after this one.
            scope: its hash; what is not compared with it yet is left out, see `count_behind`.
        """
        from sqlalchemy import select, text, tuple_

        of = stated_results.c
        query = _told(select(*_columns())).where(text(WANTING), of.day >= since, of.day <= until)
        # Not by the index of scopes, which finds nearly all certificates: the few results have one.
        query = query.where(stated_certificates.c.scope + "" == scope)
        if after is not None:
            last = tuple_(after.day, after.certificate, after.place)
            query = query.where(tuple_(of.day, of.certificate, of.place) < last)
        query = query.order_by(of.day.desc(), of.certificate.desc(), of.place.desc()).limit(limit)
        with self._database.read() as connection:
            return tuple(map(StatedResult._make, connection.execute(query)))

    def rebuild(self) -> int:
        """Forget all comparisons, and enter all issued certificates anew; return how many there are.

        They are compared by whoever knows the scope; nobody else writes meanwhile.
        """
        with self._database.begin() as connection:
            for table in (stated_days, stated_results, stated_certificates):
                connection.execute(table.delete())
            return enter_all(connection)


def enter_all(connection: Connection) -> int:
    """Enter all issued certificates, as not compared yet; return how many there are."""
    from sqlalchemy import func, literal, select

    of = signed_certificates.alias()
    last = (
        select(func.max(of.c.edition))
        .where(*(of.c[name] == signed_certificates.c[name] for name in ("station", "run", "device", "duty")))
        .scalar_subquery()
    )
    issued = signed_certificates.c
    number = func.coalesce(issued.number, "")
    columns = (issued.station, issued.run, issued.device, number, literal(""), literal(0))
    rows = select(*columns).where(issued.duty == "issued", issued.edition == last)
    names = ["station", "run", "device", "number", "scope", "revision"]
    connection.execute(stated_certificates.insert().from_select(names, rows))
    return connection.execute(select(func.count()).select_from(stated_certificates)).scalar_one()


def enter(
    connection: Connection, database: Database, station: str, run: str, device: str, number: str
) -> None:
    """Enter a certificate that is issued, or one that takes the place of such; it is not compared yet."""
    of = {"station": station, "run": run, "device": device}
    insert = database.insert(stated_certificates).values(**of, number=number, scope="", revision=0)
    again = {"number": number, "scope": "", "revision": stated_certificates.c.revision + 1}
    connection.execute(insert.on_conflict_do_update(index_elements=list(of), set_=again))


def compare_again(connection: Connection, station: str, run: str) -> None:
    """Note that the record of a run is another one."""
    of = stated_certificates.c
    this = (of.station == station) & (of.run == run)
    again = {"scope": "", "revision": of.revision + 1}
    connection.execute(stated_certificates.update().where(this).values(again))


def _columns() -> Iterable[ColumnElement[Any]]:
    """Return the columns of `StatedResult`."""
    of, by = stated_results.c, stated_certificates.c
    told = {"station": by.station, "run": by.run, "number": by.number}
    return tuple(told[name] if name in told else of[name] for name in StatedResult._fields)


def _told(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return query.select_from(
        stated_results.join(stated_certificates, stated_certificates.c.id == stated_results.c.certificate)
    )


def _sum_up(connection: Connection, changed: Iterable[Sequence[str]]) -> None:
    """Sum up days of capabilities and quantities anew."""
    from sqlalchemy import case, func, select

    of = stated_results.c
    for capability, quantity, day in changed:
        key = {"capability": capability, "quantity": quantity, "day": day}
        these = [of[name] == value for name, value in key.items()]
        connection.execute(
            stated_days.delete().where(*(stated_days.c[name] == value for name, value in key.items()))
        )
        counted = (func.sum(case((of[name], 1), else_=0)) for name in ("wanting", "marked"))
        query = select(func.count(), *counted).where(*these)
        sums: tuple[Any, ...] = tuple(connection.execute(query).one())
        results, wanting, marked = sums
        if not results:
            continue
        smallest = (
            select(of.ratio, of.certificate, of.place)
            .where(*these)
            .order_by(of.ratio.is_(None), of.ratio)
            .limit(1)
        )
        row = connection.execute(smallest).one()
        numbers = {"results": results, "wanting": wanting, "marked": marked}
        connection.execute(stated_days.insert().values(**key, **numbers, **row._asdict()))
