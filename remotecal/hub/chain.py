"""Whether the audit log is whole: what the last look through all of it found stands in the log itself.

Looking takes two seconds for each hundred thousand entries, so no page does it: the hub does so once a day,
and whoever may read the log can have it done now. Who took away the last entries, that one included, is found
out by a hash that was written down elsewhere alone (`remotecal hub audit --holds`).
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Final, NamedTuple

from remotecal.errors import StoreError
from remotecal.store.chained import BEGIN

if TYPE_CHECKING:
    from remotecal.store import Store
    from remotecal.store.audit_log import AuditRow

CHECKED: Final = "chain checked"
"""What the audit log calls it."""
AGAIN: Final = 86400.0
"""Seconds after which all of it is looked through again."""
LATEST: Final = 2.0**37
"""No time is so late, in seconds since 1970."""

log = logging.getLogger(__name__)


class ChainChecked(NamedTuple):
    """What a look through the audit log found."""

    at: float
    """When it was done with."""
    by: str
    """Who had it done."""
    entries: int
    """How many hold, from the first on."""
    head: str
    """Hash of the last of these."""
    broken: int | None
    """Number of the first entry that does not hold; None where all do."""


def check_chain(store: Store, by: str) -> ChainChecked:
    """Look through all of the audit log, and note in it what was found (`StoreError`: that can't be done)."""
    found = store.log.check()
    broken = None if found.broken is None else found.broken.id
    if broken is not None:
        log.error("the audit log is broken at entry %s: it was changed, or entries were taken away", broken)
    store.note(by, CHECKED, {"entries": found.entries, "head": found.head, "broken": broken})
    noted = last_check(store)
    if noted is None:
        raise StoreError("what was found of the audit log stands no longer in it")
    return noted


def last_check(store: Store) -> ChainChecked | None:
    """Return what the last look through all of it found; None before there was one.

    Where that says nothing, it was tampered with: the log is broken there, if nowhere before.
    """
    for row in store.noted(what=CHECKED, limit=1):
        return _said_by(row) or ChainChecked(_time(row.at), str(row.who), 0, BEGIN, row.id)
    return None


def _said_by(row: AuditRow) -> ChainChecked | None:
    """Return what an entry says was found; None if it says nothing that a look can have found."""
    try:
        said = json.loads(row.data)
        entries, head, broken = (said[name] for name in ("entries", "head", "broken"))
    except (KeyError, RecursionError, TypeError, ValueError):
        return None
    if type(entries) is not int or not isinstance(head, str) or type(broken) not in {int, type(None)}:
        return None
    if not isinstance(row.who, str) or _time(row.at) != row.at:
        return None
    return ChainChecked(row.at, row.who, entries, head, broken)


def _time(at: object) -> float:
    """Return a time that an entry has; 0 if it is none."""
    return float(at) if isinstance(at, int | float) and 0 <= at < LATEST else 0.0


def check_if_due(store: Store, now: float) -> bool:
    """Look through it if that was not done for a day; where nothing is a day old yet, nothing is due.

    It is due as well where it was done later than now, by a changed entry or a wrong clock.
    """
    known = last_check(store)
    since = store.log.began() if known is None else known.at
    if since is None or 0 <= now - since < AGAIN:
        return False
    check_chain(store, "hub")
    return True
