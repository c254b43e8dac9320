"""The checks a certificate stands by itself: approval, trust, dates, scope."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import TYPE_CHECKING

from remotecal.certificates.approval import (
    check_amendment,
    check_approval,
    check_identifiers,
    check_signers,
    next_duty,
    state,
)
from remotecal.certificates.dcc.read import read
from remotecal.certificates.scope import check_scope
from remotecal.certificates.signing.keys import fingerprint
from remotecal.certificates.signing.xml import read_signatures
from remotecal.clock import latest_day
from remotecal.errors import CertificateRefused
from remotecal.model.identifiers import same
from remotecal.verify.dates import CLOCKS_MAY_DIFFER, check_dates
from remotecal.verify.report import Checklist, Unable

if TYPE_CHECKING:
    from remotecal.certificates.signing.signature import Duty, Signature
    from remotecal.certificates.signing.timestamp import TimeStamp
    from remotecal.certificates.trust import Body, TrustList
    from remotecal.model import Record
    from remotecal.registers import LaboratoryRegister
    from remotecal.verify.subject import Means, Subject


def examine_issue(checks: Checklist, subject: Subject, means: Means, *, virtual: bool = False) -> Body | None:
    """Check who issued a certificate, when, and whether they may; return the body that did.

    Its days are those of a virtual clock where `virtual`, as of a demonstration.
    """
    record = subject.record
    named = any(person.duty for person in record.persons)
    checks.examine("numbers", lambda: _numbers(record), needed=True)
    if subject.signatures:
        checks.examine("approval", lambda: _approval(subject), needed=named)
    if means.trust is not None:
        checks.examine("trust list", lambda: _list(_trust(means)), needed=True)
    body = examine_trust(checks, subject, means, latest_day(means.now))
    signatures = subject.all_signatures
    checks.examine("dates", lambda: check_dates(record, signatures, means.now, virtual=virtual), needed=True)
    pdf = subject.pdf_signature
    if pdf is not None and pdf.stamp is not None:
        stamp = pdf.stamp
        checks.examine("time stamp", lambda: _stamped(stamp, subject, means), needed=False)
    checks.examine("demonstration", lambda: _demonstration(record, means.trust), needed=True)
    if record.replaces is not None:
        checks.examine("certificate replaced", lambda: _replaced(record, body, means), needed=True)
    register = means.register
    if register is not None:
        checks.examine("register", lambda: _registered(subject, register), needed=True)
    return body


def examine_signers(checks: Checklist, subject: Subject, means: Means) -> None:
    """Check of a certificate that is not issued yet who has signed so far, and that its numbers are plain."""
    record = subject.record
    checks.examine("numbers", lambda: _numbers(record), needed=True)
    checks.examine("approval", lambda: _so_far(subject), needed=True)
    if means.trust is not None:
        checks.examine("trust list", lambda: _list(_trust(means)), needed=True)


def examine_trust(
    checks: Checklist, subject: Subject, means: Means, used: date, *, of: str = "", needed: bool = True
) -> Body | None:
    """Check that all who signed are recognised, as the laboratory named, and the results in its scope.

    The certificate is (to be) used on the day `used`. Returns the body that answers for it. The scope of
    who certified a standard may be open, where the list leaves it so, as it does for an institute.
    """
    found: list[Body] = []

    def trusted() -> str:
        trust = _trust(means)
        if not subject.signatures:
            raise Unable("no signature that holds: nobody answers for this certificate")
        body = trust.recognise_certificate(subject.record, subject.signatures, means.now)
        if subject.pdf_signature is not None:
            _same_seal(trust, subject.pdf_signature, subject.signatures[-1])
        found.append(body)
        return " ← ".join(
            f"{above.name.get('en')} ({above.kind})" for above in trust.above(body)
        ) + _unlisted(subject.record, body)

    def not_revoked() -> str:
        _trust(means).check_number(subject.record.number, used)
        return f"certificate {subject.record.number} is neither revoked nor superseded"

    checks.examine(f"{of}trust", trusted, needed=needed)
    checks.examine(f"{of}revocation", not_revoked, needed=needed)
    body = found[0] if found else None
    checks.examine(f"{of}scope", lambda: _scope(subject.record, body), needed=needed and not of)
    return body


def _same_seal(trust: TrustList, pdf: Signature, seal: Signature) -> None:
    """Refuse a PDF that another signer than the one who sealed the XML has printed."""
    trust.recognise(pdf if pdf.stamp is None else dataclasses.replace(pdf, at=pdf.stamp.at))
    if pdf.name != seal.name:
        raise CertificateRefused(f"the PDF is signed by {pdf.name}, the certificate in it by {seal.name}")


def _replaced(record: Record, body: Body | None, means: Means) -> str:
    """Check the certificate whose place this one takes, if it is at hand."""
    replaces, previous = record.replaces, record.previous
    if replaces is None or previous is None:
        raise Unable("the certificate does not give the hash of the one it takes the place of")
    data = means.library.find(previous)
    if data is None:
        raise Unable(f"certificate {replaces.number}, which it takes the place of, is not at hand")
    signatures = read_signatures(data)
    if state(signatures) != "issued":
        raise CertificateRefused(f"certificate {replaces.number} was never issued")
    old = read(signatures[-1].content)
    if not same(old.number, replaces.number) or same(old.number, record.number):
        raise CertificateRefused(f"the file with the hash of {replaces.number} is certificate {old.number}")
    if body is None or _trust(means).recognise_certificate(old, signatures, means.now).id != body.id:
        raise CertificateRefused(f"certificate {old.number} was not issued by the same laboratory")
    check_amendment(old, record)
    return f"takes the place of {old.number}, {replaces.change}, issued by the same laboratory"


def _registered(subject: Subject, register: LaboratoryRegister) -> str:
    signatures: list[tuple[Duty, str, date]] = [
        (signature.duty, fingerprint(signature.chain[0]), signature.time.date())
        for signature in subject.signatures
    ]
    register.check_signatures(subject.record, signatures)
    return "laboratory, persons, standards and procedure were in order when it was done and signed"


def _trust(means: Means) -> TrustList:
    if means.trust is None:
        raise Unable("no trust list was given: whose signature this is stays open")
    means.trust.check_current(means.now)
    return means.trust


def _list(trust: TrustList) -> str:
    return (
        f"issue {trust.number} of {trust.issuer.get('en')}, of {trust.issued}, to be used until "
        f"{trust.next_update}"
    )


def _numbers(record: Record) -> str:
    check_identifiers(record)
    return "numbers and names are what they look like"


def _unlisted(record: Record, body: Body) -> str:
    """Return what the laboratory calls itself in languages in which the list gives no name."""
    named = record.laboratory.contact.name.root
    other = [f"{named[language]}" for language in named if language and language not in body.name.root]
    return f"; it calls itself {', '.join(other)} too, which the list does not tell" if other else ""


def _approval(subject: Subject) -> str:
    if not any(person.duty for person in subject.record.persons):
        raise Unable("the certificate names nobody as having performed, reviewed or approved it")
    check_approval(subject.record, subject.signatures)
    return "performed, reviewed, approved by three persons, sealed by the laboratory"


def _so_far(subject: Subject) -> str:
    check_signers(subject.record, subject.signatures)
    signed = ", ".join(one.name for one in subject.signatures) or "nobody"
    due = "" if state(subject.signatures) == "issued" else f"; due next: {next_duty(subject.signatures)}"
    return f"signed by {signed}{due}"


def _stamped(stamp: TimeStamp, subject: Subject, means: Means) -> str:
    """Check who witnessed the time, and that no signature claims a later one."""
    times = (signature.at for signature in subject.all_signatures if signature.at is not None)
    latest = max(times, default=stamp.at)
    if latest > stamp.at + CLOCKS_MAY_DIFFER:
        raise CertificateRefused(
            f"signed on {latest:%Y-%m-%d %H:%M %z}, but it was there on {stamp.at:%Y-%m-%d %H:%M %z} already"
        )
    trust = _trust(means)
    try:
        body = trust.recognise_stamp(stamp)
    except CertificateRefused as refusal:
        raise Unable(f"the time stamp counts for nothing: {refusal}") from refusal
    return f"it was there on {stamp.at:%Y-%m-%d %H:%M} UTC, by the word of {body.name.get('en')}"


def _demonstration(record: Record, trust: TrustList | None) -> str:
    if trust is not None and trust.demonstration and not record.demonstration:
        raise CertificateRefused("the trust list is for demonstrations, the certificate claims to be none")
    if trust is not None and record.demonstration and not trust.demonstration:
        raise CertificateRefused("the certificate is a demonstration, and not valid")
    return "a demonstration, and not valid" if record.demonstration else "it is none"


def _scope(record: Record, body: Body | None) -> str:
    if body is None:
        raise Unable("without a recognised laboratory there is no scope to hold the results against")
    if not check_scope(record, body.scope):
        raise Unable(
            f"the trust list gives no scope for {body.name.get('en')}, and the certificate claims none"
        )
    return "every result is within range and U is not below the CMC, or is marked as outside"
