"""A piston gauge: its piston and its weights, as they are and as their certificates state them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from remotecal.model import Correlation, JointResult, Table, Text
from remotecal.sim.certificates import Certified, stated_column
from remotecal.units import convert

if TYPE_CHECKING:
    from remotecal.bench import CertificateUsed

AREA, GROWTH, MASS = "remotecal_effectiveArea", "remotecal_distortionCoefficient", "basic_mass"
"""refTypes of what certificates state."""

REFERENCE: Final = 20.0
"""Temperature in °C that an area is stated for."""

U_AREA, U_MASS = 2e-5, 1e-5
"""U (k = 2) of an area and of a mass, as shares of them."""

DISTORTION, U_DISTORTION = 4e-12, 1e-12
"""In 1/Pa, and its U (k = 2)."""

TOGETHER: Final = -0.5
"""Correlation of area and distortion, which were fitted together."""

NOMINAL: Final = 10.0
"""What is on a piston at full scale, in kg, itself included."""


@dataclass(frozen=True, slots=True)
class PistonSpec:
    """A piston in its cylinder."""

    stated: float
    """Effective area in m², without pressure at 20 °C, by the certificate."""
    area: float
    """The same as it is."""
    distortion: float
    """By which share the area grows, in 1/Pa, as it is."""

    @property
    def circumference(self) -> float:
        """In m, where a liquid's surface pulls."""
        return 2.0 * math.sqrt(math.pi * self.stated)

    def pressure(self, force: float, expansion: float, temperature: float) -> float:
        """Return the gauge pressure in Pa under a force in N, at which p·A₀·(1 + λ·p) carries it."""
        alone = force / (self.area * (1.0 + expansion * (temperature - REFERENCE)))
        return 2.0 * alone / (1.0 + math.sqrt(1.0 + 4.0 * self.distortion * alone))

    def certified(self) -> Certified:
        """Return what its certificate states: area and distortion, and how these are correlated."""
        r = f"{TOGETHER:g}"
        table = Table(
            columns=(
                stated_column(
                    AREA,
                    "mm2",
                    (f"{1e6 * self.stated:.5f}",),
                    f"{1e6 * U_AREA * self.stated:.5f}",
                ),
                stated_column(
                    GROWTH,
                    "1/MPa",
                    (f"{1e6 * DISTORTION:.7f}",),
                    f"{1e6 * U_DISTORTION:.7f}",
                ),
            ),
            joint=(JointResult(columns=(0, 1), correlation=Correlation(matrix=(("1", r), (r, "1")))),),
        )
        return Certified(Text(zh="活塞", en="Piston"), ((Text(zh="有效面积", en="effective area"), table),))


@dataclass(frozen=True, slots=True)
class PistonWeight:
    """A weight on the piston, or the piston's own mass."""

    serial: str
    stated: float
    """True mass in kg, by its certificate."""
    mass: float
    """The same as it is."""

    def certified(self) -> Certified:
        """Return what its certificate states."""
        table = Table(
            columns=(stated_column(MASS, "kg", (f"{self.stated:.6f}",), f"{U_MASS * self.stated:.6f}"),)
        )
        return Certified(Text(zh="活塞砝码", en="Weight"), ((Text(zh="质量", en="mass"), table),))


def draw_piston(rng: Random, full: float) -> PistonSpec:
    """Draw a piston that carries `NOMINAL` at about `full` kPa."""
    nominal = NOMINAL * 9.80665 / (1000.0 * full)
    stated = round(nominal * (1.0 + rng.uniform(-1e-4, 1e-4)), 11)
    one, other = _together(rng, TOGETHER)
    return PistonSpec(stated, stated * (1.0 + one * U_AREA / 2), DISTORTION + other * U_DISTORTION / 2)


def piston_so(used: CertificateUsed, rng: Random) -> PistonSpec:
    """Draw a piston that has a real one's certificate.

    Raises:
        CertificateRefused: it is none of a piston.
    """
    known = used.certificate.coefficients((AREA, GROWTH))
    area, distortion = known.coefficients
    r = known.correlation[0][1] if known.correlation is not None else 0.0
    one, other = _together(rng, r)
    size, growth = convert(1.0, area.unit, "m2"), convert(1.0, distortion.unit, "1/Pa")
    return PistonSpec(
        area.value * size,
        (area.value + one * area.u) * size,
        (distortion.value + other * distortion.u) * growth,
    )


def weight_so(used: CertificateUsed, serial: str, rng: Random) -> PistonWeight:
    """Draw a weight that has a real one's certificate.

    Raises:
        CertificateRefused: it is none of a weight.
    """
    found = used.certificate.single(MASS, "kg")
    (point,) = found.points
    size = convert(1.0, found.unit, "kg")
    true = point.value + rng.gauss(0.0, point.expanded / point.k)
    return PistonWeight(serial, point.value * size, true * size)


def _together(rng: Random, r: float) -> tuple[float, float]:
    """Draw two numbers of standard deviation 1 and correlation `r`."""
    one, other = rng.gauss(0.0, 1.0), rng.gauss(0.0, 1.0)
    return one, r * one + math.sqrt(1.0 - r * r) * other


def draw_weights(rng: Random, count: int) -> tuple[PistonWeight, ...]:
    """Draw the piston and its weights, `count` in all: it with the first makes a fifth of full scale."""
    each = (NOMINAL - 2.0) / (count - 2)
    weights = []
    for number, nominal in enumerate((0.5, 1.5, *(count - 2) * (each,))):
        stated = round(nominal * (1.0 + rng.uniform(-3.0, 3.0) * U_MASS), 6)
        true = stated * (1.0 + rng.gauss(0.0, U_MASS / 2))
        weights.append(PistonWeight(f"W-{number}" if number else "P-1", stated, true))
    return tuple(weights)
