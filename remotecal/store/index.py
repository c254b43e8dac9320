"""What runs are about: who takes part in one, by which certificates, and what it calibrates.

This is an index. All of it stands in the journals, from whose lines it is made as they arrive, and from which
`rebuild` makes it anew. So a serial number or a certificate's leads to the runs, and never the other way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remotecal.journal.chain import ending
from remotecal.store.amendments import alike
from remotecal.store.database import in_parts, of_runs
from remotecal.store.indexed import INDEXED, Indexed
from remotecal.store.orders import order_of
from remotecal.store.standing import RunStanding, keep
from remotecal.store.tables import (
    amendments,
    journal_lines,
    orders,
    run_equipment,
    run_items,
    runs,
    signed_certificates,
)
from remotecal.store.together import together

if TYPE_CHECKING:
    from sqlalchemy import Column, ColumnElement, Select, Table

    from remotecal.store.database import Database
    from remotecal.store.orders import OrderRow

FOUND: Final = 200
"""How many runs a search gives at most, unless more are asked for."""
AT_ONCE: Final = 16
"""Lines of a journal held at once while it is gone through."""


class EquipmentRow(NamedTuple):
    """Somebody who took part in a run: an instrument, or a standard without an interface."""

    station: str
    """Where the run was."""
    run: str
    name: str
    """Its name on the bench."""
    at: float
    """When the run began, by its own clock, in seconds since 1970, UTC."""
    roles: str
    """Which it filled, by blanks."""
    maker: str
    model: str
    serial: str
    """As it says itself, or its certificate, or the bench; "" if nobody does."""
    certificate: str
    """Number of its certificate; "" without one."""
    certificate_sha256: str
    valid_until: str
    """Last day of that certificate, ISO 8601; "" if it does not say."""
    first_line: int = 0
    """The first of the journal's lines in which it was used: opened, asked by a link, or read by a person; 0
    where none tells of it, as of a standard without an interface."""
    last_line: int = 0
    """The last of these."""


class ItemRow(NamedTuple):
    """Something a run calibrates."""

    station: str
    """Where the run was."""
    run: str
    place: int
    """In the order, from 0."""
    at: float
    """When the run began, by its own clock, in seconds since 1970, UTC."""
    name: str
    """By language, in JSON."""
    maker: str
    model: str
    serial: str
    owner_number: str
    customer: str
    """By language, in JSON."""
    certificate: str
    """Number its certificate has, or will have."""


class UseRow(NamedTuple):
    """A run in which a standard took part, and a certificate that came of it."""

    station: str
    """Where the run was."""
    run: str
    at: float
    """When it began, by its own clock, in seconds since 1970, UTC."""
    state: str
    """See `journals.STATES`."""
    name: str
    """Of the standard, on the bench."""
    serial: str
    """Of the standard."""
    by: str
    """Number of the certificate that the standard had then."""
    certificate: str
    """Number of the certificate that the run led to, or is to lead to; "" if nobody ordered one. A run with a
    certificate for each device is told once for each."""
    customer: str
    """By language, in JSON."""
    item: str
    """What it is for, by language, in JSON."""
    item_serial: str
    """The maker's number of that, or else its owner's."""
    issued: float | None
    """When that certificate was issued; None if it was not."""
    device: str = ""
    """Id of the one device in the run's record that certificate is of; "" where it is of all."""
    first_line: int = 0
    """See `EquipmentRow`, as `last_line`."""
    last_line: int = 0


