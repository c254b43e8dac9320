"""The PAdES signature on a certificate's PDF, and the XML inside (ETSI EN 319 142-1, baseline B or T)."""

from __future__ import annotations

import re
import zlib
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

from remotecal.certificates.dcc.xml import LARGEST_FILE
from remotecal.certificates.signing.signature import Signature
from remotecal.certificates.signing.timestamp import TimeStamp, time_stamper
from remotecal.errors import CertificateRefused, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pyhanko.pdf_utils.decode_limits import DecodeLimits
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.signers import PdfSigner, Signer
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
    from pyhanko.sign.validation.status import PdfSignatureStatus

    from remotecal.certificates.signing.keys import SigningKey


Part: TypeAlias = Any
"""Something a PDF consists of; pyHanko's objects are untyped."""


def unreadable() -> tuple[type[Exception], ...]:
    """Return what pyHanko raises for a PDF that is damaged, or made to do harm.

    Beside its own errors it lets through those of what it calls.
    """
    from pyhanko.pdf_utils.misc import PdfError

    plain = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError)
    return (PdfError, zlib.error, RecursionError, NotImplementedError, *plain)


def sign_pdf(data: bytes, key: SigningKey, at: datetime, timestamp: str | None = None) -> bytes:
    """Return the PDF in `data` with the laboratory's signature over all of it.

    Args:
        data: the PDF.
        key: the laboratory's.
        at: time of signing.
        timestamp: address of a time-stamping authority (RFC 3161) that is to witness the time.

    Raises:
        ConfigurationError: the authority does not answer, or gives no time stamp.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.general import SigningError

    class Appending(IncrementalPdfFileWriter):
        """A writer that appends the signature and leaves what the document says of itself as it was."""

        def _update_meta(self) -> None:
            """State no other program and no other time; pyHanko would take the computer's."""

    output = BytesIO()
    try:
        _pdf_signer(key, at, timestamp).sign_pdf(Appending(BytesIO(data)), output=output)
    except (OSError, SigningError) as error:
        raise ConfigurationError(f"{timestamp} gives no time stamp: {error}") from error
    return output.getvalue()


def read_pdf_signature(data: bytes) -> Signature:
    """Return the signature on a PDF.

    Raises:
        CertificateRefused: it is not signed once, the signature does not hold, or it does not cover
            the whole file.
    """
    from cryptography.x509 import load_der_x509_certificate
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    signatures = _signatures(reader_of(data))
    if len(signatures) != 1:
        raise CertificateRefused(f"the PDF has {len(signatures)} signatures; one is due")
    (signature,) = signatures
    status = _status(signature)
    if not status.intact or not status.valid:
        raise CertificateRefused("the signature of the PDF does not hold: the file was changed")
    if status.coverage is not SignatureCoverageLevel.ENTIRE_FILE:
        raise CertificateRefused("something was added to the PDF behind its signature")
    if status.signer_reported_dt is None:
        raise CertificateRefused("the signature of the PDF does not tell when it was made")
    chain = tuple(
        load_der_x509_certificate(found.dump())
        for found in (signature.signer_cert, *signature.other_embedded_certs)
    )
    return Signature("issued", status.signer_reported_dt, chain, data, _stamp(signature, status))


def _stamp(signature: EmbeddedPdfSignature, status: PdfSignatureStatus) -> TimeStamp | None:
    """Return the time stamp on a signature, if there is one and it holds."""
    from cryptography.x509 import load_der_x509_certificate
    from pyhanko.sign.validation.generic_cms import extract_tst_data_iter

    stamped = status.timestamp_validity
    if stamped is None:
        return None
    if not stamped.intact or not stamped.valid:
        raise CertificateRefused("the time stamp of the PDF does not hold")
    own = stamped.signing_cert.dump()
    tokens = extract_tst_data_iter(signature.signer_info, signed=False)
    others = [found.chosen.dump() for token in tokens for found in token["certificates"]]
    chain = [own, *(other for other in others if other != own)]
    return TimeStamp(stamped.timestamp, tuple(load_der_x509_certificate(found) for found in chain))


def embedded_xml(data: bytes) -> bytes:
    """Return the one XML file in a PDF (`CertificateRefused` where there is none, or several)."""
    found = [content for name, content in embedded_files(data) if name.endswith(".xml")]
    if len(found) != 1:
        raise CertificateRefused(f"the PDF holds {len(found)} XML files; a certificate's holds one")
    return found[0]


def embedded_files(data: bytes) -> list[tuple[str, bytes]]:
    """Return the files in a PDF by their names (`CertificateRefused` where they can't be read)."""
    try:
        return list(_attachments(reader_of(data)))
    except unreadable() as error:
        raise CertificateRefused(f"the PDF's embedded files can't be read: {error}") from error


def _pdf_signer(key: SigningKey, at: datetime, timestamp: str | None) -> PdfSigner:
    from pyhanko.pdf_utils.writer import BasePdfFileWriter
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
    from pyhanko.sign.signers.pdf_signer import PdfSigningSession

    class Timed(PdfSigner):
        """A signer that states our clock's time for the computer's."""

        def init_signing_session(
            self,
            pdf_out: BasePdfFileWriter,
            existing_fields_only: bool = False,  # noqa: FBT001, FBT002  inherited
        ) -> PdfSigningSession:
            session = super().init_signing_session(pdf_out, existing_fields_only)
            session.system_time = at
            return session

    meta = PdfSignatureMetadata(
        field_name="Laboratory", name=key.name, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES
    )
    return Timed(meta, signer=_signer(key), timestamper=time_stamper(timestamp) if timestamp else None)


