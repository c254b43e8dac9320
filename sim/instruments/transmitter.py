"""A transmitter of a line's pressure, as a rig's controller reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from remotecal.sim.world import World

NOISE, STEP = 0.03, 0.01
"""Standard deviation of a reading, and what it is rounded to, in kPa: a line hums, and 16 bits end."""
STEPS_IN_A_KILOPASCAL: Final = round(1.0 / STEP)


def transmitter(world: World, shown: Callable[[], float], name: str) -> Callable[[], float]:
    """Return what it tells in kPa: no two readings are alike, and those of one moment are.

    Args:
        world: its time and chance.
        shown: the pressure with the transmitter's error, in kPa.
        name: of this one among the bench's.
    """

    def told() -> float:
        hum = world.random(f"{name} at {world.time:.6f}").gauss(0.0, NOISE)
        return round((shown() + hum) * STEPS_IN_A_KILOPASCAL) / STEPS_IN_A_KILOPASCAL

    return told
