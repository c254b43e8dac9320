"""Phones: they join by a code on the screen, over TLS with a certificate of the station's own."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Final

from remotecal.certificates.signing.keys import fingerprint
from remotecal.errors import ConfigurationError
from remotecal.station.pages.entering import QR_LASTS
from remotecal.transport.pki import Credentials, new_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from remotecal.station.pages.entering import Doorkeeper

FILE: Final = "page.pem"
"""Key and certificate by which phones tell the station."""
LASTS: Final = timedelta(days=90)
NOWHERE: Final = "192.0.2.1"
"""An address nobody has (RFC 5737); nothing is sent to it, but it tells by which of ours one would."""


class Phones:
    """Lets phones join while somebody wants it.

    Args:
        keeper: who is let in.
        folder: the station's directory.
        host: the address phones reach this computer by; "" to find it out.
        serve: serves the pages at an address with a certificate, and gives their origin.
    """

    def __init__(
        self,
        keeper: Doorkeeper,
        folder: Path,
        host: str,
        serve: Callable[[str, Path], AbstractAsyncContextManager[str]],
    ) -> None:
        self._keeper, self._folder, self._host, self._serve = keeper, folder, host, serve
        self._stack: AsyncExitStack | None = None
        self._word = ""
        self._closing: asyncio.TimerHandle | None = None
        self.origin = ""
        """Where phones are served; "" while none is."""
        self.fingerprint = ""
        """SHA-256 of the certificate they are shown."""
        self._works: set[asyncio.Task[None]] = set()
        self._one = asyncio.Lock()
        """Held while serving phones begins or ends: who presses twice has one code."""

    @property
    def waiting(self) -> bool:
        """Whether a code waits for a phone."""
        return bool(self.origin) and self._keeper.good(self._word, phone=True)

    @property
    def address(self) -> str:
        """What the code says."""
        return f"{self.origin}{self._keeper.base}/join?ticket={self._word}"

    def drawing(self) -> bytes:
        """Return the code as SVG (`ConfigurationError`: none waits)."""
        import segno

        if not self.waiting:
            raise ConfigurationError("no code waits for a phone: ask for one")
        made = BytesIO()
        segno.make(self.address, error="m").save(made, kind="svg", scale=6, border=4, xmldecl=False)
        return made.getvalue()

    async def open(self) -> None:
        """Serve phones, and have a code wait for one.

        Raises:
            ConfigurationError: this computer is in no network, or the address can't be listened on.
        """
        async with self._one:
            if self._stack is None:
                host = self._host or _own_address()
                certificate = await asyncio.to_thread(own_certificate, self._folder / FILE, host)
                self.fingerprint = fingerprint(Credentials.read(certificate).certificate)
                stack = AsyncExitStack()
                self.origin = await stack.enter_async_context(self._serve(host, certificate))
                self._stack = stack
        self._word = self._keeper.ticket(phone=True)
        if self._closing is not None:
            self._closing.cancel()
        self._closing = asyncio.get_running_loop().call_later(QR_LASTS, self._close_if_alone)

    def used(self, word: str) -> None:
        """Take note that a phone has joined by a code."""
        if word == self._word:
            self._word = ""

    async def close(self) -> None:
        """Serve phones no more."""
        async with self._one:
            if self._closing is not None:
                self._closing.cancel()
            stack, self._stack = self._stack, None
            self.origin = self._word = ""
            if stack is not None:
                await stack.aclose()

    def _close_if_alone(self) -> None:
        if not self._keeper.phones and not self.waiting:
            work = asyncio.ensure_future(self.close())
            self._works.add(work)
            work.add_done_callback(self._works.discard)


def _own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect((NOWHERE, 9))
        return str(probe.getsockname()[0])
    raise ConfigurationError(
        "this computer is in no network a phone could reach it by: join one, or say by which address with "
        "--phones ADDRESS"
    )


def own_certificate(path: Path, host: str) -> Path:
    """Return the file with the station's own key and certificate for an address; made where none will do."""
    with suppress(ConfigurationError):
        found = Credentials.read(path)
        if found.until > datetime.now(UTC) + timedelta(days=1) and host in _hosts(found):
            return path
    _made(host).write(path)
    return path


def _hosts(found: Credentials) -> list[str]:
    from cryptography import x509

    names = found.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(name.value) for name in names]


def _made(host: str) -> Credentials:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key, now = new_key(), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "remotecal station")])
    try:
        whose: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        whose = x509.DNSName(host)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LASTS)
        .add_extension(x509.SubjectAlternativeName([whose]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, SHA256())
    )
    return Credentials(key, made)
