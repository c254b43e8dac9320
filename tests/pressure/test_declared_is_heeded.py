"""Whatever a shipped procedure may be told, and whatever fact of a bench it asks for, changes something.

One walk over the fields of every `Parameters` and over every characteristic: each is changed, and the plan,
the requests that instruments get, or the certificate must be others then. A field nobody gave a change to
here fails, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from papers import fact
from test_dead_weight import OnSite, WeighedBench, add_artefacts

from remotecal.bench import Bench
from remotecal.clock import VirtualClock
from remotecal.errors import RemotecalError
from remotecal.journal.events import read_journal
from remotecal.journal.exchanges import kept_exchanges
from remotecal.order import Order
from remotecal.procedures.parameters import read_parameters
from remotecal.runs.catalogue import find, names
from remotecal.runs.company import Company
from remotecal.runs.execute import execute, plan
from remotecal.runs.prompts import Answer
from remotecal.sim.pressure.assemblies import PressureBench
from remotecal.sim.water.assemblies import master_line, water_rig

Told = Mapping[str, object]


class Lasted:
    """How long a run took, to a second."""

    __hash__ = None

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lasted) and abs(self.seconds - other.seconds) < 1.0


class Somebody:
    """Answers whatever is asked with the first that may be answered, and has a photo at hand."""

    def __init__(self, folder: Path) -> None:
        self._photo = folder / "photo.jpg"
        self._photo.write_bytes(b"\xff\xd8\xff\xe0 a photo \xff\xd9")

    def answer(self, question, still_wanted):
        still_wanted()
        return Answer(str(self._photo) if question.kind == "file" else question.options[0], "liwei")


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
    with WeighedBench.up(folder / "bench", clock=VirtualClock(1_796_000_000.0)) as bench:
        add_artefacts(bench)
        yield bench, OnSite(bench)


@contextmanager
def water(folder, line):
    with line(folder / "rig", seed=5) as rig:
        yield rig, Somebody(folder)


BENCHES = {
    "pressure.gauge": lambda folder: pressure_bench(folder, "indication"),
    "pressure.transmitter": lambda folder: pressure_bench(folder, "current"),
    "pressure.dead_weight": piston,
    "flow.water_gravimetric": lambda folder: water(folder, water_rig),
    "flow.water_master_meter": lambda folder: water(folder, master_line),
}

QUICK: Mapping[str, Told] = {
    "pressure": {
        "sequence": "DKD-R 6-1 C",
        "pressures": [0.0, 5e5, 1e6],
        "dwell": 30.0,
        "dwell_at_ends": 40.0,
        "accuracy_class": 0.1,
    },
    "flow": {"flows": [10.0], "repeats": 2},
}

LOADS = {"pressures": [0.0, 5e5, 1e6], "loads": [[], [1, 2, 3], [1, 2, 3, 4]]}

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

PLANNED: Mapping[str, Mapping[str, Told]] = {
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
        "loads": {"loads": [[], [1, 2, 3], [1, 2, 3]]},
    },
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
}

RUN: Mapping[str, Mapping[str, Told]] = {
    "pressure.gauge": {**PRESSURE_RUN, **CONTROLLED_RUN},
    "pressure.transmitter": {**PRESSURE_RUN, **CONTROLLED_RUN},
    "pressure.dead_weight": PRESSURE_RUN,
    "flow.water_gravimetric": {
        **FLOW_RUN,
        "smallest_mass": {"smallest_mass": 550.0},
        "empty": {"empty": 0.001},
        "dripping": {"dripping": 20.0},
    },
    "flow.water_master_meter": {**FLOW_RUN, "coming_to_rest": {"coming_to_rest": 20.0}},
}
"""Fields that say how it is measured: what instruments are asked must change, not only what is printed."""

UNUSED: Mapping[str, frozenset[str]] = {
    # The gauge's run the same code.
    "pressure.transmitter": frozenset({*PRESSURE_RUN, *CONTROLLED_RUN}),
    # Of an output that the simulated meter does not have; the other procedure's has it.
    "flow.water_gravimetric": frozenset({"full_scale", "total_resolution"}),
    "flow.water_master_meter": frozenset({"pulses_per_volume", "full_scale", "fewest_pulses", "judged_by"}),
}


def ordered(bench, name, changes) -> Order:
    order = Order.load(bench.order)
    quick = {**QUICK[name.partition(".")[0]], **(LOADS if "loads" in order.parameters else {})}
    told = {**order.parameters, **quick, **changes}
    dut = order.dut.model_copy(update={"class_name": f"{told['accuracy_class']}"})
    return order.model_copy(update={"parameters": told, "dut": dut})


def carried_out(name, folder, changes):
    """Return the evidence of a run, and what its instruments were asked; or how it failed."""
    folder.mkdir()
    with BENCHES[name](folder) as (bench, person):
        order = ordered(bench, name, changes)
        try:
            evidence = execute(
                order, find(name), Bench.load(bench.bench), folder / "run", Company(person), bench.clock
            )
        except RemotecalError as failure:
            return None, str(failure)
        events = read_journal(folder / "run" / "journal.jsonl")
    exchanges = [exchange for event in events for exchange in kept_exchanges(event)]
    # Several are asked at one moment, in any order.
    asked = sorted(one.request for one in exchanges for _ in range(1 + one.again))
    said = [event.data for event in events if event.kind in {"prompt", "note"}]
    return evidence, [asked, said, Lasted(exchanges[-1].at - exchanges[0].at)]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Return what a run of a procedure yields as it is ordered; each is carried out once."""
    done = {}

    def of(name):
        if name not in done:
            done[name] = carried_out(name, tmp_path_factory.mktemp("base") / "run", {})
        return done[name]

    return of


