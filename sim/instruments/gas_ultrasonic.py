"""An ultrasonic gas meter on Modbus: its total, and the speed of sound by its paths; registers by a table.

Makers' tables are set for each meter, and none has been seen: these registers are this bench's own, stated in
its bench file as any laboratory would state those of its meter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from remotecal.configuration import as_toml
from remotecal.drivers.mapped.register_map import RegisterMap
from remotecal.sim.simulated_modbus import ModbusSimulated

if TYPE_CHECKING:
    from remotecal.sim.world import World

WRAPS: Final = 1e6
"""Volume in m³ at which its total begins anew."""

TABLE: Final = as_toml(
    {
        "model": "ultrasonic gas meter",
        "source": "the simulated bench",
        "capabilities": ["VolumeTotalizer", "FlowMeter", "SoundMeter"],
        "modbus": {"counts_from": 40001, "functions": [3], "order": "ABCD"},
        "readings": {
            "volume": {
                "holding": 40001,
                "type": "f64",
                "unit": "m3",
                "span": [0, WRAPS],
                "accuracy": "exact",
                "wraps": WRAPS,
                "doc": "Volume as it passed.",
            },
            "sound_speed": {
                "holding": 40005,
                "type": "f32",
                "unit": "m/s",
                "span": [150, 1500],
                "accuracy": "unstated",
                "doc": "Mean of all paths.",
            },
            "flow": {
                "holding": 40007,
                "type": "f32",
                "unit": "m3/h",
                "span": [-1e4, 1e4],
                "accuracy": "unstated",
                "doc": "Volume flow as it passes; with no cut-off.",
            },
        },
    }
)
"""Its registers, as a bench file states them."""


def gas_ultrasonic(
    world: World,
    total: Callable[[], float],
    sound: Callable[[], float],
    name: str,
    flow: Callable[[], float],
) -> ModbusSimulated:
    """Return a meter that tells a total in m³, a speed of sound in m/s and a flow in m³/h."""
    driver = RegisterMap.as_stated({"table": TABLE})
    reads = {"volume": lambda: total() % WRAPS, "sound_speed": sound, "flow": flow}
    return ModbusSimulated(driver, world, name, reads=reads)
