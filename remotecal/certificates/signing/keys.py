"""Keys that sign certificates: an RSA key with its X.509 certificates, wherever it is kept.

A key is named by one text: the path of a PEM or PKCS#12 file, or a PKCS#11 URI (RFC 7512) for a
token that never gives the key away.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast
from urllib.parse import parse_qsl, unquote

from remotecal.errors import ConfigurationError
from remotecal.opening import read_whole
from remotecal.private_files import LARGEST_SECRET, read_private, unreadable_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509 import Certificate, Name

SMALLEST_KEY = 3072
"""Bits; what NIST SP 800-57 part 1 asks for of signatures that must hold beyond 2030."""
SMALLEST_EXPONENT = 65537
"""Public exponent; smaller ones are outside FIPS 186-5, 5.1."""
IN_BROWSER = "browser key"
"""Organisational unit in the name of whoever holds a key that a browser keeps; the authority certifies it."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the certificates that say whose it is."""

    private: RSAPrivateKey
    """The key, or what signs like it for a key in a token."""
    chain: tuple[Certificate, ...]
    """The signer's certificate first, then those of its issuers, as far as they go with it."""

    @property
    def name(self) -> str:
        """Name of the signer, as the certificate gives it."""
        return common_name(self.chain[0])

    def sign(self, data: bytes) -> bytes:
        """Return the signature over `data` (RSASSA-PKCS1-v1_5 with SHA-256)."""
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        return self.private.sign(data, PKCS1v15(), SHA256())


def read_key(source: str, password: str | None = None) -> SigningKey:
    """Return the key that `source` names.

    Args:
        source: a PEM file with the private key and its certificates, a PKCS#12 file (`.p12`, `.pfx`),
            or `pkcs11:token=…;object=…?module-path=…`.
        password: of the file, or the token's PIN.

    Raises:
        ConfigurationError: there is no such key, others can read it, the password is wrong, or the key
            can't sign certificates: not RSA, too short, or with another key's certificate.
    """
    if source.startswith("pkcs11:"):
        key = _from_token(source, password)
    else:
        data = read_private(Path(source))
        secret = None if password is None else password.encode()
        try:
            key = _from_pkcs12(data, secret) if source.endswith((".p12", ".pfx")) else _from_pem(data, secret)
        except (ValueError, TypeError) as error:
            raise unreadable_key(source, error) from error
    _check(source, key)
    return key


def is_closed(source: str) -> bool:
    """Tell whether a key takes a password or PIN (`ConfigurationError`: there is none by that name)."""
    return not _is_pem(source) or b"ENCRYPTED" in read_private(Path(source))


def read_signer(source: str, password: str | None = None) -> Certificate | None:
    """Return the certificate of who signs with a key; None where it takes a password to tell.

    Raises:
        ConfigurationError: as `read_key`.
    """
    if password is not None or not is_closed(source):
        return read_key(source, password).chain[0]
    return read_certificate(Path(source)) if _is_pem(source) else None


def _is_pem(source: str) -> bool:
    return not (source.startswith("pkcs11:") or source.endswith((".p12", ".pfx")))


def read_certificate(path: Path) -> Certificate:
    """Return the first certificate in a PEM file (`ConfigurationError` where there is none)."""
    from cryptography.x509 import load_pem_x509_certificate

    try:
        return load_pem_x509_certificate(read_whole(path, LARGEST_SECRET))
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(f"{path} holds no certificate: {error}") from error


def common_name(certificate: Certificate) -> str:
    """Return the name a certificate was issued to."""
    from cryptography.x509 import NameOID

    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else certificate.subject.rfc4514_string()


def names_browser(name: Name) -> bool:
    """Tell whether a name says that its holder's key is kept by a browser."""
    from cryptography.x509 import NameOID

    return any(
        unit.value == IN_BROWSER for unit in name.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    )


