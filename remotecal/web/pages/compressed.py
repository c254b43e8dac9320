"""Pages are sent compressed; files are not, whose entity tag is the hash of what is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.middleware.gzip import GZipMiddleware

from remotecal.web.pages.refused import for_people

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

SMALLEST: Final = 1000
"""Bytes below which nothing is gained."""
NEWS: Final = "/news"
"""How the address of a stream of events ends."""


class Compressed:
    """An application whose pages are compressed for browsers that take that."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._compressed = GZipMiddleware(app, minimum_size=SMALLEST, compresslevel=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pages = scope["type"] == "http" and for_people(scope["path"])
        pages = pages and not scope["path"].endswith(".zip")
        # A stream is compressed event by event, see `told`: what compresses pages would hold 150 kB for each.
        pages = pages and not scope["path"].endswith(NEWS)
        await (self._compressed if pages else self._plain)(scope, receive, send)
