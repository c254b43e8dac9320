"""A small calibration with everything that proves it: standards, journal, signatures, trust list.

A scale and a magnetic flow meter are read three times; the journal is written by the real journal,
with replies as the instruments send them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import rfc8785
import tomli_w

from remotecal.bench import CertificateUsed
from remotecal.certificates.approval import sign
from remotecal.certificates.dcc.read import read
from remotecal.certificates.dcc.write import write
from remotecal.certificates.demonstration import DemonstrationKeys
from remotecal.certificates.signing.journal import seal_journal
from remotecal.certificates.signing.keys import fingerprint
from remotecal.certificates.signing.signature import DUTIES
from remotecal.certificates.trust import TrustList, read_trust_list, sign_trust_list
from remotecal.clock import VirtualClock
from remotecal.drivers.instrument import Identity
from remotecal.drivers.links import modbus
from remotecal.drivers.measured import Measured
from remotecal.drivers.mettler.sics import MettlerSics
from remotecal.drivers.siemens.mag6000 import SiemensMag6000
from remotecal.journal.events import FILE, Event, read_journal
from remotecal.journal.evidence import ProcedureUsed, Start
from remotecal.journal.gathering import gather
from remotecal.journal.observation import Point, Value
from remotecal.journal.values import pack
from remotecal.journal.writing import Journal
from remotecal.model import (
    IN_CMC,
    CertificateReference,
    Column,
    Contact,
    Equipment,
    EvidenceReference,
    Identification,
    InCmc,
    Item,
    Laboratory,
    Location,
    Measurement,
    Person,
    Record,
    Result,
    Software,
    Statement,
    Table,
    Text,
    Uncertainty,
)
from remotecal.order import Dut, Head, Order, Party, Signatory

NAMES = {
    "performed": "Zhang Wei",
    "reviewed": "Li Na",
    "approved": "Wang Fang",
    "issued": "Demonstration Flow Laboratory",
}
DAY = date(2026, 11, 20)
START = datetime(2026, 11, 20, 8, tzinfo=UTC)
SIGNED = datetime(2026, 11, 20, 15, tzinfo=UTC)
NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
PROCEDURE = sha256(b"the procedure's source").hexdigest()
DENSITY = 998.2
SOFTWARE = (Software(name=Text.plain("remotecal"), release="v0.1.0"),)
WEIGHED = ("600.14", "599.87", "600.02")
VOLUMES = (0.6016, 0.6013, 0.6015)


def scale_certificate(valid_until: date = date(2027, 3, 1)) -> Record:
    """Return the certificate of the scale, by an institute that keeps the mass standard."""
    name = Text(zh="示范计量院", en="Demonstration Institute")
    mass = Column(ref_types=("basic_nominalMass",), unit="kg", values=("600",))
    error = Column(
        ref_types=("basic_measurementError",),
        unit="kg",
        values=("0.012",),
        uncertainty=Uncertainty(expanded=("0.020",), p=("0.95",)),
    )
    return Record(
        number="MASS-1",
        country="CN",
        begun=date(2026, 3, 1),
        finished=date(2026, 3, 1),
        issued=date(2026, 3, 2),
        laboratory=Laboratory(contact=Contact(name=name, location=Location(city="Beijing"))),
        customer=Contact(name=Text.plain("the laboratory"), location=Location(city="Tianjin")),
        persons=(Person(name=Text.plain("Zhao Min")),),
        items=(Item(name=Text.plain("scale"), identifications=(Identification(value="B-1"),)),),
        statements=(Statement(ref_types=("remotecal_validUntil",), day=valid_until),),
        measurements=(
            Measurement(name=name, results=(Result(name=name, tables=(Table(columns=(mass, error)),)),)),
        ),
        software=SOFTWARE,
        demonstration=True,
    )


@dataclass(frozen=True)
class Made:
    """Where everything is."""

    folder: Path
    keys: DemonstrationKeys

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def journal(self) -> Path:
        return self.run / FILE

    @property
    def certificate(self) -> Path:
        return self.folder / "certificate.xml"

    @property
    def standards(self) -> Path:
        return self.folder / "standards"

    def write_standard(self, record: Record) -> bytes:
        """Write the scale's certificate, sealed by the institute, and return the file."""
        from remotecal.certificates.signing.xml import sign_xml

        data = sign_xml(
            write(record), self.keys.signers["institute"], "issued", datetime(2026, 3, 2, tzinfo=UTC)
        )
        self.standards.mkdir(exist_ok=True)
        (self.standards / "scale.xml").write_bytes(data)
        return data

    def write_journal(
        self,
        directory: Path,
        weighed: tuple[str, ...] = WEIGHED,
        meanwhile: Callable[[Journal], None] = lambda _: None,
    ) -> None:
        clock = VirtualClock(START.timestamp())
        with Journal.create(directory, clock) as journal:
            applied = {"scale": certificate_used(self.standards / "scale.xml")}
            journal.append("start", start(directory.name, applied).model_dump(mode="json"))
            open_instruments(journal)
            journal.append("safe", {"reached": True, "seconds": 0.5})
            journal.append("point", {"point": "50 m3/h"})
            meanwhile(journal)
            for repeat, (mass, volume) in enumerate(zip(weighed, VOLUMES, strict=True), 1):
                clock.advance(60)
                began = journal.append("repeat", {"point": "50 m3/h", "repeat": repeat}).at
                values = pack(observe(journal, clock, mass, volume))
                journal.append(
                    "observation", {"began": began, "point": "50 m3/h", "repeat": repeat, "values": values}
                )
            journal.append("safe", {"reached": True, "seconds": 0.5})
            journal.append("finish", {"observations": len(weighed)})
            seal_journal(journal, self.keys.station)

    def record(self, standard: bytes) -> Record:
        return compute(self.run, reference(scale_certificate(), standard))

    def recompute(self, journal: Path) -> Record:
        """Compute the record from a journal, as the engine does by the procedure named in it."""
        return compute(journal, reference(scale_certificate(), (self.standards / "scale.xml").read_bytes()))

    def seal(self, record: Record, path: Path | None = None) -> Path:
        """Write the certificate with all four signatures."""
        data = write(record)
        for number, duty in enumerate(("performed", "reviewed", "approved", "issued")):
            data = sign(data, self.keys.signers[duty], SIGNED + timedelta(minutes=number))
        path = path or self.certificate
        path.write_bytes(data)
        return path

    def trust(self, **changes: object) -> TrustList:
        path = self.folder / "trust.toml"
        path.write_text(tomli_w.dumps(trust_content(self.keys) | changes), encoding="utf-8")
        sign_trust_list(path, self.keys.list_issuer)
        return read_trust_list(path, self.keys.list_issuer.public)


