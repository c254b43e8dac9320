"""How a certificate becomes one: 检定, 核验, 批准, then the laboratory's seal.

Three persons sign, nobody twice, each for the duty under which the certificate names them. Each
signature covers the earlier ones, so what the reviewer saw is what the approver approved.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from remotecal.certificates.added import AMENDMENT, PARTS, amended_parts, amendment, without_address
from remotecal.certificates.dcc.read import read
from remotecal.certificates.signing.keys import SigningKey, common_name, fingerprint
from remotecal.certificates.signing.signature import DUTIES
from remotecal.certificates.signing.xml import read_signatures, sign_xml
from remotecal.errors import CertificateRefused
from remotecal.model import Replacement, ReportReference, Text
from remotecal.model.identifiers import among, disguise, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509 import Certificate

    from remotecal.certificates.signing.signature import Duty, Signature
    from remotecal.model import Record
    from remotecal.registers import LaboratoryRegister

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


def sign(data: bytes, key: SigningKey, at: datetime, register: LaboratoryRegister | None = None) -> bytes:
    """Return the certificate in `data` with the signature that is due next.

    Args:
        data: the certificate's XML, as far as it is signed.
        key: the signer's.
        at: time of signing, in the laboratory's time zone: its days count.
        register: the laboratory's; with it, whatever it objects to is refused.

    Raises:
        CertificateRefused: the key belongs to nobody who is to sign now, or the register objects.
    """
    duty = check_next(data, key.chain[0], at, register)
    return sign_xml(data, key, duty, at)


def check_next(
    data: bytes, signer: Certificate, at: datetime, register: LaboratoryRegister | None = None
) -> Duty:
    """Return what whoever a certificate of a key is for would sign for now; all of `sign` but the signature.

    Raises:
        CertificateRefused: as `sign`.
    """
    signatures = read_signatures(data)
    duty = next_duty(signatures)
    record = read(data)
    check_identifiers(record)
    if duty != "issued":
        _check_person(record, duty, common_name(signer))
    _check_new(record, signatures, duty, signer)
    if register is not None:
        register.check_issue(record, duty, fingerprint(signer), at.date())
    return duty


class Unsigned(NamedTuple):
    """A certificate with all of a further signature but its value, which is made where the key is."""

    xml: bytes
    """The certificate, for `signing.xml.with_value`."""
    signed_info: bytes
    """What is signed: RSASSA-PKCS1-v1_5 with SHA-256."""


@dataclass(slots=True)
class _Elsewhere:
    """Stands where a key would that is not here: keeps what it is to sign."""

    asked: bytes = b""

    def sign(self, data: bytes, padding: PKCS1v15, algorithm: SHA256) -> bytes:
        """Return no signature yet."""
        self.asked = data
        return b""


def prepare(data: bytes, chain: tuple[Certificate, ...], at: datetime) -> Unsigned:
    """Return what `sign` would with the key of a chain of certificates, for a signature made elsewhere."""
    elsewhere = _Elsewhere()
    xml = sign(data, SigningKey(cast("RSAPrivateKey", elsewhere), chain), at)
    return Unsigned(xml, elsewhere.asked)


def check_day(data: bytes, at: datetime, *, virtual: bool = False) -> None:
    """Raise `CertificateRefused` if the calibration ends on a day that has not come in `at`'s time zone.

    Args:
        data: the certificate.
        at: when it is to be signed.
        virtual: its run lived by a virtual clock, as its journal says: then a demonstration's days are that
            clock's, and not compared with when it is signed.
    """
    record = read(data)
    finished = record.finished
    if at.date() < finished and not (virtual and record.demonstration):
        raise CertificateRefused(
            f"the calibration ended on {finished}, and it is {at.date()} in this time zone: sign by the "
            "laboratory's (--time-zone)"
        )


def check_approval(record: Record, signatures: Sequence[Signature]) -> None:
    """Raise `CertificateRefused` unless those `record` names have signed, in order, nobody twice."""
    duties = tuple(signature.duty for signature in signatures)
    if duties != DUTIES:
        raise CertificateRefused(
            f"it must be signed as {', '.join(DUTIES)}, in this order; it is as {', '.join(duties)}"
        )
    check_signers(record, signatures)


def check_signers(record: Record, signatures: Sequence[Signature]) -> None:
    """Raise `CertificateRefused` unless each signed for what `record` names them for, and nobody twice."""
    for number, signature in enumerate(signatures):
        _check_new(record, signatures[:number], signature.duty, signature.chain[0])
        if signature.duty != "issued":
            _check_person(record, signature.duty, signature.name)


def replace(data: bytes, record: Record, change: Literal["amended", "substituted"], reason: Text) -> Record:
    """Return `record` as the one that takes the place of the issued certificate in `data`.

    It has a number of its own, names the old one with the SHA-256 of its file, and states what was
    changed and why (ISO/IEC 17025, 7.8.8).

    Args:
        data: the old certificate's XML.
        record: what the new one is to say.
        change: whether it amends the old one, or is a whole new one.
        reason: why.

    Raises:
        CertificateRefused: the old certificate was never issued, the numbers are the same, nothing else
            is changed, or the one is a demonstration and the other is not.
    """
    signatures = read_signatures(data)
    old = read(signatures[-1].content if signatures else data)
    if state(signatures) != "issued":
        raise CertificateRefused(f"certificate {old.number} was never issued: correct it instead")
    if why := disguise(record.number):
        raise CertificateRefused(why)
    if same(old.number, record.number):
        raise CertificateRefused(f"the new certificate needs another number than {old.number}")
    if old.demonstration != record.demonstration:
        raise CertificateRefused("a demonstration takes the place of a demonstration only")
    parts = _changed(old, record)
    title = Text(zh="被替换的证书", en="Certificate replaced")
    previous = ReportReference(
        number=old.number, title=title, procedure="SHA256", value=sha256(data).hexdigest()
    )
    replacement = Replacement(number=old.number, change=change)
    said = amendment(old.number, parts, reason)
    return record.model_copy(
        update={
            "replaces": replacement,
            "previous": previous,
            "issued": None,
            "statements": (*record.statements, said),
        }
    )


def check_amendment(old: Record, new: Record) -> None:
    """Raise `CertificateRefused` unless `new` differs from `old`, and names all in which it does.

    A certificate of another maker need not name it in our words.
    """
    said = [entry for entry in new.statements if AMENDMENT in entry.ref_types and entry not in old.statements]
    computed = new.model_copy(
        update={"statements": tuple(entry for entry in new.statements if entry not in said)}
    )
    changed = {name for _, name in _changed(old, computed)}
    named = {name for entry in said for name in amended_parts(entry, old.number)}
    if said and not changed <= named:
        raise CertificateRefused(
            f"it changes {', '.join(sorted(changed - named))} of certificate {old.number} without saying so"
        )
    if old.issued is not None and new.issued is not None and new.issued < old.issued:
        raise CertificateRefused(f"issued on {new.issued}, before {old.number} on {old.issued}")


def _changed(old: Record, new: Record) -> list[tuple[str, str]]:
    old, new = without_address(old), without_address(new)
    parts = [names for field, names in PARTS.items() if getattr(old, field) != getattr(new, field)]
    if not parts:
        raise CertificateRefused(f"nothing differs from certificate {old.number}: there is nothing to amend")
    return parts


def print_signed(data: bytes, key: SigningKey, at: datetime, timestamp: str | None = None) -> bytes:
    """Return an issued certificate as a PDF with the XML inside, signed by the laboratory.

    `timestamp` is the address of a time-stamping authority that is to witness the time.

    Raises:
        CertificateRefused: the certificate has not been issued.
        ConfigurationError: a font is missing, or the authority gives no time stamp.
    """
    from remotecal.certificates.pdf import print_certificate
    from remotecal.certificates.signing.pdf import sign_pdf

    signatures = read_signatures(data)
    if state(signatures) != "issued":
        raise CertificateRefused(f"the certificate is {state(signatures)}, not issued; issue it first")
    return sign_pdf(print_certificate(read(signatures[-1].content), data), key, at, timestamp)


def check_identifiers(record: Record) -> None:
    """Raise `CertificateRefused` if a number in a certificate shows another than it is."""
    for text in _identifiers(record):
        if why := disguise(text):
            raise CertificateRefused(why)


def _identifiers(record: Record) -> Iterator[str]:
    yield record.number
    for entry in record.identifications:
        yield entry.value
    for item in record.items:
        for entry in item.identifications:
            yield entry.value
    for standard in record.standards:
        for entry in standard.identifications:
            yield entry.value
        if standard.certificate is not None:
            yield standard.certificate.number
    if record.replaces is not None:
        yield record.replaces.number
    for person in record.persons:
        yield from person.name.root.values()


def _check_person(record: Record, duty: Duty, name: str) -> None:
    named = _named(record, duty)
    if name not in named:
        raise CertificateRefused(
            f"{name} signs as {duty}, but the certificate names {' / '.join(named) or 'nobody'} for that"
        )


def _named(record: Record, duty: Duty) -> list[str]:
    """Return the names a certificate gives for a duty, in every language, each once."""
    persons = [person for person in record.persons if person.duty == duty]
    return list(dict.fromkeys(text for person in persons for text in person.name.root.values()))


def _check_new(record: Record, signatures: Sequence[Signature], duty: Duty, signer: Certificate) -> None:
    """Refuse a key that signed before, and a person who did, under whichever spelling of the name."""
    name = common_name(signer)
    names = {name, *_named(record, duty)}
    for signature in signatures:
        same_person = any(among(one, names) for one in (signature.name, *_named(record, signature.duty)))
        if same_person or signature.chain[0].public_key() == signer.public_key():
            raise CertificateRefused(f"{name} has signed as {signature.duty} already; nobody signs twice")
