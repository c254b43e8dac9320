"""A Keller digital gauge on Modbus."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from remotecal.drivers.keller.digital import KellerDigital
from remotecal.sim.simulated_modbus import ModbusSimulated

if TYPE_CHECKING:
    from remotecal.sim.world import World


def keller(
    world: World,
    pressure: Callable[[], float],
    temperature: Callable[[], float] = lambda: 22.76,
    *,
    unit: int = 1,
    name: str = "keller",
    driver: type[KellerDigital] = KellerDigital,
) -> ModbusSimulated:
    """Return a gauge that shows a pressure in bar, and its sensor's temperature in °C.

    `driver` tells an early one's registers.
    """
    reads = {"pressure": pressure, "temperature": temperature}
    return ModbusSimulated(driver, world, name, unit=unit, reads=reads)
