"""A customer's lot of meters: one file, mounting by mounting, each meter a certificate, one report."""

from __future__ import annotations

import csv
import io
import json
import sys
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).parent.parent / "verify"))

from forged import trusting

from remotecal.bench import Bench
from remotecal.certificates import XML_NAME
from remotecal.certificates.dcc import write
from remotecal.certificates.pdf.compare import read_print
from remotecal.certificates.pdf.summary import print_summary
from remotecal.certificates.reporting import FILES, write_summary
from remotecal.certificates.signing.journal import seal_journal
from remotecal.certificates.signing.seal import SealKey
from remotecal.certificates.summary import Listed, Summary, summary
from remotecal.configuration import as_toml
from remotecal.errors import ConfigurationError, OrderError, RunAborted, RunError
from remotecal.journal.events import read_journal
from remotecal.journal.gathering import read_evidence
from remotecal.journal.writing import Journal
from remotecal.lot import read_orders
from remotecal.model import Text
from remotecal.order import Order
from remotecal.runs.apart import certificates, write_certificates
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.control import Control
from remotecal.runs.execute import execute, resume
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.water_bench.assemblies import WaterMeterBench
from remotecal.verify import journal, verify_draft
from remotecal.verify.journal import recomputed

QUICK = {"at": ["Q3"], "repeats": 2, "duration": 30.0, "smallest_mass": 10.0}


@pytest.fixture
def bench(tmp_path):
    with WaterMeterBench.up(tmp_path / "bench", seed=7, meters=3) as made:
        yield made


def lot(bench, table):
    """Write the bench's order as one for a lot."""
    said = tomllib.loads(bench.order.read_text("utf-8"))
    del said["duts"]
    said |= {"parameters": {**said["parameters"], **QUICK}, "lot": tomllib.loads(table)}
    path = bench.directory / "lot.toml"
    path.write_text(as_toml(said), "utf-8")
    return path


PLACES = 'places = ["meter_1", "meter_2", "meter_3"]\nname = "Water meter"\nclass_name = "2"\n'


def listed(bench, count):
    rows = ["serial,owner_number,model"] + [f"A-{n:03},K{n},DN20" for n in range(1, count + 1)]
    (bench.directory / "meters.csv").write_text("\ufeff" + "\r\n".join(rows) + "\r\n", "utf-8")
    return lot(bench, f'devices = "meters.csv"\n{PLACES}')


def test_seven_meters_on_three_places_are_three_mountings(bench):
    orders = read_orders(listed(bench, 7))
    number = Order.load(bench.order).order.number
    assert [order.order.number for order in orders] == [f"{number}-{n}" for n in (1, 2, 3)]
    serials = [[dut.serial for dut in order.duts] for order in orders]
    assert serials == [["A-001", "A-002", "A-003"], ["A-004", "A-005", "A-006"], ["A-007"]]
    assert [dut.on for dut in orders[0].duts] == ["meter_1", "meter_2", "meter_3"]
    assert (orders[2].duts[0].on, orders[2].order.empty) == ("meter_3", ("meter_1", "meter_2"))
    numbers = [number for order in orders for number in order.numbers.values()]
    assert numbers == [f"{Order.load(bench.order).order.certificate}-{n}" for n in range(1, 8)]
    assert all(order.order.mount for order in orders)


def test_thirty_meters_on_thirty_places_are_one_order(tmp_path):
    with WaterMeterBench.up(tmp_path / "bench", seed=7, meters=30) as bench:
        places = ", ".join(f'"meter_{n}"' for n in range(1, 31))
        serials = ", ".join(f'"S{n}"' for n in range(1, 31))
        (order,) = read_orders(lot(bench, f'serials = [{serials}]\nplaces = [{places}]\nname = "Meter"\n'))
    assert not order.order.empty
    assert list(order.numbers.values())[29].endswith("-30")


