"""Items: what is calibrated here, until when, how it was; entered by hand or from a table."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response
from markupsafe import Markup
from pydantic import Field, ValidationError
from starlette.concurrency import run_in_threadpool

from remotecal.certificates.history import ErrorsThen, by_kind, errors_of
from remotecal.errors import ConfigurationError
from remotecal.hub.due import AHEAD
from remotecal.model import Record
from remotecal.pages.frame import see
from remotecal.store.intervals import RULES
from remotecal.store.item_register import Sort
from remotecal.web import callers, items, visible
from remotecal.web.bodies import ItemsBrought, ItemWritten
from remotecal.web.items import ItemInPath
from remotecal.web.pages.certificates import believed
from remotecal.web.pages.frame import Brought, Sent, Visiting
from remotecal.web.pages.ordering import MOST as MOST_ORDERED
from remotecal.web.pages.spreadsheet import Form, as_file
from remotecal.web.pages.standards import ending
from remotecal.web.remarks import returned
from remotecal.web.shown_items import due_from
from remotecal.web.table_of_items import MOST_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remotecal.certificates.trust import TrustList
    from remotecal.model import Column
    from remotecal.store.calibrations import Calibration
    from remotecal.store.items import KeptItem
    from remotecal.web.pages.frame import SentForm, Visitor
    from remotecal.web.pages.standards import Ending
    from remotecal.web.table_of_items import TableRow

router = APIRouter(prefix="/items", include_in_schema=False)

ON_A_PAGE: Final = 50
"""Items in a list."""
LARGEST_FILE: Final = 512 * 2**10
"""Bytes of a table that is brought."""
DRAWN: Final = 5
"""Certificates in a drawing, at most; the table has more."""
SIGNS: Final = "●■▲◆▼"
"""How the drawing marks them, the latest first (`curve.MARKS`)."""
COLUMNS: Final = (
    "name_zh", "name_en", "maker", "model", "serial", "owner_number", "place", "months", "due", "account",
    "certificate", "calibrated",
)  # fmt: skip
"""Of the file; an import takes the first of them."""
Asked = Annotated[str, Query(max_length=200)]
Count = Annotated[int, Query(ge=0, le=10**6)]
Kept = Annotated[tuple[Annotated[int, Field(ge=1, le=2**53)], ...], Query(max_length=MOST_ORDERED)]


class ItemMarked(NamedTuple):
    """An item in a list."""

    item: KeptItem
    name: str
    ending: Ending
    """How its last certificate stands today."""
    due_from: Literal["hand", "certificate", ""]
    revoked: bool
    """Whether the laboratory's trust list says that its last certificate counts no longer."""


@router.get("")
def list_items(
    visitor: Visiting,
    searched: Asked = "",
    sort: Sort = "due",
    after: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    form: Form = "html",
) -> Response:
    """Return the list of items, the first to be due first; or all of them as CSV (RFC 4180)."""
    searched = searched.strip()
    found = visitor.office.store.items.list(
        None if form == "csv" else ON_A_PAGE + 1,
        account=visitor.caller.account,
        searched=searched,
        sort=sort,
        after=after,
    )
    if form == "csv":
        return as_file("items", COLUMNS, _lines(found))
    trust, _ = believed(visitor.office)
    return visitor.page(
        "items.html",
        rows=[_marked(visitor, row, trust) for row in found[:ON_A_PAGE]],
        further=found[ON_A_PAGE - 1].id if len(found) > ON_A_PAGE else None,
        asked={"searched": searched, "sort": sort},
        days=AHEAD[0],
    )


@router.get("/new")
def new_item(visitor: Visiting, serial: Asked = "", name: Asked = "") -> Response:
    """Return the form by which an item is entered, filled in as far as it is told."""
    callers.require(visitor.caller, "order")
    told = dict.fromkeys(("maker", "model", "owner_number", "place", "due_set", "account", "rule"), "")
    item, names = {**told, "serial": serial, "months": None}, {"": name}
    for one in visitor.office.store.about.took_part(serial, limit=1) if serial else ():
        if one.serial == serial:  # and no certificate's number
            item |= {"maker": one.maker, "model": one.model, "due_set": one.valid_until}
    for due in visitor.office.due() if serial else ():
        if due.kind == "standard" and due.about == serial:
            item["due_set"], names = due.day.isoformat(), dict(due.names) or names
    return visitor.page("item_new.html", item=item, names=names, rules=RULES)


