"""`remotecal demo`: calibrate on a simulated bench, from the wire to the signed certificate."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from remotecal.bench import Bench
from remotecal.certificates import APART, PDF_NAME, XML_NAME, keeping
from remotecal.certificates.approval import print_signed, sign
from remotecal.certificates.demonstration import (
    DemonstrationKeys,
    NewKeys,
    make_demonstration_keys,
    write_trust_list,
)
from remotecal.certificates.reporting import PDF_NAME as REPORT
from remotecal.certificates.reporting import write_summary
from remotecal.certificates.signing.journal import seal_journal
from remotecal.certificates.signing.signature import DUTIES
from remotecal.certificates.signing.xml import sign_xml
from remotecal.cli.evaluate import summarise
from remotecal.cli.terminal import SIGNED_AS, language, say
from remotecal.clock import AwaitedClock, SharedClock
from remotecal.errors import ConfigurationError
from remotecal.journal.gathering import read_evidence
from remotecal.journal.writing import Journal
from remotecal.opening import copy_folder
from remotecal.order import Order
from remotecal.runs.apart import write_certificates
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import check_directory, execute
from remotecal.runs.prompts import Beside, Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.assembly import CLOCK
from remotecal.sim.catalogue import bench
from remotecal.sim.certificates import ISSUER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remotecal.certificates.signing.signature import Duty
    from remotecal.certificates.trust import Capability
    from remotecal.cli.progress import ProgressLine
    from remotecal.clock import Clock
    from remotecal.model import Record, Text
    from remotecal.sim.assembly import Assembly, BenchOptions

SEED = 2026
"""The bench and the device of the demonstration, where nobody chooses others."""

PAPER, KEYS, TRUST = "bench", "keys", "trust.toml"
"""Where the bench file and its standards' certificates go, everybody's keys, and the trust list."""

YESTERDAY = timedelta(days=1)
"""The demonstration's virtual time begins here, so that it does not end in the future."""


@dataclass(frozen=True, slots=True)
class DemonstrationLaboratory:
    """The made-up laboratory: its order, and everybody's keys."""

    order: Order
    scope: tuple[Capability, ...]
    """What it may certify."""
    keys: DemonstrationKeys

    @classmethod
    def found(
        cls, order: Order, scope: tuple[Capability, ...], at: datetime, keys: NewKeys
    ) -> DemonstrationLaboratory:
        """Give everybody named in an order a key."""
        names: dict[str, str] = {person.duty: person.name.get("en") for person in order.persons}
        names |= {"issued": order.laboratory.name.get("en"), "institute": ISSUER.get("en")}
        return cls(order, scope, make_demonstration_keys(names, at, keys))

    def certify_standards(self, paper: Path, at: datetime) -> None:
        """Let the institute sign the certificates of the standards."""
        for path in paper.glob("*.xml"):
            keeping.replace(path, sign_xml(path.read_bytes(), self.keys.signers["institute"], "issued", at))

    def _name_of(self, duty: Duty) -> str:
        """Return who signs for a duty, as whoever looks on reads it."""
        persons: dict[str, Text] = {person.duty: person.name for person in self.order.persons}
        return persons.get(duty, self.order.laboratory.name).get(language())

    def issue(self, out: Path, at: datetime, line: ProgressLine) -> None:
        """Let three persons and the laboratory sign each certificate, and print it."""
        apart = sorted((out / APART).iterdir()) if (out / APART).is_dir() else []
        for number, folder in enumerate(apart or [out], 1):
            which = f" ({number}/{len(apart)})" if apart else ""
            certificate = (folder / XML_NAME).read_bytes()
            for duty in DUTIES:
                line.step(_signing(duty, self._name_of(duty)) + which)
                certificate = sign(certificate, self.keys.signers[duty], at)
            line.step(say("printing", "打印") + which)
            keeping.replace(folder / XML_NAME, certificate)
            keeping.replace(folder / PDF_NAME, print_signed(certificate, self.keys.signers["issued"], at))
        if apart:
            line.step(say("listing all in a report", "汇总全部证书"))
            write_summary([(folder / XML_NAME).read_bytes() for folder in apart], out)
        self.keys.write(out / KEYS)
        write_trust_list(out / TRUST, self.keys, self.order.laboratory.name, self.scope, at.date())


