"""Who may see the page: browsers that were let in by a ticket, at our own address, and nobody else.

A browser is let in once, by a ticket that only the station's owner, or a phone that saw it on the screen, can
have; what it gets is a cookie. Cookies are the same for all ports of a computer, so the pages stand below a
place nobody can guess: to another user's server on another port the browser does not send it.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

COOKIE: Final = "remotecal_station"
TICKET_LASTS: Final = 300.0
"""Seconds within which the browser of this computer must have come."""
QR_LASTS: Final = 600.0
"""Seconds within which a phone must have come."""
PHONE_LASTS: Final = 12 * 3600.0
"""Seconds after which a phone has to join anew."""
MOST: Final = 64
"""Browsers, and tickets, at a time."""
SAFE: Final = frozenset({"GET", "HEAD"})
OPEN: Final = frozenset({"/enter", "/join"})
"""Where a ticket is shown."""
NOTHING: Final = "There is nothing here. On the station's computer: remotecal station open\n"
"""What everybody is told who is not let in, whatever they asked for."""


@dataclass(slots=True)
class LetIn:
    """A browser that was let in."""

    phone: bool
    """Whether it came by way of a QR code."""
    until: float
    """When it has to come anew, by `time.monotonic`."""
    name: str = ""
    """Who uses it, as they say; "" where they did not."""
    csrf: str = field(default_factory=lambda: secrets.token_hex(32))
    """Stands in the forms of its pages."""
    told: list[str] = field(default_factory=list)
    """What it is told with its next page."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """Lets one browser in."""

    phone: bool
    until: float


class Doorkeeper:
    """Knows who was let in.

    Args:
        now: tells the seconds that go by.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.place = secrets.token_hex(8)
        """Where all addresses begin."""
        self.key = secrets.token_urlsafe(32)
        """By which whoever can read the station's directory gets another ticket."""
        self.closed = False
        """Whether the page is served no more; whoever looks on is let go then."""
        self._guests: dict[str, LetIn] = {}
        self._tickets: dict[str, Ticket] = {}

    @property
    def base(self) -> str:
        """Where all addresses begin, with its slash."""
        return f"/{self.place}"

    def ticket(self, *, phone: bool = False) -> str:
        """Return what lets one browser in, once, for a while."""
        now = self._now()
        self._tickets = {word: one for word, one in self._tickets.items() if one.until > now}
        while len(self._tickets) >= MOST:
            del self._tickets[next(iter(self._tickets))]
        word = secrets.token_urlsafe(32)
        self._tickets[word] = Ticket(phone, now + (QR_LASTS if phone else TICKET_LASTS))
        return word

    def good(self, word: str, *, phone: bool) -> bool:
        """Tell whether a ticket would let somebody in."""
        found = self._tickets.get(word)
        return found is not None and found.phone == phone and found.until > self._now()

    def let_in(self, word: str, response: Response, *, phone: bool, secure: bool, name: str = "") -> bool:
        """Use up a ticket, and give the browser its cookie; False where the ticket is no good."""
        if not self.good(word, phone=phone):
            return False
        del self._tickets[word]
        now = self._now()
        self._guests = {token: one for token, one in self._guests.items() if one.until > now}
        while len(self._guests) >= MOST:
            del self._guests[next(iter(self._guests))]
        token = secrets.token_urlsafe(32)
        self._guests[token] = LetIn(phone, now + PHONE_LASTS if phone else float("inf"), name)
        path = f"{self.base}/"
        response.set_cookie(COOKIE, token, path=path, secure=secure, httponly=True, samesite="strict")
        return True

    def guest(self, headers: Headers) -> LetIn | None:
        """Return the browser that asks; None where it was not let in."""
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return None
        found = self._guests.get(cookie.value) if cookie is not None else None
        return found if found is not None and found.until > self._now() else None

    @property
    def phones(self) -> int:
        """How many phones have joined."""
        now = self._now()
        return sum(one.phone and one.until > now for one in self._guests.values())

    def shut_phones_out(self) -> None:
        """Let no phone in that has joined, or was about to."""
        self._guests = {token: one for token, one in self._guests.items() if not one.phone}
        self._tickets = {word: one for word, one in self._tickets.items() if not one.phone}


class OnlyGuests:
    """An application that answers nobody but guests, at its own address and from its own pages.

    Args:
        app: the application.
        keeper: knows the guests.
        origins: where it is served, as `http://127.0.0.1:4291`.
    """

    def __init__(self, app: ASGIApp, keeper: Doorkeeper, origins: frozenset[str]) -> None:
        self._app, self._keeper, self._origins = app, keeper, origins
        self._hosts = {origin.partition("://")[2] for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._admits(scope):
            await PlainTextResponse(NOTHING, 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _admits(self, scope: Scope) -> bool:
        keeper, headers, path = self._keeper, Headers(scope=scope), str(scope["path"])
        if headers.getlist("host") not in [[host] for host in self._hosts]:
            return False  # another name that leads here: somebody else's
        if not path.startswith(f"{keeper.base}/"):
            return False
        below = path.removeprefix(keeper.base)
        if below == "/ticket":
            said = headers.get("authorization", "")
            return compare_digest(said.encode(), f"Bearer {keeper.key}".encode())
        if scope["method"] not in SAFE and not self._is_ours(headers):
            return False
        return below in OPEN or below.startswith("/static/") or keeper.guest(headers) is not None

    def _is_ours(self, headers: Headers) -> bool:
        """Tell whether one of our own pages sent a form; every browser says so."""
        site = headers.get("sec-fetch-site", "same-origin")
        return site == "same-origin" and headers.getlist("origin") in [[one] for one in self._origins]


def guest_of(request: Request, keeper: Doorkeeper) -> LetIn:
    """Return the browser that asks, which the gate has let in."""
    found = keeper.guest(request.headers)
    if found is None:
        raise TypeError("nobody comes past the gate who was not let in")
    return found
