"""How the intervals between an item's calibrations ended: an index of the records of issued certificates.

What is issued, or whose record is computed anew, is behind from then on; how its intervals ended is found
afterwards (`find`), for that takes records. `rebuild` makes all of it anew.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remotecal.certificates.intervals import interval_ends, states_of
from remotecal.errors import RecordError
from remotecal.model import Record
from remotecal.model.identifiers import comparable
from remotecal.order import DUT
from remotecal.store.database import in_parts
from remotecal.store.interval_tables import ended_intervals, item_ends
from remotecal.store.interval_told import (
    SHORT,
    EndedOf,
    counting,
    ended_of,
    items_told,
    short,
    sum_up_items,
    told,
)
from remotecal.store.items import same_type
from remotecal.store.stated_tables import BEHIND, NEVER, stated_certificates
from remotecal.store.tables import records, run_items

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Select

    from remotecal.certificates.intervals import States
    from remotecal.store.database import Database

AT_ONCE: Final = 100
"""Certificates whose intervals are found at once."""
OWNED: Final = 200
"""Owners' numbers that are asked for in one query."""


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


class IntervalEnds:
    """How all intervals ended."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_model(self, since: str, until: str) -> tuple[EndedOf, ...]:
        """Return how the intervals that ended from a day to another (ISO 8601) did, by model."""
        of = ended_intervals.c
        query = told(None, of.day >= since, of.day <= until, *self._counting())
        with self._database.read() as connection:
            return tuple(ended_of(row, by_item=False) for row in connection.execute(query))

    def by_item(self, since: str, until: str, limit: int | None = None) -> tuple[EndedOf, ...]:
        """Return the same of each item, by the last of them alone, `FEWEST_OF_ITEM`.

        Args:
            since: first day.
            until: last day.
            limit: how many at most, those first whose interval is to be changed; None for all.
        """
        revoked = sorted(map(short, self._database.revoked))
        with self._database.read() as connection:
            return items_told(connection, since, until, revoked, limit)

    def _counting(self) -> Iterator[ColumnElement[bool]]:
        """Yield that neither certificate was revoked, where any were."""
        return counting(sorted(map(short, self._database.revoked)))

    def behind(self) -> int:
        """Return of how many certificates the intervals are not found yet."""
        from sqlalchemy import func, select, text

        query = select(func.count()).select_from(stated_certificates).where(text(BEHIND))
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def find(self) -> int:
        """Find how the intervals ended that issued certificates end or begin, of some of these at once.

        Records are read before anything is written, so that nobody waits for that. A certificate that has
        become another one meanwhile, or got another one beside it, is left for the next time.

        Returns:
            Of how many certificates; 0 once all are.
        """
        return self._find(AT_ONCE)

    def find_of(self, station: str, run: str, device: str) -> None:
        """Find as `find`, of a certificate that was issued a moment ago, and no other."""
        of = stated_certificates.c
        self._find(None, of.station == station, of.run == run, of.device == device)

    def _find(self, limit: int | None, *which: ColumnElement[bool]) -> int:
        with self._database.read() as connection:
            behind = _behind(connection, limit, *which)
            counted = _alike(connection, behind)
            intervals = _touched(counted, behind)
            rows = _rows(connection, intervals)
        if not behind:
            return 0
        of = ended_intervals.c
        with self._database.begin() as connection:
            self._database.alone(connection, ended_intervals)
            if _alike(connection, behind) != counted:
                return len(behind)
            whose = {(str(row["maker"]), str(row["model"]), str(row["number"])) for row in rows}
            for now, _ in intervals:
                this = (of.station == now.station) & (of.run == now.run) & (of.place == now.place)
                gone = ended_intervals.delete().where(this).returning(of.maker, of.model, of.number)
                whose |= {(row[0], row[1], row[2]) for row in connection.execute(gone)}
            if rows:
                connection.execute(ended_intervals.insert(), rows)
            sum_up_items(connection, sorted(whose))
            for id_, revision in behind.items():
                its = stated_certificates.c.id == id_
                connection.execute(stated_certificates.update().where(its).values(ended=revision))
        return len(behind)

    def rebuild(self) -> int:
        """Make the index anew, while nobody else writes; return how many intervals it has."""
        from sqlalchemy import func, select

        with self._database.begin() as connection:
            connection.execute(ended_intervals.delete())
            connection.execute(item_ends.delete())
            connection.execute(stated_certificates.update().values(ended=NEVER))
        while self.find():
            pass
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(ended_intervals)).scalar_one()


class Counted(NamedTuple):
    """An item by an issued certificate of the index of these."""

    id: int
    """Of the certificate."""
    revision: int
    """How often it, or its record, became another one."""
    item: CalibratedItem


def by_number(found: Iterable[CalibratedItem]) -> Iterable[list[CalibratedItem]]:
    """Return calibrations, those of one number together; without those of none."""
    groups: dict[tuple[str, str], list[CalibratedItem]] = {}
    for one in found:
        if one.number[0]:
            groups.setdefault(one.number, []).append(one)
    return groups.values()


def successive(group: Iterable[CalibratedItem]) -> Iterator[tuple[CalibratedItem, CalibratedItem | None]]:
    """Yield each of the calibrations of a number, and the one of the same item before it."""
    last: dict[tuple[str, str], CalibratedItem] = {}  # of each maker and model, those seen last at its end
    for now in sorted(group, key=lambda one: (one.at, one.of)):
        yield now, next((one for one in reversed(last.values()) if same_type(one, now)), None)
        last.pop((now.maker, now.model), None)
        last[now.maker, now.model] = now


def rows_of(
    now: CalibratedItem, before: CalibratedItem, found: States | None, then: States | None
) -> list[dict[str, object]]:
    """Return a row for each kind of results that tells how the interval between two calibrations ended.

    Args:
        now: the calibration that ended it.
        before: the one that began it.
        found: the errors by the first, if they are known.
        then: those by the other.
    """
    if found is None or then is None:
        return []
    of: dict[str, object] = {name: getattr(now, name) for name in ("station", "run", "place")}
    texts = {"maker": now.maker, "model": now.model, "number": now.number[0]}
    texts |= {"certificate": comparable(now.certificate), "before": comparable(before.certificate)}
    of |= {"day": found.finished.isoformat()}
    return [
        of | {name: short(text) if name in SHORT else text for name, text in (texts | end._asdict()).items()}
        for end in interval_ends(then, found)
    ]


Interval = tuple[CalibratedItem, CalibratedItem | None]
"""The calibration that ended it, and the one that began it, if there is one."""


def _touched(counted: Iterable[Counted], ids: Collection[int]) -> list[Interval]:
    """Return the intervals that end or begin with one of these certificates."""
    its = {one.item.of for one in counted if one.id in ids}
    return [
        (now, before)
        for group in by_number(one.item for one in counted)
        for now, before in successive(group)
        if now.of in its or (before is not None and before.of in its)
    ]


def _rows(connection: Connection, intervals: Sequence[Interval]) -> list[dict[str, object]]:
    """Return the rows of intervals; each record is read once, and one at a time is held."""
    from sqlalchemy import select

    places: dict[tuple[str, str], set[int]] = defaultdict(set)
    for one in (each for interval in intervals if interval[1] for each in interval):
        if one is not None:
            places[one.station, one.run].add(one.place)
    known: dict[tuple[str, str, int], States | None] = {}
    for (station, run), of in places.items():
        this = (records.c.station == station) & (records.c.run == run)
        said = connection.execute(select(records.c.record).where(this)).scalar()
        known |= {(station, run, place): found for place, found in _all_states(said, of)}
    return [
        row
        for now, before in intervals
        if before is not None
        for row in rows_of(now, before, known[now.of], known[before.of])
    ]


def _all_states(said: str | None, places: Iterable[int]) -> Iterator[tuple[int, States | None]]:
    """Yield what a record says of several items, each by its place."""
    try:
        record = None if said is None else Record.from_json(said)
    except RecordError:
        record = None
    for place in places:
        yield place, _states(record, place)


def _states(record: Record | None, place: int) -> States | None:
    try:
        return None if record is None else states_of(record, place)
    except RecordError:
        return None


def _behind(connection: Connection, limit: int | None, *which: ColumnElement[bool]) -> dict[int, int]:
    """Return certificates whose intervals are to be found: id → revision; the first entered first."""
    from sqlalchemy import select, text

    of = stated_certificates.c
    query = select(of.id, of.revision).where(text(BEHIND), *which).order_by(of.id).limit(limit)
    return {row.id: row.revision for row in connection.execute(query)}


def _alike(connection: Connection, ids: Collection[int]) -> list[Counted]:
    """Return the calibrations of the items of certificates, and all others of the same numbers."""
    from sqlalchemy import and_, or_

    item = run_items.c
    own = _calibrated(connection, stated_certificates.c.id.in_(ids))
    serials = sorted({one.item.serial for one in own} - {""})
    owned = sorted({one.item.number for one in own if not one.item.serial and one.item.owner_number})
    found: dict[tuple[str, str, int], Counted] = {}
    for some in in_parts(serials):
        found |= {one.item.of: one for one in _calibrated(connection, item.serial.in_(some))}
    for begin in range(0, len(owned), OWNED):
        its = [
            and_(item.owner_number == number, item.customer == customer)
            for number, customer in owned[begin : begin + OWNED]
        ]
        found |= {one.item.of: one for one in _calibrated(connection, item.serial == "", or_(*its))}
    return sorted(found.values())


def _calibrated(connection: Connection, *which: ColumnElement[bool]) -> list[Counted]:
    """Return the calibrations of items by issued certificates."""
    return [
        Counted(row[0], row[1], CalibratedItem._make(row[2:]))
        for row in connection.execute(_query().where(*which))
    ]


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
    return select(issued.id, issued.revision, *columns).select_from(stated_certificates.join(run_items, its))
