"""What is written about benches of density, and the work orders for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remotecal.bench_file import Interlock
from remotecal.model import Text
from remotecal.sim.density.outfit import DENSITIES, LOADS, MENISCUS, SOLIDS, TENSION, WIRE
from remotecal.sim.paper import Job, Paper, Standing, characteristic

if TYPE_CHECKING:
    from datetime import date

    from remotecal.sim.density.assemblies import DensityBench, SolidBench

INTERLOCKS: Final = (Interlock(watch="thermometer.temperature", above=30.0, unit="°C", every=10.0),)
"""Formulas and certificates hold for a room."""


def densitometer(bench: DensityBench, today: date) -> Paper:
    """Return what is written of a bench for solid densitometers."""
    water = bench.certificates["water_density"].stated
    standing = {
        **{
            serial: Standing(serial, body.certified(), model=f"{1e6 * body.volume:.0f} cm³")
            for serial, body in bench.solids.items()
        },
        **{
            serial: Standing(serial, weight.certified(), model=f"{1000 * weight.mass:.0f} g, E2")
            for serial, weight in bench.weights.items()
        },
    }
    return Paper(
        name="simulated bench for solid densitometers",
        job=Job("density.densitometer", "DENS", _parameters(bench), DENSITOMETER),
        artefacts=standing,
        roles={"standards": tuple(bench.solids), "weights": tuple(bench.weights)},
        characteristics={
            "water_density": characteristic(water.corrections[0], "1", water.expanded[0], today)
        },
        interlocks=INTERLOCKS,
    )


def _parameters(bench: DensityBench) -> dict[str, object]:
    return {
        "densities": [density for _, _, density, _, _ in SOLIDS],
        "materials": [material for _, material, _, _, _ in SOLIDS],
        "loads": [mass for _, mass, _ in LOADS],
        "resolution": bench.step,
        "permissible": 3.0,
    }


def solid(bench: SolidBench, today: date) -> Paper:
    """Return what is written of a bench for hydrostatic weighing."""
    water, chosen = bench.certificates["water_density"].stated, bench.chosen
    by_standard = chosen.method == "substitution"
    told: dict[str, object] = {
        "density": DENSITIES[chosen.material],
        "material": chosen.material,
        "method": chosen.method,
        "wire": WIRE,
        "surface_tension": TENSION,
        "meniscus": MENISCUS,
    }
    if by_standard:
        told |= {"standard_density": 2329.0, "standard_material": "silicon"}
    return Paper(
        name="simulated bench for hydrostatic weighing",
        job=Job("density.solid", "SOLID", told, SOLID),
        artefacts={"standard": Standing("Si-1", bench.standard.certified(), model="20 cm³")},
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
