"""One's own passkeys: with which one logs in beside one's password."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi import APIRouter, Response
from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool

from remotecal.errors import ConfigurationError, NotThere
from remotecal.numerals import read_count
from remotecal.pages.frame import see
from remotecal.store.passkeys import MOST
from remotecal.web import passkeys
from remotecal.web.callers import must_ask
from remotecal.web.ceremonies import new_in, offered
from remotecal.web.pages.frame import Sent, Visiting
from remotecal.web.pages.weighty import asked_again, once
from remotecal.web.passkey_bodies import PasskeyAdded, PasskeyName

if TYPE_CHECKING:
    from remotecal.web.pages.frame import Visitor

router = APIRouter(prefix="/passkeys", include_in_schema=False)

HOME = "/passkeys"


@router.get("")
def list_passkeys(visitor: Visiting) -> Response:
    """Return one's passkeys, and the form for another."""
    rows = visitor.office.store.passkeys.of(visitor.caller.name)
    return visitor.page("passkeys.html", rows=rows, most=MOST, offered=_offered(visitor))


@router.post("/new")
async def begin(form: Sent) -> Response:
    """Have who adds a passkey asked who they are, and lead to the page on which it is made."""
    name = _name(form["name"])
    if asking := await asked_again(form):
        return asking
    return see(f"{HOME}/new?name={quote(name)}")


@router.get("/new")
def show_new(visitor: Visiting, name: str = "") -> Response:
    """Return the page on which a device makes a passkey; who must be asked who they are begins before."""
    if must_ask(visitor.caller, visitor.office) or not _offered(visitor):
        return see(HOME)
    return visitor.page("passkey_new.html", name=_name(name))


@router.post("")
async def add(form: Sent) -> Response:
    """Add a passkey that a device made."""
    if asking := await asked_again(form):
        return asking
    visitor = form.visitor

    def make() -> str:
        added = PasskeyAdded(name=_name(form["name"]), made=new_in(form["made"]))
        passkeys.add(visitor.office, visitor.caller, added)
        return HOME

    return await once(form, lambda: run_in_threadpool(make))


@router.post("/remove")
async def remove(form: Sent) -> Response:
    """Remove a passkey; one's other sessions end."""
    try:
        number = read_count(form["number"], 2**53)
    except ValueError:
        raise NotThere(f"{form.visitor.caller.name} has no such passkey") from None
    if asking := await asked_again(form):
        return asking
    await run_in_threadpool(passkeys.remove, form.visitor.office, form.visitor.caller, number)
    return see(HOME)


def _offered(visitor: Visitor) -> bool:
    return offered(visitor.request, visitor.office)


def _name(said: str) -> str:
    try:
        return TypeAdapter(PasskeyName).validate_python(said)
    except ValidationError:
        raise ConfigurationError("say in a line of 60 characters where the passkey is kept") from None
