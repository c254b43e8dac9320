"""What customers ask for, and what the laboratory answers: neither is an order yet."""

from __future__ import annotations

import json
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from fastapi import APIRouter, Path

from remotecal.errors import ConfigurationError, NotAllowed
from remotecal.store.requests import MOST_OPEN
from remotecal.web import visible
from remotecal.web.bodies import RemarkAnswered
from remotecal.web.callers import Ordering, Reader, Requesting
from remotecal.web.customer_bodies import ItemsWanted, RequestWritten, TableWanted
from remotecal.web.items import decoded, told_fault
from remotecal.web.office import Here
from remotecal.web.orders import RepeatKey
from remotecal.web.shown import RequestLineShown, RequestShown, RequestTableShown
from remotecal.web.table_of_items import TableRow, read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from remotecal.store.items import Entered, KeptItem
    from remotecal.store.requests import RequestRow
    from remotecal.web.callers import Caller
    from remotecal.web.office import Office

router = APIRouter(prefix="/requests", tags=["orders"])

SHOWN = 200
"""Requests in a list, at most."""
LONGEST: Final = 500
"""Characters of what is asked for."""
RequestNumber = Annotated[int, Path(ge=1, le=2**53)]


@router.get("")
def list_requests(caller: Reader, here: Here) -> list[RequestShown]:
    """List the requests: a customer's own, the latest first; all that wait for the laboratory's people."""
    return _shown(here, caller, seen_by(here, caller))


@router.post("", status_code=HTTPStatus.CREATED)
def make_request(
    written: RequestWritten, caller: Requesting, here: Here, key: RepeatKey = None
) -> RequestShown:
    """Ask the laboratory for a calibration; sent again with the same `Idempotency-Key`, it is asked once.

    409 if too many wait for an answer.
    """
    _account(caller)
    (shown,) = _shown(here, caller, ask_for(here, caller, [ItemAsked(written.item, None)], written, key))
    return shown


@router.post("/items", status_code=HTTPStatus.CREATED)
def request_items(
    written: ItemsWanted, caller: Requesting, here: Here, key: RepeatKey = None
) -> list[RequestShown]:
    """Ask for a calibration of each of some items of the register, or of none; otherwise as for one."""
    _account(caller)
    items = [visible.item(here, caller, number) for number in dict.fromkeys(written.items)]
    rows = ask_for(here, caller, [ItemAsked(_called(one.entered_as), one.id) for one in items], written, key)
    return _shown(here, caller, rows)


@router.post("/table", status_code=HTTPStatus.CREATED)
def request_table(
    written: TableWanted, caller: Requesting, here: Here, key: RepeatKey = None
) -> RequestTableShown:
    """Ask for a calibration of each item in a table, of all or of none; or only look what would be asked for.

    Its first row names the columns, as for items that are brought in. What is in the register is found there;
    nothing is entered.
    """
    lines, rows = take_table(here, caller, written, key)
    told = tuple(
        RequestLineShown(row=one.row, item=one.wanted.item if one.wanted else "", faults=one.faults)
        for one in lines
    )
    return RequestTableShown(rows=told, requests=tuple(_shown(here, caller, rows)))


def _shown(here: Office, caller: Caller, rows: Iterable[RequestRow]) -> list[RequestShown]:
    names = here.names()
    if caller.account is not None:  # who answered is told to no customer on pages, either
        names, rows = names._replace(signers={}), [row._replace(settled_by="") for row in rows]
    return [RequestShown.model_validate(row).named(names) for row in rows]


class ItemAsked(NamedTuple):
    """Something that is to be calibrated."""

    item: str
    """What it is, as people read it."""
    number: int | None
    """Of the item in the register, where it is one."""


