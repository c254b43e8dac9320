"""The application: its routes, and what stands around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.routing import APIRoute

from remotecal.certificates.dcc.xml import LARGEST_FILE
from remotecal.pages.serving import careful
from remotecal.web import (
    about,
    audit,
    brought,
    browser_keys,
    intervals,
    items,
    measures,
    notices,
    orders,
    out_of_service,
    pages,
    papers,
    passkeys,
    problems,
    register,
    remarks,
    requests,
    resting,
    runs,
    sessions,
    walls,
)
from remotecal.web.answers import REFUSED
from remotecal.web.bodies import LARGEST_BUNDLE
from remotecal.web.office import Office
from remotecal.web.pages import by_key
from remotecal.web.papers import LARGEST_SCAN

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from remotecal.clock import Clock
    from remotecal.hub.laboratory import OrderDesk

PREFIX = "/api/v1"
LARGEST_ORDER = LARGEST_BUNDLE + 2**20
"""Bytes of a request with an order, in which a procedure may travel."""
LARGEST_JSON = 2**20
"""Bytes of any other request."""
LARGER = {
    "/certificate/signatures": LARGEST_FILE,
    "/orders": LARGEST_ORDER,
    "/papers": LARGEST_SCAN + 2**16,
    "/brought": brought.LARGEST + 2**16,
}
"""End of an address → bytes of a request to it."""


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
    for part in (
        sessions,
        passkeys,
        orders,
        requests,
        runs,
        browser_keys,
        remarks,
        items,
        notices,
        about,
        intervals,
        papers,
        out_of_service,
        brought,
        resting,
        register,
        audit,
        walls,
    ):
        app.include_router(part.router, prefix=PREFIX, responses=dict(REFUSED))
    app.include_router(measures.router)
    pages.add_to(app)
    if key:
        app.include_router(by_key.admitting(key))
    for route in app.routes:
        if isinstance(route, APIRoute):  # what it does, and not the name of its function
            route.summary = route.description.partition("\n")[0].rstrip(".")

    return figures.around(careful(app, LARGEST_JSON, LARGER))
