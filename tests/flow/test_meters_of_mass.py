"""Meters of mass (JJG 1038): errors of mass, the zero first, its stability in U, and K with its unit."""

import statistics
from dataclasses import replace
from pathlib import Path

import pytest
from examining import examine_replies
from short_runs import of_before, record_anew
from test_finished_runs import finished, record, verdicts, with_values
from test_what_a_bench_must_state import planned

from benchmarks.truth import compare
from remotecal.certificates.dcc import read, write
from remotecal.drivers.keysight.counter53230a import Keysight53230A
from remotecal.errors import ConfigurationError, EvidenceError, ParameterError, RunError
from remotecal.journal.contents import beside
from remotecal.journal.events import JournalReader
from remotecal.journal.evidence import Evidence
from remotecal.procedures.library.flow.water_gravimetric import WaterGravimetric
from remotecal.procedures.parameters import read_parameters
from remotecal.runs.catalogue import find
from remotecal.sim.volumetric.proving import ProverLine
from remotecal.sim.water.assemblies import CoriolisRig, GravimetricRig, master_line, water_rig

STABILITY = 1.75
"""Zero stability of the DN 50 meter in kg/h."""


@pytest.fixture(scope="module")
def weighing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Evidence, Path]:
    """A Coriolis meter by pulses per kilogram, by weighing, at its lowest and a high flow."""
    folder = tmp_path_factory.mktemp("weighed")
    with CoriolisRig.up(folder / "rig", seed=5) as rig:
        return finished(rig, folder, flows=[31.5, 2.1]), folder / "run"


@pytest.fixture(scope="module")
def weighed(weighing: tuple[Evidence, Path]) -> Evidence:
    return weighing[0]


