"""What a signature on a certificate says, once it has been found to hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from remotecal.certificates.signing.keys import common_name

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.x509 import Certificate

    from remotecal.certificates.signing.timestamp import Stamp

Duty = Literal["performed", "reviewed", "approved", "issued"]
"""What is signed for: 检定, 核验, 批准, and the laboratory's seal (检定专用章)."""

DUTIES: tuple[Duty, ...] = ("performed", "reviewed", "approved", "issued")
"""In the order in which they are signed."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature that holds; whether its key may be trusted is another question (see `trust`)."""

    duty: Duty
    """What it was given for, as the signature itself says."""
    at: datetime
    """When it was made, as the signer claims."""
    chain: tuple[Certificate, ...]
    """The signer's certificate first."""
    content: bytes
    """Exactly what is signed: canonical XML, or the PDF file."""
    stamp: Stamp | None = None
    """What a time-stamping authority witnessed, where it was asked."""

    @property
    def name(self) -> str:
        """Name of the signer."""
        return common_name(self.chain[0])
