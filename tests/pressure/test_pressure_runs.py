"""Whole calibrations on the simulated pressure bench: over real sockets and lines, to the certificate."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from examining import examine_course
from exchanged import exchanges_of
from papers import certified

from remotecal.bench import Bench
from remotecal.certificates.dcc import read, write
from remotecal.certificates.pdf import wording
from remotecal.drivers.venting import AIR
from remotecal.errors import (
    BenchError,
    CertificateRefused,
    EvidenceError,
    ParameterError,
    RunAborted,
)
from remotecal.journal.events import read_journal
from remotecal.journal.evidence import Evidence
from remotecal.made_safe import times
from remotecal.model import VERIFICATION
from remotecal.model.certificate import Certificate
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.control import Control
from remotecal.runs.execute import carry_out, execute, plan, refuse_unsafe, resume
from remotecal.runs.prompts import Answer, Question, Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.pressure.assemblies import PressureBench
from remotecal.store.intervals import last_day

QUICK = {"sequence": "DKD-R 6-1 C", "pressures": [0.0, 5e5, 1e6], "dwell": 120.0, "dwell_at_ends": 180.0}


@pytest.fixture
def bench(tmp_path):
    with PressureBench.up(tmp_path / "bench", seed=7) as made:
        yield made


def ordered(bench, *, adjust=False, **parameters) -> Order:
    order = Order.load(bench.order)
    head = order.order.model_copy(update={"adjust": adjust})
    told = {**order.parameters, **QUICK, **parameters}
    dut = order.dut.model_copy(update={"class_name": f"{told['accuracy_class']}"})
    return order.model_copy(update={"order": head, "parameters": told, "dut": dut})


def calibrate(bench, answers=None, control=None, watchers=(), *, adjust=False, **parameters) -> Evidence:
    order = ordered(bench, adjust=adjust, **parameters)
    company = Company(answers or Scripted(), watchers, control or Control())
    run = bench.directory.parent / "run"
    return execute(order, find(order.order.procedure), Bench.load(bench.bench), run, company, bench.clock)


def rewrite(bench, *changes):
    text = bench.bench.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    bench.bench.write_text(text, encoding="utf-8")


def record(evidence):
    return evaluate(evidence, find(evidence.procedure.name))


def errors(made, result=0, measurement=0):
    table = made.measurements[measurement].results[result].tables[0]
    column = table.column("basic_measurementError")
    return dict(zip(table.column("remotecal_nominalValue").floats(), column.floats(), strict=True)), column


def told(bench, kind):
    return [
        event.data
        for event in read_journal(bench.directory.parent / "run" / "journal.jsonl")
        if event.kind == kind
    ]


def test_errors_are_those_of_the_device_within_their_uncertainty(bench):
    evidence = calibrate(bench, cycles=3, preloads=2)
    made = record(evidence)
    found, column = errors(made)
    for (place, error), expanded in zip(found.items(), column.uncertainty.expanded, strict=True):
        true = bench.device.spec.error(place, 20.0)
        assert error == pytest.approx(true, abs=1.5 * float(expanded))
    table = made.measurements[0].results[0].tables[0]
    apart = [
        down - up
        for up, down in zip(
            table.column("remotecal_rising").floats(), table.column("remotecal_falling").floats(), strict=True
        )
    ]
    assert apart[1] == pytest.approx(2 * bench.device.spec.apart(500.0), rel=0.3)
    assert read(write(made)) == made
    assert [point.series for point in evidence.points][:4] == [
        ("rising", "cycle 1"), ("rising", "cycle 1"), ("rising", "cycle 1"), ("falling", "cycle 1"),
    ]  # fmt: skip


def led(bench, since="start"):
    """Return where the controller was told to go since an event, and where the line was opened."""
    run = read_journal(bench.directory.parent / "run" / "journal.jsonl")
    begun = next(event.seq for event in run if event.kind == since)
    requests = [
        str(one["request"])
        for event in run
        if event.kind == "replies" and event.seq > begun
        for one in exchanges_of(event.data)
    ]
    found = [
        "open" if request.endswith("VENT 1") else float(request.rpartition(" ")[2])
        for request in requests
        if request.endswith("VENT 1") or request.startswith("SOUR:PRES ")
    ]
    return [one for one, following in pairwise([*found, None]) if one not in {following, 0.0}]


def test_before_it_is_measured_the_device_is_preloaded(bench):
    calibrate(bench, preloads=3)
    assert led(bench)[1:] == [*[1000, "open"] * 3, 500, 1000, 500, "open"]


def test_the_line_was_opened_only_without_pressure(bench):
    calibrate(bench)
    assert len(bench.line.opened_at) > 3
    assert max(map(abs, bench.line.opened_at)) <= 50


class StopsAt:
    """Stops a run when it is to measure at a point."""

    def __init__(self, control, name):
        self._control, self._name = control, name

    def __call__(self, progress):
        if progress.point is not None and progress.point.name == self._name and progress.doing == "measure":
            self._control.abort("enough", "liwei")


def test_a_run_that_is_taken_up_comes_to_a_falling_point_over_the_top(bench):
    control = Control()
    with pytest.raises(RunAborted):
        calibrate(bench, control=control, watchers=(StopsAt(control, "500 kPa, falling, cycle 1"),))
    with bench.world.present():
        assert bench.line.doing == "vent"
    evidence = resume(bench.directory.parent / "run", Company(Scripted()), clock=bench.clock)
    assert evidence.complete
    assert led(bench, "resume")[1:] == [1000, "open", 1000, 500, "open"]
    falling = evidence.observations[4]
    assert falling.point.name == "500 kPa, falling, cycle 1"
    spec = bench.device.spec
    assert falling.values["indicated"][0].to("kPa").value == pytest.approx(
        500 + spec.error(500, 20) + spec.apart(500), abs=0.1
    )


class OnSite:
    """Sets the zero of the device when asked, or says that it can't be."""

    def __init__(self, bench, *, can=True, at=0.0):
        self._bench, self._can, self._at = bench, can, at

    def answer(self, question: Question, still_wanted) -> Answer:
        still_wanted()
        device = self._bench.device
        assert abs(device._before - self._at) < 0.1, "it is where its range begins"
        if self._can:
            device.spec = replace(device.spec, offset=0.0)
        return Answer(question.options[0 if self._can else 1], "liwei")


