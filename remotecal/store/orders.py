"""Work orders: each is carried out by one station, once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from remotecal.errors import OrderError
from remotecal.order import HELD
from remotecal.store import steps
from remotecal.store.calibrations import refresh_run
from remotecal.store.few import WAITING
from remotecal.store.shares import lock_used
from remotecal.store.tables import orders, runs

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from sqlalchemy import ColumnElement

    from remotecal.store.database import Database


@dataclass(frozen=True, slots=True)
class OrderRow:
    """A work order."""

    id: str
    """Unlike that of any other order; also the name of its run."""
    number: str
    """The laboratory's number."""
    station: str
    """Who is to carry it out."""
    envelope: bytes
    """The signed order."""
    issued: float
    """When it was signed."""
    expires: float
    """Until when it may be begun."""
    by: str
    """Who issued it."""
    state: str
    """`issued`, `claimed`, `refused` or `withdrawn`."""
    claim: str | None
    """What the station that claimed it showed."""
    reason: str
    """Why it was refused or withdrawn, or its run ended early."""
    repeat_key: str | None
    """With which whoever issued it may ask again; see `Repeat`."""
    repeat_digest: str | None
    """SHA-256 of the request that had that key."""
    account: str | None
    """The customer's account that may see it."""
    item: int | None = None
    """Number of the item it is for, where that is one of the register's."""
    bench: str | None = None
    """Name of the bench it is for; None of orders by an older version."""
    planned: str | None = None
    """Day it is planned for, ISO 8601; None where that is not said."""
    procedure: str | None = None
    """Full name of its procedure; None, as all that follows, of what could not be read."""
    customer: str | None = None
    """Name by language, in JSON."""
    device: str | None = None
    """What it is for, the first of several, by language, in JSON."""
    serial: str | None = None
    """That one's number: the maker's, or else its owner's."""
    devices: int | None = None
    """How many it is for."""
    words: str | None = None
    """All these names of customer and device, a line each: they are looked for in it."""


