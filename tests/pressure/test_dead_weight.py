"""Whole calibrations against a piston gauge: a person puts weights on, and a gauge follows over its wire."""

from __future__ import annotations

import re
from datetime import date

import pytest

from remotecal.bench import Bench
from remotecal.certificates.dcc import read, write
from remotecal.clock import VirtualClock
from remotecal.drivers.druck.pace import DruckPace
from remotecal.drivers.shown import NOT_POSSIBLE
from remotecal.errors import (
    BenchError,
    CertificateRefused,
    ParameterError,
    RunAborted,
    RunError,
    SafeStateNotReached,
)
from remotecal.journal.events import read_journal
from remotecal.model import Column, Correlation, JointResult, Table, Text, Uncertainty
from remotecal.order import Order
from remotecal.procedures.library.pressure.dead_weight import CANT, DONE
from remotecal.procedures.library.pressure.piston import AREA, DISTORTION, MASS
from remotecal.runs import safety
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.control import Control
from remotecal.runs.execute import execute, plan, resume
from remotecal.runs.prompts import Answer, Scripted
from remotecal.runs.record import evaluate
from remotecal.sim import stands
from remotecal.sim.assembly import Assembly
from remotecal.sim.certificates import Certified, certificate
from remotecal.sim.instruments.keller import keller
from remotecal.sim.paper import Job, Paper, characteristic
from remotecal.sim.pressure.device import DeviceSpec, PressureDevice
from remotecal.sim.pressure.outfit import drawn
from remotecal.sim.surroundings import Air
from remotecal.sim.wiring import Wired

AREA_TRUE, GRAVITY, DENSITY = 9.80500e-5, 9.80122, 7920.0
MASSES = {"P-1": 0.5, "W-1": 2.0, "W-2": 2.5, "W-3": 5.0}
"""The piston and its weights, in kg."""

ORDER = {
    "span": [0.0, 1e6],
    "sequence": "DKD-R 6-1 C",
    "pressures": [0.0, 2.5e5, 5e5, 1e6],
    "loads": [[], [1, 2], [1, 2, 3], [1, 2, 3, 4]],
    "resolution": 10.0,
    "accuracy_class": 0.1,
}


LET_GO = "Let the pressure out, open the line to the air, and see that there is none left. Then confirm."
FROM_BELOW = "come from below and not past it, until it floats and turns."


class WeighedBench(Assembly):
    """Piston gauge with a digital gauge on its line; whoever puts weights on sets `pressure`."""

    def __init__(self, world, options):
        super().__init__(world, options)
        self.air, self.pressure = Air(world.random("air")), 0.0
        spec = DeviceSpec(
            full=1000.0, step=0.01, offset=0.0, gain=3e-4, bend=0.0, turn=2e-4, shift=0.0, creep=0.0
        )
        self.device = PressureDevice(spec, lambda: self.pressure, world.random("device"))
        world.physics = self.device.move
        known = drawn(world.random("papers"), 1000.0)
        air = [known[name] for name in ("barometer", "air_thermometer", "hygrometer")]
        shown = keller(world, lambda: round(self.device.indicated(20.0), 2) / 100, name="dut")
        self.wired = {
            "ambient": stands.ambient(world, self.air, *air),
            "thermometer": stands.thermometer(world, known["air_thermometer"], lambda: 20.0, "piston"),
            "dut": Wired(shown, "serial", settings={"unit": 1}),
        }

    def paper(self, today):
        facts = {
            "reference_height": (0.0, "m", 0.002),
            "gravity": (GRAVITY, "m/s2", 2e-5),
            "piston_expansion": (9.1e-6, "1/K", 4e-7),
            "weight_density": (DENSITY, "kg/m3", 30.0),
        }
        return Paper(
            name="piston gauge",
            job=Job("pressure.dead_weight", "PIST", ORDER, {"name": "gauge", "serial": "G-1"}),
            characteristics={
                name: characteristic(value, unit, expanded, today)
                for name, (value, unit, expanded) in facts.items()
            },
        )


def column(ref_type, unit, value, expanded):
    stated = Uncertainty(expanded=(expanded,), k=("2",), p=("0.95",))
    return Column(ref_types=(ref_type,), unit=unit, values=(value,), uncertainty=stated)


