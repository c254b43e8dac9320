"""Draws benches of density at random: every systematic error consistent with what is stated of it."""

from __future__ import annotations

from random import Random
from typing import Final

from remotecal.sim.calibrated import Calibrated, Stated, draw
from remotecal.sim.density.densitometer import DensitometerSpec
from remotecal.sim.density.solids import Solid, Weight, draw_solid, draw_weight
from remotecal.sim.density.stand import StandSpec

GRADIENT, BUBBLE, WATER = 0.01, 0.1e-9, 4e-6
"""What the orders allow for: K, m³; and U (k = 2) of the water's density, relative."""

SOLIDS: Final = (
    ("Si-1", "silicon", 2329.0, 20e-6, 0.010),
    ("GL-1", "glass", 2230.0, 20e-6, 0.020),
    ("AL-1", "aluminium", 2700.0, 20e-6, 0.030),
    ("AL-2", "aluminium", 2700.0, 5e-6, 0.060),
    ("ST-1", "steel", 7850.0, 12.7e-6, 0.080),
)
"""Standards: serial number, material, density in kg/m³, volume in m³, U in kg/m³; a small one among them."""

ECCENTRICITY: Final = 1e-7
"""By how much a balance's reading may depend on where a body stands or hangs, in kg."""

LOADS: Final = (("W-1", 0.020, 2e-8), ("W-2", 0.050, 3e-8), ("W-3", 0.100, 5e-8), ("W-4", 0.200, 1e-7))
"""Weights: serial number, mass in kg, U in kg."""

WIRE, TENSION, MENISCUS = 1e-4, 0.0728, 0.2
"""Diameter of the wire in m, surface tension in N/m, and by which share the meniscus may differ."""

DENSITIES: Final = {
    "steel": 7850.0,
    "brass": 8400.0,
    "aluminium": 2700.0,
    "silicon": 2329.0,
    "glass": 2230.0,
    "polymer": 1400.0,
}
"""About what materials have, in kg/m³."""

WARM: Final = (15.0, 20.0, 25.0)
IN_A_BATH: Final = (5.0, 20.0, 40.0)
"""Where thermometers are certified, in °C: in a room, and in a thermostat."""


def certified(rng: Random, warm: tuple[float, ...] = WARM) -> dict[str, Calibrated]:
    """Draw what is certified of the sensors, the thermometer at `warm` in °C, and what is known of water."""
    return {
        "thermometer": draw(rng, "°C", warm, spread=0.02, expanded=(0.01,) * 3, digits=3),
        "barometer": draw(rng, "Pa", (95e3, 101e3, 106e3), spread=25.0, expanded=(15.0,) * 3, digits=0),
        "air_thermometer": draw(rng, "°C", WARM, spread=0.2, expanded=(0.1,) * 3, digits=2),
        "hygrometer": draw(rng, "%", (30.0, 50.0, 70.0), spread=1.5, expanded=(2.0,) * 3, digits=1),
        "water_density": Calibrated(Stated("1", (0.0,), (-2e-6,), (WATER,)), rng.gauss(0.0, 1.0)),
    }


def stand(
    rng: Random,
    denser: float,
    *,
    meniscus: float,
    offset: float,
    bubbles: float,
    warming: float,
    evaporation: float,
    eccentricity: float = ECCENTRICITY,
) -> StandSpec:
    """Draw a stand; masses in kg, `bubbles` the largest mean volume in m³, `warming` in K/h."""
    on_pan, hanging = (rng.uniform(-eccentricity, eccentricity) for _ in range(2))
    return StandSpec(
        denser=denser,
        warmer=rng.uniform(-GRADIENT, GRADIENT),
        warming=warming,
        offset=rng.uniform(-offset, offset),
        meniscus=meniscus * rng.uniform(0.7, 1.3),
        bubbles=rng.uniform(0.0, bubbles),
        evaporation=evaporation,
        beside=(on_pan, hanging),
    )


def solids(rng: Random) -> dict[str, Solid]:
    """Draw the standards of density, by serial number."""
    return {
        serial: draw_solid(rng, serial, material, density, volume, expanded)
        for serial, material, density, volume, expanded in SOLIDS
    }


def weights(rng: Random) -> dict[str, Weight]:
    """Draw the weights, by serial number."""
    return {serial: draw_weight(rng, serial, mass, expanded) for serial, mass, expanded in LOADS}


def densitometer(rng: Random, *, table: float) -> DensitometerSpec:
    """Draw a densitometer's program; `table` is by which share its water is too dense."""
    return DensitometerSpec(rng.gauss(0.0, 0.05), table + rng.gauss(0.0, 1e-5))


def analytical(rng: Random) -> Calibrated:
    """Draw an analytical balance with its certificate, up to 200 g."""
    loads = (0.0, 0.05, 0.1, 0.15, 0.2)
    return draw(rng, "kg", loads, spread=3e-7, expanded=(2e-7,) * 5, digits=9, correlation=0.5)


def balance(rng: Random) -> Calibrated:
    """Draw the balance of a densitometer: up to 220 g, its slope within some 1e-5."""
    slope = rng.gauss(0.0, 3e-6)
    bend = rng.gauss(0.0, 1e-7)
    corrections = (0.0, -0.11 * slope + bend, -0.22 * slope)
    return Calibrated(Stated("kg", (0.0, 0.11, 0.22), corrections, (1e-7,) * 3), 0.0)
