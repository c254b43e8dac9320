"""Issuing, amending and revoking on pages: asked again who it is, done once, and told everywhere."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from html import unescape
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest
from sqlalchemy import delete, text
from test_web_certificates import issued, rows
from test_web_items import today
from test_web_pages import browsing, key_in, token
from test_web_review import FILED, sign_as
from web_laboratory import PASSWORD, Web, fetch, problem

from remotecal.certificates.added import address_in
from remotecal.certificates.dcc import read
from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.xml import read_signatures
from remotecal.hub.issued import enter_issued
from remotecal.hub.issuing import trust_of
from remotecal.hub.numbers import NumberSettings
from remotecal.hub.reverse import resting_on
from remotecal.hub.run_at import RunAt
from remotecal.hub.settings import PublicSettings
from remotecal.store import Store
from remotecal.store.tables import amendments, run_equipment, signed_certificates
from remotecal.verify import verify
from remotecal.web.pages.issuing import AMENDED

PUBLIC = "https://cal.example"


@pytest.fixture(scope="module", autouse=True)
def settings(web: Web) -> None:
    """The laboratory has series of numbers, and a public address."""
    folder = web.hub.laboratory.folder
    numbers = NumberSettings(order="O-{year}-{number:4}", certificate="LNJL-{year}-{number:5}")
    changed = {"numbers": numbers, "public": PublicSettings(address=PUBLIC)}
    folder.settings = folder.settings.model_copy(update=changed)


@pytest.fixture
def run(web: Web) -> str:
    return web.do(web.carried_out())


def amending(page: httpx.Response, **changed: str) -> dict[str, str]:
    """Return the form of a page for amending, filled in."""
    fields = dict(re.findall(r'<input name="([^"]+)"[^>]* value="([^"]*)"', page.text))
    why = {"reason.zh": "委托单位名称有误", "reason.en": "the customer's name was wrong"}
    return fields | why | {"csrf": token(page), "key": key_in(page)} | changed


def amended(web: Web, number: str, **changed: str) -> str:
    """Draft the certificate that takes the place of one, and return its number."""
    with browsing(web, "operator") as operator:
        page = operator.get("/amend", params={"number": number})
        name = next(iter(re.findall(r'name="(customer\.[a-z]*)"', page.text)))
        sent = amending(page, **({name: "Another Customer"} | changed))
        done = operator.post("/amend", params={"number": number}, data=sent)
        assert done.status_code == 303, done.text
        again = operator.post("/amend", params={"number": number}, data=sent)
        assert (again.status_code, again.headers["location"]) == (303, done.headers["location"])
    return web.hub.laboratory.store.numbers.held(1)[0].number


def certificates_of(client: httpx.Client, run: str) -> list[str]:
    """Return the certificates that a run's page tells of, a row each."""
    table = (
        client.get(f"/runs/here/{run}").text.partition("<h2>Certificates</h2>")[2].partition("</table>")[0]
    )
    return [unescape(row) for row in table.split("<tr>")[2:]]


