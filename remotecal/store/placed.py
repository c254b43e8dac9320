"""Where the work of an order is, told by the order, its run and that one's certificates in one query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from remotecal.model.identifiers import comparable
from remotecal.store.awaiting import done
from remotecal.store.few import AWAITING, ENDED_EARLY, FEW_RUNS
from remotecal.store.journals import STATES, RunRow, run_of
from remotecal.store.orders import OrderRow, held, order_of
from remotecal.store.tables import orders, runs, signed_certificates, stations

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement, FromClause, Select

Stage = Literal["waits", "expired", "refused", "withdrawn", "on", "ended", "measured", "certified"]
"""Where an order is: it waits to be begun, was not begun in time, won't be carried out, is carried out, ended
before it was complete, is measured and waits for a record or signatures, or has all its certificates."""
Held = Literal["", "consent", "station"]
"""What an order waits for beside its turn: consent on site, or a station that was shut out."""
STATES_AT: Final[Mapping[Stage, str]] = {
    "waits": "issued",
    "expired": "issued",
    "refused": "refused",
    "withdrawn": "withdrawn",
    "on": "claimed",
    "ended": "claimed",
    "measured": "claimed",
    "certified": "claimed",
}
"""Stage → state of the orders that are at it, by which they are looked up."""
COMPLETE: Final = ("finished", "signed")
"""States of runs of which all is measured."""
ON: Final = tuple(
    state for state in dict.fromkeys(("new", *STATES.values())) if state not in {*ENDED_EARLY, *COMPLETE}
)
"""States of runs that go on, or will: all others."""


class PlacedOrder(NamedTuple):
    """An order, and where its work is."""

    order: OrderRow
    run: RunRow | None
    """Its run, once its journal has begun to arrive."""
    stage: Stage
    certificates: int
    """How many of its certificates are issued; what was amended counts once."""
    certificate: str
    """Number of the one that was issued last; "" while there is none."""
    revoked: bool
    """Whether that one counts no longer."""
    held: Held = ""
    """What one that waits to be begun waits for, beside its turn."""

    @property
    def reason(self) -> str:
        """Why it won't be carried out, stands still or came to nothing; "" where it goes well."""
        run = self.run
        if self.stage == "measured" and run is not None:
            return run.unordered or ("" if run.record else run.failed)
        still = run is None or run.state == "suspended"
        return self.order.reason if still or self.stage in {"refused", "withdrawn", "ended"} else ""


def placed(now: float) -> Select[Any]:
    """Return the query for all orders as `placed_of` reads them."""
    from sqlalchemy import func, select

    table = signed_certificates
    its_own = (table.c.run == orders.c.id) & (table.c.station == orders.c.station)
    issued = its_own & (table.c.duty + "" == "issued")  # by an index with the run, not by that of all issued
    count = select(func.count()).select_from(table).where(issued, table.c.edition == 0).correlate(orders)
    last = (
        select(table.c.number)
        .where(issued)
        .order_by(table.c.at.desc(), table.c.edition.desc(), table.c.device.desc())
        .limit(1)
        .correlate(orders)
    )
    its = (runs.c.station == orders.c.station) & (runs.c.run == orders.c.id)
    return select(
        orders, runs, _stage(now).label("stage"), count.scalar_subquery(), last.scalar_subquery(), _held(now)
    ).select_from(orders.outerjoin(runs, its))


def placed_of(row: Sequence[Any], revoked: Collection[str]) -> PlacedOrder:
    """Return a row of `placed` as what it is.

    Args:
        row: what the database answered.
        revoked: numbers of certificates that count no longer (`Database.revoked`).
    """
    width = len(orders.c)
    *run, stage, count, last, held_by = row[width:]
    its = None if run[0] is None else run_of(run)
    gone = last is not None and comparable(last) in revoked
    return PlacedOrder(order_of(row[:width]), its, stage, count, last or "", gone, held_by or "")


def at_stage(stage: Stage, now: float) -> Sequence[ColumnElement[bool]]:
    """Return the conditions for orders at a stage; where these are few among many, one looks them up."""
    from sqlalchemy import select, text, union

    run = runs.alias("known")
    name = select(run.c.run)
    few: dict[Stage, list[Select[Any]]] = {
        "on": [name.where(run.c.state.in_(ON)), _runless(orders.alias("begun"))],
        "ended": [name.where(run.c.state.in_(ENDED_EARLY)), _runless(orders.alias("begun"))],
        "measured": [
            name.where(run.c.state == "finished"),
            *(name.where(text(which)) for which in (AWAITING, FEW_RUNS["unordered"], FEW_RUNS["due"])),
        ],
    }
    known = few.get(stage)
    which = _stages(now)[stage]
    return (which,) if known is None else (which, orders.c.id.in_(union(*known)))


def _held(now: float) -> ColumnElement[str]:
    """Return what an order that waits is held up by; the station's words are read for such orders alone."""
    from sqlalchemy import and_, case, literal, select

    said, table = stations.c.announced, stations.c
    asked = and_(
        said.contains('"waits_for_consent":{'), said.contains(literal('"order":"') + orders.c.id + '"')
    )
    why = case((~table.enabled, literal("station")), (asked, literal("consent")), else_=literal(""))
    its = select(why).where(table.name == orders.c.station).correlate(orders).scalar_subquery()
    return case((_stages(now)["waits"], its), else_=literal(""))


def _runless(order: FromClause) -> Select[Any]:
    """Return the orders that were begun and of whose run nothing has arrived."""
    from sqlalchemy import exists, select

    run = runs.alias("its")
    arrived = exists().where(run.c.station == order.c.station, run.c.run == order.c.id).correlate(order)
    # By an index that has the station too: the one of states alone would have each signed order read.
    return select(order.c.id).where(order.c.state + "" == "claimed", ~arrived)


def _stages(now: float) -> Mapping[Stage, ColumnElement[bool]]:
    """Return stage → which orders, joined with their runs, are at it; each order is at one of them."""
    from sqlalchemy import and_, or_

    state, run = orders.c.state, runs.c.state
    begun = and_(state == "claimed", runs.c.run.is_(None))
    ended = and_(orders.c.reason != "", ~held())
    # What is being amended is issued still.
    issued = or_(runs.c.awaiting == "", done("issued").is_not(None))
    whole = and_(runs.c.record != "", runs.c.unordered == "", issued)
    measured = and_(state == "claimed", run.in_(COMPLETE))
    return {
        "waits": and_(state == "issued", orders.c.expires >= now),
        "expired": and_(state == "issued", orders.c.expires < now),
        "refused": state == "refused",
        "withdrawn": state == "withdrawn",
        "ended": or_(and_(begun, ended), and_(state == "claimed", run.in_(ENDED_EARLY))),
        "certified": and_(measured, whole),
        "measured": and_(measured, ~whole),
        "on": or_(and_(begun, ~ended), and_(state == "claimed", ~run.in_((*ENDED_EARLY, *COMPLETE)))),
    }


def _stage(now: float) -> ColumnElement[str]:
    from sqlalchemy import case, literal

    return case(*((which, literal(stage)) for stage, which in _stages(now).items()), else_=literal("on"))
