"""What customers ask for, and what the laboratory answers: neither is an order yet."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path

from remotecal.errors import NotAllowed
from remotecal.web.bodies import RemarkAnswered, RequestWritten
from remotecal.web.callers import Ordering, Reader, Requesting
from remotecal.web.office import Here
from remotecal.web.orders import RepeatKey
from remotecal.web.shown import RequestShown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.store.requests import RequestRow
    from remotecal.web.callers import Caller
    from remotecal.web.office import Office

router = APIRouter(prefix="/requests", tags=["orders"])

SHOWN = 200
"""Requests in a list, at most."""
RequestNumber = Annotated[int, Path(ge=1, le=2**53)]


@router.get("")
def list_requests(caller: Reader, here: Here) -> list[RequestShown]:
    """List the requests: a customer's own, the latest first; all that wait for the laboratory's people."""
    return [RequestShown.model_validate(row) for row in seen_by(here, caller)]


@router.post("", status_code=HTTPStatus.CREATED)
def make_request(
    written: RequestWritten, caller: Requesting, here: Here, key: RepeatKey = None
) -> RequestShown:
    """Ask the laboratory for a calibration; sent again with the same `Idempotency-Key`, it is asked once.

    409 if too many wait for an answer.
    """
    if caller.account is None:
        raise NotAllowed("only a customer's account asks for a calibration", caller.name)
    with here.store.transaction():
        row, new = here.store.requests.add(
            caller.account,
            caller.name,
            written.item,
            written.wanted,
            "" if written.day is None else written.day.isoformat(),
            key or secrets.token_urlsafe(),
            here.clock.now(),
        )
        if new:
            asked: dict[str, str | int | float | None] = {"request": row.id, "account": row.account}
            asked |= {"item": row.item, "wanted": row.wanted, "day": row.day}
            here.store.note(caller.name, "request", asked)
    return RequestShown.model_validate(row)


@router.post("/{request}/settle")
def settle_request(
    request: RequestNumber, said: RemarkAnswered, caller: Ordering, here: Here
) -> RequestShown:
    """Answer a request; the customer sees the answer. 409 if it was answered already."""
    with here.store.transaction():
        row = here.store.requests.settle(request, said.answer, caller.name, here.clock.now())
        noted: dict[str, str | int | float | None] = {"request": request, "account": row.account}
        here.store.note(caller.name, "request answered", noted | {"answer": said.answer})
    return RequestShown.model_validate(row)


def seen_by(here: Office, caller: Caller) -> Sequence[RequestRow]:
    """Return the requests that somebody sees: a customer their own, the laboratory all that wait."""
    if caller.account is None:
        return here.store.requests.open(SHOWN)
    return here.store.requests.of_account(caller.account, SHOWN)
