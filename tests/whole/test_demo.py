"""The demonstration: a whole calibration over real sockets and serial lines, and what it leaves."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest
from exchanged import exchanges_of

from remotecal.certificates.dcc import read_file, validate, write
from remotecal.cli import main
from remotecal.fluids.air import air_density
from remotecal.journal.events import FILE, read_journal
from remotecal.journal.gathering import read_evidence
from remotecal.model import Record


def test_it_leaves_journal_record_and_certificate(demo):
    assert {path.name for path in demo.iterdir() if path.is_file()} >= {
        "certificate.xml",
        "certificate.pdf",
        "record.json",
        "journal.jsonl",
    }
    evidence = read_evidence(demo)
    assert len(evidence.observations) == 18
    assert evidence.finished - evidence.began > 3600
    assert evidence.complete


def test_record_and_certificate_say_the_same(demo):
    record = Record.from_json((demo / "record.json").read_text(encoding="utf-8"))
    assert read_file(demo / "certificate.xml") == record
    assert validate(write(record)) == []  # the checks for DCCs don't know the empty elements of a signature
    assert record.demonstration


def test_every_value_ends_with_its_uncertaintys_second_digit(demo):
    record = Record.from_json((demo / "record.json").read_text(encoding="utf-8"))
    error = record.tables[0].column("basic_measurementError")
    for value, expanded in zip(error.values, error.uncertainty.expanded, strict=True):
        assert len(expanded.replace(".", "").lstrip("0")) == 2
        assert value.partition(".")[2].__len__() == len(expanded.partition(".")[2])


def test_every_measured_value_leads_to_the_reply_it_was_read_from(demo):
    events = read_journal(demo / FILE)
    kept = {exchange["number"]: exchange for event in events for exchange in exchanges_of(event.data)}
    for observation in read_evidence(demo).observations:
        for name in ("mass_before", "mass_after", "pulses"):
            measured = observation.values[name]
            reply = kept[measured.exchange]["reply"]
            digits = reply.split()[-2] if name.startswith("mass") else reply
            assert float(digits) == measured.value


def test_computing_it_again_gives_the_same_to_the_last_digit(demo, tmp_path):
    assert main(["evaluate", str(demo), "--out", str(tmp_path)]) == 0
    assert (tmp_path / "record.json").read_bytes() == (demo / "record.json").read_bytes()


@pytest.mark.parametrize("told", [True, False], ids=["--out", "named as the bench"])
def test_a_directory_in_use_is_refused(demo, told, tmp_path, monkeypatch, capsys):
    (tmp_path / "dosing-stand").symlink_to(demo)
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "dosing-stand", *(["--out", str(demo)] if told else [])]) == 2
    assert f"{demo if told else 'dosing-stand'} is not empty" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("xmllint") is None, reason="xmllint is not installed")
def test_xmllint_agrees_that_the_certificate_is_well_formed(demo):
    subprocess.run(["xmllint", "--noout", "--nonet", demo / "certificate.xml"], check=True)


def interpolated(certificate, value):
    """Return the error of indication at `value`, by numpy rather than by our own interpolation."""
    tables = [table for table in certificate.record.tables if table.column("basic_measurementError")]
    table = next(t for t in tables if t.column("basic_measurementError").unit == value.unit)
    places = table.column("basic_measuredValue").floats()
    return float(np.interp(value.value, places, table.column("basic_measurementError").floats()))


def test_the_first_error_follows_from_the_replies_by_hand(demo):
    """The model of `dosing.procedure`, written out once more, without the product's evaluation."""
    evidence = read_evidence(demo)
    first = [entry for entry in evidence.observations if entry.point.name == evidence.points[0].name]
    certificates = {role: used.certificate for role, used in evidence.certificates.items()}
    facts = {name: fact.value for name, fact in evidence.characteristics.items()}

    def corrected(role, value):
        return value.value - interpolated(certificates[role], value)

    errors = []
    for entry in first:
        values = entry.values
        empty, full = (corrected("balance", values[name]) for name in ("mass_before", "mass_after"))
        air = [corrected("ambient", values[name].to(unit)) for name, unit in
               (("air_temperature", "°C"), ("air_pressure", "Pa"), ("humidity", "%"))]  # fmt: skip
        density = air_density(air[0], air[1], air[2] / 100)
        mass = (full - empty) * (1 - density / 8000) / (1 - density / facts["granulate_density"])
        inside = values["temperature"][0]._replace(
            value=np.mean([reading.value for reading in values["temperature"]])
        )
        indicated = values["pulses"].value / evidence.parameters["pulses_per_mass"]
        indicated *= 1 + facts["screw_expansion"] * (corrected("thermometer", inside) - 20)
        errors.append(100 * (indicated / mass - 1))
    record = Record.from_json((demo / "record.json").read_text(encoding="utf-8"))
    printed = record.tables[0].column("basic_measurementError").values[0]
    assert f"{np.mean(errors):.{len(printed.partition('.')[2])}f}" == printed
