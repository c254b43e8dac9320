"""Whatever the pressure procedures may be told, and whatever fact they ask for, changes something."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from typing import ClassVar

from heeded import Heeded, Somebody, Told
from test_dead_weight import OnSite

from remotecal.sim.pressure.assemblies import PressureBench
from remotecal.sim.pressure.piston_bench import PistonBench


def lively(bench) -> None:
    """Let the pressure go past each set point on its way up, once."""
    plain, line = bench.line.pressure, bench.line

    def pressure() -> float:
        going = line.doing == "control" and line._target - line._from > 100
        return plain() + (4.0 if going and 0 < line.settled() < 8 else 0.0)

    line.pressure = pressure


@contextmanager
def pressure_bench(folder, output):
    with PressureBench.up(folder / "bench", seed=7, output=output) as bench:
        lively(bench)
        yield bench, Somebody(folder)


@contextmanager
def piston(folder):
    with PistonBench.up(folder / "bench", seed=7) as bench:
        yield bench, OnSite(bench)


QUICK: Told = {
    "sequence": "DKD-R 6-1 C",
    "pressures": [0.0, 5e5, 1e6],
    "dwell": 30.0,
    "dwell_at_ends": 40.0,
    "accuracy_class": 0.1,
}

LOADS = {"pressures": [0.0, 6e5, 1e6], "loads": [[], [1, 2, 3, 4], [1, 2, 3, 4, 5, 6]]}

PRESSURE: Mapping[str, Told] = {
    "span": {"span": [0.0, 1.1e6]},
    "sequence": {"sequence": "JJG 882"},
    "pressures": {"pressures": [0.0, 4e5, 1e6]},
    "cycles": {"cycles": 2},
    "unit": {"unit": "bar"},
    "medium": {"medium": "air"},
    "mounting": {"mounting": "lying"},
    "level": {"level": "mark"},
    "accuracy_class": {"accuracy_class": 0.2},
    "class_at_top": {"class_at_top": 0.3},
    "hysteresis_share": {"hysteresis_share": 0.5},
    "standard_share": {"standard_share": 1e-4},
    "temperature_coefficient": {"temperature_coefficient": 1e-4},
    "norm": {"norm": "JJG 52"},
    "rule": {"rule": "guard band U"},
    "coverage_factor": {"coverage_factor": 3.0},
    "coverage": {"coverage_factor": None, "coverage": 0.99},
    "absolute": {"absolute": True},
    "resolution": {"resolution": 100.0},
}

PRESSURE_RUN: Mapping[str, Told] = {
    "preloads": {"preloads": 2},
    "dwell": {"dwell": 35.0},
    "dwell_at_ends": {"dwell_at_ends": 60.0},
    "readings": {"readings": 7},
    "every": {"every": 3.0},
}

CONTROLLED: Mapping[str, Told] = {"standard_kind": {"standard_kind": "absolute"}}

CONTROLLED_RUN: Mapping[str, Told] = {
    "slew": {"slew": 1e4},
    "steady": {"steady": 0.002},
    "off": {"off": 0.0005},
    "past": {"past": 1.0},
    "back": {"back": 10.0},
    "apart": {"apart": 0.0005},
}

FACTS = ("reference_height", "gravity", "reference_drift", "cmc")


class TestPressure(Heeded):
    domain = "pressure"
    benches: ClassVar = {
        "pressure.gauge": lambda folder: pressure_bench(folder, "indication"),
        "pressure.transmitter": lambda folder: pressure_bench(folder, "current"),
        "pressure.dead_weight": piston,
    }
    quick: ClassVar = {
        "pressure.gauge": QUICK,
        "pressure.transmitter": QUICK,
        "pressure.dead_weight": {**QUICK, **LOADS},
    }
    planned: ClassVar = {
        "pressure.gauge": {**PRESSURE, **CONTROLLED},
        "pressure.transmitter": {
            **{name: told for name, told in PRESSURE.items() if name != "resolution"},
            **CONTROLLED,
            "supply": {"supply": 12.0},
            "load": {"load": 100.0},
        },
        "pressure.dead_weight": {
            **PRESSURE,
            "sequence": {"sequence": "JJG 882"},
            "loads": {"loads": [[], [1, 2, 3, 4], [1, 2, 3, 4, 5]]},
        },
    }
    run: ClassVar = {
        "pressure.gauge": {**PRESSURE_RUN, **CONTROLLED_RUN},
        "pressure.transmitter": {**PRESSURE_RUN, **CONTROLLED_RUN},
        "pressure.dead_weight": PRESSURE_RUN,
    }
    shared = frozenset(PRESSURE)
    # The gauge's run the same code.
    unused: ClassVar = {"pressure.transmitter": frozenset({*PRESSURE_RUN, *CONTROLLED_RUN})}
    facts: ClassVar = {
        "pressure.gauge": FACTS,
        "pressure.transmitter": FACTS,
        "pressure.dead_weight": (
            *FACTS,
            "piston_expansion",
            "weight_density",
            "piston_density",
            "piston_reference_temperature",
        ),
    }
