"""Who signs certificates as whom: a laboratory's authority, and what it issues to persons and to the seal.

A key never leaves the computer it was made on. What travels is a certificate signing request (PKCS#10), of
which the authority takes the public key alone: the name is the one it was told, once somebody has seen who
asks. Keys are RSA, which PDF viewers and XAdES need; see `keys.SMALLEST_KEY`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from remotecal.certificates.signing.keys import (
    IN_BROWSER,
    SMALLEST_KEY,
    SigningKey,
    common_name,
    names_browser,
    weakness,
)
from remotecal.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
    from cryptography.x509 import Certificate, CertificateBuilder, KeyUsage, Name

BACKDATED = timedelta(days=1)
"""How much earlier than it is made a certificate begins, for computers whose clock is behind."""
LONGEST_NAME = 64
"""Bytes in UTF-8 of a name in a certificate (X.520, ub-common-name), some 21 Chinese characters."""


def new_rsa_key() -> RSAPrivateKey:
    """Return a new key, as small as it may be."""
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    return generate_private_key(public_exponent=65537, key_size=SMALLEST_KEY)


def subject(name: str, organisation: str | None = None, *, in_browser: bool = False) -> Name:
    """Return a name as certificates carry it; `in_browser`: of whoever's key is kept by a browser.

    Raises:
        ConfigurationError: it is empty, or longer than a certificate holds.
    """
    from cryptography.x509 import Name, NameAttribute, NameOID

    said = [(NameOID.COMMON_NAME, name)]
    if organisation is not None:
        said.insert(0, (NameOID.ORGANIZATION_NAME, organisation))
    if in_browser:
        said.insert(-1, (NameOID.ORGANIZATIONAL_UNIT_NAME, IN_BROWSER))
    for _, value in said:
        if not value.strip() or len(value.encode()) > LONGEST_NAME:
            raise ConfigurationError(
                f"the name {value!r} must have 1 to {LONGEST_NAME} bytes, which is 64 Latin letters or 21 "
                "Chinese characters: a certificate holds no more"
            )
    return Name([NameAttribute(oid, value) for oid, value in said])


def new_authority(key: RSAPrivateKey, named: Name, begin: datetime, end: datetime) -> Certificate:
    """Return the certificate of an authority that issues to persons and seals, and to no other authority."""
    return _signed(_builder(named, named, key.public_key(), begin, end, authority=True), key)


def issue(public: RSAPublicKey, named: Name, by: SigningKey, begin: datetime, end: datetime) -> Certificate:
    """Return a certificate that says whose a public key is.

    It ends with the authority's own, if that is earlier.

    Raises:
        ConfigurationError: the key is too weak, or `by` is no authority, or none on that day.
    """
    own = by.chain[0]
    if why := weakness(public):
        raise ConfigurationError(f"the key can't be certified: {why}")
    if not may_issue(own):
        raise ConfigurationError(
            f"{common_name(own)} is no authority: its certificate does not allow to issue others"
        )
    last = own.not_valid_after_utc
    if not begin < min(end, last):
        raise ConfigurationError(f"the authority {common_name(own)} is good until {last:%Y-%m-%d} only")
    begin = max(begin, own.not_valid_before_utc)
    return _signed(_builder(named, own.subject, public, begin, min(end, last), authority=False), by.private)


def request(key: RSAPrivateKey, named: Name) -> bytes:
    """Return a certificate signing request in PEM; its signature proves that the key is at hand."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import CertificateSigningRequestBuilder

    return CertificateSigningRequestBuilder(named).sign(key, SHA256()).public_bytes(Encoding.PEM)


class Requested(NamedTuple):
    """What a signing request asks for."""

    name: str
    """Whose key it is to be."""
    public: RSAPublicKey
    """The key."""
    in_browser: bool
    """Whether a browser keeps it."""


def requested(pem: bytes) -> Requested:
    """Return what a signing request asks for.

    Raises:
        ConfigurationError: it is no request, not for an RSA key, or not signed with the key it names.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509 import NameOID, load_pem_x509_csr

    try:
        asked = load_pem_x509_csr(pem)
        public, names = asked.public_key(), asked.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError as error:
        raise ConfigurationError("this is no certificate signing request in PEM") from error
    if not isinstance(public, RSAPublicKey):
        raise ConfigurationError("the request is for a key that is not RSA, which signed PDFs need")
    if not asked.is_signature_valid:
        raise ConfigurationError("the request was not signed with the key it names")
    if len(names) != 1:
        raise ConfigurationError("the request must name one person or laboratory (common name)")
    return Requested(str(names[0].value), public, names_browser(asked.subject))


def key_fingerprint(public: CertificatePublicKeyTypes) -> str:
    """Return the SHA-256 of a public key, in hexadecimal: what two people compare on the telephone."""
    from hashlib import sha256

    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def may_issue(certificate: Certificate) -> bool:
    """Tell whether a certificate allows its holder to issue others (basicConstraints)."""
    from cryptography.x509 import BasicConstraints, ExtensionNotFound

    try:
        return certificate.extensions.get_extension_for_class(BasicConstraints).value.ca
    except ExtensionNotFound:
        return False


def key_usage(*, signs_certificates: bool, commits: bool) -> KeyUsage:
    """Return what a key is for: certificates, or else signatures; `commits` where these bind its holder."""
    from cryptography.x509 import KeyUsage

    return KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=commits,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _builder(
    named: Name, issuer: Name, public: RSAPublicKey, begin: datetime, end: datetime, *, authority: bool
) -> CertificateBuilder:
    from cryptography import x509

    usage = key_usage(signs_certificates=authority, commits=not authority)
    constraints = x509.BasicConstraints(ca=authority, path_length=0 if authority else None)
    return (
        x509.CertificateBuilder(issuer, named, public, x509.random_serial_number(), begin, end)
        .add_extension(constraints, critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _signed(builder: CertificateBuilder, issuer: RSAPrivateKey) -> Certificate:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509 import AuthorityKeyIdentifier

    identifier = AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())
    return builder.add_extension(identifier, critical=False).sign(issuer, SHA256())
