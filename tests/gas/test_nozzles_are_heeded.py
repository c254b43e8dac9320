"""Whatever the gas procedures may be told, and whatever fact they ask for, changes something."""

from __future__ import annotations

from contextlib import contextmanager
from typing import ClassVar

from heeded import Heeded, Somebody

from remotecal.sim.gas.assemblies import NozzleBench

NOZZLES = "gas.meter_by_nozzles"


def wavering(bench) -> None:
    """Let the pressure ahead of the nozzles drift a little, as a room's does when a door is open."""
    gauge = bench.instrument("inlet_gauge")
    plain = gauge._reads["pressure"]
    gauge._reads["pressure"] = lambda: plain() + 1e-6 * bench.world.time / 60


@contextmanager
def nozzle_bench(folder):
    with NozzleBench.up(folder / "bench", seed=7) as bench:
        wavering(bench)
        yield bench, Somebody(folder)


class TestGas(Heeded):
    domain = "gas"
    benches: ClassVar = {NOZZLES: nozzle_bench}
    quick: ClassVar = {NOZZLES: {"flows": [26.0], "repeats": 2, "duration": 30.0, "fewest_pulses": 1000}}
    planned: ClassVar = {
        NOZZLES: {
            "highest": {"highest": 100.0},
            "lowest": {"flows": (), "lowest": 2.6},
            "flows": {"flows": [20.8]},
            "nozzle_flows": {"nozzle_flows": [1.0] * 7},
            "repeats": {"repeats": 3},
            "flow_tolerance": {"flows": [9.0], "flow_tolerance": 0.5},
            "back_pressure": {"back_pressure": 0.01},
            "leak_share": {"leak_share": 0.01},
            "air": {"air": "dry"},
            "pulses_per_volume": {"pulses_per_volume": 12345.0},
            "accuracy_class": {"accuracy_class": "1.5"},
            "transition": {"transition": 30.0},
            "permissible": {"permissible": [0.1, 0.2]},
            "weighted_mean": {"weighted_mean": 0.01},
            "repeatability_share": {"repeatability_share": 0.5},
            "norm": {"norm": "EN 12261"},
            "rule": {"rule": "guard band U"},
            "coverage": {"coverage": 0.99},
            "coverage_factor": {"coverage_factor": 3.0},
            "recovery": {"recovery": 0.0},
            "full_scale": {"full_scale": 99.0},
            "total_resolution": {"total_resolution": 0.01},
        }
    }
    run: ClassVar = {
        NOZZLES: {
            "duration": {"duration": 90.0},
            "fewest_pulses": {"fewest_pulses": 20_000},
            "speed": {"speed": 80.0},
            "steady": {"steady": 60.0},
            "pressure_drift": {"pressure_drift": 1e-9},
            "temperature_drift": {"temperature_drift": 1e-9},
            "leak_time": {"leak_time": 300.0},
            "back_volume": {"back_volume": 0.1},
        }
    }
    shared = frozenset()
    # Of outputs that this bench's meter has not, of a leak, and of a plenum's width: `test_nozzle_runs` shows
    # them.
    unused: ClassVar = {
        NOZZLES: frozenset({"full_scale", "total_resolution", "recovery", "back_volume", "plenum_diameter"})
    }
    facts: ClassVar = {
        NOZZLES: ("connecting_volume", "reading_delay", "plenum_diameter", "nozzle_expansion", "cmc")
    }
