"""A body: what is true of it, and what its certificate states."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from remotecal.model import Table, Text
from remotecal.sim.certificates import Certified, stated_column

EXPANSION: Final = {
    "steel": 4.8e-5,
    "brass": 5.4e-5,
    "aluminium": 6.9e-5,
    "silicon": 7.7e-6,
    "glass": 1.0e-5,
    "polymer": 2.0e-4,
}
"""Usual cubic expansion in 1/K; a piece's own lies within 10 % of it."""

CHINESE: Final = {
    "steel": "钢",
    "brass": "黄铜",
    "aluminium": "铝",
    "silicon": "硅",
    "glass": "玻璃",
    "polymer": "聚合物",
}
"""What materials are called in Chinese."""

REFERENCE: Final = 20.0


@dataclass(frozen=True, slots=True)
class Solid:
    """A solid body."""

    serial: str
    material: str
    mass: float
    """In kg."""
    volume: float
    """At 20 °C, in m³."""
    expansion: float
    """Cubic, in 1/K."""
    stated: float = 0.0
    """Density at 20 °C by its certificate, in kg/m³; 0 where it has none."""
    expanded: float = 0.0
    """Its U (k = 2)."""

    @property
    def density(self) -> float:
        """At 20 °C, in kg/m³."""
        return self.mass / self.volume

    def volume_at(self, t: float) -> float:
        """Return its volume in m³ at a temperature in °C."""
        return self.volume * (1.0 + self.expansion * (t - REFERENCE))

    def certified(self) -> Certified:
        """Return what its certificate states: density, volume and mass at 20 °C."""
        relative = self.expanded / self.stated
        table = Table(
            columns=(
                stated_column("remotecal_density", "kg/m3", (f"{self.stated:.4f}",), f"{self.expanded:.4f}"),
                stated_column(
                    "remotecal_volume",
                    "cm3",
                    (f"{1e6 * self.mass / self.stated:.6f}",),
                    f"{1e6 * self.volume * relative:.6f}",
                ),
                stated_column("basic_mass", "g", (f"{1000 * self.mass:.5f}",), "0.00005"),
            )
        )
        name = Text(
            zh=f"标准固体（{CHINESE[self.material]}）", en=f"Solid standard of density, {self.material}"
        )
        return Certified(name, ((Text(zh="密度", en="density"), table),))


@dataclass(frozen=True, slots=True)
class Weight:
    """A weight of density 8000 kg/m³, and what its certificate states."""

    serial: str
    mass: float
    """Its conventional mass in kg, as it is."""
    stated: float
    """As its certificate has it."""
    expanded: float
    """Its U (k = 2), in kg."""

    def certified(self) -> Certified:
        """Return what its certificate states."""
        table = Table(
            columns=(
                stated_column(
                    "remotecal_conventionalMass",
                    "g",
                    (f"{1000 * self.stated:.6f}",),
                    f"{1000 * self.expanded:.6f}",
                ),
            )
        )
        return Certified(Text(zh="砝码", en="Weight"), ((Text(zh="质量", en="mass"), table),))


def draw_solid(
    rng: Random, serial: str, material: str, density: float, volume: float, expanded: float
) -> Solid:
    """Draw a body of about this density in kg/m³ and volume in m³; 0 expanded: no certificate."""
    true = density * (1.0 + rng.uniform(-0.004, 0.004))
    occupied = volume * rng.uniform(0.98, 1.02)
    stated = round(true + rng.gauss(0.0, expanded / 2), 4) if expanded else 0.0
    expansion = EXPANSION[material] * rng.uniform(0.9, 1.1)
    return Solid(serial, material, true * occupied, occupied, expansion, stated, expanded)


def draw_weight(rng: Random, serial: str, mass: float, expanded: float) -> Weight:
    """Draw a weight of this nominal mass in kg."""
    true = mass + rng.uniform(-3.0, 3.0) * expanded
    return Weight(serial, true, round(true + rng.gauss(0.0, expanded / 2), 9), expanded)
