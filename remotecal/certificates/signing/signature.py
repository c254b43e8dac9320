"""What a signature on a certificate says, once it has been found to hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from remotecal.certificates.signing.keys import common_name, names_browser
from remotecal.errors import CertificateRefused

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.x509 import Certificate

    from remotecal.certificates.signing.timestamp import TimeStamp

Duty = Literal["performed", "reviewed", "approved", "issued"]
"""What is signed for: 检定, 核验, 批准, and the laboratory's seal (检定专用章)."""

DUTIES: tuple[Duty, ...] = ("performed", "reviewed", "approved", "issued")
"""In the order in which they are signed."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature that holds; whether its key may be trusted is another question (see `trust`)."""

    duty: Duty
    """What it was given for, as the signature itself says."""
    at: datetime | None
    """When it was made, as the signer claims; None where nobody says."""
    chain: tuple[Certificate, ...]
    """The signer's certificate first."""
    content: bytes
    """Exactly what is signed: canonical XML, or the PDF file."""
    stamp: TimeStamp | None = None
    """What a time-stamping authority witnessed, where it was asked."""
    unexamined: tuple[str, ...] = ()
    """What goes with it unsigned and was not examined, such as `RevocationValues`."""

    @property
    def name(self) -> str:
        """Name of the signer."""
        return common_name(self.chain[0])

    @property
    def in_browser(self) -> bool:
        """Whether its key is kept by a browser, as the authority says that certified it."""
        return names_browser(self.chain[0].subject)

    @property
    def when(self) -> str:
        """When it was made, in words."""
        return "at an unknown time" if self.at is None else f"on {self.at:%Y-%m-%d %H:%M %z}"

    @property
    def time(self) -> datetime:
        """When it was made (`CertificateRefused` where nobody says)."""
        if self.at is None:
            raise CertificateRefused(f"the signature of {self.name} does not say when it was made")
        return self.at

    @property
    def said(self) -> str:
        """What it says, in one line, and what of it was not examined."""
        apart = f", not examined: {', '.join(self.unexamined)}" if self.unexamined else ""
        kept = ", by a key that a browser keeps" if self.in_browser else ""
        return f"{self.duty} by {self.name} {self.when}{kept}{apart}"
