"""Flow meters on Modbus: the makers' register maps in front of a `meter.Meter`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from remotecal.drivers.emerson.micro_motion import MicroMotion2700
from remotecal.drivers.endress_hauser.promass import Promag53, Promass83
from remotecal.drivers.siemens.coriolis import SiemensFc410, SiemensMass6000
from remotecal.drivers.siemens.mag6000 import SiemensMag6000
from remotecal.drivers.siemens.usm2 import Counting, Direction
from remotecal.drivers.tuf.tuf2000m import Tuf2000M
from remotecal.sim.simulated_modbus import ModbusSimulated

if TYPE_CHECKING:
    from collections.abc import Callable

    from remotecal.drivers.contents import Content
    from remotecal.sim.instruments.meter import Meter
    from remotecal.sim.simulated import Sink, Source
    from remotecal.sim.world import World

SYSTEM_OK = 1
"""Proline's condition when nothing is wrong."""


class Totalizer:
    """A meter's total that can be set to zero and held."""

    def __init__(self, counted: Callable[[], float], held_by: int = Counting.HELD.value) -> None:
        """`counted` returns what the meter has added up since it was switched on; `held_by` is the coil's."""
        self.held = False
        self._held_by = held_by
        self._counted = counted
        self._offset = 0.0
        self._kept = 0.0

    @property
    def total(self) -> float:
        """Return the total, in the unit of what is counted."""
        return self._kept if self.held else self._counted() - self._offset

    def reset(self) -> None:
        """Start from zero."""
        self._kept = 0.0
        self._offset = self._counted()

    def hold(self, *, held: bool) -> None:
        """Stop adding up, or go on."""
        if held and not self.held:
            self._kept = self.total
        elif self.held and not held:
            self._offset = self._counted() - self._kept
        self.held = held

    def reads(self, total: str, what: str) -> dict[str, Source]:
        """Return what answers for the reading `total`, and for the coils that reset and hold it."""
        return {
            total: lambda: self.total,
            f"reset_{what}": lambda: 0,
            f"hold_{what}": lambda: self._held_by if self.held else 1 - self._held_by,
        }

    def writes(self, what: str) -> dict[str, Sink]:
        """Return what the coils do that reset and hold it."""

        def reset(content: Content) -> None:
            if content:
                self.reset()

        return {
            f"reset_{what}": reset,
            f"hold_{what}": lambda state: self.hold(held=state == self._held_by),
        }


def coriolis(meter: Meter) -> dict[str, Source]:
    """Return what a Coriolis meter makes of what flows, in SI units."""
    dense = 1.0 + meter.spec.density_error
    return {
        "mass_flow": lambda: meter.shown * meter.density,
        "flow": lambda: meter.shown / dense,
        "density": lambda: meter.density * dense,
        "temperature": lambda: meter.temperature + meter.spec.temperature_error,
    }


def totals(meter: Meter) -> tuple[Callable[[], float], Callable[[], float]]:
    """Return what a Coriolis meter has added up: mass in kg, volume in m³."""
    return lambda: meter.mass, lambda: meter.indicated / (1.0 + meter.spec.density_error)


def hourly(meter: Meter) -> dict[str, Source]:
    """Return what a Coriolis meter makes of what flows and flowed, in kg/h, m³/h, kg and m³."""
    mass, volume = totals(meter)
    return {
        **coriolis(meter),
        "mass_flow": lambda: meter.shown * meter.density * 3600.0,
        "flow": lambda: meter.shown * 3600.0 / (1.0 + meter.spec.density_error),
        "total_mass": mass,
        "volume": volume,
    }


def promass(world: World, meter: Meter, *, unit: int = 247, name: str = "promass") -> ModbusSimulated:
    """Return a Promass 83: totalizer 1 mass, 2 volume; functions 3 and 4 read the same."""
    return ModbusSimulated(
        Promass83,
        world,
        name,
        unit=unit,
        one_table=True,
        reads=hourly(meter) | {"condition": lambda: SYSTEM_OK},
    )


