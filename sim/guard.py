"""What the controller of a rig does to keep it safe by itself: heartbeat, emergency stop, trips, reset."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import IntFlag
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remotecal.drivers.contents import Content
    from remotecal.sim.simulated import Sink, Source
    from remotecal.sim.world import World

T = TypeVar("T", bound=IntFlag)


class Permitted(Protocol):
    """What runs with a controller's permit alone: a machine, or a heater."""

    tripped: bool
    """Whether it has failed."""

    @property
    def started(self) -> bool:
        """Whether it was started and runs."""
        ...

    @property
    def speed(self) -> float:
        """Share of full speed, or of full power, at which it runs."""
        ...

    def start(self) -> bool:
        """Start, if nothing forbids it; tell whether it runs."""
        ...

    def permit(self, *, given: bool) -> None:
        """Give or take the permit."""
        ...


class Guard(ABC, Generic[T]):
    """A small PLC that guards a rig with machines that need its permit.

    It trips to its safe state when one of its causes holds, or when the heartbeat has not changed for
    `heartbeat_limit` seconds since it first did. It stays tripped until `reset`.

    Args:
        world: where it is.
        machine: the pump or blower.
        trips: the bits of its trips; `HEARTBEAT_LOST` is one of them.
        beside: other machines that need its permit too.
    """

    MAP_REVISION = 1

    def __init__(
        self, world: World, machine: Permitted, trips: type[T], beside: Sequence[Permitted] = ()
    ) -> None:
        self.trips = trips(0)
        """Why it is tripped."""
        self.machines: tuple[Permitted, ...] = (machine, *beside)
        """What needs its permit."""
        self.heartbeat = 0
        self.heartbeat_limit = 5.0
        """Longest silence in s before it trips."""
        self.pressed = False
        """Whether the mushroom button of the emergency stop is pressed."""
        self._world, self._machine, self._kind = world, machine, trips
        self._deadline: float | None = None
        world.watchers.append(self._watch)
        world.extensions.append(self._put_off)

    @abstractmethod
    def causes(self) -> int:
        """Return the bits of what holds now; asked at every step, so in plain integers."""

    @abstractmethod
    def make_safe(self) -> None:
        """Bring everything but the machines to the safe state."""

    def beat(self, number: int) -> None:
        """Take a heartbeat number; only a changed one counts."""
        if number != self.heartbeat:
            self.heartbeat = number
            self._expect_heartbeat()

    def limit_heartbeat(self, limit: float) -> None:
        """Set the longest silence in s."""
        self.heartbeat_limit = limit
        if self._deadline is not None:
            self._expect_heartbeat()

    def reset(self) -> None:
        """Leave the tripped state, unless a cause lasts. Counts as a sign of life."""
        if not self.causes():
            self.trips = self._kind(0)
            self._permit(given=True)
            if self._deadline is not None:
                self._expect_heartbeat()

    def press(self, *, pressed: bool = True) -> None:
        """Press the mushroom button, or pull it out again."""
        with self._world.present():
            self.pressed = pressed
            self._watch()

    def trip(self, why: T) -> None:
        """Go to the safe state."""
        self.trips |= why
        self._permit(given=False)
        self.make_safe()

    def _permit(self, *, given: bool) -> None:
        for machine in self.machines:
            machine.permit(given=given)

    def _watch(self) -> None:
        causes = self.causes()
        if causes and causes & ~self.trips:
            self.trip(self._kind(causes))

    def _expect_heartbeat(self) -> None:
        armed = self._deadline is not None
        self._deadline = self._world.time + self.heartbeat_limit
        if not armed:
            self._world.at(self._deadline, self._check_heartbeat)

    def _check_heartbeat(self, time: float) -> None:
        if self._deadline is not None and time < self._deadline:
            self._world.at(self._deadline, self._check_heartbeat)
        else:
            self._deadline = None
            self.trip(self._kind["HEARTBEAT_LOST"])

    def _put_off(self, duration: float) -> None:
        if self._deadline is not None:
            self._deadline += duration

    def read(self) -> Mapping[str, Source]:
        """Return what it tells of itself, by the names that drivers of controllers have for it."""
        return {
            "heartbeat": lambda: self.heartbeat,
            "heartbeat_limit": lambda: self.heartbeat_limit,
            "map_revision": lambda: self.MAP_REVISION,
            "trips": lambda: int(self.trips),
        }

    def written(self) -> Mapping[str, Sink]:
        """Return what it does when it is told, by the same names."""

        def reset(content: Content) -> None:
            if content:
                self.reset()

        return {
            "heartbeat": lambda number: self.beat(int(number)),
            "heartbeat_limit": lambda limit: self.limit_heartbeat(float(limit)),
            "reset": reset,
        }
