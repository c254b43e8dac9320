"""The page's application: what is asked for, what is done, and what is shown after it."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from remotecal.errors import ConfigurationError, NotThere, RemotecalError
from remotecal.journal.events import on_site
from remotecal.pages.assets import get_asset
from remotecal.pages.frame import HEADERS, MOST_FIELDS, common, environment, local, see, text_in
from remotecal.pages.serving import careful
from remotecal.pages.typed import check_typed
from remotecal.pages.words import keep_language, words_for
from remotecal.runs.tempo import in_minutes
from remotecal.station.pages import shown
from remotecal.station.pages.entering import OnlyGuests, guest_of
from remotecal.station.pages.forms import LARGEST_FORM, check, form_of, typed_in, wish_in
from remotecal.station.pages.pieces import PIECE, Pieces

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.datastructures import FormData
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from remotecal.station.on_site import Wish
    from remotecal.station.pages.arriving import Arrivals
    from remotecal.station.pages.desk import Desk
    from remotecal.station.pages.entering import Doorkeeper, LetIn
    from remotecal.station.pages.lookout import Lookout
    from remotecal.station.pages.phones import Phones
    from remotecal.station.pages.shown import SeenHere
    from remotecal.transport.messages import CommandAnswer

TEMPLATES: Final = "remotecal.station.pages"
MENU: Final = (("now", "/"), ("readings", "/readings"), ("photo", "/photo"), ("last", "/last"))
MADE_ANEW: Final = 2.0
"""Seconds after which parts are made anew though nothing was seen to change: time goes by in them."""
SAID: Final = frozenset({"agree", "decline"})
"""What is said to an order."""
NO_BUTTON: Final = "there is no such button"
PARTS: Final = ("call", "live", "grid", "shot", "stop")
"""What changes on the pages while somebody looks on."""
ACTS: Final = frozenset({"pause", "go_on", "abort"})
"""What is done to a run by one button."""


@dataclass(frozen=True, slots=True)
class StationPages:
    """The pages of one station.

    Args:
        desk: the station.
        keeper: who is let in.
        phones: lets phones join.
        arrivals: the photos on their way.
        lookout: looks at the station for everybody.
    """

    desk: Desk
    keeper: Doorkeeper
    phones: Phones
    arrivals: Arrivals
    lookout: Lookout

    def routes(self) -> list[Route]:
        """Return all that is answered, at addresses of its own."""
        base, pieces = self.keeper.base, Pieces(self.desk, self.keeper, self.arrivals)
        return [
            Route(f"{base}{path}", work, methods=methods)
            for path, methods, work in (
                ("/", ["GET"], self.now),
                ("/news", ["GET"], self.news),
                ("/readings", ["GET"], self.readings),
                ("/photo", ["GET"], self.photo),
                ("/last", ["GET"], self.last),
                ("/phone", ["GET"], self.phone),
                ("/pictures/{run}/{digest}", ["GET"], self.picture),
                ("/static/{name}", ["GET"], self.asset),
                ("/phone/qr.svg", ["GET"], self.qr),
                ("/enter", ["GET"], self.enter),
                ("/join", ["GET"], self.show_join),
                ("/join", ["POST"], self.join),
                ("/ticket", ["POST"], self.ticket),
                ("/consent", ["POST"], self.consent),
                ("/answer", ["POST"], self.answer),
                ("/photo", ["POST"], self.send_photo),
                ("/photos", ["POST"], pieces.begin),
                ("/photos/{word}/bytes", ["HEAD", "PATCH", "DELETE"], pieces.at),
                ("/act", ["POST"], self.act),
                ("/again", ["POST"], self.again),
                ("/last", ["POST"], self.take_away),
                ("/phone", ["POST"], self.let_phones),
                ("/name", ["POST"], self.name),
                ("/language", ["POST"], self.language),
            )
        ]

    def app(self, origins: frozenset[str]) -> ASGIApp:
        """Return the application that answers there, and nowhere else."""
        app: ASGIApp = Starlette(
            routes=self.routes(),
            exception_handlers={RemotecalError: self.refused, HTTPException: self.refused},
        )
        largest = self.desk.folder.settings.largest_file + LARGEST_FORM
        app = GZipMiddleware(app, minimum_size=1000)
        larger = {"/photo": largest, "/bytes": PIECE}
        return careful(OnlyGuests(app, self.keeper, origins), LARGEST_FORM, larger)

    # What is shown

    async def now(self, request: Request) -> Response:
        """Return what wants the person, where the run is, and whether the rig is safe."""
        seen = await self.lookout.look()
        return self.page(request, "now.html", seen)

    async def readings(self, request: Request) -> Response:
        """Return the grid of what is read by eye."""
        seen = await self.lookout.look()
        return self.page(request, "readings.html", seen)

    async def photo(self, request: Request) -> Response:
        """Return the page on which a photo is sent, asked for or not."""
        return self.page(request, "photo.html", await self.lookout.look())

    async def last(self, request: Request) -> Response:
        """Return the last result."""
        seen = await self.lookout.look()
        told = await asyncio.to_thread(self.desk.told, seen.last) if seen.last else None
        words = words_for(request)
        tables = await asyncio.to_thread(shown.results, self.desk, told, words) if told is not None else []
        return self.page(request, "last.html", seen, result=told, tables=tables)

    async def phone(self, request: Request) -> Response:
        """Return the page with the code by which a phone joins."""
        seen = await self.lookout.look()
        return self.page(request, "phone.html", seen, phones=self.phones, joined=self.keeper.phones)

    async def news(self, request: Request) -> Response:
        """Return what changes, as it changes (server-sent events)."""
        guest_of(request, self.keeper)
        return StreamingResponse(self._events(request), media_type="text/event-stream")

    async def _events(self, request: Request) -> AsyncIterator[str]:
        sent: dict[str, str] = {}
        seen, before, made_at = await self.lookout.look(), None, 0.0
        while not self.keeper.closed and self.keeper.guest(request.headers) is not None:
            new: dict[str, str] = {}
            if seen is not before or time.monotonic() - made_at >= MADE_ANEW:
                before, made_at, made = seen, time.monotonic(), self.parts(request, seen)
                new = {name: html for name, html in made.items() if sent.get(name) != html}
                sent |= new
            yield f"event: parts\ndata: {json.dumps(new, ensure_ascii=False)}\n\n"
            seen = await self.lookout.next()
        yield "event: over\ndata: {}\n\n"

    async def picture(self, request: Request) -> Response:
        """Return a photo or a procedure's picture, drawn anew."""
        run, digest = request.path_params["run"], request.path_params["digest"]
        content = await asyncio.to_thread(self.desk.picture, run, digest)
        return Response(content, media_type="image/jpeg")

    async def asset(self, request: Request) -> Response:
        """Return the style, the script or the mark."""
        return get_asset(request.path_params["name"])

    async def qr(self, request: Request) -> Response:
        """Return the code by which a phone joins, as a drawing."""
        return Response(self.phones.drawing(), media_type="image/svg+xml")

    # Coming in

    async def enter(self, request: Request) -> Response:
        """Let the browser of this computer in, by the ticket of the command that opened it."""
        return self._entered(request, request.query_params.get("ticket", ""), phone=False)

    async def show_join(self, request: Request) -> Response:
        """Ask whoever holds a phone who they are; looking at the address uses nothing up."""
        word = request.query_params.get("ticket", "")
        if not self.keeper.good(word, phone=True):
            if self.keeper.guest(request.headers) is not None:  # who goes back, or scans the code once more
                return self._bare(request, "entered.html")
            return self._gone(request)
        return self._bare(request, "join.html", word=word)

    async def join(self, request: Request) -> Response:
        """Let a phone in, by the ticket in the code it saw."""
        fields = await request.form(max_files=0, max_fields=MOST_FIELDS)
        name = _name(text_in(fields, "name"))
        return self._entered(request, text_in(fields, "ticket"), phone=True, name=name)

    async def ticket(self, request: Request) -> Response:
        """Return another ticket to whoever can read the station's directory."""
        return PlainTextResponse(self.keeper.ticket())

    def _entered(self, request: Request, word: str, *, phone: bool, name: str = "") -> Response:
        response = self._bare(request, "entered.html")
        secure = request.url.scheme == "https"
        if not self.keeper.let_in(word, response, phone=phone, secure=secure, name=name):
            return self._gone(request)
        if phone:
            self.phones.used(word)
        return response

    def _gone(self, request: Request) -> Response:
        return self._bare(request, "gone.html", status=403)

    # What is done

    async def consent(self, request: Request) -> Response:
        """Agree to an order, or decline it with a reason."""
        guest, fields = await form_of(request, self.keeper)
        verb, reason = text_in(fields, "verb"), typed_in(fields, "reason")
        if verb not in SAID:
            raise ConfigurationError(NO_BUTTON)
        if verb == "decline" and not reason:
            return self._told(request, guest, "site.why_declined")
        if verb == "agree" and text_in(fields, "sure") != "yes":
            return self._told(request, guest, "site.be_sure")
        return await self._done(request, guest, wish_in(guest, fields, verb, argument=reason))

    async def answer(self, request: Request) -> Response:
        """Answer the question that is open."""
        guest, fields = await form_of(request, self.keeper)
        typed = typed_in(fields, "argument")
        state = await self.desk.state()
        live = state.run if state is not None else None
        if live is not None and live.kind == "number" and str(live.prompt) == text_in(fields, "prompt"):
            try:
                check_typed(typed, live.guide)
            except ConfigurationError as error:
                return self._say(guest, words_for(request).refusal(str(error))[0])
        return await self._done(request, guest, wish_in(guest, fields, "answer", argument=typed))

    async def send_photo(self, request: Request) -> Response:
        """Add a photo to the evidence; it answers the question that asks for one."""
        guest = guest_of(request, self.keeper)
        largest = self.desk.folder.settings.largest_file
        async with request.form(max_files=1, max_fields=MOST_FIELDS, max_part_size=LARGEST_FORM) as fields:
            check(guest, fields)
            photo = fields.get("photo")
            content = await photo.read(largest + 1) if isinstance(photo, UploadFile) else b""
        path = await asyncio.to_thread(self.desk.keep, content)
        try:
            about = typed_in(fields, "about")
            wish = wish_in(guest, fields, "attach", argument=about, file=str(path))
            return await self._done(request, guest, wish, "site.photo_kept")
        finally:
            await asyncio.to_thread(self.desk.forget, path)

    async def act(self, request: Request) -> Response:
        """Stop, pause or let go on."""
        guest, fields = await form_of(request, self.keeper)
        verb = text_in(fields, "verb")
        if verb not in ACTS:
            raise ConfigurationError(NO_BUTTON)
        reason = typed_in(fields, "reason")
        if verb == "abort" and not reason:
            reason = "stopped on the station's page"
        return await self._done(request, guest, wish_in(guest, fields, verb, argument=reason))

    async def again(self, request: Request) -> Response:
        """Have the repeat that is on taken again, for something in it was read wrongly."""
        guest, fields = await form_of(request, self.keeper)
        reason = typed_in(fields, "reason")
        return await self._done(request, guest, wish_in(guest, fields, "again", argument=reason))

    async def take_away(self, request: Request) -> Response:
        """Take the last result away."""
        guest, fields = await form_of(request, self.keeper)
        self.desk.runs.take_away(text_in(fields, "run"), on_site(guest.name))
        return see(f"{self.keeper.base}/")

    async def let_phones(self, request: Request) -> Response:
        """Let phones join, or shut them out."""
        guest, fields = await form_of(request, self.keeper)
        if guest.phone:
            raise ConfigurationError("phones are let in at the station's own screen")
        if text_in(fields, "verb") == "shut":
            self.keeper.shut_phones_out()
            await self.phones.close()
        else:
            await self.phones.open()
        return see(f"{self.keeper.base}/phone")

    async def name(self, request: Request) -> Response:
        """Take note of who uses this browser."""
        guest, fields = await form_of(request, self.keeper)
        guest.name = _name(text_in(fields, "name"))
        return self._back(fields)

    async def language(self, request: Request) -> Response:
        """Keep in which language the pages are to be."""
        _, fields = await form_of(request, self.keeper)
        response = self._back(fields)
        keep_language(response, text_in(fields, "language"), secure=request.url.scheme == "https")
        return response

    # What these have in common

    async def _done(self, request: Request, guest: LetIn, wish: Wish, told: str = "") -> Response:
        """Have the agent do something, and go back to where it shows."""
        answer = await self.desk.wish(wish)
        if not answer.done:
            return self._refused(request, guest, answer)
        return self._told(request, guest, told) if told else see(f"{self.keeper.base}/")

    def _refused(self, request: Request, guest: LetIn, answer: CommandAnswer) -> Response:
        if answer.content:
            return self._told(request, guest, "site.first", who=shown.who(answer.content, words_for(request)))
        return self._told(request, guest, "site.refused", reason=answer.reason)

    def _told(self, request: Request, guest: LetIn, name: str, **inserted: object) -> Response:
        """Go back, and say something there."""
        return self._say(guest, words_for(request)(name, **inserted))

    def _say(self, guest: LetIn, text: str) -> Response:
        guest.told.append(text)
        del guest.told[:-3]
        return see(f"{self.keeper.base}/")

    def _back(self, fields: FormData) -> Response:
        where = local(text_in(fields, "next"))
        return see(where if where.startswith(f"{self.keeper.base}/") else f"{self.keeper.base}/")

    async def refused(self, request: Request, error: Exception) -> Response:
        """Return a page that says why something was refused."""
        status = error.status_code if isinstance(error, HTTPException) else 409
        if isinstance(error, NotThere):
            status = 404
        detail = error.detail if isinstance(error, HTTPException) else str(error)
        said, language = words_for(request).refusal(detail)
        return self._bare(request, "refused.html", status=status, said=said, said_in=language)

    def page(self, request: Request, template: str, seen: SeenHere, **content: object) -> Response:
        """Return a page for a browser that was let in."""
        guest = guest_of(request, self.keeper)
        told, guest.told = guest.told, []
        whole = self._content(request, seen) | {"said": told, "parts": self.parts(request, seen), **content}
        return HTMLResponse(environment(TEMPLATES).get_template(template).render(**whole), headers=HEADERS)

    def parts(self, request: Request, seen: SeenHere) -> Mapping[str, str]:
        """Return the parts that change while somebody looks on."""
        content = self._content(request, seen)
        return {
            name: environment(TEMPLATES).get_template(f"part_{name}.html").render(**content) for name in PARTS
        }

    def _content(self, request: Request, seen: SeenHere) -> dict[str, object]:
        guest = guest_of(request, self.keeper)
        words = words_for(request)
        base = self.keeper.base
        return {
            **common(request, words, base),
            "guest": guest,
            "csrf": guest.csrf,
            "station": self.desk.folder.name,
            "menu": [(name, base + where) for name, where in MENU],
            "seen": seen,
            "live": seen.live,
            "told": seen.told,
            "session": seen.state.session if seen.state is not None else "",
            "who": lambda by: shown.who(by, words),
            "when": lambda at: shown.clock_time(at, self.desk.folder.time_zone),
            "left": shown.left,
            "in_minutes": in_minutes,
            "latest": shown.LATEST,
        }

    def _bare(self, request: Request, template: str, status: int = 200, **content: object) -> Response:
        whole: dict[str, object] = common(request, words_for(request), self.keeper.base)
        made = environment(TEMPLATES).get_template(template).render(**(whole | content))
        return HTMLResponse(made, status, HEADERS)


def _name(said: str) -> str:
    """Return a name as it was given, on one line and no longer than one is."""
    return "".join(c for c in said.strip() if c.isprintable())[:60]
