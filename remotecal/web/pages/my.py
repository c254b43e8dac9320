"""A customer's own page: certificates and evidence, orders and where they are, what they ask for."""

from __future__ import annotations

import base64
import json
import secrets
from typing import TYPE_CHECKING, Final, NamedTuple

from fastapi import APIRouter, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from remotecal.errors import ConfigurationError, NotAllowed
from remotecal.pages.frame import see
from remotecal.store.requests import MOST_OPEN
from remotecal.web import callers, requests
from remotecal.web.customer_bodies import ItemsWanted, RequestWritten, TableWanted
from remotecal.web.pages.archive import archive
from remotecal.web.pages.certificates import believed, lines_of
from remotecal.web.pages.frame import Brought, Sent, Visiting
from remotecal.web.pages.items import LARGEST_FILE, faults_of
from remotecal.web.pages.standards import ending
from remotecal.web.runs import BeforeRun

if TYPE_CHECKING:
    from remotecal.store.items import KeptItem
    from remotecal.web.pages.frame import SentForm, Visitor
    from remotecal.web.pages.standards import Ending

router = APIRouter(prefix="/my", include_in_schema=False)

AT_ONCE: Final = 100
"""Orders, and runs with issued certificates, that are shown or put into one ZIP."""


NOT_SO: Final = (
    "say in a line of 500 characters at most what is to be done, leave the day empty or choose one, and ask "
    "for 100 items at most at once"
)


class OwnItem(NamedTuple):
    """An item of a customer's."""

    item: KeptItem
    name: str
    ending: Ending


@router.get("")
def show_own(visitor: Visiting, before: BeforeRun = None) -> Response:
    """Return a customer's page."""
    account, store = _account(visitor), visitor.office.store
    rows = store.pages.certified(AT_ONCE + 1, before=_last(before), account=account, issued=True)
    further = rows[AT_ONCE - 1] if len(rows) > AT_ONCE else None
    trust, doubt = believed(visitor.office)
    return visitor.page(
        "my.html",
        lines=lines_of(visitor, rows[:AT_ONCE], trust),
        doubt=doubt,
        before=before or "",
        further=None if further is None else f"{further.station}/{further.run}",
        orders=store.pages.placed(AT_ONCE, visitor.office.clock.now(), account=account),
        requests=requests.seen_by(visitor.office, visitor.caller),
        key=secrets.token_urlsafe(),
    )


@router.get("/certificates.zip")
def take_own(visitor: Visiting, before: BeforeRun = None) -> Response:
    """Return issued certificates with their evidence, of so many runs at a time, the latest first."""
    account = _account(visitor)
    rows = visitor.office.store.pages.certified(AT_ONCE, before=_last(before), account=account, issued=True)
    headers = {"Content-Disposition": 'attachment; filename="certificates.zip"'}
    content = archive(visitor.office, visitor.caller, [(row.station, row.run) for row in rows])
    return StreamingResponse(content, media_type="application/zip", headers=headers)


@router.post("/requests")
async def ask(form: Sent) -> Response:
    """Ask the laboratory for a calibration; the form sent twice asks once."""
    caller = callers.require(form.visitor.caller, "request")
    try:
        written = RequestWritten.model_validate(
            {"item": form["item"].strip(), "wanted": form["wanted"].strip(), "day": form["day"] or None}
        )
    except ValidationError:
        raise ConfigurationError(
            "say in a line of 500 characters at most which instrument it is, and in another what is to be "
            "done; the day is one of the calendar, or left empty"
        ) from None
    key = form["key"][:200] or None
    await run_in_threadpool(requests.make_request, written, caller, form.visitor.office, key)
    return see("/my#requests")


@router.post("/requests/items")
async def ask_for_items(form: Sent) -> Response:
    """Ask the laboratory for a calibration of each item that was chosen, of all or of none."""
    caller = callers.require(form.visitor.caller, "request")
    chosen = form.all("item")
    if not chosen:
        raise ConfigurationError("choose an item first")
    try:
        written = ItemsWanted.model_validate({"items": chosen, **_asked(form)})
    except ValidationError:
        raise ConfigurationError(NOT_SO) from None
    await run_in_threadpool(requests.request_items, written, caller, form.visitor.office, form["key"][:200])
    return see("/my#requests")


@router.get("/items")
def own_items(visitor: Visiting) -> Response:
    """Return a customer's items, those due first, to be chosen and asked for."""
    return visitor.page("my_items.html", items=_items(visitor, _account(visitor)))


@router.get("/table")
def table_form(visitor: Visiting) -> Response:
    """Return the form by which a table of items is brought, to ask for their calibration."""
    callers.require(visitor.caller, "request")
    _account(visitor)
    return visitor.page("my_table.html", lines=None, asked={"wanted": "", "day": None}, most=MOST_OPEN)


@router.post("/table")
async def look_at_table(form: Brought) -> Response:
    """Return what would be asked for by a table, row by row; nothing is kept yet."""
    visitor, content = form.visitor, await form.file("file", LARGEST_FILE)
    caller = callers.require(visitor.caller, "request")
    if not content:
        raise ConfigurationError("choose a file first")
    written = _table(form, base64.b64encode(content).decode(), look=True)
    lines, _ = await run_in_threadpool(requests.take_table, visitor.office, caller, written, None)
    return visitor.page(
        "my_table.html",
        lines=lines,
        faults=sum(one.wanted is None for one in lines),
        told=lambda one: faults_of(visitor, one.line),
        content=written.content,
        asked=_asked(form),
        key=secrets.token_urlsafe(),
    )


@router.post("/table/keep")
async def ask_by_table(form: Sent) -> Response:
    """Ask for what a table says that was looked at, all of it or nothing."""
    caller = callers.require(form.visitor.caller, "request")
    written, key = _table(form, form["content"], look=False), form["key"][:200]
    _, made = await run_in_threadpool(requests.take_table, form.visitor.office, caller, written, key)
    if not made:
        raise ConfigurationError("something in the table is wrong: bring it anew, and see what")
    return see("/my#requests")


def _asked(form: SentForm) -> dict[str, object]:
    return {"wanted": form["wanted"].strip(), "day": form["day"] or None}


def _table(form: SentForm, content: str, *, look: bool) -> TableWanted:
    try:
        return TableWanted.model_validate({"content": content, "look": look, **_asked(form)})
    except ValidationError:
        raise ConfigurationError(NOT_SO) from None


def _items(visitor: Visitor, account: str) -> list[OwnItem]:
    """Return a customer's items, those due first."""
    found = visitor.office.store.items.list(AT_ONCE, account=account)
    choose = visitor.words.choose
    return [OwnItem(one, choose(json.loads(one.name)), ending(visitor, one.due)) for one in found]


def _account(visitor: Visitor) -> str:
    """Return the account of a customer (`NotAllowed`: it is one of the laboratory's people)."""
    account = visitor.caller.account
    if account is None:
        raise NotAllowed("this page is for customers", visitor.caller.name)
    return account


def _last(before: str | None) -> tuple[str, str] | None:
    return None if before is None else (before.partition("/")[0], before.partition("/")[2])
