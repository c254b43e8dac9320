"""Who asks, and what they may do.

People log in and have a session: a cookie that scripts can't read and other sites' pages can't
send. As a second lock, whatever changes something needs the session's CSRF token in a header, which
another site's page can't know. Programs have a token, which stands for one role of its owner.
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Final, Literal

from fastapi import Depends, Header, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from remotecal.errors import NotAllowed, NotLoggedIn
from remotecal.store.users import Role
from remotecal.web.office import Here, Office

Action = Literal[
    "read",
    "order",
    "request",
    "command",
    "sign",
    "return",
    "settle",
    "transcribe",
    "issue",
    "amend",
    "recall",
    "invite",
    "take out",
    "put back",
    "revoke",
    "audit",
    "users",
    "wall",
]
"""What needs leave."""

MAY: Mapping[Action, frozenset[Role]] = {
    "read": frozenset({"operator", "reviewer", "approver", "administrator", "reader", "customer"}),
    "order": frozenset({"operator"}),
    "request": frozenset({"customer"}),
    "command": frozenset({"operator"}),
    "sign": frozenset({"operator", "reviewer", "approver", "administrator"}),
    "return": frozenset({"reviewer", "approver", "administrator"}),
    "settle": frozenset({"operator"}),
    "transcribe": frozenset({"operator", "reviewer", "approver", "administrator"}),
    "issue": frozenset({"administrator"}),
    "amend": frozenset({"operator", "approver", "administrator"}),
    "recall": frozenset({"approver", "administrator"}),
    "invite": frozenset({"administrator"}),
    "take out": frozenset({"operator", "reviewer", "approver", "administrator"}),
    "put back": frozenset({"approver", "administrator"}),
    "revoke": frozenset({"administrator"}),
    "audit": frozenset({"administrator"}),
    "users": frozenset({"administrator"}),
    "wall": frozenset({"administrator"}),
}
"""Who may do what; `recall`: have a certificate revoked; `take out`, `put back`: a standard out of service,
and into it again; `transcribe`: type a certificate from paper; `invite` and `revoke`: let a station enrol,
and shut it out; `wall`: let a screen show what is on.

A customer reads their own only, see `visible`.
"""

COOKIE = "remotecal_session"
ASKED_WITHIN: Final = 300.0
"""Seconds for which it is known who somebody is, who then does what weighs more."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="from POST /api/v1/session")
_bearer = HTTPBearer(auto_error=False, description="from POST /api/v1/tokens")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    name: str
    """The user."""
    roles: frozenset[Role]
    """As what: all roles of the user, or the one of a token."""
    account: str | None
    """Whose orders they see; None for the laboratory's people, who see all."""
    session: str | None = None
    """The secret of their session; None for a token."""
    expires: float = 0.0
    """When the session ends."""


def csrf_of(session: str) -> str:
    """Return the CSRF token of a session; whoever lacks the session's secret can't make it up."""
    return hmac.new(session.encode(), b"csrf", sha256).hexdigest()


async def identify(
    request: Request,
    here: Here,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    session: Annotated[str | None, Security(_cookie)],
    csrf: Annotated[str | None, Header(alias="X-CSRF-Token")] = None,
) -> Caller:
    """Return who asks.

    Raises:
        NotLoggedIn: nobody known.
        NotAllowed: the request may come from another site's page.
    """
    now = here.clock.now()
    if bearer is not None:
        known = await here.at_once(here.store.users.of_token, bearer.credentials, now)
        if known is None:
            raise NotLoggedIn("the token is unknown, expired or revoked")
        user, role = known
        return Caller(user.name, user.roles & {role}, user.account)
    caller = await here.at_once(in_session, here, session)
    if request.method not in SAFE and not _same(csrf or "", csrf_of(session or "")):
        raise NotAllowed("the header X-CSRF-Token is not that of the session", caller.name)
    return caller


def in_session(here: Office, session: str | None, *, looking_on: bool = False) -> Caller:
    """Return whose session this is.

    Args:
        here: where they ask.
        session: its secret, from the cookie.
        looking_on: whether they only look on, which makes it last no longer, and needs no use of it.

    Raises:
        NotLoggedIn: there is none, or it is over.
    """
    if session is None:
        raise NotLoggedIn("log in (POST /api/v1/session), or send a token (Authorization: Bearer …)")
    idle = math.inf if looking_on else here.settings.api.idle_minutes * 60
    found = here.store.users.of_session(session, here.clock.now(), idle, used=not looking_on)
    if found is None:
        raise NotLoggedIn("the session is over: log in anew")
    user, expires = found
    return Caller(user.name, user.roles, user.account, session, expires)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


