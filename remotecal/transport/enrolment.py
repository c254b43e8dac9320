"""How a station gets its first certificate: with a code that is good once.

A code, `NAME-SECRET-SECRET-CHECK`, is short enough to be typed. Its check is made of the secret and the
fingerprint of the laboratory's authority, so the station knows whom it talks to before it says anything, and
the secret goes to nobody else: whoever does not know the secret can't make an authority that the check fits,
and has one guess in 2³⁰. The station's keys are made at the station and stay there.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import re
import secrets
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from hmac import compare_digest

from pydantic import Field

from remotecal.configuration import Written, checked
from remotecal.errors import ConfigurationError, NotConnected, RemotecalError
from remotecal.transport.doors import GREETED_WITHIN, Door
from remotecal.transport.identities import check_name, host_and_port

log = logging.getLogger(__name__)

LONGEST = 64 * 1024
"""Bytes in a question or an answer."""
MOST, OF_ONE = 64, 8
"""Applications at a time, and of one client."""
WITHIN = 15.0
"""Seconds an exchange may take."""


class Application(Written):
    """What a station sends; without a secret it only asks who the authority is."""

    secret: str = ""
    """From its code."""
    request: str = ""
    """Certificate signing request, PEM."""
    key: str = ""
    """Ed25519 public key for its journals, base64."""


class Admitted(Written):
    """What it gets."""

    authority: str = ""
    """Certificate of the authority, PEM."""
    certificate: str = ""
    """The station's certificate, PEM."""
    laboratory: str = ""
    """Ed25519 public key that signs orders and commands, base64."""
    laboratory_name: str = ""
    """Name of the laboratory."""
    servers: tuple[str, ...] = Field(default=())
    """Where to connect from now on."""
    refused: str = ""
    """Why it gets nothing."""


@dataclass(frozen=True, slots=True)
class Code:
    """An enrolment code."""

    station: str
    """Whom it is for."""
    secret: str
    """Good once: letters and digits, as `new_secret` makes them."""
    check: str
    """What secret and authority have in common."""

    def __str__(self) -> str:
        return "-".join((self.station, self.secret[:GROUP], self.secret[GROUP:], self.check))

    @classmethod
    def made(cls, station: str, secret: str, fingerprint: str) -> Code:
        """Return the code with a secret, for an authority by the fingerprint of its certificate."""
        return cls(station, secret, _check(secret, fingerprint))

    @classmethod
    def read(cls, text: str) -> Code:
        """Return the code in a text, in capitals or not (`ConfigurationError` if there is none)."""
        found = _CODE.fullmatch(text.strip())
        if found is None:
            raise ConfigurationError(
                "this is no enrolment code; it has the form NAME-SECRET-SECRET-CHECK: the station's name, "
                f"and three times {GROUP} letters and digits"
            )
        groups = [found[name].upper().translate(_ALIKE) for name in ("first", "second", "check")]
        return cls(check_name(found["name"].lower()), groups[0] + groups[1], groups[2])

    def is_of(self, fingerprint: str) -> bool:
        """Tell whether the laboratory whose authority has this fingerprint made the code."""
        return compare_digest(self.check, _check(self.secret, fingerprint))


def enrol_command(code: Code, at: str) -> str:
    """Return what is typed at a station to enrol by a code with the hub at `host:port`."""
    return f"remotecal station enrol {code} --at {at}"


def new_secret() -> str:
    """Return a secret of 60 bits, in letters and digits that nobody takes for others."""
    return "".join(secrets.choice(LETTERS) for _ in range(2 * GROUP))


def _check(secret: str, fingerprint: str) -> str:
    number = int.from_bytes(hmac.digest(secret.encode(), fingerprint.encode(), "sha256"), "big")
    return "".join(LETTERS[number >> 5 * place & 31] for place in range(GROUP))


GROUP = 6
"""Letters and digits between two hyphens."""
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits and letters without I, L, O and U (Crockford's base 32)."""
_ALIKE = str.maketrans("ILO", "110")
_GROUP = rf"[0-9A-Za-z]{{{GROUP}}}"
_CODE = re.compile(rf"(?P<name>[^\s]+)-(?P<first>{_GROUP})[- ](?P<second>{_GROUP})[- ](?P<check>{_GROUP})")


async def serve(
    listen: str, tls: ssl.SSLContext, answer: Callable[[Application], Awaitable[Admitted]]
) -> asyncio.Server:
    """Take applications until the server is closed.

    Args:
        listen: `address:port`.
        tls: shows the hub's certificate, and asks for none.
        answer: decides.
    """
    host, port = host_and_port(listen)
    door = Door(host, port, most=MOST, of_one=OF_ONE)

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(WITHIN):
                question = await reader.readline()
                door.greet(writer.transport)
                application = checked(Application, _members(question), "application", ConfigurationError)
                reply = await answer(application)
                writer.write(reply.model_dump_json().encode() + b"\n")
                await writer.drain()
        except (RemotecalError, ValueError, OSError, TimeoutError, RecursionError) as error:
            log.warning("an application could not be dealt with: %s", error or type(error).__name__)
        finally:
            writer.close()

    return await asyncio.start_server(
        attend, sock=door, ssl=tls, ssl_handshake_timeout=GREETED_WITHIN, limit=LONGEST
    )


async def ask_authority(address: str) -> bytes:
    """Return the certificate a hub says is its authority's; whoever asks must check its fingerprint.

    Raises:
        NotConnected: the hub can't be reached.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # Nothing is believed yet, and nothing is said: the code's fingerprint decides about the answer.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return (await apply(address, context, Application())).authority.encode()


async def apply(address: str, tls: ssl.SSLContext, application: Application) -> Admitted:
    """Send an application to a hub and return its answer.

    Raises:
        TransportError: the hub can't be reached, or is not who it should be.
        ConfigurationError: it refuses.
    """
    host, port = host_and_port(address)
    try:
        async with asyncio.timeout(WITHIN):
            reader, writer = await asyncio.open_connection(host, port, ssl=tls, limit=LONGEST)
            try:
                writer.write(application.model_dump_json().encode() + b"\n")
                await writer.drain()
                line = await reader.readline()
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
        admission = checked(Admitted, _members(line), f"the answer of {address}", ConfigurationError)
    except (OSError, TimeoutError, ValueError, RecursionError) as error:
        raise NotConnected(f"the hub at {address} can't be asked: {error or type(error).__name__}") from error
    if admission.refused:
        raise ConfigurationError(f"the hub at {address} refuses: {admission.refused}")
    return admission


def _members(line: bytes) -> object:

    return json.loads(line)
