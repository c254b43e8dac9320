"""The register of items.

What people enter stands here alone. The last certificate, and the day that follows from it, are an index
(`calibrations`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from remotecal.errors import NotNow, NotThere
from remotecal.model.identifiers import comparable
from remotecal.store.calibrations import UNKNOWN, calibrations, refresh
from remotecal.store.database import in_parts
from remotecal.store.due_tables import items
from remotecal.store.items import WRITTEN, KeptItem, same_type

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from remotecal.store.calibrations import Calibration
    from remotecal.store.database import Database
    from remotecal.store.items import Entered

Sort = Literal["due", "serial", "model", "entered"]
"""By what a list is in order."""


class Items:
    """The register of items."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enter(self, entered: Entered, by: str, at: float) -> int:
        """Enter an item, and return its number.

        Raises:
            NotNow: the account has it already.
        """
        row = {**asdict(entered), "same": entered.same, "entered": at, "by": by, **UNKNOWN}
        adding = self._database.insert(items).values(**row).on_conflict_do_nothing().returning(items.c.id)
        with self._database.begin() as connection:
            added = connection.execute(adding).scalar()
            if added is None:
                raise _there_already(entered)
            refresh(connection, [added], self._database.revoked)
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
                if same_type(told, row):
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
            refresh(connection, [item], self._database.revoked)

    def bring_in(self, told: Sequence[Entered], by: str, at: float) -> tuple[int, ...]:
        """Enter many items, and change those that are there, all or none; return their numbers in order."""
        values = [{**asdict(one), "same": one.same, "entered": at, "by": by, **UNKNOWN} for one in told]
        insert = self._database.insert(items)
        said = ("name", *WRITTEN, "months", "rule", "due_set")
        put = insert.on_conflict_do_update(
            index_elements=["account", "same"], set_={name: insert.excluded[name] for name in said}
        ).returning(items.c.id)
        with self._database.begin() as connection:
            numbers = tuple(int(connection.execute(put, row).scalar_one()) for row in values)
            refresh(connection, numbers, self._database.revoked)
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
            for some in in_parts(wanted):
                query = select(items).where(items.c.same.in_(some))
                for row in map(KeptItem._make, connection.execute(query)):
                    found[row.account, row.same] = row
        return found

    def recognised(self, told: Collection[Entered]) -> dict[tuple[str, str], KeptItem]:
        """Return those of some items that are there, by the account and what tells apart as they were told.

        As `known`; where one of two says no maker or model, they are one all the same (`ensure`), if no other
        one has that number.
        """
        from sqlalchemy import or_, select

        found = self.known(told)
        left = [one for one in told if (one.account, one.same) not in found]
        numbers = sorted({one.serial or one.owner_number for one in left})
        there: list[KeptItem] = []
        with self._database.read() as connection:
            for some in in_parts(numbers):
                query = select(items).where(or_(items.c.serial.in_(some), items.c.owner_number.in_(some)))
                there += map(KeptItem._make, connection.execute(query))
        for one in left:
            fits = [row for row in there if _may_be(one, row)]
            if len(fits) == 1:
                found[one.account, one.same] = fits[0]
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
        """Return the certificates issued for an item, the latest first; none that counts no longer."""
        with self._database.read() as connection:
            return calibrations(connection, item, limit, self._database.revoked)

    def count_without(self, revoked: Collection[str]) -> int:
        """Let certificates count no longer; return of how many items the last one is looked for anew.

        Args:
            revoked: numbers of all there are; one that was told before and is none of these counts again.
        """
        from sqlalchemy import select

        told = frozenset(map(comparable, revoked))
        again, self._database.revoked = not told >= self._database.revoked, told
        if again:
            return self.rebuild()
        if not told:
            return 0
        with self._database.begin() as connection:
            rows = connection.execute(
                select(items.c.id, items.c.certificate).where(items.c.certificate != "")
            )
            numbers = [row.id for row in rows if comparable(row.certificate) in told]
            refresh(connection, numbers, told)
        return len(numbers)

    def rebuild(self) -> int:
        """Look for the last certificate of each item anew; return of how many it was done."""
        from sqlalchemy import select

        with self._database.begin() as connection:
            numbers = connection.execute(select(items.c.id)).scalars().all()
            refresh(connection, numbers, self._database.revoked)
        return len(numbers)


def _there_already(entered: Entered) -> NotNow:
    number = entered.serial or entered.owner_number
    return NotNow(f"{entered.maker} {entered.model} {number} is entered already".replace("  ", " ").strip())


def _may_be(told: Entered, row: KeptItem) -> bool:
    """Tell whether an item that is there is the one that was told, as far as both say."""
    number = row.serial == told.serial if told.serial else row.owner_number == told.owner_number
    return row.account == told.account and number and same_type(told, row)
