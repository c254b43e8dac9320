"""Who may connect to the broker, and what for: the laboratory answers, station by station.

The server asks about each client (NATS auth callout) and takes a signed answer: a JSON Web Token
with the client's permissions, or a reason to refuse. Both are NATS's own dialect of JWT, signed
with an Ed25519 "nkey".
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

from remotecal.errors import EvidenceError
from remotecal.transport.subjects import may_publish, may_subscribe

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from remotecal.certificates.signing.seal import PublicKey, SealKey

Claims: TypeAlias = "Mapping[str, Claims] | Sequence[Claims] | str | int"

ACCOUNT = "CAL"
"""The server's account in which everything happens."""
ANSWERS = 1
"""How many answers a station may send to one command."""
ANSWER_WITHIN = 60
"""Seconds it may take a station to answer."""

_ACCOUNT_KEY = 0 << 3
_SERVER_KEY = 13 << 3


@dataclass(frozen=True, slots=True)
class Connecting:
    """A client that wants to connect."""

    server: str
    """The server's key, for which the answer is."""
    user: str
    """The key the server made for this client."""
    host: str
    """Where the client is."""
    certificate: Certificate
    """Its certificate, which the server has found to come from our authority, and valid."""


def account_key(key: PublicKey) -> str:
    """Return a public key as the server's configuration names an issuer."""
    return _nkey(_ACCOUNT_KEY, key.raw)


def read_request(token: bytes) -> Connecting:
    """Return what a server asks.

    Raises:
        EvidenceError: the token is not a server's, or the client showed no certificate.
    """
    from cryptography.x509 import load_pem_x509_certificate

    try:
        head, body, signature = token.decode("ascii").split(".")
        claims = json.loads(_decode(body))
        _check(claims["iss"], f"{head}.{body}".encode(), _decode(signature))
        asked = claims["nats"]
        pem = asked["client_tls"]["verified_chains"][0][0]
        return Connecting(
            server=asked["server_id"]["id"],
            user=asked["user_nkey"],
            host=asked["client_info"]["host"],
            certificate=load_pem_x509_certificate(pem.encode()),
        )
    except (ValueError, LookupError, TypeError) as error:
        raise EvidenceError(
            f"this is no server's question about a client with a certificate: {error}"
        ) from None


def admit(asked: Connecting, station: str, until: float, key: SealKey) -> bytes:
    """Return the answer that lets a station in, with its permissions, until a time (s since 1970)."""
    permissions: Claims = {
        "type": "user",
        "version": 2,
        "pub": {"allow": list(may_publish(station))},
        "sub": {"allow": list(may_subscribe(station))},
        "resp": {"max": ANSWERS, "ttl": ANSWER_WITHIN * 1_000_000_000},
    }
    user = _token(
        {"sub": asked.user, "aud": ACCOUNT, "name": station, "exp": int(until), "nats": permissions}, key
    )
    return _answer(asked, {"jwt": user}, key)


def refuse(asked: Connecting, reason: str, key: SealKey) -> bytes:
    """Return the answer that keeps a client out; the server logs the reason, the client never sees it."""
    return _answer(asked, {"error": reason}, key)


def _answer(asked: Connecting, content: Mapping[str, Claims], key: SealKey) -> bytes:
    claims: Claims = {"type": "authorization_response", "version": 2, **content}
    return _token({"sub": asked.user, "aud": asked.server, "nats": claims}, key).encode()


def _token(claims: Mapping[str, Claims], key: SealKey) -> str:
    whole = {**claims, "iss": account_key(key.public), "iat": int(time.time())}
    digest = sha256(json.dumps(whole, sort_keys=True).encode()).digest()
    whole["jti"] = base64.b32encode(digest).decode().rstrip("=")
    signed = f"{_encode({'typ': 'JWT', 'alg': 'ed25519-nkey'})}.{_encode(whole)}"
    signature = base64.b64decode(key.sign(signed.encode()))
    return f"{signed}.{_encode_bytes(signature)}"


def _check(issuer: str, signed: bytes, signature: bytes) -> None:
    from remotecal.certificates.signing.seal import PublicKey

    raw = base64.b32decode(issuer + "=" * (-len(issuer) % 8))
    key = PublicKey(raw[1:33])
    if issuer != _nkey(_SERVER_KEY, key.raw):
        raise ValueError("its issuer is no server")
    key.check(signed, base64.b64encode(signature).decode())


def _nkey(kind: int, raw: bytes) -> str:
    body = bytes([kind]) + raw
    checksum = binascii.crc_hqx(body, 0).to_bytes(2, "little")
    return base64.b32encode(body + checksum).decode().rstrip("=")


def _encode(content: Mapping[str, Claims]) -> str:
    return _encode_bytes(json.dumps(content).encode())


def _encode_bytes(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