def micro_motion(
    world: World,
    meter: Meter,
    *,
    unit: int = 1,
    name: str = "micro_motion",
    flow: Callable[[], float] | None = None,
) -> ModbusSimulated:
    """Return a Micro Motion transmitter set to kg/h, kg/m³, °C and m³/h, its totals never reset.

    What flows is the meter's, or `flow` in m³/h where a zero is to show.
    """
    shown = hourly(meter)
    if flow is not None:
        shown |= {"flow": flow, "mass_flow": lambda: flow() * meter.density}
    inventories = {"mass_inventory": shown["total_mass"], "volume_inventory": shown["volume"]}
    return ModbusSimulated(MicroMotion2700, world, name, unit=unit, reads=shown | inventories)


def promag(world: World, meter: Meter, *, unit: int = 247, name: str = "promag") -> ModbusSimulated:
    """Return a Promag 53: totalizer 1 volume; functions 3 and 4 read the same."""
    return ModbusSimulated(
        Promag53,
        world,
        name,
        unit=unit,
        one_table=True,
        reads={
            "flow": lambda: meter.flow * 3600.0,
            "volume": lambda: meter.indicated,
            "condition": lambda: SYSTEM_OK,
        },
    )


def mag6000(
    world: World, meter: Meter, *, unit: int = 1, name: str = "mag6000", bore: float = 0.05
) -> ModbusSimulated:
    """Return a MAG 6000 of nominal diameter `bore` in m; values in SI units."""
    total = Totalizer(lambda: meter.indicated)
    return ModbusSimulated(
        SiemensMag6000,
        world,
        name,
        unit=unit,
        reads={
            "flow": lambda: meter.flow,
            "volume_2": lambda: meter.indicated,
            "direction": lambda: Direction.FORWARD.value,
            "volume_per_pulse": lambda: 1.0 / meter.spec.pulses,
            "sensor_size": lambda: bore,
            "calibration_factor": lambda: 1.0,
            **total.reads("volume", "volume"),
        },
        writes=total.writes("volume"),
    )


def mass6000(
    world: World, meter: Meter, *, unit: int = 1, name: str = "mass6000", bore: float = 0.05
) -> ModbusSimulated:
    """Return a MASS 6000 with a sensor of nominal diameter `bore` in m: totalizer 1 mass, 2 volume."""
    mass, volume = map(Totalizer, totals(meter))
    return ModbusSimulated(
        SiemensMass6000,
        world,
        name,
        unit=unit,
        reads={
            **coriolis(meter),
            "direction": lambda: Direction.FORWARD.value,
            "sensor_size": lambda: bore,
            "calibration_factor": lambda: 1.0,
            **mass.reads("total_mass", "mass"),
            **volume.reads("volume", "volume"),
        },
        writes=mass.writes("mass") | volume.writes("volume"),
    )


def fc410(world: World, meter: Meter, *, unit: int = 1, name: str = "fc410") -> ModbusSimulated:
    """Return an FC410."""
    shown = coriolis(meter)
    frame = {"frame_temperature": shown["temperature"]}
    return ModbusSimulated(SiemensFc410, world, name, unit=unit, reads=shown | frame)


def tuf2000m(
    world: World, meter: Meter, *, unit: int = 1, name: str = "tuf2000m", bore: float = 0.05
) -> ModbusSimulated:
    """Return a TUF-2000M on a pipe of inner diameter `bore` in m."""
    area = math.pi * bore * bore / 4.0
    return ModbusSimulated(
        Tuf2000M,
        world,
        name,
        unit=unit,
        reads={
            "flow": lambda: meter.flow * 3600.0,
            "velocity": lambda: meter.flow / area,
            "sound_speed": lambda: 1402.4 + 5.04 * meter.temperature - 0.058 * meter.temperature**2,
            "volume": lambda: meter.indicated,
            "net_volume": lambda: meter.indicated,
            "temperature_1": lambda: meter.temperature + meter.spec.temperature_error,
            "temperature_2": lambda: meter.temperature + meter.spec.temperature_error,
            "signal_quality": lambda: (ord("R") << 8) + 92,
            "upstream_strength": lambda: 1650,
            "downstream_strength": lambda: 1648,
            "time_ratio": lambda: 100.0,
        },
    )
