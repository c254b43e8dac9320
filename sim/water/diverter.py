"""The diverter, which opens and shuts the gate of timer and counters."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remotecal.sim.gate import Gate
    from remotecal.sim.world import World


@dataclass(frozen=True, slots=True)
class DiverterSpec:
    """What the diverter is.

    Its position sensor switches half-way. The water changes its way `late_to_tank` or
    `late_to_bypass` seconds after that (before, if negative), so a collection lasts
    `late_to_bypass - late_to_tank` longer than the timer says.
    """

    travel: float = 0.08
    """Time from one end to the other, in s."""
    late_to_tank: float = 0.0
    late_to_bypass: float = 0.0
    jitter: float = 0.0004
    """Standard deviation of each change's moment, in s."""
    haste: float = 0.002
    """Standard deviation of how long it takes to its sensor, in s: no two collections last alike."""

    @property
    def asymmetry(self) -> float:
        """Return what must be added to the timer's reading, in s."""
        return self.late_to_bypass - self.late_to_tank


class Diverter:
    """Sends the jet into the tank or past it."""

    def __init__(self, spec: DiverterSpec, world: World, gate: Gate, rng: Random) -> None:
        self.spec = spec
        self.gate = gate
        self.filling = False
        """Whether the water goes into the tank at this moment."""
        self.told = False
        """Whether it was last told to turn to the tank."""
        self.stuck = False
        """A stuck diverter takes commands and does not move."""
        self._world = world
        self._rng, self._turning = rng, world.random("turning")
        self._order = 0

    def turn(self, time: float, *, to_tank: bool) -> None:
        """Start to turn at `time`, if it does not stand there already."""
        if to_tank == self.told:
            return
        self.told = to_tank
        if self.stuck:
            return
        self._order += 1
        order = self._order
        half = time + max(0.5 * self.spec.travel + self._turning.gauss(0.0, self.spec.haste), 0.0)
        late = self.spec.late_to_tank if to_tank else self.spec.late_to_bypass
        late += self._rng.gauss(0.0, self.spec.jitter)

        def sense(moment: float) -> None:
            if order == self._order:
                self.gate.set(moment, opened=to_tank)

        def change(_: float) -> None:
            if order == self._order:
                self.filling = to_tank

        self._world.at(half, sense)
        self._world.at(max(half + late, time), change)
