"""What all pages have in common: who looks at one, in which language, and how it is made."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.datastructures import FormData, UploadFile
from starlette.responses import HTMLResponse, RedirectResponse, Response

from remotecal import units
from remotecal.clock import civil_time
from remotecal.errors import ConfigurationError, NotAllowed
from remotecal.web import callers
from remotecal.web.callers import COOKIE, SAFE, Action, Caller, csrf_of
from remotecal.web.office import Here, Office
from remotecal.web.pages.assets import address
from remotecal.web.pages.words import LANGUAGES, Catalogue, words_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What a page may load and send: what comes from here, and nothing written into the page."""
LONGEST_REPLY: Final = 500
"""Bytes of a reply that are shown."""
MOST_FIELDS: Final = 200
"""Fields of a form, at most."""
MENU: Final[tuple[tuple[str, str, Action], ...]] = (
    ("today", "/", "read"),
    ("orders", "/orders", "read"),
    ("live", "/live", "read"),
    ("runs", "/runs", "read"),
    ("review", "/review", "sign"),
    ("certificates", "/certificates", "read"),
    ("items", "/items", "read"),
    ("notices", "/notices", "read"),
    ("standards", "/standards", "read"),
    ("resting", "/resting", "read"),
)
"""Page → its address, and what one must be allowed to see it."""
OURS: Final = frozenset({"standards", "resting"})
"""Pages of the laboratory's own, which customers don't see."""
HEADERS: Final = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
"""What a browser is told with each page; without a referrer it would not say whose form it sends."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who looks at pages."""

    request: Request
    """What they ask for."""
    caller: Caller
    """Who they are."""
    words: Catalogue
    """Their language."""
    office: Office
    """Where they are."""

    def may(self, action: Action) -> bool:
        """Tell whether they may do something."""
        return callers.may(self.caller, action)

    def page(self, template: str, **content: object) -> Response:
        """Return a page."""
        return HTMLResponse(self.part(template, **content), headers=HEADERS)

    def part(self, template: str, **content: object) -> str:
        """Return a page, or a part of one, as text."""
        return _environment().get_template(template).render(**self._frame(), **content)

    def _frame(self) -> Mapping[str, object]:
        return {
            **_common(self.request, self.words),
            "caller": self.caller,
            "csrf": csrf_of(self.caller.session or ""),
            "may": self.may,
            "menu": [
                (name, where)
                for name, where, action in MENU
                if self.may(action) and (self.caller.account is None or name not in OURS)
            ],
            "laboratory": self.office.settings.laboratory,
            "when": self.when,
            "today": self.when(self.office.clock.now()).partition(" ")[0],
            "fresh_key": _fresh_key,
        }

    def when(self, at: float | datetime) -> str:
        """Return a time as it is told at the laboratory, with its offset."""
        return _when(at, self.office)


def visiting(request: Request, here: Here) -> Visitor:
    """Return who looks at a page (`NotLoggedIn`: nobody known)."""
    return _visitor(request, here, looking_on=False)


def looking_on(request: Request, here: Here) -> Visitor:
    """Return who looks on: that makes a session last no longer, and ends none.

    Raises:
        NotLoggedIn: nobody known, or they have logged out.
    """
    return _visitor(request, here, looking_on=True)


def _visitor(request: Request, here: Office, *, looking_on: bool) -> Visitor:
    caller = callers.in_session(here, request.cookies.get(COOKIE), looking_on=looking_on)
    return Visitor(request, callers.require(caller, "read"), words_for(request), here)


Visiting = Annotated[Visitor, Depends(visiting)]
"""Who looks at a page, for its handler."""


@dataclass(frozen=True, slots=True)
class SentForm:
    """What somebody sent with a form of ours."""

    visitor: Visitor
    """Who."""
    fields: FormData
    """What."""

    def __getitem__(self, name: str) -> str:
        """Return a field; "" where it is missing, or is a file."""
        return text_in(self.fields, name)

    def all(self, name: str) -> list[str]:
        """Return all that was said in fields of one name."""
        return [value for value in self.fields.getlist(name) if isinstance(value, str)]

    async def file(self, name: str, largest: int) -> bytes:
        """Return a file; nothing where none was chosen.

        Raises:
            ConfigurationError: it has more bytes than `largest`.
        """
        given = self.fields.get(name)
        if not isinstance(given, UploadFile):
            return b""
        content = await given.read(largest + 1)
        if len(content) > largest:
            raise ConfigurationError(f"the file is larger than {largest // 1024} kB: bring it in parts")
        return content


async def sent(request: Request, here: Here) -> SentForm:
    """Return a form that was sent by whom it was made for.

    Raises:
        NotLoggedIn: nobody known.
        NotAllowed: another site's page may have sent it.
    """
    return await _sent(request, here, files=0)