def run_of(bench, order, name, answers=("done",), control=None, watchers=()):
    company = Company(Scripted(answers, first_option=not answers), watchers, control or Control())
    out = bench.directory.parent / name
    return execute(order, find(order.order.procedure), Bench.load(bench.bench), out, company, bench.clock)


def test_somebody_is_asked_to_mount_what_comes_next_before_all_else(bench):
    first, _, last = read_orders(listed(bench, 7))
    evidence = run_of(bench, first, "first", answers=())
    events = read_journal(bench.directory.parent / "first" / "journal.jsonl")
    (asked,) = (event for event in events if event.kind == "prompt")
    assert "meter_1: A-001; meter_2: A-002; meter_3: A-003" in asked.data["question"]["en"]
    assert asked.data["question"]["en"].endswith("Places that stay empty: none.")
    assert asked.data["question"]["zh"].endswith("空位：无。")
    said = [event.seq for event in events if event.kind == "instrument" and event.data["name"] == "meter_1"]
    assert said[0] > asked.seq, "a meter says who it is once it is mounted"
    assert len(certificates(evaluate(evidence, find("flow.water_bench")), first)) == 3
    evidence = run_of(bench, last, "last", answers=())
    assert list(evidence.order.devices) == ["dut-1"]
    assert [role for role in evidence.instruments if role.startswith("meters")] == ["meters[1]"]
    made = evaluate(evidence, find("flow.water_bench"))
    (part,) = certificates(made, last).values()
    assert part.items[0].serials == ("A-007",)
    (error,) = part.measurements[0].results[0].tables[0].column("basic_measurementError").floats()
    assert error == pytest.approx(bench.true_errors(2.375)[2], abs=0.5)


def test_nothing_is_measured_until_somebody_has_mounted_them(bench):
    first, *_ = read_orders(listed(bench, 7))
    company = Company(Scripted())
    with pytest.raises(RunError, match="nobody is there to answer: Mount the devices"):
        execute(first, find("flow.water_bench"), Bench.load(bench.bench), bench.directory.parent / "run",
                company, bench.clock)  # fmt: skip


def test_who_resumes_is_not_asked_again(bench):
    first, *_ = read_orders(listed(bench, 7))
    control = Control()

    def stop(progress):
        if progress.observed:
            control.abort("enough", "liwei")

    with pytest.raises(RunAborted):
        run_of(bench, first, "run", answers=(), control=control, watchers=(stop,))
    evidence = resume(bench.directory.parent / "run", Company(Scripted()), clock=bench.clock)
    assert len(evidence.observations) == 2


def test_a_lot_ends_in_one_report(bench, tmp_path):
    orders = read_orders(listed(bench, 5))
    written = []
    for number, order in enumerate(orders):
        evidence = run_of(bench, order, f"run-{number}", answers=())
        made = evaluate(evidence, find("flow.water_bench"))
        folders = write_certificates(made, order, tmp_path / f"out-{number}", printed=False)
        written += [(folder / XML_NAME).read_bytes() for folder in folders]
    report = write_summary(written, tmp_path / "report")
    assert [one.serial for one in report.listed] == [f"A-00{n}" for n in range(1, 6)]
    assert sum(report.verdicts.values()) == 5
    assert len(report.orders) == 2
    for name in FILES:
        assert (tmp_path / "report" / name).is_file()
    text = (tmp_path / "report" / "report.csv").read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["owner_number"] for row in rows] == [f"K{n}" for n in range(1, 6)]
    told = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))
    assert [one["certificate"] for one in told["listed"]] == [row["certificate"] for row in rows]
    assert write_summary(written, tmp_path / "again") == report
    again = [(tmp_path / folder / "report.pdf").read_bytes() for folder in ("report", "again")]
    assert again[0] == again[1]
    with pytest.raises(ConfigurationError, match="two of the certificates have the number"):
        summary([written[0], written[0]])
    with pytest.raises(ConfigurationError, match="there is no certificate to report of"):
        summary([])


