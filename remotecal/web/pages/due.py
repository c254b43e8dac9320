"""All that falls due, to be looked through and printed: by day, or by whose it is."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple, get_args

from fastapi import APIRouter, Query, Response

from remotecal.clock import civil_day
from remotecal.hub.due import AHEAD, Kind
from remotecal.web.pages.frame import Visiting
from remotecal.web.pages.spreadsheet import Form, as_csv
from remotecal.web.pages.standards import ending

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remotecal.hub.due import FallingDue
    from remotecal.web.pages.frame import Visitor
    from remotecal.web.pages.standards import Ending

router = APIRouter(include_in_schema=False)

COLUMNS: Final = (
    "valid_until", "days_left", "due_kind", "what", "number", "certificate", "customer", "station", "account",
)  # fmt: skip
"""Of the file; the account tells customers of one name apart."""
By = Literal["day", "customer"]


class DueMarked(NamedTuple):
    """Something that falls due, as it is shown."""

    due: FallingDue
    called: str
    whose: str
    ending: Ending


class DueGroup(NamedTuple):
    """What falls due of one customer; or all of it."""

    whose: str
    """The customer; "" for the laboratory's own, and for all."""
    rows: Sequence[DueMarked]


@router.get("/due")
def show_due(
    visitor: Visiting,
    by: By = "day",
    kind: Literal[Kind, ""] = "",
    within: Annotated[int, Query(ge=0, le=AHEAD[0])] = AHEAD[0],
    form: Form = "html",
) -> Response:
    """Return what falls due within so many days, or has ended, the first to end first; or that as CSV."""
    found = list(_found(visitor, kind, within))
    if by == "customer":
        found.sort(key=lambda one: (one.whose(visitor.words), one.account))  # the days stay in their order
    if form == "csv":
        return as_csv(visitor, "due", COLUMNS, _lines(visitor, found))
    together: Iterable[tuple[tuple[str, str], Iterable[FallingDue]]] = [(("", ""), found)] if found else ()
    if by == "customer":
        together = groupby(found, lambda one: (one.account, one.whose(visitor.words)))
    return visitor.page(
        "due.html",
        groups=[
            DueGroup(whose, [_marked(visitor, one) for one in several]) for (_, whose), several in together
        ],
        kinds=get_args(Kind),
        times=sorted(AHEAD),
        asked={"by": by, "kind": kind, "within": within},
    )


def _found(visitor: Visitor, kind: str, within: int) -> Iterator[FallingDue]:
    """Yield what falls due that the visitor may see: the laboratory all, a customer their own."""
    office, account = visitor.office, visitor.caller.account
    last = civil_day(office.clock.now(), office.laboratory.folder.time_zone) + timedelta(days=within)
    for one in office.due():
        theirs = account is None or one.account == account
        if theirs and one.day <= last and kind in {"", one.kind}:
            yield one


def _marked(visitor: Visitor, one: FallingDue) -> DueMarked:
    return DueMarked(
        one, one.called(visitor.words), one.whose(visitor.words), ending(visitor, one.day.isoformat())
    )


def _lines(visitor: Visitor, found: Iterable[FallingDue]) -> Iterator[tuple[str, ...]]:
    """Yield it as lines of the file."""
    for one in found:
        left = str(visitor.left(one.day.isoformat()))
        kind = visitor.words.of("due_kind", one.kind)
        called, whose = one.called(visitor.words), one.whose(visitor.words)
        yield (one.day.isoformat(), left, kind, called, *one.numbers, whose, one.where, one.account)
