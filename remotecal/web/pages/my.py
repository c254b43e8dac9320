"""A customer's own page: certificates and evidence, orders and where they are, what they ask for."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from remotecal.errors import ConfigurationError, NotAllowed
from remotecal.pages.frame import see
from remotecal.web import callers, requests
from remotecal.web.bodies import RequestWritten
from remotecal.web.pages.archive import archive
from remotecal.web.pages.certificates import believed, lines_of
from remotecal.web.pages.frame import Sent, Visiting
from remotecal.web.runs import BeforeRun

if TYPE_CHECKING:
    from remotecal.web.pages.frame import Visitor

router = APIRouter(prefix="/my", include_in_schema=False)

AT_ONCE: Final = 100
"""Orders, and runs with issued certificates, that are shown or put into one ZIP."""


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


def _account(visitor: Visitor) -> str:
    """Return the account of a customer (`NotAllowed`: it is one of the laboratory's people)."""
    account = visitor.caller.account
    if account is None:
        raise NotAllowed("this page is for customers", visitor.caller.name)
    return account


def _last(before: str | None) -> tuple[str, str] | None:
    return None if before is None else (before.partition("/")[0], before.partition("/")[2])