@router.post("/new")
async def enter_item(form: Sent) -> Response:
    """Enter an item."""
    caller = callers.require(form.visitor.caller, "order")
    made = await run_in_threadpool(items.enter_item, _written(form), caller, form.visitor.office)
    return see(f"/items/{made.id}")


@router.get("/import")
def import_form(visitor: Visiting) -> Response:
    """Return the form by which a table of items is brought."""
    callers.require(visitor.caller, "order")
    return visitor.page("items_import.html", lines=None, account="", content="", faults=0, most=MOST_ROWS)


@router.post("/import")
async def look_at_table(form: Brought) -> Response:
    """Return what would come of a table, row by row; nothing is kept yet."""
    visitor, content = form.visitor, await form.file("file", LARGEST_FILE)
    callers.require(visitor.caller, "order")
    if not content:
        raise ConfigurationError("choose a file first")
    brought = _brought(base64.b64encode(content).decode(), form["account"], look=True)
    lines, outcomes, numbers = await run_in_threadpool(items.take_in, visitor.office, visitor.caller, brought)
    return visitor.page(
        "items_import.html",
        lines=list(zip(lines, outcomes, numbers, strict=True)),
        account=form["account"],
        content=brought.content,
        faults=outcomes.count("fault"),
        told=lambda line: faults_of(visitor, line),
    )


@router.post("/import/keep")
async def keep_table(form: Sent) -> Response:
    """Take a table in that was looked at, whole."""
    visitor = form.visitor
    caller = callers.require(visitor.caller, "order")
    brought = _brought(form["content"], form["account"], look=False)
    _, outcomes, numbers = await run_in_threadpool(items.take_in, visitor.office, caller, brought)
    if "fault" in outcomes:
        raise ConfigurationError("something in the table is wrong: bring it anew, and see what")
    counts = {name: outcomes.count(name) for name in ("new", "changed", "same")}
    ordered = numbers if len(numbers) <= MOST_ORDERED else ()
    return see(f"/items/import/kept?{urlencode({**counts, 'item': ordered}, doseq=True)}")


@router.get("/import/kept")
def show_kept(
    visitor: Visiting, new: Count = 0, changed: Count = 0, same: Count = 0, item: Kept = ()
) -> Response:
    """Return how many items a table brought, and the way to order them, where they can be ordered at once."""
    callers.require(visitor.caller, "order")
    counts = {"new": new, "changed": changed, "same": same}
    return visitor.page("items_kept.html", counts=counts, numbers=item)


@router.get("/{item}")
def show_item(item: ItemInPath, visitor: Visiting) -> Response:
    """Return an item: until when, what its certificates said, where its orders are."""
    row = visible.item(visitor.office, visitor.caller, item)
    trust, _ = believed(visitor.office)
    found = [
        one
        for one in visitor.office.store.items.calibrations(row)
        if trust is None or trust.revocation_of(one.number) is None
    ]
    return visitor.page(
        "item.html",
        one=_marked(visitor, row, trust),
        item=row,
        names=json.loads(row.name),
        rules=RULES,
        calibrations=found,
        histories=_histories(found, visitor.words.language),
        orders=visitor.office.store.pages.placed_for(row.id, visitor.office.clock.now(), 20),
        days=AHEAD[0],
        out=None if row.account else visitor.office.out().find(row.serial),
        returned=returned(visitor.office, visitor.caller),
    )


@router.post("/{item}")
async def change_item(item: ItemInPath, form: Sent) -> Response:
    """Say something else of an item."""
    caller = callers.require(form.visitor.caller, "order")
    await run_in_threadpool(items.change_item, item, _written(form), caller, form.visitor.office)
    return see(f"/items/{item}")


