"""KROHNE's Coriolis converters in front of a `meter.Meter`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from remotecal.drivers.krohne.mfc import Counting, KrohneMfc300, KrohneMfc400, Mode
from remotecal.sim.instruments.flow_meters import Totalizer, coriolis, totals
from remotecal.sim.simulated_modbus import ModbusSimulated

if TYPE_CHECKING:
    from remotecal.sim.instruments.meter import Meter
    from remotecal.sim.simulated import Source
    from remotecal.sim.world import World


def mfc300(
    world: World, meter: Meter, *, unit: int = 1, name: str = "mfc300", bore: float = 0.05
) -> ModbusSimulated:
    """Return an MFC 300 with tubes of inner diameter `bore` in m: counter 1 mass, 2 volume."""
    mass, volume = (Totalizer(total, held_by=Counting.STOPPED.value) for total in totals(meter))
    return ModbusSimulated(
        KrohneMfc300,
        world,
        name,
        unit=unit,
        reads={
            **_flowing(meter, bore),
            "operating_time": lambda: world.time,
            **mass.reads("total_mass", "mass"),
            **volume.reads("volume", "volume"),
        },
        writes=mass.writes("mass") | volume.writes("volume"),
    )


def mfc400(
    world: World, meter: Meter, *, unit: int = 1, name: str = "mfc400", bore: float = 0.05
) -> ModbusSimulated:
    """Return an MFC 400 with tubes of inner diameter `bore` in m: totaliser 1 mass, 2 volume."""
    mass, volume = totals(meter)
    return ModbusSimulated(
        KrohneMfc400,
        world,
        name,
        unit=unit,
        reads={
            **_flowing(meter, bore),
            "mode": lambda: Mode.MEASURE.value,
            "total_mass": mass,
            "volume": volume,
        },
    )


def _flowing(meter: Meter, bore: float) -> dict[str, Source]:
    shown = coriolis(meter)
    area = math.pi * bore * bore / 4.0
    return {
        **shown,
        "temperature": lambda: float(shown["temperature"]()) + 273.15,
        "velocity": lambda: float(shown["flow"]()) / area,
    }