def test_an_amended_certificate_takes_the_place_of_the_old_one_everywhere(
    web: Web, run: str, tmp_path: Path
) -> None:
    web.hub.laboratory.store.orders.assign(run, "acme")
    old = issued(web, run)
    with web.token("operator") as operator:
        before = operator.get(f"/runs/here/{run}/certificate.xml").content
    years = [today(web).year]
    new = amended(web, old)
    years.append(today(web).year)
    assert re.fullmatch(r"LNJL-\d{4}-\d{5}", new)
    assert int(new.split("-")[1]) in years
    with browsing(web, "reviewer") as reviewer, browsing(web, "customer") as acme:
        page = reviewer.get(f"/review/here/{run}").text
        assert f"takes the place of {old}" in page
        assert "<strong>Another Customer</strong>" in page
        assert new not in acme.get("/certificates").text
        sign_as(web, run, "performed")
        own = {user: certificates_of(user, run) for user in (reviewer, acme)}
        assert [("issued" in row, new in row) for row in own[acme]] == [(True, False)]
        first, second = own[reviewer]
        assert (old in first, "issued" in first) == (True, True)
        assert (new in second, "performed" in second) == (True, True)
        with ZipFile(BytesIO(acme.get("/my/certificates.zip").content)) as zipped:
            assert zipped.read(f"here/{run}/certificate.xml") == before
        assert f"replaced by {new}" not in acme.get("/certificates").text  # it is not issued yet
    for duty in ("reviewed", "approved"):
        sign_as(web, run, duty)
    with browsing(web, "customer") as acme, browsing(web, "reviewer") as reviewer:
        assert f">{old}</td>" in acme.get(f"/runs/here/{run}").text  # it counts until then
        page = reviewer.get(f"/runs/here/{run}").text
        assert re.findall(r"certificate\.pdf\?device=&amp;edition=(\d)", page) == ["0", "1"]
        assert f">{new}</td>" in page
    with browsing(web, "administrator") as administrator:
        page = administrator.get(f"/review/here/{run}")
        sent = {"csrf": token(page), "key": key_in(page)}
        done = administrator.post(f"/review/here/{run}/issue", data=sent)
        assert done.status_code == 303, done.text
        again = administrator.post(f"/review/here/{run}/issue", data=sent)
        assert (again.status_code, again.headers["location"]) == (303, done.headers["location"])
    with browsing(web, "customer") as acme:
        lines = [row for row in rows(acme.get("/certificates").text) if run in row]
        assert any(f"replaced by {new}" in line and old in line for line in lines)
        assert any(f"takes the place of {old}" in line for line in lines)
        assert len([row for row in rows(acme.get(f"/certificates?q={new}").text) if run in row]) == 2
        files = {
            edition: acme.get(f"/api/v1/runs/here/{run}/certificate.xml", params=asked).content
            for edition, asked in (("first", {"edition": 0}), ("last", {}))
        }
        pdf = acme.get(f"/api/v1/runs/here/{run}/certificate.pdf").content
        with ZipFile(BytesIO(acme.get("/my/certificates.zip").content)) as zipped:
            assert zipped.read(f"here/{run}/certificate.pdf") == pdf
            assert zipped.read(f"here/{run}/replaced/certificate-1.xml") == before
        for page in ("/my", f"/runs/here/{run}"):
            own = [unescape(row) for row in acme.get(page).text.split("<tr>") if "certificate.xml" in row]
            told = {number: line for line in own for number in (old, new) if f">{number}<" in line}
            for number, content in ((old, before), (new, files["last"])):
                (link,) = re.findall(r'"([^"]*certificate.xml[^"]*)"', told[number])
                assert acme.get(link).content == content, (page, number)
            assert f"replaced by {new}" in told[old]
    assert files["first"] == before
    record = read(read_signatures(files["last"])[-1].content)
    assert (record.number, record.replaces.number) == (new, old)
    assert record.customer.name.get("en") == "Another Customer"
    with browsing(web, "customer") as acme:
        assert acme.get("/label", params={"number": new}).status_code == 200
        refused = acme.get("/label", params={"number": old})
        assert (refused.status_code, new in refused.text) == (409, True)
    public = {number: _token(web, number) for number in (old, new)}
    assert address_in(record) == f"{PUBLIC}/v/{public[new]}"
    web.clock.ahead += 61.0
    told = fetch(f"{web.url}/v/{public[old]}").text
    assert f"replaced by {new}" in told
    assert f"/v/{public[new]}" in told
    assert "neither revoked" not in told
    assert "neither revoked" in fetch(f"{web.url}/v/{public[new]}").text
    store = web.hub.laboratory.store
    with store.database.begin() as connection:  # this bench's standards have no number
        used = run_equipment.update().where(run_equipment.c.run == run)
        connection.execute(used.values(serial="R-1", certificate="R-C-1"))
    (use,) = [one.use for one in resting_on(store, "R-1") if one.use.run == run]
    assert (use.certificate, [*json.loads(use.customer).values()]) == (new, ["Another Customer"])
    with browsing(web, "operator") as client:
        page = client.get("/resting/drafts?number=R-1").text
        assert old not in page
        assert "Another Customer" in page
    (tmp_path / "old.xml").write_bytes(before)
    (tmp_path / "new.pdf").write_bytes(pdf)
    trust = trust_of(web.hub.laboratory.folder)
    report = verify(tmp_path / "new.pdf", trust=trust, library=CertificateLibrary([tmp_path / "old.xml"]))
    found = {check.name: check for check in report.checks}
    assert found["certificate replaced"].outcome == "passed", found["certificate replaced"].said
    assert found["printed pages"].outcome == "passed", found["printed pages"].said


