"""Whole calibrations of nozzles on the simulated PVTt bench: to the certificate, and on to a meter by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from short_runs import of_before, record_anew, rewrite

from remotecal.bench import Bench
from remotecal.certificates.dcc import read, write
from remotecal.errors import (
    CertificateRefused,
    EvaluationFailed,
    EvidenceError,
    InstrumentError,
    NotStable,
    ParameterError,
    RunError,
)
from remotecal.journal.events import read_journal
from remotecal.model import Certificate, Record, Text
from remotecal.model.certificate import OF_RANGE, RANGE
from remotecal.order import Order
from remotecal.procedures.library.evaluation.in_common import COMMON
from remotecal.procedures.library.meters.nozzle import DISCHARGE, REYNOLDS, THROAT, Nozzle
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute, plan
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate
from remotecal.runs.resting import RESTS_ON
from remotecal.sim.gas.assemblies import NozzleBench
from remotecal.sim.gas.pvtt import PvttBench
from remotecal.verify.journal import differences

QUICK = {"pressures": [100.0], "repeats": 2}


@pytest.fixture
def bench(tmp_path):
    with PvttBench.up(tmp_path / "bench", seed=7) as made:
        yield made


def ordered(bench, **parameters):
    order = Order.load(bench.order)
    return order.model_copy(update={"parameters": {**order.parameters, **QUICK, **parameters}})


def calibrate(bench, order, watchers=()):
    run = bench.directory.parent / f"run-{bench.directory.name}"
    found, company = find(order.order.procedure), Company(Scripted(), watchers)
    return execute(order, found, Bench.load(bench.bench), run, company, bench.clock)


def record(evidence):
    return evaluate(evidence, find(evidence.procedure.name))


def told(bench, kind):
    path = bench.directory.parent / f"run-{bench.directory.name}" / "journal.jsonl"
    return [event.data for event in read_journal(path) if event.kind == kind]


def is_safe(bench):
    with bench.world.present():
        plc, pump = bench.rig.plc, bench.rig.pump
        return not pump.started and not plc.evacuating and plc.supply == 0 and plc.outlet.name == "BYPASS"


def found(made):
    """Return C_d, its U and the Reynolds number, row by row."""
    table = made.measurements[0].results[0].tables[0]
    column = table.column(DISCHARGE)
    return list(
        zip(
            column.floats(),
            map(float, column.uncertainty.expanded),
            table.column(REYNOLDS).floats(),
            strict=True,
        )
    )


def test_c_d_is_that_of_the_nozzle_within_its_uncertainty(bench):
    made = record(calibrate(bench, ordered(bench, pressures=[80.0, 120.0])))
    for value, expanded, at in found(made):
        assert value == pytest.approx(bench.true_error(at), abs=1.5 * expanded)
        assert expanded < 0.0025
    assert read(write(made)) == made
    assert is_safe(bench)


def test_the_certificate_is_one_that_nozzles_have(bench):
    made = record(calibrate(bench, ordered(bench)))
    curve, throat, common, tank = (result.tables[0] for result in made.measurements[0].results)
    assert throat.column(THROAT).floats() == (round(1000 * bench.rig.spec.nozzle.diameter, 4),)
    assert throat.column(THROAT).uncertainty is None, "a convention that C_d goes with"
    (value,), known = curve.column(DISCHARGE).floats(), curve.column(DISCHARGE).uncertainty
    whole = float(known.expanded[0]) / float(known.k[0]) / value
    shared = float(common.column(COMMON).uncertainty.expanded[0]) / 2
    assert 0.9 * whole < shared < whole, "all but what scatters is the standard's"
    assert tank.column("remotecal_finalPressure").floats()[0] == pytest.approx(40.0, rel=0.1)
    assert tank.column("remotecal_backPressureRatio").floats()[0] == pytest.approx(0.47, abs=0.01)
    assert "Critical flow function C*" in {each.name.get("en") for each in tank.columns}
    (choking,) = (one.declaration for one in made.statements if "remotecal_choking" in one.ref_types)
    assert "is not above 0.5, which procedure and order allow" in choking.get("en")
    assert abs(tank.column("remotecal_inventoryShare").floats()[0]) < 0.05
    lines = {line.symbol: float(line.contribution) for line in made.measurements[0].budgets[0].lines}
    assert {"V_t", "V_inv", "θ", "t_s", "t_1", "t_4", "p_f", "p_i", "p_l", "Δt"} <= lines.keys()


def test_every_deviation_counts_in_its_direction(bench):
    made = record(calibrate(bench, ordered(bench)))
    (value, _, _), lines = found(made)[0], made.measurements[0].budgets[0].lines
    slopes = {line.symbol: float(line.sensitivity) / value for line in lines}
    assert slopes["V_t"] == pytest.approx(1 / 0.677, rel=0.02)
    assert slopes["p_f"] == pytest.approx(-1 / 37.5e3, rel=0.03), "what read too high was less"
    assert slopes["p_i"] == pytest.approx(-slopes["p_f"], rel=0.03)
    assert slopes["t_1"] == pytest.approx(1 / 294 / 4, rel=0.03), "cooler gas is more of it"
    assert slopes["t_s"] == pytest.approx(-1 / 294, rel=0.03)
    assert slopes["p_0"] == pytest.approx(1 / 100e3, rel=0.03)
    assert slopes["t_0"] == pytest.approx(-0.5 / 294, rel=0.05)
    assert slopes["ε_C"] == pytest.approx(-1, rel=0.01)
    assert slopes["p_v"] == pytest.approx(0, abs=1e-8), (
        "alike at start and stop: what it is off counts for nothing"
    )
    assert slopes["θ"] == pytest.approx(-0.0021 * 47 / 37.5 / 0.677 / 294, rel=0.1)


def test_a_nozzle_calibrated_here_calibrates_a_meter_there(tmp_path):
    """From the tank to the nozzle's DCC, from that to the meter, whose true error its interval holds."""
    with NozzleBench.up(tmp_path / "bench", seed=7) as there:
        true = there.rig.spec.nozzles[3]
        chosen = PvttBench.choose({"seed": 11})
        with PvttBench.put_up(chosen, tmp_path / "tank", prepare=lambda made: mount(made, true)) as here:
            order = ordered(here, pressures=[80.0, 100.0, 120.0])
            order = order.model_copy(update={"dut": order.dut.model_copy(update={"serial": "N-04"})})
            made = record(calibrate(here, order))
        (there.directory / "nozzle_4.xml").write_bytes(write(made))
        flow = {"flows": [5.2], "repeats": 2, "duration": 60.0, "fewest_pulses": 1000}
        order = Order.load(there.order)
        order = order.model_copy(update={"parameters": {**order.parameters, **flow}})
        meter = record(calibrate(there, order))
        table = meter.measurements[0].results[0].tables[0]
        errors = table.column("basic_measurementError")
        ((error,), (expanded,)) = errors.floats(), map(float, errors.uncertainty.expanded)
        (at,) = table.column("basic_referenceValue").floats()
        assert error == pytest.approx(there.true_error(at), abs=1.5 * expanded)
        assert expanded < 0.4
        assert any(
            standard.certificate and standard.certificate.number == made.number
            for standard in meter.measurements[0].standards
        )
    ranges = {one.name for one in ranges_of(meter) if one.unit == "1"}
    assert ranges == {Text(zh="雷诺数 Re", en="Reynolds number Re")}
    assert differences(renamed(meter, OF_RANGE), meter) == [], "as earlier versions named them"
    assert len(differences(renamed(meter, Text(en="Mach number")), meter)) >= len(ranges_of(meter))
    lines = {line.symbol: float(line.contribution) for line in meter.measurements[0].budgets[0].lines}
    assert lines["δ_C2"] > 2 * lines["C_4"], "most of it is common to what this laboratory calibrates"
    assert Nozzle(4, Certificate(made)).diameter == pytest.approx(true.diameter, abs=1e-7)


