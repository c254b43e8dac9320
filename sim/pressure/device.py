"""A device under test: what it indicates of a pressure depends on where that came from, and how long ago."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class DeviceSpec:
    """What a device is like; all but `full` and `step` as shares of its full scale."""

    full: float
    """Full scale in kPa."""
    step: float
    """Smallest step of its indication in kPa."""
    offset: float
    gain: float
    bend: float
    """Largest distance of its curve from the straight line."""
    turn: float
    """Hysteresis in the middle of the range: falling less rising."""
    shift: float
    """Standard deviation of its zero from one full cycle to the next."""
    creep: float = 2e-5
    """How much of a step it comes to late."""
    warmth: float = 0.0
    """Change per kelvin from 20 °C."""
    noise: float = 2e-6
    """Standard deviation of one reading."""

    def error(self, pressure: float, temperature: float) -> float:
        """Return the error in kPa, the mean of both directions, at rest."""
        share = pressure / self.full
        bent = self.bend * 4 * share * (1 - share)
        return self.full * (self.offset + self.gain * share + bent + self.warmth * (temperature - 20.0))

    def apart(self, pressure: float) -> float:
        """Return by how many kPa either direction is off that mean."""
        return self.turn * min(pressure, self.full - pressure)


class PressureDevice:
    """A device on a line, moved on step by step.

    A step of pressure heats the gas in the dead end before it, which then cools; the device follows with a
    lag, creeps, and has a play that remembers the direction (a play operator of a quarter of its range gives
    a loop that is closed at both ends). After each full load its zero is a little elsewhere.
    """

    STEP = 0.25
    """Longest step in s."""
    HEAT, COOLING = 1e-3, 20.0
    """What a step of pressure is too large by at first, as a share of it; and how fast that goes, in s."""
    LAG, CREEPING = 0.3, 120.0
    """Time constants in s."""

    def __init__(self, spec: DeviceSpec, pressure: Callable[[], float], rng: Random) -> None:
        """`pressure` tells the true gauge pressure at the device in kPa."""
        self.spec = spec
        self._pressure, self._rng = pressure, rng
        self._before = self._heat = self._felt = self._play = self._crept = self._zero = 0.0
        self._loaded = False

    def move(self, begin: float, until: float) -> float:
        """Move on by one step at most (`world.Physics`)."""
        took = min(until - begin, self.STEP)
        pressure, full = self._pressure(), self.spec.full
        self._heat = (self._heat + self.HEAT * (pressure - self._before)) * math.exp(-took / self.COOLING)
        self._before = pressure
        self._felt += (pressure + self._heat - self._felt) * (1 - math.exp(-took / self.LAG))
        self._play = min(max(self._play, self._felt - full / 4), self._felt + full / 4)
        self._crept += (self._felt - self._crept) * (1 - math.exp(-took / self.CREEPING))
        if self._felt > 0.9 * full:
            self._loaded = True
        elif self._loaded and self._felt < 0.02 * full:
            self._loaded, self._zero = False, self._rng.gauss(0.0, self.spec.shift * full)
        return begin + took

    def indicated(self, temperature: float) -> float:
        """Return what one reading shows in kPa, before it is rounded."""
        spec, felt = self.spec, self._felt
        turned = 2 * spec.turn * (self._play - spec.full / 4 - felt / 2)
        late = spec.creep * (felt - self._crept)
        noise = self._rng.gauss(0.0, spec.noise * spec.full)
        return felt + spec.error(felt, temperature) + turned + self._zero - late + noise


@dataclass(frozen=True, slots=True)
class OutputStage:
    """Turns an indication into 4–20 mA, in steps of its converter."""

    offset: float
    """In mA."""
    gain: float
    """Relative error (1)."""
    STEPS = 2**16

    def current(self, share: float) -> float:
        """Return the current in mA for a share of the full scale."""
        return 4.0 + self.offset + 16.0 * (1 + self.gain) * round(share * self.STEPS) / self.STEPS

    def error(self, share: float) -> float:
        """Return the error in mA it adds at a share of the full scale."""
        return self.offset + 16.0 * self.gain * share
