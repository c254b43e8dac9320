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

if TYPE_CHECKING:
    from remotecal.store import Store

CHECKED: Final = "chain checked"
"""What the audit log calls it."""
AGAIN: Final = 86400.0
"""Seconds after which all of it is looked through again."""

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
    """Return what the last look through all of it found; None before there was one."""
    for row in store.noted(what=CHECKED, limit=1):
        said = json.loads(row.data)
        return ChainChecked(row.at, row.who, said["entries"], said["head"], said["broken"])
    return None


def check_if_due(store: Store, now: float) -> bool:
    """Look through it if that was not done for a day, or by a clock ahead of this one's.

    Where nothing is a day old yet, nothing is due.
    """
    known = last_check(store)
    since = store.log.began() if known is None else known.at
    if since is None or 0 <= now - since < AGAIN:
        return False
    check_chain(store, "hub")
    return True
