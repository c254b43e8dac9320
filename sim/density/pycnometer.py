"""A gas pycnometer: a cell and a reference chamber, a real gas in them, and valves that a person turns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from remotecal.sim.density.solids import Solid
    from remotecal.sim.surroundings import Air
    from remotecal.sim.world import World

GAS_CONSTANT: Final = 8.314462618


@dataclass(frozen=True, slots=True)
class PycnometerSpec:
    """What is true of it."""

    cell: float
    """In m³."""
    reference: float
    """In m³."""
    virial: float
    """Second virial coefficient of the gas, in m³/mol."""
    leak: float = 0.0
    """By which share the pressure above the air's falls in a second."""
    cold: float = 0.0
    """What the gas lacks of its temperature for long after it was expanded beside a sample, in K."""


class Pycnometer:
    """The pycnometer. Act on it only inside `with world.present():`."""

    SETTLING = 25.0
    """Time constant in s with which the gas takes the temperature of its walls."""
    HEATED, COOLED = 1.5, -0.8
    """By how much it is warmer after it was let in, and colder after it was expanded, in K."""

    def __init__(self, world: World, spec: PycnometerSpec, air: Air) -> None:
        self.world, self.spec, self.air = world, spec, air
        self.body: Solid | None = None
        """What is in the cell."""
        self._changed, self._off, self._rest = world.time, 0.0, 0.0
        self._above = 0.0
        """Pressure above the air's in Pa, were the gas as warm as its walls."""

    @property
    def temperature(self) -> float:
        """Temperature of the walls, in °C."""
        return self.air.temperature(self.world.time)

    def vent(self) -> None:
        """Open all to the air."""
        self._let(0.0, 0.0)

    def fill(self, pressure: float) -> None:
        """Shut the cell, and fill it to about a pressure in Pa above the air's."""
        self._let(pressure, self.HEATED)

    def join(self, *, lacking: bool) -> None:
        """Open the valve between the chambers; `lacking` where the gas stays a little colder."""
        held = 0.0 if self.body is None else self.body.volume_at(self.temperature)
        cell, outside = self.spec.cell - held, self._outside
        # Gas that is still warm from being let in is no more gas for that.
        amount = self._amount(outside + self._tight) * cell + self._amount(outside) * self.spec.reference
        self._let(self._pressure(amount / (cell + self.spec.reference)) - outside, self.COOLED)
        self._rest = -self.spec.cold if lacking else 0.0

    @property
    def above(self) -> float:
        """Pressure above the air's, in Pa."""
        off = self._off * math.exp(-(self.world.time - self._changed) / self.SETTLING) + self._rest
        warm = 1.0 + off / (self.temperature + 273.15) if self._above else 1.0
        return (self._tight + self._outside) * warm - self._outside

    @property
    def _tight(self) -> float:
        """What has not leaked of the pressure above the air's, were the gas as warm as its walls."""
        return self._above * math.exp(-self.spec.leak * (self.world.time - self._changed))

    @property
    def _outside(self) -> float:
        return self.air.pressure(self.world.time)

    def _let(self, above: float, off: float) -> None:
        self._changed, self._above, self._off, self._rest = self.world.time, above, off, 0.0

    def _amount(self, pressure: float) -> float:
        """Return p/Z in Pa."""
        return pressure / (1.0 + self._second * pressure)

    def _pressure(self, amount: float) -> float:
        """Return the pressure in Pa of what `_amount` has."""
        return amount / (1.0 - self._second * amount)

    @property
    def _second(self) -> float:
        return self.spec.virial / (GAS_CONSTANT * (self.temperature + 273.15))
