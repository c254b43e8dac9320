"""Keys of `remotecal keys` and lists of `remotecal trust`: what the keys sign, the lists recognise."""

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
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from kept_keys import KeptKeys
from made import NAMES, Made, trust_content

from remotecal.certificates.approval import sign
from remotecal.certificates.dcc.read import read
from remotecal.certificates.dcc.write import write
from remotecal.certificates.signing.issuing import new_rsa_key, request, subject
from remotecal.certificates.signing.keys import common_name, fingerprint, read_certificate, read_key
from remotecal.certificates.signing.seal import SealKey, read_public_key
from remotecal.certificates.signing.signature import DUTIES
from remotecal.certificates.signing.xml import read_signatures
from remotecal.certificates.trust import Capability, TrustList, read_trust_list
from remotecal.cli import main
from remotecal.errors import CertificateRefused
from remotecal.private_files import write_private
from remotecal.registers import LaboratoryRegister
from remotecal.runs.catalogue import names

NEW_KEY = "remotecal.certificates.signing.issuing.new_rsa_key"
SECRET = "correct horse"  # noqa: S105  of keys that live as long as a test


def keys(*words: object) -> int:
    return main(["keys", *map(str, words)])


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where everybody's files lie, with a password and an authority of the laboratory; its keys are kept."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(NEW_KEY, KeptKeys(0).take)
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


def test_openssl_agrees_and_nobody_else_reads_them(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NEW_KEY, new_rsa_key)
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


