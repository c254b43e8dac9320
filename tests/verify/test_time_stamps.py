"""A time-stamping authority on a real socket witnesses a signature; its word counts if the list says so."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import (
    Certificate,
    CertificateBuilder,
    ExtendedKeyUsage,
    KeyUsage,
    Name,
    NameAttribute,
    NameOID,
)
from cryptography.x509.oid import ExtendedKeyUsageOID
from made import NOW, SIGNED, Made, small_pdf, trust_content

from remotecal.certificates.signing.pdf import read_pdf_signature, sign_pdf
from remotecal.certificates.trust import Revocation, TrustList
from remotecal.errors import CertificateRefused, ConfigurationError
from remotecal.model import Text
from remotecal.verify import Report, verify

PRINTED = SIGNED + timedelta(hours=1)


@dataclass
class Authority:
    """A made-up time-stamping authority that states whatever time it is told."""

    certificate: Certificate
    key: bytes
    at: datetime = PRINTED + timedelta(minutes=2)
    answers: bool = True
    garbled: bool = False
    url: str = ""
    asked: list[str] = field(default_factory=list)

    def answer(self, request: bytes) -> bytes:
        from asn1crypto.keys import PrivateKeyInfo
        from asn1crypto.tsp import TimeStampReq
        from asn1crypto.x509 import Certificate as Asn1Certificate
        from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper

        if self.garbled:
            return b"nonsense"
        own = Asn1Certificate.load(self.certificate.public_bytes(Encoding.DER))
        stamper = DummyTimeStamper(own, PrivateKeyInfo.load(self.key), fixed_dt=self.at)
        return bytes(stamper.request_tsa_response(TimeStampReq.load(request)).dump())


@cache
def own_key() -> RSAPrivateKey:
    return generate_private_key(65537, 3072)


def certified(made: Made, *usage: object) -> tuple[Certificate, bytes]:
    """Return a certificate of the demonstration's authority for an extended key usage, and its key."""
    key = own_key()
    issuer = made.keys.signers["issued"]
    old = issuer.chain[0]
    name = Name([NameAttribute(NameOID.COMMON_NAME, "Demonstration time stamps")])
    builder = CertificateBuilder(
        name, name, key.public_key(), 99, old.not_valid_before_utc, old.not_valid_after_utc
    ).add_extension(old.extensions.get_extension_for_class(KeyUsage).value, critical=True)
    if usage:
        builder = builder.add_extension(ExtendedKeyUsage(usage), critical=True)  # type: ignore[arg-type]
    certificate = builder.sign(key, SHA256())
    return certificate, key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture
def authority(made: Made) -> Iterator[Authority]:
    found = Authority(*certified(made, ExtendedKeyUsageOID.TIME_STAMPING))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.asked.append(self.headers["Content-Type"])
            reply = found.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200 if found.answers else 503)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_request(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        found.url = f"http://127.0.0.1:{server.server_port}/"
        yield found
        server.shutdown()
        thread.join()


def stamped(made: Made, authority: Authority) -> Path:
    path = made.folder / "stamped.pdf"
    path.write_bytes(
        sign_pdf(
            small_pdf(made.certificate.read_bytes()), made.keys.signers["issued"], PRINTED, authority.url
        )
    )
    return path


def trusting(made: Made, authority: Authority, kind: str = "time-stamping authority") -> TrustList:
    content = trust_content(made.keys)
    bodies = content["bodies"]
    assert isinstance(bodies, list)
    pem = authority.certificate.public_bytes(Encoding.PEM).decode()
    span = {key: bodies[0][key] for key in ("valid_from", "valid_until")}
    entry = {"id": "stamps", "name": {"en": "Time service"}, "kind": kind, "certificates": [pem], **span}
    return made.trust(bodies=[*bodies, entry])


def examine(path: Path, trust: TrustList | None) -> Report:
    return verify(path, trust=trust, now=NOW)


def outcome(report: Report) -> tuple[str, str]:
    (check,) = (check for check in report.checks if check.name == "time stamp")
    return check.outcome, check.said


def test_an_authority_witnesses_the_time(made: Made, authority: Authority) -> None:
    path = stamped(made, authority)
    assert set(authority.asked) == {"application/timestamp-query"}
    stamp = read_pdf_signature(path.read_bytes()).stamp
    assert stamp is not None
    assert (stamp.at, stamp.chain) == (authority.at, (authority.certificate,))
    pdfsig = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True, check=True).stdout
    assert "Signature is Valid" in pdfsig
    expected = ("passed", "it was there on 2026-11-20 16:02 UTC, by the word of Time service")
    assert outcome(examine(path, trusting(made, authority))) == expected


def test_the_word_of_a_stranger_or_of_nobody_s_clock_counts_for_nothing(
    made: Made, authority: Authority
) -> None:
    path = stamped(made, authority)
    for trust, reason in (
        (made.trust(), "is not on the trust list"),
        (trusting(made, authority, "laboratory"), "is no time-stamping authority, but a laboratory"),
        (None, "no trust list was given"),
    ):
        found, said = outcome(examine(path, trust))
        assert found == "not possible"
        assert reason in said


def test_a_signature_that_claims_a_later_time_than_was_witnessed(made: Made, authority: Authority) -> None:
    authority.at = PRINTED - timedelta(minutes=10)
    found, said = outcome(examine(stamped(made, authority), trusting(made, authority)))
    assert found == "failed"
    assert said == "signed on 2026-11-20 16:00 +0000, but it was there on 2026-11-20 15:50 +0000 already"


def test_a_backdated_signature_of_a_revoked_key(made: Made, authority: Authority) -> None:
    """The key was stolen on the 22nd; the thief claims the 20th, the authority knows better."""
    from remotecal.certificates.signing.keys import fingerprint

    authority.at = SIGNED + timedelta(days=4)
    path = stamped(made, authority)
    trust = trusting(made, authority)
    key = fingerprint(made.keys.signers["issued"].chain[0])
    entry = Revocation(what="key", id=key, since=date(2026, 11, 22), reason=Text.plain("stolen"))
    revoked = trust.model_copy(update={"revoked": (entry,)})
    failures = {check.name: check.said for check in examine(path, revoked).failures}
    assert failures["trust"].endswith("is revoked since 2026-11-22: stolen")


def test_a_key_that_is_not_for_time_stamps_alone(made: Made, authority: Authority) -> None:
    from remotecal.certificates.signing.timestamp import check_authority

    check_authority(authority.certificate)
    for usage in ((), (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING)):
        with pytest.raises(CertificateRefused, match="not one for time stamps alone"):
            check_authority(certified(made, *usage)[0])


def test_an_authority_that_does_not_answer(made: Made, authority: Authority) -> None:
    authority.answers = False
    with pytest.raises(ConfigurationError, match=r"the time-stamping authority at .* does not answer: .*503"):
        stamped(made, authority)
    authority.answers = True
    authority.garbled = True
    with pytest.raises(ConfigurationError, match="gives no time stamp"):
        stamped(made, authority)
    authority.url = "ftp://127.0.0.1/"
    with pytest.raises(ConfigurationError, match="has an address such as https"):
        stamped(made, authority)
