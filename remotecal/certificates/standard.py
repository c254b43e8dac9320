"""Whether a file is the certificate of the standard that another certificate rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.errors import CertificateRefused
from remotecal.model import Certificate
from remotecal.model.choice import speaking_of
from remotecal.model.identifiers import among, same

if TYPE_CHECKING:
    from datetime import date

    from remotecal.model import CertificateReference, Equipment, Record


def check_standard(record: Record, standard: Equipment, begun: date, finished: date) -> None:
    """Raise `CertificateRefused` unless `record` is the certificate of `standard`, as it says.

    Args:
        record: what the certificate of the standard says.
        standard: the standard as the certificate above it names it, with number and dates.
        begun: first day on which it was used.
        finished: last day.
    """
    record = of_standard(record, standard)
    certificate = Certificate(record)
    if standard.certificate is not None:
        _check_reference(record, standard.certificate)
    if standard.serials and not any(among(serial, certificate.serials) for serial in standard.serials):
        raise CertificateRefused(
            f"it is for serial {', '.join(certificate.serials)}, not for serial number {standard.serials[0]}"
        )
    until = certificate.valid_until
    if until is not None and until < finished:
        raise CertificateRefused(f"it says it is valid until {until}; the standard was used on {finished}")
    if record.finished > begun:
        raise CertificateRefused(f"it is of {record.finished}, after the standard was used on {begun}")


def of_standard(record: Record, standard: Equipment) -> Record:
    """Return a certificate with the item that is a standard alone, and what is declared of it.

    Where it is for several and the standard's is none of them, or is not told, it stays as it is.
    """
    its = tuple(item for item in record.items if any(among(one, item.serials) for one in standard.serials))
    return speaking_of(record, its) if its and len(record.items) > 1 else record


def doubt(record: Record, standard: Equipment) -> str | None:
    """Return what leaves open whether a certificate that is not refused is that of a standard."""
    reference = standard.certificate
    issuer, laboratory = reference.issuer if reference else None, record.laboratory.contact.name
    if not standard.serials:
        return "the standard is named without its serial number: whether it is for that one can't be told"
    if issuer is not None and not issuer.agrees(laboratory):
        return f"it is said to be of {issuer.get('en')}, and names {laboratory.get('en')} as its laboratory"
    return None


def _check_reference(record: Record, reference: CertificateReference) -> None:
    if not same(record.number, reference.number):
        raise CertificateRefused(f"the file with this hash is certificate {record.number}")
    certificate = Certificate(record)
    if reference.issued is not None and reference.issued != certificate.issued:
        raise CertificateRefused(f"it was issued on {certificate.issued}, not on {reference.issued}")
    until = certificate.valid_until
    if until is not None and reference.valid_until is not None and reference.valid_until > until:
        raise CertificateRefused(f"it is valid until {until}, not until {reference.valid_until}")
