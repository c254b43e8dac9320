"""The trust list says whom to believe, and the chain of traceability is recognised by it or refused."""

from __future__ import annotations

import dataclasses
import subprocess
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
import tomli_w
from made import NAMES, NOW, SIGNED, Made, scale_certificate, trust_content

from remotecal.certificates.demonstration import write_trust_list
from remotecal.certificates.library import CertificateLibrary, canonical_hash
from remotecal.certificates.signing.signature import Signature
from remotecal.certificates.signing.xml import read_signatures
from remotecal.certificates.trace import Traced, recognise_chain, trace, tree
from remotecal.certificates.trace_drawing import Wording, draw
from remotecal.certificates.trust import TrustList, read_trust_list, sign_trust_list
from remotecal.errors import CertificateRefused, ConfigurationError, EvidenceError
from remotecal.model import CertificateReference, Text
from remotecal.verify import verify


@pytest.fixture
def seal(made: Made) -> Signature:
    return read_signatures(made.certificate.read_bytes())[-1]


def with_laboratory(trust: TrustList, **changes: object) -> TrustList:
    bodies = list(trust.bodies)
    bodies[1] = bodies[1].model_copy(update=changes)
    return trust.model_copy(update={"bodies": tuple(bodies)})


def test_a_list_is_worth_its_signature(made: Made) -> None:
    made.trust()
    path = made.folder / "trust.toml"
    with pytest.raises(EvidenceError, match="not the list its issuer signed"):
        read_trust_list(path, made.keys.station.public)
    path.write_bytes(path.read_bytes().replace(b'cmc = "0.05"', b'cmc = "0.01"'))
    with pytest.raises(EvidenceError, match="not the list its issuer signed"):
        read_trust_list(path, made.keys.list_issuer.public)
    (made.folder / "trust.toml.sig").unlink()
    with pytest.raises(ConfigurationError, match="can't be read"):
        read_trust_list(path, made.keys.list_issuer.public)


def test_openssl_checks_a_list_too(made: Made) -> None:
    import base64

    made.trust()
    made.keys.write(made.folder)
    (made.folder / "raw").write_bytes(base64.b64decode((made.folder / "trust.toml.sig").read_bytes()))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "list-issuer.pub.pem", "-rawin"]
    subprocess.run(
        [*command, "-in", "trust.toml", "-sigfile", "raw"], cwd=made.folder, check=True, capture_output=True
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"recognised_by": "nobody"}, "leads nowhere"),
        ({"recognised_by": "laboratory"}, "leads nowhere"),
        ({"id": "body"}, "two bodies have one id"),
        ({"journal_keys": ["AAAA"]}, "no Ed25519 key"),
        ({"certificates": ["nonsense"]}, "certificates"),
        ({"vailid_until": "2027-01-01"}, "did you mean valid_until"),
    ],
)
def test_a_list_that_is_wrong_is_not_signed(made: Made, change: dict[str, object], reason: str) -> None:
    content = trust_content(made.keys)
    bodies = content["bodies"]
    assert isinstance(bodies, list)
    bodies[1] |= change
    path = made.folder / "trust.toml"
    path.write_text(tomli_w.dumps(content), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=reason):
        sign_trust_list(path, made.keys.list_issuer)
    assert not (made.folder / "trust.toml.sig").exists()


def test_the_laboratory_is_recognised_by_key_or_by_its_authority(made: Made, seal: Signature) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    trust = made.trust()
    assert trust.recognise(seal).id == "laboratory"
    assert [body.id for body in trust.above(trust.recognise(seal))] == ["laboratory", "body"]
    authority = made.keys.authority.public_bytes(Encoding.PEM).decode()
    assert with_laboratory(trust, certificates=(authority,)).recognise(seal).id == "laboratory"


def test_who_is_not_recognised(made: Made, seal: Signature) -> None:
    trust = made.trust()
    with pytest.raises(CertificateRefused, match="is not on the trust list"):
        with_laboratory(trust, certificates=trust.bodies[2].certificates).recognise(seal)
    with pytest.raises(CertificateRefused, match="counts from 2026-01-01 to 2026-11-19, not on 2026-11-20"):
        with_laboratory(trust, valid_until=date(2026, 11, 19)).recognise(seal)
    body = trust.bodies[0].model_copy(update={"valid_from": date(2026, 12, 1)})
    above = trust.model_copy(update={"bodies": (body, *trust.bodies[1:])})
    with pytest.raises(CertificateRefused, match="Accreditor counts from 2026-12-01"):
        above.recognise(seal)
    before = Signature("issued", datetime(2020, 1, 1, tzinfo=UTC), seal.chain, b"")
    with pytest.raises(CertificateRefused, match="is not on the trust list"):
        with_laboratory(trust, valid_from=date(2019, 1, 1)).recognise(before)


