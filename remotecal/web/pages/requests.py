"""What customers ask for, for the laboratory's people, who answer."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from remotecal.errors import ConfigurationError
from remotecal.pages.frame import see
from remotecal.web import callers, requests
from remotecal.web.bodies import RemarkAnswered
from remotecal.web.pages.frame import Sent, Visiting
from remotecal.web.register import not_a_customer
from remotecal.web.requests import RequestNumber

router = APIRouter(prefix="/requests", include_in_schema=False)


@router.get("")
def list_requests(visitor: Visiting) -> Response:
    """Return the requests that wait for an answer, the first made first."""
    not_a_customer(visitor.caller)
    return visitor.page("requests.html", rows=requests.seen_by(visitor.office, visitor.caller))


@router.post("/{request}/settle")
async def settle(request: RequestNumber, form: Sent) -> Response:
    """Answer a request, and go back to those that wait."""
    caller = callers.require(form.visitor.caller, "order")
    try:
        said = RemarkAnswered(answer=form["answer"].strip())
    except ValidationError:
        raise ConfigurationError("answer in a line of 500 characters at most") from None
    await run_in_threadpool(requests.settle_request, request, said, caller, form.visitor.office)
    return see("/requests")
