"""From the draft to the certificate a customer fetches: who may sign, when, and what comes of it."""

import errno
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from web_laboratory import DIGEST, NAMES, Web, problem

from remotecal.certificates.approval import print_signed, sign
from remotecal.certificates.dcc import read
from remotecal.certificates.demonstration import make_demonstration_keys
from remotecal.certificates.pdf import print_certificate
from remotecal.certificates.signing.pdf import embedded_xml, read_pdf_signature, sign_pdf
from remotecal.certificates.signing.xml import sign_xml
from remotecal.certificates.trust import sign_trust_list
from remotecal.errors import ConfigurationError
from remotecal.hub.issuing import issue
from remotecal.hub.ordered import judge
from remotecal.hub.settings import HubFolder

FILED = {"performed": "operator", "reviewed": "reviewer", "approved": "approver"}


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def run(web: Web) -> str:
    return f"/runs/here/{web.do(web.carried_out())}"


def draft(web: Web, run: str) -> bytes:
    with web.token("operator") as operator:
        return operator.get(run + "/certificate.xml").content


def post(web: Web, run: str, role: str, data: bytes, status: int = 409) -> str:
    with web.token(role) as client:
        answer = client.post(run + "/certificate/signatures", content=data)
    if status == 200:
        assert answer.status_code == 200, answer.text
        return str(answer.json()["state"])
    return problem(answer, status)


def approved(web: Web, run: str) -> bytes:
    """Let three persons sign."""
    for duty, role in FILED.items():
        signed = sign(draft(web, run), web.keys.signers[duty], now())
        assert post(web, run, role, signed, 200) == duty
    return signed


