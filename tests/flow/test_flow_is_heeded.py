"""Whatever the flow procedures may be told, and whatever fact they ask for, changes something."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from typing import ClassVar

from heeded import Heeded, Somebody, Told
from test_rig_facts import BY_HAND, Person

from remotecal.sim.water.assemblies import master_line, water_rig
from remotecal.sim.water_bench.assemblies import WaterMeterBench


@contextmanager
def water(folder, line):
    with line(folder / "rig", seed=5) as rig:
        yield rig, Somebody(folder)


@contextmanager
def diverter(folder):
    """A water rig whose diverter is looked at, by the counter that reads the meter there."""
    with water(folder, water_rig) as (rig, person):
        with rig.bench.open("a", encoding="utf-8") as file:
            file.write('\n[roles]\nmonitor = "dut"\n')
        order = rig.order.read_text("utf-8")
        wanted = "flows = [10.0]\nsmallest_mass = 400.0\nlargest_mass = 540.0\nempty = 0.6\n"
        head, _, rest = order.partition("[parameters]")
        rig.order.write_text(f"{head}[parameters]\n{wanted}\n[dut{rest.partition('[dut')[2]}", "utf-8")
        yield rig, person


@contextmanager
def facts(folder, roles):
    """A water rig with a scale and a density meter that a person reads."""
    with water_rig(folder / "rig", seed=5) as rig:
        with rig.bench.open("a", encoding="utf-8") as file:
            file.write(BY_HAND + roles)
        order = rig.order.read_text("utf-8")
        head, _, rest = order.partition("[parameters]")
        rig.order.write_text(f"{head}[parameters]\n[dut{rest.partition('[dut')[2]}", "utf-8")
        yield rig, Person(rig)


@contextmanager
def meters(folder):
    with WaterMeterBench.up(folder / "bench", seed=5, meters=2) as bench:
        yield bench, Somebody(folder)


QUICK: Told = {"flows": [10.0], "repeats": 2}

FLOW: Mapping[str, Told] = {
    "flows": {"flows": [12.0]},
    "repeats": {"repeats": 3},
    "accuracy_class": {"accuracy_class": 1.0},
    "norm": {"norm": "JJG 1038-2008"},
    "rule": {"rule": "simple acceptance"},
    "repeatability_share": {"repeatability_share": 0.5},
    "judged_by": {"judged_by": "k factor"},
    "water": {"water": "IAPWS-95"},
    "total_resolution": {"total_resolution": 0.01},
    "coverage": {"coverage": 0.99},
    "coverage_factor": {"coverage_factor": 3.0},
    "pulses_per_volume": {"pulses_per_volume": 1234.0},
    "full_scale": {"full_scale": 99.0},
}

FLOW_RUN: Mapping[str, Told] = {
    "duration": {"duration": 200.0},
    "fewest_pulses": {"fewest_pulses": 500_000},
    "flow_tolerance": {"flow_tolerance": 0.01},
    "flow_spread": {"flow_spread": 0.01},
    "steady": {"steady": 40.0},
    "temperature_drift": {"temperature_drift": 1e-9},
    "photo": {"photo": True},
}

TANK: Mapping[str, Told] = {"empty": {"empty": 0.001}, "dripping": {"dripping": 20.0}}
"""Fields that say how water is collected."""
LINE: Mapping[str, Told] = {name: FLOW_RUN[name] for name in (
    "flow_tolerance", "flow_spread", "steady", "temperature_drift"
)}  # fmt: skip
"""Fields that say how a line is brought to a flow."""
OF_METERS: Mapping[str, Told] = {
    name: FLOW[name]
    for name in (
        "repeats",
        "norm",
        "rule",
        "repeatability_share",
        "water",
        "total_resolution",
        "coverage",
        "coverage_factor",
        "pulses_per_volume",
        "full_scale",
    )
}

FACTS = ("connecting_volume", "water_density", "cmc")


class TestFlow(Heeded):
    domain = "flow"
    benches: ClassVar = {
        "flow.water_gravimetric": lambda folder: water(folder, water_rig),
        "flow.water_master_meter": lambda folder: water(folder, master_line),
        "flow.water_bench": meters,
        "flow.diverter": diverter,
        "flow.pipe_volume": lambda folder: facts(folder, 'balance = "can_scale"\n'),
        "flow.water_density": lambda folder: facts(folder, ""),
    }
    quick: ClassVar = {
        "flow.water_gravimetric": QUICK,
        "flow.water_master_meter": QUICK,
        "flow.water_bench": {"at": ["Q3"], "repeats": 2},
        "flow.diverter": {"repeats": 3, "diversions": 10},
        "flow.pipe_volume": {},
        "flow.water_density": {},
    }
    planned: ClassVar = {
        "flow.water_gravimetric": {
            **FLOW,
            "method": {"method": "standing"},
            "largest_mass": {"largest_mass": 1.0},
        },
        "flow.water_master_meter": {
            **FLOW,
            "method": {"method": "flying"},
            "master_first": {"master_first": False},
        },
        "flow.water_bench": {
            **OF_METERS,
            "permanent": {"permanent": 1.6},
            "ratio": {"at": ["Q2"], "ratio": 160.0},
            "accuracy_class": {"accuracy_class": 1},
            "at": {"at": ["Q4"]},
            "permissible": {"permissible": [10.0, 4.0]},
            "profile": {"profile": 0.3},
            "pressure_loss": {"pressure_loss": 10.0},
            "largest_mass": {"largest_mass": 1.0},
        },
        "flow.diverter": {
            "flows": {"flows": [12.0]},
            "repeats": {"repeats": 4},
            "largest_mass": {"largest_mass": 1.0},
            "coverage": {"coverage": 0.99},
            "water": {"water": "IAPWS-95"},
        },
        "flow.pipe_volume": {
            "fillings": {"fillings": 2},
            "residue": {"residue": 1e-4},
            "expansion": {"expansion": 1e-3},
            "coverage": {"coverage": 0.99},
            "water": {"water": "IAPWS-95"},
        },
        "flow.water_density": {
            "samples": {"samples": 2},
            "coverage": {"coverage": 0.99},
            "water": {"water": "IAPWS-95"},
        },
    }
    run: ClassVar = {
        "flow.water_gravimetric": {
            **FLOW_RUN,
            "smallest_mass": {"smallest_mass": 550.0},
            "empty": {"empty": 0.001},
            "dripping": {"dripping": 20.0},
        },
        "flow.water_master_meter": {**FLOW_RUN, "coming_to_rest": {"coming_to_rest": 20.0}},
        "flow.water_bench": {
            **LINE,
            **TANK,
            "duration": {"duration": 100.0},
            "fewest_pulses": {"fewest_pulses": 500_000},
            "smallest_mass": {"smallest_mass": 100.0},
        },
        "flow.diverter": {
            **LINE,
            **TANK,
            "smallest_mass": {"smallest_mass": 500.0},
            "diversions": {"diversions": 12},
        },
        "flow.pipe_volume": {},
        "flow.water_density": {"readings": {"readings": 5}, "every": {"every": 30.0}},
    }
    shared = frozenset(FLOW)
    # Of an output that the simulated meter does not have; the other procedure's has it.
    unused: ClassVar = {
        "flow.water_gravimetric": frozenset({"full_scale", "total_resolution"}),
        "flow.water_master_meter": frozenset(
            {"pulses_per_volume", "full_scale", "fewest_pulses", "judged_by"}
        ),
        "flow.water_bench": frozenset({"pulses_per_volume", "full_scale", "fewest_pulses"}),
    }
    facts: ClassVar = {
        "flow.water_gravimetric": (*FACTS, "balance_resolution", "diverter_correction"),
        "flow.water_master_meter": FACTS,
        "flow.water_bench": (*FACTS, "balance_resolution", "meter_spacing"),
        "flow.diverter": ("balance_resolution",),
        "flow.pipe_volume": ("water_density",),
        "flow.water_density": (),
    }
