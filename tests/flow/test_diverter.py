"""A diverter's correction has a journal behind it: determined, recorded, named by a bench file, verified."""

from __future__ import annotations

import math
from datetime import date
from hashlib import sha256
from types import SimpleNamespace

import pytest

from remotecal.bench import Bench
from remotecal.certificates.characterised import ref_type, stated_in
from remotecal.certificates.dcc import read, write
from remotecal.cli import main
from remotecal.errors import BenchError, CertificateRefused, ParameterError
from remotecal.model import Column, Statement
from remotecal.model.certificate import VALIDITY
from remotecal.order import Order
from remotecal.procedures.library.flow.diverter import correction_of
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute, plan
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.water.assemblies import water_rig

TOLD = {"flows": [10.0, 30.0], "smallest_mass": 400.0, "largest_mass": 540.0, "empty": 0.6, "repeats": 3}


@pytest.fixture
def rig(tmp_path):
    with water_rig(tmp_path / "rig", seed=3) as made:
        yield made


def determined(rig, **changes):
    order = Order.load(rig.order)
    item = order.dut.model_copy(update={"serial": "RIG-50", "class_scheme": None, "class_name": None})
    head = order.order.model_copy(update={"procedure": "flow.diverter", "certificate": "DIV-1"})
    order = order.model_copy(update={"order": head, "parameters": {**TOLD, **changes}, "dut": item})
    text = rig.bench.read_text("utf-8")
    if "monitor" not in text:
        rig.bench.write_text(text + '\n[roles]\nmonitor = "dut"\n', "utf-8")
    found, out = find("flow.diverter"), rig.directory.parent / "determined"
    return order, lambda: evaluate(
        execute(order, found, Bench.load(rig.bench), out, Company(Scripted()), rig.clock), found
    )


def stating(rig, path, valid="2099-01-01"):
    """Let the bench file name the record in place of the value."""
    head, _, rest = rig.bench.read_text("utf-8").partition("[characteristics.diverter_correction]")
    _, _, rest = rest.partition("[characteristics.diverter_correction.source]")[2].partition("\n\n")
    said = f'record = "{path}"\nserial = "RIG-50"\nvalid_until = {valid}\n'
    rig.bench.write_text(f"{head}[characteristics.diverter_correction]\n{said}\n{rest}", "utf-8")


@pytest.mark.parametrize("seed", [3, 4])
def test_the_correction_is_the_diverters(tmp_path, seed):
    with water_rig(tmp_path / "rig", seed=seed) as rig:
        _, run = determined(rig)
        made = run()
        found = stated_in(made, "diverter_correction")
        assert found.unit == "s"
        assert found.value == pytest.approx(rig.truth.asymmetry, abs=1.5 * found.expanded)
        assert found.expanded < 0.006
        lines = {line.symbol: line for line in made.measurements[0].budgets[0].lines}
        kg = rig.outfit.size.resolution
        steps = [
            abs(float(lines[symbol].sensitivity)) * step / 18**0.5
            for symbol, step in (("W_res", kg), ("W_ress", kg), ("N_res", 15**0.5))
        ]
        counted = [float(lines[symbol].contribution) for symbol in ("E_rep", "W_res", "W_ress", "N_res")]
        larger = max(abs(counted[0]), math.hypot(*steps))
        assert math.hypot(*counted) == pytest.approx(larger, rel=0.05), "steps are in the scatter"
        again = stated_in(read(write(made)), "diverter_correction")
        assert again == found


def test_one_long_and_several_short_diversions_by_the_sheets_formula():
    """Where the short ones last as long together as the long one: Δt = t·(R - 1)/(n - 1), to first order."""
    t, n, q, true = 60.0, 15, 5.0, 0.012
    short = n * q * (t / n + true)
    long = q * (t + true)
    ratio = (short / t) / (long / t)
    assert t / (n - 1) * (ratio - 1) == pytest.approx(true, rel=1e-3)
    assert correction_of(ratio, n, t, t) == pytest.approx(true, rel=1e-12)


def test_a_bench_file_names_the_record_and_the_certificate_leads_to_it(rig, tmp_path, capsys):
    _, run = determined(rig)
    made = run()
    (rig.directory / "diverter.xml").write_bytes(write(made))
    stating(rig, "diverter.xml")
    fact = Bench.load(rig.bench).characteristics(Bench.load(rig.bench).day(rig.clock))["diverter_correction"]
    stated = stated_in(made, "diverter_correction")
    assert (fact.value, fact.expanded_uncertainty, fact.k) == (stated.value, stated.expanded, stated.k)
    order = Order.load(rig.order)
    order = order.model_copy(update={"parameters": {**order.parameters, "flows": [10.0], "repeats": 2}})
    found, out = find("flow.water_gravimetric"), tmp_path / "run"
    record = evaluate(
        execute(order, found, Bench.load(rig.bench), out, Company(Scripted()), rig.clock), found
    )
    named = {one.certificate.number: one for one in record.standards}
    assert (
        named["DIV-1"].certificate.value == sha256((rig.directory / "diverter.xml").read_bytes()).hexdigest()
    )
    assert named["DIV-1"].serials == ("RIG-50",)
    lines = {line.symbol: line for line in record.measurements[0].budgets[0].lines}
    assert float(lines["Δt"].u) == pytest.approx(stated.expanded / stated.k, rel=0.05)
    (out / "certificate.xml").write_bytes(write(record))
    command = [
        "verify",
        str(out / "certificate.xml"),
        "--journal",
        str(out),
        "--standards",
        str(rig.directory),
        "--all",
    ]
    main(command)
    told = " ".join(capsys.readouterr().out.split())
    assert "standard DIV-1: file passed" in told
    (rig.directory / "diverter.xml").unlink()
    main(command)
    assert "standard DIV-1: file passed" not in " ".join(capsys.readouterr().out.split())