@pytest.fixture(scope="module")
def by_volume(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    folder = tmp_path_factory.mktemp("by_volume")
    with water_rig(folder / "rig", seed=5) as rig:
        return finished(rig, folder, flows=[10.0])


def column(made, ref_type):
    return next(found for table in made.tables if (found := table.column(ref_type)))


def without(evidence: Evidence, *facts: str) -> Evidence:
    """Return a run on a bench that stated less."""
    stated = {name: fact for name, fact in evidence.characteristics.items() if name not in facts}
    return replace(evidence, characteristics=stated)


def test_the_certificate_is_of_mass(weighed):
    made = record(weighed)
    assert made.tables[0].column("basic_referenceValue").unit == "kg/h"
    assert made.tables[0].column("remotecal_kFactor").unit == "1/kg"
    high, _ = made.tables[0].column("basic_referenceValue").floats()
    assert high == pytest.approx(31_500 * 0.998, rel=0.02), "kg/h, not m3/h"
    first, k = weighed.observations[0].values, made.tables[0].column("remotecal_kFactor").floats()[0]
    weighed_by_balance = first["mass_after"].value - first["mass_before"].value
    assert k == pytest.approx(first["pulses"].value / weighed_by_balance / 1.00105, rel=1e-3), "buoyancy"
    assert "E = m_i/(V·ρ) - 1 + z/q_m, V = (m + " in f"{made.measurements[0].methods}"
    assert read(write(made)) == made


def test_the_density_is_not_in_it_but_for_buoyancy_and_what_the_pipe_stores(weighed, by_volume):
    for each in (weighed, by_volume):
        denser = replace(
            each,
            characteristics={
                **each.characteristics,
                "water_density": each.characteristics["water_density"].model_copy(update={"value": 0.01}),
            },
        )
        moved = [column(record(one), "basic_measurementError").floats()[0] for one in (each, denser)]
        change = moved[1] - moved[0]
        assert abs(change) < 0.003 if each is weighed else change == pytest.approx(1.0, abs=0.01)


def test_zero_stability_counts_the_more_the_lower_the_flow(weighed):
    made = record(weighed)
    for budget, flow in zip(made.measurements[0].budgets, (31_450, 2097), strict=True):
        (line,) = [one for one in budget.lines if one.symbol == "z"]
        assert float(line.u) == pytest.approx(STABILITY / 3**0.5, rel=0.05)
        assert float(line.contribution) == pytest.approx(100 * STABILITY / 3**0.5 / flow, rel=0.05)


@pytest.mark.parametrize("put_up", [CoriolisRig.up, master_line])
def test_from_rest_to_rest_the_zero_counts_while_nothing_flows(tmp_path, put_up):
    """A meter without a cut-off counts its zero in all the time between its readings, and z covers that."""
    output = {} if put_up == CoriolisRig.up else {"output": "mass"}
    with put_up(tmp_path / "rig", seed=7, cutoff=0.0, **output) as rig:
        run = finished(rig, tmp_path, flows=[31.5], method="standing")
        zero = 3600.0 * 998.2 * rig.rig.dut.spec.zero
        rig.clock.sleep(600.0)
        counted = []
        for _ in range(2):
            with rig.world.present():
                counted.append(rig.rig.dut.mass)
            rig.clock.sleep(3600.0)
        assert counted[1] - counted[0] == pytest.approx(zero, rel=0.01), "kg in an hour"
    assert 0 < zero <= STABILITY
    made = record(run)
    (line,) = [one for one in made.measurements[0].budgets[0].lines if one.symbol == "z"]
    flowed = [one.values["duration"] for one in run.observations]
    rested = run.order.parameters.get("dripping") or run.order.parameters.get("coming_to_rest") or 10.0
    (flow,) = column(made, "basic_referenceValue").floats()
    longer = 1.0 + rested / statistics.fmean(flowed)
    assert longer > 1.05
    assert float(line.contribution) == pytest.approx(100 * STABILITY / 3**0.5 / flow * longer, rel=0.02)
    assert "+ z/q_m·t_z/t" in f"{made.measurements[0].methods}"
    made = record(run, low_flow_cutoff=17.5)
    (line,) = [one for one in made.measurements[0].budgets[0].lines if one.symbol == "z"]
    assert float(line.contribution) == pytest.approx(100 * STABILITY / 3**0.5 / flow, rel=0.03), (
        "while it flows"
    )
    assert "t_z" not in f"{made.measurements[0].methods}"


@pytest.mark.parametrize("output", ["mass", "mass_current"])
@pytest.mark.parametrize("put_up", [water_rig, master_line])
def test_errors_are_those_of_the_meter_whatever_reads_it(tmp_path, put_up, output):
    with put_up(tmp_path / "rig", seed=6, output=output) as rig:
        run = finished(rig, tmp_path, flows=[31.5, 4.0], repeats=3)
        found = list(compare(find(run.procedure.name).procedure, run, rig))
    assert [one for one in found if not one.covers] == []
    assert max(one.expanded for one in found) < 0.15


def test_the_zero_is_read_first_and_stands_on_the_certificate(weighed):
    table = next(table for table in record(weighed).tables if table.column("remotecal_zeroFlow"))
    (zero,) = table.column("remotecal_zeroFlow").floats()
    assert 0 < abs(zero) <= STABILITY
    assert table.column("remotecal_zeroAllowed").values == ("3.5",)
    assert table.column("remotecal_zeroDriftAllowed").values == ("1.75",)


def told_otherwise(evidence: Evidence, *kept, **values) -> Evidence:
    """Return a run with so much kept beside its repeats, whose first repeat tells other values."""
    first, *others = evidence.observations
    forged = replace(first, values={**first.values, **values})
    return replace(evidence, observations=(forged, *others), kept=kept)


def test_the_zero_is_computed_from_what_was_read_for_it(weighed):
    (zero,) = weighed.kept
    assert not {"zero", "zero_scatter", "zero_drift"} & weighed.observations[0].values.keys()
    shown = zero.values["flow"]

    def read(*flow):
        return replace(zero, values={"flow": flow})

    higher = read(*(one._replace(value=one.value + 4.0) for one in shown))
    drifted = read(*(one._replace(value=one.value - (n >= 10) * 3.0) for n, one in enumerate(shown)))
    another = read(*(one._replace(source="reference.mass_flow") for one in shown))
    later = replace(zero, at=weighed.observations[0].began + 1.0)
    for made, said in (
        (
            told_otherwise(weighed, higher),
            r"shows \+3\.\d+ kg/h while nothing flows, and 3\.5 kg/h is allowed",
        ),
        (told_otherwise(weighed, drifted), r"drifted by -\S+ kg/h while it was read, and 1\.75 kg/h is"),
        (told_otherwise(weighed), "nothing was read before it that tells of a zero"),
        (told_otherwise(weighed, later), "nothing was read before it that tells of a zero"),
        (told_otherwise(weighed, read(*shown[1:])), "flow holds 19 readings of .*, and 20 are due"),
        (told_otherwise(weighed, read()), "one reading or more are due"),
        (told_otherwise(weighed, read(*reversed(shown))), "was read for flow later and earlier than"),
        (told_otherwise(weighed, another), "flow was read by reference"),
        (told_otherwise(weighed, zero, zero=0.5), r"tells 0\.5 kg/h as the mean of the zero, and what was"),
        (told_otherwise(weighed, zero, zero_drift=0.5), r"tells 0\.5 kg/h as the drift of the zero"),
    ):
        with pytest.raises(EvidenceError, match=said):
            record(made)


def test_an_older_journal_whose_repeats_tell_the_zero_gives_the_same_certificate(weighed):
    (zero,) = weighed.kept
    told = {
        "zero": zero.about["zero"],
        "zero_scatter": zero.about["scatter"],
        "zero_drift": zero.about["drift"],
    }
    repeats = tuple(replace(one, values={**one.values, **told}) for one in weighed.observations)
    older = of_before(weighed, observations=repeats)
    assert record_anew(older).measurements == record(weighed).measurements
    with pytest.raises(EvidenceError, match="nothing was read before it that tells of a zero"):
        record(replace(weighed, observations=repeats, kept=()))
    for wrong, said in (
        ({"zero": 4.0}, r"shows \+4 kg/h while nothing flows, and 3\.5 kg/h is allowed: .* set its zero"),
        ({"zero_drift": -2.0}, r"zero drifted by -2 kg/h while it was read, and 1\.75 kg/h is allowed"),
        ({"zero": None}, "the order has the meter's zero read, and nothing tells it"),
        ({"zero_drift": None}, "the order has the meter's zero read, and nothing tells it"),
    ):
        values = {name: one for name, one in {**repeats[0].values, **wrong}.items() if one is not None}
        first = replace(repeats[0], values=values)
        with pytest.raises(EvidenceError, match=said):
            record_anew(replace(older, observations=(first, *repeats[1:])))


def test_a_verifier_reads_the_zero_again_from_the_replies(weighing):
    _, folder = weighing
    events = list(JournalReader.at(folder))
    assert "values read again" in examine_replies(events, contents=beside(folder))
    place = next(n for n, one in enumerate(events) if one.kind == "note" and one.data["text"] == "zero")
    data = events[place].data
    first, *others = data["values"]["flow"]
    wrong = {"flow": [{**first, "value": first["value"] + 0.1}, *others]}
    events[place] = events[place]._replace(data={**data, "values": wrong})
    with pytest.raises(EvidenceError, match=r"exchange \d+ says .*, the observation"):
        examine_replies(events, contents=beside(folder))


def test_a_zero_beyond_its_limit_stops_the_run_before_anything_is_measured(tmp_path):
    with CoriolisRig.up(tmp_path / "rig", seed=5) as rig:
        with pytest.raises(RunError, match=r"kg/h is allowed: see that it is full and free of air"):
            finished(rig, tmp_path, flows=[10.0], zero_limit=0.01)
        journal = (tmp_path / "run" / "journal.jsonl").read_text("utf-8")
        assert '"zero_display.mass_flow"' in journal, "what it was read by"
        assert '"kind":"observation"' not in journal
        assert rig.rig.pump.speed == 0.0


MASS = {"indicates": "mass", "kind": "Coriolis"}
AS_VOLUME = {
    "indicates": "volume",
    "kind": None,
    "pulses_per_mass": None,
    "zero_readings": None,
    "zero_limit": None,
    "zero_drift": None,
    "zero_stability": None,
}


def test_pulses_per_kilogram_are_not_evaluated_as_pulses_per_volume(weighed):
    """By the density alone it is an error of 0.2 %, that looks like the meter's own."""
    by_density = {**AS_VOLUME, "pulses_per_volume": 500_000.0}
    with pytest.raises(EvidenceError, match="set to pulses_per_mass = 500 1/kg, and the order does not give"):
        record(weighed, **by_density)
    assert (
        column(record(without(weighed, "pulses_per_mass"), **by_density), "remotecal_kFactor").unit == "1/m3"
    )


@pytest.mark.parametrize("told", [{**AS_VOLUME, "pulses_per_volume": 500.0}, {"pulses_per_mass": 0.5}])
def test_a_k_factor_wrong_by_a_thousand_is_found_though_nobody_stated_it_twice(weighed, told):
    with pytest.raises(EvidenceError, match="see the unit of its K factor or of its flow at 20 mA"):
        record(without(weighed, "pulses_per_mass"), **told)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"pulses_per_mass": 400.0}, "set to pulses_per_mass = 500 1/kg, and the order says 400 1/kg"),
        ({"pulses_per_mass": None}, r"parameters\.pulses_per_mass is missing"),
        ({"pulses_per_volume": 5e5}, "the meter indicates mass, so pulses_per_volume is not its"),
        ({"zero_drift": None}, "zero_drift must be given where zero_readings is"),
        ({"low_flow_cutoff": 5.0}, "does not keep a zero of up to 5.25 kg/h"),
        (
            AS_VOLUME | {"pulses_per_volume": 5e5, "low_flow_cutoff": 50.0},
            "zero_stability must be given where",
        ),
        (AS_VOLUME | {"kind": "Coriolis", "pulses_per_volume": 5e5}, "the zero of a Coriolis meter is read"),
        ({"fiducial_flow": 35.0}, "errors of mass are relative"),
    ],
)
def test_an_order_that_contradicts_the_meter_is_refused_before_anything_is_open(tmp_path, told, message):
    with CoriolisRig.up(tmp_path, seed=5) as rig, pytest.raises(ParameterError, match=message):
        planned(rig, **told)


