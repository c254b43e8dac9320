"""How a station stands, by what it said of itself last: its connection, clock and disk, what is held up."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from remotecal.clock import CLOCKS_AGREE
from remotecal.transport.consent import ConsentAwaited
from remotecal.transport.messages import HELLO_EVERY
from remotecal.transport.versions import served

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remotecal.store.stations import StationRow

HEARD_WITHIN: Final = 2 * HELLO_EVERY
"""Seconds in which a station that is connected says hello."""
LITTLE_DISK: Final = 10**9
"""Bytes of free disk below which a station is said to have little: evidence needs room."""

TWICE: Final = "twice"
"""Set in what a station said while two agents answer as it; the hub finds that."""

STARTS: Final = 8
"""Of a station's agent, that are told apart."""
ALONE: Final = 4
"""Hellos in a row by which one of two agents is known to be the only one again."""

Tie = Literal["connected", "silent", "never", "revoked"]
"""How a station is tied to the laboratory; `never`: it enrolled and was not heard of yet."""


@dataclass(frozen=True, slots=True)
class StationStanding:
    """How a station stands."""

    tie: Tie
    """Whether it is connected."""
    version: str
    """Of its program; "" if it was never heard of."""
    running: str
    """The run that is on there, as far as it said; "" for none."""
    ahead: float | None
    """Seconds by which its clock was ahead of the laboratory's when it was heard of last."""
    disk_free: int | None
    """Bytes free where its journals lie; None: it did not tell."""
    held_up: Mapping[str, str]
    """Run → why it does not reach the laboratory."""
    not_served: str
    """Why the laboratory can't work with it, and which of both is to be updated first; "" if it can."""
    waits: ConsentAwaited | None
    """The order that waits for the person on site."""

    @property
    def clock_wrong(self) -> bool:
        """Whether its clock is off by more than it may be."""
        return self.ahead is not None and abs(self.ahead) > CLOCKS_AGREE

    @property
    def little_disk(self) -> bool:
        """Whether it has little room left."""
        return self.disk_free is not None and self.disk_free < LITTLE_DISK


def standing(station: StationRow, now: float) -> StationStanding:
    """Return how a station stands at a time in seconds since 1970."""
    said = station.said
    heard = station.seen if said else None
    told, waits = said.get("time"), said.get("waits_for_consent")
    return StationStanding(
        tie=_tie(station, now),
        version=said.get("version", ""),
        running=said.get("running") or "",
        ahead=None if told is None or heard is None else told - heard,
        disk_free=said.get("disk_free"),
        held_up=said.get("held_up", {}),
        not_served=not_served(station.name, said) if said else "",
        waits=None if waits is None else ConsentAwaited.model_validate(waits),
    )


class Starts:
    """The starts of a station's agent, as they say hello: whether two of them are up at once."""

    def __init__(self) -> None:
        self._met = deque[str](maxlen=STARTS)
        self._last, self._in_a_row, self._twice = "", 0, False

    def hear(self, session: str) -> bool:
        """Take a hello; returns whether two agents answer as the station.

        An agent that ended says nothing any more. So where one speaks again that another had taken the place
        of, both are there: somebody copied the station's folder. They need not take turns.
        """
        self._in_a_row = self._in_a_row + 1 if session == self._last else 1
        if session not in self._met:
            self._met.append(session)
        elif session != self._last:
            self._twice = True
        elif self._in_a_row >= ALONE:
            self._twice = False
        self._last = session
        return self._twice


def not_served(name: str, said: Mapping[str, Any]) -> str:
    """Return why a station is given no orders, by what it said last; "" if it may have some."""
    if said.get(TWICE):
        return (
            f"two agents answer as {name}, for its folder was copied: stop one of them, and let that "
            "computer enrol with a code of its own"
        )
    return served(said.get("speaks", 1), said.get("version", ""))


def _tie(station: StationRow, now: float) -> Tie:
    if not station.enabled:
        return "revoked"
    if station.seen is None:
        return "never"
    return "connected" if now - station.seen < HEARD_WITHIN else "silent"
