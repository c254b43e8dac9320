"""Photos that a script sends a piece at a time, so that a line that breaks loses none of them.

A form begins a photo and gets an address; `HEAD` there tells how much has come, `PATCH` adds what follows
(`Upload-Offset` and `Upload-Length`, as in tus 1.0). What was done with a whole photo is told as often as it
is asked, and done once.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response

from remotecal.errors import ConfigurationError, DiskFull, NotConnected, NotThere, RemotecalError
from remotecal.pages.frame import text_in
from remotecal.pages.words import words_for
from remotecal.station.pages import shown
from remotecal.station.pages.entering import guest_of
from remotecal.station.pages.forms import form_of, typed_in, wish_in
from remotecal.transport.messages import CommandAnswer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.datastructures import FormData
    from starlette.requests import Request

    from remotecal.station.pages.arriving import Arrival, Arrivals
    from remotecal.station.pages.desk import Desk
    from remotecal.station.pages.entering import Doorkeeper

PIECE: Final = 2**17
"""Bytes of a piece, at most: what a line of 20 kbit/s carries within a minute."""
PIECES: Final = "application/offset+octet-stream"
"""Media type of a piece."""
SHA256: Final = re.compile(r"[0-9a-f]{64}")
STATUS: Final[Mapping[type[RemotecalError], int]] = {NotThere: 404, DiskFull: 507, NotConnected: 503}
"""What a script is told by a number: with 5xx it may come again later with the same."""
ORIGINAL: Final = "made smaller on the phone, from {size} bytes with the SHA-256 {digest}"


@dataclass(frozen=True, slots=True)
class Pieces:
    """What is asked and done with photos that come in pieces.

    Args:
        desk: the station.
        keeper: who is let in.
        arrivals: the photos on their way.
    """

    desk: Desk
    keeper: Doorkeeper
    arrivals: Arrivals

    async def begin(self, request: Request) -> Response:
        """Take note of a photo that will come; its pieces go to the address that is answered."""
        return await self._told(request, self._begin)

    async def at(self, request: Request) -> Response:
        """Tell how much of a photo has come, take what follows, or give it up."""
        acts = {"HEAD": self._where, "PATCH": self._take, "DELETE": self._forget}
        return await self._told(request, acts[request.method])

    async def _begin(self, request: Request) -> Response:
        guest, fields = await form_of(request, self.keeper)
        digest = text_in(fields, "sha256")
        if digest and not SHA256.fullmatch(digest):
            raise ConfigurationError("the photo's SHA-256 is none: send the photo again")
        wish = wish_in(guest, fields, "attach", argument=_about(fields))
        word = self.arrivals.begin(guest, _number(text_in(fields, "size")), digest, wish)
        where = f"{self.keeper.base}/photos/{word}/bytes"
        return Response(status_code=201, headers={"Location": where, "Upload-Offset": "0"})

    async def _where(self, request: Request) -> Response:
        return _so_far(self._arrival(request), 200)

    async def _forget(self, request: Request) -> Response:
        self._arrival(request)
        self.arrivals.forget(request.path_params["word"])
        return Response(status_code=204)

    async def _take(self, request: Request) -> Response:
        arrival, word = self._arrival(request), request.path_params["word"]
        if request.headers.get("content-type") != PIECES:
            raise HTTPException(415, f"a piece of a photo is {PIECES}")
        offset, piece = _number(request.headers.get("upload-offset", "")), await request.body()
        async with arrival.turn:
            self._arrival(request)  # it may have been given up meanwhile
            if offset != arrival.offset:
                return _so_far(arrival, 409)
            if offset + len(piece) > arrival.length:
                raise HTTPException(413, "the photo is longer than it was said to be: send it again")
            if piece:
                await self.arrivals.take(word, arrival, piece)
            if arrival.offset < arrival.length:
                return _so_far(arrival, 204)
            return await self._finish(request, arrival)

    async def _finish(self, request: Request, arrival: Arrival) -> Response:
        """Add a whole photo to the evidence, once, and tell what came of it."""
        if (answer := arrival.answer) is None:
            answer = await self._attach(arrival)
            self.arrivals.over(arrival, answer)
        words = words_for(request)
        if answer.done:
            said = words("site.photo_kept")
        elif answer.content:
            said = words("site.first", who=shown.who(answer.content, words))
        else:
            said = words("site.refused", reason=words.refusal(answer.reason)[0])
        return JSONResponse({"done": answer.done, "said": said}, headers=_offsets(arrival))

    async def _attach(self, arrival: Arrival) -> CommandAnswer:
        try:
            path = await asyncio.to_thread(self.desk.called, arrival.path, arrival.whole)
        except ConfigurationError as error:
            return CommandAnswer(done=False, reason=str(error))
        arrival.path = path
        return await self.desk.wish(arrival.wish.model_copy(update={"file": str(path)}))

    def _arrival(self, request: Request) -> Arrival:
        return self.arrivals.find(guest_of(request, self.keeper), request.path_params["word"])

    async def _told(self, request: Request, act: Callable[[Request], Awaitable[Response]]) -> Response:
        """Do something, or say why not in the language of whoever sends the photo."""
        try:
            return await act(request)
        except HTTPException as error:
            status, reason = error.status_code, str(error.detail)
        except RemotecalError as error:
            status, reason = STATUS.get(type(error), 422), str(error)
        return PlainTextResponse(words_for(request).refusal(reason)[0], status)


def _about(fields: FormData) -> str:
    """Return what a photo shows, and of what it was made where the phone could tell."""
    about, digest = typed_in(fields, "about"), text_in(fields, "original")
    if not digest:
        return about
    size = _number(text_in(fields, "original_size"))
    if not SHA256.fullmatch(digest) or not size:
        raise ConfigurationError("the original's SHA-256 is none: send the photo again")
    return f"{about} ({ORIGINAL.format(size=size, digest=digest)})".strip()


def _number(said: str) -> int:
    if not (said.isascii() and said.isdecimal() and len(said) <= 12):
        raise ConfigurationError("a number of bytes is missing: send the photo again")
    return int(said)


def _offsets(arrival: Arrival) -> dict[str, str]:
    return {"Upload-Offset": str(arrival.offset), "Upload-Length": str(arrival.length)}


def _so_far(arrival: Arrival, status: int) -> Response:
    return Response(status_code=status, headers=_offsets(arrival))
