"""Orders for gas benches rehearsed: nozzles are artefacts, and theirs are the certificates that count."""

from collections import defaultdict
from random import Random

import pytest

from remotecal.bench import Bench
from remotecal.errors import ConfigurationError
from remotecal.order import Order
from remotecal.procedures.library.meters.nozzle import Nozzle
from remotecal.rehearsal import RealBench, rehearse
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.gas.alike import certified_so
from remotecal.sim.gas.assemblies import NozzleBench
from remotecal.sim.gas.pvtt import PvttBench

QUICK = {"flows": [26.0, 6.5], "repeats": 2, "duration": 30.0, "fewest_pulses": 1000}


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """Bench file, order and record of a run on a bench that is switched off since."""
    directory = tmp_path_factory.mktemp("real")
    with NozzleBench.up(directory, seed=7) as up:
        order = ordered(up)
        found = find(order.order.procedure)
        evidence = execute(
            order, found, Bench.load(up.bench), directory / "run", Company(Scripted()), up.clock
        )
    return order, found, directory / "bench.toml", evidence


def ordered(bench, **parameters):
    order = Order.load(bench.order)
    return order.model_copy(update={"parameters": {**order.parameters, **QUICK, **parameters}})


def contributions(budget):
    return {line.symbol: float(line.contribution) for line in budget.lines}


def test_a_rehearsal_foresees_what_the_nozzles_contribute(real):
    order, found, bench, evidence = real
    foreseen = rehearse(order, found, RealBench.of_file(order, found, Bench.load(bench)))
    assert foreseen.bench == "nozzles"
    assert foreseen.assumed == ()
    (measured,), (simulated,) = evaluate(evidence, found).measurements, foreseen.record.measurements
    for ours, theirs in zip(simulated.budgets, measured.budgets, strict=True):
        own, real_ones = contributions(ours), contributions(theirs)
        assert own.keys() == real_ones.keys()
        for symbol in ("δ_C1", "C_6") if "C_6" in own else ("δ_C1",):
            assert own[symbol] == pytest.approx(real_ones[symbol], rel=0.02)
    nozzles = [one for one in simulated.standards if one.id and one.id.startswith("nozzle_")]
    assert {one.certificate.number for one in nozzles} == {
        one.certificate.number for one in measured.standards if one.id and one.id.startswith("nozzle_")
    }


def test_a_poorer_certificate_of_a_nozzle_is_foreseen(real, tmp_path):
    order, found, bench, _ = real
    known = RealBench.of_file(order, found, Bench.load(bench))
    plain = rehearse(order, found, known)
    stated = bench.parent / "nozzle_6.xml"
    text = stated.read_text(encoding="utf-8")
    try:
        stated.write_text(worse(text), encoding="utf-8")
        grown = rehearse(order, found, RealBench.of_file(order, found, Bench.load(bench)))
    finally:
        stated.write_text(text, encoding="utf-8")
    assert float(grown.points[0].expanded) > 1.5 * float(plain.points[0].expanded)
    assert grown.points[0].foremost[0][0] == "C_6"


def test_a_rehearsed_nozzle_is_choked_up_to_what_its_certificate_states(real):
    (*_, evidence) = real
    used = evidence.certificates["nozzles[6]"]
    nozzle = certified_so(used, defaultdict(float), Random(1), recovers=0.99)
    assert nozzle.recovers == Nozzle(6, used.certificate).choked_to < 0.9


def worse(text):
    """Return a certificate whose C_d has an uncertainty of 1 %."""
    import re

    return re.sub(
        r"(<si:uncertaintyXMLList>|<si:valueExpandedMUXMLList>)(0\.001\d+( 0\.001\d+)+)",
        lambda found: found[1] + " ".join("0.010000" for _ in found[2].split()),
        text,
    )


def test_a_far_bench_is_known_by_an_earlier_run_on_it(real):
    order, found, bench, evidence = real
    by_run = rehearse(order, found, RealBench.of_run(evidence))
    by_file = rehearse(order, found, RealBench.of_file(order, found, Bench.load(bench)))
    assert [one.foremost[0][0] for one in by_run.points] == [one.foremost[0][0] for one in by_file.points]


def test_nozzles_that_the_simulated_bench_has_not_are_refused(real):
    order, found, bench, _ = real
    known = RealBench.of_file(order, found, Bench.load(bench))
    with pytest.raises(ConfigurationError, match=r"nothing in the role nozzles\[7\]"):
        rehearse(order, found, known, choices={"nozzle_flows": (0.65, 1.3, 2.6, 5.2, 10.4, 20.8)})


def test_an_order_for_a_nozzle_is_rehearsed(tmp_path):
    with PvttBench.up(tmp_path, seed=7) as up:
        order = Order.load(up.order)
        order = order.model_copy(
            update={"parameters": {**order.parameters, "pressures": [100.0], "repeats": 2}}
        )
        found = find(order.order.procedure)
        foreseen = rehearse(order, found, RealBench.of_file(order, found, Bench.load(up.bench)))
    assert foreseen.bench == "pvtt"
    assert foreseen.assumed == ()
    (point,) = foreseen.points
    assert float(point.expanded) == pytest.approx(0.0017, abs=0.0003)
