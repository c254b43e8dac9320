"""What a forger may try who holds nobody's key: the check that meets it; and what others sign honestly."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
from forged_paper import examine, outcomes
from made import NOW, Made, scale_certificate

from remotecal.certificates.dcc.validate import problems_of_schema, validate
from remotecal.certificates.dcc.write import write
from remotecal.certificates.signing.keys import fingerprint
from remotecal.certificates.signing.xml import read_signatures

Bytes = Callable[[bytes], bytes]


def put(old: bytes, new: bytes, count: int = 1) -> Bytes:
    """Return what replaces bytes that must be there."""

    def change(data: bytes) -> bytes:
        assert old in data, old
        return data.replace(old, new, count)

    return change


def last(old: bytes, new: bytes) -> Bytes:
    """Return what replaces the last of some bytes: in the innermost, earliest signature."""

    def change(data: bytes) -> bytes:
        head, found, tail = data.rpartition(old)
        assert found
        return head + new + tail

    return change


ROOT = b"<dcc:digitalCalibrationCertificate"
SIGNATURE = b"<ds:Signature "
OBJECT = b"</ds:Object>"
UNSIGNED = (
    b"<xades:UnsignedProperties><xades:UnsignedSignatureProperties>%s</xades:UnsignedSignatureProperties>"
    b"</xades:UnsignedProperties></xades:QualifyingProperties>"
)
TWICE = b'<xades:QualifyingProperties xmlns:xades="http://uri.etsi.org/01903/v1.3.2#" Target="#x"/>'
QUALIFYING = b"</xades:QualifyingProperties>"
CLAIM = (
    b'<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315">'
    b"conforms</ds:CanonicalizationMethod></ds:SignedInfo>"
)

NOBODYS: dict[str, tuple[Bytes, str, str]] = {
    "a comment in a number": (put(b">0.060<", b">0.0<!-- -->60<"), "XML signatures", "within the text"),
    "a comment at its end": (put(b">0.060<", b">0.060<!-- 1 --><"), "XML signatures", "within the text"),
    "a comment in a name": (put(b">SN-4711<", b">SN-47<!---->11<"), "XML signatures", "within the text"),
    "an instruction in a number": (put(b">0.060<", b">0.0<?x y?>60<"), "XML signatures", "within the text"),
    "an instruction between elements": (put(b"<dcc:items>", b"<?x y?><dcc:items>"), "XML signatures", "x y"),
    "a style sheet": (
        put(ROOT, b'<?xml-stylesheet type="text/xsl" href="better.xsl"?>' + ROOT),
        "XML signatures",
        "xml-stylesheet",
    ),
    "an instruction behind the end": (lambda data: data + b"<?x y?>", "XML signatures", "x y"),
    "a digit by reference": (put(b">0.060<", b">0.06&#49;<"), "XML signatures", "does not hold"),
    "a digit as CDATA": (put(b">0.060<", b">0.06<![CDATA[1]]><"), "XML signatures", "does not hold"),
    "white space kept": (put(b"<dcc:items>", b'<dcc:items xml:space="preserve">'), "XML signatures", "hold"),
    "another namespace bound": (
        put(b"<dcc:items>", b'<dcc:items xmlns:z="urn:z">'),
        "XML signatures",
        "hold",
    ),
    "the prefix bound elsewhere": (
        put(b"<dcc:items>", b'<dcc:items xmlns:dcc="urn:z">'),
        "XML signatures",
        "does not hold",
    ),
    "a default of our namespace": (
        put(b"<dcc:items>", b'<items xmlns="https://ptb.de/dcc"/><dcc:items>'),
        "XML signatures",
        "does not hold",
    ),
    "XInclude": (
        put(b"<dcc:items>", b'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="x"/><dcc:items>'),
        "schema",
        "include",
    ),
    "a text in an object": (put(OBJECT, b"conforms" + OBJECT), "XML signatures", "a text that nobody signed"),
    "an object with a claim": (
        put(OBJECT, OBJECT + b"<ds:Object><c>conforms</c></ds:Object>"),
        "XML signatures",
        "c stands in a signature, and nobody signed it",
    ),
    "a second SignedInfo in an object": (
        put(OBJECT, OBJECT + b"<ds:Object>%s</ds:Object>" % CLAIM),
        "XML signatures",
        "SignedInfo stands in a signature, and nobody signed it",
    ),
    "a SignedInfo among unsigned properties": (
        put(QUALIFYING, UNSIGNED % CLAIM),
        "XML signatures",
        "SignedInfo stands in a signature, and nobody signed it",
    ),
    "a manifest": (put(OBJECT, OBJECT + b"<ds:Object><ds:Manifest/></ds:Object>"), "XML signatures", ""),
    "properties twice": (
        put(
            OBJECT,
            OBJECT
            + b'<ds:Object><xades:QualifyingProperties xmlns:xades="http://uri.etsi.org/01903/v1.3.2#" '
            b'Target="#x"/></ds:Object>',
        ),
        "XML signatures",
        "properties twice",
    ),
    "a role nobody signed": (
        put(QUALIFYING, UNSIGNED % b"<xades:SignerRole/>"),
        "XML signatures",
        "SignerRole stands in a signature, and nobody signed it",
    ),
    "an attribute of the signature": (
        put(SIGNATURE, SIGNATURE + b'claim="1" '),
        "XML signatures",
        "attributes",
    ),
    "a text behind the value": (
        put(b"</ds:SignatureValue>", b"</ds:SignatureValue>conforms"),
        "XML signatures",
        "a text that nobody signed",
    ),
    "noise in the value": (
        put(b"</ds:SignatureValue>", b"-</ds:SignatureValue>"),
        "XML signatures",
        "base64",
    ),
    "an id given twice": (put(b"<dcc:items>", b'<dcc:items Id="SignXML">'), "XML signatures", "hold"),
    "the earliest signature taken off": (last(SIGNATURE, b"<!-- "), "XML signatures", ""),
    "a wrapped certificate": (
        lambda data: data.replace(ROOT, ROOT + b"><dcc:comment>" + ROOT, 1).replace(
            b"</dcc:digitalCalibrationCertificate>",
            b"</dcc:digitalCalibrationCertificate></dcc:comment></dcc:digitalCalibrationCertificate>",
        ),
        "XML signatures",
        "",
    ),
    "UTF-7": (put(b"encoding='UTF-8'", b"encoding='UTF-7'"), "XML signatures", "declares the encoding"),
    "UTF-16, said to be UTF-8": (lambda data: data.decode().encode("utf-16"), "XML signatures", "not UTF-8"),
    "UTF-16 without its mark": (lambda data: data.decode().encode("utf-16-le"), "XML signatures", ""),
    "a byte that is no text": (put(b">0.060<", b">0.060\x00<"), "XML signatures", "no well-formed XML"),
    "a document type": (put(ROOT, b"<!DOCTYPE a []>" + ROOT), "XML signatures", "document type"),
}


@pytest.mark.parametrize("what", NOBODYS)
def test_a_forgery_with_nobodys_key(made: Made, what: str) -> None:
    forge, check, reason = NOBODYS[what]
    honest = made.certificate.read_bytes()
    made.certificate.write_bytes(forge(honest))
    report = examine(made)
    assert report.verdict == "fails"
    outcome, said = outcomes(report)[check]
    assert outcome == "failed"
    assert reason in said


HARMLESS: dict[str, Bytes] = {
    "a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "line ends of Windows": lambda data: data.replace(b"\n", b"\r\n"),
    "a number by references": put(b">0.060<", b">0.0&#x36;0<"),
    "a number as CDATA": put(b">0.060<", b"><![CDATA[0.060]]><"),
    "attributes laid out otherwise": put(b"<dcc:items>", b"<dcc:items\n  >"),
    "a comment between elements": put(b"<dcc:items>", b"<!-- conforms --><dcc:items>"),
}


@pytest.mark.parametrize("how", HARMLESS)
def test_what_every_reader_reads_alike_is_the_same_certificate(made: Made, how: str) -> None:
    made.certificate.write_bytes(HARMLESS[how](made.certificate.read_bytes()))
    report = examine(made)
    assert report.verdict == "holds"
    said = outcomes(report)["XML signatures"][1]
    assert ("not signed: 1 comments in the file" in said) is ("comment" in how)


@pytest.mark.parametrize("layout", ["--format", "--noblanks"])
def test_a_file_that_was_reformatted_says_so(made: Made, layout: str) -> None:
    command = ["xmllint", layout, str(made.certificate)]
    made.certificate.write_bytes(subprocess.run(command, capture_output=True, check=True).stdout)
    outcome, said = outcomes(examine(made))["XML signatures"]
    assert (outcome, "was reformatted after it was signed" in said) == ("failed", True)
    made.certificate.write_bytes(made.certificate.read_bytes().replace(b">0.060<", b">0.061<"))
    assert "was reformatted" not in outcomes(examine(made))["XML signatures"][1]


def test_what_comes_with_a_signature_of_xades_lt_is_named_as_not_examined(made: Made) -> None:
    embedded = (
        b"<xades:SignatureTimeStamp><xades:EncapsulatedTimeStamp>AAAA</xades:EncapsulatedTimeStamp>"
        b"</xades:SignatureTimeStamp><xades:CertificateValues/><xades:RevocationValues/>"
    )
    data = put(QUALIFYING, UNSIGNED % embedded)(made.certificate.read_bytes())
    made.certificate.write_bytes(data)
    report = examine(made)
    assert report.verdict == "holds"
    assert outcomes(report)["XML signatures"][1].endswith(
        "not examined: SignatureTimeStamp, CertificateValues, RevocationValues"
    )


def test_another_makers_plain_signature_holds_at_an_unknown_time(made: Made) -> None:
    """A standard's certificate, signed by xmlsec1 with a template as others have it."""
    made.keys.write(made.folder / "keys")
    key = made.folder / "keys" / "institute.pem"
    template = (
        b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>'
        b'<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
        b'<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>'
        b'<ds:Reference URI=""><ds:Transforms>'
        b'<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>'
        b'<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>'
        b'<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference>'
        b"</ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:KeyName/><ds:X509Data/></ds:KeyInfo></ds:Signature>"
    )
    end = b"</dcc:digitalCalibrationCertificate>"
    path = made.standards / "scale.xml"
    path.write_bytes(write(scale_certificate()).replace(end, template + end))
    private, signer = made.folder / "private.pem", made.folder / "signer.pem"
    whole = key.read_bytes()
    private.write_bytes(whole[: whole.index(b"-----BEGIN CERT")])
    signer.write_bytes(whole[whole.index(b"-----BEGIN CERT") :])
    command = ["xmlsec1", "--sign", "--privkey-pem", f"{private},{signer}", "--output", str(path), str(path)]
    subprocess.run(command, check=True, capture_output=True)
    assert problems_of_schema(path.read_bytes()) == []
    (signature,) = read_signatures(path.read_bytes())
    assert (signature.at, signature.name) == (None, "Demonstration Institute")
    made.write_journal(made.folder / "again" / "run")
    run = made.folder / "again" / "run"
    made.seal(made.recompute(run))
    report = examine(made, journal=run)
    assert outcomes(report)["standard MASS-1: signature"][1].startswith(
        "issued by Demonstration Institute at an unknown time"
    )
    assert "time unknown" in outcomes(report)["standard MASS-1: dates"][1]
    assert report.verdict == "holds"
    key_id = fingerprint(signature.chain[0]).upper()
    late = {"what": "key", "id": key_id, "since": NOW.date(), "reason": {"en": "stolen"}}
    revoked = examine(made, journal=run, trust=made.trust(revoked=[late]))
    assert outcomes(revoked)["standard MASS-1: trust"][0] == "failed"


def test_mathml_and_signatures_are_no_faults_of_a_valid_dcc(made: Made) -> None:
    formula = (
        b'<dcc:formula><dcc:mathml><math xmlns="http://www.w3.org/1998/Math/MathML"><mi>x</mi><mspace/></math>'
        b"</dcc:mathml></dcc:formula>"
    )
    data = put(b"<dcc:list", formula + b"<dcc:list")(made.certificate.read_bytes())
    before = {problem.text.split(" (at")[0] for problem in validate(write(made.recompute(made.run)))}
    added = [problem for problem in validate(data) if problem.text.split(" (at")[0] not in before]
    assert [(problem.severity, "Math/MathML}math': not examined" in problem.text) for problem in added] == [
        ("warning", True)
    ]
    wrong = data.replace(b"<dcc:uniqueIdentifier>", b"<dcc:uniqueIdentifier id='1 2'>")
    assert any(problem.severity == "error" for problem in validate(wrong))
