"""XAdES signatures on a digital calibration certificate (ETSI EN 319 132-1, baseline B).

Those of others are checked as well: XAdES of every level, and plain XML-DSig, which says neither
when nor for what it was made.

Every signature is enveloped and covers the whole document, the earlier signatures included. A
signature is put in front of the earlier ones, so that the first one in the file, which is the one
every XML tool checks, is the latest and covers everything. To check an earlier one, what was put in
front of it is taken off.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from remotecal.certificates.dcc.xml import DCC, SIGNATURE, asides, parse
from remotecal.certificates.signing.cover import decoded, unexamined
from remotecal.certificates.signing.layout import was_reformatted
from remotecal.certificates.signing.signature import DUTIES, Duty, Signature
from remotecal.errors import CertificateRefused, RecordError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from lxml.etree import _Element
    from signxml.util import SigningSettings
    from signxml.verifier import VerifyResult
    from signxml.xades.xades import XAdESSigner

    from remotecal.certificates.signing.keys import SigningKey

DS = {"ds": "http://www.w3.org/2000/09/xmldsig#", "xades": "http://uri.etsi.org/01903/v1.3.2#"}
ROOT = f"{{{DCC}}}digitalCalibrationCertificate"


def sign_xml(data: bytes, key: SigningKey, duty: Duty, at: datetime) -> bytes:
    """Return the certificate in `data` with a further signature.

    Canonical XML 1.1, RSA with SHA-256. `at`, with its time zone, is stated as the time of signing.
    """
    from lxml.etree import Element, tostring

    root = parse(data)
    earlier = root.find(SIGNATURE)
    place = len(root) if earlier is None else root.index(earlier)
    root.insert(place, Element(SIGNATURE, {"Id": "placeholder"}, nsmap={"ds": DS["ds"]}))
    signer = _signer(duty, at)
    signed = signer.sign(root, key=key.private, cert=list(key.chain), always_add_key_value=False)
    return tostring(signed, xml_declaration=True, encoding="UTF-8") + b"\n"


def with_value(data: bytes, value: bytes) -> bytes:
    """Return a certificate whose latest signature was prepared, with the value that was made elsewhere.

    Whether it is the right one, `read_signatures` tells.

    Raises:
        RecordError: the file is no XML, or bears no signature.
    """
    from base64 import b64encode

    from lxml.etree import tostring

    root = parse(data)
    place = root.find("ds:Signature[1]/ds:SignatureValue", DS)
    if place is None:
        raise RecordError("there is no signature to which a value belongs")
    place.text = b64encode(value).decode()
    return tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def read_signatures(data: bytes) -> tuple[Signature, ...]:
    """Return the signatures on a certificate, earliest first; none if it is not signed.

    Raises:
        CertificateRefused: a signature does not hold, does not cover the whole certificate, or has
            something beside it that nobody signed.
        RecordError: the file is no XML.
    """
    root = parse(data)
    found = []
    if root.find(SIGNATURE) is not None and (instructions := asides(data)[1]):
        raise CertificateRefused(
            f"a processing instruction that nobody signed stands in the file: {instructions[0]!r:.80}"
        )
    while (newest := root.find(SIGNATURE)) is not None:
        try:
            found.append(_check(root))
        except CertificateRefused as refusal:
            if len(data) <= LARGEST_RESTORED and was_reformatted(root, _check):
                raise CertificateRefused(REFORMATTED) from refusal
            raise
        root.remove(newest)
    return tuple(reversed(found))


LARGEST_RESTORED = 4 * 2**20
"""Bytes up to which the layout of a file is tried that a signature might hold for."""

REFORMATTED = (
    "the file was reformatted after it was signed: its signature does not hold, but does once the white "
    "space between the elements is put back. Get the file as it was issued"
)


STUMBLES = (ValueError, LookupError, TypeError, AttributeError)
"""What comes out of the libraries where an element of a signature is empty, or none is there."""


def _check(root: _Element) -> Signature:
    """Return the first signature of `root` if it holds over everything but itself."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from lxml.etree import LxmlError
    from signxml.exceptions import InvalidDigest, SignXMLException

    signature = root.find(SIGNATURE)
    if signature is None:
        raise CertificateRefused("the certificate is not signed")
    beside = unexamined(signature)
    try:
        chain = _chain(root)
        results, properties = _results(root, chain[0])
        at, duty = _time(properties), _duty(properties)
        references = root.findall("ds:Signature[1]/ds:SignedInfo/ds:Reference", DS)
        whole = [found for entry, found in zip(references, results, strict=True) if entry.get("URI") == ""]
    except InvalidDigest as error:
        what = "certificate" if str(error).endswith("()") else "time or the duty that it states"
        raise CertificateRefused(
            f"a signature does not hold: the {what} was changed after it was made"
        ) from error
    except (SignXMLException, LxmlError, UnsupportedAlgorithm, *STUMBLES) as error:
        raise CertificateRefused(f"a signature does not hold: {error or type(error).__name__}") from error
    if len(whole) != 1 or whole[0].signed_xml is None or whole[0].signed_xml.tag != ROOT:
        raise CertificateRefused("a signature does not cover the whole certificate")
    return Signature(duty, at, chain, whole[0].signed_data, unexamined=beside)