def told_so(name, parameters):
    """Return a procedure with these parameters."""
    kind = find(name).procedure
    return kind(read_parameters(kind.accepts(), parameters, name))


def certified(name, evidence, parameters):
    """Return what the certificate would say, or why there is none."""
    try:
        made = told_so(name, parameters).evaluate(evidence)
    except (RemotecalError, ValueError, LookupError) as refusal:
        return f"{type(refusal).__name__}: {refusal}"
    return made.model_dump(mode="json")


def planned(name, folder, changes):
    """Return the points that would be measured, or why the order is refused."""
    folder.mkdir()
    with BENCHES[name](folder) as (bench, _):
        order = ordered(bench, name, changes)
        try:
            start = plan(order, find(name), Bench.load(bench.bench), bench.clock, "run").start
        except RemotecalError as refusal:
            return str(refusal)
        return start.points


def test_every_procedure_is_walked_and_every_field_has_a_change():
    assert set(BENCHES) == {name for name in names() if name.partition(".")[0] in QUICK}
    for name in BENCHES:
        fields = set(find(name).procedure.accepts().model_fields)
        assert fields - PLANNED[name].keys() - RUN[name].keys() == set(), name
        assert (PLANNED[name].keys() | RUN[name].keys()) <= fields | FLOW.keys() | PRESSURE.keys()


WALKED = [
    (name, field)
    for name in BENCHES
    for field in PLANNED[name]
    if field in find(name).procedure.accepts().model_fields and field not in UNUSED.get(name, ())
]


@pytest.mark.parametrize(("name", "field"), WALKED)
def test_a_parameter_changes_the_plan_or_the_certificate(base, tmp_path, name, field):
    evidence, _ = base(name)
    before = evidence.parameters
    changed = {**before, **PLANNED[name][field]}
    if field == "coverage":
        before = {**before, "coverage_factor": None}
    if certified(name, evidence, before) == certified(name, evidence, changed):
        assert planned(name, tmp_path / "a", {}) != planned(name, tmp_path / "b", PLANNED[name][field])


@pytest.mark.parametrize("name", BENCHES)
def test_the_same_order_asks_instruments_the_same(base, tmp_path, name):
    """Otherwise the walk would see changes that nobody made."""
    _, asked = base(name)
    assert carried_out(name, tmp_path / "run", {})[1] == asked


MEASURED = [(name, field) for name in BENCHES for field in RUN[name] if field not in UNUSED.get(name, ())]


@pytest.mark.parametrize(("name", "field"), MEASURED)
def test_a_parameter_changes_what_instruments_are_asked(base, tmp_path, name, field):
    _, asked = base(name)
    _, otherwise = carried_out(name, tmp_path / "run", RUN[name][field])
    assert otherwise != asked


FACTS = [
    (name, stated)
    for name in BENCHES
    for stated in (
        *(
            {
                "pressure": ("reference_height", "gravity", "reference_drift", "cmc"),
                "flow": ("connecting_volume", "water_density", "cmc"),
            }[name.partition(".")[0]]
        ),
        *{
            "pressure.dead_weight": (
                "piston_expansion",
                "weight_density",
                "piston_density",
                "piston_reference_temperature",
            ),
            "flow.water_gravimetric": ("balance_resolution", "diverter_correction"),
        }.get(name, ()),
    )
]


@pytest.mark.parametrize("name", BENCHES)
def test_every_fact_that_is_declared_is_walked(base, name):
    evidence, _ = base(name)
    procedure = told_so(name, evidence.parameters)
    declared = {*procedure.characteristics(), *procedure.may_state()}
    assert declared == {stated for walked, stated in FACTS if walked == name}


@pytest.mark.parametrize(("name", "stated"), FACTS)
def test_a_fact_changes_the_certificate(base, name, stated):
    evidence, _ = base(name)
    procedure = told_so(name, evidence.parameters)
    unit = {**procedure.characteristics(), **procedure.may_state()}[stated]
    known = evidence.characteristics.get(stated)
    there = fact(7.0, unit, 0.1) if known is None else known
    more = there if known is None else there.model_copy(update={"value": there.value * 1.5 + 0.01})
    otherwise = replace(evidence, characteristics={**evidence.characteristics, stated: more})
    before, after = (certified(name, run, run.parameters) for run in (evidence, otherwise))
    if not isinstance(before, str) and not isinstance(after, str):
        assert before["results"] != after["results"] or before["budgets"] != after["budgets"]
    assert before != after
    assert not isinstance(before, str)
