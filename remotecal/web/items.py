"""The register of items: what is calibrated here, how often, until when."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from remotecal.errors import ConfigurationError
from remotecal.model import Text
from remotecal.model.identifiers import disguise
from remotecal.store.indexed import as_json
from remotecal.store.item_register import Sort
from remotecal.web import visible
from remotecal.web.answers import NEXT, Limit, page
from remotecal.web.bodies import ItemsBrought, ItemWritten
from remotecal.web.callers import Ordering, Reader
from remotecal.web.office import Here
from remotecal.web.shown_items import CalibrationShown, RegisteredItem, RowShown, TableShown
from remotecal.web.table_of_items import PLAIN, read_table

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from remotecal.store.items import Entered, KeptItem
    from remotecal.web.callers import Caller
    from remotecal.web.office import Office
    from remotecal.web.table_of_items import RowFault, TableRow

router = APIRouter(prefix="/items", tags=["items"])

ItemInPath = Annotated[int, Path(ge=1, le=2**53)]
Searched = Annotated[
    str, Query(max_length=200, description="Only those that have this in a number or a name.")
]
After = Annotated[
    int | None, Query(ge=1, le=2**53, description="Number of the last item of the page before.")
]
InOrder = Annotated[Sort, Query(description="By what they are in order.")]
Outcome = Literal["new", "same", "changed", "fault"]


@router.get("", responses={200: {"headers": NEXT}})
def list_items(
    caller: Reader,
    here: Here,
    request: Request,
    response: Response,
    searched: Searched = "",
    sort: InOrder = "due",
    before: After = None,
    limit: Limit = 100,
) -> list[RegisteredItem]:
    """List the items, the first to be due first."""
    account = caller.account
    found = here.store.items.list(limit + 1, account=account, searched=searched, sort=sort, after=before)
    rows: Sequence[KeptItem] = page(request, response, found, limit, lambda row: str(row.id))
    return [RegisteredItem.of(row, here.names()) for row in rows]


@router.post("", status_code=HTTPStatus.CREATED)
def enter_item(written: ItemWritten, caller: Ordering, here: Here) -> RegisteredItem:
    """Enter an item; 409 if its account has one of this maker, model and number."""
    entered = _entered(written)
    with here.store.transaction():
        number = here.store.items.enter(entered, caller.name, here.clock.now())
        here.store.note(caller.name, "item", {"item": number, "account": entered.account, **_said(written)})
    here.forget_due()
    return RegisteredItem.of(visible.item(here, caller, number), here.names())


@router.post("/import")
def import_items(brought: ItemsBrought, caller: Ordering, here: Here) -> TableShown:
    """Take a table of items in, whole or not at all, or only look what would come of it.

    Its first row names the columns: `name_zh`, `name_en`, `maker`, `model`, `serial`, `owner_number`,
    `place`, `months`, `due`, or as they are called in Chinese. Items that are there already are changed in
    what it has a column for, and none is made twice.
    """
    lines, outcomes, numbers = take_in(here, caller, brought)
    kept = not brought.look and "fault" not in outcomes
    rows = tuple(
        RowShown(row=line.row, outcome=outcome, faults=tuple(map(told_fault, line.faults)), item=number)
        for line, outcome, number in zip(lines, outcomes, numbers, strict=True)
    )
    return TableShown(kept=kept, rows=rows)


def decoded(content: str) -> bytes:
    """Return a file that came in base64 (`ConfigurationError` if it did not)."""
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise ConfigurationError("content is not in base64") from None


def take_in(
    here: Office, caller: Caller, brought: ItemsBrought
) -> tuple[tuple[TableRow, ...], tuple[Outcome, ...], tuple[int | None, ...]]:
    """Take a table in as it is asked for; return its rows, what comes of each, and the items' numbers.

    Raises:
        ConfigurationError: it is no table of items.
    """
    lines = read_table(decoded(brought.content), brought.account)
    told = [line.entered for line in lines if line.entered is not None]
    known = here.store.items.known(told)
    lines = tuple(_completed(line, known) for line in lines)
    told = [line.entered for line in lines if line.entered is not None]
    outcomes: tuple[Outcome, ...] = tuple(_outcome(line, known) for line in lines)
    if brought.look or "fault" in outcomes:
        there = (
            None if line.entered is None else known.get((line.entered.account, line.entered.same))
            for line in lines
        )
        return lines, outcomes, tuple(None if row is None else row.id for row in there)
    counts = {name: outcomes.count(name) for name in ("new", "changed", "same")}
    with here.store.transaction():
        numbers = here.store.items.bring_in(told, caller.name, here.clock.now())
        here.store.note(caller.name, "items imported", {"account": brought.account or "", **counts})
    here.forget_due()
    return lines, outcomes, numbers


@router.get("/{item}")
def get_item(item: ItemInPath, caller: Reader, here: Here) -> RegisteredItem:
    """Return an item."""
    return RegisteredItem.of(visible.item(here, caller, item), here.names())


@router.put("/{item}")
def change_item(item: ItemInPath, written: ItemWritten, caller: Ordering, here: Here) -> RegisteredItem:
    """Say something else of an item; all of it is sent."""
    visible.item(here, caller, item)
    noted: dict[str, str | int | float | None] = {"item": item, "account": written.account or ""}
    with here.store.transaction():
        here.store.items.change(item, _entered(written))
        here.store.note(caller.name, "item", noted | _said(written))
    here.forget_due()
    return RegisteredItem.of(visible.item(here, caller, item), here.names())


@router.get("/{item}/calibrations")
def list_calibrations(item: ItemInPath, caller: Reader, here: Here) -> list[CalibrationShown]:
    """List the certificates that were issued for an item, the latest first."""
    found = here.store.items.calibrations(visible.item(here, caller, item))
    return [CalibrationShown.model_validate(one) for one in found]


def _entered(written: ItemWritten) -> Entered:
    """Return an item as it is kept; `ConfigurationError` for a number that shows another one than it is."""
    for number in (written.serial, written.owner_number):
        if why := disguise(number):
            raise ConfigurationError(f"{why}: type it anew")
    return written.entered()


def _said(written: ItemWritten) -> dict[str, str | int | float | None]:
    """Return what the audit log keeps of what was written."""
    due = "" if written.due is None else written.due.isoformat()
    return {
        "serial": written.serial,
        "owner_number": written.owner_number,
        "months": written.months,
        "due": due,
    }


def _outcome(line: TableRow, known: Mapping[tuple[str, str], KeptItem]) -> Outcome:
    if line.entered is None:
        return "fault"
    there = known.get((line.entered.account, line.entered.same))
    if there is None:
        return "new"
    return "same" if there.entered_as == line.entered else "changed"


def _completed(line: TableRow, known: Mapping[tuple[str, str], KeptItem]) -> TableRow:
    """Return a row that also says, of an item that is there, what its table has no column for."""
    if line.entered is None or (there := known.get((line.entered.account, line.entered.same))) is None:
        return line
    columns = {name: name for name in (*PLAIN, "months")} | {"due": "due_set"}
    silent = [field for column, field in columns.items() if column not in line.cells]
    kept = {field: getattr(there, field) for field in ("rule", *silent)}
    name = _named(json.loads(line.entered.name), json.loads(there.name), line.cells)
    return replace(line, entered=replace(line.entered, name=name, **kept))


def _named(told: dict[str, str], before: dict[str, str], columns: Collection[str]) -> str:
    """Return an item's name, in JSON: in the languages of the table as it says, in others as it was."""
    if set(told.values()) == set(before.values()) and before.keys() == {""}:
        return as_json(Text(before))  # one text for all languages, as a list gives it for each
    others = {language: text for language, text in before.items() if language and language not in columns}
    return as_json(Text(others | told))


def told_fault(fault: RowFault) -> str:
    """Return what is wrong in a row of a table, in English."""
    from remotecal.pages.words import words

    where = f"{fault.column}: " if fault.column else ""
    return where + words("en")(f"fault.{fault.kind}", told=fault.told)