def test_a_person_can_not_issue_keys(made: Made, seal: Signature) -> None:
    """A leaf certificate on the list is no authority for others."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509 import (
        CertificateBuilder,
        KeyUsage,
        Name,
        NameAttribute,
        NameOID,
        random_serial_number,
    )

    own, forger = made.keys.signers["performed"], made.keys.signers["institute"].private
    name = Name([NameAttribute(NameOID.COMMON_NAME, "anybody")])
    first, last = own.chain[0].not_valid_before_utc, own.chain[0].not_valid_after_utc
    builder = CertificateBuilder(
        own.chain[0].subject, name, forger.public_key(), random_serial_number(), first, last
    )
    usage = own.chain[0].extensions.get_extension_for_class(KeyUsage).value
    forged = builder.add_extension(usage, critical=True).sign(own.private, SHA256())
    with pytest.raises(CertificateRefused, match="is not on the trust list"):
        made.trust().recognise(Signature("issued", SIGNED, (forged, own.chain[0]), b""))


def test_what_is_revoked(made: Made, seal: Signature) -> None:
    from remotecal.certificates.signing.keys import fingerprint

    def revoked(what: str, name: str, **since: date) -> TrustList:
        return made.trust(revoked=[{"what": what, "id": name, "reason": {"en": "lost"}, **since}])

    key = fingerprint(seal.chain[0])
    with pytest.raises(CertificateRefused, match=r"is revoked: lost"):
        revoked("key", key).recognise(seal)
    with pytest.raises(CertificateRefused, match=r"is revoked since 2026-11-20: lost"):
        revoked("key", key, since=date(2026, 11, 20)).recognise(seal)
    assert revoked("key", key, since=date(2026, 11, 21)).recognise(seal).id == "laboratory"
    reviewer = revoked("key", fingerprint(made.keys.signers["reviewed"].chain[0]))
    assert reviewer.recognise(seal).id == "laboratory", "his key is not the seal's, though he signed before"
    station = made.keys.station.public
    with pytest.raises(CertificateRefused, match=r"is revoked"):
        revoked("key", station.id).recognise_journal(station, SIGNED.date())
    with pytest.raises(CertificateRefused, match="FLOW-1 is revoked"):
        revoked("certificate", "FLOW-1").check_number("FLOW-1", SIGNED.date())


def test_a_list_has_its_day(made: Made) -> None:
    trust = made.trust()
    trust.check_current(NOW)
    with pytest.raises(CertificateRefused, match="get the current one"):
        trust.check_current(datetime(2027, 1, 2, tzinfo=UTC))


def test_what_is_revoked_in_the_morning_in_the_east_is_known_in_the_west_at_once(made: Made) -> None:
    """At nine in Shenyang on the 1st it is the 30th in London and in Vancouver."""
    entry = {"what": "certificate", "id": "FLOW-1", "reason": {"en": "lost"}, "since": date(2026, 12, 1)}
    trust = made.trust(issued=date(2026, 12, 1), revoked=[entry])
    library = CertificateLibrary([made.standards])
    for hours in (0, -8):
        now = datetime(2026, 12, 1, 1, tzinfo=UTC).astimezone(timezone(timedelta(hours=hours)))
        trust.check_current(now)
        traced = trace(made.certificate.read_bytes(), library, trust, now)
        assert (traced.standing, "revoked since 2026-12-01" in traced.reason) == ("refused", True)
        report = verify(made.certificate, journal=made.run, trust=trust, library=library, now=now)
        assert [check.name for check in report.failures] == ["revocation"]
    with pytest.raises(CertificateRefused, match="for 2026-12-01 to"):
        trust.check_current(datetime(2026, 11, 30, 9, 59, tzinfo=UTC))  # before the day began anywhere


def test_the_demonstration_list_recognises_the_demonstration(made: Made, seal: Signature) -> None:
    path = made.folder / "demonstration.toml"
    scope = made.trust().bodies[1].scope
    name = Text(zh="示范流量实验室", en=NAMES["issued"], de='Labor "Durchfluss"')
    write_trust_list(path, made.keys, name, scope, SIGNED.date())
    trust = read_trust_list(path, made.keys.list_issuer.public)
    assert trust.demonstration
    assert trust.recognise(seal).scope == scope
    assert trust.recognise(seal).name == name
    recognise_chain(chain(made, trust))
    library = CertificateLibrary([made.standards])
    report = verify(
        made.certificate, journal=made.run, trust=trust, library=library, recompute=made.recompute, now=NOW
    )
    assert report.verdict == "holds"


def chain(made: Made, trust: TrustList | None) -> Traced:
    return trace(made.certificate.read_bytes(), CertificateLibrary([made.standards]), trust)


def test_the_chain_is_recognised_to_the_national_standard(made: Made) -> None:
    traced = chain(made, made.trust())
    assert [(link.number, link.standing) for link in traced.chain()] == [
        ("FLOW-1", "recognised"),
        ("MASS-1", "national standard"),
    ]
    recognise_chain(traced)


@pytest.mark.parametrize("what", ["file", "trust", "institute", "expired", "serial"])
def test_a_chain_that_is_broken_is_refused(made: Made, what: str) -> None:
    trust: TrustList | None = made.trust()
    assert trust is not None
    if what == "file":
        (made.standards / "scale.xml").unlink()
        reason = "MASS-1.*not at hand"
    elif what == "trust":
        trust, reason = None, "FLOW-1.*no trust list to ask"
    elif what == "institute":
        laboratory = trust.bodies[2].model_copy(update={"kind": "laboratory"})
        trust, reason = (
            trust.model_copy(update={"bodies": (*trust.bodies[:2], laboratory)}),
            "names no standard",
        )
    elif what == "expired":
        made.write_standard(scale_certificate(valid_until=date(2026, 11, 1)))
        made.seal(made.recompute(made.run))
        reason = "MASS-1.*expired on 2026-11-01, used on 2026-11-20"
    else:
        item = scale_certificate().items[0]
        other = item.identifications[0].model_copy(update={"value": "B-2"})
        changed = item.model_copy(update={"identifications": (other,)})
        made.write_standard(scale_certificate().model_copy(update={"items": (changed,)}))
        made.seal(made.recompute(made.run))
        reason = "not for serial number B-1"
    with pytest.raises(CertificateRefused, match=reason):
        recognise_chain(chain(made, trust))


def test_the_chain_is_drawn(made: Made) -> None:
    from lxml.etree import fromstring
    from rich.console import Console

    traced = chain(made, made.trust())
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    with console.file:
        console.print(tree(traced))
    said = console.export_text()
    assert "MASS-1, 示范计量院" not in said
    assert "MASS-1, Demonstration Institute, 2026-03-01, valid until 2027-03-01" in said
    svg = fromstring(draw(traced))
    texts = [element.text for element in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert {"FLOW-1", "MASS-1", "scale B-1"} <= set(texts)
    reason = (
        "the certificate FLOW-1 is superseded by FLOW-1-A since 2026-11-30: the customer's name was wrong"
    )
    refused = dataclasses.replace(traced, standing="refused", reason=reason)
    svg = fromstring(draw(refused))
    texts = [element.text for element in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert " ".join(map(str, texts)).endswith(f"refused: {reason}"), "the reason is told whole"


def test_a_drawing_speaks_its_readers_language_and_keeps_to_its_boxes(made: Made) -> None:
    from lxml.etree import fromstring

    link = dataclasses.replace(
        chain(made, made.trust()),
        item="温湿度大气压变送器" * 9,
        laboratory="x" * 99,
        reason="证书已被取代，" * 9,
    )
    wording = Wording("{day} 校准", "有效期至 {day}", "，", "：", {link.standing: "承认"})
    svg = fromstring(draw(link, wording))
    texts = [str(element.text) for element in svg.iter("{http://www.w3.org/2000/svg}text")]
    widths = [sum(2 if ord(letter) > 0x2E80 else 1 for letter in text) for text in texts]
    assert max(widths) <= 48
    assert {f"{link.calibrated} 校准", "2026-03-01 校准，有效期至 2027-03-01"} <= set(texts)
    assert "承认：证书已被取代，证书已被取代，证书已被取代，" in texts
    assert not any(text.startswith("，") for text in texts)


def test_a_certificate_is_found_by_either_hash(made: Made) -> None:
    library = CertificateLibrary([made.standards])
    data = (made.standards / "scale.xml").read_bytes()

    def named(value: str) -> CertificateReference:
        return CertificateReference(number="MASS-1", title=Text.plain("scale"), value=value)

    assert library.find(named(canonical_hash(data).upper())) == data
    assert library.find(named("analogue")) is None
    with pytest.raises(ConfigurationError, match="there are no certificates at"):
        CertificateLibrary([made.folder / "nowhere"])