def test_certificates_of_one_run_are_held_against_one_evaluation(bench, tmp_path, monkeypatch):
    order, *_ = read_orders(listed(bench, 3))
    run_of(bench, order, "run", answers=())
    run, key, computed, asked = bench.directory.parent / "run", SealKey(Ed25519PrivateKey.generate()), {}, []
    with Journal.open(run, bench.clock) as opened:
        seal_journal(opened, key)
    now, trust = datetime.fromtimestamp(bench.clock.now(), UTC), trusting(key)
    monkeypatch.setattr(journal, "recomputed", lambda *given: asked.append(given) or recomputed(*given))
    made = evaluate(read_evidence(run), find("flow.water_bench"))
    told = {}
    for folder in write_certificates(made, order, tmp_path / "out", printed=False):
        report = verify_draft(folder / XML_NAME, journal=run, trust=trust, now=now, computed=computed)
        told[folder.name] = next(check for check in report.checks if check.name == "results")
    assert [check.outcome for check in told.values()] == ["passed"] * 3, told
    assert len(asked) == 1
    file = folder / XML_NAME
    text = file.read_text("utf-8")
    file.write_text(text.replace("A-003", "A-004"), "utf-8")
    report = verify_draft(file, journal=run, trust=trust, now=now, computed=computed)
    assert next(check for check in report.checks if check.name == "results").outcome == "failed"
    assert len(asked) == 1


def test_a_report_is_for_one_customer(bench, tmp_path):
    order = Order.load(bench.order)
    evidence = run_of(
        bench, order.model_copy(update={"parameters": {**order.parameters, "at": ["Q3"]}}), "run"
    )
    parts = list(certificates(evaluate(evidence, find("flow.water_bench")), evidence.order).values())
    other = parts[1].customer.model_copy(update={"name": Text(zh="别人", en="Somebody else")})
    mixed = [write(parts[0]), write(parts[1].model_copy(update={"customer": other}))]
    with pytest.raises(ConfigurationError, match="for another customer"):
        summary(mixed)


@pytest.mark.parametrize(
    ("table", "refusal"),
    [
        (PLACES, "give either lot.devices, the file that lists them, or lot.serials"),
        (f'serials = ["A"]\ndevices = "meters.csv"\n{PLACES}', "give either lot.devices"),
        (f'serials = ["A", "A"]\n{PLACES}', "the device A is listed twice"),
        (f'devices = "nowhere.csv"\n{PLACES}', "can't be read"),
        ('serials = ["A"]\nplaces = []\nname = "Meter"\n', "places"),
        (f'serials = ["A"]\n{PLACES}colour = "red"\n', "colour"),
    ],
)
def test_a_lot_that_can_not_be_is_refused(bench, table, refusal):
    with pytest.raises(OrderError, match=refusal):
        read_orders(lot(bench, table))


def test_a_list_of_devices_has_columns_that_are_known(bench):
    path = listed(bench, 2)
    (bench.directory / "meters.csv").write_text("serial,colour\nA,red\n", "utf-8")
    with pytest.raises(OrderError, match="the column 'colour' is none of"):
        read_orders(path)
    (bench.directory / "meters.csv").write_text("serial\n\n", "utf-8")
    with pytest.raises(OrderError, match="lists no device"):
        read_orders(path)


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        ("serial,model\nA,B,C\n", "more cells than there are columns"),
        ("serial\n" + "x" * 200_000 + "\n", "is no table"),
        ("serial,serial\nA,B\n", "two columns are called alike"),
        ('serial\n"A\nB"\n', r"U\+000A, which nobody sees"),
        ("serial\nA\x1cB\n", r"U\+001C, which nobody sees"),
        ("serial\nA\u200b\n", r"U\+200B, which nobody sees"),
        ("serial\n1.23457E+11\n", "cut 1.23457E\\+11 short"),
        ("serial,name\nA,У\u05fc\n", "perhaps in GBK"),
        ("serial\n" + "A\n" * 2**19 + "B\n", "there is more in it"),
        ("serial,certificate\nA,X-1\nB,\nC,\nD,X-1\n", "certificates numbered X-1"),
        ("serial,certificate\nA,X-1\nB,\nC,\nD,x\u20111\n", "certificates numbered X-1"),
    ],
    ids=[
        "cells",
        "long",
        "columns",
        "lines",
        "parted",
        "hidden",
        "short",
        "garbled",
        "large",
        "numbers",
        "alike",
    ],
)
def test_a_list_of_devices_that_is_none_is_refused_in_a_sentence(bench, content, refusal):
    path = listed(bench, 2)
    (bench.directory / "meters.csv").write_text(content, "utf-8")
    with pytest.raises(OrderError, match=refusal):
        read_orders(path)


