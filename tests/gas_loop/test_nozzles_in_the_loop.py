"""A bank of critical nozzles behind the check meter: the loop's second check, by a chain of its own."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import pytest
from loops import calibrate, errors_of, is_safe, planned
from short_runs import evaluated, record, rewrite, told

from remotecal.bench_file import Characteristic
from remotecal.errors import (
    BenchError,
    CertificateRefused,
    EvidenceError,
    InstrumentError,
    ParameterError,
    RunError,
)
from remotecal.fluids.critical_flow import GAS_CONSTANT
from remotecal.fluids.gas import AIR
from remotecal.fluids.gas_equations import EQUATIONS
from remotecal.procedures.library.meters.critical import Inlet, flux
from remotecal.sim.gas_loop.assemblies import ClosedLoop
from remotecal.uncertainty.number import estimate

PLENUM = Characteristic(
    value=1.0, unit="m", expanded_uncertainty=0.0001, source="here", valid_until=date(2100, 1, 1)
)


@pytest.fixture
def bench(tmp_path):
    with ClosedLoop.up(tmp_path / "bench", seed=7, bank=True) as made:
        yield made


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    with ClosedLoop.up(tmp_path_factory.mktemp("loop") / "bench", seed=7, bank=True) as made:
        yield made, calibrate(made)


def tables(made):
    return {result.ref_types[0]: result.tables[0] for result in made.measurements[0].results}


def remarks(made):
    return [one.declaration.get("en") for one in made.statements if one.declaration]


def test_the_flux_is_that_of_iso_9300():
    """C* of dry air at 20 °C and 100 kPa is 0.6850, R/M 287.12 J/(kg K): 236.1 kg/(s m²)."""
    equation = EQUATIONS["Lemmon 2000"]
    found = estimate(flux(equation, AIR, 20.0, 1e5))
    specific = GAS_CONSTANT / estimate(AIR.molar_mass)
    assert found == pytest.approx(0.6850 * 1e5 / math.sqrt(specific * 293.15), rel=3e-4)
    state = equation.state(AIR, 20.0, 6e5)
    inlet = Inlet(state, estimate(equation.critical_flow(AIR, 20.0, 6e5)))
    assert estimate(flux(equation, AIR, 20.0, 6e5)) == pytest.approx(inlet.flux, rel=1e-12)


def test_the_nozzles_that_make_a_flow_hold_it_and_close(measured):
    bench, evidence = measured
    made = record(evidence)
    table = tables(made)["remotecal_nozzleClosure"]
    assert table.said("remotecal_nozzles").words == ("1+2+6+7", "1+4+5")
    assert table.said("remotecal_closes").words == ("✓", "✓")
    assert all(0.8 < ratio < 0.9 for ratio in table.column("remotecal_backPressureRatio").floats())
    assert not any("nozzles differ" in one for one in remarks(made))
    notes = [(note["numbers"], note["serials"]) for note in told(bench, "note") if note["text"] == "nozzles"]
    assert notes[1] == ([1, 4, 5], ["N-01", "N-04", "N-05"])
    flows = tables(made)["remotecal_errorCurve"].column("remotecal_referenceFlow").floats()
    assert flows == pytest.approx((400.0, 100.0), rel=0.03)
    assert is_safe(bench)


def test_the_closure_has_its_budget_and_both_chains_are_in_it(measured):
    """Masters 0.08 % in common and 0.05 % their own, C_d 0.075 %, C* 0.076 %, density 0.05 %: 0.155 %."""
    _, evidence = measured
    (budget,) = (
        one
        for one in record(evidence).measurements[0].budgets
        if one.title.get("en") == "Closure against nozzles, 600 kPa, 100 m³/h"
    )
    assert (budget.result, budget.row, budget.k) == (1, 1, "2.00")
    lines = {line.symbol: line for line in budget.lines}
    parts = {symbol: float(line.contribution) for symbol, line in lines.items()}
    of_c_star = math.hypot(0.05 / 2, 0.345 * math.hypot(0.05, 2 * 0.1))
    assert parts["δ_E1"] == pytest.approx(0.08, rel=0.02)
    assert parts["δ_C1"] == pytest.approx(0.075, rel=0.02)
    assert parts["ε_C"] == pytest.approx(of_c_star, rel=0.02)
    assert parts["ε_n"] == pytest.approx(0.05, rel=0.02)
    assert parts["C_5"] == pytest.approx(0.0498 * 16 / 25, rel=0.05), "its own part counts by its flow"
    assert {parts[symbol] for symbol in ("p_d", "t_d", "w_d")} == {0.0}, "a closure of masses"
    assert float(lines["p_n"].sensitivity) == pytest.approx(-100 / 600e3, rel=0.03)
    assert float(lines["t_n"].sensitivity) == pytest.approx(100 / 293 / 2, rel=0.03)
    assert float(budget.u) == pytest.approx(math.sqrt(sum(one**2 for one in parts.values())), rel=0.03)


def test_the_meters_error_is_the_same_whether_nozzles_check_it(measured):
    _, evidence = measured
    without = evaluated(evidence, by_nozzles=False)
    assert errors_of(without) == pytest.approx(errors_of(record(evidence).measurements[0]), abs=1e-9)
    assert all(result.ref_types[0] != "remotecal_nozzleClosure" for result in without.results)


def test_a_stream_ahead_of_them_is_brought_to_rest_where_the_bench_states_its_width(measured):
    """In 60 mm 397 m³/h are 39 m/s, Mach 0.114: p_0 is 0.91 % more; a thermometer that feels nothing of it
    reads 0.76 K too little, and a gas that is so much warmer passes 0.13 % less."""
    _, evidence = measured
    narrow = PLENUM.model_copy(update={"value": 0.06})
    known = {**evidence.characteristics, "plenum_diameter": narrow}
    inside = replace(evidence, characteristics=known)

    def first(made):
        results = {result.ref_types[0]: result.tables[0] for result in made.results}
        return results["remotecal_nozzleClosure"].column("remotecal_nozzleClosure").floats()[0]

    still, all_felt, none_felt = (
        first(evaluated(each, recovery=share))
        for each, share in ((evidence, 1.0), (inside, 1.0), (inside, 0.0))
    )
    assert all_felt - still == pytest.approx(0.91, abs=0.03)
    assert none_felt - all_felt == pytest.approx(-0.13, abs=0.02)


def test_what_is_stored_up_to_the_nozzles_passed_the_meter_and_not_them(measured):
    """10 kPa more at both ends of 0.5 m³ when a repeat ends: 0.5/3.3 of 1.7 %, in one repeat of two."""
    bench, evidence = measured
    first, *others = evidence.observations
    values = dict(first.values)
    for name in ("meter_pressure", "bank_pressure"):
        *before, last = values[name]
        rise = 10.0 / last._replace(value=1.0).to("kPa").value
        values[name] = (*before, last._replace(value=last.value + rise))
    risen = replace(evidence, observations=(replace(first, values=values), *others))
    told = evidence.characteristics["bank_volume"]
    none = told.model_copy(update={"value": 0.0, "expanded_uncertainty": 0.0})

    def closed(some, volume):
        known = {**some.characteristics, "bank_volume": volume}
        budgets = evaluated(replace(some, characteristics=known), pressure_change=2.0).budgets
        return next(one for one in budgets if one.title.get("en").startswith("Closure against nozzles"))

    change = [
        float(closed(risen, volume).value) - float(closed(evidence, volume).value) for volume in (told, none)
    ]
    share = 100.0 * told.value / (400.0 / 120.0)
    assert change[0] - change[1] == pytest.approx(10 * share / 600.0 / 2, rel=0.06)
    parts = {line.symbol: abs(float(line.contribution)) for line in closed(evidence, told).lines}
    assert parts["Δp_b"] == pytest.approx(share * 50 / 600e3 / math.sqrt(3), rel=0.05)
    assert parts["Δt_b"] == pytest.approx(share * 0.02 / 293 / math.sqrt(3), rel=0.05)
    assert bench.rig.spec.bank_volume == pytest.approx(told.value, abs=0.05)


def test_a_bank_whose_volume_is_not_stated_is_refused(bench):
    rewrite(bench.bench, ("[characteristics.bank_volume", "[characteristics.other_volume"))
    with pytest.raises(BenchError, match="bank_volume"):
        planned(bench)
    planned(bench, by_nozzles=False)


def test_masters_that_their_laboratory_got_wrong_are_found_by_nozzles_alone(tmp_path):
    """0.7 % that the check meter shares: its closure holds, and no budget knows of it."""
    with ClosedLoop.up(tmp_path / "bench", seed=3, bank=True, calibrated_off=-0.7) as bench:
        with pytest.raises(
            RunError, match=r"the nozzles let \+0\.[67]\d % pass against the masters, and 0\.5"
        ):
            calibrate(bench)
        assert is_safe(bench)


def test_on_a_certificate_they_would_have_been_the_meters_error(tmp_path):
    with ClosedLoop.up(tmp_path / "bench", seed=3, bank=True, calibrated_off=-0.7) as bench:
        made = record(calibrate(bench, nozzle_closure=9.0))
        found = tables(made)
        errors = found["remotecal_errorCurve"].column("basic_measurementError")
        numbers = found["remotecal_errorCurve"].column("basic_referenceValue").floats()
        for error, number in zip(errors.floats(), numbers, strict=True):
            assert error - bench.true_error(number) > 0.5
        assert found["remotecal_closure"].said("remotecal_closes").words == ("✓", "✓")
        assert found["remotecal_nozzleClosure"].said("remotecal_closes").words == ("✗", "✗")
        assert any(
            "the critical nozzles differ from the masters by more than 2u" in one for one in remarks(made)
        )


def test_nozzles_that_are_not_choked_are_refused(bench):
    """A blower that is worn does not draw the pressure down behind them."""
    bench.rig.spec = replace(bench.rig.spec, capacity=1.02 * 400.0 / 3600.0)
    with pytest.raises(RunError, match=r"behind the nozzles there were \d+ Pa, 0\.9\d+ of the \d+ Pa ahead"):
        calibrate(bench, flows=[400.0])
    assert told(bench, "observation") == []
    assert is_safe(bench)


def test_evidence_of_nozzles_that_were_not_choked_is_none(measured):
    _, evidence = measured
    with pytest.raises(EvidenceError, match=r"they count as choked up to 0\.7"):
        evaluated(evidence, back_pressure=0.7, capacity=900.0)
    first, *others = evidence.observations
    stood = replace(
        first,
        values={**first.values, "nozzles_standing": first.values["nozzles_standing"]._replace(value=3.0)},
    )
    with pytest.raises(EvidenceError, match=r"the nozzles \(1, 2\) stood open, and \(1, 2, 6, 7\) were to"):
        record(replace(evidence, observations=(stood, *others)))


@pytest.mark.parametrize(
    ("parameters", "error", "said"),
    [
        (
            {"back_pressure": 0.5},
            ParameterError,
            "choked where the blower draws 800 m3/h, and its capacity is",
        ),
        ({"flows": [41.0, 22.5], "flow_tolerance": 0.5}, CertificateRefused, "make together is"),
        ({"pressures": [1000.0], "filling_rate": 1.0, "flows": [400.0], "cooling": 39.0}, None, ""),
    ],
)
def test_flows_that_nozzles_can_not_make_are_refused(bench, parameters, error, said):
    if error is None:
        planned(bench, **parameters)
        return
    with pytest.raises(error, match=said):
        planned(bench, **parameters)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("remotecal_maximumBackPressureRatio", "other"), r"nozzle 1, 2, 6, 7 states no remotecal_maximumB"),
        ((">0.9", ">0.7"), r"draws 5\d\d\.?\d* m3/h, .*; by their certificates they are choked up to 0\.7\d"),
    ],
)
def test_nozzles_are_choked_up_to_what_their_certificates_state(bench, change, said):
    for number in range(1, len(bench.rig.spec.bank.nozzles) + 1):
        rewrite(bench.directory / f"nozzle_{number}.xml", change)
    with pytest.raises(ParameterError, match=said):
        planned(bench)


def test_nozzles_are_not_used_beyond_their_certificates(bench):
    rewrite(bench.bench, ("above = 1050.0", "above = 6000.0"), ("within = 3600.0", "within = 11100.0"))
    with pytest.raises(CertificateRefused, match=r"nozzle \d does not count: "):
        planned(bench, pressures=[150.0], flows=[400.0])


@pytest.mark.parametrize(
    ("old", "new", "error", "said"),
    [
        ("[instruments.back_gauge", "[instruments.other", ParameterError, "the bench has no back_gauge"),
        ('bank = "loop"\n', "", ParameterError, "the bench has no bank"),
        ('certificate = "bank_gauge.xml"\n', "", BenchError, "the bank_gauge has no certificate"),
        ('certificate = "nozzle_2.xml"\n', "", BenchError, "certificate"),
    ],
)
def test_a_bank_that_lacks_something_is_refused(bench, old, new, error, said):
    rewrite(bench.bench, (old, new))
    with pytest.raises(error, match=said):
        planned(bench)


def test_a_bank_that_the_order_does_not_ask_for_stays_shut(bench):
    made = record(calibrate(bench, by_nozzles=False, flows=[100.0]))
    assert "remotecal_nozzleClosure" not in tables(made)
    with bench.world.present():
        assert bench.rig.plc.nozzles == 0


def test_a_loop_that_tripped_has_the_way_round_its_nozzles_open(bench):
    loop = bench.connect()["loop"]
    loop.opened.set(0b111)
    loop.nozzles.set(0b11)
    assert loop.nozzles_standing.read().value == 0b11
    with pytest.raises(InstrumentError):
        loop.nozzles.set(1 << 7)
    with bench.world.present():
        bench.rig.plc.press()
    bench.clock.sleep(1.0)
    assert loop.trips.read()
    assert (loop.nozzles.read().value, loop.nozzles_standing.read().value) == (0, 0)
    with pytest.raises(InstrumentError):
        loop.nozzles.set(1)


def test_the_cooler_keeps_up_with_what_nozzles_cost_at_high_pressure(tmp_path):
    chosen = {"bank": True, "gas": "natural gas", "pressures": (2500.0,)}
    with ClosedLoop.up(tmp_path / "bench", seed=1, **chosen) as bench:
        assert calibrate(bench, pressures=[2500.0], flows=[400.0], repeats=3, duration=60.0).complete
