"""`remotecal verify`: check a certificate and whatever proves it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from remotecal.certificates.summary import Summary
    from remotecal.certificates.trust import TrustList
    from remotecal.verify import Report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.set_defaults(handler=main)
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="the certificate, XML or PDF; or a report of many; or an assessment",
    )
    parser.add_argument(
        "--journal", type=Path, metavar="FILE", help="the journal of its run, or the directory"
    )
    parser.add_argument(
        "--certificates",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="of a report: the certificates it lists, files or folders; those beside it by default",
    )
    parser.add_argument(
        "--register", type=Path, metavar="FILE", help="the laboratory's register (TOML), to ask it too"
    )
    parser.add_argument(
        "--all", action="store_true", help="print all that was found, also of standards and of what passed"
    )
    add_proof_arguments(parser)


def add_proof_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare by what results are computed again, and what `add_trust_arguments` does."""
    parser.add_argument(
        "--procedure",
        type=Path,
        metavar="FILE",
        help="the procedure's file, if it is one of yours",
    )
    parser.add_argument(
        "--driver",
        action="append",
        default=[],
        metavar="MODULE:CLASS",
        help="a driver that is not installed and that you trust; may be given again",
    )
    add_trust_arguments(parser)


def add_trust_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what says whom to believe and where the standards' certificates are."""
    parser.add_argument(
        "--trust", type=Path, metavar="FILE", help="the trust list (TOML, with FILE.sig beside it)"
    )
    parser.add_argument(
        "--trust-key", type=Path, metavar="FILE", help="public key of the trust list's issuer"
    )
    parser.add_argument(
        "--least-list-number",
        type=int,
        default=1,
        metavar="N",
        help="refuse a trust list with a smaller number: what verify printed the last time",
    )
    parser.add_argument(
        "--standards",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="certificates of the standards: files or folders",
    )


def trust_list(asked: argparse.Namespace) -> TrustList | None:
    """Return the trust list asked for, its signature checked; None if none is.

    Raises:
        ConfigurationError: the list or the key is missing or can't be used.
        EvidenceError: the list is not what its issuer signed.
    """
    from remotecal.certificates.signing.seal import read_public_key
    from remotecal.certificates.trust import read_trust_list
    from remotecal.errors import ConfigurationError

    if asked.trust is None:
        return None
    if asked.trust_key is None:
        raise ConfigurationError(
            "a trust list is believed by its issuer's key alone: give it with --trust-key"
        )
    return read_trust_list(asked.trust, read_public_key(asked.trust_key), asked.least_list_number)


def main(asked: argparse.Namespace) -> None:
    """Verify, print every check, and raise `CertificateRefused` unless the certificate holds."""
    from remotecal.certificates.library import CertificateLibrary
    from remotecal.errors import CertificateRefused
    from remotecal.registers import LaboratoryRegister
    from remotecal.verify import verify
    from remotecal.verify.assessed import assessed_in
    from remotecal.verify.listing import listed_in

    _check_unpacked(asked.file)
    if (assessed := assessed_in(asked.file)) is not None:
        _of_assessment(asked, assessed)
        return
    if (listed := listed_in(asked.file)) is not None:
        _of_report(asked, listed)
        return
    report = verify(
        asked.file,
        journal=asked.journal,
        procedure=asked.procedure,
        drivers=asked.driver,
        trust=trust_list(asked),
        library=CertificateLibrary(asked.standards),
        register=None if asked.register is None else LaboratoryRegister.load(asked.register),
    )
    print_report(report, whole=asked.all)
    if report.verdict != "holds":
        english = f"certificate {report.number}" if report.number else f"{asked.file} is no certificate and"
        chinese = f"证书 {report.number} " if report.number else f"{asked.file} 不是证书，"
        raise CertificateRefused(_verdict(english, chinese, report))


def _check_unpacked(file: Path) -> None:
    """Raise `ConfigurationError` where a folder or an archive of evidence stands for its certificate."""
    from zipfile import is_zipfile

    from remotecal.errors import ConfigurationError

    if file.is_dir():
        raise ConfigurationError(
            f"{file} is a folder: name the certificate in it, and the folder as its evidence: "
            f"remotecal verify {file / 'certificate.xml'} --journal {file} …"
        )
    if not file.is_file():
        return
    with file.open("rb") as opened:
        archive = opened.read(2) == b"PK" and is_zipfile(file)  # a PDF may end in one
    if archive:
        raise ConfigurationError(
            f"{file} is an archive: unpack it, then name the certificate in it, and its folder with --journal"
        )


AROUND = 8
"""Places a table's edges and what is between its three columns take."""
SHORTEST = 24
"""Places that what was found has at the least."""

VERDICTS = {"holds": "核验通过", "fails": "核验不通过", "is not proven": "未能证实"}
"""What comes of a verification, in Chinese."""


