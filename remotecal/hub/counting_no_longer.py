"""Certificates that the trust list revokes: none is an item's last one, and whose they are is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.hub.due import PASSED
from remotecal.hub.issuing import trust_of
from remotecal.store.notices import NoticeWanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from remotecal.certificates.trust import Revocation
    from remotecal.hub.settings import HubFolder
    from remotecal.store import Store
    from remotecal.store.users import UserRow


def count_without_revoked(
    store: Store, folder: HubFolder, users: Iterable[UserRow], today: date
) -> list[NoticeWanted]:
    """Let revoked certificates be no item's last one, and return what is to be told of them.

    Args:
        store: the laboratory's database.
        folder: its settings, with the trust list.
        users: everybody.
        today: the laboratory's civil day; what is revoked from a later day on counts until then.

    Raises:
        ConfigurationError, EvidenceError: the trust list can't be used.
    """
    trust = trust_of(folder)
    revoked = [] if trust is None else [one for one in trust.revoked if one.what == "certificate"]
    now = [one for one in revoked if one.since is None or one.since <= today]
    store.items.count_without([one.id for one in now])
    there = [user for user in users if user.enabled]
    issued = today if trust is None else trust.issued
    return [told for one in now for told in _notices(store, one, one.since or issued, there)]


def _notices(
    store: Store, entry: Revocation, since: date, users: Iterable[UserRow]
) -> Iterator[NoticeWanted]:
    """Yield a notice for each whose certificate it is: a customer's people, and those who write orders."""
    signed = store.signings.numbered(entry.id)
    run = None if signed is None else store.journals.find(signed.station, signed.run)
    if run is None:
        return  # another laboratory's, such as of a standard
    reason = " / ".join(dict.fromkeys(entry.reason.root.values()))
    following = f" → {entry.superseded_by}" if entry.superseded_by else ""
    what = f"{entry.id}: {reason}{following}"
    for user in users:
        if user.account == run.account if user.account is not None else "operator" in user.roles:
            account = run.account or ""
            yield NoticeWanted("revoked", entry.id, what, account, user.name, since.isoformat(), PASSED)