def _marked(visitor: Visitor, row: KeptItem, trust: TrustList | None) -> ItemMarked:
    revoked = trust is not None and trust.revocation_of(row.certificate) is not None
    return ItemMarked(
        row, visitor.words.choose(json.loads(row.name)), ending(visitor, row.due), due_from(row), revoked
    )


def _written(form: SentForm) -> ItemWritten:
    """Return the item that a form tells.

    Raises:
        ConfigurationError: what is wrong in which field.
    """
    texts = ("maker", "model", "serial", "owner_number", "place", "rule")
    names = {language: form[f"name_{language}"].strip() for language in ("zh", "en")}
    said: dict[str, object] = {name: form[name].strip() for name in texts}
    said |= {"name": {language: name for language, name in names.items() if name}}
    said |= {name: form[name].strip() or None for name in ("months", "due", "account")}
    try:
        return ItemWritten.model_validate(said)
    except ValidationError as error:
        told = error.errors()[0]
        where, why = ".".join(map(str, told["loc"])), told["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"{where}: {why}" if where else why) from None


def _brought(content: str, account: str, *, look: bool) -> ItemsBrought:
    try:
        return ItemsBrought(content=content, account=account.strip() or None, look=look)
    except ValidationError:
        raise ConfigurationError(
            "the account is a name of a customer's account in small letters, or the table is too large"
        ) from None


def faults_of(visitor: Visitor, line: TableRow) -> list[str]:
    """Return what is wrong in a row of a table, in the reader's language."""
    return [
        (visitor.words.of("item_column", fault.column) + visitor.words("frame.colon") if fault.column else "")
        + visitor.words(f"fault.{fault.kind}", told=fault.told)
        for fault in line.faults
    ]


class ErrorMark(NamedTuple):
    """What a drawing's mark stands for."""

    sign: str
    then: ErrorsThen


class ErrorHistory(NamedTuple):
    """Errors of an item in the same units, over its certificates."""

    drawing: Markup
    marks: tuple[ErrorMark, ...]
    """Of the drawing."""
    rows: tuple[tuple[ErrorsThen, str, str, str, str], ...]
    """Of the table: which certificate, place, level, error and U."""
    levels: Column | None
    """Column of the levels, such as pressures, where there are any."""


def _histories(found: Sequence[Calibration], language: str) -> list[ErrorHistory]:
    then = [
        errors for one in found for errors in errors_of(Record.from_json(one.record), one.place, one.number)
    ]
    return [_history(group, language) for group in by_kind(then)]


def _history(group: tuple[ErrorsThen, ...], language: str) -> ErrorHistory:
    from lxml import etree

    from remotecal.certificates.pdf.curve import history
    from remotecal.certificates.pdf.levels import levels

    drawn = group[:DRAWN]
    svg = history(
        [(one.at, one.errors, levels(one.levels, one.errors)) for one in drawn],
        "system-ui, sans-serif",
        language,
    )
    svg.set("aria-hidden", "true")  # its table follows, and its key stands before it
    rows = [(one, *row) for one in group for row in one.rows()]
    rows.sort(key=lambda row: float(row[1]))  # of one place the latest stays first
    marks = tuple(map(ErrorMark, SIGNS, drawn))
    told = next((one.levels for one in group if one.levels is not None), None)
    # Every text in it went through lxml, which lets none be markup.
    return ErrorHistory(Markup(etree.tostring(svg, encoding="unicode")), marks, tuple(rows), told)  # noqa: S704


def _lines(found: Iterable[KeptItem]) -> Iterator[tuple[str, ...]]:
    """Yield items as lines of the file."""
    for row in found:
        names = json.loads(row.name)
        plain = names.get("", "")
        texts = (names.get("zh", plain), names.get("en", plain), row.maker, row.model, row.serial)
        further = (row.owner_number, row.place, "" if row.months is None else str(row.months), row.due_set)
        yield (*texts, *further, row.account, row.certificate, row.calibrated)
