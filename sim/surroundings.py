"""What drifts slowly round a bench: the air of the hall."""

from __future__ import annotations

import math
from random import Random

from remotecal.fluids.air import air_density


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
        """Return the value at `time` in seconds of world time."""
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