def _signer(key: SigningKey) -> Signer:
    from asn1crypto.x509 import Certificate as Asn1Certificate
    from cryptography.hazmat.primitives.serialization import Encoding
    from pyhanko.sign.signers import Signer

    class Ours(Signer):
        """pyHanko's way to ask a key for a signature; the key may be in a token."""

        async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: FBT001, FBT002  inherited
            return bytes(SIGNATURE_SIZE) if dry_run else key.sign(data)

    own, *others = (Asn1Certificate.load(found.public_bytes(Encoding.DER)) for found in key.chain)
    signer = Ours(signing_cert=own)
    signer.cert_registry.register_multiple(others)
    return signer


SIGNATURE_SIZE = 512
"""Bytes to keep free for a signature: that of an RSA key of 4096 bits."""


def reader_of(data: bytes) -> PdfFileReader:
    """Return a reader of a PDF, which unpacks no more of it than a certificate may have.

    pyHanko looks for the end of a PDF byte by byte, and reads whatever its cross-reference tells, so both
    are looked at before.

    Raises:
        CertificateRefused: it is no PDF, or larger or of more objects than a certificate.
    """
    from pyhanko.pdf_utils.reader import PdfFileReader

    if len(data) > LARGEST_FILE:
        raise CertificateRefused(f"the PDF has {len(data)} bytes; {LARGEST_FILE} are the most it may have")
    if not _END.search(data, max(0, len(data) - LAST)):
        raise CertificateRefused("the file is no PDF: it does not end as one; it may have been cut off")
    if sum(1 for _ in islice(_OBJECT.finditer(data), MOST_OBJECTS + 1)) > MOST_OBJECTS:
        raise CertificateRefused(f"the PDF has more than {MOST_OBJECTS} objects, as no certificate has")
    if sum(1 for _ in islice(_SECTION.finditer(data), MOST_SECTIONS + 1)) > MOST_SECTIONS:
        raise CertificateRefused(
            f"the PDF was added to more than {MOST_SECTIONS} times, as no certificate is"
        )
    try:
        return PdfFileReader(BytesIO(data), decode_limits=_limits())
    except unreadable() as error:
        raise CertificateRefused(f"the file is no PDF: {error}") from error


def _limits() -> DecodeLimits:
    from pyhanko.pdf_utils.decode_limits import (
        DEFAULT_PURPOSE_LIMITS,
        DecodeLimits,
        DecodePurpose,
        StreamDecodeLimits,
    )

    table = StreamDecodeLimits(max_ratio=None, max_output_size=LARGEST_TABLE)
    return DecodeLimits(
        per_stream=StreamDecodeLimits(max_output_size=LARGEST_FILE),
        per_purpose={**DEFAULT_PURPOSE_LIMITS, DecodePurpose.XREF_STREAM: table},
    )


def _signatures(reader: PdfFileReader) -> list[EmbeddedPdfSignature]:
    try:
        return list(reader.embedded_regular_signatures)
    except unreadable() as error:
        raise CertificateRefused(f"the PDF is damaged: {error}") from error


def _status(signature: EmbeddedPdfSignature) -> PdfSignatureStatus:
    """Check the signature itself; trust is decided elsewhere, so the signer anchors its own path."""
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    try:
        context = ValidationContext(
            trust_roots=[signature.signer_cert],
            allow_fetching=False,
            moment=signature.self_reported_timestamp,
        )
        return validate_pdf_signature(signature, context)
    except unreadable() as error:
        raise CertificateRefused(f"the signature of the PDF does not hold: {error}") from error


def _attachments(reader: PdfFileReader) -> Iterator[tuple[str, bytes]]:
    """Yield the embedded files in the order of the PDF's name tree (ISO 32000-2, 7.9.6)."""
    names = entry(reader.root, "/Names", {})
    pending = [tree] if (tree := entry(names, "/EmbeddedFiles", None)) else []
    for _ in range(LARGEST_TREE):
        if not pending:
            return
        node = pending.pop(0)
        kids = entry(node, "/Kids", ())
        pending += [kids[number] for number in range(len(kids))]
        entries = entry(node, "/Names", ())
        for number in range(0, len(entries), 2):
            files = entries[number + 1]["/EF"]
            if len({files.raw_get(name) for name in files}) > 1:
                raise CertificateRefused(
                    f"what the PDF calls {entries[number]} is another file for each way to it"
                )
            yield str(entries[number]), files["/F"].data
    raise CertificateRefused("the PDF's tree of embedded files has no end")


def entry(node: Part, name: str, otherwise: object) -> Part:
    """Return an entry with its references followed, which pyHanko's own `get` does not do."""
    return node[name] if name in node else otherwise  # noqa: SIM401  see above


LAST = 1024
"""Bytes at the end of a PDF, in which it says where its cross-reference is (ISO 32000-1, annex H)."""
MOST_OBJECTS = 100_000
"""Of a PDF, as its cross-reference tables name them; a certificate's has some hundreds."""
MOST_SECTIONS = 100
"""Of a PDF that was added to; each is read anew. A certificate was once, by its signature."""
LARGEST_TABLE = 2**20
"""Bytes of a cross-reference stream, unpacked: one of as many objects."""
_END = re.compile(rb"startxref\s+\d{1,10}\s+%%EOF")
_OBJECT = re.compile(rb"\d{10} \d{5} [fn]")
_SECTION = re.compile(rb"\btrailer\b|/Type\s*/XRef\b")
LARGEST_TREE = 100
"""Nodes of the tree of embedded files; a certificate's has one."""
