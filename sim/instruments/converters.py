"""Volume converters on Modbus: the makers' register maps in front of what a converter computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from remotecal.drivers.elster.ek280 import ElsterEk280
from remotecal.drivers.flonidan.uniflo1200 import FlonidanUniflo1200, Formula
from remotecal.sim.simulated_modbus import ModbusSimulated

if TYPE_CHECKING:
    from remotecal.sim.simulated import Source
    from remotecal.sim.world import World

BAR = 1e5
"""In Pa."""


class Converting(Protocol):
    """What a converter shows, in Pa, °C and m³."""

    @property
    def pressure(self) -> float: ...
    @property
    def temperature(self) -> float: ...
    @property
    def factor(self) -> float: ...
    @property
    def z(self) -> float: ...
    @property
    def z_base(self) -> float: ...
    @property
    def measured(self) -> float: ...
    @property
    def converted(self) -> float: ...
    @property
    def disturbed(self) -> float: ...
    @property
    def base(self) -> tuple[float, float]:
        """Base temperature and pressure."""
        ...


def shown(device: Converting) -> dict[str, Source]:
    """Return what every converter shows, in bar, °C and m³."""
    return {
        "pressure": lambda: device.pressure / BAR,
        "temperature": lambda: device.temperature,
        "factor": lambda: device.factor,
        "measured_volume": lambda: device.measured,
        "base_volume": lambda: device.converted,
        "disturbed_volume": lambda: device.disturbed,
        "base_pressure": lambda: device.base[1] / BAR,
        "base_temperature": lambda: device.base[0],
    }


def ek280(world: World, device: Converting, *, unit: int = 1, name: str = "ek280") -> ModbusSimulated:
    """Return an EK280 whose Modbus table is set as its driver expects it."""
    reads = shown(device) | {"k": lambda: device.z / device.z_base}
    return ModbusSimulated(ElsterEk280, world, name, unit=unit, one_table=True, reads=reads)


def uniflo1200(
    world: World,
    device: Converting,
    *,
    formula: Formula = Formula.AGA_8,
    pulses_per_volume: float = 1.0,
    unit: int = 1,
    name: str = "uniflo1200",
) -> ModbusSimulated:
    """Return a UNIFLO 1200 that says it computes by a `formula`."""
    reads = shown(device) | {
        "z": lambda: device.z,
        "z_base": lambda: device.z_base,
        "formula": lambda: formula.value,
        "volume_per_pulse": lambda: 1.0 / pulses_per_volume,
    }
    return ModbusSimulated(FlonidanUniflo1200, world, name, unit=unit, reads=reads)
