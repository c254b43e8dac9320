"""The certificate of a standard, brought as a file: read, held against the trust list, kept for the bench."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from html import unescape
from pathlib import Path

import pytest
from sample import record as sample
from test_dcc_read import ENTITIES, FILE_ENTITY
from test_web_pages import browsing, key_in, token
from web_laboratory import Web, problem, signing_keys

from remotecal.certificates import dcc
from remotecal.certificates.signing.keys import fingerprint
from remotecal.certificates.signing.xml import sign_xml
from remotecal.certificates.trust import Revocation, sign_trust_list
from remotecal.certificates.trust_issues import revoke
from remotecal.hub.reviewing import brought_for
from remotecal.model import Identification, ReportReference, Text
from remotecal.sim.certificates import ISSUER

SERIAL = "S1"
YEARS = 5 * 366 * 86400.0


@pytest.fixture(scope="module")
def run(web: Web) -> str:
    return web.do(web.carried_out())


def certificate(number: str, serial: str = SERIAL, **said: object) -> bytes:
    """Return a certificate of a standard, by the made-up institute, unsigned."""
    made = sample()
    item = made.items[0].model_copy(
        update={"identifications": (Identification(value=serial, issuer="manufacturer", name=NUMBER),)}
    )
    contact = made.laboratory.contact.model_copy(update={"name": ISSUER})
    laboratory = made.laboratory.model_copy(update={"contact": contact})
    told = {"number": number, "laboratory": laboratory, "items": (item, *made.items[1:]), **said}
    return dcc.write(made.model_copy(update=told))


NUMBER = Text(zh="出厂编号", en="Serial number")


def signed(content: bytes, key: str = "institute", keys: object = None) -> bytes:
    """Return it with the seal of whoever has a key."""
    return sign_xml(content, (keys or signing_keys()).signers[key], "issued", datetime.now(UTC))


def brought(web: Web, content: bytes, status: int = 201, user: str = "operator", number: str = SERIAL):
    with web.token(user, lasts=YEARS) as client:
        answer = client.post(f"/standards/brought?number={number}", content=content)
        assert answer.status_code == status, answer.text
        return answer.json() if status == 201 else answer.json()["detail"]


@contextmanager
def trusting(web: Web, added: str) -> Iterator[None]:
    """Let the trust list say something more."""
    trust = web.hub.laboratory.folder.path / "trust.toml"
    before = trust.read_text()
    trust.write_text(before + added)
    sign_trust_list(trust, web.keys.list_issuer)
    try:
        yield
    finally:
        trust.write_text(before)
        sign_trust_list(trust, web.keys.list_issuer)


def test_it_is_brought_on_its_page_and_taken_away_as_it_was(web: Web, run: str) -> None:
    content = signed(certificate("NIM-1"))
    with browsing(web, "operator") as client:
        page = client.get(f"/standard?number={SERIAL}")
        form = {"csrf": token(page), "key": key_in(page)}
        address = f"/standard/brought?number={SERIAL}"
        file = {"certificate": ("x.xml", content, "text/xml")}
        led = [client.post(address, data=form, files=file) for _ in range(2)]
        assert {one.headers["location"] for one in led} == {f"/standard?number={SERIAL}#brought"}
        page = unescape(client.get(f"/standard?number={SERIAL}").text)
        for told in ("NIM-1", f"Signed; {ISSUER.get('en')} answers for it.", sha256(content).hexdigest()):
            assert told in page, told
        (where,) = [one for one in page.split('"') if one.startswith("/standard/brought/")]
        kept = client.get(where)
        assert kept.content == content
        assert "attachment" in kept.headers["content-disposition"]
        missing = client.post(address, data=form | {"key": "k" * 16})
        assert (missing.status_code, "choose the certificate" in missing.text.lower()) == (422, True)
    with browsing(web, "operator", "zh") as client:
        assert f"已签名，由 {ISSUER.get('en')} 负责。" in client.get(f"/standard?number={SERIAL}").text
    (noted,) = [data for who, _, data in web.audit("certificate brought") if who == "operator"]
    assert '"NIM-1"' in noted


def test_a_review_has_it_at_hand(web: Web, run: str, tmp_path: Path) -> None:
    content = signed(certificate("NIM-50"))
    used = sample()
    reference = ReportReference(
        number="NIM-50", title=NUMBER, procedure="SHA256", value=sha256(content).hexdigest()
    )
    (measured, *_) = used.measurements
    standard = measured.standards[0].model_copy(update={"certificate": reference})
    by_it = measured.model_copy(update={"standards": (standard,)})
    user = used.model_copy(update={"measurements": (by_it,)})
    store = web.hub.laboratory.store
    assert brought_for(store, user, tmp_path / "before").find(reference) is None
    kept = brought(web, content)
    assert kept["sha256"] == reference.value
    assert store.brought.files([reference.value]) == (content,)
    assert brought_for(store, user, tmp_path / "after").find(reference) == content


def test_who_answers_for_it_is_said(web: Web, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = replace(signing_keys(), signers={"institute": signing_keys().signers["performed"]})
    unsigned, foreign = certificate("NIM-2"), signed(certificate("NIM-3"), keys=stranger)
    one, other = brought(web, unsigned), brought(web, foreign)
    assert (one["standing"], one["body"]) == ("unsigned", {})
    assert "can't be proven" in one["doubt"]
    assert (other["standing"], other["body"]) == ("unknown", {})
    assert "it is signed for" in other["doubt"]
    assert other["trust"].endswith(")"), "by which issue that was found"
    folder = web.hub.laboratory.folder
    none = folder.settings.issuing.model_copy(update={"trust": None, "trust_key": None})
    plain = certificate("NIM-4", demonstration=False)
    with monkeypatch.context() as patch:
        patch.setattr(folder, "settings", folder.settings.model_copy(update={"issuing": none}))
        nobody = brought(web, signed(plain))
        assert (nobody["standing"], nobody["trust"]) == ("unchecked", "")
        assert "of a demonstration" in brought(web, signed(certificate("NIM-5")), 409)
    with web.clock.put_forward(3 * 366 * 86400.0):
        assert "get the current one" in brought(web, signed(certificate("NIM-6")))["doubt"]
    with browsing(web, "operator", "zh") as client:
        page = client.get(f"/standard?number={SERIAL}").text
        for told in ("未签名", "签名者不在信任列表上", "没有可用的信任列表"):
            assert told in page, told


def test_what_is_not_its_certificate_is_refused(web: Web, run: str) -> None:
    good = certificate("NIM-7")
    tomorrow = datetime.now(UTC).date() + timedelta(days=2)
    hostile = good.replace(b"?>", b"?>" + ENTITIES.encode(), 1)
    reading = good.replace(b"?>", b"?>" + FILE_ENTITY.encode(), 1)
    for content, why in (
        (b"", "choose the certificate's XML file"),
        (b"%PDF-1.7", "XML"),
        (b"<html/>", "certificate"),
        (hostile, "document type declaration"),
        (reading, "document type declaration"),
    ):
        assert why in brought(web, content, 422), why
    for content, why in (
        (certificate("NIM-8", serial="S-2"), "not that of S1"),
        (certificate("NIM-9", begun=tomorrow, finished=tomorrow, issued=tomorrow), "a day to come"),
        (signed(good).replace(b"NIM-7", b"NIM-X"), "signature"),
    ):
        assert why in brought(web, content, 409), why
    assert "nothing here" in brought(web, good, 404, number="nobody")
    for user in ("reader", "customer"):
        assert "role" in brought(web, good, 403, user=user)
    kept = [row.number for row in web.hub.laboratory.store.brought.of([SERIAL])]
    assert not {"NIM-7", "NIM-8", "NIM-9", "NIM-X"} & set(kept)


def test_a_pdf_is_told_to_be_one(web: Web, run: str) -> None:
    assert "this is a PDF: choose" in brought(web, b"%PDF-1.7 \xff", 422)


def test_what_is_revoked_is_refused(web: Web, run: str) -> None:
    key = fingerprint(signing_keys().signers["institute"].chain[0])
    reason = 'reason = { en = "wrong weight" }\n'
    for what, of in (("certificate", "NIM-10"), ("key", key)):
        with trusting(web, f'\n[[revoked]]\nwhat = "{what}"\nid = "{of}"\n{reason}'):
            assert "revoked: wrong weight" in brought(web, signed(certificate("NIM-10")), 409)
    assert brought(web, signed(certificate("NIM-10")))["standing"] == "signed"


def test_one_of_an_own_item_or_a_bench_is_taken_before_its_first_run(web: Web, run: str) -> None:
    with web.token("operator") as operator:
        entered = operator.post("/items", json={"name": "Weight", "serial": "W-new"})
        assert entered.status_code == 201
        assert brought(web, certificate("NIM-11", serial="W-new"), number="W-new")["standard"] == "W-new"
        (one,) = operator.get("/standards/brought?number=W-new").json()
        assert operator.get(f"/standards/brought/{one['id']}").content.startswith(b"<?xml")
        problem(operator.get("/standards/brought/999999"), 404)
    with browsing(web, "operator") as client:
        page = client.get("/standard?number=W-new").text
        assert "NIM-11" in page
        assert "has not taken part in a run yet" in page
    with browsing(web, "customer") as customer:
        assert customer.get(f"/standard/brought/{one['id']}.xml").status_code == 403


def test_people_shows_the_trust_list_and_what_it_says_otherwise_than_the_issue_before(
    web: Web, run: str
) -> None:
    folder, key = web.hub.laboratory.folder.path, web.keys.list_issuer
    before = {path: path.read_bytes() for path in (folder / "trust.toml", folder / "trust.toml.sig")}
    with browsing(web, "reader") as client, browsing(web, "reader", "zh") as chinese:
        page = client.get("/people").text
        assert "No issue before is kept beside the list." in page
        assert sha256(key.public.raw).hexdigest() in page
        try:
            reason = Text(zh="砝码有误", en="wrong weight")
            entry = Revocation(what="certificate", id="NIM-99", reason=reason)
            revoke(folder / "trust.toml", entry, key, datetime.now(UTC).date())
            page = client.get("/people").text
            assert "Since issue 1" in page
            assert "<strong>revoked</strong> certificate NIM-99: wrong weight" in page
            assert "<strong>撤销</strong> 证书 NIM-99：砝码有误" in chinese.get("/people").text
            (folder / "trust-1.toml.sig").write_bytes(b"forged")
            assert "is not the list its issuer signed" in client.get("/people").text
        finally:
            for path, content in before.items():
                path.write_bytes(content)
            for kept in ("trust-1.toml", "trust-1.toml.sig"):
                (folder / kept).unlink(missing_ok=True)
