"""Signing by a key that a browser keeps: what stops all others, and the whole way in Chromium."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from browser_keys import Authority, Kept, certify_source
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import CertificateSigningRequestBuilder, load_pem_x509_certificate
from playwright.sync_api import Browser, expect
from test_web_browser import browser, opened, said
from test_web_issuing import REGISTER
from test_web_issuing_browser import clear
from test_web_pages import browsing, key_in, token
from test_web_review import sign_as
from tiny import PROCEDURE
from web_laboratory import DIGEST, PASSWORD, Web, problem

from remotecal.certificates.approval import sign
from remotecal.certificates.demonstration import pem
from remotecal.certificates.signing.issuing import new_rsa_key, request, subject
from remotecal.certificates.signing.keys import fingerprint
from remotecal.certificates.signing.xml import read_signatures
from remotecal.cli import main
from remotecal.clock import civil_time
from remotecal.hub.issuing import Prepared
from remotecal.private_files import write_private
from remotecal.web import browser_keys as in_browser

__all__ = ["browser", "said"]

OFF = "lets no keys sign that a browser keeps"
GONE = "nothing is prepared here to be signed"
EXTRACTABLE = """new Promise((done) => (indexedDB.open("remotecal-keys").onsuccess = (event) =>
  (event.target.result.transaction("keys").objectStore("keys").get("operator").onsuccess = (one) =>
    done(one.target.result.key.extractable))))"""
LATER = 301.0
"""Seconds after which it is asked again, and nothing is prepared any more."""


@pytest.fixture(scope="module")
def authority(web: Web) -> Authority:
    made = Authority(new_rsa_key())
    made.believed_by(web)
    return made


@pytest.fixture(scope="module")
def key(authority: Authority) -> Kept:
    """The key of whoever performs calibrations."""
    return authority.certify(new_rsa_key(), "Person")


@pytest.fixture(scope="module", autouse=True)
def _laboratory(web: Web) -> None:
    certify_source(web)
    web.users.put("second", roles={"operator"}, password=DIGEST)


@contextmanager
def settings(web: Web, **issuing: object) -> Iterator[None]:
    """Set something under `issuing` while the context lasts; keys that browsers keep are on otherwise."""
    folder = web.hub.laboratory.folder
    before = folder.settings
    changed = before.issuing.model_copy(update={"browser_keys": True, **issuing})
    folder.settings = before.model_copy(update={"issuing": changed})
    try:
        yield
    finally:
        folder.settings = before


@pytest.fixture
def run(web: Web) -> Iterator[str]:
    with settings(web):
        yield web.do(web.carried_out())


def at(run: str, what: str = "") -> str:
    return f"/runs/here/{run}/certificate/signatures/prepared{what}"


def prepared(client: httpx.Client, run: str, key: Kept) -> dict[str, str]:
    answer = client.post(at(run), json={"certificate": key.pem})
    assert answer.status_code == 200, answer.text
    return answer.json()


def file(client: httpx.Client, run: str, made: dict[str, str], key: Kept) -> httpx.Response:
    """Sign what was prepared, and send the signature."""
    return client.post(at(run, f"/{made['id']}"), json={"value": key.sign(made["signed_info"])})


def state(client: httpx.Client, run: str) -> str:
    return client.get(f"/runs/here/{run}/certificate").json()["state"]


def test_it_is_off_unless_the_laboratory_turns_it_on(web: Web, run: str, key: Kept) -> None:
    with web.log_in("operator") as client, browsing(web, "operator") as pages:
        made, later = prepared(client, run, key), prepared(client, run, key)
        assert GONE in problem(file(client, run, made, key), 404)  # a later one takes its place
        xml = client.get(f"/runs/here/{run}/certificate.xml").content
        form = {"csrf": token(pages.get("/")), "certificate": key.pem, "which": f"here/{run}"}
        assert "/signing/key" in pages.get("/review").text
        now = civil_time(web.clock.now(), web.hub.laboratory.folder.time_zone)
        at_home = sign(xml, key_with_chain(key), now)
        with settings(web, browser_keys=False):
            assert OFF in problem(client.post(at(run), json={"certificate": key.pem}), 409)
            assert OFF in problem(file(client, run, later, key), 409)
            uploaded = client.post(f"/runs/here/{run}/certificate/signatures", content=at_home)
            assert OFF in problem(uploaded, 409)
            form["key"] = "k" * 16
            for answer in (
                pages.get("/signing/key"),
                pages.get(f"/signing/{later['id']}"),
                pages.post("/signing", data=form),
                pages.post("/signing/key/request", data=form),
                pages.post(f"/signing/{later['id']}", data=form | {"value": "eA=="}),
            ):
                assert (answer.status_code, OFF in answer.text) == (409, True), answer.url
            for address in ("/review", f"/review/here/{run}"):
                assert "/signing" not in pages.get(address).text
                assert "browser-key." not in pages.get(address).text
        assert state(client, run) == "draft"
        assert client.post(f"/runs/here/{run}/certificate/signatures", content=at_home).status_code == 200


def key_with_chain(key: Kept) -> object:
    from remotecal.certificates.signing.keys import SigningKey

    return SigningKey(key.private, (load_pem_x509_certificate(key.pem.encode()),))


def test_what_is_prepared_is_one_users_of_one_certificate_for_one_signature(
    web: Web, run: str, key: Kept, authority: Authority
) -> None:
    other = web.do(web.carried_out())
    stranger = Kept(authority.key.private, key.pem)
    with web.log_in("operator") as client, web.log_in("second") as second:
        made = prepared(client, run, key)
        assert (made["duty"], made["number"]) == ("performed", f"C-{web.orders - 1}")
        assert GONE in problem(file(second, run, made, key), 404)
        assert GONE in problem(file(client, other, made, key), 404)
        assert GONE in problem(client.post(at(run, f"/{'x' * 22}"), json={"value": "eA=="}), 404)
        problem(client.post(at(run, f"/{made['id']}"), json={"value": "no!"}), 422)
        assert "signature does not hold" in problem(file(client, run, made, stranger), 409)
        assert GONE in problem(file(client, run, made, key), 404)  # used up by that
        made = prepared(client, run, key)
        wrong = made | {"signed_info": b64encode(b"something else").decode()}
        assert "signature does not hold" in problem(file(client, run, wrong, key), 409)
        elsewhere = prepared(client, other, key)
        made = prepared(client, run, key)
        of_other = made | {"signed_info": elsewhere["signed_info"]}
        assert "signature does not hold" in problem(file(client, run, of_other, key), 409)
        made = prepared(client, run, key)
        with web.log_in("operator") as later, web.clock.put_forward(LATER):
            assert "password once more" in problem(file(later, run, made, key), 403)
            assert "password once more" in problem(later.post(at(run), json={"certificate": key.pem}), 403)
            assert later.put("/session", json={"password": PASSWORD}).status_code == 200
            assert GONE in problem(file(later, run, made, key), 404)
            made = prepared(later, run, key)
        made = prepared(client, run, key)
        csrf = client.headers.pop("X-CSRF-Token")
        assert "X-CSRF-Token" in problem(file(client, run, made, key), 403)
        client.headers["X-CSRF-Token"] = csrf
        first = prepared(second, run, key)
        assert file(second, run, first, key).json()["state"] == "performed"
        assert "to be signed as reviewed" in problem(file(client, run, made, key), 403)
        assert GONE in problem(file(second, run, first, key), 404)
        (signature,) = client.get(f"/runs/here/{run}/certificate").json()["signatures"]
        assert (signature["name"], signature["in_browser"]) == ("Person", True)
        xml = client.get(f"/runs/here/{run}/certificate.xml").content
    (held,) = read_signatures(xml)
    assert held.said.endswith("by a key that a browser keeps")
    assert first["sha256"] in {json.loads(said)["sha256"] for _, _, said in web.audit("signature prepared")}
    who, _, noted = web.audit("sign")[0]
    assert (who, json.loads(noted)["kept"]) == ("second", "browser")
    refused = [said for _, _, said in web.audit("signature refused") if run in said]
    assert sum("signature does not hold" in said for said in refused) == 3


def test_a_key_that_may_not_sign_gets_nothing_prepared(
    web: Web, run: str, key: Kept, authority: Authority
) -> None:
    weak = {"bits": authority.certify_weak(1024, 65537), "exponent is 3": authority.certify_weak(3072, 3)}
    unknown = Authority(key.private).certify(key.private, "Person")
    at_home = authority.certify(key.private, "Person", in_browser=False)
    reviewer = authority.certify(key.private, "Reviewer")
    mine = load_pem_x509_certificate(key.pem.encode())
    ended = REGISTER.format(none="0" * 64, issued="0" * 64, performed=fingerprint(mine))
    named = ended.replace("\nkey = ", "\nbrowser_key = ").replace("\nbrowser_key = ", "\nkey = ", 1)
    folder = web.hub.laboratory.folder
    with web.log_in("operator") as client, web.token("operator") as program:
        for why, one in weak.items():
            assert why in problem(client.post(at(run), json={"certificate": one.pem}), 422)
        for why, one in {
            "not on the trust list": unknown,
            "not certified as one that a browser keeps": at_home,
            "Reviewer signs as performed": reviewer,
        }.items():
            assert why in problem(client.post(at(run), json={"certificate": one.pem}), 409)
        for no in ("no", key.pem * 5, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
            problem(client.post(at(run), json={"certificate": no}), 422)
        assert "in a session" in problem(program.post(at(run), json={"certificate": key.pem}), 403)
        made = prepared(client, run, key)
        for register, why in ((ended, "names no such key"), (named, "registration of Person ended")):
            (folder.path / "register.toml").write_text(register)
            with settings(web, signatories="register.toml"):
                assert why in problem(client.post(at(run), json={"certificate": key.pem}), 409)
                assert why in problem(file(client, run, made, key), 409)  # it ended meanwhile
            made = prepared(client, run, key)
        with web.log_in("reviewer") as someone:
            assert "role operator files" in problem(someone.post(at(run), json={"certificate": key.pem}), 403)
            answer = someone.post(f"/runs/here/{run}/remarks", json={"text": "odd"})
            assert answer.status_code == 201, answer.text
        assert "nobody has answered" in problem(client.post(at(run), json={"certificate": key.pem}), 409)
        assert "nobody has answered" in problem(file(client, run, made, key), 409)
        assert state(client, run) == "draft"
    with web.log_in("customer") as customer:
        problem(customer.post(at(run), json={"certificate": key.pem}), 403)


PREPARED = in_browser._prepared


def of_its_own_procedure(*asked: Any) -> Prepared:
    """Return what was prepared as if each certificate were by another procedure."""
    one = PREPARED(*asked)
    return one._replace(procedure=f"{one.procedure} {one.number}")


def test_forms_sign_several_in_one_act_and_ask_who_it_is(
    web: Web, run: str, key: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = (run, web.do(web.carried_out()))
    with browsing(web, "operator") as client, web.log_in("second") as second:
        page = client.get("/review")
        whole = re.search(r'<div data-by-key="operator">.*?</div>', page.text, re.DOTALL)[0]
        assert {f'value="here/{one}"' in whole for one in runs} == {True}
        form = {"csrf": token(page), "key": key_in(page), "certificate": key.pem}
        which = [f"here/{one}" for one in (*runs, "nowhere")]
        assert client.post("/signing", data=form | {"csrf": "0" * 64, "which": which}).status_code == 403
        foreign = {"Origin": "https://elsewhere.example"}
        assert client.post("/signing", data=form | {"which": which}, headers=foreign).status_code == 403
        unseen = client.post("/signing", data=form | {"which": which, "key": "u" * 16})
        assert unseen.status_code == 409
        assert "was not opened by operator as it is now" in unescape(unseen.text)
        assert client.get(f"/review/here/{runs[0]}").status_code == 200
        assert client.get(f"/review/here/{runs[0]}").status_code == 200
        half = client.post("/signing", data=form | {"which": which, "key": "h" * 16}).headers["location"]
        (left,) = re.findall(
            r"<li><strong>(here/[^<]*)</strong>[^<]*<span[^>]*>[^<]*not opened", client.get(half).text
        )
        assert left == f"here/{runs[1]}"
        with web.log_in("operator") as person:
            fetched = person.get(f"/runs/here/{runs[1]}/certificate.xml").content  # as the local signer does
        told = [json.loads(data) for who, _, data in web.audit("certificate opened") if who == "operator"]
        ours = [one for one in told if one["run"] in runs]
        assert [one["run"] for one in ours] == [runs[1], runs[0]], "once for each state"
        assert ours[0]["sha256"] == sha256(fetched).hexdigest()
        assert client.post("/signing", data=form | {"which": [*which] * 10}).status_code == 303
        form["key"] = key_in(client.get("/review"))
        with browsing(web, "operator") as later:
            form["csrf"] = token(later.get("/"))
            with web.clock.put_forward(LATER):
                asked = later.post("/signing", data=form | {"which": which})
                assert "Who are you?" in asked.text
                assert key.pem.splitlines()[3] in unescape(asked.text)  # nothing is lost by that
                again = later.post("/signing", data=form | {"which": which, "password": PASSWORD})
                assert again.headers["location"].startswith("/signing/")

        form["csrf"] = token(page)
        with monkeypatch.context() as changed:
            changed.setattr(in_browser, "_prepared", of_its_own_procedure)
            apart = client.post("/signing", data=form | {"which": which, "key": "a" * 16}).headers["location"]
        (left,) = re.findall(r"what is signed at once is of [^<]*", client.get(apart).text)
        assert left.endswith("as performed: sign it by itself.")
        led = client.post("/signing", data=form | {"which": which, "key": "k" * 16}).headers["location"]
        act = client.get(led)
        with browsing(web, "second") as stranger:
            assert stranger.get(led).status_code == 404
        assert "nowhere" in act.text.partition("</section>")[0]
        infos = re.findall(r'data-signed-info="([^"]+)" data-sha256="([0-9a-f]{64})"', act.text)
        assert len(infos) == len(runs)
        assert all(act.text.count(sha256) == 2 for _, sha256 in infos)
        signed = [key.sign(info) for info, _ in infos]
        form = {"csrf": token(act), "key": key_in(act)}
        empty = client.post(led, data=form | {"value": ["", ""]})
        assert (empty.status_code, "No signature came" in empty.text) == (422, True)
        assert client.post(led, data=form | {"value": signed[:1]}).status_code == 422
        made = prepared(second, runs[1], key)
        assert file(second, runs[1], made, key).status_code == 200  # meanwhile
        done = client.post(led, data=form | {"value": signed})
        assert done.status_code == 303  # one of them is filed: that is no refusal of the form
        failed = client.get(done.headers["location"]).text
        (which,) = re.findall(r"<li><strong>([^<]*)</strong>", failed)
        assert ("Not signed" in failed, "data-signed-info" in failed) == (True, False)
        client.cookies.set("remotecal_language", "zh")
        chinese = client.get(done.headers["location"]).text.partition('id="left-out"')[2]
        assert re.search(rf"<strong>{which}</strong> <span( lang=\"en\")?>", chinese)
        assert client.post(led, data=form | {"value": signed}).headers["location"] == done.headers["location"]
        nothing = {"csrf": form["csrf"], "key": "n" * 16}
        assert client.post(done.headers["location"], data=nothing).status_code == 422
        assert client.get(led).status_code == 404
        assert [state(second, one) for one in runs] == ["performed", "performed"]


def test_a_request_is_looked_at_before_it_is_saved(web: Web, key: Kept, authority: Authority) -> None:
    named = subject("Person", in_browser=True)
    small = generate_private_key(65537, 2048)
    good = request(key.private, named)
    altered = bytearray(good)
    place = len(good) // 2
    altered[place] = ord("A") if altered[place] != ord("A") else ord("B")
    weak = CertificateSigningRequestBuilder(named).sign(small, SHA256()).public_bytes(Encoding.PEM)
    with settings(web), browsing(web, "operator", "zh") as client:
        form = {"csrf": token(client.get("/signing/key"))}
        saved = client.post("/signing/key/request", data=form | {"request": good.decode()})
        assert (saved.status_code, saved.content) == (200, good)
        assert 'filename="browser-key.csr"' in saved.headers["content-disposition"]
        assert json.loads(web.audit("browser key")[0][2])["name"] == "Person"
        for no in (b"no", bytes(altered), weak, request(key.private, subject("Person"))):
            refused = client.post("/signing/key/request", data=form | {"request": no.decode("latin-1")})
            assert refused.status_code == 422, no
            why = re.search(r'role="alert">([^<]*)<', refused.text)[1]
            assert not re.search("[a-z]{3}", why), why  # all of it is said in Chinese
            assert "BEGIN CERTIFICATE" not in refused.text
        for content, status in (
            (key.pem, 200),
            (authority.certify(key.private, "Person", in_browser=False).pem, 422),
            ("no", 422),
            ("", 422),
        ):
            brought = {"certificate": ("browser-key.crt", content.encode())}
            page = client.post("/signing/key/certificate", data=form, files=brought)
            assert page.status_code == status
            assert re.search("[一-鿿]", page.text)
            if status == 200:
                assert 'name="next" value="/signing/key"' in page.text  # the other language leads to a page
        no_form = client.post("/signing/key/certificate", files={"certificate": ("x.crt", key.pem.encode())})
        assert no_form.status_code == 403
    with settings(web), browsing(web, "customer") as customer:
        assert customer.get("/signing/key").status_code == 403


def test_a_key_made_in_chromium_signs_a_certificate_that_holds(
    browser: Browser, web: Web, run: str, authority: Authority, said: list[str], tmp_path: Path
) -> None:
    page = opened(browser, web, said)
    page.goto(f"{web.url}/review/here/{run}")
    page.get_by_role("link", name="My key in this browser").click()
    page.get_by_label("Your name").fill("Person")
    page.get_by_role("button", name="Make a key").click()
    print_of_key = page.locator("#key-print")
    expect(print_of_key).to_have_text(re.compile("[0-9a-f]{64}"))
    shown = print_of_key.inner_text()
    assert page.evaluate(EXTRACTABLE) is False
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save the request").click()
    asked, ca, made = tmp_path / "browser-key.csr", tmp_path / "ca.pem", tmp_path / "browser-key.crt"
    saving.value.save_as(asked)
    write_private(ca, pem(authority.key))
    issuing = ["keys", "issue", str(asked), "--to", "Person", "--by", str(ca), "--out", str(made)]
    assert main(issuing) == 0
    page.get_by_label("Certificate (.crt)").set_input_files(made)
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator("#key-until")).to_have_text(re.compile(r"\d{4}-\d{2}-\d{2}"))
    assert page.locator("#key-print").inner_text() == shown
    clear(page, "/signing/key")
    page.goto(f"{web.url}/review/here/{run}")
    page.get_by_role("button", name="Sign by the key in this browser").click()
    sign_it = page.get_by_role("button", name="Sign", exact=True)
    expect(sign_it).to_be_visible()
    clear(page, "/signing")
    hidden = "document.querySelector('[data-sha256]').dataset.sha256"
    true = page.evaluate(hidden)
    page.evaluate(f"{hidden} = '{'0' * 64}'")
    sign_it.click()
    expect(page.locator("#refused")).to_contain_text("not what this page shows")
    page.evaluate(f"{hidden} = '{true}'")
    sign_it.click()
    expect(page.locator("main")).to_contain_text("by a key that a browser keeps")
    assert page.url == f"{web.url}/review/here/{run}"
    assert said == []
    for duty in ("reviewed", "approved"):
        sign_as(web, run, duty)
    with web.token("administrator") as client:
        assert client.post(f"/runs/here/{run}/certificate/issue").status_code == 200
        for name, address in (("certificate.xml", "certificate.xml"), ("journal.jsonl", "journal")):
            (tmp_path / name).write_bytes(client.get(f"/runs/here/{run}/{address}").content)
    hub, tiny = web.hub.laboratory.folder.path, web.site.tiny
    trust = ["--trust", hub / "trust.toml", "--trust-key", hub / "keys" / "list-issuer.pub.pem"]
    given = ["--journal", tmp_path / "journal.jsonl", *trust, "--standards", tiny.bench.parent]
    ours = ["--procedure", PROCEDURE, "--driver", "tiny:TinySource", "--driver", "tiny:TinyMeter"]
    assert main(["verify", *map(str, (tmp_path / "certificate.xml", *given, *ours))]) == 0


def test_without_a_key_or_a_script_the_other_ways_are_named(
    browser: Browser, web: Web, run: str, said: list[str]
) -> None:
    page = opened(browser, web, said, locale="zh-CN")
    page.goto(f"{web.url}/review/here/{run}")
    expect(page.locator("[data-none]")).to_be_visible()
    expect(page.locator("[data-without]")).to_be_hidden()
    assert said == []
    with browsing(web, "operator") as client:
        plain = client.get(f"/review/here/{run}").text
        assert "needs a script" in plain
        assert "<form" in plain.partition("data-by-key")[2]
        assert "needs a script" in client.get("/signing/key").text
