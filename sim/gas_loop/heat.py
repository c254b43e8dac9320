"""Where heat goes in a loop: from the blower into the gas, from there to cooler, walls and room."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.sim.surroundings import Wave

if TYPE_CHECKING:
    from remotecal.sim.world import World


@dataclass(frozen=True, slots=True)
class HeatSpec:
    """What stores heat, and what lets it pass."""

    walls: float
    """Heat capacity of the steel, in J/K."""
    cooler: float = 500.0
    """Conductance of the cooler, in W/K."""
    to_walls: float = 300.0
    """From gas to steel, in W/K."""
    to_room: float = 20.0
    """From steel to the room, in W/K."""
    between: float = 20.0
    """From gas to steel between masters and meter, in W/K; the same again to the check meter."""
    efficiency: float = 0.5
    """Of the blower: all of its power warms the gas."""
    lag: float = 15.0
    """Time constant of the thermometers, in s."""
    meter_lag: float = 15.0
    """That of the one at the meter under test."""


class Heat:
    """Temperatures in °C: of the gas behind the cooler, of the walls, at the meters; and what wells feel."""

    CREEPS = 5.0
    """What a stream carries, in W/K, below which the gas counts as standing, and is one."""
    COLDEST = 2.0
    """Coldest water the cooler can have, in °C."""

    def __init__(self, spec: HeatSpec, world: World, room: float) -> None:
        self.spec = spec
        self.gas = self.walls = self.meter = self.check = self.hot = room
        self.felt: dict[str, float] = {"masters": room, "meter": room, "check": room}
        """What thermometers have come to."""
        self.cooled = True
        """Whether the cooler has water."""
        self._hunts = Wave(world.random("cooler"), 0.0, 0.02, 1800.0)
        self._world = world

    def advance(
        self,
        took: float,
        *,
        stored: float,
        carried: float,
        work: float,
        squeezed: float,
        room: float,
        wanted: float,
    ) -> None:
        """Let some seconds pass.

        Args:
            took: how many.
            stored: heat capacity of all the gas, at constant volume, in J/K.
            carried: what the stream carries, in W/K; 0 where it stands.
            work: power of the blower, in W.
            squeezed: what filling or venting does to the temperature, relative.
            room: temperature of the room.
            wanted: temperature the cooler is set to.
        """
        spec = self.spec
        cooler = spec.cooler if carried and self.cooled else 0.0
        whole = cooler + spec.to_walls
        rest = (work + spec.to_walls * self.walls) / whole
        if cooler:
            aim = wanted + self._hunts.at(self._world.time)
            water = (aim * whole - work - spec.to_walls * self.walls) / cooler
            rest += cooler * max(water, self.COLDEST) / whole
        self.gas = rest + (self.gas - rest) * math.exp(-whole * took / stored)
        self.gas += (self.gas + 273.15) * squeezed
        self.walls += (
            took / spec.walls * (spec.to_walls * (self.gas - self.walls) - spec.to_room * (self.walls - room))
        )
        given = 1.0 - math.exp(-spec.between / carried) if carried > self.CREEPS else 0.0
        self.meter = self.gas + given * (self.walls - self.gas)
        self.check = self.meter + given * (self.walls - self.meter)
        self.hot = self.gas + (work / carried if carried else 0.0)
        self._feel(took)

    def _feel(self, took: float) -> None:
        now = {"masters": self.gas, "meter": self.meter, "check": self.check}
        for place, true in now.items():
            lag = self.spec.meter_lag if place == "meter" else self.spec.lag
            self.felt[place] = true + (self.felt[place] - true) * math.exp(-took / lag)
