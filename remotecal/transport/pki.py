"""Certificates for the wire: the laboratory's authority, and the identities it vouches for.

An identity is a URI in the certificate's subject alternative name; the subject is for people only.
Keys are ECDSA on P-256. A private key never leaves the machine it was made on: what travels is a
certificate signing request (PKCS#10), and the authority takes nothing from it but the public key.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from remotecal.certificates.signing.issuing import key_usage, may_issue
from remotecal.errors import ConfigurationError, EvidenceError
from remotecal.private_files import read_private, write_private

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.x509 import Certificate, GeneralName
    from cryptography.x509.oid import ObjectIdentifier

BACKDATED = timedelta(days=1)
"""How much earlier than now a certificate begins, for stations whose clock is wrong."""
AUTHORITY_LASTS = timedelta(days=3650)
"""How long an authority of our own is valid."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A private key with the certificate for it."""

    private: EllipticCurvePrivateKey
    """The key."""
    certificate: Certificate
    """The certificate."""

    @property
    def uri(self) -> str:
        """Whose it is; "" where the certificate does not say."""
        return uri_of(self.certificate)

    @property
    def until(self) -> datetime:
        """When the certificate expires."""
        return self.certificate.not_valid_after_utc

    def write(self, path: Path) -> None:
        """Write key and certificate into one file of mode 0600, so that the two always match."""
        write_private(path, key_pem(self.private) + certificate_pem(self.certificate))

    def check(self, authority: Certificate) -> None:
        """Raise `EvidenceError` unless the certificate is this key's, and issued by an authority."""
        from cryptography.exceptions import InvalidSignature

        if self.certificate.public_key() != self.private.public_key():
            raise EvidenceError("the certificate is for another key")
        try:
            self.certificate.verify_directly_issued_by(authority)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise EvidenceError(f"the certificate is not the authority's: {error}") from error

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read an identity from a PEM file.

        Raises:
            ConfigurationError: there is none, others can read it, or key and certificate don't match.
        """
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        from cryptography.x509 import load_pem_x509_certificate

        content = read_private(path)
        try:
            private = load_pem_private_key(content, None)
            certificate = load_pem_x509_certificate(content)
        except (ValueError, TypeError) as error:
            raise ConfigurationError(f"{path} holds no key with its certificate: {error}") from error
        if not isinstance(private, EllipticCurvePrivateKey):
            raise ConfigurationError(f"{path}: the key must be on an elliptic curve (P-256)")
        if certificate.public_key() != private.public_key():
            raise ConfigurationError(f"{path}: the first certificate is not this key's")
        return cls(private, certificate)


@dataclass(frozen=True, slots=True)
class Authority:
    """Who vouches for identities; its own certificate is what everybody trusts.

    Where the authority stands below another, as an organisation's issuing authority does, those
    above it are not trusted: nobody else they vouch for gets in.
    """

    identity: Credentials
    """Its key and certificate."""

    @property
    def certificate(self) -> Certificate:
        """What everybody trusts."""
        return self.identity.certificate

    @classmethod
    def create(cls, laboratory: str) -> Authority:
        """Make an authority of the laboratory's own."""
        from cryptography import x509
        from cryptography.hazmat.primitives.hashes import SHA256

        key = new_key()
        now = datetime.now(UTC)
        name = _subject(f"{laboratory} remotecal authority")
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - BACKDATED)
            .not_valid_after(now + AUTHORITY_LASTS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(key_usage(signs_certificates=True, commits=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, SHA256())
        )
        return cls(Credentials(key, certificate))

    @classmethod
    def read(cls, path: Path) -> Authority:
        """Read an authority: our own, or one an organisation made for us.

        Raises:
            ConfigurationError: the file can't be read, or it may not issue certificates, or it has
                expired.
        """
        identity = Credentials.read(path)
        if not may_issue(identity.certificate):
            raise ConfigurationError(
                f"{path}: its certificate does not allow to issue others (basicConstraints)"
            )
        if identity.certificate.not_valid_after_utc < datetime.now(UTC):
            raise ConfigurationError(f"{path}: the authority's certificate has expired: get another")
        return cls(identity)

    def client(
        self, public: EllipticCurvePublicKey, uri: str, lasts: timedelta, *, holder: str = ""
    ) -> Certificate:
        """Return a certificate for a hub or a station.

        Args:
            public: the key it is for.
            uri: whose it is.
            lasts: how long it is valid.
            holder: of a station, name of the key with which it signs journals. An enrolment makes a
                new one, so certificates of the enrolment before are told apart.
        """
        from cryptography.x509 import UniformResourceIdentifier
        from cryptography.x509.oid import ExtendedKeyUsageOID

        names, purposes = [UniformResourceIdentifier(uri)], [ExtendedKeyUsageOID.CLIENT_AUTH]
        return self._issue(public, _subject(_short(uri), holder), names, purposes, lasts)

    def server(
        self, public: EllipticCurvePublicKey, uri: str, hosts: Sequence[str], lasts: timedelta
    ) -> Certificate:
        """Return a certificate for a server that is reached by these names or addresses."""
        from cryptography.x509 import UniformResourceIdentifier
        from cryptography.x509.oid import ExtendedKeyUsageOID

        names = [UniformResourceIdentifier(uri), *map(_host, hosts)]
        # Servers of a cluster are also each other's clients.
        purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        return self._issue(public, _subject(_short(uri)), names, purposes, lasts)

    def _issue(
        self,
        public: EllipticCurvePublicKey,
        subject: x509.Name,
        names: Sequence[GeneralName],
        purposes: Sequence[ObjectIdentifier],
        lasts: timedelta,
    ) -> Certificate:
        from cryptography import x509
        from cryptography.hazmat.primitives.hashes import SHA256

        own = self.identity.certificate
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(own.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(max(now - BACKDATED, own.not_valid_before_utc))
            .not_valid_after(min(now + lasts, own.not_valid_after_utc))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(signs_certificates=False, commits=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.identity.private.public_key()),
                critical=False,
            )
            .sign(self.identity.private, SHA256())
        )


