"""The controller of a pipe prover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.drivers.rig.prover import ProverController
from remotecal.sim.simulated_modbus import ModbusSimulated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remotecal.sim.simulated import Source
    from remotecal.sim.world import World


def prover(
    world: World, reads: Mapping[str, Source], launch: Callable[[], None], *, unit: int = 1
) -> ModbusSimulated:
    """Return a controller that tells what `reads` has, and calls `launch` when it is told to."""
    return ModbusSimulated(
        ProverController,
        world,
        "prover",
        unit=unit,
        reads=reads,
        writes={"launch": lambda content: launch() if content else None},
    )
