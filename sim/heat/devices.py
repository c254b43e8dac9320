"""Several devices that tell energy on one bench: how they are called, read, and ordered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from remotecal.procedures.procedure import of_role
from remotecal.sim import stands
from remotecal.sim.gate import Gate

if TYPE_CHECKING:
    from remotecal.procedures import Drivers
    from remotecal.sim.heat.calculator import HeatCalculator
    from remotecal.sim.paper import Job
    from remotecal.sim.wiring import Wired
    from remotecal.sim.world import World


def names(kind: str, count: int) -> tuple[str, ...]:
    """Return what the counters at devices of a kind are called; one alone is `dut`."""
    return ("dut",) if count == 1 else tuple(f"{kind}_{number}" for number in range(1, count + 1))


def energy_counters(
    world: World, devices: Sequence[HeatCalculator], per_energy: float, kind: str
) -> dict[str, Wired]:
    """Return a counter at the output of each device, so many pulses for a kilowatt hour."""

    def pulses(device: HeatCalculator) -> Callable[[], float]:
        return lambda: device.energy * per_energy

    return {
        name: stands.counter(
            world, pulses(device), Gate(), timebase_error=0.0, serial=f"MY5000{1234 + number}"
        )
        for number, (name, device) in enumerate(zip(names(kind, len(devices)), devices, strict=True))
    }


def ordered(job: Job, item: Mapping[str, object], kind: str, count: int) -> Job:
    """Return what an order asks for with so many devices like `item` in it, a serial number each."""
    serials = [f"SIM-{number:04}" for number in range(1, count + 1)]
    if count == 1:
        return replace(job, dut={**item, "serial": serials[0]})
    placed = zip(serials, names(kind, count), strict=True)
    return replace(job, duts=tuple({**item, "serial": serial, "on": on} for serial, on in placed))


def devices_among(drivers: Drivers) -> int:
    """Return how many devices are read, by role → driver; one at least."""
    return sum(of_role(role) == "dut" for role in drivers) or 1