def test_a_zero_that_is_set_makes_two_measurements(bench):
    bench.device.spec = replace(bench.device.spec, offset=4e-4)
    made = record(calibrate(bench, OnSite(bench), adjust=True))
    assert [measurement.id for measurement in made.measurements] == ["measurement-1", "measurement-2"]
    found, left = (errors(made, measurement=number)[0][0.0] for number in (0, 1))
    assert (found, left) == (pytest.approx(0.4, abs=0.1), pytest.approx(0.0, abs=0.1))
    assert told(bench, "adjust") == [{"set": {"zero": "zero is set"}}]


def test_of_a_verification_with_adjustment_what_is_left_decides(bench):
    bench.device.spec = replace(bench.device.spec, offset=5e-3)
    evidence = calibrate(bench, OnSite(bench), adjust=True)
    assert wording.kind(record(evidence)) == "calibration"
    head = evidence.order.order.model_copy(update={"verification": True})
    asked = replace(evidence, order=evidence.order.model_copy(update={"order": head}))
    made = record(asked)
    assert [said.conformity for said in made.statements if said.conformity] == ["fail", "pass"]
    (verified,) = [said for said in made.statements if VERIFICATION in said.ref_types]
    assert verified.norms == ("JJG 875",)
    assert "所校准" not in str(declared(made))
    assert Certificate(made).valid_until is None
    holds = asked.order.order.model_copy(update={"valid_months": 6})
    kept = record(replace(asked, order=asked.order.model_copy(update={"order": holds})))
    until = last_day(kept.finished, 6, "before")
    assert Certificate(read(write(kept))).valid_until == until
    assert ("检定周期：6 个月。", "Interval of verification: 6 months.") in declared(kept)
    named = [one.name for each in made.measurements for one in (each, *each.methods)]
    assert not [name for name in named if "校准" in str(name.root) or "alibration" in str(name.root)]
    assert [name for name in named if name.get("zh").startswith("压力表检定")]
    for seen in (made, read(write(made))):
        assert [said.conformity for said in seen.verdicts] == ["pass"]
        assert wording.kind(seen) == "verification"
        turned = tuple(
            said.model_copy(update={"conformity": {"pass": "fail", "fail": "pass"}.get(said.conformity)})
            for said in seen.statements
        )
        assert wording.kind(seen.model_copy(update={"statements": turned})) == "notice"


