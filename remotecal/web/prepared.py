"""What was prepared to be signed by keys that browsers keep, until it is signed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final

from remotecal.errors import NotThere

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cryptography.x509 import Certificate

    from remotecal.hub.issuing import Prepared

LASTS: Final = 300.0
"""Seconds for which something is there to be signed."""
GONE: Final = (
    "nothing is prepared here to be signed: it was signed, or prepared anew since, or 5 minutes are over; "
    "prepare it again"
)


@dataclass(frozen=True, slots=True)
class Act:
    """Certificates that one person is about to sign."""

    id: str
    """What it is found by; nobody guesses it."""
    user: str
    """Who."""
    prepared: tuple[Prepared, ...]
    """The certificates."""
    chain: tuple[Certificate, ...]
    """That of the key first."""
    left_out: Mapping[str, str]
    """What was asked for besides, and why it is not signed."""
    expires: float
    """Until when, in seconds since 1970, UTC."""


class PreparedSignatures:
    """What was prepared: one act for a user, the last one; each is used once.

    It is kept in memory: a hub that is started anew has nothing, and it is prepared again.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._acts: dict[str, Act] = {}

    def keep(
        self,
        user: str,
        prepared: Sequence[Prepared],
        chain: tuple[Certificate, ...],
        left_out: Mapping[str, str],
        now: float,
    ) -> Act:
        """Keep what a user is about to sign, in the place of what they were about to sign before."""
        act = Act(secrets.token_urlsafe(16), user, tuple(prepared), chain, left_out, now + LASTS)
        with self._lock:
            self._purge(now)
            self._acts[user] = act
        return act

    def look(self, user: str, act_id: str, now: float) -> Act:
        """Return what a user is about to sign (`NotThere`: nothing by this id)."""
        with self._lock:
            self._purge(now)
            act = self._acts.get(user)
        if act is None or act.id != act_id:
            raise NotThere(GONE)
        return act

    def take(self, user: str, act_id: str, now: float, of: tuple[str, str, str] | None = None) -> Act:
        """Return what a user has signed, which is used up by that.

        Args:
            user: who.
            act_id: what.
            now: the time, in seconds since 1970, UTC.
            of: station, run and device of the one certificate it must be of, where one is named.

        Raises:
            NotThere: nothing by this id, or of another certificate.
        """
        act = self.look(user, act_id, now)
        whose = {(one.of_run.station, one.of_run.run, one.of_run.device) for one in act.prepared}
        if of is not None and whose != {of}:
            raise NotThere(GONE)
        with self._lock:
            if self._acts.get(user) is not act:
                raise NotThere(GONE)
            del self._acts[user]
        return act

    def _purge(self, now: float) -> None:
        """Let go of what is over; the lock is held."""
        self._acts = {whose: one for whose, one in self._acts.items() if now < one.expires}
