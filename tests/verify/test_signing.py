"""Signatures hold, other makers' tools agree, and no change goes unseen."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from lxml.etree import fromstring, tostring
from made import NOW, SIGNED, Made, scale_certificate, small_pdf
from soft_token import PIN, needs_softhsm, put_into_token

from remotecal.certificates.dcc.validate import problems_of_schema
from remotecal.certificates.dcc.write import write
from remotecal.certificates.demonstration import DemonstrationKeys, pem
from remotecal.certificates.signing.keys import SigningKey, read_key
from remotecal.certificates.signing.pdf import embedded_xml, read_pdf_signature, sign_pdf
from remotecal.certificates.signing.seal import PublicKey, SealKey, read_public_key
from remotecal.certificates.signing.xml import read_signatures, sign_xml
from remotecal.errors import CertificateRefused, ConfigurationError, EvidenceError
from remotecal.private_files import write_private


def xmlsec1(certificate: Path, authority: Path) -> subprocess.CompletedProcess[str]:
    """Check the first signature of a file, which is the latest, by another maker's tool."""
    identified = ["--id-attr:Id", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties"]
    command = ["xmlsec1", "--verify", "--trusted-pem", str(authority), *identified, str(certificate)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def key(keys: DemonstrationKeys) -> SigningKey:
    return keys.signers["issued"]


@pytest.fixture
def signed(key: SigningKey) -> bytes:
    return sign_xml(write(scale_certificate()), key, "issued", SIGNED)


def test_four_signatures_hold_and_each_covers_the_earlier_ones(made: Made) -> None:
    signatures = read_signatures(made.certificate.read_bytes())
    assert [signature.duty for signature in signatures] == ["performed", "reviewed", "approved", "issued"]
    assert [signature.content.count(b"<ds:SignatureValue") for signature in signatures] == [0, 1, 2, 3]
    assert signatures[0].at == SIGNED


def test_the_signed_file_is_still_a_valid_dcc(made: Made) -> None:
    assert problems_of_schema(made.certificate.read_bytes()) == []
    official = files("dcclib.validation") / "schema" / "dcc" / "v3.3.0.xsd"
    command = ["xmllint", "--noout", "--nonet", "--schema", str(official), str(made.certificate)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_xmlsec1_agrees(made: Made) -> None:
    made.keys.write(made.folder / "keys")
    authority = made.folder / "keys" / "authority.pem"
    assert xmlsec1(made.certificate, authority).returncode == 0
    changed = made.folder / "changed.xml"
    changed.write_bytes(made.certificate.read_bytes().replace(b">0.060<", b">0.061<"))
    assert xmlsec1(changed, authority).returncode != 0


def test_an_earlier_signature_cannot_be_taken_off(made: Made) -> None:
    data = made.certificate.read_bytes()
    signatures = re.findall(rb"<ds:Signature .*?</ds:Signature>", data, re.DOTALL)
    assert len(signatures) == 4
    with pytest.raises(CertificateRefused, match="does not hold"):
        read_signatures(data.replace(signatures[2], b""))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b">0.012<", b">0.013<"),
        (b"2026-03-01", b"2026-03-02"),
        (b"+00:00</xades:SigningTime>", b"+01:00</xades:SigningTime>"),
        (b">issued</xades:ClaimedRole>", b">performed</xades:ClaimedRole>"),
    ],
)
def test_any_change_is_seen(signed: bytes, old: bytes, new: bytes) -> None:
    assert old in signed
    what = "time or the duty that it states" if b"xades" in old else "certificate"
    with pytest.raises(CertificateRefused, match=f"does not hold: the {what} was changed after it was made"):
        read_signatures(signed.replace(old, new, 1))


