"""Whatever calibrations of density may be told changes something, and every fact (`heeded.Heeded`)."""

from contextlib import contextmanager
from typing import ClassVar

from heeded import Heeded, Told

from remotecal.procedures.library.density.standing import DRIFT, WATER
from remotecal.runs.prompts import Beside
from remotecal.sim.catalogue import benches


@contextmanager
def up(bench, folder):
    with benches()[bench].up(folder / "bench", seed=5) as made:
        yield made, Beside(made.person)


def on(bench):
    return lambda folder: up(bench, folder)


COVERED: dict[str, Told] = {"coverage": {"coverage": 0.99}, "coverage_factor": {"coverage_factor": 3.0}}
JUDGED: dict[str, Told] = {
    "permissible": {"permissible": 0.01},
    "norm": {"norm": "another"},
    "rule": {"rule": "guard band U"},
}
BALANCE: dict[str, Told] = {"balance_step": {"balance_step": 1e-4}, "eccentricity": {"eccentricity": 1e-4}}
LIQUID: dict[str, Told] = {**COVERED, "gradient": {"gradient": 0.5}, "bubble": {"bubble": 5.0}}


class TestDensity(Heeded):
    domain = "density"
    benches: ClassVar = {
        "density.densitometer": on("density-bench"),
        "density.solid": on("solid-bench"),
        "density.gas_pycnometer": on("pycnometer-bench"),
        "density.vibrating_tube": on("tube-bench"),
        "density.on_line": on("line-bench"),
        "density.hydrometer": on("hydrometer-bench"),
    }
    quick: ClassVar = {
        "density.densitometer": {},
        "density.solid": {"repeats": 3},
        "density.gas_pycnometer": {"repeats": 3},
        "density.vibrating_tube": {"repeats": 2, "readings": 2, "temperatures": [20.0]},
        "density.on_line": {"repeats": 2, "readings": 2, "temperatures": [20.0]},
        "density.hydrometer": {"repeats": 2},
    }
    planned: ClassVar = {
        "density.densitometer": {
            **LIQUID,
            **JUDGED,
            "densities": {"densities": [2400.0, 2700.0, 7900.0]},
            "materials": {"materials": ["polymer", "polymer", "polymer"]},
            "loads": {"loads": [0.05]},
            "repeats": {"repeats": 7},
            "resolution": {"resolution": 1.0},
            "repeatability": {"repeatability": 1e-4},
            "balance_error": {"balance_error": 1e-9},
            "balance_step": {"balance_step": 1e-4},
            "compensation": {"compensation": 1e-4},
            "volume_dependence": {"volume_dependence": 1e-4},
            "weighed_in": {"weighed_in": "another liquid"},
        },
        "density.solid": {
            **LIQUID,
            **BALANCE,
            "density": {"density": 7000.0},
            "material": {"material": "polymer"},
            "method": {"method": "substitution"},
            "standard_density": {"standard_density": 7000.0},
            "standard_material": {"standard_material": "polymer"},
            "repeats": {"repeats": 4},
            "wire": {"wire": 2e-3},
            "surface_tension": {"surface_tension": 0.3},
            "meniscus": {"meniscus": 1.0},
            "water": {"water": "IAPWS-95"},
        },
        "density.gas_pycnometer": {
            **COVERED,
            **BALANCE,
            "density": {"density": 9000.0},
            "material": {"material": "polymer"},
            "sphere": {"sphere": 1e-4},
            "sphere_material": {"sphere_material": "polymer"},
            "gas": {"gas": "nitrogen"},
            "repeats": {"repeats": 4},
            "isothermal": {"isothermal": 0.5},
        },
        "density.vibrating_tube": {
            **COVERED,
            **JUDGED,
            "densities": {"densities": [800.0, 900.0, 998.0]},
            "viscosities": {"viscosities": [1e4, 1e4, 1e4]},
            "temperatures": {"temperatures": [25.0]},
            "repeats": {"repeats": 3},
            "damping": {"damping": 9e-4},
            "dryness": {"dryness": 0.02},
        },
        "density.on_line": {
            **COVERED,
            **JUDGED,
            "densities": {"densities": [800.0, 900.0, 998.0]},
            "temperatures": {"temperatures": [20.0, 30.0]},
            "pressures": {"pressures": [3e5]},
            "compressibilities": {"compressibilities": [5e-9] * 4},
            "compressibility_spread": {"compressibility_spread": 0.5},
            "repeats": {"repeats": 3},
            "dryness": {"dryness": 0.02},
        },
        "density.hydrometer": {
            **COVERED,
            **BALANCE,
            **JUDGED,
            "marks": {"marks": [1030.0]},
            "stem": {"stem": 0.02},
            "stem_spread": {"stem_spread": 1e-3},
            "surface_tension": {"surface_tension": 0.3},
            "tension_spread": {"tension_spread": 0.5},
            "meant_tension": {"meant_tension": 0.03},
            "alignment": {"alignment": 1.0},
            "expansion": {"expansion": 5e-4},
            "expansion_spread": {"expansion_spread": 1e-4},
            "repeats": {"repeats": 3},
            "gradient": {"gradient": 0.5},
        },
    }
    run: ClassVar = {
        "density.densitometer": {
            "weighings": {"weighings": 4},
            "temperature_change": {"temperature_change": 1e-9},
        },
        "density.solid": {
            "temperature_change": {"temperature_change": 1e-9},
            "rest": {"rest": 60.0},
            "spread": {"spread": 1e-12},
            "drift": {"drift": 1e-12},
            "zero_change": {"zero_change": 1e-12},
        },
        "density.gas_pycnometer": {
            "pressure": {"pressure": 100_000.0},
            "rest": {"rest": 120.0},
            "equilibrium": {"equilibrium": 1e-9},
        },
        "density.vibrating_tube": {
            "readings": {"readings": 3},
            "every": {"every": 5.0},
            "rest": {"rest": 120.0},
            "drift": {"drift": 1e-9},
            "near": {"near": 1e-9},
        },
        "density.on_line": {
            "readings": {"readings": 3},
            "every": {"every": 5.0},
            "rest": {"rest": 120.0},
            "drift": {"drift": 1e-9},
            "pressure_change": {"pressure_change": 1e-6},
            "near": {"near": 1e-9},
            "slew": {"slew": 1e3},
        },
        "density.hydrometer": {"temperature_change": {"temperature_change": 1e-9}},
    }
    shared = frozenset()
    # Without a standard in the liquid: tests/density/test_density_runs.py has one.
    unused: ClassVar = {"density.solid": frozenset({"standard_density", "standard_material"})}
    facts: ClassVar = {
        "density.densitometer": ("cmc", DRIFT, WATER),
        "density.solid": ("cmc", WATER),
        "density.gas_pycnometer": ("cmc",),
        "density.vibrating_tube": ("cmc", WATER),
        "density.on_line": ("cmc",),
        "density.hydrometer": ("cmc", WATER),
    }