def open_instruments(journal: Journal) -> None:
    """Keep what the instruments say of themselves: the scale by two replies, the meter by none."""
    journal.keep("scale", b"@", b'I4 A "B-1"')
    journal.keep("scale", b"I2", b'I2 A "KC600"')
    for driver, name, model, serial in (
        (MettlerSics, "scale", "KC600", "B-1"),
        (SiemensMag6000, "meter", SiemensMag6000.model, ""),
    ):
        identity = Identity(driver.maker, model, serial)
        said = {"address": f"TCPIP::10.0.0.5::{len(name)}::SOCKET", "driver": driver.__name__, "name": name}
        journal.append("instrument", {**said, "settings": {}, **identity._asdict()})


def observe(journal: Journal, clock: VirtualClock, mass: str, volume: float) -> dict[str, Value]:
    """Keep the replies of one repeat and return what the drivers make of them."""
    weighing = journal.keep("scale", b"S", f"S S {mass:>10} kg".encode())
    request = modbus.Request(modbus.READ_HOLDING_REGISTERS, 3002, 20)
    words = [0] * 20
    words[12:16] = struct.unpack(">4H", struct.pack(">d", volume))
    reading = journal.keep("meter", b"\x01" + request.encode(), b"\x01" + modbus.reply(request, words))
    u = SiemensMag6000.volume.standard_uncertainty(volume)
    return {
        "mass": Measured(float(mass), "kg", None, "scale.settled_mass", clock.now(), weighing),
        "volume": Measured(volume, "m3", u, "meter.volume", clock.now(), reading).to("L"),
        "flow": 50.0,
    }


