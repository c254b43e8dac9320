"""Whatever the gas procedures may be told, and whatever fact they ask for, changes something."""

from __future__ import annotations

from contextlib import contextmanager
from typing import ClassVar

from heeded import Heeded, Somebody

from remotecal.sim.gas.assemblies import NozzleBench
from remotecal.sim.gas.bell_bench import BellBench
from remotecal.sim.gas.pvtt import PvttBench

NOZZLES = "gas.meter_by_nozzles"
PVTT = "gas.nozzle_by_pvtt"
NOZZLE_BY_BELL = "gas.nozzle_by_bell"
METER_BY_BELL = "gas.meter_by_bell"


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


@contextmanager
def pvtt_bench(folder):
    with PvttBench.up(folder / "bench", seed=7) as bench:
        yield bench, Somebody(folder)


def bell_bench(item):
    @contextmanager
    def put_up(folder):
        with BellBench.up(folder / "bench", seed=7, item=item) as bench:
            yield bench, Somebody(folder)

    return put_up


OF_NOZZLE = {
    "throat": {"throat": 3.06},
    "repeats": {"repeats": 3},
    "back_pressure": {"back_pressure": 0.01},
    "choked_to": {"choked_to": 0.01},
    "spread": {"spread": 1e-6},
    "air": {"air": "of the room"},
    "recovery": {"recovery": 0.0},
    "coverage": {"coverage": 0.99},
    "coverage_factor": {"coverage_factor": 3.0},
}
OF_METER = {
    "highest": {"highest": 100.0},
    "flows": {"flows": [7.0]},
    "repeats": {"repeats": 3},
    "pulses_per_volume": {"pulses_per_volume": 12345.0},
    "accuracy_class": {"accuracy_class": "1.5"},
    "transition": {"transition": 30.0},
    "permissible": {"permissible": [0.1, 0.2]},
    "weighted_mean": {"weighted_mean": 0.01},
    "repeatability_share": {"repeatability_share": 0.01},
    "norm": {"norm": "EN 12261"},
    "rule": {"rule": "guard band U"},
    "coverage": {"coverage": 0.99},
    "coverage_factor": {"coverage_factor": 3.0},
    "full_scale": {"full_scale": 99.0},
    "total_resolution": {"total_resolution": 0.01},
    "air": {"air": "of the room"},
}
MAY = ("plenum_diameter", "nozzle_expansion", "cmc")
BELL = ("dead_volume", "film", "bell_sampling", "reading_delay", "bell_expansion")
OF_BELL = {
    "upper": {"upper": 900.0},
    "stroke": {"stroke": 320.0},
    "leak_time": {"leak_time": 900.0},
    "dead_height": {"dead_height": 0.0},
}
STEADY = {
    "steady": {"steady": 60.0},
    "pressure_drift": {"pressure_drift": 1e-9},
    "temperature_drift": {"temperature_drift": 1e-9},
}


class TestGas(Heeded):
    domain = "gas"
    benches: ClassVar = {
        NOZZLES: nozzle_bench,
        PVTT: pvtt_bench,
        NOZZLE_BY_BELL: bell_bench("nozzle"),
        METER_BY_BELL: bell_bench("meter"),
    }
    quick: ClassVar = {
        NOZZLES: {"flows": [26.0], "repeats": 2, "duration": 30.0, "fewest_pulses": 1000},
        PVTT: {"pressures": [100.0], "repeats": 2},
        NOZZLE_BY_BELL: {"repeats": 2},
        METER_BY_BELL: {"flows": [8.0], "repeats": 2, "duration": 30.0, "fewest_pulses": 1000},
    }
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
            "pack_pressure": {"pack_pressure": 500.0},
            "pack_temperature": {"pack_temperature": 2.0},
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
        },
        PVTT: {
            **OF_NOZZLE,
            "pressures": {"pressures": [90.0]},
            "settled": {"settled": 1e-9},
            "leak": {"leak": 1.0},
            "weights": {"weights": [1.0, 2.0, 3.0, 4.0]},
        },
        NOZZLE_BY_BELL: {
            **OF_NOZZLE,
            "room": {"room": [60.0, 106.0]},
            "change": {"change": 2.720},
            "leak": {"leak": 1.0},
            "equality": {"equality": 1e-6},
        },
        METER_BY_BELL: {
            **OF_METER,
            "lowest": {"flows": (), "lowest": 0.6},
            "open_flow": {"open_flow": 7.5},
            "flow_tolerance": {"flow_tolerance": 1e-3},
            "leak": {"leak": 1.0},
            "spread": {"spread": 1e-6},
            "equality": {"equality": 1e-6},
        },
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
        },
        PVTT: {
            **STEADY,
            "fill": {"fill": 0.3},
            "trigger": {"trigger": 0.45},
            "shortest": {"shortest": 1000.0},
            "emptied": {"emptied": 100.0},
            "leak_time": {"leak_time": 600.0},
            "settled_temperature": {"settled_temperature": 1e-5},
            "settling": {"settling": 61.0},
        },
        NOZZLE_BY_BELL: {
            **OF_BELL,
            "duration": {"duration": 300.0},
            "run_up": {"run_up": 60.0},
            "lower": {"lower": 690.0},
            "settled_temperature": {"settled_temperature": 1e-5},
            "settling": {"settling": 61.0},
        },
        METER_BY_BELL: {
            **OF_BELL,
            "duration": {"duration": 90.0},
            "fewest_pulses": {"fewest_pulses": 30_000},
            "run_up": {"run_up": 60.0},
            "lower": {"lower": 840.0},
            "settled_temperature": {"settled_temperature": 1e-5},
            "settling": {"settling": 61.0},
        },
    }
    shared = frozenset()
    # Of outputs that this bench's meter has not, of a leak, and of a plenum's width: `test_nozzle_runs` and
    # `test_pvtt_runs` show them.
    unused: ClassVar = {
        NOZZLES: frozenset({"full_scale", "total_resolution", "recovery", "back_volume", "plenum_diameter"}),
        PVTT: frozenset({"recovery", "plenum_diameter"}),
        NOZZLE_BY_BELL: frozenset({"recovery", "plenum_diameter"}),
        METER_BY_BELL: frozenset({"full_scale", "total_resolution"}),
    }
    facts: ClassVar = {
        NOZZLES: ("connecting_volume", "reading_delay", "plenum_diameter", "nozzle_expansion", "cmc"),
        PVTT: (
            "tank_volume",
            "tank_sampling",
            "tank_expansion",
            "inventory_volume",
            "inventory_warming",
            "trigger_delay",
            *MAY,
        ),
        NOZZLE_BY_BELL: (*BELL, *MAY),
        METER_BY_BELL: (*BELL, "cmc"),
    }
