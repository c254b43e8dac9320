"""How the intervals between an item's calibrations ended: an index of the records of issued certificates.

It is kept when a certificate is issued or its record computed anew, and `rebuild` makes it anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Column, Float, Index, Integer, Table, Text

from remotecal.certificates.intervals import interval_ends, states_of
from remotecal.errors import RecordError
from remotecal.model import Record
from remotecal.model.identifiers import comparable
from remotecal.order import DUT
from remotecal.statistics.staircase import FEWEST_OF_ITEM, Ended
from remotecal.store.items import alike
from remotecal.store.stated_tables import stated_certificates
from remotecal.store.tables import metadata, records, run_items

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Select

    from remotecal.certificates.intervals import Against
    from remotecal.store.database import Database

BY_MODEL = (
    "maker", "model", "quantity", "unit", "over", "against", "day", "number", "outside", "part", "days",
    "drift_part", "drift", "certificate", "before",
)  # fmt: skip
"""All that is told of the intervals of models, so that none of their rows is read for it."""

ended_intervals = Table(
    "ended_intervals",
    metadata,
    Column("station", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False, comment="of the item in the order"),
    Column("quantity", Text, primary_key=True, comment="refTypes of the results, by blanks"),
    Column("unit", Text, primary_key=True, comment="of the errors"),
    Column("over", Text, primary_key=True, comment="unit of the places"),
    Column("maker", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("number", Text, nullable=False, comment="the maker's of the item, or its owner's"),
    Column("certificate", Text, nullable=False, comment="its number, as numbers are compared"),
    Column("before", Text, nullable=False, comment="that of the certificate before"),
    Column("day", Text, nullable=False, comment="on which it ended, ISO 8601"),
    Column("against", Text, nullable=False, comment="limit or U"),
    Column("days", Integer, nullable=False),
    Column("results", Integer, nullable=False, comment="that were judged"),
    Column("outside", Integer, nullable=False, comment="of these"),
    Column("part", Float, nullable=False, comment="the largest, of the limit or of U"),
    Column("drift", Float, comment="mean change in a year"),
    Column("drift_part", Float, comment="the largest in a year, of the limit or of U"),
    Index("ix_ended_intervals_told", *BY_MODEL),
    comment="how intervals between calibrations ended; an index of records",
)


class CalibratedItem(NamedTuple):
    """An item by an issued certificate."""

    station: str
    run: str
    place: int
    """Of the item in the order, from 0."""
    at: float
    """When the run began."""
    certificate: str
    """Its number."""
    maker: str
    model: str
    serial: str
    owner_number: str
    customer: str
    """By language, in JSON."""

    @property
    def of(self) -> tuple[str, str, int]:
        """Which item of which run."""
        return self.station, self.run, self.place

    @property
    def number(self) -> tuple[str, str]:
        """By what it is the same item, beside maker and model: its maker's number, or owner and number."""
        return (self.serial, "") if self.serial else (self.owner_number, self.customer)


class EndedOf(NamedTuple):
    """How the intervals of a model's items ended, or those of one item."""

    maker: str
    model: str
    number: str
    """The item's; "" for all of the model."""
    quantity: str
    """refTypes of the results, by blanks."""
    unit: str
    """Of the errors."""
    over: str
    """Unit of the places."""
    against: Against
    """What they are judged by."""
    items: int
    """How many there are."""
    ended: Ended
    drift: float | None
    """Mean change in a year, in `unit`; None where none is known."""


class IntervalEnds:
    """How all intervals ended."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_model(self, since: str, until: str) -> tuple[EndedOf, ...]:
        """Return how the intervals that ended from a day to another (ISO 8601) did, by model."""
        return self._told(since, until, None)

    def by_item(self, since: str, until: str) -> tuple[EndedOf, ...]:
        """Return the same of each item, by the last of them alone, `FEWEST_OF_ITEM`."""
        return self._told(since, until, FEWEST_OF_ITEM)

    def _told(self, since: str, until: str, last: int | None) -> tuple[EndedOf, ...]:
        from sqlalchemy import case, func, literal, select

        of = ended_intervals.c
        kind = (of.quantity, of.unit, of.over, of.against)
        newest = [of.day.desc(), of.station.desc(), of.run.desc()]
        whose = (of.maker, of.model, of.number)
        rank = func.row_number().over(partition_by=[*whose, *kind], order_by=newest) if last else literal(0)
        ranked = select(ended_intervals, rank.label("rank"))
        rows = ranked.where(of.day >= since, of.day <= until, *self._counting()).subquery()
        one = rows.c
        group = [one[column.name] for column in (*whose[: 3 if last else 2], *kind)]
        failed = case((one.outside > 0, 1), else_=0)
        query = (
            select(
                *group,
                func.count(one.number.distinct()),
                func.count(),
                func.sum(failed),
                func.max(case((one.rank == 1, failed), else_=0)),
                func.max(one.part),
                func.avg(one.days),
                func.max(one.drift_part),
                func.avg(one.drift),
            )
            .group_by(*group)
            .order_by(*group)
        )
        if last:
            query = query.where(one.rank <= last)
        with self._database.read() as connection:
            found: list[tuple[Any, ...]] = [tuple(row) for row in connection.execute(query)]
        return tuple(_ended(row if last else (*row[:2], "", *row[2:])) for row in found)

    def _counting(self) -> Iterator[ColumnElement[bool]]:
        """Yield that neither certificate was revoked, where any were."""
        if self._database.revoked:
            for column in (ended_intervals.c.certificate, ended_intervals.c.before):
                yield column.not_in(sorted(self._database.revoked))

    def rebuild(self) -> int:
        """Make the index anew, while nobody else writes; return how many intervals it has."""
        with self._database.begin() as connection:
            return rebuild(connection)


def refresh(connection: Connection, station: str, run: str) -> None:
    """Keep how the intervals ended that a run's certificates end or begin; none where they are not issued."""
    of_run = (stated_certificates.c.station == station) & (stated_certificates.c.run == run)
    for this in _calibrated(connection, of_run):
        for now, before in successive(_like(connection, this)):
            if this.of in (now.of, None if before is None else before.of):
                _keep(connection, now, before)


