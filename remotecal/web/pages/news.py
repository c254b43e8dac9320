"""Live pages: their parts as they change, over one stream for each page in view (server-sent events)."""

from __future__ import annotations

import json
import time
from contextlib import aclosing
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from remotecal.errors import NotLoggedIn
from remotecal.web.pages.frame import Visitor, looking_on

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Hashable, Mapping

    from remotecal.web.office import Office
    from remotecal.web.watching import Shows

    Parts = Mapping[str, "str | Divided"]
    """Id of an element → what stands in it."""

LOOK_AGAIN: Final = 30.0
"""Seconds after which it is looked at whether somebody may still look on."""
AGAIN_AFTER: Final = 1000
"""Milliseconds after which a browser asks again where its stream broke off, as when the hub restarts."""
OVER: Final = "event: over\ndata: {}\n\n"
"""Tells that nothing comes any more: whoever looks on is not logged in any more."""
HEADERS: Final = {"X-Accel-Buffering": "no"}
"""Tells a proxy to pass on each event as it comes."""


LookingOn = Annotated[Visitor, Depends(looking_on)]
"""Who looks on, for the handler of a stream."""


class Divided(NamedTuple):
    """A part that is sent whole where other pieces stand in it than before, else by those that changed."""

    whole: str
    """All that stands in it."""
    pieces: Mapping[str, str]
    """Id of an element in it → what stands in that, in their order."""


def stream(
    visitor: Visitor,
    parts: Callable[[], Parts],
    shows: Shows,
    ask: Callable[[], Awaitable[None]] | None = None,
    board: Hashable = None,
) -> Response:
    """Return a stream of a page's parts: first all, then each that has changed.

    Whoever reads slowly gets the latest, for nothing is made before what was made is taken.

    Args:
        visitor: who looks on.
        parts: makes them.
        shows: tells which of the stations' news change them; that of others wakes nobody.
        ask: asks for what is shown, where it does not come by itself.
        board: tells all that the parts follow from, where that is nothing of the visitor's own: they are made
            once for all who look at the same.
    """
    looks = partial(looks_asking, visitor.office, shows, ask)
    made = _own(looks(), parts) if board is None else visitor.office.boards.looks(board, looks, parts)
    return stream_of(made, still(visitor))


def still(visitor: Visitor) -> Callable[[], object]:
    """Return what raises `NotLoggedIn` once somebody may not look on any more."""
    return partial(looking_on, visitor.request, visitor.office)


def stream_of(made: AsyncGenerator[Parts], still: Callable[[], object]) -> Response:
    """Return a stream of parts as they are made, to whom else they may be shown; see `stream`.

    Args:
        made: the parts.
        still: looked at now and then. Where this, or `made`, raises `NotLoggedIn`, the stream says that it
            is over, and ends.
    """
    return StreamingResponse(_events(made, still), media_type="text/event-stream", headers=HEADERS)


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


async def _own(looks: AsyncGenerator[None], parts: Callable[[], Parts]) -> AsyncGenerator[Parts]:
    async with aclosing(looks) as each:
        async for _ in each:
            yield await run_in_threadpool(parts)


async def _events(made: AsyncGenerator[Parts], still: Callable[[], object]) -> AsyncIterator[str]:
    sent: dict[str, bytes] = {}
    looked = time.monotonic()
    async with aclosing(made) as each:
        try:
            async for parts in each:
                if time.monotonic() - looked > LOOK_AGAIN:
                    looked = time.monotonic()
                    await run_in_threadpool(still)
                new = _changed(parts, sent)
                yield f"event: parts\nretry: {AGAIN_AFTER}\ndata: {json.dumps(new, ensure_ascii=False)}\n\n"
        except NotLoggedIn:
            yield OVER


def _changed(parts: Parts, sent: dict[str, bytes]) -> dict[str, str]:
    """Return what is to be sent of parts, and note it under `sent`.

    What was sent is known by its hash: many look on, and each is to take little.
    """
    new: dict[str, str] = {}
    known: dict[str, bytes] = {}
    for name, part in parts.items():
        whole, pieces = (part, {}) if isinstance(part, str) else part
        known[name] = _hash(" ".join(pieces) or whole)
        known |= {of: _hash(html) for of, html in pieces.items()}
        if sent.get(name) != known[name]:
            new[name] = whole
        else:
            new |= {of: html for of, html in pieces.items() if sent.get(of) != known[of]}
    sent.clear()
    sent.update(known)
    return new


def _hash(text: str) -> bytes:
    return sha256(text.encode()).digest()
