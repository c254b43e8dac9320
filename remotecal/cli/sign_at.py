"""`remotecal sign --at`: fetch certificates from a hub, examine and sign them here, and file them there."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from getpass import getpass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from remotecal.cli.terminal import SIGNED_AS, in_their_language, say, sure
from remotecal.errors import (
    CertificateRefused,
    ConfigurationError,
    EvidenceError,
    NotConnected,
    NotLoggedIn,
    RemotecalError,
)

if TYPE_CHECKING:
    from datetime import datetime

    from remotecal.certificates.signing.keys import SigningKey
    from remotecal.certificates.signing.signature import Duty
    from remotecal.cli.at_hub import AtHub
    from remotecal.model import Record
    from remotecal.order import Order
    from remotecal.registers import LaboratoryRegister
    from remotecal.verify import Report

XML, PDF = "application/xml", "application/pdf"
MOST = 20
"""Certificates that may be signed in one act."""


class Fetched(NamedTuple):
    """A certificate as it is to be signed, and what proves it, on this computer."""

    xml: bytes
    """The certificate, with the signatures it has so far."""
    path: Path
    """Where it is."""
    folder: Path
    """Where the run's journal and its files are."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `sign` takes besides to sign what a hub has."""
    from remotecal.cli.verify import add_proof_arguments

    parser.add_argument(
        "--at",
        metavar="HUB",
        help="sign what this hub has (https://lab.example:4290): FILE is STATION/RUN, or STATION/RUN/DEVICE "
        "where each device has its own; up to 20 of one procedure",
    )
    parser.add_argument(
        "--assessment",
        type=int,
        metavar="NUMBER",
        help="sign what you found of all that rests on a standard, by the number its page tells",
    )
    parser.add_argument("--user", metavar="NAME", help="who files it there; the password is asked for")
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE", help="holds a token for there, instead of a password"
    )
    parser.add_argument("--device", default="", metavar="ID", help="whose, where each has its own: dut-1")
    add_proof_arguments(parser)


class KnownRuns(NamedTuple):
    """What is had, and computed, once for all certificates of a run."""

    folders: dict[str, Path]
    """`STATION/RUN` → where its journal and its files are."""
    computed: dict[tuple[str, str], tuple[Record, Order]]
    """What was computed of journals, as `verify_draft` keeps it."""


class Examined(NamedTuple):
    """A certificate that was computed again here, and may be signed."""

    run: str
    """`STATION/RUN`."""
    device: str
    """Whose, where each has its own; "" for that of all."""
    xml: bytes
    record: Record
    duty: Duty


def sign_at(asked: argparse.Namespace, now: datetime, password: str | None) -> None:
    """Sign certificates of runs at a hub, once each is computed again here and shown.

    One that fails is left out; the others are signed, with one PIN.

    Raises:
        CertificateRefused: a check fails, or the results can't be computed again, of one or several that were
            left out; or whoever sits here says no.
        ConfigurationError: an option, the key or the hub's address can't be used.
        NotConnected, RequestRefused: the hub can't be reached, or refuses.
    """
    from remotecal.cli.at_hub import AtHub

    named = _named(asked)
    left_out: dict[str, RemotecalError] = {}
    with AtHub(asked.at) as hub, TemporaryDirectory(prefix="remotecal-sign-") as kept:
        introduce(hub, asked)
        examined: list[Examined] = []
        known = KnownRuns({}, {})
        for place, (run, device) in enumerate(named):
            with _leaving_out(left_out, run, device):
                folder = Path(kept) / str(place)
                one = _examined(asked, hub, run, device, folder, now, password, known)
                _check_alike(examined, one)
                examined.append(one)
        if examined:
            numbers, duty = ", ".join(one.record.number for one in examined), examined[0].duty
            what = f"{numbers} as {duty}", f"{numbers}（{SIGNED_AS[duty]}）"
            key = key_of(asked.key, password, what)
            for one in examined:
                with _leaving_out(left_out, one.run, one.device):
                    _file(asked, hub, one, key, now)
    if len(named) == 1:
        for refused in left_out.values():
            raise refused
    if left_out:
        which = ", ".join(left_out)
        raise CertificateRefused(f"{len(left_out)} of {len(named)} certificates are not signed: {which}")


def _named(asked: argparse.Namespace) -> list[tuple[str, str]]:
    """Return which certificates are to be signed: run and device.

    Raises:
        ConfigurationError: they are too many, or named otherwise.
    """
    named = []
    for file in asked.file:
        station, run, device = (*file.as_posix().split("/"), "", "")[:3]
        if not (station and run):
            raise ConfigurationError(
                f"{file} is not STATION/RUN: the certificate's review page shows the command with both"
            )
        named.append((f"{station}/{run}", device or asked.device))
    if len(set(named)) > MOST:
        raise ConfigurationError(f"{len(named)} certificates at once are too many: {MOST} may be signed so")
    return list(dict.fromkeys(named))