def test_a_range_that_begins_elsewhere_is_adjusted_at_its_lower_end(bench):
    bench.device.spec = replace(bench.device.spec, offset=4e-4)
    site = OnSite(bench, at=100.0)
    made = record(calibrate(bench, site, adjust=True, span=[1e5, 1e6], pressures=[1e5, 5e5, 1e6]))
    assert len(made.measurements) == 2
    assert ("调整：在 100 kPa 处调整了零位。", "Adjustment: the zero was set at 100 kPa.") in declared(made)


def declared(made):
    """Return what is declared on a certificate, in both languages."""
    said = [one.declaration for one in made.statements if one.declaration is not None]
    return [(text.get("zh"), text.get("en")) for text in said]


def test_a_device_that_can_not_be_adjusted_is_not_said_to_be(bench):
    bench.device.spec = replace(bench.device.spec, offset=4e-4)
    evidence = calibrate(bench, OnSite(bench, can=False), adjust=True)
    assert told(bench, "adjust") == [{"set": {}}]
    assert len(evidence.observations) == 6
    made = record(evidence)
    (measurement,) = made.measurements
    assert {condition.status for condition in measurement.conditions} == {None}
    assert "as left" not in str(measurement.name) + write(made).decode()
    assert any("was not possible: the results are those" in english for _, english in declared(made))
    run = read_journal(bench.directory.parent / "run" / "journal.jsonl")
    assert examine_course(run) == "never interrupted"


def test_a_run_that_was_cut_off_before_its_end_is_not_adjusted_twice(bench):
    control = Control()
    site = OnSite(bench)
    with pytest.raises(RunAborted):
        calibrate(bench, site, control, (StopsAt(control, "0 kPa, rising, cycle 1, as left"),), adjust=True)
    evidence = resume(bench.directory.parent / "run", Company(Scripted()), clock=bench.clock)
    assert evidence.complete
    assert evidence.adjusted == {"zero": "zero is set"}


class AtTheDial:
    """Reads the device off a dial to the nearest 0.005 bar."""

    def __init__(self, bench):
        self._bench, self.asked = bench, []

    def answer(self, question: Question, still_wanted) -> Answer:
        still_wanted()
        if question.kind != "number":
            return Answer("SIM-0001", "liwei")
        self.asked.append(question.text.get("en"))
        with self._bench.world.present():
            shown = self._bench.shown() / 100
        return Answer(f"{round(shown / 0.005) * 0.005:.3f} bar", "liwei")


def test_a_dial_gauge_is_read_by_a_person(bench):
    text = bench.bench.read_text(encoding="utf-8")
    dut = text[text.index("[instruments.dut]") :].partition("\n\n[ch")[0]
    rewrite(bench, (dut, DIAL.format(name=f"gauge-{os.getpid()}")))
    person = AtTheDial(bench)
    bench.device.spec = replace(bench.device.spec, gain=5e-3)
    wanted = {"accuracy_class": 1.0, "resolution": 500.0, "readings": 1, "unit": "bar", "norm": "JJG 52"}
    made = record(calibrate(bench, person, **wanted))
    found, column = errors(made)
    assert found == pytest.approx({0: 0.0, 5: 0.025, 10: 0.05}, abs=0.006)
    assert column.unit == "bar"
    assert len(person.asked) == 6, "once at each set point, on each way"
    assert person.asked[0] == "dut: what does the pressure gauge show, in bar?"
    assert "JJG 52-2013" in {norm for said in made.statements for norm in said.norms}


