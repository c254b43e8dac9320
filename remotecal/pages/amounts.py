"""How long something is or was, as people tell it: by the largest unit of which there are two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE, HOUR, DAY = 60, 3600, 86400
LARGER: Final = (("days", DAY), ("hours", HOUR))


class Amount(NamedTuple):
    """A number, and the word of the catalogue (`amount`) that tells of what."""

    word: str
    number: int


def amount_of(seconds: float, whole: Callable[[float], int] = round) -> Amount:
    """Return a time in the largest unit of which it has two, at least; otherwise in minutes.

    Args:
        seconds: the time.
        whole: how many that is: `int` tells of a deadline no more than is left.
    """
    for word, unit in LARGER:
        if seconds >= 2 * unit:
            return Amount(word, whole(seconds / unit))
    return Amount("minutes", whole(seconds / MINUTE))