def test_a_fact_is_only_what_its_record_states(rig):
    _, run = determined(rig)
    made = run()
    path = rig.directory / "diverter.xml"
    stating(rig, "diverter.xml")
    order = Order.load(rig.order)

    def planned():
        return plan(order, find("flow.water_gravimetric"), Bench.load(rig.bench), rig.clock, "run")

    with pytest.raises(CertificateRefused, match=r"its record .*diverter\.xml can't be read"):
        planned()
    other = made.items[0].model_copy(
        update={"identifications": (made.items[0].identifications[0].model_copy(update={"value": "RIG-80"}),)}
    )
    path.write_bytes(write(made.model_copy(update={"items": (other,)})))
    with pytest.raises(CertificateRefused, match="is of the rig RIG-50, its record DIV-1 is for RIG-80"):
        planned()
    measured = made.measurements[0].model_copy(
        update={"results": made.measurements[0].results[:1], "budgets": ()}
    )
    path.write_bytes(write(made.model_copy(update={"measurements": (measured,)})))
    with pytest.raises(CertificateRefused, match="states 0 columns remotecal_diverterCorrection"):
        planned()
    path.write_bytes(write(made))
    stating(rig, "diverter.xml", valid="2020-01-01")
    with pytest.raises(CertificateRefused, match="was valid until 2020-01-01: determine it anew"):
        planned()


def test_a_record_is_of_this_rig_and_of_now(rig):
    _, run = determined(rig)
    made = run()
    stating(rig, "diverter.xml")
    bench = Bench.load(rig.bench)
    day = bench.day(rig.clock)

    def facts(record, today=day):
        (rig.directory / "diverter.xml").write_bytes(write(record))
        return bench.characteristics(today)["diverter_correction"]

    assert facts(made).value == stated_in(made, "diverter_correction").value
    (item,) = made.items
    owned = item.identifications[0].model_copy(update={"value": "K-1", "issuer": "owner"})
    nobody = item.model_copy(update={"identifications": (owned,)})
    with pytest.raises(CertificateRefused, match="is of the rig RIG-50, its record DIV-1 is for K-1"):
        facts(made.model_copy(update={"items": (nobody,)}))
    with pytest.raises(CertificateRefused, match=r"its record DIV-1 is of .*, and today is 2001-01-01"):
        facts(made, date(2001, 1, 1))
    until = Statement(ref_types=VALIDITY[:1], day=date(2090, 1, 1))
    with pytest.raises(CertificateRefused, match="is valid until 2090-01-01, not until 2099-01-01"):
        facts(made.model_copy(update={"statements": (*made.statements, until)}))


def test_of_a_record_for_two_rigs_the_other_ones_value_is_not_taken(rig):
    _, run = determined(rig)
    made = run()
    stating(rig, "diverter.xml")
    bench = Bench.load(rig.bench)
    (item,) = made.items
    number = item.identifications[0].model_copy(update={"value": "RIG-80"})
    other = item.model_copy(update={"id": "other", "identifications": (number,)})
    (measured,) = made.measurements
    theirs = made.model_copy(
        update={
            "items": (item, other),
            "measurements": (measured.model_copy(update={"items": ("other",)}),),
        }
    )
    (rig.directory / "diverter.xml").write_bytes(write(theirs))
    with pytest.raises(CertificateRefused, match="which of its results are of RIG-50 can't be told"):
        bench.characteristics(bench.day(rig.clock))


@pytest.mark.parametrize(("k", "expanded"), [("0.5", "0.001"), ("2", "inf")])
def test_an_uncertainty_that_is_none_is_refused_in_a_sentence(k, expanded):
    told = SimpleNamespace(expanded=(expanded,), k=(k,))
    column = Column.model_construct(
        ref_types=(ref_type("diverter_correction"),), unit="s", values=("0.01",), uncertainty=told
    )
    record = SimpleNamespace(number="R-1", tables=(SimpleNamespace(columns=(column,)),))
    with pytest.raises(CertificateRefused, match="record R-1 states diverter_correction"):
        stated_in(record, "diverter_correction")


def test_nobody_writes_a_proof_into_a_bench_file(rig):
    text = rig.bench.read_text("utf-8")
    head, found, rest = text.partition("[characteristics.diverter_correction]\n")
    proof = f'proof = {{ file = "a.xml", sha256 = "{64 * "0"}", record = {{}} }}\n'
    rig.bench.write_text(head + found + proof + rest, "utf-8")
    with pytest.raises(BenchError, match="proof"):
        Bench.load(rig.bench)


def test_what_can_not_work_is_refused_before_anything_moves(rig):
    for changes, refusal in (
        ({"smallest_mass": 60.0}, "a short diversion would last"),
        ({"smallest_mass": 600.0}, "smallest_mass is more than largest_mass"),
    ):
        order, _ = determined(rig, **changes)
        with pytest.raises(ParameterError, match=refusal):
            plan(order, find("flow.diverter"), Bench.load(rig.bench), rig.clock, "run")


def test_names_of_characteristics_are_those_of_columns():
    assert ref_type("diverter_correction") == "remotecal_diverterCorrection"
    assert ref_type("water_density") == "remotecal_waterDensity"
    record = SimpleNamespace(number="R-1", tables=())
    with pytest.raises(CertificateRefused, match="states 0 columns"):
        stated_in(record, "connecting_volume")
