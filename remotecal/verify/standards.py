"""The checks down the chain of traceability: the standards' certificates, and theirs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from remotecal.certificates.dcc.read import read
from remotecal.certificates.library import is_paper
from remotecal.certificates.signing.xml import read_signatures
from remotecal.certificates.standard import check_standard, doubt
from remotecal.certificates.trace import LONGEST
from remotecal.certificates.transcribed import told
from remotecal.clock import possible_days
from remotecal.errors import CertificateRefused
from remotecal.verify.dates import check_order, days_of
from remotecal.verify.issue import examine_trust
from remotecal.verify.report import OF_STANDARD, Checklist, Unable
from remotecal.verify.subject import Subject

if TYPE_CHECKING:
    from datetime import datetime

    from remotecal.model import CertificateReference, Equipment, Record
    from remotecal.verify.subject import Means

MOST_CHECKS = 3000
"""Checks after which no more certificates are opened; see `trace.MOST`."""


def examine_standards(
    checks: Checklist, record: Record, means: Means, depth: int = 0, *, keeps: bool = False
) -> None:
    """Check the certificate of every standard a record rests on, and of their standards.

    A certificate that is not at hand ends its branch, and the report says so. So does one of an
    institute on the trust list, which keeps the national standard; `keeps` tells that one issued `record`.
    """
    if not keeps and all(standard.certificate is None for standard in record.standards):
        checks.examine(f"{'  ' * depth}traceability", _untraceable, needed=depth == 0)
    for standard in record.standards:
        reference = standard.certificate
        if reference is None:
            continue
        if len(checks.checks) >= MOST_CHECKS:
            checks.examine("traceability", _endless, needed=True)
            return
        name = f"{'  ' * depth}{OF_STANDARD}{reference.number}"
        called = standard.name.get("en")
        checks.examine(f"{name}: validity", partial(_valid, called, reference, record), needed=depth == 0)
        found: list[Record] = []
        if checks.examine(f"{name}: file", partial(_file, standard, record, means, found), needed=depth == 0):
            _examine_file(checks, name, found[0], standard, record, means, depth)


def _before_use(subject: Subject, user: Record, now: datetime) -> str:
    """Check that a standard's certificate was there when the standard was used."""
    said = check_order(subject.record, subject.signatures, now)
    for signature in subject.signatures:
        if signature.at is not None and possible_days(signature.at)[0] > user.finished:
            raise CertificateRefused(
                f"signed on {signature.at:%Y-%m-%d}, after the standard was used on {user.finished}"
            )
    return said


def _endless() -> str:
    raise Unable(f"there are too many certificates down the chain: {MOST_CHECKS} checks were made")


def _untraceable() -> str:
    raise Unable("it names no standard with a certificate, and no institute on the trust list issued it")


def _valid(called: str, reference: CertificateReference, user: Record) -> str:
    if reference.valid_until is None:
        raise Unable("the certificate does not say until when the standard's may be used")
    if reference.valid_until < user.finished:
        raise CertificateRefused(
            f"the standard's certificate expired on {reference.valid_until}; it was used on {user.finished}"
        )
    if reference.issued is not None and reference.issued > user.begun:
        raise CertificateRefused(f"issued on {reference.issued}, after it was used on {user.begun}")
    return f"{called}, used {days_of(user)}, valid until {reference.valid_until}"


def _file(standard: Equipment, user: Record, means: Means, found: list[Record]) -> str:
    """Check the file of a standard's certificate against what is said of it, and keep its record."""
    reference = standard.certificate
    if reference is None or is_paper(reference):
        raise Unable("it is on paper")
    data = means.library.find(reference)
    if data is None:
        raise Unable(f"no file with the hash {reference.value[:16]}… is at hand")
    record = read(data)
    check_standard(record, standard, user.begun, user.finished)
    if record.demonstration and not user.demonstration:
        raise CertificateRefused("it is of a demonstration, and not valid")
    found.append(record)
    if why := doubt(record, standard):
        raise Unable(why)
    return "the file has the hash named, is for this serial number and was valid"


def _examine_file(
    checks: Checklist, name: str, record: Record, standard: Equipment, user: Record, means: Means, depth: int
) -> None:
    """Check who answers for the certificate of a standard.

    Those the certificate itself names must be proven; further down, the accreditation of who issued
    them answers for the rest of the chain (ILAC-P10), and what is found there is only told.
    """
    subject: list[Subject] = []
    needed = depth == 0

    def signed() -> str:
        data = means.library.find(standard.certificate) if standard.certificate else None
        signatures = read_signatures(data or b"")
        if not signatures:
            typed = told(record)
            why = "" if typed is None else f". {typed.get('en')}"
            raise Unable(f"it is not signed: who issued it can't be proven{why}")
        subject.append(Subject(read(signatures[-1].content), signatures))
        return "; ".join(entry.said for entry in signatures)

    checks.examine(f"{name}: signature", signed, needed=needed)
    if subject:
        body = examine_trust(checks, subject[0], means, user.finished, of=f"{name}: ", needed=needed)
        of_use = partial(_before_use, subject[0], user, means.now)
        checks.examine(f"{name}: dates", of_use, needed=needed)
        if body is not None and body.kind == "institute":
            return
    if depth < LONGEST:
        examine_standards(checks, record, means, depth + 1)
