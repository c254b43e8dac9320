"""A Vaisala dew-point transmitter on Modbus."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from remotecal.drivers.vaisala.dmt340 import TEST, VaisalaDmt340
from remotecal.sim.simulated_modbus import ModbusSimulated

if TYPE_CHECKING:
    from remotecal.sim.world import World


def dmt340(
    world: World,
    dew_point: Callable[[], float],
    temperature: Callable[[], float] = lambda: 20.0,
    *,
    unit: int = 1,
    name: str = "dmt340",
    serial: str = "D0710040",
) -> ModbusSimulated:
    """Return a transmitter that shows a dew or frost point and a temperature in °C.

    The quantities it reckons from them are not simulated: they have no value, as of one that lacks them.
    """
    absent = dict.fromkeys(
        ("dew_point_over_water", "dew_point_at_1_atm", "water_content", "vapour_pressure"),
        lambda: float("nan"),
    )
    return ModbusSimulated(
        VaisalaDmt340,
        world,
        name,
        unit=unit,
        serial=serial,
        reads={
            **absent,
            "dew_point": dew_point,
            "temperature": temperature,
            "pressure_set": lambda: 1013.25,
            "test": lambda: TEST,
        },
    )
