"""Keys made by `remotecal keys`: what they sign is recognised by a list that names their authority alone."""

from __future__ import annotations

import io
import re
import stat
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import tomli_w
from made import NAMES, Made, trust_content

from remotecal.certificates.approval import sign
from remotecal.certificates.dcc.read import read
from remotecal.certificates.dcc.write import write
from remotecal.certificates.signing.keys import common_name, fingerprint, read_key
from remotecal.certificates.signing.seal import SealKey, read_public_key
from remotecal.certificates.signing.signature import DUTIES
from remotecal.certificates.signing.xml import read_signatures
from remotecal.certificates.trust import TrustList
from remotecal.cli import main
from remotecal.errors import CertificateRefused
from remotecal.private_files import write_private

SECRET = "correct horse"  # noqa: S105  of keys that live as long as a test


def keys(*words: object) -> int:
    return main(["keys", *map(str, words)])


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where everybody's files lie, with a password and an authority of the laboratory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    write_private(tmp_path / "pin", SECRET.encode())
    assert keys("authority", NAMES["issued"], "--out", "ca.pem", "--password-file", "pin") == 0
    return tmp_path


def certified(name: str, file: str, authority: str = "ca.pem") -> None:
    """Make a key as its holder, certify it as the authority, and put the certificate to the key."""
    assert keys("new", name, "--out", f"{file}.pem", "--password-file", "pin") == 0
    issuing = ("--by", authority, "--out", f"{file}.crt", "--password-file", "pin")
    assert keys("issue", f"{file}.csr", "--to", name, *issuing) == 0
    assert keys("take", f"{file}.crt", "--into", f"{file}.pem", "--password-file", "pin") == 0


def naming(listed: TrustList, authority: Path) -> TrustList:
    """Return a trust list for ever, with an authority for the laboratory and nobody's own certificate."""
    own = (authority.read_text("utf-8"),)
    told = ({"certificates": own} if body.kind == "laboratory" else {} for body in listed.bodies)
    bodies = [
        body.model_copy(update={"valid_until": date.max, **one})
        for body, one in zip(listed.bodies, told, strict=True)
    ]
    return listed.model_copy(update={"bodies": tuple(bodies)})


def test_what_they_sign_is_the_laboratorys(desk: Path, made: Made) -> None:
    data = write(read(made.certificate.read_bytes()))
    for number, duty in enumerate(DUTIES):
        certified(NAMES[duty], duty)
        at = datetime.now(UTC) + timedelta(minutes=number)
        data = sign(data, read_key(f"{duty}.pem", SECRET), at)
    record, signatures = read(data), read_signatures(data)
    assert naming(made.trust(), Path("ca.crt")).recognise_certificate(record, signatures).id == "laboratory"

    assert keys("authority", NAMES["issued"], "--out", "false.pem", "--plain") == 0
    with pytest.raises(CertificateRefused, match="not on the trust list"):
        naming(made.trust(), Path("false.crt")).recognise_certificate(record, signatures)


def test_openssl_agrees_and_nobody_else_reads_them(desk: Path) -> None:
    certified("张伟", "zhang")
    subprocess.run(["openssl", "verify", "-CAfile", "ca.crt", "zhang.crt"], check=True, capture_output=True)
    shown = subprocess.run(
        ["openssl", "rsa", "-in", "zhang.pem", "-passin", "pass:wrong", "-noout"],
        check=False,
        capture_output=True,
    )
    assert shown.returncode != 0
    assert common_name(read_key("zhang.pem", SECRET).chain[0]) == "张伟"
    if sys.platform != "win32":
        for name in ("ca.pem", "zhang.pem"):
            assert stat.S_IMODE(Path(name).stat().st_mode) == 0o600