def demo(
    out: Path,
    name: str,
    settings: Mapping[str, object],
    line: ProgressLine,
    keys: NewKeys,
    *,
    remote: bool = False,
) -> None:
    """Calibrate, and leave journal, record and certificate in `out`, signed by demonstration keys.

    The bench and its instruments are simulated; sockets, serial lines and protocols are real. Virtual
    time passes as fast as the computer allows.

    Args:
        out: a new directory.
        name: which bench.
        settings: what is chosen of it.
        line: shows what is done.
        keys: everybody's, which are being made.
        remote: let a hub, a broker and a station do it, as processes of their own.

    Raises:
        OrderError: `out` holds something already.
        ConfigurationError: there is no such bench, it can't be so, or it does not say what may be
            certified with it.
    """
    kind, chosen = choose(name, settings)
    check_directory(out)
    calibrate = _calibrate_remotely if remote else _calibrate
    line.step(say("putting up the bench", "搭建模拟台架"))
    with TemporaryDirectory(prefix="remotecal-demo-") as temporary:
        paper = Path(temporary) / PAPER
        shared = AwaitedClock if remote else SharedClock
        clock = shared.begin(paper / CLOCK, time.time() - YESTERDAY.total_seconds())
        with kind.put_up(chosen, paper, clock) as assembly:
            line.step(say("certifying its standards", "签发标准器证书"))
            order, today = Order.load(assembly.order), _today(clock)
            laboratory = DemonstrationLaboratory.found(order, kind.scope, today, keys)
            laboratory.certify_standards(paper, today)
            count = len(assembly.wired)
            line.say(
                say(
                    f"Calibrating on {name}: {count} instruments on real sockets and serial lines",
                    f"在 {name} 上校准：{count} 台仪器，经真实的套接字和串口",
                )
            )
            laboratory, record = calibrate(laboratory, assembly, out, line)
        copy_folder(paper, out / PAPER, leave_out=CLOCK)
    laboratory.issue(out, _today(clock), line)
    line.end()
    summarise(record)
    _tell(out)


def choose(name: str, settings: Mapping[str, object]) -> tuple[type[Assembly], BenchOptions]:
    """Return a bench to demonstrate on, and what is chosen of it (`ConfigurationError`: there is none)."""
    kind = bench(name)
    chosen = kind.choose({"seed": SEED, **settings})
    if not kind.scope:
        raise ConfigurationError(
            f"{name} has no demonstration: it does not say what a laboratory may certify"
        )
    return kind, chosen


def _calibrate(
    laboratory: DemonstrationLaboratory, assembly: Assembly, out: Path, line: ProgressLine
) -> tuple[DemonstrationLaboratory, Record]:
    """Run the bench's work order, seal the journal, and write the certificate."""
    clock = assembly.clock
    began, here = clock.now(), time.monotonic()
    found = find(laboratory.order.order.procedure)
    answers = Beside(assembly.person) if assembly.person else Scripted()
    execute(laboratory.order, found, Bench.load(assembly.bench), out, Company(answers, (line,)), clock)
    bench_time = timedelta(seconds=round(clock.now() - began))
    took = f"{time.monotonic() - here:.1f} s"
    line.say(say(f"{bench_time} of bench time in {took}", f"台架时间 {bench_time}，实际用时 {took}"))
    line.step(say("computing the certificate", "计算证书"))
    with Journal.open(out, clock) as journal:
        seal_journal(journal, laboratory.keys.station)
    record = evaluate(read_evidence(out), found)
    write_certificates(record, laboratory.order, out, printed=False)
    return laboratory, record


def _calibrate_remotely(
    laboratory: DemonstrationLaboratory, assembly: Assembly, out: Path, line: ProgressLine
) -> tuple[DemonstrationLaboratory, Record]:
    """Let a station calibrate for a laboratory far away, whose key then signed the journal."""
    from remotecal.cli.demo_remote import calibrate_remotely

    came = calibrate_remotely(assembly.order, assembly.bench, out, line, assembly.person)
    return replace(laboratory, keys=replace(laboratory.keys, station=came.station)), came.record


def _today(clock: Clock) -> datetime:
    return datetime.fromtimestamp(clock.now(), UTC)


def _signing(duty: Duty, name: str) -> str:
    return say(f"signing: {duty} by {name}", f"签名：{SIGNED_AS[duty]}，{name}")


def _tell(out: Path) -> None:
    print(
        say(
            "Signed by demonstration keys, which prove nothing about anybody:",
            "由演示密钥签名，不能证明任何人的身份：",
        )
    )
    for name in sorted(path.name for path in out.iterdir() if path.is_file()):
        print(f"  {out / name}")
    printed = sorted(out.glob(f"{APART}/*/{PDF_NAME}"))
    for path in printed:
        print(f"  {path}")
    pdf = printed[0] if printed else out / PDF_NAME
    print(
        f"{say('Check it:', '核验：')}\n  remotecal verify {pdf} --journal {out} --trust {out / TRUST} "
        f"--trust-key {out / KEYS}/list-issuer.pub.pem --standards {out / PAPER}"
    )
    if printed:
        print(f"  remotecal verify {out / REPORT}")