def test_the_key_of_journals_is_told_as_the_trust_list_takes_it(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert keys("seal", "--out", "station.pem", "--password-file", "pin") == 0
    wanted = read_public_key(Path("station.pub.pem")).text
    capsys.readouterr()
    for file, *more in (("station.pem", "--password-file", "pin"), ("station.pub.pem",)):
        assert keys("show", file, *more) == 0
        assert wanted in capsys.readouterr().out
    assert keys("show", "station.pem") == 2, "it is encrypted, and nobody gave the password"
    Path("station.pem").chmod(0o644)
    assert keys("show", "station.pem", "--password-file", "pin") == 2, "others can read it"


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


def test_a_key_that_a_browser_keeps_is_certified_and_entered_as_that(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    certified("Zhang Wei", "zhang")
    private = read_key("zhang.pem", SECRET).private
    Path("browser.csr").write_bytes(request(private, subject("Zhang Wei", in_browser=True)))
    issuing = ("--to", "Zhang Wei", "--by", "ca.pem", "--password-file", "pin", "--out")
    capsys.readouterr()
    assert keys("issue", "browser.csr", *issuing, "browser.crt") == 0
    told = capsys.readouterr().out
    assert "kept by a browser" in told
    assert "under `browser_key`" in told
    assert keys("show", "browser.crt") == 0
    assert "by a key that a browser keeps" in capsys.readouterr().out
    for bits, exponent in ((2048, 65537), (3072, 3)):
        weak = generate_private_key(exponent, bits)
        Path("weak.csr").write_bytes(request(weak, subject("Zhang Wei", in_browser=True)))
        assert keys("issue", "weak.csr", *issuing, "weak.crt") == 2
        assert not Path("weak.crt").exists()
    known = ("--registration", "R-1", "--duty", "performed", "--procedure", names()[0])
    new = ("new", "register.toml", "--code", "L-1", "--until", "2100-01-01", "--certificate")
    assert main(["register", *new, "browser.crt"]) == 2, "no browser keeps the laboratory's seal"
    assert main(["register", *new, "ca.crt"]) == 0
    person = ["register", "person", "register.toml", *known, "--until", "2100-01-01"]
    for wrong in ([], ["--certificate", "browser.crt"], ["--browser-certificate", "zhang.crt"]):
        assert main([*person, *wrong]) == 2
    assert main([*person, "--certificate", "zhang.crt", "--browser-certificate", "browser.crt"]) == 0
    (entered,) = LaboratoryRegister.load(Path("register.toml")).persons
    told = [fingerprint(read_certificate(Path(file))) for file in ("zhang.crt", "browser.crt")]
    assert [entered.key, entered.browser_key] == told
    assert main([*person, "--browser-certificate", "browser.crt", "--replace"]) == 0
    (entered,) = LaboratoryRegister.load(Path("register.toml")).persons
    assert (entered.key, entered.browser_key) == (None, told[1])


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


def test_a_password_for_a_plain_key_is_to_be_left_out(
    desk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keys("new", "Li Na", "--out", "li.pem", "--plain") == 0
    assert keys("seal", "--out", "list.pem", "--plain") == 0
    taking = ("keys", "take", "ca.crt", "--into", "li.pem")
    Path("trust.toml").touch()
    signing = ("sign", "trust.toml", "--key", "list.pem")
    for words in (taking, signing):
        monkeypatch.setenv("LC_ALL", "C.UTF-8")
        assert main([*words, "--password-file", "pin"]) == 2
        said = capsys.readouterr().err
        assert f"{words[-1]}: the key is not encrypted: leave --password-file out" in said
        monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
        assert main([*words, "--password-file", "pin"]) == 2
        assert f"{words[-1]}：密钥未加密：请去掉 --password-file" in capsys.readouterr().err


def test_a_password_that_others_can_read_is_refused(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if sys.platform == "win32":
        pytest.skip("access lists are kept elsewhere there")
    Path("pin").chmod(0o644)
    assert keys("new", "Li Na", "--out", "li.pem", "--password-file", "pin") == 2
    assert "pin can be read by others" in capsys.readouterr().err
    assert not Path("li.pem").exists()


def trust(*words: object) -> int:
    """Say something about the list `trust.toml`, as its issuer where a key is needed."""
    command, *more = map(str, words)
    key = [] if command == "show" else ["--key", "list.pem", "--password-file", "pin"]
    return main(["trust", command, "trust.toml", *more, *key])


@pytest.fixture
def listed(desk: Path) -> Path:
    """A list with an accreditation body on it; where everybody's files lie."""
    assert keys("seal", "--out", "list.pem", "--password-file", "pin") == 0
    assert trust("new", "--issuer", "Province", "--issuer-zh", "某省", "--until", "9000-01-01") == 0
    body = ("--body", "cnas", "--name", "CNAS", "--kind", "accreditation body")
    assert trust("add", *body, "--since", "2020-01-01", "--until", "9000-01-01") == 0
    return desk


@pytest.mark.usefixtures("listed")
def test_a_chinese_terminal_is_told_in_chinese(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    capsys.readouterr()
    certified("Zhang Wei", "zhang")
    assert keys("show", "zhang.crt") == 0
    assert keys("show", "list.pem", "--password-file", "pin") == 0
    assert trust("renew", "--until", "9000-01-01") == 0
    assert trust("show") == 0
    assert main(["new", "driver", "probe_of_ours"]) == 0
    said = capsys.readouterr().out
    for words in (
        "的密钥：不得离开本计算机",
        "方可交付",
        "可以签名",
        "填入登记册",
        "Ed25519 密钥",
        "第 3 期已签名",
        "第 3 期，某省 发布",
        "试一试：",
    ):
        assert words in said
    for words in ("is the key of", "Hand it out", "good from", "Issue", "Try it"):
        assert words not in said


SCOPE = {
    "quantity": "basic_measurementError",
    "unit": "%",
    "cmc": "0.05",
    "against": "basic_referenceValue",
    "against_unit": "m3/h",
    "low": "0.5",
    "high": "120",
}
LABORATORY = ("--body", "laboratory", "--name", NAMES["issued"], "--name-zh", "示范流量实验室")


def read_list() -> TrustList:
    return read_trust_list(Path("trust.toml"), read_public_key(Path("list.pub.pem")))


def test_a_laboratory_is_recognised_by_a_list_made_by_commands(
    listed: Path, made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write(read(made.certificate.read_bytes()))
    for number, duty in enumerate(DUTIES):
        certified(NAMES[duty], duty)
        data = sign(data, read_key(f"{duty}.pem", SECRET), datetime.now(UTC) + timedelta(minutes=number))
    record, signatures = read(data), read_signatures(data)
    assert keys("seal", "--out", "station.pem", "--plain") == 0
    Path("scope.toml").write_text(tomli_w.dumps({"scope": [SCOPE]}), "utf-8")
    told = ("--certificate", "ca.crt", "--journal-key", "station.pub.pem", "--scope", "scope.toml")
    with pytest.raises(CertificateRefused, match="not on the trust list"):
        read_list().recognise_certificate(record, signatures)
    span = ("--since", "2020-01-01", "--until", "9000-01-01")
    assert trust("add", *LABORATORY, "--recognised-by", "cnas", *told, *span) == 0
    found = read_list().recognise_certificate(record, signatures)
    assert found.scope == (Capability.model_validate(SCOPE),)
    assert found.journal_keys == (read_public_key(Path("station.pub.pem")).text,)
    assert (read_list().number, found.recognised_by) == (3, "cnas")
    capsys.readouterr()
    assert trust("show") == 0
    shown = capsys.readouterr().out
    for said in ("Issue 3 by Province", "示范流量实验室", "station ", "0.5 to 120 m3/h: U at least 0.05 %"):
        assert said in shown


def test_a_body_gets_what_is_new_of_it(listed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("first", "second"):
        assert keys("seal", "--out", f"{name}.pem", "--plain") == 0
    first, second = (read_public_key(Path(f"{name}.pub.pem")).text for name in ("first", "second"))
    span = ("--since", "2020-01-01", "--until", "9000-01-01")
    assert trust("add", *LABORATORY, "--journal-key", first, "--recognised-by", "cnas", *span) == 0
    before = read_list()
    other = ("--body", "elsewhere", "--name", "Elsewhere", "--until", "9000-01-01")
    assert trust("add", *other, "--journal-key", first) == 2
    assert "is laboratory's on trust.toml already" in capsys.readouterr().err
    extend = ("extend", "--body", "laboratory", "--journal-key", second, "--certificate", "ca.crt")
    assert trust(*extend) == 0
    now = read_list()
    (own,) = (body for body in now.bodies if body.id == "laboratory")
    assert own.journal_keys == (first, second)
    assert len(own.certificates) == 1
    alike = own.model_copy(update={"journal_keys": (first,), "certificates": ()})
    assert (now.number, (now.bodies[0], alike)) == (before.number + 1, before.bodies)
    assert trust(*extend) == 2
    assert "has all that on trust.toml already" in capsys.readouterr().err
    assert trust("extend", "--body", "nobody", "--journal-key", second) == 2
    assert "nobody is not on trust.toml" in capsys.readouterr().err


def test_a_list_for_demonstrations_is_made_by_command(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert keys("seal", "--out", "list.pem", "--password-file", "pin") == 0
    assert trust("new", "--issuer", "Province", "--until", "9000-01-01", "--demonstration") == 0
    assert read_list().demonstration
    assert trust("show") == 0
    assert "For demonstrations" in capsys.readouterr().out


def test_each_issue_before_is_kept_with_its_signature(listed: Path) -> None:
    issuer = read_public_key(Path("list.pub.pem"))
    for number in (1, 2):
        if number == 2:
            assert trust("renew", "--until", "8000-01-01") == 0
        assert read_trust_list(Path(f"trust-{number}.toml"), issuer).number == number
    assert (read_list().number, read_list().next_update) == (3, date(8000, 1, 1))


def test_what_somebody_else_changed_is_not_signed_along(
    listed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path("trust.toml")
    path.write_text(path.read_text("utf-8").replace("CNAS", "Another"), "utf-8")
    before = {one.name: one.read_bytes() for one in listed.iterdir()}
    assert trust("add", *LABORATORY, "--until", "9000-01-01") == 2
    assert "is not as this key signed it" in capsys.readouterr().err
    reason = ("--certificate", "X-1", "--reason", "wrong", "--key", "list.pem", "--password-file", "pin")
    assert main(["revoke", "trust.toml", *reason]) == 2
    assert "is not as this key signed it" in capsys.readouterr().err
    assert {one.name: one.read_bytes() for one in listed.iterdir()} == before
    # Who has looked at it signs it as it is; the issue that was changed is nobody's, and is not kept.
    assert trust("renew", "--until", "9000-01-01") == 0
    assert read_list().bodies[0].name.get("en") == "Another"
    assert not Path("trust-2.toml").exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("new", "--issuer", "Another", "--until", "9000-01-01"), "trust.toml is there already"),
        (("renew", "--until", "2020-01-01"), "and end on 2020-01-01: name a later day"),
        (("add", "--body", "cnas", "--name", "X", "--until", "9000-01-01"), "two bodies have one id"),
        (
            ("add", *LABORATORY, "--recognised-by", "nobody", "--until", "9000-01-01"),
            "recognised by 'nobody', which leads nowhere",
        ),
        (("add", *LABORATORY, "--until", "9000-01-01", "--certificate", "pin"), "pin holds no certificate"),
        (("add", *LABORATORY, "--until", "9000-01-01", "--journal-key", "pin"), "gives no public key"),
        (("add", *LABORATORY, "--until", "9000-01-01", "--journal-key", "AAAA"), "it has 3 bytes for 32"),
        (
            ("add", *LABORATORY, "--until", "9000-01-01", "--scope", "trust.toml"),
            "must have tables [[scope]]",
        ),
    ],
)
def test_what_no_list_takes(
    listed: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], why: str
) -> None:
    before = {one.name: one.read_bytes() for one in listed.iterdir()}
    assert trust(*words) == 2
    assert why in capsys.readouterr().err
    assert {one.name: one.read_bytes() for one in listed.iterdir()} == before
