"""The device of the certificate is the one that was measured: place, serial number and class of an order."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from test_pressure_runs import DIAL, AtTheDial, calibrate, ordered, record, rewrite

from remotecal.bench import Bench
from remotecal.errors import EvidenceError, OrderError, ParameterError, WrongInstrument
from remotecal.journal.events import read_journal
from remotecal.procedures.library.pressure.gauge import Gauge
from remotecal.runs.catalogue import find
from remotecal.runs.execute import plan
from remotecal.runs.prompts import Answer
from remotecal.sim.pressure.assemblies import PressureBench
from remotecal.verify.journal import recomputed

DIALLED = {"accuracy_class": 1.0, "resolution": 500.0, "readings": 1, "unit": "bar", "norm": "JJG 52"}


@pytest.fixture
def bench(tmp_path):
    with PressureBench.up(tmp_path / "bench", seed=7) as made:
        yield made


def planned(bench, order):
    return plan(order, find(order.order.procedure), Bench.load(bench.bench), bench.clock, "run")


def with_duts(bench, *places, adjust=False):
    order = ordered(bench, adjust=adjust)
    duts = tuple(
        order.dut.model_copy(update={"serial": f"D{n}", "on": place}) for n, place in enumerate(places)
    )
    return order.model_copy(update={"dut": None, "duts": duts})


@pytest.mark.parametrize(
    ("places", "said"),
    [
        (("controller",), "no device is on controller: dut fills the role of the devices under test"),
        (("nowhere",), "no device is on nowhere"),
        (
            ("dut", "controller"),
            "is for 2 devices, and Gauge measures one at a time: write an order for each",
        ),
        (("dut", "nowhere"), "is for 2 devices"),
    ],
)
@pytest.mark.parametrize("adjust", [False, True])
def test_a_device_that_is_not_where_the_procedure_measures_is_refused(bench, places, said, adjust):
    with pytest.raises(OrderError, match=said):
        planned(bench, with_duts(bench, *places, adjust=adjust))


def test_one_device_may_say_where_it_is(bench):
    assert planned(bench, with_duts(bench, "dut")).start.order.devices["dut-1"].on == "dut"


class Reading(AtTheDial):
    """Reads a serial number off the dial, too."""

    def __init__(self, bench, serial):
        super().__init__(bench)
        self.serial = serial

    def answer(self, question, still_wanted):
        if question.kind == "text":
            return Answer(self.serial, "liwei")
        return super().answer(question, still_wanted)


@pytest.fixture
def dial(bench):
    text = bench.bench.read_text(encoding="utf-8")
    dut = text[text.index("[instruments.dut]") :].partition("\n\n[ch")[0]
    rewrite(bench, (dut, DIAL.format(name=f"item-{os.getpid()}")))
    return bench


def test_another_device_than_the_ordered_one_is_refused_before_anything_moves(dial):
    with pytest.raises(WrongInstrument, match="says that it is SN OTHER-77, and the order is for"):
        calibrate(dial, Reading(dial, "OTHER-77"), **DIALLED)
    kinds = [event.kind for event in read_journal(dial.directory.parent / "run" / "journal.jsonl")]
    assert "repeat" not in kinds
    assert "point" not in kinds


@pytest.mark.parametrize("serial", ["0", "sim-0001"])
def test_a_dial_without_a_serial_number_is_taken_as_ordered(dial, serial):
    assert record(calibrate(dial, Reading(dial, serial), **DIALLED)).items[0].serials == ("SIM-0001",)


def test_verify_says_that_another_device_was_measured(dial, monkeypatch):
    monkeypatch.setattr("remotecal.runs.session.other_device", lambda *_: "")  # a station that does not look
    evidence = calibrate(dial, Reading(dial, "OTHER-77"), **DIALLED)
    with pytest.raises(EvidenceError, match="said that it is SN OTHER-77, and the order is for"):
        recomputed(evidence, None, "")
    assert evidence.complete


def test_a_bench_file_for_another_device_is_refused_where_the_run_is_planned(dial):
    rewrite(dial, ('driver = "PressureGaugeByHand"', 'driver = "PressureGaugeByHand"\nserial = "OTHER-77"'))
    with pytest.raises(OrderError, match=r"bench.toml: dut is SN OTHER-77, and the order is for SN SIM-0001"):
        planned(dial, ordered(dial, **DIALLED))


def test_an_interface_that_tells_another_number_is_stated_and_certified(dial):
    rewrite(dial, ('driver = "PressureGaugeByHand"', 'driver = "PressureGaugeByHand"\nserial = "T-5"'))
    order = ordered(dial, **DIALLED)
    dut = order.dut.model_copy(update={"interface_serial": "T-5"})
    assert planned(dial, order.model_copy(update={"dut": dut}))
    assert [one.value for one in dut.item().identifications] == ["SIM-0001", "T-5"]
    assert dut.item().serials == ("SIM-0001",)


def test_what_only_reads_the_device_has_a_number_of_its_own(tmp_path):
    with PressureBench.up(tmp_path / "bench", seed=7, output="current") as made:
        evidence = calibrate(made, pressures=[0.0, 1e6])
        assert evidence.instruments["dut"].serial == "MY60012345"
        assert record(evidence).items[0].serials == ("SIM-0001",)


def test_a_class_said_and_a_class_judged_are_the_same(bench):
    order = ordered(bench)
    dut = order.dut.model_copy(update={"class_name": "0.4"})
    with pytest.raises(OrderError, match=r"class_name is 0\.4, and it .* accuracy_class = 0\.05"):
        planned(bench, order.model_copy(update={"dut": dut}))
    words = order.dut.model_copy(update={"class_name": "A"})
    assert planned(bench, order.model_copy(update={"dut": words}))


def test_results_that_do_not_tell_their_device_are_of_none(bench, monkeypatch):
    evidence = calibrate(bench, pressures=[0.0, 1e6])
    duts = tuple(evidence.order.dut.model_copy(update={"serial": f"D{n}", "on": f"{n}"}) for n in (1, 2))
    several = replace(evidence, order=evidence.order.model_copy(update={"dut": None, "duts": duts}))
    monkeypatch.setattr("remotecal.runs.record.check_evidence", lambda *_: None)
    with pytest.raises(EvidenceError, match="does not say of which of 2 devices"):
        record(several)
    assert Gauge.under_test == "dut"


def test_a_dial_is_read_no_finer_than_its_step(dial):
    with pytest.raises(ParameterError, match=r"read to 50 Pa, and its step .* 0\.005 bar, which is 500 Pa"):
        planned(dial, ordered(dial, **{**DIALLED, "resolution": "0.5 mbar"}))
    assert planned(dial, ordered(dial, **{**DIALLED, "resolution": "5 mbar"}))