Anybody = Annotated[Caller, Depends(identify)]
"""Whoever has logged in, for a request's handler."""


def may(caller: Caller, action: Action) -> bool:
    """Tell whether a caller may do something."""
    return bool(caller.roles & MAY[action])


def require(caller: Caller, action: Action) -> Caller:
    """Return a caller who may do something (`NotAllowed` if they may not)."""
    if not may(caller, action):
        raise NotAllowed(f"this needs the role {' or '.join(sorted(MAY[action]))}", caller.name)
    return caller


def _who_may(action: Action) -> Callable[[Caller], Awaitable[Caller]]:
    async def allowed(caller: Anybody) -> Caller:  # needs no thread
        return require(caller, action)

    return allowed


def _sure_of(action: Action) -> Callable[[Caller, Office], Caller]:
    def allowed(caller: Anybody, here: Here) -> Caller:
        return sure(require(caller, action), here)

    return allowed


def sure(caller: Anybody, here: Here) -> Caller:
    """Return a caller who is known to be who they are (`NotAllowed`: they are asked again)."""
    if must_ask(caller, here):
        raise NotAllowed(
            "give your password once more, or use a passkey (PUT /api/v1/session): this weighs", caller.name
        )
    return caller


def must_ask(caller: Caller, here: Office) -> bool:
    """Tell whether who has a session is to be asked again who they are; a program with a token never is."""
    if caller.session is None:
        return False
    # A clock that was set back may not let what was given count for longer.
    return abs(here.clock.now() - here.store.users.asked(caller.session)) > ASKED_WITHIN


Reader = Annotated[Caller, Depends(_who_may("read"))]
"""Who may read."""
Ordering = Annotated[Caller, Depends(_who_may("order"))]
"""Who may issue orders, and take them back."""
Requesting = Annotated[Caller, Depends(_who_may("request"))]
"""Who may ask for a calibration."""
Commanding = Annotated[Caller, Depends(_who_may("command"))]
"""Who may command runs."""
Signing = Annotated[Caller, Depends(_sure_of("sign"))]
"""Who may sign some stage of a certificate: bring it signed, or sign it by a key that their browser keeps."""
Returning = Annotated[Caller, Depends(_who_may("return"))]
"""Who may return a run with a remark."""
Transcribing = Annotated[Caller, Depends(_who_may("transcribe"))]
"""Whoever asks, if they may type a certificate from paper."""
Settling = Annotated[Caller, Depends(_who_may("settle"))]
"""Who may answer a remark."""
Issuing = Annotated[Caller, Depends(_sure_of("issue"))]
"""Who may issue certificates with the laboratory's key."""
Amending = Annotated[Caller, Depends(_sure_of("amend"))]
"""Who may draft a certificate that takes the place of an issued one."""
Recalling = Annotated[Caller, Depends(_sure_of("recall"))]
"""Who may have a certificate revoked, or say what a standard's fault means."""
Inviting = Annotated[Caller, Depends(_sure_of("invite"))]
"""Who may let stations enrol."""
TakingOut = Annotated[Caller, Depends(_who_may("take out"))]
"""Who may take a standard out of service: like whoever stops a run, they are not asked again who they are."""
PuttingBack = Annotated[Caller, Depends(_sure_of("put back"))]
"""Who may put one back."""
Revoking = Annotated[Caller, Depends(_sure_of("revoke"))]
"""Who may shut stations out."""
Auditing = Annotated[Caller, Depends(_who_may("audit"))]
"""Who may read the audit log."""
Administrator = Annotated[Caller, Depends(_who_may("users"))]
"""Who may see which users there are."""
Entering = Annotated[Caller, Depends(_sure_of("users"))]
"""Who may enter users, and take their passkeys away."""
Sure = Annotated[Caller, Depends(sure)]
"""Whoever has logged in, and is known to be who they are."""
Hanging = Annotated[Caller, Depends(_who_may("wall"))]
"""Who may see which screens on a wall show what is on, and take them down."""
Admitting = Annotated[Caller, Depends(_sure_of("wall"))]
"""Who may let screens show what is on."""
