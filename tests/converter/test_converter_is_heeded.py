"""Whatever the calibration of a converter may be told, and whatever fact it asks for, changes something."""

from __future__ import annotations

from contextlib import contextmanager
from typing import ClassVar

from heeded import Heeded, Somebody

from remotecal.sim.converter.assemblies import ConverterBench

CONVERTER = "converter.volume_converter"


@contextmanager
def converter_bench(folder):
    with ConverterBench.up(folder / "bench", seed=7, temperatures=(20.0,)) as bench:
        yield bench, Somebody(folder)


class TestConverter(Heeded):
    domain = "converter"
    benches: ClassVar = {CONVERTER: converter_bench}
    quick: ClassVar = {
        CONVERTER: {
            "temperatures": [20.0],
            "pressures": [2e5, 6e5, 1e6],
            "pulses": 500,
            "soak": 300.0,
            "filter_time": 30.0,
        }
    }
    planned: ClassVar = {
        CONVERTER: {
            "pressures": {"pressures": [2e5, 5e5, 1e6]},
            "temperatures": {"temperatures": [25.0]},
            "pulses_per_volume": {"pulses_per_volume": 20.0},
            "method": {"method": "GERG-2008"},
            "compared_with": {"compared_with": "ideal"},
            "composition": {"composition": {"methane": 1.0}},
            "base_pressure": {"base_pressure": 100_000.0},
            "base_temperature": {"base_temperature": 15.0},
            "sensor": {"sensor": "gauge"},
            "standard_kind": {"standard_kind": "gauge", "pressures": [3e5, 6e5, 1e6]},
            "soak_time": {"soak_time": 600.0},
            "measured_resolution": {"measured_resolution": 1.0},
            "base_resolution": {"base_resolution": 1.0},
            "pressure_resolution": {"pressure_resolution": 1000.0},
            "temperature_resolution": {"temperature_resolution": 0.1},
            "permissible": {"permissible": 0.001},
            "permissible_pressure": {"permissible_pressure": 0.001},
            "permissible_temperature": {"permissible_temperature": 0.001},
            "permissible_calculator": {"permissible_calculator": 1e-6},
            "norm": {"norm": "JJG 1003"},
            "rule": {"rule": "guard band U"},
            "coverage": {"coverage": 0.99},
            "coverage_factor": {"coverage_factor": 3.0},
            "calorific_value": {"calorific_value": 40.0},
            "relative_density": {"relative_density": 0.6},
            "carbon_dioxide": {"carbon_dioxide": 0.01},
            "hydrogen": {"hydrogen": 0.01},
        }
    }
    run: ClassVar = {
        CONVERTER: {
            "pulses": {"pulses": 1000},
            "frequency": {"frequency": 20.0},
            "filter_time": {"filter_time": 60.0},
            "soak": {"soak": 600.0},
            "temperature_drift": {"temperature_drift": 1e-5},
            "steady_temperature": {"steady_temperature": 400.0},
            "dwell": {"dwell": 900.0},
            "steady": {"steady": 1e-9},
            "off": {"off": 1e-6},
            "slew": {"slew": 5000.0},
            "readings": {"readings": 7},
            "settling": {"settling": 30.0},
        }
    }
    shared = frozenset()
    # Of SGERG-88, which this converter is not told to compute by: `test_converter_runs` shows them.
    unused: ClassVar = {
        CONVERTER: frozenset({"calorific_value", "relative_density", "carbon_dioxide", "hydrogen"})
    }
    facts: ClassVar = {CONVERTER: ("well_uniformity", "reference_height", "cmc")}
