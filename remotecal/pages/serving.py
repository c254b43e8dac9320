"""Serving pages and an API over HTTP: with patience for nobody who takes up a place and says nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.exceptions import HTTPException
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from remotecal.transport.doors import Door

HEADERS_WITHIN = 10.0
"""Seconds in which the headers of a request must be there."""
READ_WITHIN = 60.0
"""Seconds in which a client must take some of an answer that waits for it."""
KEPT, KEPT_WHERE_FULL = 60, 5
"""Seconds for which a connection waits for the next request, and where half of all places are taken: over a
long line a new one takes longer than a page, for with TLS it is two journeys there and back."""
BODY_WITHIN = 60.0
"""Seconds in which a request must be whole."""
HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
"""What every answer tells a browser, unless it says otherwise: keep, guess, load and frame nothing."""


class PageServer(uvicorn.Server):
    """A server that leaves signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Patient(H11Protocol):
    """HTTP with a client that takes its time.

    Each request must have begun, and be told, within bounds, and its answer must be taken.
    """

    def __init__(self, *arguments: Any, door: Door, **settings: Any) -> None:  # noqa: ANN401  uvicorn's own
        super().__init__(*arguments, **settings)
        self._door = door
        self._due: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        super().connection_made(transport)
        self._wait_for_headers()

    def data_received(self, data: bytes) -> None:
        """Take what came; a request whose headers are whole stops the clock."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._wait_for_headers()
        elif self._due is not None:
            self._door.greet(self.transport)
            self._due.cancel()
            self._due = None

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        for timer in (self._due, self._unread):
            if timer is not None:
                timer.cancel()

    def on_response_complete(self) -> None:
        """Wait for the next request, for longer where there is room."""
        self.timeout_keep_alive = KEPT if self._door.roomy else KEPT_WHERE_FULL
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Hold back what the client does not take, for so long."""
        super().pause_writing()
        self._unread = self.loop.call_later(READ_WITHIN, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _wait_for_headers(self) -> None:
        if self._due is None:
            self._due = self.loop.call_later(HEADERS_WITHIN, self.transport.abort)


async def _in_time(receive: Receive, due: float | None) -> Message:
    """Return what comes next of a request; a client that never tells the rest is not waited for."""
    try:
        async with asyncio.timeout_at(due):
            return await receive()
    except TimeoutError:
        raise HTTPException(408, f"a request must be whole within {BODY_WITHIN:g} s") from None


def careful(app: ASGIApp, largest: int, larger: Mapping[str, int]) -> ASGIApp:
    """Return an application that takes no more than it can hold and tells browsers to be careful.

    Args:
        app: the application.
        largest: bytes of a request.
        larger: end of an address → bytes of a request to it.
    """

    async def carefully(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        allowed = next((size for end, size in larger.items() if scope["path"].endswith(end)), largest)
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
                more = [(name, value) for name, value in HEADERS if name not in told]
                message["headers"] = [*message["headers"], *more]
            await send(message)

        await app(scope, receive_some, send_carefully)

    return carefully