def ranges_of(record):
    """Return the ranges that the standards of a record were calibrated over."""
    return [
        one
        for standard in record.measurements[0].standards
        for one in standard.quantities
        if RANGE in one.ref_types
    ]


def renamed(record, name):
    """Return a record whose standards' ranges have this name."""
    content = record.model_dump()
    for standard in content["measurements"][0]["standards"]:
        for one in standard["quantities"]:
            if RANGE in one["ref_types"]:
                one["name"] = name.model_dump()
    return Record.model_validate(content)


def mount(bench, nozzle):
    """Mount another nozzle: the true one of a nozzle bench."""
    bench.rig.spec = replace(bench.rig.spec, nozzle=nozzle)


def test_a_tank_that_leaks_is_refused_before_it_is_used(tmp_path):
    with PvttBench.up(tmp_path / "bench", seed=7, leak=0.05) as bench:
        with pytest.raises(RunError, match=r"rises by 0\.04.* Pa/s, more than 0\.005 Pa/s"):
            calibrate(bench, ordered(bench))
        assert told(bench, "observation") == []
        assert is_safe(bench)


def test_a_tank_that_leaked_by_what_was_read_is_no_evidence(bench):
    evidence = calibrate(bench, ordered(bench))
    (tight,) = evidence.kept
    first, last = tight.values["pressure"]
    half = 0.5
    for before, after, said in (
        (
            first,
            last._replace(value=last.value + 30.0),
            r"the shut, empty tank rises by .+ Pa/s, more than 0\.005 Pa/s",
        ),
        (first, last._replace(value=last.value - 30.0), r"empty tank falls by .+ Pa/s, .* would hide one"),
        (first._replace(value=half), last._replace(value=half), "was watched for a leak from 50000 Pa, and"),
        (
            first,
            last._replace(at=first.at + 60.0),
            "the shut tank was watched for 60 s, and leak_time is 300 s",
        ),
    ):
        with pytest.raises(EvidenceError, match=said):
            record(replace(evidence, kept=(replace(tight, values={"pressure": (before, after)}),)))


