"""What can be chosen of a bench of water meters."""

from __future__ import annotations

from typing import Annotated, Literal

from remotecal.procedures.parameters import In
from remotecal.sim.water.weighed import WeighTankOptions


class MetersOptions(WeighTankOptions):
    """What can be chosen of a bench of water meters."""

    meters: Annotated[int, In("1", at_least=1, at_most=30)] = 5
    """How many stand in the line."""
    permanent: Annotated[float, In("m3/h", above=0, at_most=6.3)] = 2.5
    """Their permanent flow Q3."""
    ratio: Annotated[float, In("1", at_least=40, at_most=400)] = 100.0
    """Their range R = Q3/Q1."""
    output: Literal["total", "pulses"] = "total"
    """How they are read: their total over Modbus, or their pulses."""
    temperature: Annotated[float, In("°C", at_least=5, at_most=38)] = 20.0
    """About which the water's temperature swings."""
    exchange: Annotated[float, In("W/K", at_least=0, at_most=20)] = 0.3
    """Heat that the line gives to the hall from one meter to the next."""


class SensorsOptions(MetersOptions):
    """What can be chosen of a bench of heat meters' flow sensors."""

    ratio: Annotated[float, In("1", at_least=10, at_most=250)] = 100.0
    """Their permanent flow over their smallest one, q_p/q_i."""
    temperature: Annotated[float, In("°C", at_least=40, at_most=60)] = 50.0
    """About which the water's temperature swings."""