class AboutRuns:
    """In which runs something took part, or was calibrated."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def numbered(self, number: str, *, account: str | None = None, limit: int = FOUND) -> tuple[ItemRow, ...]:
        """Return where something was calibrated, by whichever of its numbers; the latest runs first.

        Args:
            number: the maker's of it, its owner's, or that of the certificate.
            account: only what this customer's account ordered.
            limit: how many, at most.
        """
        with self._database.read() as connection:
            return tuple(map(ItemRow._make, connection.execute(items_numbered(number, account, limit))))

    def took_part(self, number: str, *, limit: int = FOUND) -> tuple[EquipmentRow, ...]:
        """Return where somebody took part, by its own number or a certificate's; the latest runs first."""
        with self._database.read() as connection:
            return tuple(map(EquipmentRow._make, connection.execute(equipment_numbered(number, limit))))

    def of_run(self, station: str, run: str) -> tuple[tuple[EquipmentRow, ...], tuple[ItemRow, ...]]:
        """Return who took part in a run, and what it calibrates."""
        used, items, _ = self.all_of_run(station, run)
        return used, items

    def all_of_run(
        self, station: str, run: str
    ) -> tuple[tuple[EquipmentRow, ...], tuple[ItemRow, ...], OrderRow | None]:
        """Return who took part in a run, what it calibrates, and its order, where it has one here."""
        from sqlalchemy import select

        def of(table: Table, name: Column[str]) -> Select[*tuple[Any, ...]]:
            return select(table).where(table.c.station == station, name == run)

        queries = (of(run_equipment, run_equipment.c.run), of(run_items, run_items.c.run))
        with self._database.read() as connection:
            used, items, order = together(connection, *queries, of(orders, orders.c.id))
        return (
            tuple(sorted(map(EquipmentRow._make, used))),
            tuple(sorted(map(ItemRow._make, items))),
            next(map(order_of, order), None),
        )

    def items_of(self, wanted: Collection[tuple[str, str]]) -> tuple[ItemRow, ...]:
        """Return what runs, named by station and name, calibrate, in the order of their orders."""
        from sqlalchemy import select

        query = select(run_items).where(of_runs(run_items, wanted))
        with self._database.read() as connection:
            return tuple(sorted(map(ItemRow._make, connection.execute(query))))

    def uses(self, numbers: Collection[str], since: float, until: float) -> tuple[UseRow, ...]:
        """Return the certificates of runs in which standards took part, the first begun first; each once.

        Args:
            numbers: serial numbers of the standards, or numbers of their certificates; with these count all
                others that the same calibrations were certified by, as they were amended.
            since: only runs begun from then on.
            until: only runs begun before.
        """
        from sqlalchemy import union_all

        rows: dict[tuple[str, str, str], UseRow] = {}
        of_run: Counter[tuple[str, str]] = Counter()
        wanted = sorted(set(numbers) - {""})
        with self._database.read() as connection:
            for some in in_parts(wanted):
                each = (
                    _using(column.in_(which), since, until)
                    for column in (run_equipment.c.certificate, run_equipment.c.serial)
                    for which in (some, alike(some))
                )
                for row in connection.execute(union_all(*each)):
                    use = UseRow._make(row)
                    if rows.setdefault((use.station, use.run, use.certificate), use) is use:
                        of_run[use.station, use.run] += 1
        told = (use if of_run[use.station, use.run] > 1 else use._replace(device="") for use in rows.values())
        return tuple(sorted(told, key=lambda use: (use.at, use.station, use.run, use.certificate)))

    def rebuild(self) -> int:
        """Make the index anew from the journals, while nobody else writes; return of how many runs it is."""
        from sqlalchemy import select

        count = 0
        with self._database.begin() as connection:
            for table in (run_equipment, run_items):
                connection.execute(table.delete())
            for station, run in connection.execute(select(runs.c.station, runs.c.run)).all():
                indexed, standing = Indexed(), RunStanding()
                this = (journal_lines.c.station == station) & (journal_lines.c.run == run)
                lines = select(journal_lines.c.line).where(this).order_by(journal_lines.c.seq)
                for line in connection.execute(lines, execution_options={"yield_per": AT_ONCE}).scalars():
                    if (link := ending(line)) is None:
                        continue
                    standing.take(link.kind, link.seq, line)
                    if link.kind in INDEXED:
                        indexed.take(station, run, link.kind, link.seq, line)
                indexed.write(connection, self._database)
                keep(connection, station, run, standing)
                count += 1
        return count


def items_numbered(number: str, account: str | None, limit: int) -> Select[*tuple[Any, ...]]:
    """Return the query of `AboutRuns.numbered`."""
    columns = (run_items.c.serial, run_items.c.owner_number, run_items.c.certificate)
    return _latest(run_items, columns, number, limit, account, amended=True)


def equipment_numbered(number: str, limit: int) -> Select[*tuple[Any, ...]]:
    """Return the query of `AboutRuns.took_part`."""
    return _latest(run_equipment, (run_equipment.c.serial, run_equipment.c.certificate), number, limit)


def _latest(
    table: Table,
    columns: Sequence[Column[str]],
    number: str,
    limit: int,
    account: str | None = None,
    *,
    amended: bool = False,
) -> Select[*tuple[Any, ...]]:
    """Return the query for rows with a number in one of these columns, of the latest runs; "" is nobody's.

    With `amended` also those of the run of which an amended certificate has the number.
    Each column is looked up in its own index: among alternatives, SQLite would rather take any other.
    """
    from sqlalchemy import select, union

    each = [select(table).where(column == number, column != "") for column in columns]
    if amended:
        same = (amendments.c.station == table.c.station) & (amendments.c.run == table.c.run)
        each.append(select(table).join(amendments, same).where(amendments.c.number == number))
    found = union(*each).subquery()
    query = select(found)
    if account is not None:
        of_run = (runs.c.station == found.c.station) & (runs.c.run == found.c.run)
        query = query.join(runs, of_run).where(runs.c.account == account)
    return query.order_by(found.c.at.desc(), found.c.station, found.c.run).limit(limit)


def _using(which: ColumnElement[bool], since: float, until: float) -> Select[*tuple[Any, ...]]:
    """Return the query for certificates of runs in which some standards took part."""
    from sqlalchemy import Text, and_, cast, func, literal, or_, select

    from remotecal.order import DUT

    used, items, issued = run_equipment, run_items, signed_certificates

    def same(table: Table) -> ColumnElement[bool]:
        return and_(table.c.station == used.c.station, table.c.run == used.c.run)

    device = literal(f"{DUT}-") + cast(items.c.place + 1, Text)
    of_item = or_(issued.c.device == "", issued.c.device == device)
    return (
        select(
            used.c.station,
            used.c.run,
            used.c.at,
            runs.c.state,
            used.c.name,
            used.c.serial,
            used.c.certificate,
            func.coalesce(items.c.certificate, ""),
            func.coalesce(items.c.customer, "{}"),
            func.coalesce(items.c.name, "{}"),
            func.coalesce(func.nullif(items.c.serial, ""), items.c.owner_number, ""),
            issued.c.at,
            func.coalesce(device, ""),
            used.c.first_line,
            used.c.last_line,
        )
        .join(runs, same(runs))
        .outerjoin(items, same(items))
        .outerjoin(issued, and_(same(issued), issued.c.duty == "issued", issued.c.edition == 0, of_item))
        .where(which, used.c.at >= since, used.c.at < until)
    )