def test_a_certificate_from_draft_to_the_customer(web: Web, run: str, tmp_path: Path) -> None:
    web.hub.laboratory.store.orders.assign(run.rpartition("/")[2], "acme")
    with web.token("customer") as acme, web.token("administrator") as administrator:
        assert administrator.get(run + "/certificate").json()["state"] == "draft"
        for duty, role in FILED.items():
            problem(acme.get(run + "/certificate.xml"), 404)
            assert f"due to be signed as {duty}" in problem(
                administrator.post(run + "/certificate/issue"), 409
            )
            signed = sign(draft(web, run), web.keys.signers[duty], now())
            for other in {*FILED.values(), "administrator"} - {role}:
                assert role in post(web, run, other, signed, 403)
            assert post(web, run, role, signed, 200) == duty
            assert draft(web, run) == signed
        assert administrator.post(run + "/certificate/issue").json()["state"] == "issued"
        assert "is issued" in problem(administrator.post(run + "/certificate/issue"), 409)
        files = {"certificate.xml": "certificate.xml", "certificate.pdf": "certificate.pdf"}
        number = acme.get(f"{run}/record").json()["number"]
        for name, address in (files | {"journal.jsonl": "journal", "record.json": "record"}).items():
            answer = acme.get(f"{run}/{address}")
            called = f"{number}{Path(name).suffix}" if name in files else name
            assert f'filename="{called}"' in answer.headers["content-disposition"]
            (tmp_path / name).write_bytes(answer.content)
            again = acme.get(f"{run}/{address}", headers={"If-None-Match": answer.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
        shown = acme.get(run + "/certificate").json()
        assert [one["name"] for one in shown["signatures"]] == list(NAMES.values())
    pdf = (tmp_path / "certificate.pdf").read_bytes()
    assert read_pdf_signature(pdf).name == "Laboratory"
    assert embedded_xml(pdf) == (tmp_path / "certificate.xml").read_bytes()
    noted = [json.loads(data)["duty"] for _, _, data in web.audit("sign")]
    assert noted[::-1][-4:] == list(NAMES)


def test_the_seal_may_be_kept_at_home(web: Web, run: str, tmp_path: Path) -> None:
    certificate = approved(web, run)
    key, other = web.keys.signers["issued"], web.keys.signers["approved"]
    sealed = sign(certificate, key, now())
    assert "comes as the signed PDF" in post(web, run, "administrator", sealed)
    assert "by the same key" in post(web, run, "administrator", print_signed(sealed, other, now()))
    other_words = read(sealed).model_copy(update={"number": "T-2"})
    painted = sign_pdf(print_certificate(other_words, sealed), key, now())
    assert "does not print what the XML inside says" in post(web, run, "administrator", painted)
    pdf = print_signed(sealed, key, now())
    with_more = pdf + b"\n%%EOF\n"
    assert with_more != pdf
    assert "PDF" in post(web, run, "administrator", with_more)
    altered = bytearray(pdf)
    altered[len(pdf) // 2] ^= 1
    post(web, run, "administrator", bytes(altered))
    assert post(web, run, "administrator", pdf, 200) == "issued"
    with web.token("operator") as operator:
        assert operator.get(run + "/certificate.pdf").content == pdf
    laboratory, name = web.hub.laboratory, run.rpartition("/")[2]
    issue(laboratory.folder, laboratory.store, "here", name, tmp_path)
    assert (tmp_path / "certificate.pdf").read_bytes() == pdf
    assert (tmp_path / "certificate.xml").read_bytes() == sealed


def test_where_a_disk_of_the_hub_is_full_it_is_said_and_nothing_is_left_of_it(
    web: Web, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk its certificates are on, and the one they are printed on, which may be others than the
    database's."""
    approved(web, run)
    issued = web.hub.laboratory.folder.issued / "here"
    before = sorted(issued.glob("*")) if issued.exists() else []

    def no_room(*_: object, **__: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    with web.token("administrator") as administrator:
        for full, ask, address in (
            ("remotecal.private_files.make_sure", administrator.post, run + "/certificate/issue"),
            ("remotecal.certificates.pdf.TemporaryDirectory", administrator.get, run + "/certificate.pdf"),
        ):
            with monkeypatch.context() as patch:
                patch.setattr(full, no_room)
                assert "a disk of the hub is full: have room made there" in problem(ask(address), 503)
            assert (sorted(issued.glob("*")) if issued.exists() else []) == before
        assert administrator.post(run + "/certificate/issue").json()["state"] == "issued"


def test_what_else_is_signed_is_not_taken(web: Web, run: str) -> None:
    unsigned = draft(web, run)
    keys = web.keys.signers
    assert "not the certificate that is here" in post(web, run, "operator", unsigned)
    forced = sign_xml(unsigned, keys["reviewed"], "performed", now())
    assert "Reviewer signs as performed" in post(web, run, "operator", forced)
    changed = unsigned.replace(b">T-1<", b">T-2<")  # the order's number; the certificate has one of its own
    assert changed != unsigned
    altered = sign(changed, keys["performed"], now())
    assert "not the certificate that is here" in post(web, run, "operator", altered)
    post(web, run, "operator", b"<no", 422)
    post(web, run, "operator", b"%PDF-1.7 no", 409)
    web.users.put("two-duties", roles={"operator", "reviewer"}, password=DIGEST)
    with web.token("two-duties", "operator") as both:
        signed = sign(unsigned, keys["performed"], now())
        assert both.post(run + "/certificate/signatures", content=signed).status_code == 200
    with web.token("two-duties", "reviewer") as both:
        again = sign(signed, keys["reviewed"], now())
        said = problem(both.post(run + "/certificate/signatures", content=again), 409)
        assert "two-duties has filed" in said
    with web.token("administrator") as administrator:
        assert administrator.get(run + "/certificate").json()["state"] == "performed"
    assert any("Reviewer signs as performed" in data for _, _, data in web.audit("signature refused"))


def test_keys_are_judged_when_they_sign(web: Web, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unsigned = draft(web, run)
    key = web.keys.signers["performed"]
    stranger = make_demonstration_keys(NAMES, now()).signers["performed"]
    assert "not on the trust list" in post(web, run, "operator", sign(unsigned, stranger, now()))
    for off in (timedelta(days=-2), timedelta(hours=1)):
        assert "sign it anew" in post(web, run, "operator", sign(unsigned, key, now() + off))
    good = sign(unsigned, key, now())
    with web.clock.put_forward(2 * 86400):
        assert "sign it anew" in post(web, run, "operator", good, 409)
    folder = web.hub.laboratory.folder
    trust = folder.path / "trust.toml"
    before = trust.read_text()
    trust.write_text(before + "# changed by nobody knows whom\n")
    assert "not the list its issuer signed" in post(web, run, "operator", good)
    trust.write_text(before + _revoked(web))
    sign_trust_list(trust, web.keys.list_issuer)
    assert "is revoked" in post(web, run, "operator", good)
    trust.write_text(before)
    sign_trust_list(trust, web.keys.list_issuer)
    none = folder.settings.issuing.model_copy(update={"trust": None, "trust_key": None})
    for issuing, said in (
        (none, "has not said who may sign"),
        (none.model_copy(update={"signatories": "nowhere.toml"}), "nowhere.toml does not exist"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(folder, "settings", folder.settings.model_copy(update={"issuing": issuing}))
            assert said in post(web, run, "operator", good)
    assert post(web, run, "operator", good, 200) == "performed"


def _revoked(web: Web) -> str:
    from remotecal.certificates.signing.keys import fingerprint

    key = fingerprint(web.keys.signers["performed"].chain[0])
    return f'\n[[revoked]]\nwhat = "key"\nid = "{key}"\nreason = {{ en = "lost" }}\n'


def test_a_trust_list_needs_its_issuers_key(web: Web, tmp_path: Path) -> None:
    text = (web.hub.laboratory.folder.path / "hub.toml").read_text()
    (tmp_path / "hub.toml").write_text(text.replace("trust_key =", "# trust_key ="))
    with pytest.raises(ConfigurationError, match="trust and trust_key go together"):
        HubFolder(tmp_path)


REGISTER = """
[laboratory]
name = {{ zh = "实验室", en = "Laboratory" }}
code = "L1"
valid_until = 2100-01-01
key = "{issued}"
[[persons]]
name = {{ en = "Person" }}
registration = "R1"
valid_until = 2001-01-01
duties = ["performed"]
procedures = ["tiny_procedure"]
key = "{performed}"
[[standards]]
name = {{ en = "Standard" }}
serial = "1"
approval = "A"
valid_until = 2100-01-01
certificate = "C"
certificate_valid_until = 2100-01-01
[[procedures]]
name = "tiny_procedure"
sha256 = "{none}"
valid_until = 2100-01-01
"""


def test_the_register_says_who_may_sign(web: Web, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from remotecal.certificates.signing.keys import fingerprint

    folder = web.hub.laboratory.folder
    prints = {duty: fingerprint(web.keys.signers[duty].chain[0]) for duty in NAMES}
    (folder.path / "register.toml").write_text(REGISTER.format(none="0" * 64, **prints))
    issuing = folder.settings.issuing.model_copy(update={"signatories": "register.toml"})
    monkeypatch.setattr(folder, "settings", folder.settings.model_copy(update={"issuing": issuing}))
    said = post(web, run, "operator", sign(draft(web, run), web.keys.signers["performed"], now()))
    assert "the registration of Person ended on 2001-01-01" in said


def test_a_hub_without_the_key_does_not_seal(web: Web, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    approved(web, run)
    folder = web.hub.laboratory.folder
    for update, said in (
        ({"key": None}, "its key is kept elsewhere"),
        ({"key": "trust.toml"}, "can be read by others"),
        ({"key": "keys/approved.pem"}, "Approver has signed as approved already"),
        ({"key": "keys/station.pem"}, "gives no key"),
    ):
        issuing = folder.settings.issuing.model_copy(update=update)
        with monkeypatch.context() as patch, web.token("administrator") as administrator:
            patch.setattr(folder, "settings", folder.settings.model_copy(update={"issuing": issuing}))
            assert said in problem(administrator.post(run + "/certificate/issue"), 409)
    with web.token("administrator") as administrator:
        assert administrator.post(run + "/certificate/issue").status_code == 200


def test_a_run_nobody_ordered_is_shown_and_gets_no_certificate(web: Web, run: str) -> None:
    laboratory, ordered = web.hub.laboratory, run.rpartition("/")[2]
    store, lines = laboratory.store, laboratory.store.journals.lines("here", ordered)
    store.journals.append("here", "stray", 1, lines, 1.0)
    judge(store, laboratory.key.public, "here", "stray", lines[0])
    with web.token("operator") as operator:
        assert operator.get(run).json()["unordered"] == ""
        assert operator.get("/runs/here/stray").json()["unordered"] == "nobody ordered the run stray"
        assert operator.get("/runs/here/stray/journal").content == operator.get(run + "/journal").content
        problem(operator.get("/runs/here/stray/certificate"), 404)
        problem(operator.get("/runs/here/stray/record"), 404)
    assert [who for who, _, data in web.audit("unordered") if "stray" in data] == ["here"]
