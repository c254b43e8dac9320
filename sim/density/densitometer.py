"""A solid densitometer: a balance with a carrier in water, and what its program makes of two weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remotecal.fluids.water import water_density_tanaka

if TYPE_CHECKING:
    from remotecal.sim.density.solids import Solid
    from remotecal.sim.density.stand import Stand
    from remotecal.sim.instruments.weighing import Platform

AIR: Final = 1.2
"""Density of air in kg/m³ that its program takes."""


@dataclass(frozen=True, slots=True)
class DensitometerSpec:
    """What its program has wrong."""

    thermometer: float
    """By how much its thermometer shows too much, in K."""
    table: float
    """By which share its table has water denser than it is."""


class WeighingProgram:
    """The densitometer, as its program weighs. Act on it only inside `with world.present():`."""

    def __init__(self, spec: DensitometerSpec, stand: Stand, platform: Platform) -> None:
        self.spec, self._stand, self._platform = spec, stand, platform
        self.density = 0.0
        """What it shows, in kg/m³, before rounding."""

    @property
    def liquid(self) -> float:
        """The density it takes for its water now, in kg/m³."""
        t = self._stand.temperature(self._stand.world.time) + self.spec.thermometer
        return water_density_tanaka(t) * (1.0 + self.spec.table)

    def measure(self, body: Solid) -> None:
        """Do what a person and its program do for one reading."""
        self.zero()
        self._stand.put(body, "pan")
        in_air = self._net()
        self._stand.put(body, "carrier")
        self.density = self._by(in_air, self._net(), self.liquid)
        self._stand.put(None)

    def zero(self) -> None:
        """Set it to zero with nothing on it."""
        self._stand.put(None)
        self._platform.tare = self._at_rest()

    def expected(self, body: Solid, time: float) -> float:
        """Return what it shows of a body without noise and bubbles, the menisci as on average."""
        shows, stand = self._platform.spec.calibration.indicated, self._stand
        zero = shows(0.0)
        in_air = shows(stand.weight(body, "pan", time)) - zero
        in_water = shows(stand.weight(body, "carrier", time) + stand.spec.offset) - zero
        return self._by(in_air, in_water, self.liquid)

    @staticmethod
    def _by(in_air: float, in_water: float, liquid: float) -> float:
        return (in_air * liquid - in_water * AIR) / (in_air - in_water)

    def _at_rest(self) -> float:
        self._stand.disturbed = self._stand.world.time - 60.0  # they wait a minute for the pan
        return self._platform.gross(self._stand.world.time)

    def _net(self) -> float:
        step = self._platform.spec.resolution
        return round((self._at_rest() - self._platform.tare) / step) * step