DIAL = """[instruments.dut]
driver = "PressureGaugeByHand"
address = "by-hand:{name}"

[instruments.dut.settings]
unit = "bar"
low = 0
high = 12
step = 0.005
percent_of_span = 1
maker = "Acme"
"""


def test_a_transmitter_is_read_by_its_current(tmp_path):
    with PressureBench.up(tmp_path / "bench", seed=7, output="current") as bench:
        evidence = calibrate(bench)
        made = record(evidence)
    found, column = errors(made)
    assert column.unit == "mA"
    for place, error in found.items():
        true = 16 * bench.device.spec.error(place, 20.0) / 1000 + bench.stage.error(place / 1000)
        assert error == pytest.approx(true, abs=0.003)
    conditions = {condition.name.get("en"): condition for condition in made.measurements[0].conditions}
    assert conditions["Load"].quantities[0].values == ("250",)
    assert "the transmitter" in made.statements[1].declaration.get("en")


def test_an_order_for_an_absolute_gauge_is_refused_on_one_for_gauge_pressure(bench):
    with pytest.raises(ParameterError, match="the gauge under test shows gauge pressure"):
        calibrate(bench, absolute=True, standard_kind="gauge", span=[1e5, 1e6], pressures=[1.1e5, 5e5, 1e6])


def planned(bench, **parameters):
    order = ordered(bench, **parameters)
    return plan(order, find(order.order.procedure), Bench.load(bench.bench), bench.clock, "run")


def test_the_ramp_down_from_what_the_order_asks_for_must_fit_in_the_time_to_be_safe(bench):
    """Interlocks say from where, or else the highest point of the order, to which the air's is added."""
    order = ordered(bench)
    stated = re.search(r"(?m)^max_slew = (\d+)$", bench.bench.read_text())
    rewrite(bench, (stated[0], "max_slew = 5"), ("within = 120.0", "within = 225.0"))
    planned = plan(order, find(order.order.procedure), Bench.load(bench.bench), bench.clock, "safe")
    limited = 30 + (1100 - AIR) / 5
    assert times(planned.bench.file, planned.bench.drivers) == {"controller": pytest.approx(limited)}
    file = planned.bench.file.model_copy(update={"interlocks": ()})
    unlimited = replace(planned.bench, file=file)
    assert times(unlimited.file, unlimited.drivers) == {"controller": 30.0}
    with pytest.raises(BenchError, match=r"within = 225 s, .*controller 229\.7 s\): state at least 230"):
        carry_out(planned, bench.directory.parent / "run", Company(Scripted()))
    half = ordered(bench, pressures=[0.0, 5e5])
    refuse_unsafe(plan(half, find(half.order.procedure), unlimited, bench.clock, "safe"))
    whole = plan(order, find(order.order.procedure), unlimited, bench.clock, "safe")
    with pytest.raises(BenchError, match=r"controller 231\.7 s"):
        refuse_unsafe(whole)