def _results(root: _Element, signer: Certificate) -> tuple[list[VerifyResult], _Element | None]:
    """Return what was found of each reference, and the signed properties; None of plain XML-DSig.

    The signer's certificate is checked at the time that is claimed, or where it began to be valid:
    whether it counted is for the trust list to say.
    """
    from lxml.etree import tostring
    from signxml.verifier import SignatureConfiguration, XMLVerifier
    from signxml.xades.xades import XAdESSignatureConfiguration, XAdESVerifier, XAdESVerifyResult

    content, at = tostring(root), _time(root) or signer.not_valid_before_utc
    if root.find("ds:Signature[1]/ds:Object/xades:QualifyingProperties", DS) is None:
        plain = SignatureConfiguration(location="./", verification_time=at, expect_references=True)
        results = XMLVerifier().verify(content, x509_cert=signer, expect_config=plain)
        return results if isinstance(results, list) else [results], None
    config = XAdESSignatureConfiguration(location="./", verification_time=at, expect_references=True)
    found = XAdESVerifier().verify(content, x509_cert=signer, expect_config=config)
    (signed,) = (result.signed_xml for result in found if isinstance(result, XAdESVerifyResult))
    return found, signed


def _signer(duty: Duty, at: datetime) -> XAdESSigner:
    """Return a signer that states our clock's time for the computer's."""
    from lxml.etree import SubElement
    from signxml.algorithms import CanonicalizationMethod
    from signxml.xades.xades import XAdESSigner

    class Timed(XAdESSigner):
        """signxml's signer with the time left to us."""

        def add_signing_time(
            self, signed_signature_properties: _Element, sig_root: _Element, signing_settings: SigningSettings
        ) -> None:
            time = SubElement(signed_signature_properties, f"{{{DS['xades']}}}SigningTime")
            time.text = at.isoformat(timespec="seconds")

    return Timed(claimed_roles=[duty], c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_1)


def _chain(root: _Element) -> tuple[Certificate, ...]:
    from cryptography.x509 import load_der_x509_certificate

    found = root.findall("ds:Signature[1]/ds:KeyInfo/ds:X509Data/ds:X509Certificate", DS)
    if not found:
        raise ValueError("it carries no certificate of its signer")
    return tuple(load_der_x509_certificate(decoded(entry.text)) for entry in found)


def _said(signed: _Element | None, name: str) -> str | None:
    """Return what XAdES properties say; of a certificate, those of its first signature."""
    properties = signed.find(SIGNATURE) if signed is not None and signed.tag == ROOT else signed
    found = [] if properties is None else properties.findall(f".//xades:{name}", DS)
    if len(found) > 1:
        raise ValueError(f"it says its {name} {len(found)} times")
    return found[0].text if found else None


def _time(signed: _Element | None) -> datetime | None:
    said = _said(signed, "SigningTime")
    if said is None:
        return None
    at = datetime.fromisoformat(said.strip())
    if at.tzinfo is None:
        raise ValueError("it does not say when it was made, with a time zone")
    return at


def _duty(signed: _Element | None) -> Duty:
    """Return the duty; a signature without one, such as another laboratory's, is a seal."""
    said = _said(signed, "ClaimedRole") or "issued"
    for duty in DUTIES:
        if duty == said:
            return duty
    raise ValueError(f"it was given as {said!r}, which is none of {', '.join(DUTIES)}")
