"""Logging in and out, tokens, and users."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from remotecal.errors import NotAllowed, NotLoggedIn, NotThere, TooOften
from remotecal.web import passwords
from remotecal.web.bodies import Login, NewPassword, PasswordAgain, TokenWanted, UserName, UserWritten
from remotecal.web.callers import COOKIE, Administrator, Anybody, Caller, Entering, Sure, csrf_of
from remotecal.web.office import Here, Office
from remotecal.web.shown import NewToken, SessionShown, TokenShown, UserShown

if TYPE_CHECKING:
    from remotecal.store.users import TokenRow, UserRow

router = APIRouter(tags=["people"])

WINDOW = 900.0
"""Seconds in which failures to log in are counted."""
OF_ONE = 5
"""Failures with one name from one address, after which the two are refused until the window has passed."""
OF_NAME = 50
"""The same with one name, from wherever; more, so that nobody is locked out by a stranger's few attempts."""
OF_HOST = 20
"""The same from one address, with whatever name."""
DEVICE = "remotecal_device"
"""Cookie of a browser in which somebody has logged in.

Failures there are counted apart from everybody else's, so that no stranger can lock the owner out, whether
by their name or from the address they share.
"""
DEVICE_LASTS = 180 * 86400
"""Seconds such a cookie is kept; it ends with the password, too."""
WRONG = "name or password is wrong"
"""What is answered, whichever it is."""
FAILURE = "login refused"
"""What the audit log calls a failure."""


@router.post("/session", status_code=HTTPStatus.CREATED)
async def log_in(login: Login, request: Request, response: Response, here: Here) -> SessionShown:
    """Log in; sets the session's cookie."""
    return _session(here, await open_session(here, login, request, response))


async def open_session(here: Office, login: Login, request: Request, response: Response) -> Caller:
    """Return who has logged in now, with the cookies of that set.

    Raises:
        NotLoggedIn: name or password is wrong.
        TooOften: there were too many failures.
    """
    client = _client(request)
    async with here.one_login:
        user = await run_in_threadpool(_check_password, here, login.name, login.password, client)
    caller = await run_in_threadpool(begin, here, user, request, response)
    if caller is None:
        raise NotLoggedIn(WRONG)
    await run_in_threadpool(here.store.note, login.name, "login", {"host": client.host})
    return caller


def begin(here: Office, user: UserRow, request: Request, response: Response) -> Caller | None:
    """Return a user whose session begins now, with the cookies of that set.

    None if the user was disabled or given another password since they were found.
    """
    now, lasts = here.clock.now(), here.settings.api.session_hours * 3600
    secret = here.store.users.open_session(user, now + lasts, now)
    if secret is None:
        return None
    device = f"{(nonce := secrets.token_hex(16))}.{_device_mark(here, user, nonce)}"
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


async def ask_again(here: Office, caller: Caller, password: str, request: Request) -> None:
    """Note that whoever is logged in is who they are.

    Raises:
        NotLoggedIn: the password is wrong.
        TooOften: there were too many failures.
    """
    async with here.one_login:
        await run_in_threadpool(_check_password, here, caller.name, password, _client(request))
    await run_in_threadpool(here.store.users.note_asked, caller.session or "", here.clock.now())


@router.get("/session")
def who_am_i(caller: Anybody, here: Here) -> SessionShown:
    """Tell who has logged in."""
    return _session(here, _in_session(caller))


@router.put("/session")
async def say_again(again: PasswordAgain, caller: Anybody, request: Request, here: Here) -> SessionShown:
    """Give one's password once more: for 5 minutes what weighs more may be done in this session.

    To issue, amend or revoke, to enter users, to make tokens, and to put up a screen, is refused with 403
    where it was given earlier.
    """
    known = _in_session(caller)
    await ask_again(here, known, again.password, request)
    return _session(here, known)


@router.delete("/session", status_code=HTTPStatus.NO_CONTENT)
def log_out(caller: Anybody, response: Response, here: Here) -> None:
    """Log out."""
    close_session(here, _in_session(caller), response)


def close_session(here: Office, caller: Caller, response: Response) -> None:
    """End a caller's session, and forget its cookie."""
    here.store.users.close_session(caller.session or "")
    here.store.note(caller.name, "logout", {})
    response.delete_cookie(COOKIE)


@router.put("/session/password", status_code=HTTPStatus.NO_CONTENT)
async def change_password(change: NewPassword, caller: Anybody, request: Request, here: Here) -> None:
    """Give oneself another password; ends all one's sessions and tokens."""
    name = _in_session(caller).name
    async with here.one_login:
        await run_in_threadpool(_check_password, here, name, change.old, _client(request))
        digest = await run_in_threadpool(passwords.digest, change.new, [name])
    await run_in_threadpool(here.store.users.set_password, name, digest)
    await run_in_threadpool(here.store.note, name, "password", {"user": name})


