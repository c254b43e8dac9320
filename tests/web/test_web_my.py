"""A customer's page: their own certificates, evidence and orders, what they ask for, and nobody else's."""

import json
import re
from html import unescape
from io import BytesIO
from zipfile import ZipFile

import httpx
import pytest
from asked import asking
from test_web_certificates import issued
from test_web_pages import browsing, token
from web_laboratory import Web, problem

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
    (key,) = re.findall(r'name="key" value="([^"]+)"', page.text)
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