def test_a_standard_is_not_used_beyond_its_certificate(bench):
    """The controller is certified from 0 to 1200 kPa, and readings may scatter by 1 % of an interval."""
    rewrite(bench, ("above = 1100.0", "above = 1500.0"))
    over = {"span": [0.0, 1.2e6], "accuracy_class": 1.0}
    assert planned(bench, **over, pressures=[0.0, 5e5, 1.2e6])
    with pytest.raises(
        CertificateRefused,
        match="from 0 to 1200 kPa, but the controller is to tell 90 to 1256 kPa",
    ):
        planned(bench, **over, pressures=[0.0, 5e5, 1.15e6], standard_kind="absolute")
    to_1000 = certified("kPa", (0.0, 500.0, 1000.0), 0.02, serial="9990001")
    (bench.directory / "controller.xml").write_bytes(write(to_1000.record))
    assert planned(bench, **over, pressures=[0.0, 5e5, 1.005e6])
    with pytest.raises(
        CertificateRefused, match="the controller is to tell 0 to 1100 kPa: use an instrument"
    ):
        planned(bench, **over, pressures=[0.0, 5e5, 1.1e6])
    assert not bench.line.opened_at


@pytest.mark.parametrize(
    ("name", "unit", "wanted"),
    [("reference_drift", "K", "Pa"), ("cmc", "%", "kPa"), ("cmc", "1", "kPa")],
)
def test_a_fact_in_a_unit_that_can_not_be_used_is_refused_before_anything_moves(bench, name, unit, wanted):
    text = bench.bench.read_text(encoding="utf-8")
    dut = text[text.index("[instruments.dut]") :].partition("\n\n[ch")[0]
    rewrite(bench, (dut, f'{dut}\n\n[characteristics.{name}]\nvalue = 0.01\nunit = "{unit}"\n{STATED}'))
    with pytest.raises(BenchError, match=f"characteristics.{name} is in {unit}, it must be in {wanted} or"):
        planned(bench)


STATED = 'expanded_uncertainty = 0.0\nk = 2.0\nsource = "here"\nvalid_until = 2099-01-01\n'


def test_a_standard_that_counts_from_elsewhere_than_was_said_is_refused(bench):
    with pytest.raises(ParameterError, match="what tells the pressure shows gauge pressure: say so"):
        calibrate(bench, standard_kind="absolute", pressures=[0.0, 5e5, 8e5])


def test_a_gauge_for_absolute_pressure_on_a_controller_for_gauge_pressure(bench):
    rewrite(bench, ("unit = 1", "unit = 1\nabsolute = true"))
    shown = bench.instrument("dut")
    plain = shown._reads["pressure"]
    shown._reads["pressure"] = lambda: plain() + bench.air.pressure(bench.world.time) / 1e5
    parameters = {"span": [2e5, 8e5], "pressures": [2e5, 5e5, 8e5], "standard_kind": "gauge"}
    made = record(calibrate(bench, absolute=True, **parameters))
    found, _ = errors(made)
    for place, error in found.items():
        at = place - bench.air.pressure(0.0) / 1000
        assert error == pytest.approx(bench.device.spec.error(at, 20.0), abs=0.15)
    symbols = {line.symbol for line in made.measurements[0].budgets[0].lines}
    assert "p_a" in symbols
    reference = made.measurements[0].results[0].tables[0].column("basic_referenceValue")
    assert reference.floats() == pytest.approx((200, 500, 800), abs=0.5)


def test_a_point_that_was_gone_past_is_come_to_again_and_the_journal_says_so(bench):
    plain, over = bench.line.pressure, []

    def lively():
        pressure = plain()
        rising = bench.line.doing == "control" and bench.line._target - bench.line._from > 100
        settled = bench.line.settled()
        if rising and 0 < settled < 8:
            over.append(settled)
            return pressure + 4.0
        return pressure

    bench.line.pressure = lively
    calibrate(bench, preloads=0)
    assert over
    notes = [note for note in told(bench, "note") if note["text"] == "went past"]
    assert {round(note["value"]) for note in notes} == {500, 1000}
    assert all(note["to"] > note["value"] + 3 for note in notes)


def test_a_reference_gauge_beside_the_controller_tells_the_pressure(bench):
    text = bench.bench.read_text(encoding="utf-8")
    dut = text[text.index("[instruments.dut]") :].partition("\n[")[0]
    rewrite(bench, (dut, dut + '\n[roles]\nreference = "controller"\n'))
    evidence = calibrate(bench)
    assert evidence.instruments["reference"].name == "controller"
    assert record(evidence).measurements


