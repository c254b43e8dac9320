"""What all pages have in common: who looks at one, in which language, and how it is made."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import HTMLResponse, Response

from remotecal.clock import civil_day, civil_time
from remotecal.errors import ConfigurationError, NotAllowed
from remotecal.hub.numbers import series_of, written
from remotecal.hub.ordering import title_of
from remotecal.model.identifiers import comparable
from remotecal.pages.frame import (
    HEADERS,
    MOST_FIELDS,
    common,
    environment,
    local,
    refuse_foreign,
    text_in,
)
from remotecal.pages.words import Catalogue, words_for
from remotecal.web import callers
from remotecal.web.callers import COOKIE, SAFE, Action, Caller, csrf_of
from remotecal.web.ceremonies import offered, site_of
from remotecal.web.office import Here, Office, office_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from jinja2 import Template

MENU: Final[tuple[tuple[str, str, Action], ...]] = (
    ("today", "/", "read"),
    ("my", "/my", "request"),
    ("orders", "/orders", "read"),
    ("live", "/live", "read"),
    ("runs", "/runs", "read"),
    ("review", "/review", "sign"),
    ("certificates", "/certificates", "read"),
    ("items", "/items", "read"),
    ("notices", "/notices", "read"),
    ("standards", "/standards", "read"),
    ("resting", "/resting", "read"),
    ("stations", "/stations", "read"),
    ("statistics", "/statistics", "read"),
    ("people", "/people", "read"),
    ("audit", "/audit", "audit"),
    ("walls", "/walls", "wall"),
)
"""Page → its address, and what one must be allowed to see it."""
OF_THE_SWITCH: Final = frozenset({"resent", "next", "language"})
"""Fields that the choice of a language adds to a form it brings again."""
MOST_FILES: Final = 8
"""Files that come with one form."""
TYPED: Final = "remotecal.typed"
"""Where a request keeps what was typed into its form: if that is refused, its page says it again."""
VISITOR: Final = "remotecal.visitor"
"""Where it keeps who looks at a page, once that is known: if they are refused, they go on by the menu."""
NOT_TYPED: Final = frozenset({
    "csrf", "key", "password", "digest", "content", "passkey", "made", "value", "certificate", "request",
    "which", "lines", "prompt", "tables", "verb",
})  # fmt: skip
"""Fields that nobody typed, or that nobody is shown."""
LONGEST_TYPED: Final = 20_000
"""Characters of a field that are said again."""
OURS: Final = frozenset({"standards", "resting", "stations", "statistics", "people"})
"""Pages of the laboratory's own, which customers don't see."""
OF_A_HUB: Final = frozenset({
    "my", "orders", "review", "items", "notices", "stations", "statistics", "people", "audit",
})  # fmt: skip
"""Pages that say nothing of runs that lie in a folder: whom nobody orders, owns, registers or is told of."""
TEMPLATES: Final = "remotecal.web.pages"
"""The package whose templates these pages are."""


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

    @property
    def base(self) -> str:
        """Where people open the console: as it is set, and only without that as their request calls it."""
        return self.office.settings.api.address or str(self.request.base_url).rstrip("/")

    def may(self, action: Action) -> bool:
        """Tell whether they may do something."""
        return callers.may(self.caller, action)

    def procedure(self, name: str) -> str:
        """Return what a procedure is called; its name where it is not installed here."""
        title = title_of(name) if name else None
        return self.words.choose(title.root) if title else name

    def page(self, template: str, **content: object) -> Response:
        """Return a page."""
        return HTMLResponse(self.part(template, **content), headers=HEADERS)

    def part(self, template: str, **content: object) -> str:
        """Return a page, or a part of one, as text."""
        return _template(template).render(self.frame() | content)

    def pieces(self, template: str) -> Callable[..., str]:
        """Return what makes many small parts: name of a template's macro and content → text.

        What all of them know is looked up once.
        """
        macros = _template(template).make_module(self.frame())

        def piece(name: str, /, **content: object) -> str:
            return str(getattr(macros, name)(**content))

        return piece

    def frame(self) -> dict[str, object]:
        """Return what all pages of theirs show."""
        founded = self.office.laboratory.founded
        return {
            **common(self.request, self.words),
            "founded": founded,
            "passkeys": founded and site_of(self.office) is not None,
            "caller": self.caller,
            "csrf": csrf_of(self.caller.session or ""),
            "may": self.may,
            "menu": [
                (name, where)
                for name, where, action in MENU
                if self.may(action)
                and (self.caller.account is None or name not in OURS)
                and (founded or name not in OF_A_HUB)
            ],
            "laboratory": self.office.settings.name(self.words.language),
            "when": self.when,
            "procedure": self.procedure,
            "today": self._today(),
            "left": self.left,
            "gone": self.gone,
            "whose": self.whose,
            "person": self.person,
            "fresh_key": _fresh_key,
        }

    def likely(self, pattern: str | None) -> str:
        """Return the number a series of the laboratory's would give now; "" where there is none."""
        if not pattern:
            return ""
        year = int(self._today()[:4])
        numbers = self.office.store.numbers
        return numbers.likely(series_of(pattern, year), partial(written, pattern, year))

    def _today(self) -> str:
        return self.when(self.office.clock.now()).partition(" ")[0]

    def whose(self, account: str) -> str:
        """Return what the customer of an account is called; the account where no order says it."""
        name = self.office.names().customers.get(account) if account else None
        return self.words.choose(name) if name else account

    def person(self, login: str) -> str:
        """Return what somebody is called; what they log in with where no certificate says it."""
        name = self.office.names().signers.get(login)
        return self.words.choose(name) if name else login

    def gone(self, certificate: str | None) -> bool:
        """Tell whether the trust list has revoked a certificate of this number."""
        return bool(certificate) and comparable(certificate or "") in self.office.store.database.revoked

    def left(self, until: str) -> int:
        """Return how many days are left until the last day of something (ISO 8601), today being 0."""
        today = civil_day(self.office.clock.now(), self.office.laboratory.folder.time_zone)
        return (date.fromisoformat(until) - today).days

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
    visitor = Visitor(request, callers.require(caller, "read"), words_for(request), here)
    request.scope[VISITOR] = visitor
    return visitor