def test_a_meter_of_volume_that_all_but_stands_still_has_an_error(by_volume):
    """As before orders could say mass: it is a fault of the meter, and no certificate hides it."""
    made = record(with_values(by_volume, pulses=3.0))
    assert column(made, "basic_measurementError").floats()[0] == pytest.approx(-50.0, abs=1.0)
    assert verdicts(made) == ("noPass",)


def test_an_order_of_mass_is_rehearsed_on_a_rig_with_a_meter_of_mass(weighed):
    """Otherwise it would foresee errors wrong by the density."""
    parameters = read_parameters(WaterGravimetric.accepts(), weighed.parameters, "here").model_dump()
    chosen = GravimetricRig.resembling(parameters, {"dut": Keysight53230A})
    assert chosen == {"dn": 50, "output": "mass_pulses", "pulses": 500_000.0}
    with pytest.raises(ConfigurationError, match="no meter of mass"):
        ProverLine.resembling(parameters, {})


def test_the_meter_must_show_its_flow_and_tell_what_the_order_says(tmp_path):
    with CoriolisRig.up(tmp_path / "a", seed=5) as rig, pytest.raises(ParameterError, match="zero_display"):
        planned(rig, lambda text: text.replace("instruments.zero_display", "instruments.elsewhere"))
    with water_rig(tmp_path / "b", seed=5, output="mag6000") as rig:
        zero = {"zero_readings": 9, "zero_limit": 1.0, "zero_drift": 1.0, "zero_stability": 1.0}
        with pytest.raises(ParameterError, match="SiemensMag6000 tells no total of mass"):
            planned(rig, indicates="mass", mass_resolution=0.01, **zero)


