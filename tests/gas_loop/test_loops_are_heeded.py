"""Whatever the loop's procedure may be told, and whatever fact it asks for, changes something."""

from __future__ import annotations

from contextlib import contextmanager
from typing import ClassVar

from heeded import Heeded, Somebody

from remotecal.sim.gas_loop.assemblies import ClosedLoop

LOOP = "gas_loop.meter_by_masters"
ETHANE = {"components": ["methane", "ethane"], "fractions": [0.9, 0.1]}

SIMPLE = {
    "gas": "natural gas",
    "components": ["methane", "ethane", "propane", "nitrogen", "carbon_dioxide"],
    "fractions": [0.965, 0.018, 0.003, 0.009, 0.005],
    "equation": "SGERG-88",
    "calorific_value": 39.995,
    "relative_density": 0.5752,
    "by_nozzles": False,
}


@contextmanager
def gas_loop(folder):
    with ClosedLoop.up(folder / "bench", seed=7, pressures=(400.0,), gate=False, bank=True) as bench:
        yield bench, Somebody(folder)


class TestGasLoop(Heeded):
    domain = "gas_loop"
    benches: ClassVar = {LOOP: gas_loop}
    quick: ClassVar = {
        LOOP: {
            "pressures": [400.0],
            "flows": [100.0],
            "repeats": 2,
            "duration": 30.0,
            "fewest_pulses": 1000,
            "leak_time": 120.0,
            "leak_share": 3e-4,
            "steady": 60.0,
        }
    }
    planned: ClassVar = {
        LOOP: {
            "highest": {"highest": 380.0},
            "lowest": {"flows": (), "lowest": 30.0},
            "flows": {"flows": [110.0]},
            "pressures": {"pressures": [300.0]},
            "further_flows": {"pressures": [400.0, 300.0], "further_flows": [200.0]},
            "diameter": {"diameter": 0.08},
            "reynolds_width": {
                "pressures": [400.0, 300.0],
                "further_flows": [130.0],
                "reynolds_width": 20.0,
            },
            "fewest_compared": {"pressures": [400.0, 300.0], "further_flows": [130.0], "fewest_compared": 9},
            "repeats": {"repeats": 3},
            "gas": {"gas": "nitrogen"},
            "components": {"gas": "natural gas", **ETHANE},
            "fractions": {"gas": "natural gas", **ETHANE},
            "calorific_value": SIMPLE,
            "relative_density": {**SIMPLE, "relative_density": 0.576},
            "calorific_uncertainty": {**SIMPLE, "calorific_uncertainty": 2.0},
            "relative_density_uncertainty": {**SIMPLE, "relative_density_uncertainty": 0.03},
            "fraction_uncertainties": {
                "gas": "natural gas",
                **ETHANE,
                "fraction_uncertainties": [0.01, 0.01],
            },
            "dew_point": {"dew_point": -20.0},
            "dew_pressure": {"dew_point": -20.0, "dew_pressure": 400.0},
            "dew_uncertainty": {"dew_point": -20.0, "dew_uncertainty": 5.0},
            "dew_cell": {"dew_cell": "loop"},
            "dew_change": {"dew_change": 0.1},
            "equation": {"equation": "GERG-2008"},
            "capacity": {"capacity": 90.0},
            "masters_first": {"masters_first": False},
            "least_load": {"least_load": 0.9},
            "most_load": {"most_load": 0.5},
            "fit_order": {"fit_order": 1},
            "leak_share": {"leak_share": 0.001},
            "gate_delay": {"gate_delay": 0.01},
            "sound_difference": {"sound_difference": 0.1},
            "method": {"method": "ideal"},
            "base_pressure": {"base_pressure": 100.0},
            "base_temperature": {"base_temperature": 15.0},
            "base_resolution": {"base_resolution": 0.1},
            "pressure_resolution": {"pressure_resolution": 1000.0},
            "temperature_resolution": {"temperature_resolution": 0.1},
            "damping": {"damping": 20.0},
            "well": {"well": 0.5},
            "pulsation": {"pulsation": 0.3},
            "installation": {"installation": 0.3},
            "pack_pressure": {"pack_pressure": 5000.0},
            "pack_temperature": {"pack_temperature": 5.0},
            "pulses_per_volume": {"pulses_per_volume": 12345.0},
            "by_nozzles": {"by_nozzles": False},
            "recovery": {"recovery": 0.0},
            "accuracy_class": {"accuracy_class": "1.5"},
            "transition": {"transition": 200.0},
            "permissible": {"permissible": [0.1, 0.2]},
            "weighted_mean": {"weighted_mean": 0.01},
            "repeatability_share": {"repeatability_share": 0.5},
            "norm": {"norm": "EN 12261"},
            "rule": {"rule": "guard band U"},
            "coverage": {"coverage": 0.99},
            "coverage_factor": {"coverage_factor": 3.0},
            "full_scale": {"full_scale": 99.0},
            "total_resolution": {"total_resolution": 0.01},
            "master_resolution": {"master_resolution": 0.01},
            "master_mass_resolution": {"master_mass_resolution": 0.01},
            "check_resolution": {"check_resolution": 0.01},
        }
    }
    run: ClassVar = {
        LOOP: {
            "duration": {"duration": 90.0},
            "fewest_pulses": {"fewest_pulses": 20_000},
            "cooling": {"cooling": 21.0},
            "loop_volume": {"loop_volume": 400.0},
            "filling_rate": {"filling_rate": 1.0},
            "pressure_tolerance": {"pressure_tolerance": 1e-9},
            "flow_tolerance": {"flow_tolerance": 0.02},
            "leak_time": {"leak_time": 300.0},
            "zero_time": {"zero_time": 60.0},
            "zero_limit": {"zero_limit": 0.001},
            "steady": {"steady": 400.0},
            "steady_between": {"steady_between": 200.0},
            "temperature_drift": {"temperature_drift": 5e-5},
            "temperature_difference": {"temperature_difference": 1e-9},
            "temperature_middle": {"temperature_middle": 1e-9},
            "temperature_change": {"temperature_change": 1e-9},
            "pressure_change": {"pressure_change": 1e-9},
            "flow_scatter": {"flow_scatter": 1e-9},
            "closure": {"closure": 1e-9},
            "back_pressure": {"back_pressure": 0.92},
            "nozzle_closure": {"nozzle_closure": 1e-9},
        }
    }
    shared = frozenset()
    # Of outputs that this bench's meter has not, of a gate, without which `reading_delay` counts, of
    # a dew-point meter, of ultrasonic meters and their zero, of those that convert, and of a plenum's width:
    # other tests show them.
    unused: ClassVar = {
        LOOP: frozenset(
            {
                "dew_cell",
                "dew_change",
                "damping",
                "full_scale",
                "total_resolution",
                "master_resolution",
                "master_mass_resolution",
                "check_resolution",
                "gate_delay",
                "sound_difference",
                "zero_time",
                "zero_limit",
                "method",
                "base_pressure",
                "base_temperature",
                "base_resolution",
                "pressure_resolution",
                "temperature_resolution",
                "recovery",
                "plenum_diameter",
            }
        )
    }
    facts: ClassVar = {
        LOOP: (
            "connecting_volume",
            "bank_volume",
            "reading_delay",
            "cmc",
            "plenum_diameter",
            "nozzle_expansion",
        )
    }
