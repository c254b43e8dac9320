"""Who somebody is: proved by a password or a passkey, with a bound on how often one may be wrong."""

from __future__ import annotations

import hmac
import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from remotecal.errors import NotLoggedIn, TooOften
from remotecal.web import passwords
from remotecal.web.ceremonies import NOT_BY_THIS, counted, the_site

if TYPE_CHECKING:
    from fastapi import Request

    from remotecal.store.passkeys import PasskeyRow, Purpose
    from remotecal.store.users import UserRow
    from remotecal.web.office import Office
    from remotecal.web.passkey_bodies import PasskeyAnswer

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
WRONG = "name or password is wrong"
"""What is answered, whichever it is."""
FAILURE = "login refused"
"""What the audit log calls a failure."""
SOMEBODY: Final = "(somebody)"
"""Under which name a passkey's failure is counted that nobody here has: none that a user can have."""


@dataclass(frozen=True, slots=True)
class Client:
    """Where somebody logs in."""

    host: str
    """Their address."""
    device: str
    """What their browser was given when somebody logged in there; "" for nothing."""


def client_of(request: Request) -> Client:
    """Return where somebody logs in."""
    host = request.client.host if request.client else "unknown"
    return Client(host, request.cookies.get(DEVICE, ""))


def device_mark(here: Office, user: UserRow, nonce: str) -> str:
    """Return what only the laboratory can put beside a nonce, for this user and this password."""
    key = here.laboratory.key.sign(b"cookies of devices").encode()
    return hmac.new(key, f"{user.name}\0{user.password}\0{nonce}".encode(), sha256).hexdigest()


def by_password(here: Office, name: str, password: str, client: Client) -> UserRow:
    """Return the user; `NotLoggedIn` unless the password is theirs, `TooOften` after too many failures."""
    user = here.store.users.find(name)
    where = _within_bounds(here, name, user, client)
    if passwords.matches(password, user.password if user else None) and user is not None and user.enabled:
        return user
    here.store.note(name, FAILURE, {"host": where})
    raise NotLoggedIn(WRONG)


def by_passkey(
    here: Office, answer: PasskeyAnswer, client: Client, asked: tuple[str, Purpose], whose: str | None = None
) -> tuple[UserRow, int]:
    """Return the user whose passkey gave an answer, and the passkey's number.

    Args:
        here: where they are.
        answer: what the browser sent.
        client: where from.
        asked: the secret that the question was bound to, and what it was for; it is used up by this.
        whose: whose passkey it must be; None for anybody's, who is then told by the device itself.

    Raises:
        NotLoggedIn: it proves nothing, or nobody here is known by it; all of it in the same words.
        TooOften: there were too many failures.
        NotThere: no passkeys are used here.
    """
    site = the_site(here)
    now = here.clock.now()
    challenge = here.store.passkeys.asked(*asked, now)
    known = here.store.passkeys.find(answer.id)
    if known is not None and whose not in {None, known.user}:
        known = None
    owner = whose if known is None else known.user
    user = None if owner is None else here.store.users.find(owner)
    name = owner or SOMEBODY
    where = _within_bounds(here, name, user, client)
    if known is not None and user is not None and user.enabled and challenge is not None:
        with suppress(NotLoggedIn):
            signed = counted(site, answer, challenge, known, named=whose is not None)
            _keep_count(here, known, signed, client)
            return user, known.id
    here.store.note(name, FAILURE, {"host": where})
    raise NotLoggedIn(NOT_BY_THIS, name)


def _keep_count(here: Office, known: PasskeyRow, signed: int, client: Client) -> None:
    """Keep how often a passkey has signed.

    Raises:
        NotLoggedIn: it was removed meanwhile; or it has not signed more often than before, which is noted:
            there are two of it, or an old answer was kept.
    """
    if here.store.passkeys.use(known.id, signed, here.clock.now()):
        return
    kept = here.store.passkeys.find(known.credential)
    if kept is not None:
        of_it: dict[str, str | int | float | None] = {"passkey": known.id, "name": known.name}
        counts = {"kept": kept.signed, "told": signed}
        here.store.note(known.user, "passkey refused", {**of_it, **counts, "host": client.host})
    raise NotLoggedIn(NOT_BY_THIS, known.user)


def _within_bounds(here: Office, name: str, user: UserRow | None, client: Client) -> str:
    """Return where failures with a name are counted (`TooOften`: there were too many)."""
    nonce, _, mark = client.device.partition(".")
    known = user is not None and hmac.compare_digest(mark.encode(), device_mark(here, user, nonce).encode())
    where = f"device {nonce}" if known else client.host
    counts = here.store.users.failures(FAILURE, name, where, time.time() - WINDOW)
    limits = (OF_ONE,) if known else (OF_ONE, OF_NAME, OF_HOST)
    if any(count >= limit for count, limit in zip(counts, limits, strict=False)):
        raise TooOften(f"too many failures to log in: wait {WINDOW / 60:.0f} minutes", name)
    return where