def new_key() -> EllipticCurvePrivateKey:
    """Return a new private key on P-256."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    return generate_private_key(SECP256R1())


def request(key: EllipticCurvePrivateKey, uri: str) -> bytes:
    """Return a certificate signing request in PEM; the signature proves that the key is ours."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import CertificateSigningRequestBuilder

    subject = _subject(_short(uri))
    return (
        CertificateSigningRequestBuilder()
        .subject_name(subject)
        .sign(key, SHA256())
        .public_bytes(Encoding.PEM)
    )


def requested_key(pem: bytes) -> EllipticCurvePublicKey:
    """Return the public key of a signing request, which is all that is taken from it.

    Raises:
        ConfigurationError: it is no request, not on P-256, or not signed with the key it names.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.x509 import load_pem_x509_csr

    try:
        asked = load_pem_x509_csr(pem)
    except ValueError as error:
        raise ConfigurationError("this is no certificate signing request in PEM") from error
    public = asked.public_key()
    if not (isinstance(public, EllipticCurvePublicKey) and isinstance(public.curve, SECP256R1)):
        raise ConfigurationError("the key in the certificate signing request must be on P-256")
    if not asked.is_signature_valid:
        raise ConfigurationError("the certificate signing request was not signed with the key it names")
    return public


def parse_certificate(pem: bytes) -> Certificate:
    """Return the certificate in PEM (`ConfigurationError` where there is none)."""
    from cryptography.x509 import load_pem_x509_certificate

    try:
        return load_pem_x509_certificate(pem)
    except ValueError as error:
        raise ConfigurationError(f"this is no certificate: {error}") from error


def uri_of(certificate: Certificate) -> str:
    """Return the one URI a certificate is issued for; "" if there is none, or several."""
    from cryptography.x509 import ExtensionNotFound, SubjectAlternativeName, UniformResourceIdentifier

    try:
        names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    except ExtensionNotFound:
        return ""
    found = names.get_values_for_type(UniformResourceIdentifier)
    return str(found[0]) if len(found) == 1 else ""


def holder_of(certificate: Certificate) -> str:
    """Return the name of the key with which a certificate's station signs; "" if it names none."""
    from cryptography.x509 import NameOID

    found = certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    return str(found[0].value) if found else ""


def certificate_pem(certificate: Certificate) -> bytes:
    """Return a certificate in PEM."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def key_pem(key: EllipticCurvePrivateKey) -> bytes:
    """Return a private key in PEM (PKCS#8), not encrypted: the file's mode protects it."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _host(name: str) -> GeneralName:
    from cryptography.x509 import DNSName, IPAddress

    try:
        return IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return DNSName(name)


def _short(uri: str) -> str:
    return uri.removeprefix("urn:remotecal:")


def _subject(common_name: str, holder: str = "") -> x509.Name:
    from cryptography.x509 import Name, NameAttribute, NameOID

    names = [NameAttribute(NameOID.COMMON_NAME, common_name[:64])]
    return Name([*names, NameAttribute(NameOID.SERIAL_NUMBER, holder)] if holder else names)
