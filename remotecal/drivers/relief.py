"""Waiting until what is under pressure is relieved: what a look that failed, or can't be true, is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remotecal.errors import RemotecalError, SafeStateNotReached

if TYPE_CHECKING:
    from collections.abc import Callable

    from remotecal.clock import Clock

LOOK: Final = 2.0
"""Seconds from one look at what comes down to the next."""
BORNE: Final = 2
"""Looks in a row that may fail; one more is too many."""


def look(read: Callable[[], float], clock: Clock) -> float:
    """Return what is read, though single attempts fail (the third error in a row is raised)."""
    for _ in range(BORNE):
        try:
            return read()
        except RemotecalError:
            clock.sleep(LOOK)
    return read()


def believed(found: float, low: float, high: float, what: str, unit: str) -> float:
    """Return a value that can be true.

    Args:
        found: what was read, in `unit`.
        low: the lowest value that can be.
        high: the highest one.
        what: how it is called.
        unit: short notation.

    Raises:
        SafeStateNotReached: it can't be: a dead transmitter tells 0, or the end of its range, and that is no
            sign that nothing is left.
    """
    if low <= found <= high:
        return found
    raise SafeStateNotReached(
        f"{what} is {found:g} {unit}, and can only be {low:g} to {high:g} {unit}: look at the transmitter"
    )