def _token(web: Web, number: str) -> str:
    return web.hub.laboratory.store.signings.numbered(number).token


def test_what_was_amended_and_issued_is_entered_again_in_an_older_database(web: Web, run: str) -> None:
    old = issued(web, run)
    new = amended(web, old)
    for duty in FILED:
        sign_as(web, run, duty)
    with web.token("administrator") as administrator:
        assert administrator.post(f"/runs/here/{run}/certificate/issue").status_code == 200
    laboratory = web.hub.laboratory
    before = laboratory.store.signings.latest("here", run, "", 1)
    with laboratory.store.database.begin() as connection:
        connection.execute(delete(amendments).where(amendments.c.run == run))
        gone = (signed_certificates.c.run == run) & (signed_certificates.c.edition == 1)
        connection.execute(delete(signed_certificates).where(gone))
    assert enter_issued(laboratory.folder, laboratory.store, 1.0) == (run,)
    after = laboratory.store.signings.latest("here", run, "", 1)
    assert (after.pdf, after.token, after.number) == (before.pdf, before.token, new)
    assert laboratory.store.amendments.replaced([old]) == {old: new}
    assert RunAt(laboratory.folder, laboratory.store, "here", run).newest().edition == 1


def test_a_certificate_has_one_that_takes_its_place(web: Web, run: str) -> None:
    old = issued(web, run)
    with browsing(web, "operator") as operator:
        page = operator.get("/amend", params={"number": old})
        same = operator.post("/amend", params={"number": old}, data=amending(page))
        assert same.status_code == 409
        assert "Nothing differs" in same.text
        empty = amending(page, **{"reason.zh": ""})
        assert operator.post("/amend", params={"number": old}, data=empty).status_code == 422
        name = next(iter(re.findall(r'name="(customer\.[a-z]*)"', page.text)))
        sent = amending(page, number=old.lower(), key="x" * 20, **{name: "Another"})
        assert operator.post("/amend", params={"number": old}, data=sent).status_code == 409
        unsaid = amending(page, key="y" * 20, **{"address.en": " ", "address.": "", "address.zh": ""})
        assert operator.post("/amend", params={"number": old}, data=unsaid).status_code == 422
        none = operator.get("/amend", params={"number": "none"})
        assert none.status_code == 404
    there = f"/runs/here/{run}/certificate/amendments"
    said = {"reason": {"en": "again", "zh": "再次"}, "customer": {"en": "Third", "zh": "第三家"}}
    with web.token("operator") as operator:
        for what in said:
            one = said | {what: {"en": said[what]["en"]}}
            assert f"the {what} is in en" in problem(operator.post(there, json=one), 409)
    new = amended(web, old)
    with browsing(web, "operator") as operator:
        assert "amended already" in operator.get("/amend", params={"number": old}).text
        assert operator.get("/amend", params={"number": new}).status_code == 404  # it is no certificate yet
        assert web.hub.laboratory.store.numbers.held(1)[0].number == new
    for user in ("reviewer", "customer"):
        with browsing(web, user) as other:
            assert other.get("/amend", params={"number": old}).status_code == 403
    body = {"reason": {"en": "again"}, "customer": {"en": "Third"}}
    with web.token("operator") as operator, web.token("customer") as customer:
        refused = operator.post(f"/runs/here/{run}/certificate/amendments", json=body)
        assert "never issued" in problem(refused, 409)
        problem(customer.post(f"/runs/here/{run}/certificate/amendments", json=body), 403)


