"""Logging in and out, tokens, and users."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from remotecal.errors import NotAllowed, NotLoggedIn, NotThere
from remotecal.hub.users import enter
from remotecal.web import passwords
from remotecal.web.bodies import Login, NewPassword, SaidAgain, TokenWanted, UserName, UserWritten
from remotecal.web.callers import COOKIE, Administrator, Anybody, Caller, Entering, Sure, csrf_of
from remotecal.web.ceremonies import NOT_BY_THIS
from remotecal.web.office import Here, Office
from remotecal.web.passkey_bodies import PasskeyAnswer
from remotecal.web.proving import DEVICE, WRONG, by_passkey, by_password, client_of, device_mark
from remotecal.web.shown import NewToken, SessionShown, TokenShown, UserEntered, UserShown

if TYPE_CHECKING:
    from remotecal.store.passkeys import Purpose
    from remotecal.store.users import TokenRow, UserRow

router = APIRouter(tags=["people"])

DEVICE_LASTS = 180 * 86400
"""Seconds such a cookie is kept; it ends with the password, too."""
ASKED: Final = "remotecal_passkey"
"""Cookie of a browser that was asked for a passkey: what it answers is good in no other."""


@router.post("/session", status_code=HTTPStatus.CREATED)
async def log_in(login: Login, request: Request, response: Response, here: Here) -> SessionShown:
    """Log in; sets the session's cookie."""
    return session_of(here, await open_session(here, login, request, response))


async def open_session(here: Office, login: Login, request: Request, response: Response) -> Caller:
    """Return who has logged in now, with the cookies of that set.

    Raises:
        NotLoggedIn: name or password is wrong.
        TooOften: there were too many failures.
    """
    async with here.one_login:
        user = await run_in_threadpool(by_password, here, login.name, login.password, client_of(request))
    return await _come_in(here, user, request, response)


async def open_session_by_passkey(
    here: Office, answer: PasskeyAnswer, request: Request, response: Response
) -> Caller:
    """Return who has logged in now by a passkey; otherwise as `open_session`."""
    asked: tuple[str, Purpose] = (request.cookies.get(ASKED, ""), "login")
    async with here.one_login:
        user, passkey = await run_in_threadpool(by_passkey, here, answer, client_of(request), asked)
    response.delete_cookie(ASKED)
    return await _come_in(here, user, request, response, passkey)


async def _come_in(
    here: Office, user: UserRow, request: Request, response: Response, passkey: int | None = None
) -> Caller:
    """Return a user who has just proved who they are, with the cookies of their session set, and note it.

    Raises:
        NotLoggedIn: the user was changed, or the passkey removed meanwhile.
    """
    caller = await run_in_threadpool(begin, here, user, request, response, passkey)
    if caller is None:
        raise NotLoggedIn(WRONG if passkey is None else NOT_BY_THIS)
    noted: dict[str, str | int | float | None] = {"host": client_of(request).host}
    if passkey is not None:
        noted["passkey"] = passkey
    await run_in_threadpool(here.store.note, user.name, "login", noted)
    return caller


