"""How a certificate becomes one: 检定, 核验, 批准, then the laboratory's seal.

Three persons sign, nobody twice, each for the duty under which the certificate names them. Each
signature covers the earlier ones, so what the reviewer saw is what the approver approved.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from remotecal.certificates.dcc.read import read
from remotecal.certificates.signing.keys import common_name, fingerprint
from remotecal.certificates.signing.signature import DUTIES
from remotecal.certificates.signing.xml import read_signatures, sign_xml
from remotecal.errors import CertificateRefused
from remotecal.model import Replacement, ReportReference, Text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cryptography.x509 import Certificate

    from remotecal.certificates.signing.keys import SigningKey
    from remotecal.certificates.signing.signature import Duty, Signature
    from remotecal.model import Record
    from remotecal.registers import Register

State = Literal["draft", "performed", "reviewed", "approved", "issued"]
"""How far a certificate has come; only an issued one is a certificate."""


def state(signatures: Sequence[Signature]) -> State:
    """Return how far a certificate with these signatures has come."""
    return signatures[-1].duty if signatures else "draft"


def next_duty(signatures: Sequence[Signature]) -> Duty:
    """Return what is to be signed for next (`CertificateRefused` once the certificate is issued)."""
    if len(signatures) >= len(DUTIES):
        raise CertificateRefused("the certificate is issued; write an amended one to change it")
    return DUTIES[len(signatures)]


def sign(data: bytes, key: SigningKey, at: datetime, register: Register | None = None) -> bytes:
    """Return the certificate in `data` with the signature that is due next.

    Args:
        data: the certificate's XML, as far as it is signed.
        key: the signer's.
        at: time of signing.
        register: the laboratory's; with it, whatever it objects to is refused.

    Raises:
        CertificateRefused: the key belongs to nobody who is to sign now, or the register objects.
    """
    signatures = read_signatures(data)
    duty = next_duty(signatures)
    record = read(data)
    if duty != "issued":
        _check_person(record, duty, key.name)
    _check_new(signatures, key.chain[0])
    if register is not None:
        register.check_issue(record, duty, fingerprint(key.chain[0]), at.date())
    return sign_xml(data, key, duty, at)


def check_approval(record: Record, signatures: Sequence[Signature]) -> None:
    """Raise `CertificateRefused` unless those `record` names have signed, in order, nobody twice."""
    duties = tuple(signature.duty for signature in signatures)
    if duties != DUTIES:
        raise CertificateRefused(
            f"it must be signed as {', '.join(DUTIES)}, in this order; it is as {', '.join(duties)}"
        )
    for number, signature in enumerate(signatures):
        _check_new(signatures[:number], signature.chain[0])
        if signature.duty != "issued":
            _check_person(record, signature.duty, signature.name)


def replace(data: bytes, record: Record, change: Literal["amended", "substituted"]) -> Record:
    """Return `record` as the one that takes the place of the issued certificate in `data`.

    It has a number of its own and names the old one with the SHA-256 of its file.

    Raises:
        CertificateRefused: the old certificate was never issued, or the numbers are the same.
    """
    old = read(data)
    if state(read_signatures(data)) != "issued":
        raise CertificateRefused(f"certificate {old.number} was never issued: correct it instead")
    if old.number == record.number:
        raise CertificateRefused(f"the new certificate needs another number than {old.number}")
    title = Text(zh="被替换的证书", en="Certificate replaced")
    previous = ReportReference(
        number=old.number, title=title, procedure="SHA256", value=sha256(data).hexdigest()
    )
    replacement = Replacement(number=old.number, change=change)
    return record.model_copy(update={"replaces": replacement, "previous": previous})


def print_signed(data: bytes, key: SigningKey, at: datetime) -> bytes:
    """Return an issued certificate as a PDF with the XML inside, signed by the laboratory.

    Raises:
        CertificateRefused: the certificate has not been issued.
        ConfigurationError: a font is missing.
    """
    from remotecal.certificates.pdf import print_certificate
    from remotecal.certificates.signing.pdf import sign_pdf

    signatures = read_signatures(data)
    if state(signatures) != "issued":
        raise CertificateRefused(f"the certificate is {state(signatures)}, not issued; issue it first")
    return sign_pdf(print_certificate(read(signatures[-1].content), data), key, at)


def _check_person(record: Record, duty: Duty, name: str) -> None:
    named = [text for person in record.persons if person.duty == duty for text in person.name.root.values()]
    if name not in named:
        raise CertificateRefused(
            f"{name} signs as {duty}, but the certificate names {' / '.join(named) or 'nobody'} for that"
        )


def _check_new(signatures: Sequence[Signature], signer: Certificate) -> None:
    name = common_name(signer)
    for signature in signatures:
        if signature.name == name or signature.chain[0].public_key() == signer.public_key():
            raise CertificateRefused(f"{name} has signed as {signature.duty} already; nobody signs twice")
