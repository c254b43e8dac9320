"""Screens on a wall of the laboratory: put up, taken down, and noted who did it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from remotecal.store import Store
    from remotecal.store.walls import WallRow

DAY: Final = 86400.0
LONGEST: Final = 100
"""Characters of where a screen hangs."""
MOST_DAYS: Final = 1830
"""Days for which one shows what is on, at most."""
PATH: Final = "/wall"
"""Where screens are on the console."""


def put_up(
    store: Store, place: str, *, language: str, full: bool, days: int, by: str, now: float
) -> tuple[WallRow, str]:
    """Let a screen show what is on, and return it and its address, which nobody can tell later.

    Args:
        store: where it is kept.
        place: where it hangs.
        language: of what it shows.
        full: whether it tells names of runs, points, persons and indications, too.
        days: for how long, at most.
        by: who lets it.
        now: the time.

    Returns:
        The screen, and what is opened on it, below the address the console has.
    """
    with store.transaction():
        row, secret = store.walls.add(
            place, language=language, full=full, by=by, at=now, expires=now + days * DAY
        )
        store.note(by, "wall", {"wall": row.id, "place": place, "full": int(full), "expires": row.expires})
    return row, f"{PATH}/{secret}"


def take_down(store: Store, wall: int, *, by: str, now: float) -> None:
    """Have a screen show nothing any more (`NotThere`: none of this number shows)."""
    with store.transaction():
        row = store.walls.revoke(wall, now)
        store.note(by, "wall taken down", {"wall": row.id, "place": row.place})