@router.get("/tokens")
def list_tokens(caller: Anybody, here: Here) -> list[TokenShown]:
    """List one's own tokens."""
    return [_token(row) for row in here.store.users.tokens_of(caller.name)]


@router.post("/tokens", status_code=HTTPStatus.CREATED)
def make_token(wanted: TokenWanted, caller: Sure, here: Here) -> NewToken:
    """Make a token for a program; it is shown this once."""
    _in_session(caller)
    if wanted.role not in caller.roles:
        raise NotAllowed(f"{caller.name} is no {wanted.role}", caller.name)
    token, row = here.store.users.new_token(
        caller.name, wanted.role, wanted.label, here.clock.now() + wanted.days * 86400
    )
    here.store.note(
        caller.name, "token", {"id": row.id, "role": row.role, "label": row.label, "expires": row.expires}
    )
    return NewToken(**_token(row).model_dump(), token=token)


@router.delete("/tokens/{token_id}", status_code=HTTPStatus.NO_CONTENT)
def revoke_token(
    token_id: Annotated[str, Path(pattern="^[0-9a-f]{16}$")], caller: Anybody, here: Here
) -> None:
    """Revoke one of one's own tokens."""
    if not here.store.users.revoke_token(token_id, caller.name, here.clock.now()):
        raise NotThere(f"{caller.name} has no token {token_id}")
    here.store.note(caller.name, "token revoked", {"id": token_id})


@router.get("/users")
def list_users(_: Administrator, here: Here) -> list[UserShown]:
    """List the users."""
    return [_user(row) for row in here.store.users.list()]


@router.put("/users/{name}")
async def put_user(name: UserName, written: UserWritten, caller: Entering, here: Here) -> UserShown:
    """Enter a user, or change one; ends the user's sessions, and with another password their tokens."""
    digest = None
    if written.password is not None:
        async with here.one_login:
            digest = await run_in_threadpool(passwords.digest, written.password, [name])
    await run_in_threadpool(
        lambda: here.store.users.put(
            name,
            roles=written.roles,
            password=digest,
            account=written.account,
            enabled=written.enabled,
        )
    )
    noted: dict[str, str | int | float | None] = {"user": name, "roles": " ".join(sorted(written.roles))}
    noted |= {
        "account": written.account,
        "enabled": int(written.enabled),
        "password": int(digest is not None),
    }
    await run_in_threadpool(here.store.note, caller.name, "user", noted)
    return UserShown(
        name=name, roles=tuple(sorted(written.roles)), account=written.account, enabled=written.enabled
    )


@dataclass(frozen=True, slots=True)
class Client:
    """Where somebody logs in."""

    host: str
    """Their address."""
    device: str
    """What their browser was given when somebody logged in there; "" for nothing."""


def _client(request: Request) -> Client:
    host = request.client.host if request.client else "unknown"
    return Client(host, request.cookies.get(DEVICE, ""))


def _device_mark(here: Office, user: UserRow, nonce: str) -> str:
    """Return what only the laboratory can put beside a nonce, for this user and this password."""
    key = here.laboratory.key.sign(b"cookies of devices").encode()
    return hmac.new(key, f"{user.name}\0{user.password}\0{nonce}".encode(), sha256).hexdigest()


def _check_password(here: Office, name: str, password: str, client: Client) -> UserRow:
    """Return the user; `NotLoggedIn` unless the password is theirs, `TooOften` after too many failures."""
    user = here.store.users.find(name)
    nonce, _, mark = client.device.partition(".")
    known = user is not None and hmac.compare_digest(mark.encode(), _device_mark(here, user, nonce).encode())
    where = f"device {nonce}" if known else client.host
    counts = here.store.users.failures(FAILURE, name, where, time.time() - WINDOW)
    limits = (OF_ONE,) if known else (OF_ONE, OF_NAME, OF_HOST)
    if any(count >= limit for count, limit in zip(counts, limits, strict=False)):
        raise TooOften(f"too many failures to log in: wait {WINDOW / 60:.0f} minutes", name)
    if passwords.matches(password, user.password if user else None) and user is not None and user.enabled:
        return user
    here.store.note(name, FAILURE, {"host": where})
    raise NotLoggedIn(WRONG)


def _in_session(caller: Caller) -> Caller:
    if caller.session is None:
        raise NotAllowed("this needs a session; a token won't do", caller.name)
    return caller


def _session(here: Office, caller: Caller) -> SessionShown:
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
