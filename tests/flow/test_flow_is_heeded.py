"""Whatever the flow procedures may be told, and whatever fact they ask for, changes something."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from contextlib import contextmanager
from typing import ClassVar

from heeded import Heeded, Somebody, Told

from benchmarks.rig_facts import BY_HAND, Filler
from remotecal.configuration import as_toml
from remotecal.runs.prompts import Beside
from remotecal.sim.clamp_on.assemblies import ClampOnHome, ClampOnSite
from remotecal.sim.large_balance.assemblies import LargeBalance
from remotecal.sim.large_water.assemblies import LargeWater
from remotecal.sim.large_water.still_tank import StillTank
from remotecal.sim.volumetric.assemblies import VolumetricRig
from remotecal.sim.volumetric.proving import ProverLine
from remotecal.sim.volumetric.weighed import VesselBench
from remotecal.sim.water.assemblies import master_line, water_rig
from remotecal.sim.water_bench.assemblies import FlowSensorBench, WaterMeterBench


@contextmanager
def water(folder, line):
    with line(folder / "rig", seed=5) as rig:
        yield rig, Somebody(folder)


@contextmanager
def large_water(folder):
    with LargeWater.up(folder / "rig", seed=5, leak=0.0002) as rig:
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
        yield rig, Filler(rig)


@contextmanager
def meters(folder):
    with WaterMeterBench.up(folder / "bench", seed=5, meters=2) as bench:
        yield bench, Somebody(folder)


@contextmanager
def qualified(folder):
    """The bench of meters, which is itself what is looked at."""
    with meters(folder) as (bench, person):
        said = tomllib.loads(bench.order.read_text("utf-8"))
        device = said.pop("duts")[0]
        said["dut"] = {name: one for name, one in device.items() if name not in {"on", "class_scheme"}}
        bench.order.write_text(as_toml(said), "utf-8")
        yield bench, person


@contextmanager
def beside(folder, kind, **chosen):
    """A bench beside which somebody stands who does what is asked for."""
    with kind.up(folder / "bench", seed=5, **chosen) as bench:
        yield bench, Beside(bench.person)


@contextmanager
def sensors(folder):
    with FlowSensorBench.up(folder / "bench", seed=5, meters=2) as bench:
        yield bench, Somebody(folder)


QUICK: Told = {"flows": [10.0], "repeats": 2}

ZERO: Told = {"zero_readings": 10, "zero_limit": 1.0, "zero_drift": 1.0, "zero_stability": 1.0}

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
    # The walk states every parameter, and an order's own norm goes before that of the kind.
    "kind": {"kind": "ultrasonic", "norm": ""},
    "fiducial_flow": {"fiducial_flow": 35.0},
    # Of a meter of mass, which no other meter takes; `test_meters_of_mass` has some.
    "indicates": {"indicates": "mass"},
    "pulses_per_mass": {"pulses_per_mass": 500.0},
    "mass_full_scale": {"mass_full_scale": 1e5},
    "mass_resolution": {"mass_resolution": 0.01},
    **dict.fromkeys(ZERO, ZERO),
    "low_flow_cutoff": {"low_flow_cutoff": 5.0},
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

OF_SERIES: Mapping[str, Told] = {
    "permanent": {"permanent": 1.6},
    "ratio": {"at": ["Q2"], "ratio": 160.0},
    "accuracy_class": {"accuracy_class": 1},
    "at": {"at": ["Q4"]},
    "permissible": {"permissible": [10.0, 4.0]},
    "profile": {"profile": 0.3},
    "pressure_loss": {"pressure_loss": 10.0},
    "largest_mass": {"largest_mass": 1.0},
    "uncertainty_share": {"uncertainty_share": 0.1},
}
"""Fields that say what water meters in series are."""

JUDGED = ("norm", "rule", "repeatability_share")
"""Fields that say how a meter is judged."""

FACTS = ("connecting_volume", "water_density", "cmc")
SET = ("pulses_per_volume", "full_scale", "pulses_per_mass", "mass_full_scale")
"""Facts of the meter, which contradict an order that says otherwise."""
WARM: Told = {"use_temperature": 90.0, "expansion": 1e-4}
PRESSED: Told = {"use_pressure": 5e6, "stretch": 1e-8}
"""Of a body that is otherwise in use than as it was surveyed."""
WEIGHED = ("balance_resolution", "balance_eccentricity", "tank_evaporation", "tank_splash")
"""Facts of a weigh tank."""


class TestFlow(Heeded):
    domain = "flow"
    benches: ClassVar = {
        "flow.water_gravimetric": lambda folder: water(folder, water_rig),
        "flow.water_master_meter": lambda folder: water(folder, master_line),
        "flow.water_parallel_masters": large_water,
        "flow.water_volumetric": lambda folder: water(folder, VolumetricRig.up),
        "flow.water_prover": lambda folder: water(folder, ProverLine.up),
        "flow.ultrasonic_dry": lambda folder: water(folder, StillTank.up),
        "flow.water_bench": meters,
        "flow.bench_qualification": qualified,
        "flow.meter_by_clamp_on": lambda folder: beside(folder, ClampOnSite, output="pulses"),
        "flow.balance_by_substitution": lambda folder: beside(folder, LargeBalance),
        "flow.clamp_on_returned": lambda folder: beside(folder, ClampOnHome),
        "flow.heat_flow_sensors": sensors,
        "flow.diverter": diverter,
        "flow.pipe_volume": lambda folder: facts(folder, 'balance = "can_scale"\n'),
        "flow.water_density": lambda folder: facts(folder, ""),
        "flow.vessel_volume": lambda folder: beside(folder, VesselBench),
    }
    quick: ClassVar = {
        "flow.water_gravimetric": QUICK,
        "flow.water_master_meter": QUICK,
        "flow.water_parallel_masters": {"flows": [840.0], "repeats": 2, "duration": 30.0},
        "flow.water_volumetric": QUICK,
        "flow.water_prover": {"flows": [10.0], "repeats": 3},
        "flow.ultrasonic_dry": {"velocities": [1.5], "repeats": 3},
        "flow.water_bench": {"at": ["Q3"], "repeats": 2},
        "flow.bench_qualification": {"at": ["Q3"], "repeats": 3},
        "flow.meter_by_clamp_on": {"flows": [200.0], "repeats": 2, "mountings": 3, "duration": 60.0},
        "flow.clamp_on_returned": {},
        "flow.balance_by_substitution": {"steps": 2},
        "flow.heat_flow_sensors": {"at": ["q_p"], "repeats": 2},
        "flow.diverter": {"repeats": 3, "diversions": 10},
        "flow.pipe_volume": {},
        "flow.water_density": {},
        "flow.vessel_volume": {"levels": [600.0, 1200.0], "repeats": 2},
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
        "flow.water_parallel_masters": {
            **FLOW,
            "flows": {"flows": [830.0]},
            "master_flows": {"master_flows": [630.0] * 17},
            "least_share": {"least_share": 0.9},
            "most_share": {"most_share": 0.65},
            "master_resolution": {"master_resolution": 0.1},
            "leak_share": {"leak_share": 0.005},
        },
        "flow.water_volumetric": {
            **FLOW,
            "method": {"method": "standing"},
            "largest_volume": {"largest_volume": 0.01},
            "scale_resolution": {"scale_resolution": 5.0},
            "reference_temperature": {"reference_temperature": 15.0},
        },
        "flow.water_prover": {
            **FLOW,
            "repeats": {"repeats": 5},
            "judged_by": {"judged_by": "error"},
            "norm": {"norm": "JJG 1033-2007"},
            "duration": {"duration": 100.0},
            "fewest_pulses": {"fewest_pulses": 500_000},
            "random": {"random": 1e-6},
            "reference_temperature": {"reference_temperature": 15.0},
            "longest_pass": {"longest_pass": 1.0},
            "prover_first": {"prover_first": True},
        },
        "flow.ultrasonic_dry": {
            "diameter": {"diameter": 3.1},
            "lengths": {"lengths": [3.7, 3.7]},
            "angles": {"angles": [44.0, 44.0]},
            "velocities": {"velocities": [0.1]},
            "sound_speed": {"sound_speed": 1300.0},
            "repeats": {"repeats": 4},
            "accuracy_class": {"accuracy_class": 0.5},
            "norm": {"norm": "JJG 1033-2007"},
            "rule": {"rule": "simple acceptance"},
            "coverage": {"coverage": 0.99},
            "coverage_factor": {"coverage_factor": 3.0},
            **dict.fromkeys(("use_temperature", "expansion"), WARM),
            **dict.fromkeys(("use_pressure", "stretch"), PRESSED),
            "use_temperature_spread": {**WARM, "use_temperature_spread": 40.0},
            "expansion_spread": {**WARM, "expansion_spread": 1.0},
            "use_pressure_spread": {**PRESSED, "use_pressure_spread": 1e6},
            "stretch_spread": {**PRESSED, "stretch_spread": 1.0},
        },
        "flow.water_bench": {**OF_METERS, **OF_SERIES},
        "flow.bench_qualification": {
            **OF_METERS,
            **OF_SERIES,
            "repeats": {"repeats": 4},
            "norm": {"norm": "JJG 164-2000"},
            "looks": {"looks": 2},
            "flow_variation": {"flow_variation": [20.0, 0.001]},
            "pressure_variation": {"pressure_variation": 1e-9},
            "start_share": {"start_share": 0.5},
            "uncertainty_share": {"uncertainty_share": 0.5},
            "starts": {"starts": 20},
        },
        "flow.meter_by_clamp_on": {
            **{name: OF_METERS[name] for name in OF_METERS if name not in JUDGED and name != "water"},
            "flows": {"flows": [210.0]},
            "reference_resolution": {"reference_resolution": 0.1},
            "mountings": {"mountings": 4},
            "outer_diameter": {"outer_diameter": 221.0},
            "outer_diameter_expanded": {"outer_diameter_expanded": 3.0},
            "wall": {"wall": 7.0},
            "wall_expanded": {"wall_expanded": 1.0},
            "lining": {"lining": 2.0},
            "lining_expanded": {"lining_expanded": 1.0},
            "told_inner_diameter": {"told_inner_diameter": 190.0},
            "diameter_exponent": {"diameter_exponent": 1, "told_inner_diameter": 190.0},
            "pipe_expansion": {"pipe_expansion": 1e-3},
            "upstream": {"upstream": 20.0},
            "downstream": {"downstream": 20.0},
            "upstream_needed": {"upstream_needed": 20.0},
            "downstream_needed": {"downstream_needed": 20.0},
            "profile": {"profile": 4.0},
            "calibrated_at": {"calibrated_at": 90.0},
            "temperature_effect": {"temperature_effect": 1.0},
            "calibrated_bore": {"calibrated_bore": 200.0},
        },
        "flow.balance_by_substitution": {
            "nominal": {"nominal": 610.0},
            "capacity": {"capacity": 1000.0},
            "steps": {"steps": 3},
            "scale_interval": {"scale_interval": 1.0},
            "smallest_share": {"smallest_share": 0.5},
            "eccentric_load": {"eccentric_load": 10.0},
            "eccentric_difference": {"eccentric_difference": 1.0},
            "weight_density": {"weight_density": 7000.0},
            "weight_density_expanded": {"weight_density_expanded": 3000.0},
            "weight_drift": {"weight_drift": 4.0},
            "load_density": {"load_density": 600.0},
            "load_volume": {"load_volume": 1.0, "load_density": 500.0},
            "zero_change": {"zero_change": 1e-9},
            "coverage": {"coverage": 0.99},
            "coverage_factor": {"coverage_factor": 3.0},
        },
        "flow.clamp_on_returned": {
            **{name: FLOW[name] for name in (*JUDGED, "accuracy_class", "coverage", "coverage_factor")},
            "calibrated_bore": {"calibrated_bore": 200.0},
            "common_untold": {"common_untold": 0.5},
        },
        "flow.heat_flow_sensors": {
            **{name: told for name, told in OF_METERS.items() if name != "water"},
            "permanent": {"permanent": 2.6},
            "smallest_flow": {"at": ["q_i"], "smallest_flow": 0.03},
            "overload": {"at": ["q_s"], "overload": 1.5},
            "accuracy_class": {"accuracy_class": 1},
            "at": {"at": ["q_s"]},
            "limit": {"limit": [10.0, 4.0]},
            "uncertainty_share": {"uncertainty_share": 0.1},
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
        "flow.vessel_volume": {
            "levels": {"levels": [300.0, 1200.0]},
            "areas": {"areas": [1.0, 1.0]},
            "repeats": {"repeats": 3},
            "expansion": {"expansion": 1e-3},
            "expansion_expanded": {"expansion_expanded": 1e-3},
            "dripping": {"dripping": 60.0},
            "scale_resolution": {"scale_resolution": 20.0},
            "section": {"section": 1.0},
            "residue": {"residue": 1e-3},
            "coverage": {"coverage": 0.99},
            "coverage_factor": {"coverage_factor": 3.0},
            "water": {"water": "IAPWS-95"},
        },
        "flow.water_density": {
            "samples": {"samples": 2},
            "coverage": {"coverage": 0.99},
            "water": {"water": "IAPWS-95"},
            "density_resolution": {"density_resolution": 0.2},
            "temperature_resolution": {"temperature_resolution": 0.2},
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
        "flow.water_parallel_masters": {
            **FLOW_RUN,
            "fewest_pulses": {"fewest_pulses": 50_000},
            "header_capacity": {"header_capacity": 1e-6},
            "leak_pressure": {"leak_pressure": 900.0},
            "leak_time": {"leak_time": 200.0},
            "start_speed": {"start_speed": 45.0},
        },
        "flow.water_volumetric": {
            **FLOW_RUN,
            "smallest_volume": {"smallest_volume": 0.55},
            "empty": {"empty": 0.001},
            "dripping": {"dripping": 60.0},
        },
        "flow.ultrasonic_dry": {
            "geometry": {"geometry": "nowhere.toml"},
            "every": {"every": 20.0},
        },
        "flow.water_prover": {
            name: told for name, told in FLOW_RUN.items() if name not in {"duration", "fewest_pulses"}
        },
        "flow.water_bench": {
            **LINE,
            **TANK,
            "duration": {"duration": 100.0},
            "fewest_pulses": {"fewest_pulses": 500_000},
            "smallest_mass": {"smallest_mass": 100.0},
        },
        "flow.bench_qualification": {
            **LINE,
            **TANK,
            "duration": {"duration": 100.0},
            "fewest_pulses": {"fewest_pulses": 500_000},
            "smallest_mass": {"smallest_mass": 100.0},
        },
        "flow.meter_by_clamp_on": {
            "duration": {"duration": 100.0},
            "fewest_pulses": {"fewest_pulses": 500_000},
            "flow_tolerance": {"flow_tolerance": 0.01},
            "steady": {"steady": 100.0},
        },
        "flow.clamp_on_returned": {},
        "flow.balance_by_substitution": {
            "placings": {"placings": 6},
            "largest_difference": {"largest_difference": 1e-6},
        },
        "flow.heat_flow_sensors": {
            **LINE,
            **TANK,
            "water": {"water": "Tanaka"},
            "between": {"between": [40.0, 45.0]},
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
        "flow.vessel_volume": {
            "settling": {"settling": 300.0},
            "empty": {"empty": 1e-6},
            "near": {"near": 1e-6},
        },
        "flow.water_density": {"readings": {"readings": 5}, "every": {"every": 30.0}},
    }
    shared = frozenset(FLOW)
    # Of an output that the simulated meter does not have; the other procedure's has it.
    unused: ClassVar = {
        "flow.water_gravimetric": frozenset({"full_scale", "total_resolution"}),
        "flow.water_master_meter": frozenset(
            {"pulses_per_volume", "full_scale", "fewest_pulses", "judged_by"}
        ),
        "flow.water_parallel_masters": frozenset({"full_scale", "total_resolution"}),
        "flow.water_volumetric": frozenset({"full_scale", "total_resolution"}),
        "flow.water_prover": frozenset({"total_resolution"}),
        "flow.ultrasonic_dry": frozenset(),
        # What they hold against the bench's own qualification `test_bench_qualification` does.
        "flow.water_bench": frozenset(
            {"pulses_per_volume", "full_scale", "fewest_pulses", "uncertainty_share"}
        ),
        "flow.bench_qualification": frozenset({"pulses_per_volume", "full_scale", "fewest_pulses"}),
        # Certificates of the simulated clamp-on meter go by velocity; `test_clamp_on` has one by flow.
        "flow.meter_by_clamp_on": frozenset({"full_scale", "total_resolution", "calibrated_bore"}),
        # They state what they have in common, too; `test_clamp_on` has some that do not.
        "flow.clamp_on_returned": frozenset({"calibrated_bore", "common_untold"}),
        "flow.heat_flow_sensors": frozenset(
            {"pulses_per_volume", "full_scale", "fewest_pulses", "uncertainty_share"}
        ),
    }
    facts: ClassVar = {
        "flow.water_gravimetric": (*FACTS, *SET, *WEIGHED, "diverter_correction"),
        "flow.water_master_meter": (*FACTS, *SET),
        "flow.water_parallel_masters": (*FACTS, *SET, "reading_delay", "pipe_stretch", "pipe_expansion"),
        "flow.water_volumetric": (*FACTS, *SET, "diverter_correction"),
        "flow.water_prover": ("water_density", "cmc", "connecting_volume", *SET),
        "flow.ultrasonic_dry": (),
        "flow.water_bench": (*FACTS, *WEIGHED, "meter_spacing", "bench_deviation"),
        "flow.bench_qualification": ("connecting_volume", "water_density", *WEIGHED, "meter_spacing"),
        "flow.meter_by_clamp_on": ("reading_delay",),
        "flow.clamp_on_returned": (),
        "flow.balance_by_substitution": ("cmc",),
        "flow.heat_flow_sensors": (*FACTS, *WEIGHED, "meter_spacing", "bench_deviation"),
        "flow.diverter": WEIGHED,
        "flow.pipe_volume": ("water_density",),
        "flow.vessel_volume": ("water_density", "balance_resolution"),
        "flow.water_density": (),
    }