def test_both_sides_read_the_same_number(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    certified("Zhang Wei", "zhang")
    made, issued = capsys.readouterr().out.split("zhang.crt says")
    (asked,) = re.findall(r"\b[0-9a-f]{64}\b", made)
    assert asked in issued
    assert fingerprint(read_key("zhang.pem", SECRET).chain[0]) in issued
    assert keys("show", "zhang.crt") == 0
    assert asked in capsys.readouterr().out


def test_a_certificate_that_ends_is_renewed_for_the_same_key(desk: Path) -> None:
    certified("Zhang Wei", "zhang")
    before = read_key("zhang.pem", SECRET)
    Path("zhang.csr").unlink()
    assert keys("request", "zhang.pem", "--password-file", "pin") == 0
    until = datetime.now(UTC).date() + timedelta(days=400)
    issuing = ("--by", "ca.pem", "--out", "again.crt", "--password-file", "pin", "--until", until)
    assert keys("issue", "zhang.csr", "--to", "Zhang Wei", *issuing) == 0
    assert keys("take", "again.crt", "--into", "zhang.pem", "--password-file", "pin") == 0
    after = read_key("zhang.pem", SECRET)
    assert after.private.private_numbers() == before.private.private_numbers()
    (certificate,) = after.chain
    assert certificate.not_valid_after_utc.date() == until


def test_a_seal_key_signs_a_trust_list(desk: Path, made: Made) -> None:
    assert keys("seal", "--out", "list.pem", "--password-file", "pin") == 0
    Path("trust.toml").write_text(tomli_w.dumps(trust_content(made.keys)), "utf-8")
    assert main(["sign", "trust.toml", "--key", "list.pem", "--password-file", "pin"]) == 0
    read_public_key(Path("list.pub.pem")).check(
        Path("trust.toml").read_bytes(), Path("trust.toml.sig").read_text("ascii").strip()
    )
    assert SealKey.read(Path("list.pem"), SECRET).public == read_public_key(Path("list.pub.pem"))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("new", "Li Na", "--out", "ca.pem", "--plain"), "ca.pem is there already, and a key is never"),
        (
            ("new", "Li Na", "--out", "li.pem"),
            "say how the key is protected: --password-file FILE, or --plain",
        ),
        (("new", "某" * 22, "--out", "li.pem", "--plain"), "21 Chinese characters"),
        (("new", " ", "--out", "li.pem", "--plain"), "a certificate holds no more"),
        (("issue", "zhang.csr", "--to", "Li Na"), "asks for 'Zhang Wei', not for 'Li Na': issue nothing"),
        (("issue", "ca.crt", "--to", "Li Na"), "no certificate signing request"),
        (("issue", "zhang.csr", "--to", "Zhang Wei", "--until", "2020-01-01"), "2020-01-01 is over"),
        (("issue", "zhang.csr", "--to", "Zhang Wei", "--by", "zhang.pem"), "Zhang Wei is no authority"),
        (("take", "ca.crt", "--into", "zhang.pem"), "is for another key than zhang.pem"),
        (("take", "zhang.csr", "--into", "zhang.pem"), "holds no certificate"),
        (("show", "pin"), "holds no certificate"),
        (("show", "zhang.p12"), "can't be read"),
    ],
)
def test_what_is_refused(
    desk: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], why: str
) -> None:
    certified("Zhang Wei", "zhang")
    before = {path.name: path.read_bytes() for path in desk.iterdir()}
    capsys.readouterr()
    more = [] if words[0] in {"new", "show"} else ["--password-file", "pin"]
    if words[0] == "issue":
        more += ["--out", "new.crt", *([] if "--by" in words else ["--by", "ca.pem"])]
    assert keys(*words, *more) == 2
    assert why in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in desk.iterdir()} == before


def test_a_password_that_others_can_read_is_refused(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if sys.platform == "win32":
        pytest.skip("access lists are kept elsewhere there")
    Path("pin").chmod(0o644)
    assert keys("new", "Li Na", "--out", "li.pem", "--password-file", "pin") == 2
    assert "pin can be read by others" in capsys.readouterr().err
    assert not Path("li.pem").exists()