Visiting = Annotated[Visitor, Depends(visiting)]
"""Who looks at a page, for its handler."""


class Resent(NamedTuple):
    """A form that its page shows again, for the choice of a language to bring it once more."""

    refused: str
    """Why it was not done, in English; "" for nothing."""
    fields: Sequence[tuple[str, str]]
    """Name and content of its fields, without the session's token."""


@dataclass(frozen=True, slots=True)
class SentForm:
    """What somebody sent with a form of ours."""

    visitor: Visitor
    """Who."""
    fields: FormData
    """What."""
    resent: str = ""
    """Why it was not done, in English, where it is to be shown again and no more; "-" for nothing."""

    def only_shown(self) -> None:
        """Let nothing be done where a form is only to be shown again.

        Raises:
            ConfigurationError: what it was refused for.
        """
        if self.resent:
            raise ConfigurationError(self.resent)

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
    refuse_foreign(request)
    if not files:  # what was typed is told again, also to whose session is over by now
        _keep_typed(request, await request.form(max_files=files, max_fields=MOST_FIELDS))
    visitor = await here.at_once(visiting, request, here)
    fields = await request.form(max_files=files, max_fields=MOST_FIELDS)
    _keep_typed(request, fields)
    token = csrf_of(visitor.caller.session or "")
    if not hmac.compare_digest(text_in(fields, "csrf").encode(), token.encode()):
        await fields.close()
        raise NotAllowed("this form is not of your session: open its page anew", visitor.caller.name)
    resent = text_in(fields, "resent")
    kept = FormData([each for each in fields.multi_items() if each[0] not in OF_THE_SWITCH])
    return SentForm(visitor, kept, resent)


def _keep_typed(request: Request, fields: FormData) -> None:
    request.scope[TYPED] = [
        (name, value[:LONGEST_TYPED], len(value))
        for name, value in fields.multi_items()
        if name not in NOT_TYPED | OF_THE_SWITCH and isinstance(value, str) and value.strip()
    ]


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


async def brought_several(request: Request, here: Here) -> AsyncIterator[SentForm]:
    """Give a form with files, until its handler is done; errors as `sent`."""
    form = await _sent(request, here, files=MOST_FILES)
    try:
        yield form
    finally:
        await form.fields.close()


BroughtSeveral = Annotated[SentForm, Depends(brought_several)]
"""A form with several files, for its handler."""


def entrance(
    request: Request,
    status: HTTPStatus = HTTPStatus.OK,
    refusal: str = "",
    *,
    next_: str = "",
    name: str = "",
) -> Response:
    """Return the page on which one logs in; back there for what a browser can't ask for twice.

    Args:
        request: what is asked for.
        status: of the answer.
        refusal: why one was not let in, in English.
        next_: where one wanted to, as a form said; "" where none did.
        name: by which one tried to log in.
    """
    asked = (
        next_
        or request.query_params.get("next")
        or (f"{request.url.path}?{request.url.query}".rstrip("?") if _leads_back(request) else "/")
    )
    words, office = words_for(request), office_of(request)
    said = words.refusal(refusal)[0] if refusal else ""
    content = common(request, words) | {"next": local(asked), "refusal": said, "name": name}
    content |= {"offered": offered(request, office), "laboratory": office.settings.name(words.language)}
    if request.method not in SAFE:
        content["whole"] = "/login"  # where a form was sent to there may be no page
    return HTMLResponse(_template("login.html").render(**content), status, HEADERS)


def _leads_back(request: Request) -> bool:
    """Tell whether what was asked for can be asked for again: no form, and not the way in itself."""
    return request.method in SAFE and request.url.path != "/login"


def for_anybody(request: Request, office: Office, template: str, **content: object) -> Response:
    """Return a page for which nobody need be logged in."""
    words = words_for(request)
    whose = {"laboratory": office.settings.name(words.language)}
    made = common(request, words) | whose | content
    return HTMLResponse(_template(template).render(**made), headers=HEADERS)


def _template(name: str) -> Template:
    return environment(TEMPLATES).get_template(name)


def _fresh_key() -> str:
    """Return a key for a form, by which it is done once."""
    return secrets.token_urlsafe(12)


def _when(at: float | datetime, office: Office) -> str:
    seconds = at.timestamp() if isinstance(at, datetime) else at
    return civil_time(seconds, office.laboratory.folder.time_zone).isoformat(" ", "seconds")
