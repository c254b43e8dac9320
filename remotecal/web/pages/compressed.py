"""Pages are sent compressed; files are not, whose entity tag is the hash of what is sent."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware

from remotecal.web.pages.frame import for_people

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SMALLEST: Final = 1000
"""Bytes below which nothing is gained."""
STREAM, NEWS = "text/event-stream", "/news"
"""What a stream of events is, and how its address ends."""
GZIP: Final = 16
"""Added to the size of a window, asks zlib for gzip's format."""
WINDOW, MEMORY, LEVEL = 12, 5, 3
"""How a stream is compressed: by what its last 4 kB tell, with 32 kB of memory, for many may look on."""


class Compressed:
    """An application whose pages are compressed for browsers that take that."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._compressed = GZipMiddleware(app, minimum_size=SMALLEST, compresslevel=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pages = scope["type"] == "http" and for_people(scope["path"])
        pages = pages and not scope["path"].endswith(".zip")
        if pages and scope["path"].endswith(NEWS):  # what compresses pages would hold 150 kB for each
            pages = False
            if "gzip" in Headers(scope=scope).get("accept-encoding", ""):
                send = _stream_compressed(send)
        await (self._compressed if pages else self._plain)(scope, receive, send)


def _stream_compressed(send: Send) -> Send:
    """Return what sends a stream of events compressed, each event so that it can be read at once."""
    compressor = None

    async def send_compressed(message: Message) -> None:
        nonlocal compressor
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            of_events = headers.get("content-type", "").startswith(STREAM)
            if of_events and "content-encoding" not in headers:  # what several are told is compressed for all
                compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, WINDOW + GZIP, MEMORY)
                del headers["content-length"]
                headers["content-encoding"] = "gzip"
                headers.add_vary_header("accept-encoding")
        elif compressor is not None and message["type"] == "http.response.body":
            body = compressor.compress(message.get("body", b""))
            more = message.get("more_body", False)
            body += compressor.flush(zlib.Z_SYNC_FLUSH if more else zlib.Z_FINISH)
            message = {**message, "body": body}
        await send(message)

    return send_compressed
