"""Forms of the page beside the rig: that they are of a page of ours, and what they wish of the agent."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from remotecal.errors import ConfigurationError
from remotecal.pages.frame import MOST_FIELDS, text_in
from remotecal.station.on_site import Wish
from remotecal.station.pages.entering import guest_of

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.requests import Request

    from remotecal.station.pages.entering import Doorkeeper, LetIn

LARGEST_FORM: Final = 2**16
"""Bytes of a form without a file."""
LONGEST: Final = 500
"""Characters of an answer or a reason."""


async def form_of(request: Request, keeper: Doorkeeper) -> tuple[LetIn, FormData]:
    """Return who sent a form without a file, and what they filled in.

    Raises:
        ConfigurationError: it is of an earlier page.
    """
    guest = guest_of(request, keeper)
    fields = await request.form(max_files=0, max_fields=MOST_FIELDS)
    check(guest, fields)
    return guest, fields


def check(guest: LetIn, fields: FormData) -> None:
    """See that a form is of a page that was made for who sends it (`ConfigurationError`: it is not)."""
    if not hmac.compare_digest(text_in(fields, "csrf").encode(), guest.csrf.encode()):
        raise ConfigurationError("this form is of an earlier page: open its page anew")


def typed_in(fields: FormData, name: str) -> str:
    """Return what somebody wrote into a field."""
    return text_in(fields, name).strip()[:LONGEST]


def wish_in(guest: LetIn, fields: FormData, verb: str, **said: str) -> Wish:
    """Return what a form wishes of the agent: of that start, run and question it was made for."""
    number = text_in(fields, "prompt")
    return Wish(
        verb=verb,  # type: ignore[arg-type]  # one of its words
        by=guest.name,
        session=text_in(fields, "session"),
        run=text_in(fields, "run"),
        prompt=int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else 0,
        **said,
    )
