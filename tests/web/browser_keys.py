"""Keys that a browser would keep, held by a test, and a laboratory that lets them sign."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from web_laboratory import Web

from remotecal.certificates.dcc import write
from remotecal.certificates.signing.issuing import issue, new_authority, subject
from remotecal.certificates.signing.keys import SigningKey
from remotecal.certificates.signing.xml import sign_xml
from remotecal.certificates.trust import sign_trust_list
from remotecal.model import Text
from remotecal.sim.calibrated import Calibrated, Stated
from remotecal.sim.certificates import Certified, certificate
from remotecal.transport.pki import certificate_pem

YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Kept:
    """A key as a browser keeps it."""

    private: RSAPrivateKey
    pem: str
    """Its certificate."""

    def sign(self, prepared: str) -> str:
        """Return the signature on what was prepared, both in base64."""
        return base64.b64encode(self.private.sign(base64.b64decode(prepared), PKCS1v15(), SHA256())).decode()


class Authority:
    """The laboratory's authority: it certifies whose keys are whose."""

    def __init__(self, private: RSAPrivateKey) -> None:
        now = datetime.now(UTC)
        self.begin, self.end = now - timedelta(days=1), now + YEAR
        named = subject("Laboratory CA", "Laboratory")
        self.key = SigningKey(private, (new_authority(private, named, self.begin, self.end),))

    def certify(self, private: RSAPrivateKey, name: str, *, in_browser: bool = True) -> Kept:
        named = subject(name, in_browser=in_browser)
        return Kept(private, self._pem(issue(private.public_key(), named, self.key, self.begin, self.end)))

    def certify_weak(self, bits: int, exponent: int) -> Kept:
        """Certify what no command would."""
        private = generate_private_key(exponent, bits)
        builder = x509.CertificateBuilder(
            self.key.chain[0].subject, subject("Person", in_browser=True), private.public_key(), 7,
            self.begin, self.end,
        )  # fmt: skip
        return Kept(private, self._pem(builder.sign(self.key.private, SHA256())))

    def believed_by(self, web: Web) -> None:
        """Put the authority on the laboratory's trust list, beside the keys that are there."""
        path = web.hub.laboratory.folder.path / "trust.toml"
        mine = self._pem(self.key.chain[0])
        path.write_text(path.read_text().replace("certificates = [", f"certificates = [\n'''\n{mine}''',", 1))
        sign_trust_list(path, web.keys.list_issuer)

    def _pem(self, made: x509.Certificate) -> str:
        return certificate_pem(made).decode()


def certify_source(web: Web) -> None:
    """Give the tiny bench's source a certificate of the institute, on which its work then rests."""
    stated = Calibrated(Stated("V", (1.0, 2.0), (0.0, 0.0), (0.01, 0.01)), 0.0)
    name, quantity = Text(zh="源", en="Source"), Text(zh="电压", en="Level")
    what = Certified(name, ((quantity, stated),), age=timedelta())
    signed = datetime.now(UTC) - timedelta(days=10)

    class Made:
        maker, model = "Tiny", "Source"

    owner = Text(zh="实验室", en="Laboratory")
    record = certificate(what, Made(), "S1", owner, "S-CERT", signed.date())
    bench = web.site.tiny.bench
    xml = sign_xml(write(record), web.keys.signers["institute"], "issued", signed)
    (bench.parent / "source.xml").write_bytes(xml)
    bench.write_text(bench.read_text().replace('serial = "S1"', 'serial = "S1"\ncertificate = "source.xml"'))
