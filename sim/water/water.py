"""The water in the line."""

from __future__ import annotations

from random import Random

from remotecal.fluids.iapws95 import water_density_iapws95
from remotecal.fluids.water import TANAKA_A5, water_density_tanaka
from remotecal.sim.surroundings import Wave

STANDARD_PRESSURE = 101_325.0
"""Absolute pressure that gauge pressures are counted from, in Pa."""

HOT = 38.0
"""Above this mean temperature in °C the density is IAPWS-95's: Tanaka's formula ends at 40 °C."""


class Water:
    """The water's temperature and density.

    One slow swing that every place of the line shares; a few tenths of a kelvin an hour, as on a
    rig whose pump heats its store.
    """

    def __init__(self, rng: Random, excess: float = 0.0, mean: float = 20.0) -> None:
        """Draw how it will drift.

        Args:
            rng: draws it.
            excess: by how much it is denser than pure air-free water, relative (1).
            mean: about which its temperature swings, in °C.
        """
        trend = rng.uniform(-0.25, 0.25) / 3600.0
        self._temperature = Wave(rng, mean + rng.uniform(-1.0, 1.0), 0.15, 2.3 * 3600.0, trend)
        self._excess, self._hot = excess, mean > HOT

    def temperature(self, time: float) -> float:
        """Return the temperature at the meter under test in °C."""
        return self._temperature.at(time)

    def density(self, temperature: float, pressure: float = 0.0) -> float:
        """Return the density in kg/m³ at °C and Pa (gauge)."""
        absolute = STANDARD_PRESSURE + pressure
        if self._hot:
            return water_density_iapws95(temperature, absolute) * (1.0 + self._excess)
        return water_density_tanaka(temperature, absolute, a5=TANAKA_A5 * (1.0 + self._excess))