@contextmanager
def _leaving_out(left_out: dict[str, RemotecalError], run: str, device: str) -> Iterator[None]:
    """Note why a certificate is not signed, and go on; a hub that is gone ends it for all."""
    try:
        yield
    except (NotConnected, NotLoggedIn):
        raise
    except RemotecalError as refused:
        which = f"{run}/{device}" if device else run
        left_out[which] = refused
        why = in_their_language(str(refused))
        print(say(f"! {which} is left out: {why}", f"! {which} 不签署：{why}"))


def _examined(
    asked: argparse.Namespace,
    hub: AtHub,
    run: str,
    device: str,
    folder: Path,
    now: datetime,
    password: str | None,
    known: KnownRuns,
) -> Examined:
    """Fetch a certificate, compute it again and show it; errors as `sign_at`."""
    from remotecal.certificates import XML_NAME
    from remotecal.certificates.approval import check_day, check_next, next_duty
    from remotecal.certificates.dcc import read
    from remotecal.certificates.signing.keys import read_signer
    from remotecal.certificates.signing.xml import read_signatures
    from remotecal.journal.evidence import lived_virtually

    xml = hub.get(f"/runs/{run}/certificate.xml", folder / XML_NAME, device=device)
    if run not in known.folders:
        fetch(hub, run, folder)
        known.folders[run] = folder
    fetched = Fetched(xml, folder / XML_NAME, known.folders[run])
    signatures = read_signatures(fetched.xml)
    duty = next_duty(signatures)
    record = read(signatures[-1].content if signatures else fetched.xml)
    _check_asked(record, run, device)
    if (signer := read_signer(asked.key, password)) is not None:  # else once the PIN opened it, by `sign`
        check_next(fetched.xml, signer, now, _register(asked))
    _examine(asked, fetched, record, now, known)
    check_day(fetched.xml, now, virtual=lived_virtually(fetched.folder))
    return Examined(run, device, fetched.xml, record, duty)


def _check_asked(record: Record, run: str, device: str) -> None:
    """Raise `CertificateRefused` if a hub gave the certificate of another run or device than was named."""
    its = record.evidence.run if record.evidence is not None else "nobody's"
    if its != run.partition("/")[2]:
        raise CertificateRefused(
            f"the certificate {record.number} that came is of the run {its}, not of {run}: ask who keeps the "
            "hub"
        )

    its_devices = [item.id or "nobody" for item in record.items]
    if device and its_devices != [device]:
        raise CertificateRefused(
            f"the certificate {record.number} that came is of {', '.join(its_devices)}, not of {device}: ask "
            "who keeps the hub"
        )


def _check_alike(examined: Sequence[Examined], one: Examined) -> None:
    """Raise `CertificateRefused` unless what is signed in one act is of one procedure, and for one duty."""
    from remotecal.runs.catalogue import full_name

    first = examined[0] if examined else one
    procedures = [each.record.evidence and full_name(each.record.evidence.procedure) for each in (first, one)]
    if procedures[0] != procedures[1] or first.duty != one.duty:
        raise CertificateRefused(
            f"certificate {one.record.number} is of {procedures[1]}, to be signed as {one.duty}; what is "
            f"signed at once is of {procedures[0]}, as {first.duty}: sign it by itself"
        )


def _file(asked: argparse.Namespace, hub: AtHub, one: Examined, key: SigningKey, now: datetime) -> None:
    """Sign a certificate, and file it; errors as `sign_at`."""
    content, kind = _signed(asked, one.xml, key, one.duty, now)
    if hub.asks_again:  # whoever reads all that is shown takes longer than the hub goes by one log-in
        hub.say_again(getpass(say(f"Password of {asked.user} again: ", f"请再次输入 {asked.user} 的密码：")))
    told = hub.post(f"/runs/{one.run}/certificate/signatures", content, kind, device=one.device)
    number, state = one.record.number, told["state"]
    print(say(f"{number} is {state} at {asked.at}", f"{number} 已签署（{SIGNED_AS[one.duty]}）：{asked.at}"))