def test_gas_that_is_still_warm_is_refused(tmp_path):
    with PvttBench.up(tmp_path / "bench", seed=7, cooling=0.5) as bench:
        with pytest.raises(NotStable, match="tank"):
            calibrate(bench, ordered(bench, settling=300.0))
        assert is_safe(bench)


def test_warm_gas_would_have_been_believed_otherwise(tmp_path):
    """Read at once, by a thermometer at its bottom, the gas gives a C_d that is not the nozzle's."""
    with PvttBench.up(tmp_path / "bench", seed=7, layers=3.0) as bench:
        rushed = ordered(
            bench, settled=1e3, settled_temperature=10.0, spread=20.0, weights=[1.0, 1e-9, 1e-9, 1e-9]
        )
        ((value, expanded, at),) = found(record(calibrate(bench, rushed)))
        assert abs(value - bench.true_error(at)) > 2 * expanded


def test_thermometers_that_do_not_agree_are_refused(tmp_path):
    with PvttBench.up(tmp_path / "bench", seed=7, layers=0.5) as bench:
        with pytest.raises(
            RunError, match=r"thermometer [14] in the tank shows [+-]0\.\d+ K beside the mean"
        ):
            calibrate(bench, ordered(bench))
        assert is_safe(bench)


def test_evidence_of_thermometers_that_do_not_agree_is_none(bench):
    evidence = calibrate(bench, ordered(bench))
    kind = find(evidence.procedure.name).procedure
    for limit, said in (({"spread": 1e-4}, "thermometer"), ({"settled": 1e-9}, "still changes by")):
        stricter = kind(kind.accepts()(**{**evidence.parameters, **limit}))
        with pytest.raises(EvidenceError, match=said):
            stricter.evaluate(evidence)
    stricter = kind(
        kind.accepts()(**{**evidence.parameters, "fill": 0.1, "trigger": 0.2, "back_pressure": 0.3})
    )
    with pytest.raises(EvidenceError, match=r"they count as choked up to 0\.3"):
        stricter.evaluate(evidence)


def test_a_nozzle_that_is_not_choked_is_refused(bench):
    """Filled up to 0.9 of the pressure ahead: beyond what any of its diffusers recovers."""
    with pytest.raises(ParameterError, match="no more than back_pressure or choked_to"):
        planned(bench, fill=0.9, trigger=0.95)
    told = {"fill": 0.9, "trigger": 0.95, "back_pressure": 0.98}
    with pytest.raises(ParameterError, match="no more than back_pressure or choked_to"):
        planned(bench, **told, choked_to=0.9)
    with pytest.raises(ParameterError, match=r"0\.98, and a throat .* up to 0\.528 .*\(choked_to\); have it"):
        planned(bench, **told)
    late = ordered(bench, **told, choked_to=0.98)
    evidence = calibrate(bench, late)
    made = record(evidence)
    (said,) = (one.declaration.get("en") for one in made.statements if one.ref_types == ("remotecal_remark",))
    assert "found choked up to a ratio of the pressures behind and ahead of 0.98; that was not" in said
    before = [
        {name: one for name, one in known.items() if name != "choked_to"}
        for known in (evidence.parameters, evidence.order.parameters)
    ]
    order = evidence.order.model_copy(update={"parameters": before[1]})
    older = record_anew(of_before(evidence, parameters=before[0], order=order, wording=0))
    assert found(older) == found(made), "journals of before are evaluated as they were"
    assert len(older.statements) == sum(RESTS_ON not in one.ref_types for one in made.statements)
    ((value, _, at),) = found(made)
    assert value < bench.true_error(at) - 0.01, "which is no trifle"


def planned(bench, **parameters):
    order = ordered(bench, **parameters)
    return plan(order, find(order.order.procedure), Bench.load(bench.bench), bench.clock, "run")