@pytest.mark.parametrize(
    "name",
    [
        *(
            "CanonicalizationMethod",
            "SignatureMethod",
            "Reference",
            "Transforms",
            "Transform",
            "DigestMethod",
        ),
        *("DigestValue", "SignedInfo", "SignatureValue", "KeyInfo", "X509Data", "X509Certificate", "Object"),
    ],
)
@pytest.mark.parametrize("emptied", [True, False])
def test_a_signature_that_lacks_something_is_refused(signed: bytes, name: str, emptied: bool) -> None:
    root = fromstring(signed)
    for element in root.findall(f"{{*}}Signature//{{*}}{name}"):
        if emptied:
            element[:], element.text = [], None
            element.attrib.clear()
        else:
            element.getparent().remove(element)
    with pytest.raises(CertificateRefused):
        read_signatures(tostring(root))


def test_a_signature_over_a_part_is_none_of_the_whole(key: SigningKey) -> None:
    """An attacker's document around something honestly signed (signature wrapping)."""
    from lxml.etree import fromstring, tostring
    from signxml.algorithms import CanonicalizationMethod
    from signxml.xades.xades import XAdESSigner

    root = fromstring(write(scale_certificate()))
    root[0].set("id", "part")
    signer = XAdESSigner(claimed_roles=["issued"], c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_1)
    part = signer.sign(
        root, key=key.private, cert=list(key.chain), always_add_key_value=False, reference_uri="part"
    )
    with pytest.raises(CertificateRefused, match="does not cover the whole certificate"):
        read_signatures(tostring(part))


def test_a_plain_signature_without_xades_holds_at_an_unknown_time(key: SigningKey) -> None:
    from lxml.etree import fromstring, tostring
    from signxml.algorithms import CanonicalizationMethod
    from signxml.signer import XMLSigner

    root = fromstring(write(scale_certificate()))
    plain = XMLSigner(c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_1)
    data = tostring(plain.sign(root, key=key.private, cert=list(key.chain)))
    (signature,) = read_signatures(data)
    assert (signature.at, signature.duty, signature.name) == (None, "issued", key.name)
    assert signature.said == f"issued by {key.name} at an unknown time"
    with pytest.raises(CertificateRefused, match="does not say when it was made"):
        _ = signature.time


def test_the_pdf_is_signed_and_holds_the_signed_xml(signed: bytes, key: SigningKey, tmp_path: Path) -> None:
    pdf = sign_pdf(small_pdf(signed), key, SIGNED)
    signature = read_pdf_signature(pdf)
    assert (signature.name, signature.at, signature.duty) == (key.name, SIGNED, "issued")
    assert embedded_xml(pdf) == signed
    path = tmp_path / "certificate.pdf"
    path.write_bytes(pdf)
    said = subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=True).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    listed = subprocess.run(
        ["pdfdetach", "-list", str(path)], capture_output=True, text=True, check=True
    ).stdout
    assert "1 embedded files" in listed


def test_any_change_of_the_pdf_is_seen(signed: bytes, key: SigningKey) -> None:
    pdf = sign_pdf(small_pdf(signed), key, SIGNED)
    place = pdf.index(b"stream") + 60
    with pytest.raises(CertificateRefused, match="the file was changed"):
        read_pdf_signature(pdf[:place] + bytes((pdf[place] ^ 1,)) + pdf[place + 1 :])
    with pytest.raises(CertificateRefused, match="added to the PDF behind its signature"):
        read_pdf_signature(pdf + b"\n% more\n")
    with pytest.raises(CertificateRefused, match="has 0 signatures"):
        read_pdf_signature(small_pdf(signed))
    with pytest.raises(CertificateRefused, match="is no PDF"):
        read_pdf_signature(b"%PDF-1.7 nothing else")


def test_a_key_from_pkcs12_or_an_encrypted_pem_signs(key: SigningKey, signed: bytes, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
    from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

    secret = BestAvailableEncryption(b"secret")
    container = tmp_path / "key.p12"
    write_private(container, serialize_key_and_certificates(b"key", key.private, key.chain[0], None, secret))
    encrypted = tmp_path / "key.pem"
    private = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret)
    write_private(encrypted, private + key.chain[0].public_bytes(Encoding.PEM))
    for path in (container, encrypted):
        data = sign_xml(write(scale_certificate()), read_key(str(path), "secret"), "issued", SIGNED)
        assert read_signatures(data)[0].name == key.name
        with pytest.raises(ConfigurationError, match="is the password right"):
            read_key(str(path), "sesame")
        with pytest.raises(ConfigurationError, match=r"is the password right|key is encrypted"):
            read_key(str(path))


