"""Counters of a loop: opened by one gate, or read one after another; and totals that begin anew at 0."""

from __future__ import annotations

from dataclasses import replace

import pytest
from loops import calibrate, errors_of, planned
from short_runs import evaluated, record, rewrite

from remotecal.clock import VirtualClock
from remotecal.drivers.flonidan.uniflo1200 import FlonidanUniflo1200
from remotecal.errors import EvidenceError, ParameterError
from remotecal.journal.events import read_journal
from remotecal.journal.exchanges import kept_exchanges
from remotecal.procedures.held import strays
from remotecal.procedures.library.gas_loop.counting import by_readings
from remotecal.procedures.library.gas_loop.meter_by_masters import MeterByMasters
from remotecal.procedures.library.gas_loop.seen import LoopSeen
from remotecal.sim.gas_loop.assemblies import ClosedLoop
from remotecal.sim.instruments.converters import uniflo1200
from remotecal.sim.memory import MemoryLink
from remotecal.sim.world import World


def late(made):
    """Return what the time between counters contributes at each point, in %."""
    return [
        float(line.contribution)
        for budget in made.measurements[0].budgets
        for line in budget.lines
        if line.symbol == "Δt"
    ]


def run_on(folder, **options):
    with ClosedLoop.up(folder / "bench", seed=7, **options) as bench:
        evidence = calibrate(bench)
        events = read_journal(folder / "run" / "journal.jsonl")
        asked = [one.request for event in events for one in kept_exchanges(event)]
        return bench, evidence, asked


def test_one_gate_opens_all_counters_and_the_budget_follows(tmp_path):
    bench, gated, asked = run_on(tmp_path / "gate")
    first = gated.observations[0].values
    assert "masters_before" not in first
    assert len(first["masters_pulses"]) == 2
    assert {one.source.rpartition(".")[2] for one in (*first["masters_pulses"], first["pulses"])} == {
        "gated_pulses"
    }
    assert first["gate_time"].value == pytest.approx(30.0, abs=0.5)
    assert any(b"EXT" in request for request in asked), "each counter was told to wait for its gate"
    _, apart, _ = run_on(tmp_path / "read", gate=False)
    ratio = [a / b for a, b in zip(late(record(apart)), late(record(gated)), strict=True)]
    assert ratio == pytest.approx([(0.001 / 2) / (1e-5 / 3**0.5)] * 2, rel=0.05)
    assert max(late(record(gated))) < 1e-4 / 2
    number = record(gated).measurements[0].results[0].tables[0].column("basic_referenceValue").floats()
    for error, at in zip(errors_of(evaluated(gated)), number, strict=True):
        assert error == pytest.approx(bench.true_error(at), abs=0.3)


def test_counters_that_are_read_later_tell_the_same_flow(tmp_path):
    """More passed the meter in that time, and it is divided by that time."""
    _, apart, _ = run_on(tmp_path, gate=False)
    fact = apart.characteristics["reading_delay"]
    late_by = fact.model_copy(update={"value": 3.0})
    later = replace(apart, characteristics={**apart.characteristics, "reading_delay": late_by})
    flows = [
        record(one).measurements[0].results[0].tables[0].column("remotecal_referenceFlow").floats()
        for one in (apart, later)
    ]
    assert flows[1] == pytest.approx(flows[0], rel=1e-3)


def test_what_a_gate_is_late_by_is_told_by_the_order(tmp_path):
    _, gated, _ = run_on(tmp_path)
    made = evaluated(gated, gate_delay=0.03)
    (line,) = (line for line in made.budgets[0].lines if line.symbol == "Δt")
    assert float(line.contribution) == pytest.approx(100 * 0.03 / 3**0.5 / 30, rel=0.03)


def test_a_gate_opens_counters_of_pulses_alone(tmp_path):
    with ClosedLoop.up(tmp_path / "bench", seed=7) as bench:
        rewrite(
            bench.bench,
            (
                '[instruments.reader_2]\ndriver = "Keysight53230A"',
                '[instruments.reader_2]\ndriver = "Promag53"',
            ),
        )
        with pytest.raises(
            ParameterError, match=r"readers\[2\] is Promag53: take the role gate out of the bench file"
        ):
            planned(bench)


class Device:
    """A total that is about to begin anew."""

    pressure, temperature, factor, z, z_base = 101_325.0, 20.0, 1.0, 1.0, 1.0
    measured = 99_999_997.0
    converted = disturbed = 0.0
    base = (20.0, 101_325.0)


class ReadsOnly:
    clock = VirtualClock()

    def read(self, *quantities):
        return tuple(each.read() for each in quantities)


def counting(device, began, added):
    """Return what is counted of a total that begins anew at 1e8, while so much is added."""
    device.measured = began
    simulated = uniflo1200(World(VirtualClock(), 1), device)
    link = MemoryLink(simulated, "check", "memory:check")
    total = FlonidanUniflo1200.over(link, name="check", clock=VirtualClock(), unit=1).measured_volume

    def watch():
        device.measured = (began + added) % 1e8

    return by_readings(ReadsOnly(), {"check": total}, watch)


def test_a_total_that_begins_anew_counts_on():
    """The limit of closure, too, is held against what passed, and not against readings of a total."""
    _, told, amounts = counting(Device(), 99_999_997.0, 12.5)
    assert told["check_after"].value < told["check_before"].value
    assert amounts["check"].value == pytest.approx(12.5, abs=1e-3)


def test_one_that_was_set_back_is_refused():
    with pytest.raises(EvidenceError, match="was it set back, or without power"):
        counting(Device(), 70_000_000.0, 60_000_000.0)


@pytest.mark.parametrize(
    ("part", "source", "whole"),
    [
        ("total_before", "meter.measured_volume", True),
        ("total_before", "meter.disturbed_volume", False),
        ("total_after", "meter.base_volume", False),
        ("base_after", "meter.measured_volume", False),
        ("pulses_before", "meter.gated_pulses", False),
        ("masters_pulses", "counter.gated_pulses", True),
        ("masters_pulses", "counter.running_pulses", False),
        ("masters_after", "counter.total_mass", True),
        ("check_before", "check.total_mass", False),
    ],
)
def test_one_total_of_a_meter_is_none_of_another(part, source, whole):
    roles = {"dut": "meter", "readers[1]": "counter", "check_reader": "check"}
    declared = {role.name: role.capabilities for role in MeterByMasters.roles()}
    assert (not strays(LoopSeen, [(part, source)], roles, declared)) is whole