def test_the_number_that_is_suggested_begins_as_the_issued_one() -> None:
    for issued_, begins in (("LN-AB-2026-7", "LN-AB-2026-7"), ("LN-A-7-A2", "LN-A-7"), ("7", "7")):
        assert AMENDED.sub("", issued_) == begins


def test_who_it_is_is_asked_again_and_nothing_typed_is_lost(web: Web, run: str) -> None:
    old = issued(web, run)
    with browsing(web, "operator") as operator:
        page = operator.get("/amend", params={"number": old})
        name = next(iter(re.findall(r'name="(customer\.[a-z]*)"', page.text)))
        sent = amending(page, **{name: 'Quotes "and" <b>'})
        store = web.hub.laboratory.store
        with web.clock.put_forward(301.0):
            asking = operator.post("/amend", params={"number": old}, data=sent)
            assert "Who are you?" in asking.text
            assert 'value="Quotes &#34;and&#34; &lt;b&gt;"' in asking.text
            assert "<b>" not in asking.text
            wrong = operator.post("/amend", params={"number": old}, data=sent | {"password": "wrong"})
            assert wrong.status_code == 403
            assert "password is wrong" in wrong.text
            assert 'value="Quotes' in wrong.text
            assert store.amendments.of_run("here", run, "") == ()
            done = operator.post("/amend", params={"number": old}, data=sent | {"password": PASSWORD})
            assert done.status_code == 303, done.text
            # Pausing and aborting never ask: that there is no such run is found out at once.
            paused = {"csrf": sent["csrf"], "verb": "pause"}
            assert operator.post("/runs/here/none/commands", data=paused).status_code == 404
        with web.clock.put_forward(602.0):
            assert "Who are you?" in operator.post("/amend", params={"number": old}, data=sent).text
    assert len(store.amendments.of_run("here", run, "")) == 1
    assert web.audit("login refused")[0][0] == "operator"


def test_pressing_twice_at_once_does_it_once(web: Web, run: str) -> None:
    with browsing(web, "operator") as operator:
        page = operator.get(f"/orders/{run}")
        sent = {"csrf": token(page), "key": key_in(page)}
        cookies = dict(operator.cookies)

        def press(_: int) -> str:
            with httpx.Client(base_url=web.url, cookies=cookies, timeout=30) as browser:
                return browser.post(f"/orders/{run}/again", data=sent).headers["location"]

        before = len(web.hub.laboratory.store.pages.orders(1000))
        with ThreadPoolExecutor(4) as pool:
            led_to = set(pool.map(press, range(4)))
        assert len(led_to) == 1
        assert len(web.hub.laboratory.store.pages.orders(1000)) == before + 1
        for wrong in ({}, {"key": "short"}):
            said = operator.post(f"/orders/{run}/again", data={"csrf": sent["csrf"]} | wrong)
            assert said.status_code == 422


def test_what_broke_off_is_not_done_again_and_what_was_refused_may_be(web: Web, run: str) -> None:
    store = web.hub.laboratory.store
    with browsing(web, "operator") as operator:
        page = operator.get(f"/orders/{run}")
        sent = {"csrf": token(page), "key": key_in(page)}
        before = len(store.pages.orders(1000))
        with full(store, "order"):  # the order is entered, and then the disk is full
            assert operator.post(f"/orders/{run}/again", data=sent).status_code == 503
        again = operator.post(f"/orders/{run}/again", data=sent)
        assert again.status_code == 409
        assert "look before you open its page anew" in unescape(again.text)
        assert len(store.pages.orders(1000)) == before, "no order that the audit log does not tell of"
        refused = {"csrf": sent["csrf"], "key": "refused-at-first"}
        assert operator.post("/orders/none/again", data=refused).status_code == 404
        assert operator.post(f"/orders/{run}/again", data=refused).status_code == 303


