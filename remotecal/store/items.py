"""The items: what is calibrated here, how often, and until when its last certificate is relied on.

What people enter stands here alone. The last certificate, and the day that follows from it, are an index of
certificates: kept when one is issued, and made anew by `refresh`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from remotecal.errors import NotNow, NotThere
from remotecal.model.identifiers import comparable
from remotecal.store.due_tables import items
from remotecal.store.intervals import Rule, last_day
from remotecal.store.tables import records, run_items, runs, signed_certificates

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Row

    from remotecal.store.database import Database

Sort = Literal["due", "serial", "model", "entered"]
"""By what a list is in order."""
WRITTEN: Final = ("maker", "model", "serial", "owner_number", "place")
"""Texts of an item in one line."""


@dataclass(frozen=True, slots=True)
class Entered:
    """What people say of an item."""

    name: str
    """What it is, by language, in JSON."""
    maker: str = ""
    """Who made it."""
    model: str = ""
    """Type designation."""
    serial: str = ""
    """The maker's number."""
    owner_number: str = ""
    """The owner's number."""
    place: str = ""
    """Where it is."""
    months: int | None = None
    """From one calibration to the next; None where it is not said."""
    rule: Rule = "before"
    """Which day is the last."""
    due_set: str = ""
    """Last day as set by hand, ISO 8601; "" to compute it from the last certificate."""
    account: str = ""
    """The customer's account; "" for the laboratory's own."""

    @property
    def same(self) -> str:
        """What tells it from others of its account, as numbers are compared that a person reads as one."""
        number = f"s:{comparable(self.serial)}" if self.serial else f"o:{comparable(self.owner_number)}"
        return "\n".join((comparable(self.maker), comparable(self.model), number))


class KeptItem(NamedTuple):
    """An item."""

    id: int
    """Number, rising."""
    account: str
    """The customer's account; "" for the laboratory's own."""
    same: str
    """What tells it from others."""
    name: str
    """By language, in JSON."""
    maker: str
    model: str
    serial: str
    owner_number: str
    place: str
    """Where it is."""
    months: int | None
    """From one calibration to the next."""
    rule: Rule
    """Which day is the last."""
    due_set: str
    """Last day as set by hand, ISO 8601; "" where it is computed."""
    due: str
    """Last day that counts, ISO 8601; "" where none is known."""
    certificate: str
    """Number of the last certificate; "" if none was issued here."""
    calibrated: str
    """Last day of that calibration, ISO 8601."""
    station: str
    """Where that was."""
    run: str
    """The run of that."""
    entered: float
    """When it was entered."""
    by: str
    """Who entered it."""

    @property
    def entered_as(self) -> Entered:
        """What people said of it."""
        return Entered(**{field.name: getattr(self, field.name) for field in fields(Entered)})


class Calibration(NamedTuple):
    """A certificate that was issued for an item."""

    station: str
    run: str
    number: str
    """Of the certificate."""
    place: int
    """Of the item in the order, from 0."""
    at: float
    """When the run began."""
    record: str
    """What it says, in JSON."""