def rebuild(connection: Connection) -> int:
    """Make the index anew; return how many intervals it has."""
    from sqlalchemy import func, select

    connection.execute(ended_intervals.delete())
    for group in by_number(_calibrated(connection)):
        for now, before in successive(group):
            _keep(connection, now, before)
    return connection.execute(select(func.count()).select_from(ended_intervals)).scalar_one()


def by_number(found: Iterable[CalibratedItem]) -> Iterable[list[CalibratedItem]]:
    """Return calibrations, those of one number together; without those of none."""
    groups: dict[tuple[str, str], list[CalibratedItem]] = {}
    for one in found:
        if one.number[0]:
            groups.setdefault(one.number, []).append(one)
    return groups.values()


def successive(group: Iterable[CalibratedItem]) -> Iterator[tuple[CalibratedItem, CalibratedItem | None]]:
    """Yield each of the calibrations of a number, and the one of the same item before it."""
    by_time = sorted(group, key=lambda one: (one.at, one.of))
    for place, now in enumerate(by_time):
        yield now, next((one for one in reversed(by_time[:place]) if alike(one, now)), None)


def rows_of(
    now: CalibratedItem, before: CalibratedItem, record: str | None, earlier: str | None
) -> list[dict[str, object]]:
    """Return a row for each kind of results that tells how the interval between two calibrations ended.

    Args:
        now: the calibration that ended it.
        before: the one that began it.
        record: that of the first (JSON), if there is one.
        earlier: that of the other.
    """
    if record is None or earlier is None:
        return []
    try:
        found = states_of(Record.from_json(record), now.place)
        then = states_of(Record.from_json(earlier), before.place)
    except RecordError:
        return []
    whose = {name: getattr(now, name) for name in ("station", "run", "place", "maker", "model")}
    numbers = {"certificate": comparable(now.certificate), "before": comparable(before.certificate)}
    told: dict[str, object] = {**whose, **numbers}
    told |= {"number": now.number[0], "day": found.finished.isoformat()}
    return [told | end._asdict() for end in interval_ends(then, found)]


def _keep(connection: Connection, now: CalibratedItem, before: CalibratedItem | None) -> None:
    """Keep how an interval ended, in place of what was kept of it."""
    of = ended_intervals.c
    this = (of.station == now.station) & (of.run == now.run) & (of.place == now.place)
    connection.execute(ended_intervals.delete().where(this))
    if before is None:
        return
    rows = rows_of(now, before, _record(connection, now), _record(connection, before))
    if rows:
        connection.execute(ended_intervals.insert(), rows)


def _record(connection: Connection, one: CalibratedItem) -> str | None:
    from sqlalchemy import select

    this = (records.c.station == one.station) & (records.c.run == one.run)
    return connection.execute(select(records.c.record).where(this)).scalar()


def _calibrated(connection: Connection, *which: ColumnElement[bool]) -> list[CalibratedItem]:
    """Return the calibrations of items by issued certificates."""
    return [CalibratedItem._make(row) for row in connection.execute(_query().where(*which))]


def _query() -> Select[*tuple[Any, ...]]:
    from sqlalchemy import Text as Words
    from sqlalchemy import and_, cast, literal, or_, select

    issued, item = stated_certificates.c, run_items.c
    device = literal(f"{DUT}-") + cast(item.place + 1, Words)
    its = and_(
        item.station == issued.station,
        item.run == issued.run,
        or_(issued.device == "", issued.device == device),
    )
    told = {"certificate": issued.number}
    columns = [told[name] if name in told else item[name] for name in CalibratedItem._fields]
    return select(*columns).select_from(stated_certificates.join(run_items, its))


def _like(connection: Connection, this: CalibratedItem) -> list[CalibratedItem]:
    """Return the calibrations of an item's number, this one among them; none where it has none."""
    item = run_items.c
    if this.serial:
        return _calibrated(connection, item.serial == this.serial)
    if not this.owner_number:
        return []
    its = (item.owner_number == this.owner_number) & (item.customer == this.customer)
    return _calibrated(connection, item.serial == "", its)


def _ended(row: Sequence[Any]) -> EndedOf:
    items, intervals, outside, last, part, days, drift_part, drift = row[7:]
    ended = Ended(
        intervals=intervals,
        outside=outside,
        last_outside=bool(last),
        largest=part,
        days=float(days),
        drift=drift_part,
    )
    return EndedOf._make((*row[:7], items, ended, drift))
