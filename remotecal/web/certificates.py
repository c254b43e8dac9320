"""A run's certificate, from the draft its record makes to the issued one.

Everybody signs at home, with `remotecal sign` and a key that stays there; what comes back is taken
only if it is the certificate that is here, with just the one signature more that is due.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from remotecal.errors import CertificateRefused
from remotecal.web.problems import NotAllowed, NotThere

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remotecal.certificates.approval import State
    from remotecal.certificates.signing.signature import Duty, Signature
    from remotecal.model import Record
    from remotecal.store.records import RecordRow
    from remotecal.store.users import Role
    from remotecal.web.callers import Caller
    from remotecal.web.office import Office

FILED_BY: Mapping[Duty, Role] = {
    "performed": "operator",
    "reviewed": "reviewer",
    "approved": "approver",
    "issued": "administrator",
}
"""Whose signature is taken from whom; the laboratory's seal is kept by an administrator."""


def record_row(office: Office, station: str, run: str) -> RecordRow:
    """Return a run's record (`NotThere` if it was not computed yet)."""
    row = office.store.records.find(station, run)
    if row is None:
        raise NotThere(f"the record of {run} is not computed yet: its journal is not complete here")
    return row


def certificate(office: Office, station: str, run: str) -> bytes:
    """Return a run's certificate (DCC) with the signatures it has so far.

    Raises:
        NotThere: its record was not computed yet.
        CertificateRefused: station and laboratory computed different records.
        EvidenceError: the journal here is not the one the record was computed from.
    """
    from remotecal.certificates.dcc import write

    signed = office.signings.latest(station, run)
    return signed if signed is not None else write(_record(office, record_row(office, station, run)))


def signatures(data: bytes) -> tuple[Signature, ...]:
    """Return the signatures on a certificate, earliest first (`CertificateRefused` if one does not hold)."""
    from remotecal.certificates.signing.xml import read_signatures

    return read_signatures(data)


def state(data: bytes) -> State:
    """Return how far a certificate has come."""
    from remotecal.certificates import approval

    return approval.state(signatures(data))


def shown(office: Office, caller: Caller, station: str, run: str) -> bytes:
    """Return a run's certificate as `certificate`, for a customer only once it is issued."""
    if caller.account is None:
        return certificate(office, station, run)
    data = office.signings.latest(station, run)
    if data is None or state(data) != "issued":
        raise NotThere(f"the certificate of {run} is not issued yet")
    return data


def printed(data: bytes) -> bytes:
    """Return a certificate as a PDF for people, with the XML inside (`ConfigurationError`: no font)."""
    from remotecal.certificates.dcc import read
    from remotecal.certificates.pdf import print_certificate

    signed = signatures(data)
    return print_certificate(read(signed[-1].content if signed else data), data)


def file_signed(office: Office, caller: Caller, station: str, run: str, data: bytes) -> State:
    """Take a certificate with the signature that is due next, and return how far it has come.

    Raises:
        CertificateRefused: it is another certificate than the one here, or lacks that signature, or
            has one of somebody it does not name for that, or who has signed already.
        NotAllowed: somebody with another role is to file this signature.
        RecordError: it is no certificate.
    """
    from remotecal.certificates import approval
    from remotecal.certificates.dcc import read
    from remotecal.certificates.library import canonical_hash
    from remotecal.certificates.signing.keys import fingerprint

    before = certificate(office, station, run)
    duty = approval.next_duty(signatures(before))
    if FILED_BY[duty] not in caller.roles:
        raise NotAllowed(f"it is to be signed as {duty}, which the role {FILED_BY[duty]} files", caller.name)
    signed = signatures(data)
    if not signed or signed[-1].duty != duty or _digest(signed[-1].content) != canonical_hash(before):
        raise CertificateRefused(
            f"this is not the certificate that is here with the signature as {duty} added: fetch it, sign "
            "it with `remotecal sign`, and send that file"
        )
    _check_signers(read(before), signed)
    if duty == "issued":
        approval.check_approval(read(before), signed)
    office.signings.add(station, run, duty, caller.name, time.time(), data)
    office.store.note(
        caller.name,
        "sign",
        {
            "station": station,
            "run": run,
            "duty": duty,
            "signer": signed[-1].name,
            "certificate": fingerprint(signed[-1].chain[0]),
        },
    )
    return duty


def _check_signers(record: Record, signed: tuple[Signature, ...]) -> None:
    """Raise `CertificateRefused` unless the last to sign is named for it and did not sign before."""
    *earlier, last = signed
    named = [
        text for person in record.persons if person.duty == last.duty for text in person.name.root.values()
    ]
    if last.duty != "issued" and last.name not in named:
        raise CertificateRefused(
            f"{last.name} signed as {last.duty}, but the certificate names {' / '.join(named) or 'nobody'}"
        )
    if any(one.chain[0].public_key() == last.chain[0].public_key() for one in earlier):
        raise CertificateRefused(f"{last.name} has signed before; nobody signs twice")


def _record(office: Office, row: RecordRow) -> Record:
    """Return the record of a run that is still the one its journal gives."""
    from remotecal.certificates.signing.seal import PublicKey
    from remotecal.model import Record
    from remotecal.transport.issuing import remote
    from remotecal.transport.recomputing import signed_events

    if not row.agrees:
        raise CertificateRefused(
            f"station and laboratory computed different records of {row.run}: find out why"
        )
    events = signed_events(office.store, row.station, row.run, PublicKey.from_text(row.key))
    if events[-1].hash != row.head:
        raise CertificateRefused(f"the journal of {row.run} is no longer the one its record is of")
    laboratory = office.laboratory.folder.settings.laboratory
    return remote(Record.from_json(row.record), row.station, laboratory)


def _digest(content: bytes) -> str:
    from hashlib import sha256

    return sha256(content).hexdigest()
