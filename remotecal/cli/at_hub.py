"""The hub's API, as a command on somebody's own computer asks it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from http.cookies import SimpleCookie
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlencode, urlsplit

from remotecal.errors import ConfigurationError, NotAllowed, NotConnected, NotLoggedIn, NotNow, NotThere

WITHIN: Final = 120.0
"""Seconds in which the hub must say something; printing a certificate takes it some."""
LARGEST: Final = 2**20
"""Bytes of an answer that is no file."""
PIECE: Final = 2**16
"""Bytes of a file that are held at once."""
SAID_WITHIN: Final = 240.0
"""Seconds after which the password is given again: the hub wants it after 300, by its own clock."""
SESSION: Final = "remotecal_session"


class AtHub:
    """A hub's API, to whom one is known while the context lasts.

    Args:
        url: where the hub serves, `https://lab.example:4290`; plain HTTP only on this computer, for what is
            sent is a password.
        now: tells the time, in seconds.

    Raises:
        ConfigurationError: no hub can be there.
    """

    def __init__(self, url: str, now: Callable[[], float] = time.time) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigurationError(f"{url!r} is no hub: give its address, such as https://lab.example:4290")
        if parts.scheme == "http" and not _here(parts.hostname):
            raise ConfigurationError(
                f"{url} would carry a password in clear: use https, or a tunnel to this computer"
            )
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=WITHIN)
        self._url, self._headers = url, dict[str, str]()
        self._logged_in = False
        self._now, self._said = now, 0.0

    def use_token(self, token: str) -> None:
        """Be known by a token."""
        self._headers["Authorization"] = f"Bearer {token}"

    def log_in(self, name: str, password: str) -> None:
        """Be known by name and password (`NotLoggedIn`: they are wrong)."""
        login = json.dumps({"name": name, "password": password}).encode()
        answer = self._ask("POST", "/session", login, "application/json")
        cookies: SimpleCookie = SimpleCookie()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            cookies.load(cookie)
        told = json.loads(answer.read(LARGEST))
        session = cookies.get(SESSION)
        if session is None:
            raise NotLoggedIn(f"{self._url} opened no session: is it a hub?", name)
        self._headers |= {"Cookie": f"{SESSION}={session.value}", "X-CSRF-Token": str(told["csrf"])}
        self._logged_in, self._said = True, self._now()

    @property
    def asks_again(self) -> bool:
        """Whether the password was given so long ago that the hub wants it again before anything weighty."""
        return self._logged_in and abs(self._now() - self._said) > SAID_WITHIN

    def say_again(self, password: str) -> None:
        """Give one's password once more (`NotLoggedIn`: it is wrong)."""
        said = json.dumps({"password": password}).encode()
        self._ask("PUT", "/session", said, "application/json").read(LARGEST)
        self._said = self._now()

    def get(self, path: str, into: Path, **query: str) -> bytes:
        """Keep a document of the hub's, and return it; errors as `keep`."""
        from remotecal.certificates.dcc.xml import LARGEST_FILE

        self.keep(path, into, LARGEST_FILE, **query)
        return into.read_bytes()

    def keep(self, path: str, into: Path, largest: int, **query: str) -> None:
        """Keep a file of the hub's; errors as `_ask`.

        Raises:
            NotConnected: it breaks off, or has more than `largest` bytes, of which no more are kept.
            ConfigurationError: there is no room for it here.
        """
        asked = urlencode({name: value for name, value in query.items() if value})
        answer = self._ask("GET", f"{path}?{asked}" if asked else path)
        left = largest
        try:
            into.parent.mkdir(parents=True, exist_ok=True)
            with into.open("wb") as file:
                while left >= 0 and (piece := self._piece(answer, path, min(PIECE, left + 1))):
                    left -= len(piece)
                    file.write(piece)
        except OSError as error:  # of this computer's disk: the hub is there
            raise ConfigurationError(f"{into} can't be written: {error.strerror}") from error
        if left < 0:
            into.unlink()
            raise NotConnected(f"{path} at {self._url} is no such file: it has more than {largest} bytes")

    def _piece(self, answer: HTTPResponse, path: str, most: int) -> bytes:
        try:
            return answer.read(most)
        except (OSError, HTTPException) as error:
            raise NotConnected(f"{path} could not be fetched from {self._url}: {error}") from error

    def post(self, path: str, content: bytes, kind: str, **query: str) -> Mapping[str, object]:
        """Send a file, and return what is answered; errors as `_ask`."""
        asked = urlencode({name: value for name, value in query.items() if value})
        answer = self._ask("POST", f"{path}?{asked}" if asked else path, content, kind)
        told: Mapping[str, object] = json.loads(answer.read(LARGEST))
        return told

    def _ask(self, method: str, path: str, content: bytes | None = None, kind: str = "") -> HTTPResponse:
        """Return an answer.

        Raises:
            NotConnected: the hub can't be reached, or breaks off.
            NotLoggedIn, NotAllowed, NotThere, NotNow: the hub refuses, in its own words.
            ConfigurationError: what answers is no hub.
        """
        headers = self._headers | ({"Content-Type": kind} if kind else {})
        # A person reads all that is shown before they say yes: no hub keeps a connection for so long.
        self._connection.close()
        try:
            self._connection.request(method, f"/api/v1{path}", content, headers)
            answer = self._connection.getresponse()
            if answer.status < 300:
                return answer
            said = answer.read(LARGEST)
        except (OSError, HTTPException) as error:
            raise NotConnected(f"the hub at {self._url} can't be reached: {error}") from error
        try:
            detail = str(json.loads(said)["detail"])
        except (ValueError, LookupError, TypeError):
            raise ConfigurationError(
                f"{self._url} answers {answer.status}, and not as a hub does: is the address right?"
            ) from None
        refused = {401: NotLoggedIn, 403: NotAllowed, 404: NotThere}.get(answer.status, NotNow)
        raise refused(detail)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._logged_in and error is None:
                self._ask("DELETE", "/session").read()
        finally:
            self._connection.close()


def _here(host: str) -> bool:
    """Tell whether a host is this computer."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
