"""Forms that weigh more: who sends one is asked again who they are; and what makes something is made once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from remotecal.errors import (
    ConfigurationError,
    EvidenceError,
    NotLoggedIn,
    NotNow,
    RecordError,
    RequestRefused,
    TooOften,
)
from remotecal.pages.frame import see
from remotecal.web import sessions
from remotecal.web.callers import must_ask
from remotecal.web.ceremonies import answer_in, offered
from remotecal.web.pages.frame import Resent

if TYPE_CHECKING:
    from fastapi import Response

    from remotecal.web.pages.frame import SentForm, Visitor

ANSWERED_WITHIN: Final = 60.0
"""Seconds in which a form that was sent twice must have been done."""
LOOK_EVERY: Final = 0.1
KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
REFUSED: Final = (ConfigurationError, EvidenceError, RecordError, RequestRefused)
"""What says that something can't be done, before any of it is."""
OWN: Final = frozenset({"csrf", "password", "passkey"})
"""Fields that are not sent on."""


async def asked_again(form: SentForm) -> Response | None:
    """Return the page that asks for password or passkey before a form is done; None where it may be done.

    The page has all that was sent, so nothing that was typed is lost.
    """
    visitor = form.visitor
    refused, status = "", HTTPStatus.OK
    if (form["password"] or form["passkey"]) and not form.resent:
        try:
            said = form["password"] or answer_in(form["passkey"])
            await sessions.ask_again(visitor.office, visitor.caller, said, visitor.request)
        except (NotLoggedIn, TooOften) as error:
            refused = str(error)
            status = HTTPStatus.TOO_MANY_REQUESTS if isinstance(error, TooOften) else HTTPStatus.FORBIDDEN
        else:
            return None
    again, by_passkey = await run_in_threadpool(_how, visitor)
    if not refused and not form.resent and not again:
        return None
    sent = [
        (name, value)
        for name, value in form.fields.multi_items()
        if name not in OWN and not isinstance(value, UploadFile)
    ]
    url = visitor.request.url
    where = f"{url.path}?{url.query}".rstrip("?")
    resent = Resent(refused, [*sent])
    content = {"sent": sent, "where": where, "refusal": refused, "resent": resent, "by_passkey": by_passkey}
    page = visitor.page("again.html", **content)
    page.status_code = status
    return page


def _how(visitor: Visitor) -> tuple[bool, bool]:
    """Return whether somebody is to be asked who they are, and whether a passkey of theirs could tell."""
    again = must_ask(visitor.caller, visitor.office)
    usable = offered(visitor.request, visitor.office)
    return again, usable and bool(visitor.office.store.passkeys.of(visitor.caller.name))


async def once(form: SentForm, work: Callable[[], Awaitable[str]]) -> Response:
    """Do what a form asks for, and lead on; a form that is sent twice is done once, and leads to the same.

    What was refused did nothing, and may be sent again. What failed otherwise may have done some of it or
    all, and is not done again: whoever sent it is told to look.

    Args:
        form: with the key its page gave it.
        work: does it, and returns the page to go on with; it refuses (`REFUSED`) before it does anything.

    Raises:
        ConfigurationError: the form has no key; or it is only to be shown again.
        NotNow: it is being done, for long; or it was sent before, and came to nothing or broke off.
    """
    form.only_shown()
    user, key, forms = form.visitor.caller.name, form["key"], form.visitor.office.store.forms
    if not KEY.fullmatch(key):
        raise ConfigurationError("this form has no key by which it is done once: open its page anew")
    if not await run_in_threadpool(forms.begin, user, key, form.visitor.office.clock.now()):
        return see(await _led_to(form))
    try:
        where = await work()
    except REFUSED:
        await run_in_threadpool(forms.forget, user, key)
        raise
    except Exception:
        await run_in_threadpool(forms.broke_off, user, key)
        raise
    await run_in_threadpool(forms.done, user, key, where)
    return see(where)


async def _led_to(form: SentForm) -> str:
    """Return where a form led that was sent before, once it has; errors as `once`."""
    forms = form.visitor.office.store.forms
    for _ in range(int(ANSWERED_WITHIN / LOOK_EVERY)):
        where = await run_in_threadpool(forms.led_to, form.visitor.caller.name, form["key"])
        if where is not None:
            return where
        await asyncio.sleep(LOOK_EVERY)
    raise NotNow("this form was sent before, and nobody knows what became of it: look before you do it again")
