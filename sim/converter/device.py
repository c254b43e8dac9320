"""A volume converter: two sensors, a pulse input, and what it makes of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from remotecal.fluids.base_conditions import (
    BaseConditions,
    CompressionFactor,
    by_equation,
    by_sgerg88,
    conversion_factor,
    ideal,
)
from remotecal.fluids.gas import Gas
from remotecal.fluids.gas_equations import EQUATIONS
from remotecal.fluids.sgerg88 import SimpleAnalysis
from remotecal.uncertainty.number import estimate

COMPOSITION: Final = {
    "methane": 0.906724,
    "nitrogen": 0.031284,
    "carbon_dioxide": 0.004676,
    "ethane": 0.045279,
    "propane": 0.00828,
    "isobutane": 0.001037,
    "n_butane": 0.001563,
    "isopentane": 0.000321,
    "n_pentane": 0.000443,
    "hexane": 0.000393,
}
"""The gas that is programmed, mole fractions: Amarillo gas."""

SIMPLE: Final = {
    "calorific_value": 40.62,
    "relative_density": 0.609,
    "carbon_dioxide": 0.005,
    "hydrogen": 0.0,
}
"""The same gas as SGERG-88 is told of it (ISO 12213-3, gas 2)."""


HOLDS: Final = (-10.0, 60.0)
"""Between which temperatures in °C equations hold; beyond them a device goes on with Z at the end."""


def computing(method: str) -> CompressionFactor:
    """Return the compression factor of the gas by a method."""
    if method == "ideal":
        return ideal
    if method == "SGERG-88":
        return by_sgerg88(SimpleAnalysis(**SIMPLE))
    z = by_equation(EQUATIONS[method], Gas.analysed("Amarillo gas", COMPOSITION))
    low, high = HOLDS
    return lambda t, p: z(min(max(estimate(t), low), high), p)


@dataclass(frozen=True, slots=True)
class ConverterSpec:
    """What a converter is like."""

    low: float
    """Lowest absolute pressure of its range, in Pa."""
    full: float
    """Highest of it."""
    pulses: float
    """Pulses per m³."""
    method: str
    """How it computes compressibility."""
    base: BaseConditions
    """Its base conditions."""
    offset: float
    """Of its pressure sensor, in Pa."""
    gain: float
    """Of its pressure sensor (1)."""
    bend: float
    """Largest distance of its curve from the straight line, as a share of the range."""
    turn: float
    """Hysteresis in the middle of the range, falling less rising, as a share of the range."""
    warm: float
    """Error of its thermometer at 20 °C, in K."""
    slope: float
    """Change of that per kelvin."""
    filter: float = 30.0
    """Time constant of the low-pass filter that both pass, in s."""
    soak: float = 120.0
    """Time constant with which the sensor in the well comes to the well's temperature, in s."""
    digits: int = 0
    """Significant digits C is rounded to; 0 where it is not."""
    atmosphere: float = 0.0
    """What is added to a gauge sensor, in Pa; 0 for a sensor of absolute pressure."""
    alarm_above: float = math.inf
    """Pressure from which an alarm stands and a substitute value counts, in Pa."""
    noise: float = 2e-6
    """Standard deviation of a reading of pressure, as a share of `full`."""

    @property
    def range(self) -> float:
        """Width of its range, in Pa."""
        return self.full - self.low

    def off(self, pressure: float) -> float:
        """Return the pressure sensor's error in Pa at a pressure in Pa, the mean of both directions."""
        share = (pressure - self.low) / self.range
        return self.offset + self.gain * pressure + self.range * self.bend * 4 * share * (1 - share)

    def apart(self, pressure: float) -> float:
        """Return by how many Pa either direction is off that mean."""
        return self.turn * max(0.0, min(pressure - self.low, self.full - pressure))

    def warmer(self, temperature: float) -> float:
        """Return the thermometer's error in K."""
        return self.warm + self.slope * (temperature - 20.0)