def add_artefacts(bench, area="0.002", up_to="", mass="0.00002"):
    """Write the certificates of piston and weights, and let the bench file name them."""
    joint = JointResult(columns=(0, 1), correlation=Correlation(matrix=(("1", "-0.5"), ("-0.5", "1"))))
    tables = {
        "piston": Table(
            columns=(column(AREA, "mm2", "98.0500", area), column(DISTORTION, "1/MPa", "4E-6", "1E-6")),
            joint=(joint,),
        )
    }
    tables |= {
        serial: Table(columns=(column(MASS, "kg", f"{value:.5f}", mass),)) for serial, value in MASSES.items()
    }
    held = None
    if up_to:
        ends = Column(ref_types=("remotecal_measurementRange",), unit="MPa", values=("0.02", up_to))
        held = Table(columns=(ends,))
    text = bench.bench.read_text(encoding="utf-8")
    for name, table in tables.items():
        serial = "A-1" if name == "piston" else name
        stated = [(Text.plain("quantity"), table)]
        if name == "piston" and held is not None:
            stated.append((Text.plain("range"), held))
        about = Certified(Text.plain(name), tuple(stated))
        made = certificate(about, DruckPace, serial, Text.plain("owner"), f"C-{serial}", date(2026, 11, 1))
        (bench.directory / f"{name}.xml").write_bytes(write(made))
        text += f'\n[artefacts.{name}]\nserial = "{serial}"\ncertificate = "{name}.xml"\n'
    text += f"\n[roles]\nweights = {[*MASSES]}\n"
    bench.bench.write_text(text.replace("'", '"'), encoding="utf-8")


@pytest.fixture
def bench(tmp_path):
    clock = VirtualClock(1_796_000_000.0)
    with WeighedBench.up(tmp_path / "bench", clock=clock) as made:
        add_artefacts(made)
        yield made


class OnSite:
    """Puts on the weights that are named, and lets the piston float."""

    def __init__(self, bench, *, can=True, lets_go=DONE):
        self._bench, self._can, self._lets_go, self.asked = bench, can, lets_go, []

    def answer(self, question, still_wanted):
        still_wanted()
        said = question.text.get("en")
        self.asked.append(said)
        if said.startswith("Let the pressure out"):
            if self._lets_go is None:
                raise RunError("the terminal was closed")
            self._bench.pressure = 0.0 if self._lets_go == DONE else self._bench.pressure
            return Answer(self._lets_go, "liwei")
        on = [serial for serial in MASSES if re.search(rf"\b{serial}\b", said)]
        with self._bench.world.present() as time:
            buoyant = 1 - self._bench.air.density(time) / DENSITY
            load = sum(MASSES[serial] for serial in on) * GRAVITY * buoyant
            made = load / AREA_TRUE
            made /= 1 + 4e-12 * made
            self._bench.pressure = made / 1000
        return Answer(DONE if self._can else CANT, "liwei")


def ordered(bench, **parameters):
    order = Order.load(bench.order)
    return order.model_copy(update={"parameters": {**order.parameters, **parameters}})


def calibrate(bench, person, control=None, watchers=(), **parameters):
    order = ordered(bench, **parameters)
    run = bench.directory.parent / "run"
    company = Company(person, watchers, control or Control())
    return execute(order, find(order.order.procedure), Bench.load(bench.bench), run, company, bench.clock)


def safe(bench):
    """Return what the journal says of the safe state in the end."""
    journal = read_journal(bench.directory.parent / "run" / "journal.jsonl")
    return next(event.data for event in reversed(journal) if event.kind == "safe")


class StopsAtTheTop:
    """Stops the run once it measures with 1 MPa on the piston."""

    def __init__(self):
        self.control = Control()

    def __call__(self, progress):
        if progress.doing == "measure" and progress.point.name.startswith("1000 kPa"):
            self.control.abort("enough", "liwei")


def test_the_gauges_errors_are_found_by_area_and_weights(bench):
    person = OnSite(bench)
    evidence = calibrate(bench, person)
    made = evaluate(evidence, find(evidence.procedure.name))
    table = made.measurements[0].results[0].tables[0]
    error, reference = table.column("basic_measurementError"), table.column("basic_referenceValue")
    for found, place in zip(error.floats(), reference.floats(), strict=True):
        assert found == pytest.approx(0.3 * place / 1000, abs=0.02)
    assert reference.floats()[-1] == pytest.approx(999.45, abs=0.01)
    symbols = [{line.symbol for line in budget.lines} for budget in made.measurements[0].budgets]
    assert {"A_0", "λ", "α", "m_1", "m_4", "t_p", "g"} <= symbols[-1]
    assert not {"A_0", "m_1"} & symbols[0], "the line is open to the air there"
    assert {serial for each in made.standards for serial in each.serials} >= {"A-1", "P-1", "W-3"}
    assert read(write(made)) == made
    assert person.asked[:4] == [
        LET_GO,
        f"1000 kPa: let P-1, W-1, W-2, W-3 be on the piston; {FROM_BELOW}",
        "0 kPa: open the line to the air.",
        f"250 kPa: let P-1, W-1 be on the piston; {FROM_BELOW}",
    ]
    assert "come from above" in person.asked[-3]
    assert person.asked[-1] == LET_GO


