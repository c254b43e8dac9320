"""`remotecal sign`: sign a certificate, a trust list or a journal; the file tells which it is.

With `--at` it is a certificate that a hub has, and is examined here first (`sign_at`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from remotecal.cli.commands import add_password, password_of
from remotecal.cli.terminal import SIGNED_AS, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from remotecal.cli.sign_at import add_arguments as add_of_hub

    parser.set_defaults(handler=main)
    parser.add_argument(
        "file",
        type=Path,
        nargs="*",
        metavar="FILE",
        help="a certificate (.xml), a trust list (.toml) or a journal (.jsonl); with --at STATION/RUN, once "
        "or several times",
    )
    parser.add_argument(
        "--key",
        required=True,
        metavar="KEY",
        help="PEM or PKCS#12 file or PKCS#11 URI; for trust lists and journals an Ed25519 PEM file",
    )
    add_password(parser)
    parser.add_argument("--register", type=Path, metavar="FILE", help="the laboratory's register (TOML)")
    parser.add_argument(
        "--pdf", type=Path, metavar="FILE", help="print an issued certificate there, and sign that, too"
    )
    parser.add_argument(
        "--time-zone",
        type=_zone,
        metavar="NAME",
        help="the laboratory's, such as Asia/Shanghai; the computer's if not given",
    )
    parser.add_argument(
        "--timestamp",
        metavar="URL",
        help="let this time-stamping authority (RFC 3161) witness when the PDF was signed",
    )
    add_of_hub(parser)


def _zone(name: str) -> str:
    from remotecal.clock import known_zone

    try:
        return known_zone(name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def main(asked: argparse.Namespace) -> None:
    """Sign a file in its place.

    Raises:
        ConfigurationError: the file or the key can't be used.
        CertificateRefused: the key's holder may not sign this, or not now.
    """
    from remotecal.errors import ConfigurationError

    password = password_of(asked)
    if asked.at is not None:
        _at_hub(asked, password)
        return
    if asked.assessment is not None:
        raise ConfigurationError("an assessment is signed where it is kept: say at which hub, with --at")
    if not asked.file:
        raise ConfigurationError("say which file is to be signed; or with --at HUB, which run")
    if len(asked.file) > 1:
        raise ConfigurationError("one file is signed at a time; several certificates are at a hub, with --at")
    (asked.file,) = asked.file
    sign_file = {".xml": _certificate, ".toml": _trust_list, ".jsonl": _journal}.get(asked.file.suffix)
    if sign_file is None or not asked.file.is_file():
        raise ConfigurationError(
            f"{asked.file} is no certificate (.xml), trust list (.toml) or journal (.jsonl)"
        )
    sign_file(asked, password)


def _at_hub(asked: argparse.Namespace, password: str | None) -> None:
    import time

    from remotecal.cli.sign_assessment import sign_assessment
    from remotecal.cli.sign_at import sign_at
    from remotecal.clock import civil_time, local_zone
    from remotecal.errors import ConfigurationError

    if asked.pdf is not None:
        raise ConfigurationError("--pdf is for a file here; the hub keeps the PDF it is sent")
    if not asked.file and asked.assessment is None:
        raise ConfigurationError("say what is to be signed: STATION/RUN, or --assessment NUMBER")
    if asked.file and asked.assessment is not None:
        raise ConfigurationError("an assessment is signed by itself: sign the certificates in another act")
    sign = sign_at if asked.assessment is None else sign_assessment
    sign(asked, civil_time(time.time(), asked.time_zone or local_zone()), password)


def _certificate(asked: argparse.Namespace, password: str | None) -> None:
    import time

    from remotecal.certificates.approval import check_day, print_signed, sign, state
    from remotecal.certificates.keeping import replace
    from remotecal.certificates.signing.keys import read_key
    from remotecal.certificates.signing.xml import read_signatures
    from remotecal.clock import civil_time, local_zone
    from remotecal.journal.evidence import lived_virtually
    from remotecal.registers import LaboratoryRegister

    key = read_key(asked.key, password)
    now = civil_time(time.time(), asked.time_zone or local_zone())
    data = asked.file.read_bytes()
    if state(read_signatures(data)) != "issued":
        _see_what_it_rests_on(asked.file, data)
        check_day(data, now, virtual=lived_virtually(asked.file.parent))
        register = None if asked.register is None else LaboratoryRegister.load(asked.register)
        data = sign(data, key, now, register)
        replace(asked.file, data)
    signed = state(read_signatures(data))
    print(say(f"{asked.file} is {signed}", f"{asked.file} 已签署（{SIGNED_AS[signed]}）"))
    if asked.pdf is not None:
        replace(asked.pdf, print_signed(data, key, now, asked.timestamp))
        print(say(f"{asked.pdf} is printed and signed", f"{asked.pdf} 已打印并签名"))


def _see_what_it_rests_on(file: Path, data: bytes) -> None:
    """Raise `CertificateRefused` if the journal beside a certificate has gone on since it was computed."""
    from remotecal.certificates.dcc import read
    from remotecal.errors import CertificateRefused
    from remotecal.journal.events import FILE, JournalReader

    evidence, journal = read(data).evidence, file.parent / FILE
    if evidence is None or not journal.is_file():
        return
    hashes = [event.hash for event in JournalReader.at(journal)]
    if evidence.journal_hash in hashes[:-1]:
        raise CertificateRefused(
            f"{file} rests on the first {evidence.lines} lines of {journal}, which has {len(hashes)}: its "
            f"verification would refuse it. Compute it again (`remotecal evaluate {file.parent}`), and sign "
            "that"
        )


def _trust_list(asked: argparse.Namespace, password: str | None) -> None:
    from remotecal.certificates.signing.seal import SealKey
    from remotecal.certificates.trust import sign_trust_list, signature_file

    sign_trust_list(asked.file, SealKey.read(Path(asked.key), password))
    print(say(f"{signature_file(asked.file)} is written", f"已写出 {signature_file(asked.file)}"))


def _journal(asked: argparse.Namespace, password: str | None) -> None:
    from remotecal.certificates.signing.journal import KIND, seal_journal
    from remotecal.certificates.signing.seal import SealKey
    from remotecal.clock import VirtualClock
    from remotecal.errors import ConfigurationError
    from remotecal.journal.writing import Journal

    key = SealKey.read(Path(asked.key), password)
    clock = VirtualClock()  # of now, or of the run's end where that is ahead
    with Journal.open(asked.file.parent, clock) as journal:
        kinds = journal.past.kinds
        if KIND in kinds or "finish" not in kinds:
            raise ConfigurationError(
                f"{asked.file} is signed already" if KIND in kinds else f"{asked.file} is not finished"
            )
        seal_journal(journal, key)
    print(
        say(f"{asked.file} is signed by key {key.public.id}", f"{asked.file} 已由密钥 {key.public.id} 签名")
    )
    for certificate in sorted(asked.file.parent.glob("*.xml")):
        print(
            say(
                f"{certificate} rests on the lines before: compute it again with `remotecal evaluate`",
                f"{certificate} 依据的是此前的记录：请用 `remotecal evaluate` 重新计算",
            )
        )