def weakness(public: CertificatePublicKeyTypes) -> str:
    """Return why a key is none that certificates may be signed with, "" where nothing is against it."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    if not isinstance(public, RSAPublicKey):
        return "it is not RSA"
    if public.key_size < SMALLEST_KEY:
        return f"it has {public.key_size} bits, and {SMALLEST_KEY} are the least"
    if (exponent := public.public_numbers().e) < SMALLEST_EXPONENT:
        return f"its public exponent is {exponent}, and {SMALLEST_EXPONENT} is the least"
    return ""


def fingerprint(certificate: Certificate) -> str:
    """Return the SHA-256 of a certificate, in hexadecimal."""
    from cryptography.hazmat.primitives.hashes import SHA256

    return certificate.fingerprint(SHA256()).hex()


def _from_pem(data: bytes, password: bytes | None) -> SigningKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificates

    private = load_pem_private_key(data, password)
    if not isinstance(private, RSAPrivateKey):
        raise ValueError("it is not RSA, which PDF/A-3 viewers and PAdES need")  # noqa: TRY004  see read_key
    certificates = load_pem_x509_certificates(data) if b"-----BEGIN CERTIFICATE" in data else []
    return SigningKey(private, tuple(certificates))


def _from_pkcs12(data: bytes, password: bytes | None) -> SigningKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates

    private, own, others = load_key_and_certificates(data, password)
    if not isinstance(private, RSAPrivateKey) or own is None:
        raise ValueError("it holds no RSA key with a certificate")
    return SigningKey(private, (own, *others))


@dataclass(frozen=True, slots=True)
class _TokenKey:
    """A key in a PKCS#11 token: of all an `RSAPrivateKey` can do, it signs."""

    handle: _Handle

    def sign(self, data: bytes, padding: PKCS1v15, algorithm: SHA256) -> bytes:
        """Return the signature over `data` (RSASSA-PKCS1-v1_5 with SHA-256)."""
        from pkcs11 import Mechanism

        return bytes(self.handle.sign(data, mechanism=Mechanism.SHA256_RSA_PKCS))


class _Handle(Protocol):
    def sign(self, data: bytes, *, mechanism: object) -> bytes: ...


def _from_token(uri: str, pin: str | None) -> SigningKey:
    import pkcs11
    from cryptography.x509 import load_der_x509_certificate

    path, _, query = uri.removeprefix("pkcs11:").partition("?")
    where = {name: unquote(value) for name, _, value in (part.partition("=") for part in path.split(";"))}
    module = dict(parse_qsl(query)).get("module-path")
    if not module or not {"token", "object"} <= set(where):
        raise ConfigurationError(f"{uri} must have the form pkcs11:token=…;object=…?module-path=…")
    try:
        session = pkcs11.lib(module).get_token(token_label=where["token"]).open(user_pin=pin)
        wanted = {
            pkcs11.Attribute.LABEL: where["object"],
            pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
        }
        chain = tuple(
            load_der_x509_certificate(bytes(found[pkcs11.Attribute.VALUE]))
            for found in session.get_objects(wanted)
        )
        handle = session.get_key(
            pkcs11.ObjectClass.PRIVATE_KEY, key_type=pkcs11.KeyType.RSA, label=where["object"]
        )
    except (pkcs11.PKCS11Error, RuntimeError) as error:
        raise ConfigurationError(
            f"{uri} gives no key: {error or type(error).__name__}; is the PIN right?"
        ) from error
    return SigningKey(cast("RSAPrivateKey", _TokenKey(cast("_Handle", handle))), chain)


def _check(source: str, key: SigningKey) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA256

    if not key.chain:
        raise ConfigurationError(f"{source} holds no certificate; append it to the key")
    public = key.chain[0].public_key()
    why = weakness(public)
    if why or not isinstance(public, RSAPublicKey):
        raise ConfigurationError(f"{source} must be an RSA key of at least {SMALLEST_KEY} bits: {why}")
    try:
        public.verify(key.sign(b"remotecal"), b"remotecal", PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise ConfigurationError(f"{source}: the first certificate is not this key's") from error
