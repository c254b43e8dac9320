"""Passkeys: what a browser is asked about them, one's own, and those of a user."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import JsonValue

from remotecal.errors import ConfigurationError
from remotecal.hub.passkeys import take_away
from remotecal.web.bodies import UserName
from remotecal.web.callers import Administrator, Anybody, Caller, Entering, Sure
from remotecal.web.ceremonies import (
    NOT_TAKEN,
    asking_for_new,
    asking_who,
    handle_of,
    made,
    the_site,
)
from remotecal.web.office import Here, Office
from remotecal.web.passkey_bodies import PasskeyAdded, PasskeyAnswer, PasskeyShown
from remotecal.web.proving import client_of
from remotecal.web.sessions import ASKED, in_own_session, open_session_by_passkey, session_of
from remotecal.web.shown import SessionShown

if TYPE_CHECKING:
    from remotecal.store.passkeys import PasskeyRow

router = APIRouter(tags=["people"])

ASKED_LASTS: Final = 300
"""Seconds for which a browser keeps to whom the question was put."""

PasskeyNumber = Annotated[int, Path(ge=1, le=2**53)]
OnlyThis = Annotated[int | None, Query(ge=1, le=2**53, description="Its number; all of theirs if not given.")]


@router.post("/session/passkey/options")
def ask_who(request: Request, response: Response, here: Here) -> dict[str, JsonValue]:
    """Ask a browser for a passkey to log in with: options for `navigator.credentials.get`.

    What it answers is good once, for 5 minutes, in the browser that was asked: a cookie says which.
    """
    site, now = the_site(here), here.clock.now()
    here.sparing_passkeys.admit(client_of(request).host, now)
    secret = secrets.token_urlsafe(32)
    challenge = here.store.passkeys.ask(secret, "login", now)
    response.set_cookie(
        ASKED, secret, ASKED_LASTS, secure=request.url.scheme == "https", httponly=True, samesite="strict"
    )
    return asking_who(site, challenge)


@router.post("/session/passkey", status_code=HTTPStatus.CREATED)
async def log_in_by_passkey(
    answer: PasskeyAnswer, request: Request, response: Response, here: Here
) -> SessionShown:
    """Log in with a passkey's answer; sets the session's cookie."""
    return session_of(here, await open_session_by_passkey(here, answer, request, response))


@router.post("/session/options")
def ask_who_again(caller: Anybody, here: Here) -> dict[str, JsonValue]:
    """Ask for one of one's own passkeys, for `PUT /session`; as `POST /session/passkey/options`."""
    known, site = in_own_session(caller), the_site(here)
    challenge = here.store.passkeys.ask(known.session or "", "again", here.clock.now())
    return asking_who(site, challenge, here.store.passkeys.of(known.name))


@router.post("/passkeys/options")
def ask_for_new(caller: Sure, here: Here) -> dict[str, JsonValue]:
    """Ask a browser for a new passkey: options for `navigator.credentials.create`; good once, for 5 min."""
    known, site = in_own_session(caller), the_site(here)
    challenge = here.store.passkeys.ask(known.session or "", "add", here.clock.now())
    there = here.store.passkeys.of(known.name)
    return asking_for_new(site, challenge, known.name, handle_of(here, known.name), there)


@router.get("/passkeys")
def list_passkeys(caller: Anybody, here: Here) -> list[PasskeyShown]:
    """List one's own passkeys."""
    return _shown(here.store.passkeys.of(in_own_session(caller).name))


@router.post("/passkeys", status_code=HTTPStatus.CREATED)
def add_passkey(added: PasskeyAdded, caller: Sure, here: Here) -> PasskeyShown:
    """Add a passkey that one's device made as it was asked."""
    return PasskeyShown.model_validate(add(here, in_own_session(caller), added))


def add(here: Office, caller: Caller, added: PasskeyAdded) -> PasskeyRow:
    """Add a passkey of a caller, who was asked who they are, and return it.

    Raises:
        ConfigurationError: it is none that was made for this, is known already, or is one too many.
        NotLoggedIn: the session ended meanwhile.
        NotThere: no passkeys are used here.
    """
    site, secret, now = the_site(here), caller.session or "", here.clock.now()
    challenge = here.store.passkeys.asked(secret, "add", now)
    if challenge is None:
        raise ConfigurationError(NOT_TAKEN)
    new = made(site, added.made, challenge)
    handle = handle_of(here, caller.name)
    with here.store.transaction():
        row = here.store.passkeys.add(
            caller.name,
            secret,
            added.name,
            credential=new.credential,
            handle=handle,
            key=new.key,
            signed=new.signed,
            now=now,
        )
        here.store.note(caller.name, "passkey", {"passkey": row.id, "name": row.name})
    return row


@router.delete("/passkeys/{passkey}", status_code=HTTPStatus.NO_CONTENT)
def remove_passkey(passkey: PasskeyNumber, caller: Sure, here: Here) -> None:
    """Remove one of one's own passkeys; one's other sessions end."""
    remove(here, in_own_session(caller), passkey)


def remove(here: Office, caller: Caller, passkey: int) -> None:
    """Take a passkey of a caller away, who was asked who they are (`NotThere`: it is none of theirs)."""
    take_away(here.store, caller.name, passkey, by=caller.name, but=caller.session or "")


@router.get("/users/{name}/passkeys")
def list_passkeys_of(name: UserName, _: Administrator, here: Here) -> list[PasskeyShown]:
    """List the passkeys of a user."""
    return _shown(here.store.passkeys.of(name))


@router.delete("/users/{name}/passkeys", status_code=HTTPStatus.NO_CONTENT)
def remove_passkeys_of(name: UserName, caller: Entering, here: Here, passkey: OnlyThis = None) -> None:
    """Remove a user's passkeys, as when a device was lost; all their sessions end."""
    take_away(here.store, name, passkey, by=caller.name)


def _shown(rows: tuple[PasskeyRow, ...]) -> list[PasskeyShown]:
    return [PasskeyShown.model_validate(row) for row in rows]
