"""Time stamps (RFC 3161): somebody else's word for when a signature was there already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.errors import CertificateRefused, ConfigurationError

if TYPE_CHECKING:
    from datetime import datetime

    from asn1crypto.tsp import TimeStampReq, TimeStampResp
    from cryptography.x509 import Certificate
    from pyhanko.sign.timestamps import TimeStamper

LONGEST = 20.0
"""Seconds that a time-stamping authority may take."""

LARGEST = 100_000
"""Bytes of its answer; a token with its certificates has some thousands."""


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """A time stamp that holds; whether its authority may be trusted is another question (see `trust`)."""

    at: datetime
    """When the authority saw the signature."""
    chain: tuple[Certificate, ...]
    """The authority's certificate first."""


def time_stamper(url: str) -> TimeStamper:
    """Return what asks the authority at `url` for a time stamp, over HTTP (RFC 3161, 3.4).

    It raises `ConfigurationError` where there is none, or it refuses.
    """
    from asyncio import to_thread

    from asn1crypto.tsp import TimeStampResp
    from pyhanko.sign.timestamps import TimeStamper

    if not url.startswith(("http://", "https://")):
        raise ConfigurationError(f"a time-stamping authority has an address such as https://…, not {url!r}")

    class Asking(TimeStamper):
        """pyHanko's way to ask, without another library for HTTP."""

        async def async_request_tsa_response(self, req: TimeStampReq) -> TimeStampResp:
            said = await to_thread(_ask, url, req.dump())
            try:
                reply = TimeStampResp.load(said)
                _ = reply.native  # all of it is parsed now, where it is known whose it is
            except (ValueError, TypeError) as error:
                raise ConfigurationError(f"{url} gives no time stamp: {error}") from error
            return reply

    return Asking()  # type: ignore[no-untyped-call]  # pyHanko's own


def _ask(url: str, request: bytes) -> bytes:
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    asked = Request(url, request, {"Content-Type": "application/timestamp-query"})  # noqa: S310  HTTP only, see above
    try:
        with urlopen(asked, timeout=LONGEST) as reply:  # noqa: S310  as above
            return bytes(reply.read(LARGEST))
    except OSError as error:
        if isinstance(error, HTTPError):
            error.close()
        raise ConfigurationError(f"the time-stamping authority at {url} does not answer: {error}") from error


def check_authority(certificate: Certificate) -> None:
    """Raise `CertificateRefused` unless a certificate is for time stamps (RFC 3161, 2.3)."""
    from cryptography.x509 import ExtendedKeyUsage, ExtensionNotFound
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        usage = list(certificate.extensions.get_extension_for_class(ExtendedKeyUsage).value)
    except ExtensionNotFound:
        usage = []
    if usage != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise CertificateRefused("the time stamp's key is not one for time stamps alone")
