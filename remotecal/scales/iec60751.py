"""Industrial platinum thermometers: the curve of IEC 60751:2022, and the curve of a single one.

R(t) = R₀·(1 + A·t + B·t²)                  0 °C and above
R(t) = R₀·(1 + A·t + B·t² + C·(t - 100)·t³)   below
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from remotecal.errors import ParameterError
from remotecal.uncertainty.number import N, Number, estimate, sqrt

R0: Final = 100.0
"""Nominal resistance of a Pt100 at 0 °C, in ohms."""
A: Final = 3.9083e-3
B: Final = -5.775e-7
C: Final = -4.183e-12
"""Coefficients of IEC 60751:2022, 4.2, in powers of 1/°C."""


def resistance(temperature: N) -> N:
    """Return the resistance in ohms of a Pt100 by IEC 60751 at a temperature in °C, −200 to 850.

    >>> round(resistance(100.0), 2), round(resistance(-200.0), 2)
    (138.51, 18.52)
    """
    t = temperature
    below = C * (t - 100) * t**3 if estimate(t) < 0 else 0.0
    ohms: N = R0 * (1 + A * t + B * t**2 + below)
    return ohms


def slope(temperature: float) -> float:
    """Return by how many ohms a Pt100 changes with each kelvin at a temperature in °C.

    >>> round(slope(0.0), 5)
    0.39083
    """
    t = temperature
    return R0 * (A + 2 * B * t + (C * (4 * t**3 - 300 * t**2) if t < 0 else 0.0))


def temperature(resistance_: N) -> N:
    """Return the temperature in °C at which a Pt100 by IEC 60751 has a resistance in ohms.

    >>> round(temperature(138.5055), 6), round(temperature(18.5201), 3)
    (100.0, -200.0)
    """
    t: N = (-A + sqrt(A**2 - 4 * B * (1 - resistance_ / R0))) / (2 * B)
    for _ in range(6 if estimate(t) < 0 else 0):
        t = t - (resistance(t) - resistance_) / slope(estimate(t))
    return t


@dataclass(frozen=True, slots=True)
class Fitted:
    """The curve of one thermometer, by least squares through where it was measured; 0 °C and above."""

    temperatures: tuple[float, ...]
    """Where it was measured, in °C."""
    resistances: tuple[float, ...]
    """What it had there, in ohms."""

    def __post_init__(self) -> None:
        if len(set(self.temperatures)) < COEFFICIENTS or len(self.temperatures) != len(self.resistances):
            raise ParameterError(
                f"a thermometer's curve has {COEFFICIENTS} coefficients: measure it at as many "
                "temperatures or more"
            )
        if min(self.temperatures) < LOWEST:
            raise ParameterError("a curve through temperatures below 0 °C has one coefficient more")

    def weights(self, temperature: float) -> tuple[float, ...]:
        """Return what each measured resistance counts for in that at a temperature: R(t) = Σ wᵢ·Rᵢ."""
        import numpy as np

        scale = max(map(abs, self.temperatures)) or 1.0
        powers = np.vander(np.array(self.temperatures) / scale, COEFFICIENTS, increasing=True)
        at = np.vander(np.array([temperature / scale]), COEFFICIENTS, increasing=True)
        return tuple(map(float, (at @ np.linalg.pinv(powers))[0]))

    def at(self, temperature: float) -> float:
        """Return the resistance at a temperature, in ohms."""
        return math.fsum(w * r for w, r in zip(self.weights(temperature), self.resistances, strict=True))

    @property
    def coefficients(self) -> tuple[float, float, float]:
        """R₀ in ohms, A in 1/°C, B in 1/°C²."""
        import numpy as np

        scale = max(map(abs, self.temperatures)) or 1.0
        powers = np.vander(np.array(self.temperatures) / scale, COEFFICIENTS, increasing=True)
        c, *_ = np.linalg.lstsq(powers, np.array(self.resistances), rcond=None)
        return float(c[0]), float(c[1] / scale / c[0]), float(c[2] / scale**2 / c[0])

    @property
    def residuals(self) -> tuple[float, ...]:
        """What was measured less what the curve has, in ohms."""
        pairs = zip(self.temperatures, self.resistances, strict=True)
        return tuple(r - self.at(t) for t, r in pairs)

    @property
    def s(self) -> float:
        """Standard deviation of the residuals in ohms; 0 where the curve goes through all there is."""
        dof = len(self.temperatures) - COEFFICIENTS
        return math.sqrt(math.fsum(r * r for r in self.residuals) / dof) if dof else 0.0

    def u(self, temperature: float) -> float:
        """Return the standard uncertainty of the curve at a temperature by its residuals alone, in ohms."""
        return self.s * math.sqrt(math.fsum(w * w for w in self.weights(temperature)))


COEFFICIENTS: Final = 3
"""R₀, A and B."""
LOWEST: Final = -0.5
"""As far below 0 °C an ice point may lie for C not to matter (it is below 0.01 mΩ there)."""


def deviation(resistance_: Number, temperature_: float) -> float:
    """Return by how many kelvins a thermometer that is taken for IEC 60751 shows too much."""
    return estimate(temperature(resistance_)) - temperature_