@pytest.mark.parametrize(
    ("gauge", "stated", "said"),
    [
        (
            "inlet_gauge",
            ("20000 110000 200000", "20000 60000 90000"),
            "holds from 20000 to 90000 Pa",
        ),
        (
            "tank_gauge",
            ("50 25000 50000 120000", "50 10000 20000 30000"),
            "holds from 50 to 30000 Pa",
        ),
    ],
)
def test_gauges_are_not_used_beyond_their_certificates(bench, gauge, stated, said):
    """What a mass is told by is refused, and not carried on with more uncertainty as the room's air is."""
    evidence = calibrate(bench, ordered(bench))
    rewrite(bench.bench.parent / f"{gauge}.xml", stated)
    with pytest.raises(CertificateRefused, match=f"{said}, but the {gauge} is to tell"):
        planned(bench)
    narrow = Bench.load(bench.bench).certificate(gauge, date(2026, 11, 1))
    with pytest.raises(EvaluationFailed, match="was read"):
        record(replace(evidence, certificates={**evidence.certificates, gauge: narrow}))


def test_a_larger_inventory_than_is_known_would_count(tmp_path):
    """With start and stop at unlike pressures the inventory volume counts: 0.1 m³ of it by many U."""
    with PvttBench.up(tmp_path / "bench", seed=7, inventory=0.1) as bench:
        ((value, expanded, at),) = found(record(calibrate(bench, ordered(bench))))
        assert abs(value - bench.true_error(at)) > expanded


def test_a_narrow_plenum_counts_by_its_velocity(bench):
    """5.2 m³/h in a pipe of 9 mm are 23 m/s, Ma 0.066: at rest 0.31 % more pressure, a smaller C_d."""
    evidence = calibrate(bench, ordered(bench))
    narrow = evidence.characteristics["tank_volume"].model_copy(
        update={"value": 9.0, "unit": "mm", "expanded_uncertainty": 0.0}
    )
    stated = replace(evidence, characteristics={**evidence.characteristics, "plenum_diameter": narrow})
    ((wide, _, _),), ((thin, _, _),) = found(record(evidence)), found(record(stated))
    assert thin / wide - 1 == pytest.approx(-0.0030, abs=0.0004)
    kind = find(evidence.procedure.name).procedure
    feels_all = kind(kind.accepts()(**{**evidence.parameters, "recovery": 1.0})).evaluate(stated)
    cooler = feels_all.results[0].tables[0].column(DISCHARGE).floats()[0]
    assert cooler < thin, "colder at rest: more should have passed"


def test_another_nozzle_than_the_orders_is_refused(bench):
    evidence = calibrate(bench, ordered(bench))
    kind = find(evidence.procedure.name).procedure
    throat = 0.9 * evidence.parameters["throat"]
    wrong = kind(kind.accepts()(**{**evidence.parameters, "throat": throat}))
    with pytest.raises(EvidenceError, match=r"C_d would be 1\.2\d+, which no nozzle has: is throat"):
        wrong.evaluate(evidence)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"pressures": [100.0, 100.0]}, "each once"),
        ({"fill": 0.48}, "trigger must be above fill"),
        ({"weights": [1.0, 2.0]}, "4 thermometers in the tank, .* and 2 weights"),
        ({"pressures": [1500.0]}, r"rig .* whose supply is 0 to 1000 kPa"),
    ],
)
def test_orders_that_can_not_be_are_refused(bench, parameters, said):
    with pytest.raises(ParameterError, match=said):
        planned(bench, **parameters)


class AtPoint:
    """Does something when a run is to measure, once."""

    def __init__(self, act):
        self._act = act

    def __call__(self, progress):
        if self._act and progress.point and progress.doing == "measure":
            act, self._act = self._act, None
            act()


def test_an_emergency_stop_ends_a_run(bench):
    with pytest.raises(RunError, match="EMERGENCY_STOP"):
        calibrate(bench, ordered(bench), (AtPoint(bench.rig.plc.press),))
    assert is_safe(bench)


def test_a_pump_that_trips_ends_a_run(bench):
    def trip():
        with bench.world.present():
            bench.rig.pump.trip()

    with pytest.raises((RunError, InstrumentError), match=r"PUMP_FAULT|TRIPPED"):
        calibrate(bench, ordered(bench), (AtPoint(trip),))
    assert is_safe(bench)


def test_a_tank_above_the_air_trips_the_interlock(bench):
    def burst():
        with bench.world.present():
            bench.rig.held *= 1000

    with pytest.raises(RunError, match=r"tank_gauge\.pressure|TANK_PRESSURE_HIGH"):
        calibrate(bench, ordered(bench), (AtPoint(burst),))
    assert is_safe(bench)