def certificate_used(path: Path) -> CertificateUsed:
    """Return a certificate as a run applies it."""
    data = path.read_bytes()
    return CertificateUsed(file=path.name, sha256=sha256(data).hexdigest(), record=read(data))


def start(run: str, applied: dict[str, CertificateUsed]) -> Start:
    order = Order(
        order=Head(number="FLOW-1", procedure="made", demonstration=True),
        dut=Dut(name=Text(zh="流量计", en="flow meter"), serial="SN-4711"),
        customer=Party(name=Text(zh="某水务公司", en="Example Water"), address=Text.plain("Tianjin")),
        laboratory=Party(
            name=Text(zh="示范流量实验室", en=NAMES["issued"]), address=Text.plain("Tianjin"), code="L0000"
        ),
        persons=tuple(
            Signatory(name=Text.plain(NAMES[d]), duty=d) for d in ("performed", "reviewed", "approved")
        ),
    )
    return Start(
        run=run,
        order=order,
        procedure=ProcedureUsed(name="made", sha256=PROCEDURE),
        parameters={},
        points=(Point("50 m3/h", {"flow": 50.0}, 3),),
        bench="bench.toml",
        bench_sha256="0" * 64,
        roles={"balance": "scale", "dut": "meter"},
        certificates=applied,
        characteristics={},
        software={"remotecal": "0.1.0"},
        clock="virtual",
    )


def reference(record: Record, data: bytes) -> CertificateReference:
    return CertificateReference(
        number=record.number,
        title=Text(zh="电子秤校准证书", en="Calibration certificate of the scale"),
        procedure="SHA256",
        value=sha256(data).hexdigest(),
        issued=record.issued,
        valid_until=date(2027, 3, 1),
    )


def compute(journal: Path, scale: CertificateReference) -> Record:
    """Return the record that follows from a journal and the certificate of the scale."""
    proof = gather(read_journal(journal / FILE if journal.is_dir() else journal))
    errors = []
    for seen in proof.observations:
        mass, volume = seen.values["mass"], seen.values["volume"]
        assert isinstance(mass, Measured)
        assert isinstance(volume, Measured)
        errors.append(100 * (volume.value / (mass.value / DENSITY * 1000) - 1))
    title = Text(zh="示值误差", en="Error of indication")
    flow = Column(ref_types=("basic_referenceValue",), unit="m3/h", values=("50.0",))
    error = Column(
        ref_types=("basic_measurementError",),
        unit="%",
        values=(f"{sum(errors) / len(errors):.3f}",),
        uncertainty=Uncertainty(expanded=("0.060",), p=("0.95",)),
        in_cmc=InCmc(valid=(True,), statement="inCmc"),
    )
    standard = Equipment(
        id="scale",
        name=Text(zh="电子秤", en="scale"),
        identifications=(Identification(value="B-1"),),
        certificate=scale,
    )
    order = proof.order
    return Record(
        number=order.order.number,
        country="CN",
        begun=DAY,
        finished=DAY,
        issued=DAY,
        laboratory=order.laboratory.laboratory(),
        customer=order.customer.contact(),
        persons=tuple(signatory.person() for signatory in order.persons),
        items=(order.dut.item(),),
        statements=(IN_CMC,),
        measurements=(
            Measurement(
                name=title,
                standards=(standard,),
                results=(Result(name=title, tables=(Table(columns=(flow, error)),)),),
            ),
        ),
        software=SOFTWARE,
        evidence=EvidenceReference(
            run=proof.run,
            procedure=proof.procedure.name,
            procedure_hash=proof.procedure.sha256,
            journal_hash=proof.head,
            lines=proof.lines,
        ),
        demonstration=order.order.demonstration,
    )


