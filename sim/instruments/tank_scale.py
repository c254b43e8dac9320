"""The transmitter that reads a tank's scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.drivers.rig.tank_scale import TankScaleTransmitter
from remotecal.sim.simulated_modbus import ModbusSimulated

if TYPE_CHECKING:
    from collections.abc import Callable

    from remotecal.sim.world import World


def tank_scale(world: World, level: Callable[[], float], *, unit: int = 1) -> ModbusSimulated:
    """Return a transmitter that shows a `level` in mm."""
    reads = {"map_revision": lambda: 1, "level": level}
    return ModbusSimulated(TankScaleTransmitter, world, "tank scale", unit=unit, reads=reads)