@needs_softhsm
def test_a_key_in_a_token_signs_xml_and_pdf(
    key: SigningKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = put_into_token(key, tmp_path, monkeypatch)
    with pytest.raises(ConfigurationError, match="is the PIN right"):
        read_key(uri, "0000")
    token = read_key(uri, PIN)
    data = sign_xml(write(scale_certificate()), token, "issued", SIGNED)
    assert read_signatures(data)[0].name == key.name
    assert read_pdf_signature(sign_pdf(small_pdf(data), token, SIGNED)).name == key.name


def test_keys_that_cannot_sign_certificates(keys: DemonstrationKeys, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding

    own = pem(keys.signers["performed"])
    other = pem(keys.signers["reviewed"])
    private, _, _ = own.partition(b"-----BEGIN CERTIFICATE")
    _, _, foreign = other.partition(b"-----BEGIN CERTIFICATE")
    short = SigningKey(generate_private_key(65537, 2048), keys.signers["performed"].chain)
    refused = {
        b"": "gives no key",
        private: "holds no certificate",
        private + b"-----BEGIN CERTIFICATE" + foreign: "not this key's",
        pem(short): "not this key's",
        keys.authority.public_bytes(Encoding.PEM): "gives no key",
    }
    for content, reason in refused.items():
        path = tmp_path / "key.pem"
        write_private(path, content)
        with pytest.raises(ConfigurationError, match=reason):
            read_key(str(path))
    with pytest.raises(ConfigurationError, match="can't be read"):
        read_key(str(tmp_path / "nothing.pem"))
    with pytest.raises(ConfigurationError, match="must have the form"):
        read_key("pkcs11:token=lab")


@pytest.mark.skipif(sys.platform == "win32", reason="access lists are kept elsewhere there")
def test_a_key_that_others_can_read_signs_nothing(keys: DemonstrationKeys, tmp_path: Path) -> None:
    keys.write(tmp_path)
    read: dict[str, Callable[[Path], object]] = {
        "performed.pem": lambda path: read_key(str(path)),
        "station.pem": SealKey.read,
    }
    for name, reading in read.items():
        reading(tmp_path / name)
        (tmp_path / name).chmod(0o640)
        with pytest.raises(ConfigurationError, match="can be read by others: `chmod 600"):
            reading(tmp_path / name)


def test_seals_are_checked_by_openssl_too(keys: DemonstrationKeys, tmp_path: Path) -> None:
    import base64

    keys.write(tmp_path)
    seal = SealKey.read(tmp_path / "station.pem")
    assert read_public_key(tmp_path / "station.pub.pem") == seal.public
    with pytest.raises(ConfigurationError, match=r"is the key that signs: give .* station\.pub\.pem"):
        read_public_key(tmp_path / "station.pem")
    (tmp_path / "data").write_bytes(b"what was said")
    (tmp_path / "signature").write_bytes(base64.b64decode(seal.sign(b"what was said")))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "station.pub.pem", "-rawin"]
    subprocess.run(
        [*command, "-in", "data", "-sigfile", "signature"], cwd=tmp_path, check=True, capture_output=True
    )
    with pytest.raises(EvidenceError, match="not that of key"):
        seal.public.check(b"what was not said", seal.sign(b"what was said"))
    for text in ("nonsense!", "AAAA"):
        with pytest.raises(ConfigurationError, match="no Ed25519 key"):
            PublicKey.from_text(text)
    assert (tmp_path / "station.pem").stat().st_mode & 0o077 == 0


def test_a_time_without_zone_is_refused(key: SigningKey) -> None:
    data = sign_xml(write(scale_certificate()), key, "issued", datetime(2026, 11, 20, 15))  # noqa: DTZ001
    with pytest.raises(CertificateRefused, match="with a time zone"):
        read_signatures(data)
    assert NOW.tzinfo is UTC
