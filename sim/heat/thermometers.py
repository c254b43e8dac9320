"""Platinum thermometers of heat meters: their curves, what a bath makes of them, how pairs are matched."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from remotecal.scales.iec60751 import R0, A, B, temperature


@dataclass(frozen=True, slots=True)
class PlatinumCurve:
    """R₀·(1 + A·t + B·t²) of one thermometer, for 100 Ω at 0 °C about."""

    r0: float
    a: float
    b: float

    def ohms(self, celsius: float) -> float:
        """Return its resistance at a temperature in °C."""
        return self.r0 * (1.0 + self.a * celsius + self.b * celsius**2)

    def shows(self, celsius: float) -> float:
        """Return what who takes it for IEC 60751 takes its temperature for, in °C."""
        return temperature(self.ohms(celsius))


@dataclass(frozen=True, slots=True)
class PairSpec:
    """A pair of thermometers."""

    forward: PlatinumCurve
    back: PlatinumCurve
    stem: tuple[float, float] = (0.0, 0.0)
    """What share of the excess over the room the stems of both take away, in a bath."""
    warmed: tuple[float, float] = (0.0, 0.0)
    """By how many K the bridge's current warms both."""

    def error(self, forward: float, back: float) -> float:
        """Return the relative error of the difference of two temperatures in °C, in %."""
        return 100.0 * ((self.forward.shows(forward) - self.back.shows(back)) / (forward - back) - 1.0)


def draw_pair(rng: Random, *, apart: float, stem: float, warmed: tuple[float, float]) -> PairSpec:
    """Draw a pair that was matched: what both have in common is larger than what they are apart.

    Args:
        rng: what it is drawn by.
        apart: standard deviation in K of what they are apart at 0 °C.
        stem: standard deviation of the shares their stems take away.
        warmed: by how many K the bridge warms them, and the standard deviation of that.
    """
    common = rng.gauss(0.0, 0.06), rng.gauss(0.0, 4e-4), rng.gauss(0.0, 3e-3)

    def one() -> PlatinumCurve:
        at_zero = common[0] + rng.gauss(0.0, apart / math.sqrt(2))
        return PlatinumCurve(
            R0 + at_zero * R0 * A,
            A * (1.0 + common[1] + rng.gauss(0.0, 8e-5)),
            B * (1.0 + common[2] + rng.gauss(0.0, 2e-3)),
        )

    return PairSpec(
        one(),
        one(),
        stem=(rng.gauss(0.0, stem), rng.gauss(0.0, stem)),
        warmed=(rng.gauss(*warmed), rng.gauss(*warmed)),
    )


class Immersed:
    """A thermometer in a bath: it follows late, loses by its stem, and is warmed by what measures it.

    Args:
        curve: its own.
        lag: time constant of its sheath, in s.
        stem: share of the excess over the room.
        warmed: by how many K the bridge warms it.
        begins: its temperature in °C to begin with.
    """

    def __init__(self, curve: PlatinumCurve, lag: float, stem: float, warmed: float, begins: float) -> None:
        self.curve = curve
        self.leads = 0.0
        """Resistance of its leads in ohms that is measured along with it."""
        self._lag, self._stem, self._warmed, self._now = lag, stem, warmed, begins

    def move(self, took: float, around: float) -> None:
        """Let `took` seconds pass in what is `around` so warm, in °C."""
        self._now = around + (self._now - around) * math.exp(-took / self._lag)

    def ohms(self, room: float) -> float:
        """Return its resistance as a bridge finds it, in a room so warm, in °C."""
        return self.curve.ohms(self._now - self._stem * (self._now - room) + self._warmed) + self.leads