def begin(
    here: Office, user: UserRow, request: Request, response: Response, passkey: int | None = None
) -> Caller | None:
    """Return a user whose session begins now, with the cookies of that set; one the browser had before ends.

    None if the user was disabled or given another password since they were found, or the passkey that they
    came by was removed.
    """
    now, lasts = here.clock.now(), here.settings.api.session_hours * 3600
    secret = here.store.users.open_session(user, now + lasts, now, passkey)
    if secret is None:
        return None
    if (before := request.cookies.get(COOKIE)) is not None:  # somebody else may have put it there
        here.store.users.close_session(before)
    device = f"{(nonce := secrets.token_hex(16))}.{device_mark(here, user, nonce)}"
    for name, value, kept in ((COOKIE, secret, int(lasts)), (DEVICE, device, DEVICE_LASTS)):
        response.set_cookie(
            name,
            value,
            max_age=kept,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
    return Caller(user.name, user.roles, user.account, secret, now + lasts)


async def ask_again(here: Office, caller: Caller, said: str | PasskeyAnswer, request: Request) -> None:
    """Note that whoever is logged in is who they are, by a password or a passkey's answer.

    Raises:
        NotLoggedIn: the password is wrong, or the answer proves nothing.
        TooOften: there were too many failures.
    """
    client = client_of(request)
    async with here.one_login:
        if isinstance(said, str):
            await run_in_threadpool(by_password, here, caller.name, said, client)
        else:
            asked: tuple[str, Purpose] = (caller.session or "", "again")
            await run_in_threadpool(by_passkey, here, said, client, asked, caller.name)
    await run_in_threadpool(here.store.users.note_asked, caller.session or "", here.clock.now())


@router.get("/session")
def who_am_i(caller: Anybody, here: Here) -> SessionShown:
    """Tell who has logged in."""
    return session_of(here, in_own_session(caller))


@router.put("/session")
async def say_again(again: SaidAgain, caller: Anybody, request: Request, here: Here) -> SessionShown:
    """Give one's password once more, or a passkey: for 5 minutes what weighs may be done in this session.

    To sign, issue, amend or revoke, to enter users, to make tokens, to add or remove
    passkeys, and to put up a screen, is refused with 403 where it was given earlier.
    """
    known = in_own_session(caller)
    await ask_again(here, known, again.said, request)
    return session_of(here, known)


@router.delete("/session", status_code=HTTPStatus.NO_CONTENT)
def log_out(caller: Anybody, response: Response, here: Here) -> None:
    """Log out."""
    close_session(here, in_own_session(caller), response)


def close_session(here: Office, caller: Caller, response: Response) -> None:
    """End a caller's session, and forget its cookie."""
    with here.store.transaction():
        here.store.users.close_session(caller.session or "")
        here.store.note(caller.name, "logout", {})
    response.delete_cookie(COOKIE)


@router.put("/session/password", status_code=HTTPStatus.NO_CONTENT)
async def change_password(change: NewPassword, caller: Anybody, request: Request, here: Here) -> None:
    """Give oneself another password; ends all one's sessions and tokens."""
    name = in_own_session(caller).name
    async with here.one_login:
        await run_in_threadpool(by_password, here, name, change.old, client_of(request))
        digest = await run_in_threadpool(passwords.digest, change.new, [name])
    await run_in_threadpool(_set_password, here, name, digest)


def _set_password(here: Office, name: str, digest: str) -> None:
    with here.store.transaction():
        here.store.users.set_password(name, digest)
        here.store.note(name, "password", {"user": name})


@router.get("/tokens")
def list_tokens(caller: Anybody, here: Here) -> list[TokenShown]:
    """List one's own tokens."""
    return [_token(row) for row in here.store.users.tokens_of(caller.name)]


@router.post("/tokens", status_code=HTTPStatus.CREATED)
def make_token(wanted: TokenWanted, caller: Sure, here: Here) -> NewToken:
    """Make a token for a program; it is shown this once."""
    in_own_session(caller)
    if wanted.role not in caller.roles:
        raise NotAllowed(f"{caller.name} is no {wanted.role}", caller.name)
    until = here.clock.now() + wanted.days * 86400
    with here.store.transaction():
        token, row = here.store.users.new_token(caller.name, wanted.role, wanted.label, until)
        said: dict[str, str | int | float | None] = {"id": row.id, "role": row.role, "label": row.label}
        here.store.note(caller.name, "token", said | {"expires": row.expires})
    return NewToken(**_token(row).model_dump(), token=token)


@router.delete("/tokens/{token_id}", status_code=HTTPStatus.NO_CONTENT)
def revoke_token(
    token_id: Annotated[str, Path(pattern="^[0-9a-f]{16}$")], caller: Anybody, here: Here
) -> None:
    """Revoke one of one's own tokens."""
    with here.store.transaction():
        if not here.store.users.revoke_token(token_id, caller.name, here.clock.now()):
            raise NotThere(f"{caller.name} has no token {token_id}")
        here.store.note(caller.name, "token revoked", {"id": token_id})


@router.get("/users")
def list_users(_: Administrator, here: Here) -> list[UserShown]:
    """List the users."""
    return [_user(row) for row in here.store.users.list()]


@router.put("/users/{name}")
async def put_user(name: UserName, written: UserWritten, caller: Entering, here: Here) -> UserEntered:
    """Enter a user, or change one; ends the user's sessions, with another password their tokens and passkeys.

    Whoever had the former password may have added a passkey; the user adds theirs anew.
    """
    digest = None
    if written.password is not None:
        async with here.one_login:
            digest = await run_in_threadpool(passwords.digest, written.password, [name])
    gone = await run_in_threadpool(
        lambda: enter(
            here.store,
            name,
            roles=written.roles,
            password=digest,
            account=written.account,
            enabled=written.enabled,
            by=caller.name,
        )
    )
    return UserEntered(
        name=name,
        roles=tuple(sorted(written.roles)),
        account=written.account,
        enabled=written.enabled,
        passkeys_removed=gone,
    )


def in_own_session(caller: Caller) -> Caller:
    """Return a caller who has a session of their own (`NotAllowed`: a program with a token)."""
    if caller.session is None:
        raise NotAllowed("this needs a session; a token won't do", caller.name)
    return caller


def session_of(here: Office, caller: Caller) -> SessionShown:
    """Return what is told of a session."""
    return SessionShown.model_validate(
        {
            "name": caller.name,
            "roles": sorted(caller.roles),
            "account": caller.account,
            "csrf": csrf_of(caller.session or ""),
            "expires": caller.expires,
            "idle": here.settings.api.idle_minutes * 60,
        }
    )


def _token(row: TokenRow) -> TokenShown:
    return TokenShown.model_validate(row)


def _user(row: UserRow) -> UserShown:
    return UserShown(name=row.name, roles=tuple(sorted(row.roles)), account=row.account, enabled=row.enabled)