@dataclass(frozen=True, slots=True)
class OrderSays:
    """What a signed order says, copied for lists: an index, made anew from envelopes."""

    bench: str
    """Name of the bench."""
    procedure: str | None = None
    """Full name of its procedure."""
    customer: str | None = None
    """Name by language, in JSON."""
    device: str | None = None
    """What it is for, the first of several, by language, in JSON."""
    serial: str | None = None
    """That one's number: the maker's, or else its owner's."""
    devices: int | None = None
    """How many it is for."""
    words: str | None = None
    """All these names of customer and device, a line each: they are looked for in it."""


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """What the laboratory keeps of an order beside what is signed."""

    says: OrderSays
    """What that says, for lists."""
    item: int | None = None
    """Number of the item it is for."""
    day: str | None = None
    """Day it is planned for, ISO 8601."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """What tells the repeated request for an order from another one."""

    key: str
    """Made up by who asks, for this one order."""
    digest: str
    """SHA-256 of what is asked, in hexadecimal."""


class Orders:
    """All work orders."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def issue(
        self,
        order: str,
        number: str,
        station: str,
        envelope: bytes,
        issued: float,
        expires: float,
        by: str,
        *,
        account: str | None = None,
        repeat: Repeat | None = None,
        plan: OrderPlan | None = None,
    ) -> OrderRow:
        """Enter a signed order, and return it; for a repeated request the one it brought the first time.

        Args:
            order: its id.
            number: the laboratory's number.
            station: who is to carry it out.
            envelope: the signed order.
            issued: when it was signed.
            expires: until when it may be begun.
            by: who issues it.
            account: the customer's account that may see it.
            repeat: the request for it, which may come again.
            plan: for which item, on which bench, when.

        Raises:
            OrderError: the request has the key of another one.
        """
        insert = self._database.insert(orders).values(
            id=order,
            number=number,
            station=station,
            envelope=envelope,
            issued=issued,
            expires=expires,
            by=by,
            state="issued",
            repeat_key=repeat.key if repeat else None,
            repeat_digest=repeat.digest if repeat else None,
            account=account,
            item=plan.item if plan else None,
            planned=plan.day if plan else None,
            **(asdict(plan.says) if plan else {}),
        )
        adding = insert.on_conflict_do_nothing(index_elements=["by", "repeat_key"]).returning(orders)
        with self._database.begin() as connection:
            row = connection.execute(adding).first()
        if row is not None:
            return order_of(row)
        before = None if repeat is None else self.repeated(by, repeat)
        if before is None:
            raise OrderError(f"order {order} can't be entered: ask again")
        return before

    def repeated(self, by: str, repeat: Repeat) -> OrderRow | None:
        """Return the order a request has brought before; None if it comes for the first time.

        Raises:
            OrderError: the request has the key of another one.
        """
        from sqlalchemy import select

        same = (orders.c.by == by) & (orders.c.repeat_key == repeat.key)
        with self._database.read() as connection:
            row = connection.execute(select(orders).where(same)).first()
        if row is not None and row.repeat_digest != repeat.digest:
            raise OrderError(
                f"the key {repeat.key!r} was that of another request, which brought the order {row.id}: give "
                "each order a key of its own"
            )
        return None if row is None else order_of(row)

    def next(self, station: str, now: float) -> OrderRow | None:
        """Return the oldest order a station has to carry out; None if there is none."""
        from sqlalchemy import select, text

        with self._database.read() as connection:
            row = connection.execute(
                select(orders)
                .where(text(WAITING), orders.c.station == station, orders.c.expires >= now)
                .order_by(orders.c.issued)
                .limit(1)
            ).first()
        return None if row is None else order_of(row)

    def claim(self, order: str, station: str, claim: str, now: float) -> str:
        """Give an order's one run to a station; returns why not, "" if it was given.

        Args:
            order: the order.
            station: who asks.
            claim: what tells this start of the run from any other. Asking again with the same one
                is granted again, so a lost answer does no harm.
            now: the time.
        """
        with self._database.begin() as connection:
            taken = connection.execute(
                orders.update()
                .where(
                    orders.c.id == order,
                    orders.c.station == station,
                    ((orders.c.state == "issued") & (orders.c.expires >= now))
                    | ((orders.c.state == "claimed") & (orders.c.claim == claim)),
                )
                .values(state="claimed", claim=claim)
            )
        if taken.rowcount == 1:
            return ""
        found = self.find(order)
        if found is None or found.station != station:
            return f"there is no order {order} for {station}"
        return "it expired" if found.state == "issued" else f"it was {found.state} before"

    def enter_claimed(
        self,
        order: str,
        number: str,
        station: str,
        envelope: bytes,
        issued: float,
        expires: float,
        by: str,
        claim: str,
        says: OrderSays,
    ) -> bool:
        """Enter a signed order that was claimed, which an older database knows nothing of, or not that.

        Args:
            order: its id.
            number: the laboratory's number.
            station: who claimed it.
            envelope: the signed order.
            issued: when it was signed.
            expires: until when it could be begun.
            by: who issued it.
            claim: what the station showed.
            says: what it says, for lists.

        Returns:
            Whether it stands as claimed so; not if another start of the station claimed it.
        """
        from sqlalchemy import func

        of = orders.c
        values = {"station": station, "envelope": envelope, "state": "claimed", "claim": claim}
        entered = {"id": order, "number": number, "issued": issued, "expires": expires, "by": by, **values}
        insert = self._database.insert(orders).values(**entered, **asdict(says))
        ours = (of.station == station) & ((of.state != "claimed") | (of.claim == claim))
        known = {name: func.coalesce(of[name], said) for name, said in asdict(says).items()}
        again = {"state": "claimed", "claim": claim, "reason": "", **known}
        entering = insert.on_conflict_do_update(index_elements=["id"], set_=again, where=ours)
        its_run = (runs.c.station == station) & (runs.c.run == order)
        with self._database.begin() as connection:
            # No first lines of its run come meanwhile, which would know nothing of it, nor it of them.
            lock_used(connection, [station])
            row = connection.execute(entering.returning(of.issued, of.bench)).first()
            if row is None:
                return False
            told = {"ordered": row.issued, "bench": row.bench}
            if connection.execute(runs.update().where(its_run).values(told)).rowcount:
                steps.keep(connection, station, order)
            return True

    def rebuild(self, read: Callable[[bytes], OrderSays | None]) -> int:
        """Copy anew what signed orders say; return of how many it is.

        Args:
            read: returns what an envelope says; None where it is none of this laboratory's, which is left.
        """
        from sqlalchemy import select

        count = 0
        with self._database.begin() as connection:
            for order in connection.execute(select(orders.c.id)).scalars().all():
                this = orders.c.id == order
                says = read(connection.execute(select(orders.c.envelope).where(this)).scalar_one())
                if says is not None:
                    connection.execute(orders.update().where(this).values(**asdict(says)))
                    count += 1
        return count

    def refuse(self, order: str, station: str, reason: str) -> None:
        """Note that a station won't carry out an order, or why its run ended early."""
        from sqlalchemy import case

        state = case((orders.c.state == "issued", "refused"), else_=orders.c.state)
        this = orders.update().where(orders.c.id == order, orders.c.station == station)
        with self._database.begin() as connection:
            connection.execute(this.values(state=state, reason=reason))

    def withdraw(self, order: str, reason: str) -> None:
        """Take an order back, also one that was refused (`OrderError` if it was begun, or is none)."""
        with self._database.begin() as connection:
            changed = connection.execute(
                orders.update()
                .where(orders.c.id == order, orders.c.state.in_(("issued", "refused")))
                .values(state="withdrawn", reason=reason)
            )
        if changed.rowcount != 1:
            raise OrderError(f"order {order} can't be withdrawn: it is not waiting; abort its run instead")

    def of_items(self, items: Collection[int], limit: int = 200) -> tuple[OrderRow, ...]:
        """Return the orders for items, by their numbers in the register, the latest first."""
        from sqlalchemy import select

        query = select(orders).where(orders.c.item.in_(items))
        ordered = query.order_by(orders.c.issued.desc(), orders.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return tuple(map(order_of, connection.execute(ordered)))

    def find(self, order: str) -> OrderRow | None:
        """Return an order; None if there is none of this id."""
        from sqlalchemy import select

        with self._database.read() as connection:
            row = connection.execute(select(orders).where(orders.c.id == order)).first()
        return None if row is None else order_of(row)

    def named(self, ids: Collection[str]) -> tuple[OrderRow, ...]:
        """Return the orders that have one of these ids."""
        from sqlalchemy import select

        with self._database.read() as connection:
            rows = connection.execute(select(orders).where(orders.c.id.in_(sorted(ids))))
            return tuple(map(order_of, rows))

    def assign(self, order: str, account: str, item: int | None = None) -> None:
        """Give an order and its run to a customer's account, instead of the one it had.

        Args:
            order: its id.
            account: the account.
            item: number of the item as it stands in the register for that account.

        Raises:
            OrderError: there is no such order.
        """
        from sqlalchemy import select

        station = select(orders.c.station).where(orders.c.id == order).scalar_subquery()
        given = {"account": account}
        with self._database.begin() as connection:
            this = orders.update().where(orders.c.id == order)
            changed = connection.execute(this.values(**given, item=item))
            if changed.rowcount != 1:
                raise OrderError(f"there is no order {order}")
            its_run = (runs.c.station == station) & (runs.c.run == order)
            connection.execute(runs.update().where(its_run).values(given))
            where = connection.execute(select(orders.c.station).where(orders.c.id == order)).scalar_one()
            refresh_run(connection, where, order, self._database.revoked)


def order_of(row: Sequence[Any]) -> OrderRow:
    """Return a row of the table as what it is."""
    return OrderRow(*row)


def held() -> ColumnElement[bool]:
    """Return whether what is said of an order is that its run is held, and goes on by itself."""
    return orders.c.reason.startswith(HELD)


def with_words(words: str) -> Sequence[ColumnElement[bool]]:
    """Return the conditions, by an index alone, for orders with a text in a name of customer or device."""
    from sqlalchemy import select

    if not words:
        return ()
    named = orders.alias("named")
    return (orders.c.id.in_(select(named.c.id).where(named.c.words.icontains(words, autoescape=True))),)
