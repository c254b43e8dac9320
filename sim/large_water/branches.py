"""Branches in parallel, each with a master meter and a valve that may leak when it is shut."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.sim.instruments.meter import Meter, MeterSpec
from remotecal.sim.ramp import Ramp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.sim.world import World


@dataclass(frozen=True, slots=True)
class BranchSpec:
    """What a branch is made of."""

    master: MeterSpec
    conductance: float
    """What it lets through in comparison with the others; about its master's highest flow, in m³/s."""
    leak: float = 0.0
    """What its shut valve lets through at a difference of 100 kPa, in m³/s."""


class Branch:
    """A branch: the master meter, and the valve behind it."""

    BAR = 1.0e5
    """Difference of pressure in Pa that leaks are stated for."""

    def __init__(self, spec: BranchSpec, world: World, name: str) -> None:
        self.spec = spec
        self.valve = Ramp(0.1)
        """Its opening, 0 to 1; shut when the rig is switched on, open in 10 s."""
        self.master = Meter(spec.master, world.random(name))
        self.leak = spec.leak
        """What its valve lets through at a difference of 100 kPa when it is shut, in m³/s."""

    def lets(self, time: float) -> float:
        """Return what it lets through now, in comparison with the others."""
        return self.spec.conductance * self.valve.at(time)

    def leaks(self, time: float, difference: float) -> float:
        """Return what its valve lets through in m³/s, if it is shut, at a difference of pressure in Pa."""
        if not self.leak or self.valve.at(time) > 0.0 or difference <= 0.0:
            return 0.0
        return self.leak * math.sqrt(difference / self.BAR)


class Branches:
    """All branches; to the line they are one valve, open by as much as they let through together."""

    def __init__(self, specs: Sequence[BranchSpec], world: World) -> None:
        self.each = tuple(Branch(spec, world, f"master {n}") for n, spec in enumerate(specs, 1))
        self._all = sum(one.spec.conductance for one in self.each)

    def __len__(self) -> int:
        return len(self.each)

    def at(self, time: float) -> float:
        """Return the share of what they could let through that they do."""
        return sum(one.lets(time) for one in self.each) / self._all

    def moving(self, time: float) -> bool:
        """Tell whether any valve is on its way."""
        return any(one.valve.moving(time) for one in self.each)

    def move(self, bits: int, time: float) -> None:
        """Open the branches of these bits, and shut the others."""
        for place, one in enumerate(self.each):
            one.valve.move(float(bits >> place & 1), time)

    def shares(self, time: float) -> list[float]:
        """Return which share of the flow goes through each; all 0 where none is open."""
        lets = [one.lets(time) for one in self.each]
        total = sum(lets)
        return [one / total for one in lets] if total else lets

    def capacity(self, time: float) -> float:
        """Return the highest flow in m³/s of those that are open, as far as they are."""
        return sum(one.spec.master.highest * one.valve.at(time) for one in self.each)

    def leak(self, time: float, difference: float) -> float:
        """Return what shut valves let through together, in m³/s; as `Branch.leaks`."""
        return sum(one.leaks(time, difference) for one in self.each)

    def told(self) -> int:
        """Return the bits of those that are told to be open."""
        return sum(1 << place for place, one in enumerate(self.each) if one.valve.target)

    def standing(self, time: float) -> int:
        """Return the bits of those that stand open, by their limit switches."""
        return sum(1 << place for place, one in enumerate(self.each) if one.valve.at(time) > 0.99)