def _verdict(english: str, chinese: str, report: Report) -> str:
    """Return what came of it and what that is for, in the language of whoever asks."""
    from remotecal.cli.terminal import language, say
    from remotecal.verify.said import said

    doubts = report.failures or [c for c in report.checks if c.needed and c.outcome != "passed"]
    names = say(", ", "、").join(said(check, language()).name.strip() for check in doubts)
    return say(f"{english} {report.verdict}: {names}", f"{chinese}{VERDICTS[report.verdict]}：{names}")


def _of_assessment(asked: argparse.Namespace, data: bytes) -> None:
    """Verify who signed an assessment of what rests on a standard."""
    from datetime import UTC, datetime

    from remotecal.errors import CertificateRefused
    from remotecal.registers import LaboratoryRegister
    from remotecal.verify.assessed import verify_assessment

    register = None if asked.register is None else LaboratoryRegister.load(asked.register)
    report = verify_assessment(data, trust_list(asked), register, datetime.now(UTC).astimezone())
    named = f"The assessment of {report.number}", f"关于 {report.number} 的评估"
    print_report(report, of=named)
    if report.verdict != "holds":
        raise CertificateRefused(_verdict(f"the assessment {asked.file}", f"评估 {asked.file} ", report))


def _of_report(asked: argparse.Namespace, listed: Summary) -> None:
    """Verify a report of certificates, which proves none of them, and say what to verify."""
    from remotecal.certificates.library import CertificateLibrary
    from remotecal.cli.terminal import say
    from remotecal.errors import CertificateRefused
    from remotecal.verify.listing import verify_list

    library = CertificateLibrary(asked.certificates or [asked.file.absolute().parent])
    report = verify_list(asked.file, listed, library)
    count = len(listed.listed)
    print_report(report, of=(f"Report of {count} certificates", f"{count} 份证书的汇总"))
    print(
        say(
            "A report bears no signature and proves no certificate: verify each certificate it lists.",
            "汇总没有签名，不能证明任何证书：请逐份核验所列证书。",
        )
    )
    if report.verdict != "holds":
        raise CertificateRefused(_verdict(f"the report {asked.file}", f"汇总 {asked.file} ", report))


def print_report(
    report: Report,
    console: Console | None = None,
    of: tuple[str, str] | None = None,
    *,
    whole: bool = True,
) -> None:
    """Print checks, what came of each and why.

    Args:
        report: with the checks.
        console: where; the terminal's if not given.
        of: in English and Chinese, what was verified; the certificate if not given.
        whole: whether all is printed; otherwise what passed has a line each, and is counted of standards.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from remotecal.cli.tables import first_line, print_table, terminal, wide
    from remotecal.cli.terminal import language, say
    from remotecal.verify.said import said as said_in

    out = console or terminal()
    marks = {
        "passed": (say("passed", "通过"), "green"),
        "failed": (say("FAILED", "不通过"), "bold red"),
        "not possible": (say("not possible", "无法进行"), "yellow"),
    }
    table = Table(box=box.SIMPLE_HEAD)
    for heading in (say("Check", "检查"), say("Outcome", "结论"), say("What was found", "发现")):
        table.add_column(heading, overflow="fold")  # a word that is longer than a line is no reason to cut it
    passed = (check for check in report.checks if check.outcome == "passed")
    counted = [] if whole else [check for check in passed if check.of_standard]
    shown = [(check, said_in(check, language())) for check in report.checks if check not in counted]
    beside = max((wide(told.name) for _, told in shown), default=0)
    beside += max(wide(mark) for mark, _ in marks.values())
    room = max(out.width - beside - AROUND, SHORTEST)
    for check, told in shown:
        brief = not whole and check.outcome == "passed"
        found = first_line(told.found, room) if brief else told.found
        table.add_row(_as_it_is(told.name), Text(*marks[check.outcome]), _as_it_is(found))
    print_table(out, table)
    if counted:
        standards = len({check.name.strip().rpartition(": ")[0] for check in counted})
        out.print(
            say(
                f"{_number(len(counted), 'check')} of {_number(standards, 'certificate')} of standards "
                "passed; --all prints all that was found.",
                f"{standards} 份标准器证书的 {len(counted)} 项检查通过；用 --all 列出全部内容。",
            )
        )
    if report.demonstration:
        said = say("This is a demonstration, and no valid certificate.", "本证书仅为演示，无效。")
        out.print(said, style="bold yellow")
    colour = {"holds": "bold green", "fails": "bold red", "is not proven": "bold yellow"}[report.verdict]
    chinese = VERDICTS[report.verdict]
    number = report.number
    unreadable = ("This file, which is no certificate,", "本文件（不是证书）")
    english, named = of or ((f"Certificate {number}", f"证书 {number}") if number else unreadable)
    said = say(f"{english} {report.verdict}.", f"{named} {chinese}。")
    out.print(_as_it_is(said), style=colour)


def _number(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _as_it_is(text: str) -> Text:
    """Return a text, which may be a forger's, with nothing in it that Rich or the terminal would obey."""
    from rich.text import Text

    from remotecal.cli.tables import plain_lines

    return Text(plain_lines(text))
