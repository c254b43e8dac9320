"""What the API answers when it won't: problem details (RFC 9457), made of remotecal's errors here only."""

from __future__ import annotations

import errno
import json
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from remotecal.errors import (
    ConfigurationError,
    EvidenceError,
    NotAllowed,
    NotAnswered,
    NotLoggedIn,
    NotNow,
    NotThere,
    OrderError,
    RecordError,
    RemotecalError,
    RequestRefused,
    StoreError,
    StoreFull,
    TooOften,
    TransportError,
)
from remotecal.pages.words import words_for
from remotecal.web.answers import PROBLEM
from remotecal.web.callers import SAFE
from remotecal.web.office import office_of
from remotecal.web.pages.refused import for_people, refusal
from remotecal.web.pages.told import OVER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastapi import FastAPI
    from starlette.requests import Request

log = logging.getLogger(__name__)

UNUSABLE = "the laboratory's database can't be used now"
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
NO_ROOM_FOR_FILES = "a disk of the hub is full: have room made there, and do it again; all is kept"
FULL = "the disk of the laboratory's database is full: have room made there, and do it again; all is kept"

STATUS: tuple[tuple[type[RemotecalError], HTTPStatus], ...] = (
    (NotLoggedIn, HTTPStatus.UNAUTHORIZED),
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (NotThere, HTTPStatus.NOT_FOUND),
    (NotNow, HTTPStatus.CONFLICT),
    (TooOften, HTTPStatus.TOO_MANY_REQUESTS),
    (StoreError, HTTPStatus.SERVICE_UNAVAILABLE),
    (NotAnswered, HTTPStatus.GATEWAY_TIMEOUT),
    (TransportError, HTTPStatus.CONFLICT),  # the station is not connected: a state it is in, not our failure
    (EvidenceError, HTTPStatus.CONFLICT),
    (OrderError, HTTPStatus.CONFLICT),
    (RecordError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (ConfigurationError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (RemotecalError, HTTPStatus.INTERNAL_SERVER_ERROR),
)
"""Error → status; the first that fits."""


def add_to(app: FastAPI) -> None:
    """Have an application answer every failure with problem details."""
    app.add_exception_handler(RemotecalError, _refused)
    app.add_exception_handler(OSError, _system)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _by_status)
    app.add_exception_handler(Exception, _failed)


async def _answer(
    request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a refusal as whoever asked can read it: a page for people, problem details for programs."""
    if for_people(request.url.path):
        page = await refusal(request, status, detail)
        page.headers.update(headers or {})
        return page
    said, _ = words_for(request).refusal(detail)
    return problem(status, detail, headers, {} if said == detail else {"said": said})


def problem(
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    further: Mapping[str, str] | None = None,
) -> Response:
    """Return problem details, and further members of them (RFC 9457, 3.2)."""
    content = {"title": HTTPStatus(status).phrase, "status": int(status), "detail": detail, **(further or {})}
    # In ASCII: what is quoted of a request may be no Unicode text.
    return Response(json.dumps(content), status, headers, PROBLEM)


def status_of(error: RemotecalError) -> HTTPStatus:
    """Return the status an error is answered with."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, RemotecalError):
        raise error
    if isinstance(error, RequestRefused) and not _just_came(request, error):
        await note_refusal(request, error)
    if isinstance(error, NotLoggedIn) and "text/event-stream" in request.headers.get("accept", ""):
        return Response(OVER, media_type="text/event-stream")  # else a browser asks again, for ever
    if _without_room(error.__cause__):
        return await _full(request, error)
    status = status_of(error)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        log.error("%s", error)
        return await _answer(request, status, FULL if isinstance(error, StoreFull) else UNUSABLE)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s", error)
    headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else None
    return await _answer(request, status, str(error), headers)


async def _system(request: Request, error: Exception) -> Response:
    """Answer where no room is left for a certificate, or for what it is printed from; the rest is a fault."""
    if not _without_room(error):
        raise error
    return await _full(request, error)


def _without_room(error: BaseException | None) -> bool:
    return isinstance(error, OSError) and error.errno in NO_ROOM


async def _full(request: Request, error: Exception) -> Response:
    log.error("%s", error)
    return await _answer(request, HTTPStatus.SERVICE_UNAVAILABLE, NO_ROOM_FOR_FILES)


async def note_refusal(request: Request, error: RequestRefused) -> None:
    """Note in the audit log who was refused, where that is a refusal that is noted."""
    if not error.noted:
        return
    try:
        await run_in_threadpool(
            office_of(request).refusals.note, error.who, _host(request), str(error), _where(request)
        )
    except StoreError:
        log.exception("a refusal can't be noted")


def _just_came(request: Request, error: RequestRefused) -> bool:
    """Tell whether somebody is only led to where one logs in, as everybody is who opens a page first."""
    return isinstance(error, NotLoggedIn) and for_people(request.url.path) and request.method in SAFE


async def _malformed(request: Request, error: Exception) -> Response:
    faults: Sequence[Mapping[str, object]] = (
        error.errors() if isinstance(error, RequestValidationError) else ()
    )
    if for_people(request.url.path):
        names = ", ".join(dict.fromkeys(str(_steps(fault)[-1]) for fault in faults))
        detail = f"{names} is not as it can be read: mend it in the address or the form"
    else:
        detail = "; ".join(map(_fault, faults))
    return await _answer(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail)


async def _by_status(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return await _answer(request, error.status_code, error.detail, error.headers)


async def _failed(request: Request, _: Exception) -> Response:
    return await _answer(
        request, HTTPStatus.INTERNAL_SERVER_ERROR, "something went wrong here; the hub's log says what"
    )


def _fault(fault: Mapping[str, object]) -> str:
    return f"{'.'.join(map(str, _steps(fault)))}: {fault['msg']}"


def _steps(fault: Mapping[str, object]) -> tuple[object, ...]:
    """Return where in a request a fault is."""
    place = fault["loc"]
    return place if isinstance(place, tuple) and place else ("request",)


def _host(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _where(request: Request) -> str:
    return f"{request.method} {request.url.path}"
