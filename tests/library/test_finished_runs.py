"""What was measured is evaluated, whatever it turns out to be; and what can't be is refused, not guessed."""

from dataclasses import replace

import pytest

from remotecal.bench import Bench
from remotecal.certificates.dcc import read, write
from remotecal.errors import EvidenceError
from remotecal.procedures.catalogue import find
from remotecal.procedures.evidence import Evidence
from remotecal.procedures.execute import Company, execute
from remotecal.procedures.order import Order
from remotecal.procedures.prompts import Scripted
from remotecal.procedures.record import evaluate
from remotecal.sim.assemblies import master_line, water_rig


def finished(rig, folder, bench=lambda text: text, **parameters) -> Evidence:
    """Run a rig's order at its first flow, two repeats."""
    rig.bench.write_text(bench(rig.bench.read_text(encoding="utf-8")), encoding="utf-8")
    order = Order.load(rig.order)
    few = {"flows": (order.parameters["flows"][0],), "repeats": 2}
    order = order.model_copy(update={"parameters": {**order.parameters, **few, **parameters}})
    found = find(order.order.procedure)
    return execute(order, found, Bench.load(rig.bench), folder / "run", Company(Scripted()), rig.clock)


@pytest.fixture(scope="module")
def by_total(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """A meter with a total, against a master meter."""
    folder = tmp_path_factory.mktemp("by_total")
    with master_line(folder / "line", seed=5) as line:
        return finished(line, folder)


@pytest.fixture(scope="module")
def by_pulses(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """A meter with pulses, by weighing."""
    folder = tmp_path_factory.mktemp("by_pulses")
    with water_rig(folder / "rig", seed=5) as rig:
        return finished(rig, folder)


def record(evidence: Evidence, **parameters):
    """Return the record of a run as it would be with other parameters."""
    evidence = replace(evidence, parameters={**evidence.parameters, **parameters})
    return evaluate(evidence, find(evidence.procedure.name))


def with_values(evidence: Evidence, **values) -> Evidence:
    """Return a run whose first repeat read other values."""
    first, *others = evidence.observations
    changed = {name: first.values[name]._replace(value=value) for name, value in values.items()}
    return replace(evidence, observations=(replace(first, values={**first.values, **changed}), *others))


def verdicts(made) -> tuple[str, ...]:
    return made.tables[0].column("basic_measurementError").conformity.verdicts


@pytest.mark.parametrize("rule", ["verification", "guard band U", "simple acceptance"])
@pytest.mark.parametrize("accuracy_class", [0.5, 0.05, 1e-6])
def test_an_uncertainty_above_the_permissible_error_is_stated(by_total, rule, accuracy_class):
    made = record(by_total, rule=rule, accuracy_class=accuracy_class)
    assert read(write(made)) == made
    if rule != "simple acceptance" and accuracy_class < 0.1:
        assert "pass" not in verdicts(made)
        acceptance = made.tables[0].column("basic_measurementError").conformity.acceptance
        assert set(acceptance.lower) == set(acceptance.upper) == {"NaN"}


def test_between_the_limits_nothing_can_be_decided(by_total):
    assert set(verdicts(record(by_total, rule="verification", accuracy_class=0.05))) <= {"noFail", "noPass"}


def test_a_meter_that_gave_no_pulse_has_an_error_of_100_percent(by_pulses):
    dead = replace(
        by_pulses,
        observations=tuple(
            replace(entry, values={**entry.values, "pulses": entry.values["pulses"]._replace(value=0.0)})
            for entry in by_pulses.observations
        ),
    )
    for judged in ("error", "k factor"):
        made = record(dead, judged_by=judged)
        assert float(made.tables[0].column("basic_measurementError").values[0]) == pytest.approx(
            -100, abs=0.01
        )
        assert verdicts(made) == ("fail",)


def test_a_total_that_fell_is_refused(by_total):
    for fallen in (0.0, 0.2, 0.4):
        with pytest.raises(EvidenceError, match=r"repeat 1: dut\.volume: the total is smaller after"):
            record(with_values(by_total, total_after=fallen))


def wrapping(evidence: Evidence, modulus: float) -> Evidence:
    """Return a run whose meter's driver declared that its total wraps."""
    dut = evidence.instruments["dut"]
    instruments = {**evidence.instruments, "dut": dut.model_copy(update={"wraps": {"volume": modulus}})}
    return replace(evidence, instruments=instruments)


def test_a_total_that_wraps_as_declared_is_counted_on(by_total):
    values = by_total.observations[0].values
    before, after = values["total_before"].value, values["total_after"].value
    wrapped = with_values(wrapping(by_total, 10.0), total_before=before - 0.7 + 10.0, total_after=after - 0.7)
    assert 0 < after - 0.7 < before - 0.7 + 10.0 < 10.0
    shown = [
        made.tables[0].column("basic_measurementError").values for made in (record(by_total), record(wrapped))
    ]
    assert shown[0] == shown[1]


def test_a_total_that_was_set_back_is_no_wrap(by_total):
    with pytest.raises(EvidenceError, match="it wraps only at 4294967296: was it set back"):
        record(with_values(wrapping(by_total, 2.0**32), total_after=0.0))