class LineWanted(NamedTuple):
    """A row of a customer's table."""

    row: int
    """Its number, the headings' being 1."""
    line: TableRow
    wanted: ItemAsked | None
    """What is asked for; None with a fault."""

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong in it, in English."""
        return tuple(map(told_fault, self.line.faults))


def ask_for(
    here: Office,
    caller: Caller,
    wanted: Sequence[ItemAsked],
    asked: RequestWritten | ItemsWanted | TableWanted,
    key: str | None,
) -> list[RequestRow]:
    """Keep requests for some items, all of them or none, and note those that are new.

    Args:
        here: the laboratory's office.
        caller: the customer.
        wanted: what is to be calibrated.
        asked: what is to be done, and by when.
        key: made up for all of them: sent again with it, they are asked for once.

    Raises:
        NotNow: too many wait for an answer, or the key was that of others.
    """
    account, day = _account(caller), "" if asked.day is None else asked.day.isoformat()
    rows = []
    with here.store.transaction():
        for place, one in enumerate(wanted):
            own = key if key is None or len(wanted) == 1 else f"{key}-{place}"
            row, new = here.store.requests.add(
                account,
                caller.name,
                one.item,
                asked.wanted,
                day,
                own or secrets.token_urlsafe(),
                here.clock.now(),
                one.number,
            )
            rows.append(row)
            if new:
                noted: dict[str, str | int | float | None] = {"request": row.id, "account": row.account}
                noted |= {"item": row.item, "wanted": row.wanted, "day": row.day}
                here.store.note(caller.name, "request", noted)
    return rows


def take_table(
    here: Office, caller: Caller, written: TableWanted, key: str | None
) -> tuple[tuple[LineWanted, ...], list[RequestRow]]:
    """Return the rows of a customer's table, and the requests made of it: none with a fault, or to look.

    Raises:
        ConfigurationError: it is no table of items, or has too many.
        NotNow: too many wait for an answer, or the key was that of others.
    """
    account = _account(caller)
    read = read_table(decoded(written.content), account)
    if len(read) > MOST_OPEN:
        raise ConfigurationError(f"the table has more than {MOST_OPEN} rows: bring it in parts")
    known = here.store.items.recognised([line.entered for line in read if line.entered is not None])
    lines = tuple(LineWanted(line.row, line, _wanted(line, known)) for line in read)
    wanted = [one.wanted for one in lines if one.wanted is not None]
    if written.look or len(wanted) < len(lines):
        return lines, []
    return lines, ask_for(here, caller, wanted, written, key)


def _wanted(line: TableRow, known: Mapping[tuple[str, str], KeptItem]) -> ItemAsked | None:
    if line.entered is None:
        return None
    there = known.get((line.entered.account, line.entered.same))
    return ItemAsked(_called(line.entered if there is None else there.entered_as), there and there.id)


def _called(item: Entered) -> str:
    """Return an item as a request names it, in all its languages, Chinese first."""
    names = " ".join(dict.fromkeys(text for _, text in sorted(json.loads(item.name).items(), reverse=True)))
    said = " ".join(filter(None, (names, item.maker, item.model, item.serial or item.owner_number)))
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"


def _account(caller: Caller) -> str:
    if caller.account is None:
        raise NotAllowed("only a customer's account asks for a calibration", caller.name)
    return caller.account


@router.post("/{request}/settle")
def settle_request(
    request: RequestNumber, said: RemarkAnswered, caller: Ordering, here: Here
) -> RequestShown:
    """Answer a request; the customer sees the answer. 409 if it was answered already."""
    with here.store.transaction():
        row = here.store.requests.settle(request, said.answer, caller.name, here.clock.now())
        noted: dict[str, str | int | float | None] = {"request": request, "account": row.account}
        here.store.note(caller.name, "request answered", noted | {"answer": said.answer})
    return RequestShown.model_validate(row).named(here.names())


def seen_by(here: Office, caller: Caller) -> Sequence[RequestRow]:
    """Return the requests that somebody sees: a customer their own, the laboratory all that wait."""
    if caller.account is None:
        return here.store.requests.open(SHOWN)
    return here.store.requests.of_account(caller.account, SHOWN)
