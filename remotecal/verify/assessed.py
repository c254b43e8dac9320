"""The check of an assessment: that it is whole, by whom it is signed, and whether they are recognised."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from remotecal.certificates.assessment import LARGEST, read_assessment, signature_of
from remotecal.certificates.signing.keys import fingerprint
from remotecal.configuration import read_within
from remotecal.errors import CertificateRefused
from remotecal.verify.report import Checklist, Report, Unable

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from remotecal.certificates.trust import TrustList
    from remotecal.registers import LaboratoryRegister

BEGINS = b'{"assessment":'
"""How every such file does."""


def assessed_in(path: Path) -> bytes | None:
    """Return an assessment's file; None where it is none (`ConfigurationError`: it can't be read)."""
    data = read_within(path, LARGEST)
    return data if data.startswith(BEGINS) else None


def verify_assessment(
    data: bytes, trust: TrustList | None, register: LaboratoryRegister | None, now: datetime
) -> Report:
    """Examine an assessment; the certificates it tells of are not looked at.

    Args:
        data: the file.
        trust: whom to believe; without it nobody is.
        register: the laboratory's, to ask whether who signed is one of its persons; without it that is said
            to be unchecked.
        now: the time to judge by, with its zone.
    """
    checks, number = Checklist(), ""
    read, signature = cache(partial(read_assessment, data)), cache(partial(signature_of, data))

    def content() -> str:
        told = read().assessment
        return f"written by {told.by}; {len(told.certificates)} certificates, and their list has its digest"

    def signed() -> str:
        its = signature()
        if its.time > now:
            raise CertificateRefused(f"signed on {its.time:%Y-%m-%d %H:%M %z}, which has not come yet")
        return f"signed by {its.name} {its.when}"

    def trusted() -> str:
        if trust is None:
            raise Unable("no trust list was given: whose signature this is stays open")
        trust.check_current(now)
        return str(trust.recognise(signature()).name.get("en"))

    def registered() -> str:
        if register is None:
            raise Unable("no register was given: whether who signed has a duty there was not checked")
        its = signature()
        register.check_person(fingerprint(its.chain[0]), its.time.date())
        return "whoever signed is one of the laboratory's persons"

    if checks.examine("assessment", content, needed=True):
        number = read().assessment.number
    if checks.examine("signature", signed, needed=True):
        checks.examine("trust", trusted, needed=True)
        checks.examine("register", registered, needed=register is not None)
    return Report(
        number, demonstration=trust is not None and trust.demonstration, checks=tuple(checks.checks)
    )
