"""What stands in an XML signature without being signed: whether it may, and whether it was examined.

A signature covers the certificate, but not itself. What is put into it later leaves it holding, and
is still read, and printed, as if the signer had written it.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from remotecal.errors import CertificateRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

DS = "{http://www.w3.org/2000/09/xmldsig#}"
XADES = "{http://uri.etsi.org/01903/v1.3.2#}"
XADES_141 = "{http://uri.etsi.org/01903/v1.4.1#}"

HOLDS: dict[str, tuple[str, ...]] = {
    f"{DS}Signature": (f"{DS}SignedInfo", f"{DS}SignatureValue", f"{DS}KeyInfo", f"{DS}Object"),
    f"{DS}KeyInfo": (f"{DS}X509Data",),
    f"{DS}X509Data": (f"{DS}X509Certificate",),
    f"{DS}Object": (f"{XADES}QualifyingProperties",),
    f"{XADES}QualifyingProperties": (f"{XADES}UnsignedProperties",),
    f"{XADES}UnsignedProperties": (f"{XADES}UnsignedSignatureProperties",),
    f"{XADES}UnsignedSignatureProperties": (),
}
"""What an element of a signature may hold unsigned; `SignedProperties` only if they are signed."""

EXAMINED = f"{DS}SignedInfo"
"""What the signature's value is over."""

VALUES = frozenset({f"{DS}SignatureValue", f"{DS}X509Certificate"})
"""Bytes in base64."""

NOT_EXAMINED = frozenset(
    {
        f"{DS}{name}"
        for name in ("KeyName", "KeyValue", "X509SubjectName", "X509IssuerSerial", "X509SKI", "X509CRL")
    }
    | {
        f"{XADES}{name}"
        for name in (
            *("CounterSignature", "SignatureTimeStamp", "CompleteCertificateRefs", "CompleteRevocationRefs"),
            *("AttributeCertificateRefs", "AttributeRevocationRefs", "SigAndRefsTimeStamp"),
            *("RefsOnlyTimeStamp", "CertificateValues", "RevocationValues", "AttrAuthoritiesCertValues"),
            *("AttributeRevocationValues", "ArchiveTimeStamp"),
        )
    }
    | {
        f"{XADES_141}{name}"
        for name in (
            *("ArchiveTimeStamp", "TimeStampValidationData", "CompleteCertificateRefsV2"),
            *("AttributeCertificateRefsV2", "SigAndRefsTimeStampV2", "RefsOnlyTimeStampV2"),
        )
    }
)
"""What XML-DSig and XAdES-T to -LTA (ETSI EN 319 132-1, 5.4 and 5.5) have beside what is signed."""


def unexamined(signature: _Element) -> tuple[str, ...]:
    """Return the names of what stands unsigned in a signature and is not examined here.

    Raises:
        CertificateRefused: something is unsigned that no standard knows there.
    """
    references = signature.iterfind(f"{DS}SignedInfo/{DS}Reference")
    signed = {uri[1:] for reference in references if (uri := reference.get("URI", "")).startswith("#")}
    if len(signature.findall(f"{DS}Object/{XADES}QualifyingProperties")) > 1:
        raise CertificateRefused("a signature has its properties twice")
    return tuple(dict.fromkeys(_unexamined(signature, signed)))


def decoded(text: str | None) -> bytes:
    """Return the bytes of a base64 text, which may be broken into lines, but hold nothing else.

    Raises:
        ValueError: it is not the one spelling of these bytes.
    """
    plain = "".join((text or "").split())
    found = base64.b64decode(plain, validate=True)
    if base64.b64encode(found).decode() != plain:
        raise ValueError("there is more in a base64 text than its bytes")
    return found


def _unexamined(element: _Element, signed: set[str]) -> Iterator[str]:
    if set(element.attrib) - {"Id", "Target"}:
        raise CertificateRefused(f"the {_plain(element)} of a signature has attributes that nobody signed")
    texts = (element.text, *(child.tail for child in element))
    if any(text and not text.isspace() for text in texts):
        raise CertificateRefused(f"a text that nobody signed stands in the {_plain(element)} of a signature")
    may_hold = HOLDS[str(element.tag)]
    unsigned_properties = element.tag == f"{XADES}UnsignedSignatureProperties"
    for child in element:
        tag = str(child.tag)
        if (tag == EXAMINED and tag in may_hold) or child.get("Id") in signed:
            continue
        if tag in VALUES and tag in may_hold:
            _check_value(child)
        elif tag in may_hold:
            yield from _unexamined(child, signed)
        elif tag in NOT_EXAMINED and (tag.startswith(DS) or unsigned_properties):
            yield _plain(child)
        else:
            raise CertificateRefused(f"{_plain(child)} stands in a signature, and nobody signed it")


def _check_value(element: _Element) -> None:
    try:
        decoded(element.text)
    except ValueError as error:
        raise CertificateRefused(f"the {_plain(element)} of a signature is not plain base64") from error
    if len(element) or set(element.attrib) - {"Id"}:
        raise CertificateRefused(f"there is more in the {_plain(element)} of a signature than a value")


def _plain(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2]
