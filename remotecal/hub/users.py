"""Users of the laboratory's hub: entered, and noted who did it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from remotecal.store import Store
    from remotecal.store.users import Role


def enter(
    store: Store,
    name: str,
    *,
    roles: Collection[Role],
    password: str | None,
    account: str | None,
    enabled: bool = True,
    by: str,
) -> int:
    """Enter a user, or change one; return how many of their passkeys went.

    Args:
        store: where users are kept.
        name: the user.
        roles: what they are.
        password: as `remotecal.web.passwords.digest` gives it; None to leave it as it is.
        account: for a customer, whose orders they see.
        enabled: whether they may use the API.
        by: who enters them.

    Raises:
        ConfigurationError: as `remotecal.store.users.Users.put`.
    """
    with store.transaction():
        gone = store.users.put(name, roles=roles, password=password, account=account, enabled=enabled)
        noted: dict[str, str | int | float | None] = {"user": name, "roles": " ".join(sorted(set(roles)))}
        noted |= {"account": account, "enabled": int(enabled), "password": int(password is not None)}
        store.note(by, "user", noted | {"passkeys removed": gone})
    return gone
