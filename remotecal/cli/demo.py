"""`remotecal demo`: calibrate a simulated water meter, from the wire to the signed certificate."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from remotecal.bench import Bench
from remotecal.certificates import PDF_NAME, XML_NAME, keeping, write_certificate
from remotecal.certificates.approval import print_signed, sign
from remotecal.certificates.demonstration import (
    DemonstrationKeys,
    make_demonstration_keys,
    write_trust_list,
)
from remotecal.certificates.signing.journal import seal_journal
from remotecal.certificates.signing.signature import DUTIES
from remotecal.certificates.signing.xml import sign_xml
from remotecal.certificates.trust import Capability
from remotecal.cli.evaluate import summarise
from remotecal.cli.progress import ProgressLine
from remotecal.clock import SharedClock
from remotecal.procedures.catalogue import find
from remotecal.procedures.evidence import read_evidence
from remotecal.procedures.execute import Company, check_directory, execute
from remotecal.procedures.journal import Journal
from remotecal.procedures.order import Order
from remotecal.procedures.prompts import Scripted
from remotecal.procedures.record import evaluate
from remotecal.sim.certificates import ISSUER
from remotecal.sim.water.assemblies import CLOCK, water_rig

if TYPE_CHECKING:
    from remotecal.clock import Clock
    from remotecal.model import Record

SEED = 2026
"""The rig and the meter of the demonstration."""

PAPER, KEYS, TRUST = "bench", "keys", "trust.toml"
"""Where the rig's bench file and its standards' certificates go, everybody's keys, and the trust list."""

SCOPE = Capability(
    quantity="basic_measurementError",
    unit="%",
    cmc="0.005",
    against="basic_referenceValue",
    against_unit="m3/h",
    low="1",
    high="100",
)
"""What the demonstration's laboratory may certify."""

YESTERDAY = timedelta(days=1)
"""The demonstration's virtual time begins here, so that it does not end in the future."""


@dataclass(frozen=True, slots=True)
class Laboratory:
    """The made-up laboratory: its order, and everybody's keys."""

    order: Order
    keys: DemonstrationKeys

    @classmethod
    def found(cls, order: Order, at: datetime) -> Laboratory:
        """Give everybody named in an order a key."""
        names: dict[str, str] = {person.duty: person.name.get("en") for person in order.persons}
        names |= {"issued": order.laboratory.name.get("en"), "institute": ISSUER.get("en")}
        return cls(order, make_demonstration_keys(names, at))

    def certify_standards(self, paper: Path, at: datetime) -> None:
        """Let the institute sign the certificates of the standards."""
        for path in paper.glob("*.xml"):
            keeping.replace(path, sign_xml(path.read_bytes(), self.keys.signers["institute"], "issued", at))

    def issue(self, out: Path, at: datetime) -> None:
        """Let three persons and the laboratory sign the certificate, and print it."""
        certificate = (out / XML_NAME).read_bytes()
        for duty in DUTIES:
            certificate = sign(certificate, self.keys.signers[duty], at)
        keeping.replace(out / XML_NAME, certificate)
        keeping.replace(out / PDF_NAME, print_signed(certificate, self.keys.signers["issued"], at))
        self.keys.write(out / KEYS)
        write_trust_list(out / TRUST, self.keys, self.order.laboratory.name, (SCOPE,), at.date())


def demo(out: Path, *, remote: bool = False) -> None:
    """Calibrate, and leave journal, record and certificate in `out`, signed by demonstration keys.

    The rig and its instruments are simulated; sockets, serial lines and protocols are real. Virtual
    time passes as fast as the computer allows.

    Args:
        out: a new directory.
        remote: let a hub, a broker and a station do it, as processes of their own.

    Raises:
        OrderError: `out` holds something already.
    """
    check_directory(out)
    with TemporaryDirectory(prefix="remotecal-demo-") as temporary:
        paper = Path(temporary) / PAPER
        clock = SharedClock.begin(paper / CLOCK, time.time() - YESTERDAY.total_seconds())
        calibrate = _calibrate_remotely if remote else _calibrate
        laboratory, record = calibrate(paper, out, clock)
        shutil.copytree(paper, out / PAPER, ignore=shutil.ignore_patterns(CLOCK))
    laboratory.issue(out, _today(clock))
    summarise(record)
    _tell(out)


def _calibrate(paper: Path, out: Path, clock: SharedClock) -> tuple[Laboratory, Record]:
    """Put up the rig, run its work order, seal the journal, and write the certificate."""
    with water_rig(paper, seed=SEED, clock=clock) as rig:
        laboratory = Laboratory.found(Order.load(rig.order), _today(clock))
        laboratory.certify_standards(paper, _today(clock))
        count = len(rig.stations)
        print(f"Calibrating a simulated DN50 meter: {count} instruments on real sockets and serial lines")
        began, here = clock.now(), time.monotonic()
        with ProgressLine() as line:
            company = Company(Scripted(), (line,))
            found = find(laboratory.order.order.procedure)
            execute(laboratory.order, found, Bench.load(rig.bench), out, company, clock)
        rig_time = timedelta(seconds=round(clock.now() - began))
        print(f"{rig_time} of rig time in {time.monotonic() - here:.1f} s")
    with Journal.open(out, clock) as journal:
        seal_journal(journal, laboratory.keys.station)
    record = evaluate(read_evidence(out), found)
    write_certificate(record, out)
    return laboratory, record


def _calibrate_remotely(paper: Path, out: Path, clock: SharedClock) -> tuple[Laboratory, Record]:
    """Put up the rig, and let a station calibrate it for a laboratory far away."""
    from remotecal.cli.demo_remote import calibrate_remotely

    with water_rig(paper, seed=SEED, clock=clock) as rig:
        laboratory = Laboratory.found(Order.load(rig.order), _today(clock))
        laboratory.certify_standards(paper, _today(clock))
        came = calibrate_remotely(rig.order, rig.bench, out)
    return replace(laboratory, keys=replace(laboratory.keys, station=came.station)), came.record


def _today(clock: Clock) -> datetime:
    return datetime.fromtimestamp(clock.now(), UTC)


def _tell(out: Path) -> None:
    print("Signed by demonstration keys, which prove nothing about anybody:")
    for name in sorted(path.name for path in out.iterdir() if path.is_file()):
        print(f"  {out / name}")
    print(
        f"Check it:\n  remotecal verify {out / PDF_NAME} --journal {out} --trust {out / TRUST} "
        f"--trust-key {out / KEYS}/list-issuer.pub.pem --standards {out / PAPER}"
    )
