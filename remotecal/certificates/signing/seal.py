"""Ed25519 signatures over a few bytes: journals' heads, trust lists.

They need no viewer of another maker, so they are as plain as can be: OpenSSL checks one with
`openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in FILE -sigfile SIGNATURE`.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.configuration import read_within
from remotecal.errors import ConfigurationError, EvidenceError
from remotecal.private_files import read_private, unreadable_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LONGEST_PEM = 2**16
"""Bytes of a file with a key that are read."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The key that checks what a `SealKey` signed."""

    raw: bytes
    """32 bytes (RFC 8032)."""

    @property
    def id(self) -> str:
        """Short name of the key: the first 16 hexadecimal digits of its SHA-256."""
        return hashlib.sha256(self.raw).hexdigest()[:16]

    @property
    def text(self) -> str:
        """The key in base64, as trust lists and journals carry it."""
        return base64.b64encode(self.raw).decode()

    @classmethod
    def from_text(cls, text: str) -> PublicKey:
        """Return the key from base64 (`ConfigurationError` where it is none)."""
        try:
            raw = base64.b64decode(text, validate=True)
        except ValueError as error:
            raise ConfigurationError(f"{text!r} is no Ed25519 key in base64") from error
        if len(raw) != 32:
            raise ConfigurationError(f"{text!r} is no Ed25519 key: it has {len(raw)} bytes for 32")
        return cls(raw)

    def check(self, data: bytes, signature: str) -> None:
        """Raise `EvidenceError` unless `signature` (base64) is this key's over `data`."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(base64.b64decode(signature), data)
        except (InvalidSignature, ValueError) as error:
            raise EvidenceError(f"the signature is not that of key {self.id}") from error


@dataclass(frozen=True, slots=True)
class SealKey:
    """An Ed25519 private key, such as a station's."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> PublicKey:
        """The key that checks what this one signs."""
        return PublicKey(self.private.public_key().public_bytes_raw())

    def sign(self, data: bytes) -> str:
        """Return the signature over `data`, in base64."""
        return base64.b64encode(self.private.sign(data)).decode()

    @classmethod
    def read(cls, path: Path, password: str | None = None) -> SealKey:
        """Read the key from a PEM file (`ConfigurationError` where there is none, or others can read it)."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        data = read_private(path)
        try:
            private = load_pem_private_key(data, None if password is None else password.encode())
        except (ValueError, TypeError) as error:
            raise unreadable_key(path, error) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise ConfigurationError(f"{path} is no Ed25519 key; make one with `remotecal keys seal`")
        return cls(private)


def read_public_key(path: Path) -> PublicKey:
    """Read an Ed25519 public key from a PEM file (`ConfigurationError` where there is none)."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        content = read_within(path, LONGEST_PEM)
        public = None if b"PRIVATE KEY" in content else load_pem_public_key(content)
    except (ConfigurationError, ValueError) as error:
        raise ConfigurationError(f"{path} gives no public key: {error}") from error
    if public is None:
        raise ConfigurationError(
            f"{path} is the key that signs: give its public one, {path.stem}.pub.pem, or what `remotecal "
            "keys show` tells of it"
        )
    if not isinstance(public, Ed25519PublicKey):
        raise ConfigurationError(f"{path} is no Ed25519 public key")
    return PublicKey(public.public_bytes_raw())


def new_seal_key() -> bytes:
    """Return a new Ed25519 key in PEM (PKCS#8)."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
