"""A customer's page: their own certificates, evidence and orders, what they ask for, and nobody else's."""

import base64
import json
import re
from datetime import date
from html import unescape
from io import BytesIO
from urllib.parse import urlencode
from zipfile import ZipFile

import httpx
import pytest
from asked import asking
from test_web_certificates import issued
from test_web_pages import browsing, key_in, token
from web_laboratory import DIGEST, Web, problem

from remotecal.hub import mail
from remotecal.store.requests import MOST_OPEN

HOSTILE = '<img src=x onerror="alert(1)">{{7*7}}'


@pytest.fixture(scope="module")
def runs(web: Web) -> dict[str, str]:
    """An issued run of each customer, and one of `acme` that is not issued."""
    found = {name: web.do(web.carried_out()) for name in ("acme", "bolt", "open")}
    for name in ("acme", "bolt"):
        issued(web, found[name])
    for name, run in found.items():
        web.hub.laboratory.store.orders.assign(run, "acme" if name == "open" else name)
    return found


def form(client: httpx.Client, **fields: str) -> dict[str, str]:
    """Return a form of the page as a browser would send it."""
    page = client.get("/my")
    key, *_ = re.findall(r'name="key" value="([^"]+)"', page.text)
    return {
        "csrf": token(page),
        "key": key,
        "item": "M1",
        "wanted": "two points",
        "day": "2027-02-01",
    } | fields


def test_the_archive_has_what_is_theirs_and_issued(web: Web, runs: dict[str, str]) -> None:
    store = web.hub.laboratory.store
    for user, account in (("customer", "acme"), ("bolt", "bolt")):
        with browsing(web, user) as client:
            answer = client.get("/my/certificates.zip")
            assert answer.headers["content-type"] == "application/zip"
            assert "content-encoding" not in answer.headers
            with ZipFile(BytesIO(answer.content)) as zipped:
                assert zipped.testzip() is None
                folder = f"here/{runs[account]}"
                signed = store.signings.latest("here", runs[account])
                lines = store.journals.lines("here", runs[account])
                assert {name for name in zipped.namelist() if "/files/" not in name} == {
                    f"{folder}/{name}"
                    for name in ("certificate.pdf", "certificate.xml", "journal.jsonl", "record.json")
                }
                assert all(name.startswith(folder) for name in zipped.namelist())
                assert zipped.read(f"{folder}/certificate.pdf") == signed.pdf
                assert zipped.read(f"{folder}/certificate.xml") == signed.xml
                assert zipped.read(f"{folder}/journal.jsonl") == b"".join(line + b"\n" for line in lines)
            asked = client.get("/my/certificates.zip", params={"before": f"here/{runs[account]}"})
            assert ZipFile(BytesIO(asked.content)).namelist() == []


def test_the_page_shows_what_is_theirs_and_where_it_is(web: Web, runs: dict[str, str]) -> None:
    with browsing(web, "customer") as client:
        assert 'href="/my"' in client.get("/").text
        with asking(web.hub.laboratory.store) as sent:
            page = client.get("/my")
        assert len(sent) <= 8, [one.statement[:60] for one in sent]
        told = unescape(re.sub(r"<[^>]+>", " ", page.text))
        assert "certificate issued" in told
        assert "measured; to be signed" in told
        (number,) = {
            one.certificate for one in web.hub.laboratory.store.about.of_run("here", runs["acme"])[1]
        }
        places = {runs["acme"]: "certified", runs["open"]: "measured"}
        for address in ("/orders", "/my"):
            text = client.get(address).text.partition('id="certificates"')[0]
            assert f'<a href="/certificates?q={number}">{number}</a>' in text, address
        for run, stage in places.items():
            detail = client.get(f"/orders/{run}").text
            assert ("certificate issued" in detail, number in detail.partition("<h2>")[0]) == (
                (True, True) if stage == "certified" else (False, False)
            )
            listed = client.get("/orders", params={"stage": stage}).text
            assert [f"/orders/{one}" in listed for one in places] == [one == run for one in places]
        with web.token("customer") as acme:
            told = {one["id"]: one for one in acme.get("/orders").json()}
            assert {run: one["stage"] for run, one in told.items()} == places
            assert [told[run]["certificate"] for run in places] == [number, ""]
            assert (
                told[runs["open"]]["awaiting"] == acme.get(f"/orders/{runs['open']}").json()["awaiting"] != ""
            )
            assert [one["id"] for one in acme.get("/orders?stage=certified").json()] == [runs["acme"]]
        store, mark = web.hub.laboratory.store, f"{number}</a> <strong>revoked</strong>"
        try:
            for revoked in ([], [number]):
                store.items.count_without(revoked)
                assert (mark in client.get("/orders").text) == bool(revoked)
                for language, said in (("en", "revoked"), ("zh", "已撤销")):
                    for address in (
                        "/search?q=" + number,
                        f"/orders/{runs['acme']}",
                        f"/runs/here/{runs['acme']}",
                    ):
                        shown = client.get(address, headers={"Accept-Language": language}).text
                        beside = re.search(rf"(?:>| ){number}(?:</td><td[^>]*>[^<]*)? <strong>{said}<", shown)
                        assert bool(beside) == bool(revoked), address
                with web.token("customer") as acme:
                    assert acme.get(f"/orders/{runs['acme']}").json()["revoked"] == bool(revoked)
        finally:
            store.items.count_without([])
        certificates = page.text.partition('id="certificates"')[2]
        assert runs["acme"] in certificates
        assert runs["open"] not in certificates
        assert runs["open"] in page.text
        assert runs["bolt"] not in page.text
    with browsing(web, "customer", "zh") as client:
        assert "我的证书和委托" in client.get("/my").text
    for user in ("operator", "administrator"):
        with browsing(web, user) as client:
            assert 'href="/my"' not in client.get("/").text
            for address in ("/my", "/my/certificates.zip"):
                assert client.get(address).status_code == 403


