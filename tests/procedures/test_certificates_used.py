"""Standards' certificates: read and checked before anything moves, kept with the evidence."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

import pytest

from remotecal.bench import Bench
from remotecal.certificates.dcc import write
from remotecal.errors import CertificateRefused, EvidenceError, JournalBroken, RunAborted
from remotecal.journal.gathering import gather, read_evidence
from remotecal.model import Column, Statement, Uncertainty
from remotecal.runs.catalogue import find
from remotecal.runs.record import evaluate


@pytest.fixture
def certified(tiny):
    """A tiny bench whose gauge has a certificate: that of a run before."""
    directory = tiny.directory
    tiny.directory = directory / "before"
    evidence = tiny.run()
    tiny.directory = directory
    record = evaluate(evidence, find(evidence.procedure.name))
    until = Statement(ref_types=("remotecal_validUntil",), day=date(2100, 1, 1))
    tiny.record = record.model_copy(update={"statements": (*record.statements, until)})
    tiny.bench.write_text(
        tiny.bench.read_text().replace('serial = "M1"', 'serial = "M1"\ncertificate = "gauge.xml"')
    )
    (directory / "gauge.xml").write_bytes(write(tiny.record))
    tiny.world.lines.clear()
    return tiny


def test_a_certificate_is_part_of_the_evidence_and_of_the_record(certified):
    evidence = certified.run()
    used = evidence.certificates["meter"]
    xml = (certified.directory / "gauge.xml").read_bytes()
    assert used.sha256 == sha256(xml).hexdigest()
    assert used.certificate.number == "T-1"
    assert used.record.tables[0].columns[0].values == ("1.000", "2.000")
    (standard,) = evaluate(evidence, find(evidence.procedure.name)).standards
    assert standard.serials == ("M1",)
    assert standard.certificate.value == used.sha256
    assert standard.certificate.valid_until == date(2100, 1, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (b"2100-01-01", "gauge: certificate T-1 was valid until 2001-01-01: have it calibrated"),
        (b"M1", "gauge has the serial number M1, its certificate T-1 is for M9"),
    ],
)
def test_a_certificate_that_may_not_be_used_is_refused_before_anything_is_opened(certified, change, message):
    path = certified.directory / "gauge.xml"
    assert change in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(change, {b"M1": b"M9", b"2100-01-01": b"2001-01-01"}[change]))
    with pytest.raises(CertificateRefused, match=message):
        certified.run()
    assert certified.world.lines == []


def test_a_certificate_that_nothing_ties_to_its_instrument_is_refused(certified):
    """An instrument that can't tell its serial number would take any certificate for its own."""
    certified.bench.write_text(certified.bench.read_text().replace('serial = "M1"\n', ""))
    with pytest.raises(
        CertificateRefused, match="gauge has no `serial` in the bench file, its certificate T-1 is for M1"
    ):
        certified.run()
    assert certified.world.lines == []


def test_an_artefact_takes_its_own_of_a_certificate_for_several(certified):
    (certified.directory / "both.xml").write_bytes(write(for_two(certified.record)))
    artefact = '\n[artefacts.nozzle]\nserial = "{}"\ncertificate = "both.xml"\n'
    text = certified.bench.read_text()
    certified.bench.write_text(text + artefact.format("M2"))
    used = Bench.load(certified.bench).certificate("nozzle", date(2026, 6, 1))
    assert used is not None
    assert [table.columns[0].values for table in used.record.tables] == [("7.000", "8.000")]
    certified.bench.write_text(text + artefact.format("M9"))
    with pytest.raises(CertificateRefused, match="nozzle: certificate T-1 is for M2, M1, not for serial"):
        Bench.load(certified.bench).certificate("nozzle", date(2026, 6, 1))