def test_a_number_of_a_lot_that_another_mounting_counts_to_is_not_given_twice(bench):
    path = listed(bench, 7)
    counted = [number for order in read_orders(path) for number in order.numbers.values()]
    rows = "".join(f"A-{n},{counted[6] if n == 1 else ''}\n" for n in range(1, 8))
    (bench.directory / "meters.csv").write_text(f"serial,certificate\n{rows}", "utf-8")
    with pytest.raises(OrderError, match=f"certificates numbered {counted[6]}"):
        read_orders(path)


def test_a_spreadsheet_takes_nothing_in_a_report_for_a_formula():
    one = Listed(
        certificate="-1", serial="=HYPERLINK(1)", owner_number="@A", name=Text(en="+1"), model="DN20",
        verdict="", finished=date(2026, 3, 1), issued=None, run="r", sha256="0" * 64,
    )  # fmt: skip
    whom = Text(en="x")
    made = Summary(customer=whom, laboratory=whom, orders=(), demonstration=False, listed=(one,))
    (row,) = csv.DictReader(io.StringIO(made.to_csv().decode("utf-8-sig")))
    told = (row["name"], row["certificate"], row["serial"], row["owner_number"], row["model"], row["issued"])
    assert told == ("'+1", "'-1", "'=HYPERLINK(1)", "'@A", "DN20", "")


@pytest.mark.parametrize("issued", [None, date(2026, 3, 2)])
def test_a_printed_report_says_what_is_not_issued(issued):
    one = Listed(
        certificate="L-1", serial="A", owner_number="", name=Text(zh="水表"), model="", verdict="pass",
        finished=date(2026, 3, 1), issued=issued, run="r", sha256="0" * 64,
    )  # fmt: skip
    whom = Text(en="x")
    made = Summary(customer=whom, laboratory=whom, orders=(), demonstration=False, listed=(one,))
    said = "".join("".join(read_print(print_summary(made)).words).split())
    assert ("合格pass*" in said) is (issued is None)
    assert "合格pass" in said
    assert ("Notissuedyet:notacertificate:1/1" in said) is (issued is None)
    assert made.unissued == (issued is None)


def test_an_order_that_is_no_lot_is_one_order(bench):
    assert read_orders(bench.order) == (Order.load(bench.order),)


def test_certificates_of_one_order_have_numbers_of_their_own(bench):
    said = tomllib.loads(bench.order.read_text("utf-8"))

    def loaded(head, *numbers):
        duts = [{**dut, "certificate": number} for dut, number in zip(said["duts"], numbers, strict=False)]
        duts += said["duts"][len(duts) :]
        bench.order.write_text(as_toml({**said, "order": {**said["order"], **head}, "duts": duts}), "utf-8")
        return Order.load(bench.order)

    whole = said["order"]["certificate"]
    assert list(loaded({}, "X-1").numbers.values()) == ["X-1", f"{whole}-2", f"{whole}-3"]
    with pytest.raises(OrderError, match="two devices would have certificates of one number"):
        loaded({}, "X-1", "X-1")
    with pytest.raises(OrderError, match='say certificates = "each"'):
        loaded({"certificates": "together"}, "X-1")