def test_a_request_is_made_once_seen_by_the_laboratory_and_answered(web: Web, runs: dict[str, str]) -> None:
    with browsing(web, "customer") as acme, browsing(web, "operator") as operator:
        sent = form(acme, item=HOSTILE)
        for _ in range(2):  # pressed twice
            done = acme.post("/my/requests", data=sent)
            assert (done.status_code, done.headers["location"]) == (303, "/my#requests")
        assert acme.post("/my/requests", data=sent | {"wanted": "something else"}).status_code == 409
        (row,) = web.hub.laboratory.store.requests.of_account("acme", 10)
        assert (row.item, row.wanted, row.day, row.by) == (HOSTILE, "two points", "2027-02-01", "customer")
        assert [json.loads(data)["request"] for _, _, data in web.audit("request")] == [row.id]
        for page in (operator.get("/").text, operator.get("/requests").text, acme.get("/my").text):
            assert "<img" not in page
            assert HOSTILE in unescape(page)
        assert HOSTILE not in unescape(acme.get("/").text)
        answered = {"csrf": token(operator.get("/requests")), "answer": "bring it on Monday"}
        assert operator.post(f"/requests/{row.id}/settle", data=answered).headers["location"] == "/requests"
        assert operator.post(f"/requests/{row.id}/settle", data=answered).status_code == 409
        assert operator.post("/requests/99999/settle", data=answered).status_code == 404
        assert web.audit("request answered")[0][0] == "operator"
        assert "bring it on Monday" in acme.get("/my").text
        assert HOSTILE not in unescape(operator.get("/").text + operator.get("/requests").text)
    web.clock.ahead += 61.0  # how people are called is remembered a while
    with web.token("customer") as acme:
        assert "operator" in web.hub.laboratory.store.called.signers()
        (asked,) = [one for one in acme.get("/requests").json() if one["id"] == row.id]
        assert (asked["settled_by"], asked["settled_by_name"]) == ("", {}), "no page tells it"


