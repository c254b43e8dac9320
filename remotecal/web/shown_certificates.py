"""What the API sends of certificates: how far one has come, and what is ready to be signed."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Literal

from remotecal.web.shown import ShownBody


class SignatureShown(ShownBody):
    """A signature on a certificate."""

    duty: Literal["performed", "reviewed", "approved", "issued"]
    """What for."""
    name: str
    """Whose, as the key's certificate says."""
    at: datetime
    """When, as the signer says."""
    in_browser: bool
    """Whether by a key that a browser keeps, as the authority says that certified it."""


class CertificateShown(ShownBody):
    """How far a certificate has come."""

    state: Literal["draft", "performed", "reviewed", "approved", "issued"]
    """What it was signed for last; only an issued one is a certificate."""
    sha256: str
    """SHA-256 of its XML file."""
    signatures: tuple[SignatureShown, ...]
    """Its signatures, earliest first."""


class PreparedShown(ShownBody):
    """A certificate that is ready to be signed by a key that a browser keeps."""

    id: str
    """What it is found by."""
    duty: Literal["performed", "reviewed", "approved"]
    """What it is to be signed for."""
    number: str
    """Its number."""
    sha256: str
    """SHA-256 of its canonical XML with the earlier signatures."""
    signed_info: str
    """What is to be signed, in base64."""
    expires: datetime
    """Until when."""


def certificate_shown(xml: bytes) -> CertificateShown:
    """Return how far a certificate has come (`CertificateRefused` if a signature does not hold)."""
    from remotecal.certificates import approval
    from remotecal.certificates.signing.xml import read_signatures

    signed = read_signatures(xml)
    return CertificateShown(
        state=approval.state(signed),
        sha256=sha256(xml).hexdigest(),
        signatures=tuple(
            SignatureShown(duty=one.duty, name=one.name, at=one.time, in_browser=one.in_browser)
            for one in signed
        ),
    )