def test_weights_that_make_another_pressure_are_refused_before_anything_moves(bench):
    for changes, kind, said in (
        (
            {"loads": [[], [1], [1, 2, 3], [1, 2, 3, 4]]},
            ParameterError,
            "the weights at 250000 Pa make 50008",
        ),
        ({"loads": [[], [1, 2], [1, 2, 3], [1, 2, 3, 5]]}, BenchError, "there is no weight 5 on the bench"),
        ({"loads": [[], [1, 2], [1, 2, 3]]}, ParameterError, "there are 3 loads for 4 set points"),
        ({"loads": [[], [1, 1], [1, 2, 3], [1, 2, 3, 4]]}, ParameterError, "a weight is on the piston once"),
        ({"absolute": True}, ParameterError, "a piston gauge makes gauge pressure"),
    ):
        order = ordered(bench, **changes)
        with pytest.raises(kind, match=said):
            plan(order, find(order.order.procedure), Bench.load(bench.bench), bench.clock, "run")


@pytest.mark.parametrize("poor", [{"area": "0.2"}, {"mass": "0.01"}])
def test_a_piston_or_weights_that_are_too_poor_are_refused(tmp_path, poor):
    with WeighedBench.up(tmp_path / "bench", clock=VirtualClock(1_796_000_000.0)) as bench:
        add_artefacts(bench, **poor)
        order = ordered(bench)
        with pytest.raises(CertificateRefused, match=r"piston: U = .* Pa at the top is more than 0\.33"):
            plan(order, find(order.order.procedure), Bench.load(bench.bench), bench.clock, "run")


def test_a_piston_is_not_used_beyond_the_range_its_certificate_states(tmp_path):
    with WeighedBench.up(tmp_path / "bench", clock=VirtualClock(1_796_000_000.0)) as bench:
        add_artefacts(bench, up_to="0.6")
        order = ordered(bench)
        with pytest.raises(
            CertificateRefused, match=r"holds up to 600000 Pa, but the piston is to make 1e\+06"
        ):
            plan(order, find(order.order.procedure), Bench.load(bench.bench), bench.clock, "run")


def test_a_load_that_can_not_be_put_on_ends_the_run(bench):
    with pytest.raises(RunError, match="the piston gauge can't be brought to 1e\\+06 Pa"):
        calibrate(bench, OnSite(bench, can=False))


def test_who_stops_a_run_is_asked_to_let_the_pressure_out(bench):
    person, stop = OnSite(bench), StopsAtTheTop()
    with pytest.raises(RunAborted):
        calibrate(bench, person, stop.control, (stop,))
    assert (person.asked[-1], bench.pressure) == (LET_GO, 0.0)
    assert safe(bench)["reached"] is True


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "it is not known whether the rig is safe: go and look at it, let the pressure out"),
        (NOT_POSSIBLE, "the rig is not safe: go and look at it"),
    ],
)
def test_nobody_calls_a_piston_gauge_safe_that_nobody_has_let_go(bench, answer, said):
    person, stop = OnSite(bench), StopsAtTheTop()

    def leave(progress):
        if progress.doing == "measure":
            person._lets_go = answer
        stop(progress)

    with pytest.raises(SafeStateNotReached, match=f"{said}.*the run had stopped because the run was stopped"):
        calibrate(bench, person, stop.control, (leave,))
    assert bench.pressure > 900
    assert safe(bench)["reached"] is False
    assert said in safe(bench)["text"]


def test_a_run_that_is_taken_up_asks_first_for_the_pressure_to_be_let_out(bench):
    person, stop = OnSite(bench), StopsAtTheTop()
    with pytest.raises(RunAborted):
        calibrate(bench, person, stop.control, (stop,))
    bench.pressure, asked = 1000.0, len(person.asked)
    again = resume(bench.directory.parent / "run", Company(person), clock=bench.clock)
    assert again.complete
    assert person.asked[asked] == LET_GO


def test_a_script_confirms_nothing_that_it_has_not_seen(bench):
    with pytest.raises(SafeStateNotReached, match="says that it is not possible"):
        calibrate(bench, Scripted(first_option=True))


def test_nobody_is_waited_for_without_end_once_a_run_has_ended(bench, monkeypatch):
    monkeypatch.setattr(safety, "PATIENCE", 0.0)

    class Away(OnSite):
        def answer(self, question, still_wanted):
            if stop.control.has_stopped:
                while True:
                    still_wanted()
            return super().answer(question, still_wanted)

    stop = StopsAtTheTop()
    with pytest.raises(SafeStateNotReached, match="nobody confirmed it: no answer came within 0 s"):
        calibrate(bench, Away(bench), stop.control, (stop,))


def test_a_bench_that_is_not_all_there_is_not_said_to_be_safe(bench):
    text = bench.bench.read_text(encoding="utf-8")
    address = re.search(r'\[instruments\.dut\].*?address = "(.*?)"', text, re.DOTALL)[1]
    bench.bench.write_text(text.replace(address, "ASRL/dev/nowhere::INSTR"), encoding="utf-8")
    with pytest.raises(SafeStateNotReached, match=r"not known whether the rig is safe.*nobody is asked here"):
        calibrate(bench, OnSite(bench))
