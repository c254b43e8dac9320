"""Live pages: their parts as they change, over one stream for each page in view (server-sent events)."""

from __future__ import annotations

import json
import time
from contextlib import aclosing
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from remotecal.errors import NotLoggedIn
from remotecal.web.pages.frame import Visitor, looking_on

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from remotecal.web.watching import Shows, Watching

    Parts = Mapping[str, str]
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

    def still() -> None:
        looking_on(visitor.request, visitor.office)

    return stream_of(visitor.office.watching, parts, shows, ask, still)


def stream_of(
    watching: Watching,
    parts: Callable[[], Parts],
    shows: Shows,
    ask: Callable[[], Awaitable[None]] | None = None,
    still: Callable[[], None] | None = None,
) -> Response:
    """Return a stream of parts, to whom else they may be shown; see `stream`.

    Args:
        watching: tells when there may be something new.
        parts: as there.
        shows: as there.
        ask: as there.
        still: looked at now and then. Where this, or `parts`, raises `NotLoggedIn`, the stream says that it
            is over, and ends.
    """
    events = _events(watching, parts, shows, ask, still)
    return StreamingResponse(events, media_type="text/event-stream", headers=HEADERS)


async def _events(
    watching: Watching,
    parts: Callable[[], Parts],
    shows: Shows,
    ask: Callable[[], Awaitable[None]] | None,
    still: Callable[[], None] | None,
) -> AsyncIterator[str]:
    sent: dict[str, bytes] = {}
    looked = time.monotonic()
    async with aclosing(watching.looks(shows)) as looks:
        async for _ in looks:
            try:
                if still is not None and time.monotonic() - looked > LOOK_AGAIN:
                    looked = time.monotonic()
                    await run_in_threadpool(still)
                if ask is not None:
                    await ask()
                made = await run_in_threadpool(parts)
            except NotLoggedIn:
                yield OVER
                return
            # What was sent is known by its hash: many look on, and each is to take little.
            hashes = {name: sha256(html.encode()).digest() for name, html in made.items()}
            new = {name: html for name, html in made.items() if sent.get(name) != hashes[name]}
            sent = hashes
            yield f"event: parts\nretry: {AGAIN_AFTER}\ndata: {json.dumps(new, ensure_ascii=False)}\n\n"