def test_a_customer_is_told_of_a_certificate_and_others_are_not(web: Web, runs: dict[str, str]) -> None:
    store = web.hub.laboratory.store
    signed = store.signings.of_runs({("here", runs["acme"])})
    (number,) = [one.number for one in signed if one.duty == "issued"]
    address = f"/tell?{urlencode({'number': number})}"
    with (
        browsing(web, "operator") as client,
        browsing(web, "customer") as acme,
        browsing(web, "bolt") as bolt,
    ):
        assert address in unescape(client.get("/certificates").text)
        page = client.get(address)
        sent = {"csrf": token(page), "key": key_in(page), "text": "come <and> fetch it"}
        assert client.post(address, data=sent | {"text": ""}).status_code == 422
        answers = [client.post(address, data=sent) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [303, 303]
        again = client.get(address)
        assert "come &lt;and&gt; fetch it" in again.text
        other = {"csrf": token(again), "key": key_in(again), "text": "once more"}
        assert client.post(address, data=other).status_code == 409
        mine = acme.get("/notices").text
        assert f"{number}: come &lt;and&gt; fetch it" in mine
        assert "mark ended" not in mine.partition("fetch it")[2].partition("</tr>")[0]
        assert "fetch it" not in bolt.get("/notices").text
        assert acme.get(address).status_code == 403
        assert client.get("/tell?number=nothing").status_code == 404
    told = [json.loads(data) for _, _, data in web.audit("certificate told")]
    assert [(one["certificate"], one["account"], one["to"]) for one in told] == [(number, "acme", "customer")]
    (row,) = store.notices.of("certificate", number)
    assert mail._subject([row]) == "1 项证书通知 / 1 about certificates"
    assert (
        mail._line(row, date(2001, 1, 1)) == f"{row.due}  证书 / Certificate: {number}: come <and> fetch it"
    )
    with web.token("operator") as operator, web.token("customer") as acme:
        said = {"number": number, "text": "again"}
        problem(acme.post("/notices/certificates", json=said), 403)
        problem(operator.post("/notices/certificates", json=said), 409)
        with web.clock.put_forward(86400.0):
            made = operator.post("/notices/certificates", json=said)
            web.users.put("colleague", roles={"customer"}, account="acme", password=DIGEST)
            others = operator.post("/notices/certificates", json=said | {"text": "another"})
        assert (made.status_code, made.json()["users"]) == (201, ["customer"])
        assert (others.status_code, others.json()["users"]) == (201, ["colleague"])
    noted = [json.loads(data) for _, _, data in web.audit("certificate told") if "another" in data]
    assert [(one["to"], one["told another text"]) for one in noted] == [("colleague", "customer")]


def theirs(web: Web, account: str, serial: str, due: str = "") -> int:
    """Enter an item of a customer's, and return its number."""
    said = {"name": {"zh": "压力表", "en": "Gauge"}, "maker": "Maker", "serial": serial, "account": account}
    with web.token("operator") as operator:
        answer = operator.post("/items", json=said | ({"due": due} if due else {}))
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def asked_for(web: Web, account: str) -> dict[str, tuple[str, int | None]]:
    rows = web.hub.laboratory.store.requests.of_account(account, 1000)
    return {row.item: (row.wanted, row.number) for row in rows if row.wanted.startswith("batch")}


def test_a_customer_asks_for_items_of_theirs_those_due_first_all_or_none(web: Web) -> None:
    later, first = theirs(web, "acme", "MY-2", "2099-05-31"), theirs(web, "acme", "MY-1", "2001-05-31")
    other = theirs(web, "bolt", "MY-3")
    with browsing(web, "customer") as acme:
        page = acme.get("/my/items")
        assert page.text.index("MY-1") < page.text.index("MY-2")
        assert "MY-3" not in page.text
        part = page.text.partition('action="/my/requests/items"')[2]
        key = re.search(r'name="key" value="([^"]+)"', part)[1]
        sent = {"csrf": token(page), "key": key, "wanted": "batch one", "day": "2027-02-01"}

        def ask(*items: int, **said: str) -> int:
            return acme.post("/my/requests/items", data=sent | said | {"item": list(items)}).status_code

        assert (ask(), ask(first, wanted=" "), ask(first, day="soon")) == (422, 422, 422)
        assert ask(first, other) == 404
        assert asked_for(web, "acme") == {}
        noted = len(web.audit("request"))
        assert [ask(first, later) for _ in range(2)] == [303, 303]
        said = {
            "压力表 Gauge Maker MY-1": ("batch one", first),
            "压力表 Gauge Maker MY-2": ("batch one", later),
        }
        assert asked_for(web, "acme") == said
        assert len(web.audit("request")) == noted + 2
        assert ask(first, later, wanted="batch of something else") == 409
    with browsing(web, "operator") as client:
        assert f'href="/orders/new?item={first}"' in client.get("/requests").text
        assert client.post("/my/requests/items", data={"csrf": token(client.get("/"))}).status_code == 403


def test_a_customer_asks_by_a_table_that_is_shown_before_all_or_none(web: Web) -> None:
    known = theirs(web, "acme", "TAB-1")
    good = "名称,制造厂,出厂编号\r\n压力表,Maker,TAB-1\r\n<b>表</b>,Maker,TAB-2\r\n"
    bad = good + ",,TAB-3\r\n"

    def brought(client: httpx.Client, table: str) -> httpx.Response:
        said = {"csrf": token(client.get("/my/table")), "wanted": "batch two", "day": ""}
        return client.post("/my/table", data=said, files={"file": ("t.csv", table.encode("utf-8-sig"))})

    with browsing(web, "customer", "zh") as acme:
        wrong = brought(acme, bad).text
        assert "/my/table/keep" not in wrong
        assert "mark ended" in wrong
        page = brought(acme, good)
        assert f'<a href="/items/{known}">压力表 Gauge Maker TAB-1</a>' in page.text
        assert "&lt;b&gt;表&lt;/b&gt; Maker TAB-2" in page.text
        form = dict(
            re.findall(
                r'<input type="hidden" name="([a-z]+)" value="([^"]*)"',
                page.text.partition("/my/table/keep")[2],
            )
        )
        assert acme.post("/my/table/keep", data=form | {"content": "?"}).status_code == 422
        fault = {"content": base64.b64encode(bad.encode("utf-8-sig")).decode()}
        assert acme.post("/my/table/keep", data=form | fault).status_code == 422
        assert not any(item.endswith(("TAB-1", "TAB-2")) for item in asked_for(web, "acme"))
        assert [acme.post("/my/table/keep", data=form).status_code for _ in range(2)] == [303, 303]
        asked = {item: said for item, said in asked_for(web, "acme").items() if "TAB" in item}
        assert asked == {
            "压力表 Gauge Maker TAB-1": ("batch two", known),
            "<b>表</b> Maker TAB-2": ("batch two", None),
        }
    with web.token("customer") as acme, web.token("operator") as operator:
        table = b"name,maker,model,serial\nGauge,,,TAB-1\nGauge,,M 9,TAB-1\nGauge,Other,,TAB-1\n"
        said = {"content": base64.b64encode(table).decode(), "wanted": "batch four"}
        rows = acme.post("/requests/table", json=said).json()["rows"]
        its = "压力表 Gauge Maker TAB-1"
        assert [one["item"] for one in rows] == [its, its, "Gauge Other TAB-1"], "another maker's is another"
        said = {"content": base64.b64encode(b"name,serial\nMeter,TAB-4\n").decode(), "wanted": "batch three"}
        looked = acme.post("/requests/table", json=said)
        assert (looked.json()["rows"][0]["item"], looked.json()["requests"]) == ("Meter TAB-4", [])
        made = acme.post("/requests/table", json=said | {"look": False}).json()["requests"]
        assert [(one["item"], one["number"]) for one in made] == [("Meter TAB-4", None)]
        problem(operator.post("/requests/table", json=said), 403)
        problem(operator.post("/requests/items", json={"items": [known], "wanted": "x"}), 403)


def test_nobody_asks_for_others_or_sees_what_they_asked(web: Web, runs: dict[str, str]) -> None:
    with browsing(web, "customer") as acme, browsing(web, "bolt") as bolt, browsing(web, "reader") as reader:
        mine = form(acme, item="secret meter")
        for wrong in ({"csrf": ""}, {"csrf": token(bolt.get("/my"))}):
            assert acme.post("/my/requests", data=mine | wrong).status_code == 403
        foreign = {"Origin": "https://evil.example"}
        assert acme.post("/my/requests", data=mine, headers=foreign).status_code == 403
        for wrong in ({"item": ""}, {"wanted": "x\ny"}, {"day": "tomorrow"}, {"item": "x" * 501}):
            assert acme.post("/my/requests", data=mine | wrong).status_code == 422, wrong
        assert acme.post("/my/requests", data=mine).status_code == 303
        row = web.hub.laboratory.store.requests.of_account("acme", 1)[0]
        assert "secret meter" not in bolt.get("/my").text + bolt.get("/").text
        assert bolt.get("/requests").status_code == 403
        assert "secret meter" in reader.get("/requests").text
        for client in (acme, bolt, reader):
            said = {"csrf": token(client.get("/")), "answer": "mine"}
            assert client.post(f"/requests/{row.id}/settle", data=said).status_code == 403
        assert reader.post("/my/requests", data={"csrf": token(reader.get("/"))}).status_code == 403
    with web.token("bolt") as api, web.token("operator") as ours:
        assert api.get("/requests").json() == []
        assert "secret meter" in {one["item"] for one in ours.get("/requests").json()}
        asked = {"item": "M2", "wanted": "all"}
        made = [api.post("/requests", json=asked, headers={"Idempotency-Key": "k1"}).json() for _ in range(2)]
        assert made[0] == made[1]
        for _ in range(MOST_OPEN - 1):
            web.hub.laboratory.store.requests.add("bolt", "bolt", "i", "w", "", f"k{_}x", 1.0)
        assert "wait for an answer" in problem(api.post("/requests", json=asked), 409)


def test_more_than_may_wait_are_asked_for_by_none(web: Web) -> None:
    """The last of a batch that is too many takes the others with it."""
    items = [theirs(web, "bolt", f"MANY-{n}") for n in range(3)]
    store = web.hub.laboratory.store
    with store.transaction():
        for row in store.requests.of_account("bolt", 1000):
            if row.settled is None:
                store.requests.settle(row.id, "done", "operator", 1.0)
        for n in range(MOST_OPEN - 2):
            store.requests.add("bolt", "bolt", "x", "y", "", f"fill-{n}", 1.0)
    with web.token("bolt", "customer") as bolt:
        problem(bolt.post("/requests/items", json={"items": items, "wanted": "batch"}), 409)
        assert asked_for(web, "bolt") == {}
        assert len(bolt.post("/requests/items", json={"items": items[:2], "wanted": "batch"}).json()) == 2
