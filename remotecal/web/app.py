"""The application: its routes, and what stands around them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from remotecal.web import about, measures, orders, pages, problems, register, remarks, runs, sessions
from remotecal.web.answers import REFUSED
from remotecal.web.bodies import LARGEST_BUNDLE
from remotecal.web.office import Office
from remotecal.web.pages import by_key

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from remotecal.clock import Clock
    from remotecal.hub.laboratory import OrderDesk

PREFIX = "/api/v1"
LARGEST_BODY = 32 * 2**20
"""Bytes of a request: of the largest certificate that is read."""
LARGEST_ORDER = LARGEST_BUNDLE + 2**20
"""Bytes of a request with an order, in which a procedure may travel."""
LARGEST_JSON = 2**20
"""Bytes of any other request."""
BODY_WITHIN = 60.0
"""Seconds in which a request must be whole."""
LARGER = {"/certificate/signatures": LARGEST_BODY, "/orders": LARGEST_ORDER}
"""End of an address → bytes of a request to it."""
HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
"""What every answer tells a browser, unless it says otherwise: keep, guess, load and frame nothing."""


DESCRIPTION = """\
People log in (`POST /session`) and send `X-CSRF-Token` with whatever changes something; programs send
`Authorization: Bearer …` with a token from `POST /tokens`. Times are ISO 8601 in UTC.

Refusals are problem details (RFC 9457): `detail` says why, and what to do. 401, 403: who asks is not known,
or may not. 404: there is none, or none they may see. 409: not in the state things are in. 413, 422: too
large, or wrong. 429: too many failures to log in. 503: the database can't be used now. 504: a station was
asked and did not answer; whether it obeyed is not known.

Lists come in pages, the latest first: follow `Link: <…>; rel="next"`. Files have their SHA-256 as entity tag;
`If-None-Match` saves fetching one again.
"""


def make_app(laboratory: OrderDesk, clock: Clock, *, key: str = "") -> ASGIApp:
    """Return the API of a laboratory, and its pages.

    Args:
        laboratory: whatever people there can do.
        clock: the time by which sessions, tokens and signatures are judged.
        key: who has it comes in as a reader without a password; "" for nobody.
    """
    app = FastAPI(
        title="remotecal",
        summary="The laboratory's work orders, runs, records and certificates.",
        description=DESCRIPTION,
        version="1",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # these pages would load scripts from elsewhere
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.office = Office(laboratory, clock)
    figures = app.state.measures = measures.Measures(app.state.office)
    problems.add_to(app)
    for part in (sessions, orders, runs, remarks, about, register):
        app.include_router(part.router, prefix=PREFIX, responses=dict(REFUSED))
    app.include_router(measures.router)
    pages.add_to(app)
    if key:
        app.include_router(by_key.admitting(key))
    for route in app.routes:
        if isinstance(route, APIRoute):  # what it does, and not the name of its function
            route.summary = route.description.partition("\n")[0].rstrip(".")

    return figures.around(_careful(app))


async def _in_time(receive: Receive, due: float | None) -> Message:
    """Return what comes next of a request; a client that never tells the rest is not waited for."""
    try:
        async with asyncio.timeout_at(due):
            return await receive()
    except TimeoutError:
        raise HTTPException(408, f"a request must be whole within {BODY_WITHIN:g} s") from None


def _careful(app: ASGIApp) -> ASGIApp:
    """Return an application that takes no more than it can hold and tells browsers to be careful."""

    async def careful(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        allowed = next((size for end, size in LARGER.items() if scope["path"].endswith(end)), LARGEST_JSON)
        taken, whole = 0, False
        due = asyncio.get_running_loop().time() + BODY_WITHIN

        async def receive_some() -> Message:
            nonlocal taken, whole
            message = await _in_time(receive, None if whole else due)
            whole = not message.get("more_body", False)
            taken += len(message.get("body", b""))
            if taken > allowed:
                raise HTTPException(413, f"a request may have {allowed} bytes at most")
            return message

        async def send_carefully(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = {name for name, _ in message["headers"]}
                careful = [(name, value) for name, value in HEADERS if name not in told]
                message["headers"] = [*message["headers"], *careful]
            await send(message)

        await app(scope, receive_some, send_carefully)

    return careful