def trust_content(keys: DemonstrationKeys) -> dict[str, object]:
    """Return a trust list: an accreditation body, the laboratory it accredited, an institute."""
    from cryptography.hazmat.primitives.serialization import Encoding

    span = {"valid_from": date(2026, 1, 1), "valid_until": date(2027, 12, 31)}

    def certificates(*duties: str) -> list[str]:
        return [keys.signers[duty].chain[0].public_bytes(Encoding.PEM).decode() for duty in duties]

    return {
        "issuer": {"zh": "示范", "en": "Demonstration"},
        "number": 1,
        "issued": date(2026, 1, 1),
        "next_update": date(2027, 1, 1),
        "demonstration": True,
        "bodies": [
            {"id": "body", "name": {"en": "Accreditor"}, "kind": "accreditation body", **span},
            {
                "id": "laboratory",
                "name": {"zh": "示范流量实验室", "en": NAMES["issued"]},
                "kind": "laboratory",
                "recognised_by": "body",
                "certificates": certificates("performed", "reviewed", "approved", "issued"),
                "journal_keys": [keys.station.public.text],
                "scope": [
                    {
                        "quantity": "basic_measurementError",
                        "unit": "%",
                        "cmc": "0.05",
                        "against": "basic_referenceValue",
                        "against_unit": "m3/h",
                        "low": "1",
                        "high": "100",
                    }
                ],
                **span,
            },
            {
                "id": "institute",
                "name": {"en": "Demonstration Institute"},
                "kind": "institute",
                "certificates": certificates("institute"),
                "scope": [
                    {
                        "quantity": "basic_measurementError",
                        "unit": "kg",
                        "cmc": "0.001",
                        "against": "basic_nominalMass",
                        "against_unit": "kg",
                        "low": "1",
                        "high": "1000",
                    }
                ],
                **span,
            },
        ],
    }


def chained(events: list[Event], head: str = "0" * 64, first: int = 1) -> bytes:
    """Return events as a journal whose chain is in order, made as the format's description says."""
    written = b""
    for number, event in enumerate(events, first):
        bare = {"at": event.at, "data": event.data, "kind": event.kind, "prev": head, "seq": number}
        head = sha256(rfc8785.dumps(bare)).hexdigest()  # type: ignore[arg-type]  # its own Json
        written += rfc8785.dumps({**bare, "hash": head}) + b"\n"  # type: ignore[dict-item]  # as above
    return written


def register_content(made: Made) -> dict[str, object]:
    """Return a register that allows the calibration."""

    def person(duty: str) -> dict[str, object]:
        return {
            "name": {"en": NAMES[duty]},
            "registration": f"R-{duty}",
            "valid_until": "2027-06-30",
            "duties": [duty],
            "procedures": ["made"],
            "key": fingerprint(made.keys.signers[duty].chain[0]),
        }

    return {
        "laboratory": {
            "name": {"en": NAMES["issued"]},
            "code": "L0000",
            "valid_until": "2028-01-01",
            "key": fingerprint(made.keys.signers["issued"].chain[0]),
        },
        "persons": [person(duty) for duty in DUTIES[:3]],
        "standards": [
            {
                "name": {"en": "scale"},
                "serial": "B-1",
                "approval": "S-1",
                "valid_until": "2028-01-01",
                "certificate": "MASS-1",
                "certificate_valid_until": "2027-03-01",
            }
        ],
        "procedures": [{"name": "made", "sha256": PROCEDURE, "valid_until": "2027-01-01"}],
    }


def with_error(record: Record, text: str | None, expanded: str = "0.060") -> Record:
    """Return a record that states another error of indication, or another uncertainty of it."""
    table = record.tables[0]
    stated = table.columns[1]
    assert isinstance(stated, Column)
    values = stated.values if text is None else (text,)
    error = stated.model_copy(
        update={"values": values, "uncertainty": Uncertainty(expanded=(expanded,), p=("0.95",))}
    )
    measurement = record.measurements[0]
    result = measurement.results[0].model_copy(
        update={"tables": (table.model_copy(update={"columns": (table.columns[0], error)}),)}
    )
    return record.model_copy(
        update={"measurements": (measurement.model_copy(update={"results": (result,)}),)}
    )


def small_pdf(xml: bytes) -> bytes:
    """Return a PDF with a file inside, as a certificate's has, but no certificate's page."""
    from typst import compile as typeset

    attached = '#pdf.attach("certificate.xml", bytes(sys.inputs.xml), relationship: "data")\n1'
    return typeset(attached.encode(), format="pdf", sys_inputs={"xml": xml.decode()})
