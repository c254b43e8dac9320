"""Coming in by a key that only whoever started the pages on this computer has."""

from __future__ import annotations

import getpass
import hmac
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response

from remotecal.errors import NotAllowed, NotThere
from remotecal.pages.frame import see
from remotecal.web import sessions
from remotecal.web.office import Here

if TYPE_CHECKING:
    from remotecal.store.users import UserRow
    from remotecal.web.office import Office

ENTER: Final = "/enter"
"""Where one comes in."""
NOBODYS: Final = "!"
"""Stands where the digest of a password would: none has it."""


def admitting(key: str) -> APIRouter:
    """Return the way in for who has a key; they only look on."""
    router = APIRouter(include_in_schema=False)

    @router.get(ENTER)
    def come_in(request: Request, here: Here, given: str = "") -> Response:
        """Begin a session, and show Today (`NotAllowed`: that is not the key)."""
        if not hmac.compare_digest(given.encode(), key.encode()):
            raise NotAllowed("this is not the address that `remotecal serve` printed when it was started", "")
        response = see("/")
        sessions.begin(here, _reader(here), request, response)
        return response

    return router


def _reader(here: Office) -> UserRow:
    """Return the one user there is, entered at first."""
    name = getpass.getuser()
    known = here.store.users.find(name)
    if known is None:
        here.store.users.put(name, roles={"reader"}, password=NOBODYS)
        known = here.store.users.find(name)
    if known is None:
        raise NotThere(f"{name} can't be entered")
    return known
