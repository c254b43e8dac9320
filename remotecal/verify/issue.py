"""The checks a certificate stands by itself: approval, trust, dates, scope."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from remotecal.certificates.approval import check_approval
from remotecal.certificates.scope import out_of_scope
from remotecal.errors import CertificateRefused
from remotecal.verify.report import Checklist, Unable

if TYPE_CHECKING:
    from remotecal.certificates.trust import Body, TrustList
    from remotecal.model import Record
    from remotecal.verify.subject import Means, Subject


def examine_issue(checks: Checklist, subject: Subject, means: Means) -> None:
    """Check who issued a certificate, when, and whether they may."""
    record = subject.record
    named = any(person.duty for person in record.persons)
    if subject.signatures:
        checks.examine("approval", lambda: _approval(subject), needed=named)
    examine_trust(checks, subject, means)
    checks.examine("dates", lambda: _dates(subject, means.now), needed=True)
    checks.examine("demonstration", lambda: _demonstration(record, means.trust), needed=True)


def examine_trust(
    checks: Checklist, subject: Subject, means: Means, *, of: str = "", needed: bool = True
) -> Body | None:
    """Check that all who signed are recognised, as one body, and the results in its scope; return it."""
    found: list[Body] = []

    def trusted() -> str:
        trust = _trust(means)
        signatures = [*subject.signatures, *([subject.pdf_signature] if subject.pdf_signature else [])]
        if not signatures:
            raise Unable("no signature that holds: nobody answers for this certificate")
        bodies = {body.id: body for body in map(trust.recognise, signatures)}
        if len(bodies) > 1:
            raise CertificateRefused(f"the signatures speak for different bodies: {', '.join(bodies)}")
        found.extend(bodies.values())
        return " ← ".join(f"{body.name.get('en')} ({body.kind})" for body in trust.above(found[0]))

    def not_revoked() -> str:
        _trust(means).check_number(subject.record.number, subject.record.issued or subject.record.finished)
        return f"certificate {subject.record.number} is not revoked"

    checks.examine(f"{of}trust", trusted, needed=needed)
    checks.examine(f"{of}revocation", not_revoked, needed=needed)
    body = found[0] if found else None
    checks.examine(f"{of}scope", lambda: _scope(subject.record, body), needed=needed)
    return body


def _trust(means: Means) -> TrustList:
    if means.trust is None:
        raise Unable("no trust list was given: whose signature this is stays open")
    means.trust.check_current(means.now)
    return means.trust


def _approval(subject: Subject) -> str:
    if not any(person.duty for person in subject.record.persons):
        raise Unable("the certificate names nobody as having performed, reviewed or approved it")
    check_approval(subject.record, subject.signatures)
    return "performed, reviewed, approved by three persons, sealed by the laboratory"


def _dates(subject: Subject, now: datetime) -> str:
    record = subject.record
    if record.issued is not None and record.issued < record.finished:
        raise CertificateRefused(
            f"issued on {record.issued}, before the calibration ended on {record.finished}"
        )
    times = [signature.at for signature in subject.signatures]
    if subject.pdf_signature is not None:
        times.append(subject.pdf_signature.at)
    if times != sorted(times):
        raise CertificateRefused("the signatures' times are not in the order of the signatures")
    if times and times[-1] > now:
        raise CertificateRefused(f"signed on {times[-1]:%Y-%m-%d %H:%M}, which has not come yet")
    if times and times[0].astimezone(UTC).date() < record.finished:
        raise CertificateRefused(
            f"signed on {times[0]:%Y-%m-%d}, before the calibration ended on {record.finished}"
        )
    return f"calibrated {record.begun} to {record.finished}, signed in order after that"


def _demonstration(record: Record, trust: TrustList | None) -> str:
    if trust is not None and trust.demonstration and not record.demonstration:
        raise CertificateRefused("the trust list is for demonstrations, the certificate claims to be none")
    if trust is not None and record.demonstration and not trust.demonstration:
        raise CertificateRefused("the certificate is a demonstration, and not valid")
    return "a demonstration, and not valid" if record.demonstration else "it is none"


def _scope(record: Record, body: Body | None) -> str:
    claimed = [
        column for table in record.tables for column in table.columns if getattr(column, "in_cmc", None)
    ]
    if body is None:
        raise Unable("without a recognised laboratory there is no scope to hold the results against")
    if not body.scope and not claimed:
        raise Unable(
            f"the trust list gives no scope for {body.name.get('en')}, and the certificate claims none"
        )
    faults = out_of_scope(record, body.scope)
    if faults:
        raise CertificateRefused(f"{faults[0]} ({len(faults)} results in all)")
    return "every result is within range and U is not below the CMC, or is marked as outside"
