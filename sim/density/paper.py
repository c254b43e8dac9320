"""What is written about benches of density, and the work orders for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remotecal.bench_file import Interlock
from remotecal.model import Text
from remotecal.sim.density.outfit import DENSITIES, LOADS, MENISCUS, SOLIDS, TENSION, WIRE
from remotecal.sim.paper import Job, Paper, Standing, characteristic

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from remotecal.sim.calibrated import Stated
    from remotecal.sim.density.solids import Solid, Weight

INTERLOCKS: Final = (Interlock(watch="thermometer.temperature", above=30.0, unit="°C", every=10.0),)
"""Formulas and certificates hold for a room."""


def densitometer(
    solids: Mapping[str, Solid], weights: Mapping[str, Weight], step: float, water: Stated, today: date
) -> Paper:
    """Return what is written of a bench for solid densitometers, whose display has a step in kg/m³."""
    standing = {
        **{
            serial: Standing(serial, body.certified(), model=f"{1e6 * body.volume:.0f} cm³")
            for serial, body in solids.items()
        },
        **{
            serial: Standing(serial, weight.certified(), model=f"{1000 * weight.mass:.0f} g, E2")
            for serial, weight in weights.items()
        },
    }
    return Paper(
        name="simulated bench for solid densitometers",
        job=Job("density.densitometer", "DENS", _parameters(step), DENSITOMETER),
        artefacts=standing,
        roles={"standards": tuple(solids), "weights": tuple(weights)},
        characteristics={
            "water_density": characteristic(water.corrections[0], "1", water.expanded[0], today)
        },
        interlocks=INTERLOCKS,
    )


def _parameters(step: float) -> dict[str, object]:
    return {
        "densities": [density for _, _, density, _, _ in SOLIDS],
        "materials": [material for _, material, _, _, _ in SOLIDS],
        "loads": [mass for _, mass, _ in LOADS],
        "resolution": step,
        "permissible": 3.0,
    }


def solid(material: str, method: str, standard: Solid, water: Stated, today: date) -> Paper:
    """Return what is written of a bench for hydrostatic weighing."""
    by_standard = method == "substitution"
    told: dict[str, object] = {
        "density": DENSITIES[material],
        "material": material,
        "method": method,
        "wire": WIRE,
        "surface_tension": TENSION,
        "meniscus": MENISCUS,
    }
    if by_standard:
        told |= {"standard_density": 2329.0, "standard_material": "silicon"}
    return Paper(
        name="simulated bench for hydrostatic weighing",
        job=Job("density.solid", "SOLID", told, SOLID),
        artefacts={"standard": Standing("Si-1", standard.certified(), model="20 cm³")},
        characteristics={
            "water_density": characteristic(water.corrections[0], "1", water.expanded[0], today)
        },
        interlocks=INTERLOCKS,
    )


SOLID: Final = {
    "name": Text(zh="固体样品", en="Solid sample"),
    "maker": "Simulated",
    "model": "cylinder",
    "serial": "SIM-0001",
}

DENSITOMETER: Final = {
    "name": Text(zh="固体密度计", en="Solid densitometer"),
    "maker": "Simulated",
    "model": "DE-220",
    "serial": "SIM-0001",
}
