"""What was calibrated when: the certificates of items, and until when the last of each is relied on.

It is an index of certificates: kept when one is issued, and made anew by `refresh`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remotecal.model.identifiers import comparable
from remotecal.store.due_tables import items
from remotecal.store.intervals import last_day
from remotecal.store.items import KeptItem, same_type
from remotecal.store.tables import records, run_items, runs, signed_certificates

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

UNKNOWN: Final[dict[str, str]] = dict.fromkeys(("due", "certificate", "calibrated", "station", "run"), "")
"""What an item's last certificate tells where there is none."""


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

    @property
    def finished(self) -> str:
        """Last day of the calibration, ISO 8601."""
        return str(json.loads(self.record)["finished"])


def refresh(connection: Connection, numbers: Collection[int], without: Collection[str]) -> None:
    """Keep with items what their last certificate says, and until when it is relied on.

    Args:
        connection: the database.
        numbers: of the items.
        without: certificates that count no longer (`Database.revoked`).
    """
    from sqlalchemy import select

    for number in numbers:
        row = connection.execute(select(items).where(items.c.id == number)).first()
        if row is None:
            continue
        item = KeptItem._make(row)
        last = next(iter(calibrations(connection, item, 1, without)), None)
        told: Mapping[str, str] = UNKNOWN
        if last is not None:
            told = {
                "certificate": last.number,
                "calibrated": last.finished,
                "station": last.station,
                "run": last.run,
            }
        due = item.due_set
        if not due and item.months and told["calibrated"]:
            due = last_day(date.fromisoformat(told["calibrated"]), item.months, item.rule).isoformat()
        connection.execute(items.update().where(items.c.id == number).values({**told, "due": due}))


def refresh_run(connection: Connection, station: str, run: str, without: Collection[str]) -> None:
    """Refresh the items that a run calibrated; `without` as `refresh`."""
    from sqlalchemy import or_, select

    of_run = (run_items.c.station == station) & (run_items.c.run == run)
    numbers = select(run_items.c.serial, run_items.c.owner_number).where(of_run)
    for serial, owner in connection.execute(numbers).all():
        like = or_(
            (items.c.serial == serial) & (items.c.serial != ""),
            (items.c.owner_number == owner) & (items.c.owner_number != ""),
        )
        refresh(connection, connection.execute(select(items.c.id).where(like)).scalars().all(), without)


def calibrations(
    connection: Connection, item: KeptItem, limit: int, without: Collection[str]
) -> tuple[Calibration, ...]:
    """Return an item's certificates, the latest first: of its account, by its number, maker and model.

    Where one was amended, only the one that took its place; `without` as `refresh`: no calibration that was
    certified by one of these alone, and none in its place that it took the place of.
    """
    from sqlalchemy import Text, and_, cast, func, literal, or_, select

    from remotecal.order import DUT

    by = run_items.c.serial == item.serial if item.serial else run_items.c.owner_number == item.owner_number
    device = literal(f"{DUT}-") + cast(run_items.c.place + 1, Text)
    issued = signed_certificates

    def same(one: Any, other: Any) -> ColumnElement[bool]:  # noqa: ANN401  tables
        return and_(one.c.station == other.c.station, one.c.run == other.c.run)

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
        )
        .order_by(run_items.c.at.desc(), issued.c.edition.desc())
    )
    found: list[Calibration] = []
    seen: set[tuple[str, str, int]] = set()
    for row in connection.execute(query):
        of = (row.station, row.run, row.place)
        if of in seen or not same_type(item, row):
            continue
        seen.add(of)  # the last edition: what it took the place of counts no longer either
        one = Calibration._make(row[:6])
        if not without or comparable(one.number) not in without:
            found.append(one)
        if len(found) == limit:
            break
    return tuple(found)
