"""The standards that took part in runs, each as it did last; from the index of what runs are about."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from remotecal.store.index import EquipmentRow
from remotecal.store.tables import run_equipment

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement, Connection

    from remotecal.store.database import Database


class StandardRow(NamedTuple):
    """A standard: whatever took part in a run by a certificate of its own."""

    last: EquipmentRow
    """As it took part last, by the certificate that holds longest."""
    runs: int
    """In how many runs it took part."""
    lately: int
    """In how many of those that began since a moment asked for."""

    @property
    def number(self) -> str:
        """What it is found by: its serial number, or its certificate's where nobody tells that."""
        return self.last.serial or self.last.certificate


class Standards:
    """Which standards there are."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, since: float) -> tuple[StandardRow, ...]:
        """Return every standard, the first whose certificate ends first, those that never end last.

        All runs are gone through for it. Two things are one where maker, model and serial number are the
        same; without a serial number, where the certificate is.

        Args:
            since: from when on a run counts as lately, in seconds since 1970, UTC.
        """
        with self._database.read() as connection:
            counts = _counted(connection, since)
            found = [StandardRow(last, *counts[_key(last)]) for last in _last(connection)]
        return tuple(sorted(found, key=lambda one: (one.last.valid_until or "~", one.number)))

    def due(self, day: str) -> tuple[EquipmentRow, ...]:
        """Return the standards whose certificate ends on a day (ISO 8601) or before, the first to end first.

        Each is told as it took part last; one that has taken part with a later certificate is not due.
        """
        with self._database.read() as connection:
            found = [last for last in _last(connection) if last.serial and "" < last.valid_until <= day]
        return tuple(sorted(found, key=lambda last: (last.valid_until, last.serial)))

    def certificates(self, serials: Collection[str]) -> dict[str, str]:
        """Return number of a certificate → serial number of who took part in runs by it, among some."""
        from sqlalchemy import select

        used = run_equipment.c
        query = select(used.certificate, used.serial).where(used.serial.in_(serials), used.certificate != "")
        with self._database.read() as connection:
            return {row.certificate: row.serial for row in connection.execute(query.distinct())}


def _same() -> tuple[ColumnElement[str], ...]:
    """Return by what two rows are of one standard."""
    from sqlalchemy import case

    used = run_equipment.c
    return used.maker, used.model, used.serial, case((used.serial == "", used.certificate), else_="")


def _key(row: EquipmentRow) -> tuple[str, ...]:
    return row.maker, row.model, row.serial, "" if row.serial else row.certificate


def _last(connection: Connection) -> list[EquipmentRow]:
    """Return each standard as it took part last.

    The index tells when it did by each of its certificates; only the rows of these moments are read.
    """
    from sqlalchemy import and_, func, select

    used = run_equipment
    by = [used.c[name] for name in ("maker", "model", "serial", "certificate", "valid_until")]
    each = select(*by, func.max(used.c.at).label("at")).where(used.c.certificate != "").group_by(*by).cte()
    same = and_(*(used.c[column.name] == column for column in each.c))
    rows = map(EquipmentRow._make, connection.execute(select(used).join_from(each, used, same)))
    last: dict[tuple[str, ...], EquipmentRow] = {}
    for row in sorted(rows, key=lambda row: (row.station, row.run, row.name)):
        known = last.get(_key(row))
        if known is None or (row.valid_until, row.at) > (known.valid_until, known.at):
            last[_key(row)] = row
    return list(last.values())


def _counted(connection: Connection, since: float) -> dict[tuple[str, ...], tuple[int, int]]:
    """Return in how many runs each standard took part, and in how many of them lately."""
    from sqlalchemy import case, func, select

    used, same = run_equipment, _same()
    run = used.c.station + "/" + used.c.run
    lately = func.count(case((used.c.at >= since, run)).distinct())
    told = select(*same).add_columns(func.count(run.distinct()), lately)
    query = told.where(used.c.certificate != "").group_by(*same)
    return {tuple(row[:4]): (row[4], row[5]) for row in connection.execute(query)}