def test_a_standard_that_is_too_poor_is_refused_before_anything_moves(bench):
    order = ordered(bench, accuracy_class=0.01)
    with pytest.raises(CertificateRefused, match=r"controller: U = .* is more than 0.33 of the maximum"):
        plan(order, find(order.order.procedure), Bench.load(bench.bench), bench.clock, "run")
    assert not bench.line.opened_at


def test_a_standard_without_a_certificate_is_refused(bench):
    rewrite(bench, ('certificate = "controller.xml"\n', ""))
    order = ordered(bench)
    with pytest.raises(BenchError, match="the controller tells the pressure and has no certificate"):
        plan(order, find(order.order.procedure), Bench.load(bench.bench), bench.clock, "run")


def test_a_bench_must_say_how_high_the_device_stands(bench):
    text = bench.bench.read_text(encoding="utf-8")
    begin, end = (text.index(f"[characteristics.{name}]") for name in ("reference_height", "gravity"))
    rewrite(bench, (text[begin:end], ""))
    order = ordered(bench)
    with pytest.raises(BenchError, match=r"there is no \[characteristics.reference_height\], in m"):
        plan(order, find(order.order.procedure), Bench.load(bench.bench), bench.clock, "run")


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"span": [1e6, 0.0]}, "is no span"),
        (
            {"span": [0, 16], "unit": "bar"},
            'no more than 0.00016 bar: numbers without a unit are in Pa; write "0',
        ),
        ({"pressures": [0.0, 1.1e6]}, "leave the range"),
        ({"pressures": [5e5, 0.0]}, "two or more in ascending order"),
    ],
)
def test_set_points_that_can_not_be_are_refused(bench, parameters, said):
    order = ordered(bench, **parameters)
    with pytest.raises(ParameterError, match=said):
        plan(order, find(order.order.procedure), Bench.load(bench.bench), bench.clock, "run")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "gravity",
            "98.0122",
            r"characteristics\.gravity is 98.0122 m/s2, and is between 9.76 m/s2 and 9.84",
        ),
        ("reference_height", "-126.0", r"characteristics\.reference_height is -126 m"),
    ],
)
def test_facts_that_nothing_on_earth_has_are_refused(bench, name, value, said):
    text = bench.bench.read_text(encoding="utf-8")
    table = text.split(f"[characteristics.{name}]\n", 1)[1]
    was = next(line for line in table.splitlines() if line.startswith("value = "))
    rewrite(bench, (f"[characteristics.{name}]\n{was}", f"[characteristics.{name}]\nvalue = {value}"))
    order = ordered(bench)
    with pytest.raises(BenchError, match=said):
        plan(order, find(order.order.procedure), Bench.load(bench.bench), bench.clock, "run")


def test_readings_of_another_instrument_than_the_standard_are_no_evidence(bench):
    evidence = calibrate(bench)
    first, *others = evidence.observations
    for kind in ("", "sealed gauge", "absolute"):
        forged = replace(first, values={**first.values, "reference_kind": kind})
        with pytest.raises(EvidenceError, match=f"the standard counted {kind or 'no'} pressure, and the ord"):
            record(replace(evidence, observations=(forged, *others)))
    fact = evidence.characteristics["gravity"].model_copy(update={"value": 980.122})
    with pytest.raises(EvidenceError, match=r"gravity is 980\.122 m/s2, and is between"):
        record(replace(evidence, characteristics={**evidence.characteristics, "gravity": fact}))
    strange = tuple(one._replace(source="dut.pressure") for one in first.values["reference"])
    forged = replace(first, values={**first.values, "reference": strange})
    with pytest.raises(EvidenceError, match=r"must be by .* where .*controller has the role controller"):
        record(replace(evidence, observations=(forged, *others)))