class ConversionDevice:
    """A converter, moved on step by step.

    The pressure sensor has a play that remembers the direction. What counts is filtered; each pulse counts
    1/K, and C times that at base conditions. While an alarm stands C is of the substitute pressure, and what
    comes in counts as disturbed.

    Args:
        spec: what it is like.
        pressure: tells the true absolute pressure at its sensor, in Pa.
        air: tells the air's pressure in Pa.
        temperature: tells the true temperature round its sensor, in °C.
        pulses: tells how many pulses came in.
        rng: draws the noise.
    """

    STEP = 1.0
    """Seconds from one measurement of it to the next."""

    def __init__(
        self,
        spec: ConverterSpec,
        pressure: Callable[[], float],
        air: Callable[[], float],
        temperature: Callable[[], float],
        pulses: Callable[[], int],
        rng: Random,
    ) -> None:
        self.spec = spec
        self.measured = self.converted = self.disturbed = 0.0
        self._pressure, self._air, self._temperature, self._pulses = pressure, air, temperature, pulses
        self._rng, self._z = rng, computing(spec.method)
        self._play = spec.range / 4
        self._body = temperature()
        self._p, self._t = self._sensed_pressure(), self._sensed_temperature()
        self._counted = pulses()
        self._known: tuple[float, float, float] | None = None

    def move(self, took: float) -> None:
        """Let `took` seconds pass, at most `STEP`."""
        spec = self.spec
        soaked = 1.0 - math.exp(-took / spec.soak) if spec.soak else 1.0
        self._body += (self._temperature() - self._body) * soaked
        passed = 1.0 - math.exp(-took / spec.filter) if spec.filter else 1.0
        self._p += (self._sensed_pressure() - self._p) * passed
        self._t += (self._sensed_temperature() - self._t) * passed
        came = self._pulses() - self._counted
        if came:
            self._counted += came
            self.measured += came / spec.pulses
            converted = self.factor * came / spec.pulses
            if self.alarm:
                self.disturbed += converted
            else:
                self.converted += converted

    def _sensed_pressure(self) -> float:
        """Return what its sensor shows now, in Pa, absolute as it takes it."""
        spec, true = self.spec, self._pressure()
        quarter, x = spec.range / 4, true - spec.low
        self._play = min(max(self._play, x - quarter), x + quarter)
        turned = 2 * spec.turn * (self._play - quarter - x / 2)
        shown = true + spec.off(true) + turned + self._rng.gauss(0.0, spec.noise * spec.full)
        return shown - self._air() + spec.atmosphere if spec.atmosphere else shown

    def _sensed_temperature(self) -> float:
        return self._body + self.spec.warmer(self._body) + self._rng.gauss(0.0, 0.001)

    @property
    def alarm(self) -> bool:
        """Whether an alarm stands."""
        return self._p > self.spec.alarm_above

    @property
    def pressure(self) -> float:
        """What counts as absolute pressure, in Pa: while an alarm stands the substitute value."""
        return 0.5 * self.spec.full if self.alarm else self._p

    @property
    def temperature(self) -> float:
        """What counts as temperature, in °C."""
        return self._t

    @property
    def z(self) -> float:
        """Its compression factor."""
        return estimate(self._z(self._t, self.pressure))

    @property
    def z_base(self) -> float:
        """The same at base conditions."""
        return estimate(self._z(self.spec.base.t, self.spec.base.p))

    @property
    def base(self) -> tuple[float, float]:
        """Base temperature in °C and pressure in Pa."""
        return self.spec.base.t, self.spec.base.p

    @property
    def factor(self) -> float:
        """Its conversion factor."""
        t, p = self._t, self.pressure
        if self._known is None or self._known[:2] != (t, p):
            self._known = (t, p, estimate(conversion_factor(t, p, self.spec.base, self._z)))
        c = self._known[2]
        return float(f"{c:.{self.spec.digits - 1}e}") if self.spec.digits else c
