"""Passkeys of the laboratory's users: taken away, and noted who did it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remotecal.store import Store
    from remotecal.store.passkeys import PasskeyRow


def take_away(
    store: Store, user: str, passkey: int | None, *, by: str, but: str = ""
) -> tuple[PasskeyRow, ...]:
    """Take a user's passkeys away, and return them; the user's sessions end.

    Args:
        store: where they are kept.
        user: whose.
        passkey: number of one; None for all.
        by: who takes them.
        but: secret of the session that goes on, as `remotecal.store.passkeys.Passkeys.remove` has it.

    Raises:
        NotThere: there is none.
    """
    with store.transaction():
        gone = store.passkeys.remove(user, passkey, but=but)
        for row in gone:
            store.note(by, "passkey removed", {"passkey": row.id, "name": row.name, "user": row.user})
    return gone
