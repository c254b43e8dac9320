"""The application: its routes, and what stands around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from remotecal.web import measures, orders, problems, register, runs, sessions
from remotecal.web.office import Office

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from remotecal.transport.laboratory import Laboratory

PREFIX = "/api/v1"
LARGEST_BODY = 32 * 2**20
"""Bytes of a request: of the largest certificate that is read."""
LARGEST_JSON = 2**20
"""Bytes of a request that is no certificate."""
HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
"""What every answer tells a browser: keep nothing, guess nothing, load nothing, frame nothing."""


def make_app(laboratory: Laboratory) -> ASGIApp:
    """Return the API of a laboratory."""
    app = FastAPI(
        title="remotecal",
        summary="The laboratory's work orders, runs, records and certificates.",
        version="1",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # these pages would load scripts from elsewhere
        redoc_url=None,
    )
    app.state.office = Office(laboratory)
    figures = measures.Measures(app.state.office)
    problems.add_to(app)
    for part in (sessions, orders, runs, register):
        app.include_router(part.router, prefix=PREFIX)
    app.include_router(measures.router)

    @app.get("/metrics")
    async def get_metrics() -> Response:
        """Return the hub's figures in Prometheus' text format."""
        return await run_in_threadpool(figures.text)

    return figures.around(_careful(app))


def _careful(app: ASGIApp) -> ASGIApp:
    """Return an application that takes no more than it can hold and tells browsers to be careful."""

    async def careful(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        allowed = LARGEST_BODY if _is_certificate(scope) else LARGEST_JSON
        taken = 0

        async def receive_some() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > allowed:
                raise HTTPException(413, f"a request may have {allowed} bytes at most")
            return message

        async def send_carefully(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        await app(scope, receive_some, send_carefully)

    return careful


def _is_certificate(scope: Scope) -> bool:
    return bool(scope["path"].endswith("/certificate/signatures"))
