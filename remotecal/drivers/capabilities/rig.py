"""What the controller of any rig can do: be kept awake, say why it tripped, be reset."""

from __future__ import annotations

from enum import IntFlag
from typing import Annotated, ClassVar, Protocol, runtime_checkable

from remotecal.drivers.quantities import Action, Flags, Setting


@runtime_checkable
class RigController(Protocol):
    """Watches over a rig, and trips it to its safe state by itself.

    The conditions it trips for are its driver's own, and so is which of them are `resettable`.
    """

    heartbeat: ClassVar[Annotated[Setting, "1"]]
    """A number that has to change in time, or the rig trips."""
    trips: ClassVar[Flags[IntFlag]]
    """Why the rig is tripped; nothing while it is healthy."""
    reset: ClassVar[Action]
    """Take the rig out of its tripped state; does nothing while the cause lasts."""
