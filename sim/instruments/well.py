"""A metrology well: a block of metal that heats and cools, behind its dialect."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from remotecal.drivers.fluke.well import FlukeWell, Output
from remotecal.sim.simulated import Refused
from remotecal.sim.simulated_lines import ScpiSimulated

if TYPE_CHECKING:
    from remotecal.drivers.contents import Content
    from remotecal.sim.world import World


class Block:
    """A block that follows its set point while it is on, and the room while it is off; in °C."""

    FOLLOWING, COOLING = 240.0, 5400.0
    """Time constants in s, on and off."""

    def __init__(self, room: Callable[[], float]) -> None:
        """`room` tells the temperature round it."""
        self.temperature = room()
        self.target = self.temperature
        """What its own sensor is to show, as it truly is there."""
        self.on = self.tripped = False
        self.permitted = True
        """Whether its heater has its supply, which a guard may hold."""
        self._room = room

    @property
    def started(self) -> bool:
        """Whether it is on."""
        return self.on

    @property
    def speed(self) -> float:
        """Whether it heats, as 1 or 0."""
        return float(self.on)

    def start(self) -> bool:
        """Switch it on, if it has its supply; tell whether it is."""
        self.on = self.permitted
        return self.on

    def permit(self, *, given: bool) -> None:
        """Give or take its supply; it has to be switched on again."""
        self.permitted = given
        self.on = self.on and given

    def move(self, took: float) -> None:
        """Let `took` seconds pass."""
        towards, constant = (self.target, self.FOLLOWING) if self.on else (self._room(), self.COOLING)
        self.temperature = towards + (self.temperature - towards) * math.exp(-took / constant)


class Well(ScpiSimulated):
    """A 9142 in front of a block. Its heater is off after it was switched on, and on `*RST`."""

    def __init__(
        self,
        world: World,
        block: Block,
        *,
        off: float = 0.0,
        span: tuple[float, float] = (-25.0, 150.0),
        limit: float = 0.02,
        serial: str = "9142B0017",
        name: str = "well",
    ) -> None:
        """Put one round a block.

        Args:
            world: its time.
            block: what it heats.
            off: by how much its own sensor shows too much, in K.
            span: what it can be told, in °C.
            limit: how near the set point its own sensor must show it to be stable, in K.
            serial: it tells this serial number.
            name: of its faults.
        """
        self._block, self._off, self._span = block, off, span
        super().__init__(
            FlukeWell,
            world,
            name,
            f"FLUKE,9142,{serial},1.20",
            no_error='0,"No error"',
            reads={
                "temperature": lambda: block.temperature + off,
                "stability": lambda: int(block.on and abs(block.temperature - block.target) <= limit),
                "output": lambda: (Output.ON if block.on else Output.OFF).value,
            },
            writes={"setpoint": self._go, "output": self._switch},
        )
        self._held |= {"setpoint": 25.0, "rate": 500.0}

    def _go(self, told: Content) -> None:
        low, high = self._span
        if not low <= float(told) <= high:
            raise Refused
        self._block.target = float(told) - self._off

    def _switch(self, state: Content) -> None:
        self._block.on = self._block.permitted and float(state) == Output.ON.value

    def _reset(self) -> None:
        self._block.on = False
