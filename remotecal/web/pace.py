"""How much longer a run takes, at the pace of what it did: told in one way wherever it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.runs.tempo import LONGEST

if TYPE_CHECKING:
    from remotecal.transport.messages import Live


def left(live: Live, age: float) -> float | None:
    """Return about how many seconds a run still takes; None until there is a pace, and where it is none.

    Its station tells, by what its procedure says that each point takes. One of an earlier version does not:
    then each observation counts alike.

    Args:
        live: what its station said last.
        age: how many seconds ago.
    """
    ahead = live.left
    if ahead is None and live.observed and live.now > live.began:
        ahead = (live.now - live.began) / live.observed * (live.due - live.observed)
    if ahead is None or not ahead <= LONGEST:
        return None
    return max(0.0, ahead - (age if live.state == "running" else 0.0))
