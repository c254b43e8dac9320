"""What drifts slowly round a rig: the air of the hall and the water in the line."""

from __future__ import annotations

import math
from random import Random

from remotecal.fluids.air import air_density
from remotecal.fluids.water import TANAKA_A5, water_density_tanaka


class Wave:
    """A slow swing about a mean: two sines of random phase and a steady trend."""

    __slots__ = ("_amplitude", "_fast", "_mean", "_phases", "_slow", "_trend")

    def __init__(self, rng: Random, mean: float, amplitude: float, period: float, trend: float = 0.0) -> None:
        """`period` in seconds; `trend` in the quantity's unit per second."""
        self._mean = mean
        self._amplitude = amplitude
        self._slow = 2.0 * math.pi / period
        self._fast = self._slow * 3.7
        self._phases = (rng.uniform(0.0, 2.0 * math.pi), rng.uniform(0.0, 2.0 * math.pi))
        self._trend = trend

    def at(self, time: float) -> float:
        """Return the value at `time` in seconds of rig time."""
        slow = math.sin(self._slow * time + self._phases[0])
        fast = math.sin(self._fast * time + self._phases[1])
        return self._mean + self._amplitude * (0.8 * slow + 0.2 * fast) + self._trend * time


class Air:
    """The hall's air: temperature in °C, pressure in Pa, relative humidity 0 to 1."""

    def __init__(self, rng: Random) -> None:
        self._temperature = Wave(rng, 20.0 + rng.uniform(-1.5, 1.5), 0.5, 5 * 3600.0)
        self._pressure = Wave(rng, 101_325.0 + rng.gauss(0.0, 700.0), 120.0, 9 * 3600.0)
        self._humidity = Wave(rng, rng.uniform(0.4, 0.6), 0.03, 6 * 3600.0)

    def temperature(self, time: float) -> float:
        """Return the air temperature in °C."""
        return self._temperature.at(time)

    def pressure(self, time: float) -> float:
        """Return the absolute air pressure in Pa."""
        return self._pressure.at(time)

    def humidity(self, time: float) -> float:
        """Return the relative humidity, 0 to 1."""
        return self._humidity.at(time)

    def density(self, time: float) -> float:
        """Return the density of the air in kg/m³ (CIPM-2007)."""
        return air_density(self.temperature(time), self.pressure(time), self.humidity(time))


STANDARD_PRESSURE = 101_325.0
"""Absolute pressure that gauge pressures are counted from, in Pa."""


class Water:
    """The water's temperature and density.

    One slow swing that every place of the line shares; a few tenths of a kelvin an hour, as on a
    rig whose pump heats its store.
    """

    def __init__(self, rng: Random, excess: float = 0.0) -> None:
        """`excess` is by how much it is denser than pure air-free water, relative (1)."""
        trend = rng.uniform(-0.25, 0.25) / 3600.0
        self._temperature = Wave(rng, 20.0 + rng.uniform(-1.0, 1.0), 0.15, 2.3 * 3600.0, trend)
        self._a5 = TANAKA_A5 * (1.0 + excess)

    def temperature(self, time: float) -> float:
        """Return the temperature at the meter under test in °C."""
        return self._temperature.at(time)

    def density(self, temperature: float, pressure: float = 0.0) -> float:
        """Return the density in kg/m³ at °C and Pa (gauge)."""
        return water_density_tanaka(temperature, STANDARD_PRESSURE + pressure, a5=self._a5)
