"""A 33500B that sends packets of pulses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from remotecal.drivers.keysight.generator33500b import (
    BurstMode,
    Keysight33500B,
    Switch,
    TriggerSource,
    Waveform,
)
from remotecal.sim.simulated import NOT_NOW, Refused
from remotecal.sim.simulated_lines import ScpiSimulated

if TYPE_CHECKING:
    from remotecal.drivers.contents import Content
    from remotecal.sim.world import World


class BurstGenerator(ScpiSimulated):
    """A 33500B: triggered bursts by the bus, of which only those into a switched-on output are sent.

    A trigger while a burst is under way is ignored, as is one while bursts are off.
    """

    def __init__(self, world: World, *, serial: str = "MY57001234", name: str = "generator") -> None:
        self._begun, self._cycles, self._rate = 0.0, 0, 1.0
        self._sent = 0
        super().__init__(
            Keysight33500B,
            world,
            name,
            f"Agilent Technologies,33522B,{serial},4.00-1.19-2.00-58-00",
            writes={"trigger": lambda _: self._begin(), "output": self._switch},
        )
        self._held |= {
            "frequency": 1000.0,
            "high": 0.05,
            "low": -0.05,
            "cycles": 1.0,
            "function": Waveform.SINE.value,
            "burst_mode": BurstMode.TRIGGERED.value,
            "trigger_source": TriggerSource.IMMEDIATE.value,
        }

    @property
    def on(self) -> bool:
        """Whether its output is on."""
        return self._held["output"] == Switch.ON.value

    @property
    def pulses(self) -> int:
        """Pulses sent since it was switched on."""
        return self._sent + self._under_way()

    def _under_way(self) -> int:
        passed = (self.world.time - self._begun) * self._rate
        return min(self._cycles, math.floor(max(passed, 0.0) + 1e-9))

    def _begin(self) -> None:
        ready = self._held["burst"] == Switch.ON.value and self.on
        if not ready or self._held["trigger_source"] != TriggerSource.BUS.value:
            raise Refused(*NOT_NOW)
        if self._under_way() < self._cycles:
            return
        self._settle()
        self._begun, self._cycles = self.world.time, round(float(self._held["cycles"]))
        self._rate = float(self._held["frequency"])

    def _switch(self, state: Content) -> None:
        if float(state) != Switch.ON.value:
            self._settle()

    def _settle(self) -> None:
        """Count what was sent, and send nothing more."""
        self._sent, self._cycles = self.pulses, 0