def fetch(hub: AtHub, run: str, folder: Path) -> None:
    """Keep a run's journal and its files in a folder.

    Raises:
        JournalBroken: the journal is not what a station wrote.
        EvidenceError: a file is not the one the journal names.
        NotConnected, RequestRefused: as `AtHub`.
    """
    from hashlib import file_digest

    from remotecal.journal.events import FILE, JournalReader
    from remotecal.journal.files import LARGEST_EVER, Attached

    hub.keep(f"/runs/{run}/journal", folder / FILE, LARGEST_EVER)
    for event in JournalReader.at(folder / FILE):
        if event.kind == "file":
            file = Attached.model_validate(event.data)
            hub.keep(f"/runs/{run}/files/{file.sha256}", folder / file.place, file.size)
            with (folder / file.place).open("rb") as kept:
                digest = file_digest(kept, "sha256").hexdigest()
            if digest != file.sha256:
                raise EvidenceError(f"{file.name} of {run} is not the file that the journal names")


def introduce(hub: AtHub, asked: argparse.Namespace) -> None:
    """Say who signs, by a token or a password that is asked for."""
    from remotecal.private_files import read_private

    if asked.token_file is not None:
        hub.use_token(read_private(asked.token_file).decode().strip())
    elif asked.user is not None:
        hub.log_in(asked.user, getpass(say(f"Password of {asked.user}: ", f"{asked.user} 的密码：")))
    else:
        raise ConfigurationError("say who you are at the hub: --user NAME, or --token-file FILE")


def _examine(
    asked: argparse.Namespace, fetched: Fetched, record: Record, now: datetime, known: KnownRuns
) -> None:
    """Verify and compute again what was fetched, and show all there is to know of it.

    Raises:
        CertificateRefused: a check fails, or the results can't be computed again.
    """
    from remotecal.certificates.library import CertificateLibrary
    from remotecal.cli.verify import print_report, trust_list
    from remotecal.journal.events import FILE, JournalReader
    from remotecal.verify import verify_draft
    from remotecal.verify.flags import flagged

    report = verify_draft(
        fetched.path,
        journal=fetched.folder / FILE,
        trust=trust_list(asked),
        library=CertificateLibrary(asked.standards),
        procedure=asked.procedure,
        drivers=asked.driver,
        now=now,
        computed=known.computed,
    )
    print_report(report)
    _refuse_unproven(report)
    _show(record)
    for flag in flagged(record, JournalReader.at(fetched.folder / FILE)):
        print(f"! {flag.said.get(say('en', 'zh'))}")


def _refuse_unproven(report: Report) -> None:
    if why := report.objection:
        give = (
            ""
            if report.failures
            else (". Give the trust list (--trust, --trust-key), and --procedure where it is one of yours")
        )
        raise CertificateRefused(f"certificate {report.number} is not signed, for {why}{give}")


def _show(record: Record) -> None:
    """Print what is signed: whose certificate, of what, and every result with its digits."""
    from remotecal.cli.evaluate import summarise
    from remotecal.cli.tables import plain

    language = say("en", "zh")
    items = "; ".join(
        " ".join(filter(None, (item.name.get(language), item.model, *item.serials))) for item in record.items
    )
    customer = record.customer.name.get(language)
    print(plain(f"{record.number} · {items} · {customer} · {record.finished}"))
    summarise(record)


def key_of(source: str, password: str | None, what: tuple[str, str]) -> SigningKey:
    """Return the signer's key, once whoever sits here has given its PIN, or said yes.

    Args:
        source: where the key is.
        password: its PIN, where it was given already.
        what: what is signed, in English and Chinese.

    Raises:
        CertificateRefused: they say no.
        ConfigurationError: the key can't be used, or others can read it.
    """
    from remotecal.certificates.signing.keys import is_closed, read_key

    english, chinese = what
    if password is None and is_closed(source):
        asked = say(f"PIN to sign {english}: ", f"签署 {chinese}的 PIN：")
        return read_key(source, getpass(asked))
    if not sure(say(f"Sign {english}? (yes/no) ", f"签署 {chinese}？（是/否）")):
        raise CertificateRefused(f"{english} is not signed: nobody said yes")
    return read_key(source, password)


def _signed(
    asked: argparse.Namespace, xml: bytes, key: SigningKey, duty: Duty, now: datetime
) -> tuple[bytes, str]:
    """Return the signed certificate as it is filed: the XML of a person, the PDF of the laboratory."""
    from remotecal.certificates.approval import print_signed, sign

    signed = sign(xml, key, now, _register(asked))
    if duty == "issued":
        return print_signed(signed, key, now, asked.timestamp), PDF
    return signed, XML


def _register(asked: argparse.Namespace) -> LaboratoryRegister | None:
    from remotecal.registers import LaboratoryRegister

    return None if asked.register is None else LaboratoryRegister.load(asked.register)