def test_a_total_of_the_other_quantity_is_refused(tmp_path):
    with water_rig(tmp_path / "rig", seed=5, output="mass") as rig:
        run = finished(rig, tmp_path, flows=[10.0])
    with pytest.raises(EvidenceError, match="total was read in kg, and by the order it indicates in m3"):
        record(run, **AS_VOLUME, mass_resolution=None)
    assert with_values(run, total_after=1e9)


@pytest.mark.parametrize(
    ("kind", "norm", "share"),
    [("ultrasonic", "JJG 1030-2007", "0.1 %"), ("vortex", "JJG 1029-2007", "0.17 %")],
)
def test_what_the_regulation_asks_goes_by_the_kind_of_meter(by_volume, kind, norm, share):
    made = record(by_volume, kind=kind)
    (said,) = [one for one in made.statements if "basic_conformity" in one.ref_types]
    assert said.norms == (norm,)
    assert f"repeatability up to {share} (unverified)" in said.declaration.get("en")
    stated = record(by_volume, kind=kind, repeatability_share=0.5, norm="JJF 9999-2020")
    (said,) = [one for one in stated.statements if "basic_conformity" in one.ref_types]
    assert said.norms == ("JJF 9999-2020",)
    assert "repeatability up to 0.25 %:" in said.declaration.get("en")


def test_fiducial_errors_are_shares_of_the_upper_limit_of_the_range(by_volume):
    relative, fiducial = record(by_volume), record(by_volume, fiducial_flow=35.0)
    errors = [column(made, "basic_measurementError") for made in (relative, fiducial)]
    flow = column(fiducial, "basic_referenceValue").floats()[0]
    assert errors[1].floats()[0] == pytest.approx(errors[0].floats()[0] * flow / 35.0, abs=0.001)
    wide, narrow = (float(each.uncertainty.expanded[0]) for each in errors)
    assert narrow == pytest.approx(wide * flow / 35.0, rel=0.1)
    assert column(fiducial, "basic_referenceValue").values == column(relative, "basic_referenceValue").values
    cmc = by_volume.characteristics["water_density"].model_copy(update={"value": 0.4, "unit": "%"})
    scope = replace(by_volume, characteristics={**by_volume.characteristics, "cmc": cmc})
    floor = record(scope, fiducial_flow=35.0)
    (smallest,) = column(floor, "basic_measurementError").uncertainty.expanded
    assert float(smallest) == pytest.approx(0.4 * flow / 35.0, abs=0.01), "the CMC is of what passed"
    assert "E = (V_i/V - 1)·q/q_FS, V = " in f"{fiducial.measurements[0].methods}"
    assert any("±0.5 % FS" in one.declaration.get("en") for one in fiducial.statements)
    assert fiducial.measurements[0].results[0].name.get("en") == "Fiducial error, of 35 m³/h"
    with pytest.raises(ParameterError, match="errors of a turbine meter are relative"):
        record(by_volume, kind="turbine", fiducial_flow=35.0)
