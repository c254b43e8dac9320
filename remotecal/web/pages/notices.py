"""Notices on a page, and as a calendar that other programs fetch by a secret address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from remotecal.clock import civil_day
from remotecal.errors import ConfigurationError, NotThere
from remotecal.hub.due import notices_of
from remotecal.numerals import read_count
from remotecal.pages.frame import see
from remotecal.web import notices
from remotecal.web.bodies import MailWritten
from remotecal.web.office import Here
from remotecal.web.pages.frame import Sent, Visiting

if TYPE_CHECKING:
    from remotecal.store import Store
    from remotecal.store.users import UserRow
    from remotecal.web.office import Office
    from remotecal.web.pages.frame import Visitor

router = APIRouter(include_in_schema=False)

SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")


@router.get("/notices")
def list_notices(visitor: Visiting) -> Response:
    """Return the notices to whoever looks, and how they are told besides."""
    return _page(visitor, "")


@router.post("/notices/acknowledge")
async def acknowledge(form: Sent) -> Response:
    """Say that a notice was seen."""
    visitor = form.visitor
    try:
        number = read_count(form["notice"], 2**53)
    except ValueError:
        raise NotThere("there is no such notice") from None
    await run_in_threadpool(notices.acknowledge_notice, number, visitor.caller, visitor.office)
    return see("/notices")


@router.post("/notices/mail")
async def set_mail(form: Sent) -> Response:
    """Say to which address one is told by mail."""
    try:
        written = MailWritten(mail=form["mail"].strip())
    except ValidationError:
        raise ConfigurationError(f"{form['mail'][:100]!r} is no address for mail") from None
    await run_in_threadpool(notices.set_mail, written, form.visitor.caller, form.visitor.office)
    return see("/notices")


@router.post("/notices/calendar")
async def new_calendar(form: Sent) -> Response:
    """Make a calendar's address, which is shown this once; the one before is none any more."""
    visitor = form.visitor
    name = visitor.caller.name
    secret = await run_in_threadpool(_other_calendar, visitor.office.store, name, ends=bool(form["end"]))
    if secret is None:
        return see("/notices")
    return await run_in_threadpool(_page, visitor, f"{visitor.base}/calendar/{secret}.ics")


@router.get("/calendar/{secret}.ics")
def calendar(secret: str, request: Request, here: Here) -> Response:
    """Return what falls due for somebody, as a calendar (RFC 5545), to whoever has its address."""
    here.sparing.admit(request.client.host if request.client else "unknown", here.clock.now())
    name = here.store.notices.whose_feed(secret) if SECRET.fullmatch(secret) else None
    user = None if name is None else here.store.users.find(name)
    if user is None or not user.enabled:
        raise NotThere("there is no calendar at this address")
    return Response(_written(here, user), media_type="text/calendar; charset=utf-8")


def _other_calendar(store: Store, name: str, *, ends: bool) -> str | None:
    """End somebody's calendar, or begin another; return the secret of that one."""
    with store.transaction():
        if ends:
            store.notices.end_feed(name)
            store.note(name, "calendar ended", {})
            return None
        secret = store.notices.new_feed(name)
        store.note(name, "calendar", {})
        return secret


def _page(visitor: Visitor, made: str) -> Response:
    caller, store = visitor.caller, visitor.office.store
    return visitor.page(
        "notices.html",
        rows=store.notices.to(caller.name, 200),
        way=store.notices.way(caller.name),
        mails=visitor.office.settings.notices.mail is not None,
        made=made,
        of_all=store.notices.all() if visitor.may("users") else (),
    )


def _written(here: Office, user: UserRow) -> bytes:
    """Return what falls due for a user as a calendar."""
    from datetime import UTC, date, datetime

    from icalendar import Calendar, Event

    folder = here.laboratory.folder
    now = here.clock.now()
    today = civil_day(now, folder.time_zone)
    told = notices_of(here.due(), [user], folder, today)
    written = Calendar()
    written.add("prodid", "-//remotecal//due//EN")
    written.add("version", "2.0")
    written.add("x-wr-calname", here.settings.laboratory)
    for one in told:
        event = Event()
        # The same thing on the same day is the same event, however often it is fetched.
        event.add("uid", f"{one.kind}-{re.sub(r'[^A-Za-z0-9]', '-', one.about)}-{one.due}@remotecal")
        event.add("dtstamp", datetime.fromtimestamp(now, UTC).replace(microsecond=0))
        event.add("dtstart", date.fromisoformat(one.due))
        event.add("summary", one.what)
        event.add("transp", "TRANSPARENT")
        written.add_component(event)
    return bytes(written.to_ical())