class Items:
    """The register of items."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enter(self, entered: Entered, by: str, at: float) -> int:
        """Enter an item, and return its number.

        Raises:
            NotNow: the account has it already.
        """
        row = {**asdict(entered), "same": entered.same, "entered": at, "by": by, **_UNKNOWN}
        adding = self._database.insert(items).values(**row).on_conflict_do_nothing().returning(items.c.id)
        with self._database.begin() as connection:
            added = connection.execute(adding).scalar()
            if added is None:
                raise _there_already(entered)
            refresh(connection, [added])
        return int(added)

    def ensure(self, told: Entered, by: str, at: float) -> int:
        """Return the number of an item: of the one there with its number, maker and model, or of a new one.

        Where one of two says no maker or model, they are one all the same.
        """
        from sqlalchemy import select

        by_number = (
            items.c.serial == told.serial if told.serial else items.c.owner_number == told.owner_number
        )
        query = select(items).where(by_number, items.c.account == told.account).order_by(items.c.id)
        with self._database.read() as connection:
            for row in connection.execute(query):
                if _alike(told, row):
                    return int(row.id)
        try:
            return self.enter(told, by, at)
        except NotNow:  # somebody has entered it meanwhile, or as numbers are compared it is there
            return self.known([told])[told.account, told.same].id

    def change(self, item: int, entered: Entered) -> None:
        """Say something else of an item.

        Raises:
            NotThere: there is none of this number.
            NotNow: the account has another one with these numbers.
        """
        from sqlalchemy import select

        other = (items.c.account == entered.account) & (items.c.same == entered.same) & (items.c.id != item)
        values = {**asdict(entered), "same": entered.same}
        with self._database.begin() as connection:
            if connection.execute(select(items.c.id).where(other)).first() is not None:
                raise _there_already(entered)
            changed = connection.execute(items.update().where(items.c.id == item).values(**values))
            if changed.rowcount != 1:
                raise NotThere(f"there is no item {item}")
            refresh(connection, [item])

    def bring_in(self, told: Sequence[Entered], by: str, at: float) -> tuple[int, ...]:
        """Enter many items, and change those that are there, all or none; return their numbers in order."""
        values = [{**asdict(one), "same": one.same, "entered": at, "by": by, **_UNKNOWN} for one in told]
        insert = self._database.insert(items)
        said = ("name", *WRITTEN, "months", "rule", "due_set")
        put = insert.on_conflict_do_update(
            index_elements=["account", "same"], set_={name: insert.excluded[name] for name in said}
        ).returning(items.c.id)
        with self._database.begin() as connection:
            numbers = tuple(int(connection.execute(put, row).scalar_one()) for row in values)
            refresh(connection, numbers)
        return numbers

    def find(self, item: int) -> KeptItem | None:
        """Return an item; None if there is none of this number."""
        return next(iter(self.some([item])), None)

    def some(self, numbers: Collection[int]) -> tuple[KeptItem, ...]:
        """Return items by their numbers, in the order of these; those that are there."""
        from sqlalchemy import select

        with self._database.read() as connection:
            found = {
                row.id: KeptItem._make(row)
                for row in connection.execute(select(items).where(items.c.id.in_(numbers)))
            }
        return tuple(found[number] for number in numbers if number in found)

    def known(self, told: Collection[Entered]) -> dict[tuple[str, str], KeptItem]:
        """Return those of some items that are there already, by account and what tells them apart."""
        from sqlalchemy import select

        found: dict[tuple[str, str], KeptItem] = {}
        wanted = sorted({one.same for one in told})
        with self._database.read() as connection:
            for begin in range(0, len(wanted), _TOGETHER):
                some = items.c.same.in_(wanted[begin : begin + _TOGETHER])
                for row in map(KeptItem._make, connection.execute(select(items).where(some))):
                    found[row.account, row.same] = row
        return found

    def list(
        self,
        limit: int | None,
        *,
        account: str | None = None,
        searched: str = "",
        due: str = "",
        sort: Sort = "due",
        after: int | None = None,
    ) -> tuple[KeptItem, ...]:
        """Return items in order; those without a day to be due come last.

        Args:
            limit: how many, at most; None for all.
            account: only those of this account.
            searched: only those with this text in a number, a name, maker, model or place.
            due: only those due on this day (ISO 8601) or before.
            sort: by what they are in order.
            after: number of the last item of the page before; None for the first page.
        """
        from sqlalchemy import case, func, or_, select, tuple_

        orders: dict[Sort, ColumnElement[Any]] = {
            "due": case((items.c.due == "", "~"), else_=items.c.due),
            "serial": func.lower(items.c.serial),
            "model": func.lower(items.c.model),
            "entered": -items.c.entered,
        }
        by = orders[sort]
        query = select(items)
        if account is not None:
            query = query.where(items.c.account == account)
        if due:
            query = query.where(items.c.due != "", items.c.due <= due)
        if searched:
            texts = (*WRITTEN, "name", "certificate", "account")
            query = query.where(or_(*(items.c[name].icontains(searched, autoescape=True) for name in texts)))
        if after is not None:
            last = select(by).where(items.c.id == after).scalar_subquery()
            query = query.where(tuple_(by, items.c.id) > tuple_(last, after))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(by, items.c.id).limit(limit))
            return tuple(map(KeptItem._make, rows))

    def numbered(self, number: str, *, account: str | None = None, limit: int = 200) -> tuple[KeptItem, ...]:
        """Return the items with a serial number, or an owner's, the latest entered first."""
        from sqlalchemy import or_, select

        query = select(items).where(or_(items.c.serial == number, items.c.owner_number == number))
        if account is not None:
            query = query.where(items.c.account == account)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(items.c.id.desc()).limit(limit))
            return tuple(map(KeptItem._make, rows)) if number else ()

    def calibrations(self, item: KeptItem, limit: int = 20) -> tuple[Calibration, ...]:
        """Return the certificates issued for an item, the latest first."""
        with self._database.read() as connection:
            return _calibrations(connection, item, limit)

    def rebuild(self) -> int:
        """Look for the last certificate of each item anew; return of how many it was done."""
        from sqlalchemy import select

        with self._database.begin() as connection:
            numbers = connection.execute(select(items.c.id)).scalars().all()
            refresh(connection, numbers)
        return len(numbers)