async def _sent(request: Request, here: Office, files: int) -> SentForm:
    from starlette.concurrency import run_in_threadpool

    refuse_foreign(request)
    visitor = await run_in_threadpool(visiting, request, here)
    fields = await request.form(max_files=files, max_fields=MOST_FIELDS)
    token = csrf_of(visitor.caller.session or "")
    if not hmac.compare_digest(text_in(fields, "csrf").encode(), token.encode()):
        raise NotAllowed("this form is not of your session: open its page anew", visitor.caller.name)
    return SentForm(visitor, fields)


Sent = Annotated[SentForm, Depends(sent)]
"""A form, for its handler."""


async def brought(request: Request, here: Here) -> AsyncIterator[SentForm]:
    """Give a form with a file, until its handler is done; errors as `sent`."""
    form = await _sent(request, here, files=1)
    try:
        yield form
    finally:
        await form.fields.close()


Brought = Annotated[SentForm, Depends(brought)]
"""A form with a file, for its handler."""


def text_in(fields: FormData, name: str) -> str:
    """Return a field of a form; "" where it is missing, or is a file."""
    value = fields.get(name, "")
    return "" if isinstance(value, UploadFile) else value


def refuse_foreign(request: Request) -> None:
    """Raise `NotAllowed` where a browser says that another site's page sent a form."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host", "")
    if foreign or site not in {"same-origin", "none"}:
        raise NotAllowed("another site's page sent this form", "")


def local(where: str) -> str:
    """Return a page of ours somebody asked to be led to; Today for anything else."""
    ours = where.startswith("/") and not where.startswith(("//", "/\\")) and where.isascii()
    return where if ours and where.isprintable() else "/"


def see(where: str) -> Response:
    """Return the way to a page, after something was done: going back does not do it again."""
    return RedirectResponse(where, HTTPStatus.SEE_OTHER)


def entrance(request: Request, status: HTTPStatus = HTTPStatus.OK, refusal: str = "") -> Response:
    """Return the page on which one logs in; back there for what a browser can't ask for twice."""
    asked = request.query_params.get("next") or (
        f"{request.url.path}?{request.url.query}".rstrip("?") if request.method in SAFE else "/"
    )
    words = words_for(request)
    said = words.refusal(refusal)[0] if refusal else ""
    content = _common(request, words) | {"next": local(asked), "refusal": said}
    return HTMLResponse(_environment().get_template("login.html").render(**content), status, HEADERS)


def for_anybody(request: Request, office: Office, template: str, **content: object) -> Response:
    """Return a page for which nobody need be logged in."""
    common = _common(request, words_for(request)) | {"laboratory": office.settings.laboratory}
    return HTMLResponse(_environment().get_template(template).render(**common, **content), headers=HEADERS)


def refusal(request: Request, status: int, detail: str) -> Response:
    """Return a page that says why something was refused; who is not logged in is led to where one does."""
    if status == HTTPStatus.UNAUTHORIZED and request.method in SAFE:
        here = f"{request.url.path}?{request.url.query}".rstrip("?")
        return see(f"/login?next={quote(here)}")
    words = words_for(request)
    said, language = words.refusal(detail)
    content = _common(request, words) | {"status": int(status), "detail": said, "said_in": language}
    return HTMLResponse(_environment().get_template("refusal.html").render(**content), status, HEADERS)


def _common(request: Request, words: Catalogue) -> dict[str, object]:
    return {
        "t": words,
        "language": words.language,
        "languages": LANGUAGES,
        "address": address,
        "path": request.url.path,
        "whole": f"{request.url.path}?{request.url.query}".rstrip("?"),
    }


def _fresh_key() -> str:
    """Return a key for a form, by which it is done once."""
    return secrets.token_urlsafe(12)


def _when(at: float | datetime, office: Office) -> str:
    seconds = at.timestamp() if isinstance(at, datetime) else at
    return civil_time(seconds, office.laboratory.folder.time_zone).isoformat(" ", "seconds")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("remotecal.web.pages"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {"legible": legible, "unit": unit}
    return made


def unit(notation: str) -> str:
    """Return a unit as it is printed: `m³/h`; "" for that of a plain number."""
    return "" if notation == "1" else units.symbol(notation)


def legible(data: bytes) -> str:
    """Return what an instrument was sent or answered as people read it, other bytes by their number."""
    text = data[:LONGEST_REPLY].decode("latin-1").encode("unicode_escape").decode()
    return text if len(data) <= LONGEST_REPLY else f"{text}…"


def for_people(path: str) -> bool:
    """Tell whether an address is one of the pages, whose refusals people read."""
    return not path.startswith(("/api/", "/health", "/metrics"))
