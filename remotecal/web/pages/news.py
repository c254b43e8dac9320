"""Live pages: their parts as they change, over one stream for each page in view (server-sent events)."""

from __future__ import annotations

import time
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from remotecal.errors import NotLoggedIn
from remotecal.web.pages.frame import Visitor, looking_on
from remotecal.web.pages.told import OVER, Compressing, News, Telling, as_event, changed

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Hashable

    from starlette.requests import Request

    from remotecal.web.office import Office
    from remotecal.web.pages.told import Look, Parts
    from remotecal.web.watching import Shows

LOOK_AGAIN: Final = 30.0
"""Seconds after which it is looked at whether somebody may still look on."""
HEADERS: Final = {"X-Accel-Buffering": "no"}
"""Tells a proxy to pass on each event as it comes."""
COMPRESSED: Final = {"Content-Encoding": "gzip", "Vary": "accept-encoding"}
"""Tells that a stream is compressed already."""


LookingOn = Annotated[Visitor, Depends(looking_on)]
"""Who looks on, for the handler of a stream."""


def stream(
    visitor: Visitor,
    parts: Callable[[], Parts],
    shows: Shows,
    ask: Callable[[], Awaitable[None]] | None = None,
) -> Response:
    """Return a stream of a page's parts: first all, then each that has changed.

    Whoever reads slowly gets the latest, for nothing is made before what was made is taken.

    Args:
        visitor: who looks on.
        parts: makes them.
        shows: tells which of the stations' news change them; that of others wakes nobody.
        ask: asks for what is shown, where it does not come by itself.
    """
    made = _own(visitor.office, looks_asking(visitor.office, shows, ask), parts)
    return stream_of(visitor.request, _differences(made), still(visitor))


def shared_stream(
    visitor: Visitor,
    parts: Callable[[], Parts],
    shows: Shows,
    board: Hashable,
    ask: Callable[[], Awaitable[None]] | None = None,
) -> Response:
    """Return a stream of parts that are nothing of the visitor's own; else as `stream`.

    Args:
        visitor: who looks on.
        parts: makes them; once for all who look at the same.
        shows: tells which of the stations' news change them.
        board: tells all that the parts follow from.
        ask: asks for what is shown, where it does not come by itself.
    """
    looks = partial(looks_asking, visitor.office, shows, ask)
    made = visitor.office.boards.looks(board, looks, Telling(parts))
    return shared_stream_of(visitor.request, made, still(visitor))


def still(visitor: Visitor) -> Callable[[], object]:
    """Return what raises `NotLoggedIn` once somebody may not look on any more."""
    return partial(looking_on, visitor.request, visitor.office)


def shared_stream_of(request: Request, made: AsyncGenerator[Look], still: Callable[[], object]) -> Response:
    """Return a stream of what is told to several; the rest as `stream_of`."""
    return stream_of(request, _news(made), still)


def stream_of(request: Request, new: AsyncGenerator[News], still: Callable[[], object]) -> Response:
    """Return a stream of what is new in a page, compressed where a browser takes that.

    Args:
        request: who asks.
        new: what is told, which costs least where several are given the same `News`.
        still: looked at now and then. Where this, or `new`, raises `NotLoggedIn`, the stream says that it
            is over, and ends.
    """
    events = _events(new, still)
    compressed = "gzip" in request.headers.get("accept-encoding", "")
    return StreamingResponse(
        _compressed(events) if compressed else _plain(events),
        media_type="text/event-stream",
        headers=HEADERS | COMPRESSED if compressed else HEADERS,
    )


async def looks_asking(
    office: Office,
    shows: Shows,
    ask: Callable[[], Awaitable[None]] | None,
    woken: asyncio.Event | None = None,
) -> AsyncGenerator[None]:
    """Yield whenever there may be something new, see `Watching.looks`; it was asked for by `ask` then."""
    async with aclosing(office.watching.looks(shows, woken)) as looks:
        async for _ in looks:
            if ask is not None:
                await ask()
            yield


async def _own(
    office: Office, looks: AsyncGenerator[None], parts: Callable[[], Parts]
) -> AsyncGenerator[Parts]:
    async with aclosing(looks) as each:
        async for _ in each:
            yield await office.boards.make(parts)


async def _differences(made: AsyncGenerator[Parts]) -> AsyncGenerator[News]:
    """Yield what is new in parts, each time they were made."""
    sent: dict[str, bytes] = {}
    async with aclosing(made) as each:
        async for parts in each:
            yield as_event(changed(parts, sent))


async def _news(made: AsyncGenerator[Look]) -> AsyncGenerator[News]:
    """Yield what is new for one of those who are told the same, and may have missed some of it."""
    last = 0
    async with aclosing(made) as each:
        async for told in each:
            event, last = told.since(last), told.number
            yield event


async def _events(new: AsyncGenerator[News], still: Callable[[], object]) -> AsyncGenerator[News]:
    looked = time.monotonic()
    async with aclosing(new) as each:
        try:
            async for event in each:
                if time.monotonic() - looked > LOOK_AGAIN:
                    looked = time.monotonic()
                    await run_in_threadpool(still)
                yield event
        except NotLoggedIn:
            yield News(OVER)


async def _plain(events: AsyncGenerator[News]) -> AsyncIterator[bytes]:
    async with aclosing(events) as each:
        async for event in each:
            yield event.plain


async def _compressed(events: AsyncGenerator[News]) -> AsyncIterator[bytes]:
    compressing = Compressing()
    async with aclosing(events) as each:
        async for event in each:
            yield compressing.add(event)
    yield compressing.end()