_TOGETHER: Final = 500
_UNKNOWN: Final[dict[str, str]] = dict.fromkeys(("due", "certificate", "calibrated", "station", "run"), "")


def refresh(connection: Connection, numbers: Collection[int]) -> None:
    """Keep with items what their last certificate says, and until when it is relied on."""
    from sqlalchemy import select

    for number in numbers:
        row = connection.execute(select(items).where(items.c.id == number)).first()
        if row is None:
            continue
        item = KeptItem._make(row)
        last = next(iter(_calibrations(connection, item, 1)), None)
        told: Mapping[str, str] = _UNKNOWN
        if last is not None:
            finished = json.loads(last.record)["finished"]
            told = {
                "certificate": last.number,
                "calibrated": finished,
                "station": last.station,
                "run": last.run,
            }
        due = item.due_set
        if not due and item.months and told["calibrated"]:
            due = last_day(date.fromisoformat(told["calibrated"]), item.months, item.rule).isoformat()
        connection.execute(items.update().where(items.c.id == number).values({**told, "due": due}))


def refresh_run(connection: Connection, station: str, run: str) -> None:
    """Refresh the items that a run calibrated."""
    from sqlalchemy import or_, select

    of_run = (run_items.c.station == station) & (run_items.c.run == run)
    numbers = select(run_items.c.serial, run_items.c.owner_number).where(of_run)
    for serial, owner in connection.execute(numbers).all():
        like = or_(
            (items.c.serial == serial) & (items.c.serial != ""),
            (items.c.owner_number == owner) & (items.c.owner_number != ""),
        )
        refresh(connection, connection.execute(select(items.c.id).where(like)).scalars().all())


def _calibrations(connection: Connection, item: KeptItem, limit: int) -> tuple[Calibration, ...]:
    """Return an item's certificates: of runs of its account, by its number, of its maker and model.

    One that was amended stands there as it was issued last, for it tells of one calibration.
    """
    from sqlalchemy import Text, and_, cast, exists, func, literal, or_, select

    from remotecal.order import DUT

    by = run_items.c.serial == item.serial if item.serial else run_items.c.owner_number == item.owner_number
    device = literal(f"{DUT}-") + cast(run_items.c.place + 1, Text)
    issued, later = signed_certificates, signed_certificates.alias("later")

    def same(one: Any, other: Any) -> ColumnElement[bool]:  # noqa: ANN401  tables
        return and_(one.c.station == other.c.station, one.c.run == other.c.run)

    replaced = exists().where(
        same(later, issued),
        later.c.device == issued.c.device,
        later.c.duty == "issued",
        later.c.edition > issued.c.edition,
    )
    query = (
        select(
            run_items.c.station,
            run_items.c.run,
            func.coalesce(issued.c.number, run_items.c.certificate),
            run_items.c.place,
            run_items.c.at,
            records.c.record,
            run_items.c.maker,
            run_items.c.model,
        )
        .join(runs, same(run_items, runs))
        .join(issued, and_(same(run_items, issued), issued.c.duty == "issued"))
        .join(records, same(run_items, records))
        .where(
            by,
            func.coalesce(runs.c.account, "") == item.account,
            or_(issued.c.device == "", issued.c.device == device),
            ~replaced,
        )
        .order_by(run_items.c.at.desc())
    )
    found = (row for row in connection.execute(query) if _alike(item, row))
    return tuple(Calibration._make(row[:6]) for row, _ in zip(found, range(limit), strict=False))


def _alike(item: KeptItem | Entered, row: Row[*tuple[Any, ...]]) -> bool:
    """Tell whether maker and model are the item's, where both say them."""
    pairs = ((item.maker, row.maker), (item.model, row.model))
    return all(not one or not other or comparable(one) == comparable(other) for one, other in pairs)


def _there_already(entered: Entered) -> NotNow:
    number = entered.serial or entered.owner_number
    return NotNow(f"{entered.maker} {entered.model} {number} is entered already".replace("  ", " ").strip())
