"""Anyone's check of a certificate: what was examined, with which outcome, and what could not be."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.verify.report import Check, Report

if TYPE_CHECKING:
    from collections.abc import Collection

    from remotecal.certificates.library import CertificateLibrary
    from remotecal.certificates.trust import TrustList
    from remotecal.model import Record
    from remotecal.order import Order
    from remotecal.registers import LaboratoryRegister
    from remotecal.verify.subject import Recompute

__all__ = ["Check", "Report", "verify", "verify_draft"]


def verify(
    path: Path,
    *,
    journal: Path | None = None,
    trust: TrustList | None = None,
    library: CertificateLibrary | None = None,
    register: LaboratoryRegister | None = None,
    procedure: Path | None = None,
    drivers: Collection[str] = (),
    recompute: Recompute | None = None,
    now: datetime | None = None,
) -> Report:
    """Examine a certificate and whatever proves it; offline, and changing nothing.

    Args:
        path: the certificate, XML or PDF with the XML inside.
        journal: the journal of its run.
        trust: whom to believe; without it nobody is.
        library: certificates of the standards, down the chain.
        register: the laboratory's, to ask whether it allowed what was done and who signed.
        procedure: file of the procedure that the run followed, where that is not an installed one; the
            journal's word for it is never opened.
        drivers: drivers beside the installed ones that may be used, each as `module:Class`; no other module
            that a journal names is imported.
        recompute: computes the record from a journal, where no procedure does.
        now: the time to judge validity at, with its zone; the present where none is given.

    Raises:
        ConfigurationError: there is no file at `path`.
    """
    from remotecal.certificates.library import CertificateLibrary
    from remotecal.journal.evidence import lived_virtually
    from remotecal.verify.issue import examine_issue
    from remotecal.verify.journal import examine_journal
    from remotecal.verify.report import Checklist
    from remotecal.verify.standards import examine_standards
    from remotecal.verify.subject import Means, open_certificate

    moment = now or datetime.now(UTC).astimezone()
    means = Means(
        moment, trust, library or CertificateLibrary(), register, procedure, frozenset(drivers), recompute
    )
    checks = Checklist()
    subject = open_certificate(checks, path)
    if subject is None:
        return Report("", demonstration=False, checks=tuple(checks.checks))
    body = examine_issue(checks, subject, means, virtual=lived_virtually(journal))
    keeps = body is not None and body.kind == "institute"
    examine_standards(checks, subject.record, means, keeps=keeps)
    examine_journal(checks, subject.record, journal, means)
    return Report(subject.record.number, subject.record.demonstration, tuple(checks.checks))


def verify_draft(
    path: Path,
    *,
    journal: Path | None = None,
    trust: TrustList | None = None,
    library: CertificateLibrary | None = None,
    procedure: Path | None = None,
    drivers: Collection[str] = (),
    recompute: Recompute | None = None,
    now: datetime | None = None,
    computed: dict[tuple[str, str], tuple[Record, Order]] | None = None,
) -> Report:
    """Examine a certificate that is still to be signed: all that `verify` does but who issued it, and when.

    Arguments and errors are those of `verify`; `computed` keeps what was computed of a journal for the
    certificates of the same run that are examined next, by the same procedure's file.
    """
    from remotecal.certificates.library import CertificateLibrary
    from remotecal.verify.issue import examine_signers
    from remotecal.verify.journal import examine_journal
    from remotecal.verify.report import Checklist
    from remotecal.verify.standards import examine_standards
    from remotecal.verify.subject import Means, open_certificate

    moment = now or datetime.now(UTC).astimezone()
    means = Means(
        moment,
        trust,
        library or CertificateLibrary(),
        None,
        procedure,
        frozenset(drivers),
        recompute,
        {} if computed is None else computed,
    )
    checks = Checklist()
    subject = open_certificate(checks, path, draft=True)
    if subject is None:
        return Report("", demonstration=False, checks=tuple(checks.checks))
    examine_signers(checks, subject, means)
    examine_standards(checks, subject.record, means)
    examine_journal(checks, subject.record, journal, means)
    return Report(subject.record.number, subject.record.demonstration, tuple(checks.checks))
