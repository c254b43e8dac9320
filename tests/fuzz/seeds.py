"""What fuzzing begins with: small files as the package itself writes them."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from itertools import count
from pathlib import Path

from remotecal.certificates.dcc import write
from remotecal.clock import VirtualClock
from remotecal.journal.events import FILE
from remotecal.journal.writing import Journal
from remotecal.model import (
    Column,
    Contact,
    EvidenceReference,
    Identification,
    Item,
    Laboratory,
    Location,
    Measurement,
    Person,
    Record,
    Result,
    Software,
    Table,
    Text,
    Uncertainty,
)

for shared in ("certificates", "verify"):
    sys.path.insert(0, str(Path(__file__).parent.parent / shared))

BENCH = """\
[bench]
name = "Tank"
clock = "virtual"
[instruments.meter]
driver = "Promass83"
address = "modbus+tcp://127.0.0.1:502"
serial = "A1"
valid_until = 2027-01-31
[roles]
reference = "meter"
[characteristics.volume]
value = 0.5
unit = "m3"
expanded_uncertainty = 0.001
source = "weighing"
valid_until = 2027-01-31
[[interlocks]]
watch = "meter.temperature"
above = 60
unit = "°C"
[safe]
order = ["meter"]
"""

ORDER = """\
[order]
number = "T-1"
procedure = "dosing"
bench = "bench.toml"
[parameters]
flow = { values = [1.5, 2], unit = "m3/h" }
[dut]
name = { zh = "表", en = "Meter" }
serial = "M1"
[customer]
name = "Customer"
address = "Street 1"
[laboratory]
name = "Laboratory"
address = "Street 2"
[[persons]]
name = "Person"
duty = "performed"
"""


def certificates() -> tuple[bytes, ...]:
    """Return the smallest certificate there is, and one with everything."""
    from sample import record

    return small(), write(record())


def small() -> bytes:
    """Return a certificate of 4 kB with one table, so that damage often hits a number."""
    values = Column(
        ref_types=("basic_measurementError",),
        unit="m3/h",
        values=("1.50", "2.00"),
        uncertainty=Uncertainty(expanded=("0.01",), k=("2",), p=("0.95",)),
    )
    someone = Contact(name=Text.plain("Somebody"), location=Location(city="Town"))
    return write(
        Record(
            number="C-1",
            country="CN",
            languages=("en",),
            binding=("en",),
            begun=date(2026, 1, 1),
            finished=date(2026, 1, 2),
            laboratory=Laboratory(contact=someone),
            customer=someone,
            persons=(Person(name=Text.plain("P"), main_signer=True),),
            items=(Item(id="dut", name=Text.plain("Meter"), identifications=(Identification(value="M1"),)),),
            measurements=(
                Measurement(
                    name=Text.plain("Error"),
                    items=("dut",),
                    results=(Result(name=Text.plain("Error"), tables=(Table(columns=(values,)),)),),
                ),
            ),
            software=(Software(name=Text.plain("remotecal"), release="v1"),),
            evidence=EvidenceReference(
                run="r", procedure="p", procedure_hash="0a", journal_hash="0b", lines=3
            ),
        )
    )


def events() -> list[tuple[str, dict[str, object]]]:
    """Return kind and data of the events of a short run."""
    party = {"name": {"": "Name"}, "address": {"": "Street"}}
    indication = {"value": 1.5, "unit": "V", "u": 0.1, "source": "meter", "at": 1.5e9, "exchange": 1}
    order = {
        "order": {"number": "T-1", "procedure": "tiny"},
        "dut": {"name": {"": "Meter"}, "serial": "M1"},
        "customer": party,
        "laboratory": party,
        "persons": [{"name": {"": "P"}, "duty": "performed"}],
    }
    start = {
        "format": 1,
        "run": "r",
        "order": order,
        "procedure": {"name": "tiny", "sha256": "0a"},
        "parameters": {"levels": [1, 2]},
        "points": [{"name": "1 V", "nominal": {"level": 1}, "repeats": 1}],
        "bench": "bench.toml",
        "bench_sha256": "0b",
        "roles": {"meter": "gauge"},
        "certificates": {},
        "characteristics": {},
        "software": {"remotecal": "0.1"},
    }
    identity = {"name": "gauge", "driver": "T", "address": "a", "settings": {}} | dict.fromkeys(
        ("maker", "model", "serial", "firmware"), "x"
    )
    exchange = {"at": "2026-01-01T00:00:00.000000Z", "instrument": "gauge", "number": 1}
    return [
        ("start", start),
        ("instrument", identity),
        ("prompt", {"question": {"zh": "好?", "en": "Ready?"}, "options": ["yes"]}),
        ("answer", {"prompt": 3, "answer": "yes"}),
        ("replies", {"exchanges": [exchange | {"request": "V?", "reply": {"hex": "ff"}}]}),
        (
            "observation",
            {
                "point": "1 V",
                "repeat": 1,
                "began": "2026-01-01T00:00:00.000000Z",
                "values": {"v": [indication], "n": 3, "t": "a"},
            },
        ),
        ("finish", {}),
    ]


class Trusted:
    """A journal by a station whose key everybody trusts, and the certificate that rests on it.

    Args:
        folder: where they are made.
    """

    def __init__(self, folder: Path) -> None:
        from made import NAMES, NOW, START, Made, scale_certificate

        from remotecal.certificates.demonstration import make_demonstration_keys
        from remotecal.certificates.library import CertificateLibrary
        from remotecal.journal.events import read_journal
        from remotecal.runs.catalogue import find
        from remotecal.verify.subject import Means

        institute = {"institute": "Demonstration Institute"}
        made = Made(folder, make_demonstration_keys({**NAMES, **institute}, START - timedelta(days=300)))
        folder.mkdir(parents=True, exist_ok=True)
        standard = made.write_standard(scale_certificate())
        made.write_journal(made.run)
        self._folder, self._key, self._numbers = folder, made.keys.station, count()
        self._record = made.record(standard)
        self._means = Means(
            NOW, made.trust(), CertificateLibrary([made.standards]), None, None, frozenset(), None
        )
        self.told = [(event.kind, dict(event.data)) for event in read_journal(made.journal)][:-1]
        masses = {"smallest_mass": 400, "pulses_per_mass": 50}
        self.told[0][1].update(
            procedure={"name": "dosing", "sha256": find("dosing").sha256},
            parameters={"speeds": [50], "accuracy_class": 0.5, **masses},
        )

    def write(self, told: list[tuple[str, dict[str, object]]]) -> Path:
        """Write a journal of these events, sealed by the station, in a new directory, which is returned."""
        from remotecal.certificates.signing.journal import seal_journal

        place = self._folder / f"run{next(self._numbers)}"
        journal(place, told)
        with Journal.open(place, VirtualClock(1_767_225_601.0)) as opened:
            seal_journal(opened, self._key)
        return place

    def examine(self, place: Path) -> dict[str, str]:
        """Verify the certificate with the journal in `place`; returns the checks and their outcomes."""
        from remotecal.journal.events import read_journal
        from remotecal.verify.journal import examine_journal
        from remotecal.verify.report import Checklist

        head = read_journal(place / FILE)[-1]
        said = {"run": place.name, "journal_hash": head.hash, "lines": head.seq}
        assert self._record.evidence is not None
        evidence = self._record.evidence.model_copy(update=said)
        checks = Checklist()
        examine_journal(checks, self._record.model_copy(update={"evidence": evidence}), place, self._means)
        return {check.name: check.outcome for check in checks.checks}


def journal(directory: Path, told: list[tuple[str, dict[str, object]]]) -> Path:
    """Write a journal of these events and return its file."""
    with Journal.create(directory, VirtualClock(1_767_225_600.0)) as opened:
        for kind, data in told:
            opened.append(kind, data, durable=False)  # type: ignore[arg-type]  # may be what no run writes
    return directory / FILE
