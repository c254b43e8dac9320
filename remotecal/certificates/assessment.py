"""What somebody found of all certificates that rest on a standard, as a file that they sign.

The file is canonical JSON (RFC 8785) with the member `assessment`, and once it is signed with two more:

| member | content |
|---|---|
| `signed` | `at`, when, with its zone; `certificate`, SHA-256 of the signer's X.509 certificate |
| `signature` | `value` over the canonical JSON of an object of the other two (RSASSA-PKCS1-v1_5 with SHA-256), in base64; `certificates`, the signer's first, DER in base64 |

It begins with `{"assessment"`, so what is signed here is never the `SignedInfo` of a certificate.
"""  # noqa: E501  a table's row is one line

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from remotecal.canonical import canonical
from remotecal.configuration import Written
from remotecal.errors import CertificateRefused, RecordError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from remotecal.certificates.signing.keys import SigningKey
    from remotecal.certificates.signing.signature import Signature

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
LONGEST_CHAIN = 4
"""Certificates that may come with a signature."""
LARGEST = 50_000_000
"""Bytes of a file."""


class AssessedShare(Written):
    """How much of the variance of a certificate's results is the standard's, in percent."""

    least: str
    """Of the result of which it is least."""
    most: str
    """Of the result of which it is most."""


class AssessedCertificate(Written):
    """A certificate that rests on the standard."""

    station: str
    """Where its run was."""
    run: str
    """The run."""
    number: str
    """Its number, or the one it is to have; "" if nobody ordered one."""
    depth: int
    """1 where the standard took part in the run; 2 where one calibrated in such a run did, and so on."""
    through: str
    """Number of the certificate, or else of the standard, through which."""
    issued: bool
    """Whether it was issued."""
    sha256: Digest | None
    """SHA-256 of its XML as it was issued."""
    share: AssessedShare | None
    """None where no budget tells."""


class AssessmentDocument(Written):
    """What somebody found of all that rests on a standard."""

    number: str
    """Of the standard, or of a certificate of it."""
    since: date | None
    """From which day on runs were looked into; None for all."""
    until: date | None
    """To which day."""
    depth: int
    """How far was gone on."""
    certificates: tuple[AssessedCertificate, ...]
    """All that were looked into."""
    digest: Digest
    """SHA-256 of that list, see `digest_of_list`."""
    text: str
    """What was found, in the assessor's words."""
    by: str
    """Who says so, by the name they have at the laboratory's hub."""
    at: AwareDatetime
    """When they said so."""
    format: Literal[1] = 1
    """Version of this description."""

    @model_validator(mode="after")
    def _tells_its_list(self) -> Self:
        told = ((one.station, one.run, one.number, one.depth, one.issued) for one in self.certificates)
        if digest_of_list(told) != self.digest:
            raise ValueError("the list is another than its digest tells")
        return self

    def file(self) -> bytes:
        """Return the file of it that nobody has signed yet."""
        return canonical({"assessment": self._content()})

    def signed_by(self, key: SigningKey, at: datetime) -> bytes:
        """Return the file of it, signed by a key; `at` has its zone."""
        from cryptography.hazmat.primitives.serialization import Encoding

        from remotecal.certificates.signing.keys import fingerprint

        chain = [b64encode(one.public_bytes(Encoding.DER)).decode() for one in key.chain[:LONGEST_CHAIN]]
        said = StatedSignature(at=at.replace(microsecond=0), certificate=fingerprint(key.chain[0]))
        content = {"assessment": self._content(), "signed": said.model_dump(mode="json")}
        signature = {"certificates": chain, "value": b64encode(key.sign(canonical(content))).decode()}
        return canonical({**content, "signature": signature})

    def _content(self) -> Mapping[str, object]:
        return self.model_dump(mode="json")


class StatedSignature(Written):
    """What a signature says of itself."""

    model_config = ConfigDict(strict=False)  # it is sent to the API, too, as `EnclosedSignature`

    at: AwareDatetime
    certificate: Digest


class EnclosedSignature(Written):
    """A signature's value, and the certificates of its key."""

    model_config = ConfigDict(strict=False)

    value: str
    certificates: tuple[str, ...] = Field(min_length=1, max_length=LONGEST_CHAIN)


class AssessmentFile(Written):
    """A file with an assessment, read; whether its signature holds, `signature_of` tells."""

    assessment: AssessmentDocument
    signed: StatedSignature | None = None
    signature: EnclosedSignature | None = None


def digest_of_list(certificates: Iterable[tuple[str, str, str, int, bool]]) -> str:
    """Return the SHA-256 of a list: a line each, sorted, with station, run, number, depth, whether issued."""
    lines = sorted(
        f"{station} {run} {number} {depth} {'issued' if issued else ''}"
        for station, run, number, depth, issued in certificates
    )
    return sha256("\n".join(lines).encode()).hexdigest()


def signed_file(unsigned: bytes, signed: StatedSignature, signature: EnclosedSignature) -> bytes:
    """Return the file of an assessment with a signature, whether or not that holds."""
    content = json.loads(unsigned)["assessment"]
    told = {"signed": signed.model_dump(mode="json"), "signature": signature.model_dump(mode="json")}
    return canonical({"assessment": content, **told})


def read_assessment(data: bytes) -> AssessmentFile:
    """Return what is in a file with an assessment (`RecordError`: it is none)."""
    try:
        return AssessmentFile.model_validate_json(data)
    except ValidationError as error:
        why = error.errors(include_url=False)[0]
        place = ".".join(map(str, why["loc"]))
        raise RecordError(f"it is no assessment: {place}: {why['msg']}") from None


def signature_of(data: bytes) -> Signature:
    """Return the signature of an assessment's file, once it is found to hold.

    Raises:
        CertificateRefused: nobody has signed it, or the signature does not hold, or its key is too weak.
        RecordError: it is no assessment.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509 import load_der_x509_certificate

    from remotecal.certificates.signing.keys import fingerprint, weakness
    from remotecal.certificates.signing.signature import Signature

    read = read_assessment(data)
    if read.signed is None or read.signature is None:
        raise CertificateRefused("the assessment is not signed")
    written = json.loads(data)
    if canonical(written) != data:  # one reader would find another member in it than the next
        raise CertificateRefused(
            "the assessment is not in canonical form (RFC 8785): get the file as it was filed"
        )
    content = canonical({name: written[name] for name in ("assessment", "signed")})
    try:
        chain = tuple(
            load_der_x509_certificate(b64decode(one, validate=True)) for one in read.signature.certificates
        )
        value, key = b64decode(read.signature.value, validate=True), chain[0].public_key()
    except ValueError as error:
        raise CertificateRefused(f"the assessment's signature does not hold: {error}") from error
    if why := weakness(key):
        raise CertificateRefused(f"the key of the assessment's signature can't be used: {why}")
    try:
        if isinstance(key, RSAPublicKey):  # as any that is not too weak
            key.verify(value, content, PKCS1v15(), SHA256())
    except InvalidSignature:
        raise CertificateRefused(
            "the assessment's signature does not hold: what is signed was changed, or another key signed it"
        ) from None
    if fingerprint(chain[0]) != read.signed.certificate:
        raise CertificateRefused("the assessment names another signer's certificate than comes with it")
    at = read.signed.at
    if not chain[0].not_valid_before_utc <= at <= chain[0].not_valid_after_utc:
        raise CertificateRefused(
            f"the signer's certificate did not hold when the assessment was signed, {at}"
        )
    return Signature("approved", at, chain, content)
