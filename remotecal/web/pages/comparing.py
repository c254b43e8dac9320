"""A run beside an earlier one of the same item: point by point, what either says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Response

from remotecal.errors import NotThere
from remotecal.hub import reviewing
from remotecal.web import runs, visible
from remotecal.web.bodies import NAME, STATION, RunName, StationName
from remotecal.web.pages.frame import Visiting
from remotecal.web.pages.runs import record_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.model import Record
    from remotecal.store.index import ItemRow
    from remotecal.web.pages.frame import Visitor

router = APIRouter(include_in_schema=False)

OFFERED = 50
"""Earlier runs of an item, at most."""
Other = Annotated[str, Query(alias="with", pattern=rf"({STATION[:-1]}/{NAME[1:]})|^$")]
"""`station/run` of the earlier one."""


@router.get("/runs/{station}/{run}/compare")
def compare(station: StationName, run: RunName, visitor: Visiting, other: Other = "") -> Response:
    """Return what a run and an earlier one of the same item say at the points they share.

    Without a choice the latest before it is taken. Its results need not have been certified.
    """
    whole = visible.whole(visitor.office, visitor.caller, station, run)
    runs.see_evidence_of(visitor.office, visitor.caller, whole)
    now = record_of(visitor, whole)
    if now is None:
        raise NotThere(f"{run} has no record yet")
    earlier = _earlier(visitor, station, run)
    wanted, before = _chosen(visitor, other, [(one.station, one.run) for one in earlier])
    return visitor.page(
        "compare.html",
        row=whole.row,
        earlier=earlier,
        wanted=wanted,
        before=before,
        now=now,
        changes=() if before is None else reviewing.changes(before, now),
        otherwise=None if before is None else reviewing.by_other_means(before, now, visitor.words.language),
    )


def _chosen(
    visitor: Visitor, other: str, earlier: Sequence[tuple[str, str]]
) -> tuple[tuple[str, str] | None, Record | None]:
    """Return the earlier run that is wanted, and its record; if none is, the latest that has one.

    Raises:
        NotThere: another one is wanted than these.
    """
    if other:
        station, _, run = other.partition("/")
        if (station, run) not in earlier:
            raise NotThere(f"{other} is no earlier run of the same item")
        return (station, run), record_of(visitor, visible.whole(visitor.office, visitor.caller, station, run))
    for station, run in earlier:
        whole = visible.whole(visitor.office, visitor.caller, station, run)
        if (record := record_of(visitor, whole)) is not None:
            return (station, run), record
    return None, None


def _earlier(visitor: Visitor, station: str, run: str) -> list[ItemRow]:
    """Return the runs of the same one item that began before, the latest first."""
    store, account = visitor.office.store, visitor.caller.account
    _, items = store.about.of_run(station, run)
    if len(items) != 1 or not (number := items[0].serial or items[0].owner_number):
        return []
    (item,) = items
    return [
        one
        for one in store.about.numbered(number, account=account, limit=OFFERED)
        if (one.maker, one.model, one.serial) == (item.maker, item.model, item.serial)
        and (one.at, one.run) < (item.at, item.run)
    ]