def test_a_run_does_not_go_on_with_another_certificate(certified):
    def interrupt(progress):
        if progress.doing == "measure" and progress.observed == 1:
            raise KeyboardInterrupt

    certified.watchers = (interrupt,)
    with pytest.raises(RunAborted):
        certified.run()
    path = certified.directory / "gauge.xml"
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(EvidenceError, match="certificates are no longer those the run began with"):
        certified.resume()


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        ("observation", {"point": "9 V"}, "is no observation at a point of this run"),
        ("observation", {"began": 3}, "'3' stands where a time is due"),
        ("observation", {"values": {"values": [{"value": 1}]}}, "an indication has no 'unit'"),
        ("instrument", {"serial": 7}, "does not tell an instrument"),
        ("start", {"order": {}}, "the first event is not the start of a run"),
    ],
)
def test_events_that_are_not_those_of_a_run_are_refused(tiny, kind, data, message):
    tiny.run()
    events = tuple(
        event._replace(data=event.data | data) if event.kind == kind else event for event in tiny.events()
    )
    with pytest.raises(JournalBroken, match=message):
        gather(events)


def test_evidence_is_read_from_a_journal_or_its_directory(tiny):
    evidence = tiny.run()
    assert read_evidence(tiny.out) == evidence
    assert read_evidence(tiny.out / "journal.jsonl") == evidence


def test_a_standard_is_named_with_its_range_and_its_uncertainty(certified):
    against = Column(unit="V", values=("20", "5", "100"))
    stated = Uncertainty(expanded=("0.10", "0.010", "NaN"), p=("0.95",))
    error = Column(unit="mV", values=("1", "2", "NaN"), uncertainty=stated)
    table = certified.record.tables[0].model_copy(update={"columns": (against, error)})
    measurement = certified.record.measurements[0]
    result = measurement.results[0].model_copy(update={"tables": (table,)})
    other = certified.record.model_copy(
        update={"measurements": (measurement.model_copy(update={"results": (result,)}),)}
    )
    (certified.directory / "gauge.xml").write_bytes(write(other))
    evidence = certified.run()
    (standard,) = evaluate(evidence, find(evidence.procedure.name)).standards
    assert [(entry.ref_types, entry.unit, entry.values) for entry in standard.quantities] == [
        (("remotecal_measurementRange",), "V", ("5", "100")),
        (("remotecal_expandedUncertainty",), "mV", ("0.010", "0.10")),
    ]


def for_two(record, told=True):
    """Return the certificate for two gauges, M1 and M2, with a result of each."""
    (item,) = record.items
    (measurement,) = record.measurements
    (result, *_) = measurement.results
    named = item.identifications[0].model_copy(update={"value": "M2"})
    other = item.model_copy(update={"id": "other", "identifications": (named,)})
    column = result.tables[0].columns[0].model_copy(update={"values": ("7.000", "8.000")})
    table = result.tables[0].model_copy(update={"columns": (column, *result.tables[0].columns[1:])})
    items = ((other.id, item.id), (other.id,), (item.id,)) if told else ((), (), ())
    of_other = result.model_copy(update={"tables": (table,), "items": items[1]})
    results = (of_other, result.model_copy(update={"items": items[2]}))
    both = measurement.model_copy(update={"items": items[0], "results": results, "budgets": ()})
    bare = {"items": (other, item), "measurements": (both,), "evidence": None}
    return record.model_copy(update=bare)


def test_of_a_certificate_for_several_instruments_a_run_uses_what_is_of_its_own(certified):
    (certified.directory / "gauge.xml").write_bytes(write(for_two(certified.record)))
    evidence = certified.run()
    used = evidence.certificates["meter"]
    assert used.certificate.serials == ("M1",)
    assert [table.columns[0].values for table in used.record.tables] == [("1.000", "2.000")]
    (standard,) = evaluate(evidence, find(evidence.procedure.name)).standards
    assert standard.serials == ("M1",)


@pytest.mark.parametrize(
    ("told", "change", "message"),
    [
        (
            False,
            ("", ""),
            "gauge: certificate T-1 is for 2 items, and which of its results are of M1 can't be told",
        ),
        (True, ('serial = "M1"', ""), "gauge: certificate T-1 is for 2 instruments: state the serial number"),
        (
            True,
            ('serial = "M1"', 'serial = "M9"'),
            "gauge: certificate T-1 is for M2, M1, not for serial number M9",
        ),
    ],
)
def test_a_certificate_for_several_that_leaves_open_which_is_meant_is_refused(
    certified, told, change, message
):
    (certified.directory / "gauge.xml").write_bytes(write(for_two(certified.record, told)))
    certified.bench.write_text(certified.bench.read_text().replace(*change))
    with pytest.raises(CertificateRefused, match=message):
        certified.run()
    assert certified.world.lines == []