@contextmanager
def full(store: Store, what: str) -> Iterator[None]:
    """Have the database refuse entries of a kind in the audit log."""
    with store.database.begin() as connection:
        body = f"WHEN NEW.what = '{what}' BEGIN SELECT RAISE(FAIL, 'the disk is full'); END"
        connection.execute(text(f"CREATE TRIGGER full BEFORE INSERT ON audit {body}"))
    try:
        yield
    finally:
        with store.database.begin() as connection:
            connection.execute(text("DROP TRIGGER full"))


def test_an_order_gets_its_numbers_without_typing(web: Web, run: str) -> None:
    numbers = []
    with browsing(web, "operator") as operator:
        for _ in range(2):
            page = operator.get(f"/orders/{run}")
            sent = {"csrf": token(page), "key": key_in(page)}
            done = operator.post(f"/orders/{run}/again", data=sent)
            assert done.status_code == 303, done.text
            order = done.headers["location"]
            numbers.append(re.search(r"O-\d{4}-(\d{4})", operator.get(order).text)[1])
            assert re.search(r"LNJL-\d{4}-\d{5}", operator.get(order).text)
        listed = operator.get("/numbers").text
        assert "order waits" in listed
        assert "O-{year}-{number:4}" in listed
        assert re.search(rf"next: O-\d{{4}}-{int(numbers[1]) + 1:04}<", listed), "as it will be written"
    assert int(numbers[1]) == int(numbers[0]) + 1
    with browsing(web, "customer") as customer:
        assert customer.get("/numbers").status_code == 403


def test_a_revocation_is_prepared_here_and_signed_where_the_key_is(web: Web, run: str) -> None:
    number = issued(web, run)
    with browsing(web, "approver") as approver:
        page = approver.get("/recall", params={"number": number})
        sent = {"csrf": token(page), "key": key_in(page), "zh": "标准器有误", "en": "it's wrong", "since": ""}
        done = approver.post("/recall", params={"number": number}, data=sent)
        assert done.status_code == 303, done.text
        told = approver.get(done.headers["location"]).text
        command = (
            f"remotecal revoke trust.toml --certificate {number} --reason &#39;it&#39;&#34;&#39;&#34;&#39;s"
        )
        assert command in told
        assert (
            approver.post(
                "/recall", params={"number": number}, data=sent | {"key": "x" * 16, "en": ""}
            ).status_code
            == 422
        )
        assert "issued" in approver.get(f"/certificates?q={number}").text
    assert web.audit("recall")[0][0] == "approver"
    with browsing(web, "operator") as operator:
        assert operator.get("/recall", params={"number": number}).status_code == 403
    web.clock.ahead += 61.0
    assert "neither revoked" in fetch(f"{web.url}/v/{_token(web, number)}").text  # the list alone counts


def test_labels_are_for_whoever_may_see_the_certificate(web: Web, run: str) -> None:
    web.hub.laboratory.store.orders.assign(run, "acme")
    number = issued(web, run)
    asked = {"number": number, "due": "2027-11-30"}
    with browsing(web, "customer") as acme, browsing(web, "bolt") as bolt:
        page = acme.get("/label", params=asked)
        assert all(said in page.text for said in (number, "2027-11-30", "<svg", f"{PUBLIC}/v/"))
        pdf = acme.get("/label.pdf", params=asked)
        assert pdf.content.startswith(b"%PDF")
        assert pdf.headers["etag"] == f'"{sha256(pdf.content).hexdigest()}"'
        assert acme.get("/label", params=asked | {"due": "2027-02-31"}).status_code == 422
        for address in ("/label", "/label.pdf"):
            assert bolt.get(address, params=asked).status_code == 404
