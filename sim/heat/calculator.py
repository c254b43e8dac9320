"""A calculator of a heat meter: what it makes of two resistances and of pulses."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from remotecal.fluids.heat_coefficient import Side, heat_coefficient
from remotecal.scales.iec60751 import temperature


@dataclass(frozen=True, slots=True)
class CalculatorSpec:
    """A calculator."""

    side: Side
    """Where it takes the flow sensor to stand."""
    pulses_per_volume: float
    """Pulses for a cubic metre that it is set for."""
    off: tuple[float, float] = (0.0, 0.0)
    """By how many K it takes both temperatures for too much, at any temperature."""
    gain: float = 0.0
    """By how much it takes resistances for too much, relative."""
    coefficient: float = 0.0
    """By how much its heat coefficient is too large, relative."""
    pressure: float = 1.6e6
    """Absolute pressure its heat coefficient is for, in Pa."""

    def sees(self, ohms: tuple[float, float]) -> tuple[float, float]:
        """Return both temperatures in °C it takes resistances for."""
        forward, back = (
            temperature(one * (1.0 + self.gain)) + off for one, off in zip(ohms, self.off, strict=True)
        )
        return forward, back

    def energy(self, ohms: tuple[float, float], pulses: float) -> float:
        """Return the energy in kWh it makes of pulses; none without a difference of temperatures."""
        if not all(map(math.isfinite, ohms)):
            return 0.0
        forward, back = self.sees(ohms)
        if not 0.0 <= back < forward <= 200.0:
            return 0.0
        k = heat_coefficient(forward, back, self.pressure, self.side) * (1.0 + self.coefficient)
        return k * (forward - back) * pulses / self.pulses_per_volume


def draw_calculator(rng: Random, side: Side, pulses_per_volume: float) -> CalculatorSpec:
    """Draw a calculator."""
    common = rng.gauss(0.0, 0.02)
    off = common + rng.gauss(0.0, 0.004), common + rng.gauss(0.0, 0.004)
    return CalculatorSpec(
        side, pulses_per_volume, off, rng.gauss(0.0, 3e-5), coefficient=rng.gauss(0.0, 4e-4)
    )


class HeatCalculator:
    """A calculator at work: it looks every eight seconds at what it is connected to.

    Args:
        spec: what it is.
        ohms: gives both resistances at its terminals.
        pulses: tells how many pulses came until now.
    """

    EVERY = 8.0

    def __init__(
        self, spec: CalculatorSpec, ohms: Callable[[], tuple[float, float]], pulses: Callable[[], float]
    ) -> None:
        self.spec, self._ohms, self._pulses = spec, ohms, pulses
        self.energy = 0.0
        """Energy in kWh it has counted."""
        self._counted, self._waited = 0.0, 0.0
        self._for: tuple[tuple[float, float], float] | None = None

    def move(self, took: float) -> None:
        """Let `took` seconds pass."""
        self._waited += took
        if self._waited < self.EVERY:
            return
        self._waited = 0.0
        came = self._pulses() - self._counted
        self._counted += came
        if came:
            self.energy += came * self._each(self._ohms())

    def _each(self, ohms: tuple[float, float]) -> float:
        """Return the energy in kWh of one pulse; worked out once for what does not change."""
        if self._for is None or self._for[0] != ohms:
            self._for = ohms, self.spec.energy(ohms, 1.0)
        return self._for[1]
