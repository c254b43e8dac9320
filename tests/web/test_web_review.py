"""Review and sign: who is told what, what is returned, and that nobody signs before it is answered."""

import re
from dataclasses import replace
from html import unescape
from io import BytesIO

import pytest
from PIL import Image
from pyhanko.pdf_utils.reader import PdfFileReader
from test_web_pages import browsing, key_in, token
from web_laboratory import NAMES, Web, problem

from remotecal.certificates.approval import sign
from remotecal.clock import civil_time
from remotecal.hub.reviewing import last_issued, review
from remotecal.hub.run_at import RunAt
from remotecal.model import Record
from remotecal.pages.frame import environment
from remotecal.pages.words import words
from remotecal.verify.report import Check, Outcome
from remotecal.verify.said import said
from remotecal.web.pages.frame import TEMPLATES

FILED = {"performed": "operator", "reviewed": "reviewer", "approved": "approver"}


@pytest.fixture
def run(web: Web) -> str:
    return web.do(web.carried_out())


def sign_as(web: Web, run: str, duty: str, status: int = 200) -> str:
    """Sign a run's certificate for a duty, and file that."""
    address = f"/runs/here/{run}/certificate"
    with web.token(FILED[duty]) as client:
        draft = client.get(f"{address}.xml").content
        now = civil_time(web.clock.now(), web.hub.laboratory.folder.time_zone)
        signed = sign(draft, web.keys.signers[duty], now)
        answer = client.post(f"{address}/signatures", content=signed)
    return "" if status == 200 == answer.status_code else problem(answer, status)


def row_of(queue: str, run: str) -> str:
    """Return the row of a run in the queue."""
    (mine,) = [row for row in queue.split("<tr>") if f"/review/here/{run}" in row]
    return mine


def test_the_queue_tells_each_first_what_is_theirs(web: Web, run: str) -> None:
    for duty, role in FILED.items():
        for user in (*FILED.values(), "administrator"):
            with browsing(web, user) as client:
                mine = row_of(client.get("/review").text, run)
                assert ("for somebody else" in mine) is (user != role), (duty, user)
                whole = client.get(f"/review/here/{run}").text  # a command that would be refused is not shown
                assert ("remotecal sign --at" in whole) is (user == role), (duty, user)
                assert ("for somebody else" in whole) is (user != role), (duty, user)
        sign_as(web, run, duty)
    with browsing(web, "customer") as customer:
        assert "/review" not in customer.get("/").text
        assert customer.get("/review").status_code == 403
        assert customer.get(f"/review/here/{run}").status_code in {403, 404}


@pytest.mark.parametrize(
    ("language", "said"), [("en", "the same to the last digit"), ("zh", "直至最后一位数字都相同")]
)
def test_a_certificate_is_shown_with_its_checks(web: Web, run: str, language: str, said: str) -> None:
    with browsing(web, "operator", language) as client:
        page = client.get(f"/review/here/{run}")
        (shown,) = re.findall(r'<img src="(/review/[^"]*)" loading="lazy"', page.text)
        printed = client.get(f"/api/v1/runs/here/{run}/certificate.pdf").content
        picture = client.get(shown)
    pages = PdfFileReader(BytesIO(printed)).root["/Pages"]["/Count"]
    assert (picture.headers["content-type"], picture.headers["x-content-type-options"]) == (
        "image/png",
        "nosniff",
    )
    with Image.open(BytesIO(picture.content)) as drawn:
        assert round(drawn.height / drawn.width * 210 / 297, 1) == pages
    with browsing(web, "customer", language) as customer:
        assert customer.get(shown).status_code in {403, 404}
    assert page.status_code == 200
    assert said in page.text
    checks = page.text.partition('aria-labelledby="checks"')[2].partition("</section>")[0]
    names = re.findall(r'<th scope="row"[^>]*>([^<]+)</th>', checks)
    assert len(names) > 15
    assert all((re.search("[一-鿿]", name) is not None) is (language == "zh") for name in names), names
    assert f"remotecal sign --at {web.url} here/{run} --user operator --key" in unescape(page.text)
    assert 'href="/api/v1/runs/here/' in page.text
    for link in re.findall(r'<a href="(/api/[^"]*certificate[^"]*)"([^>]*)>', page.text):
        assert "download" in link[1]


def test_a_certificate_that_the_journal_does_not_give_fails_its_check(web: Web, run: str) -> None:
    laboratory = web.hub.laboratory
    of_run = RunAt(laboratory.folder, laboratory.store, "here", run)
    now = civil_time(web.clock.now(), laboratory.folder.time_zone)
    report = review(of_run, now).report
    assert {check.name for check in report.checks if check.outcome == "failed"} == set()
    row = laboratory.store.records.find("here", run)
    number = re.search(r'"values":\["(\d[\d.]+)"', row.record)[1]
    other = row.record.replace(f'"{number}"', f'"{number[:-1]}{(int(number[-1]) + 1) % 10}"', 1)
    sign_as(web, run, "performed")  # what was signed stays as it is, though the record is another then
    laboratory.store.records.put(type(row)("here", run, row.head, row.key, other, row.agrees, row.computed))
    report = review(of_run, now).report
    assert "results" in {check.name for check in report.failures}


def test_the_last_certificate_of_the_item_is_compared(web: Web, run: str) -> None:
    for duty in FILED:
        sign_as(web, run, duty)
    with web.token("administrator") as administrator:
        assert administrator.post(f"/runs/here/{run}/certificate/issue").status_code == 200
    number = RunAt(web.hub.laboratory.folder, web.hub.laboratory.store, "here", run).record().number
    later = web.do(web.carried_out())
    found = last_issued(web.hub.laboratory.store, "here", later)
    store = web.hub.laboratory.store
    with browsing(web, "reviewer") as client:
        page = client.get(f"/review/here/{later}").text
        addresses = f"/review/here/{later}", f"/runs/here/{later}/compare?with=here/{run}"
        assert not any("Measured otherwise" in client.get(address).text for address in addresses)
        row = store.records.find("here", run)
        older = Record.from_json(row.record)
        old = older.evidence.model_copy(update={"procedure": "older <b>"})
        by_another = older.model_copy(update={"evidence": old}).to_json()
        store.records.put(replace(row, record=by_another))
        for address in addresses:
            assert "Measured otherwise: then by older &lt;b&gt;" in client.get(address).text
    assert found is not None
    assert found[0] == number
    assert number in page
    assert "no point in common" in page  # a bench this small has no budgets
    first = last_issued(web.hub.laboratory.store, "here", run)
    assert first is None or first[0] != number


def test_what_is_returned_waits_for_its_performer_and_nobody_signs(web: Web, run: str) -> None:
    sign_as(web, run, "performed")
    said = 'repeat 2 of point <b>"5"</b> looks odd'
    with browsing(web, "reviewer") as reviewer, browsing(web, "operator") as operator:
        address = f"/review/here/{run}"
        page = reviewer.get(address)
        written = {"csrf": token(page), "key": key_in(page), "text": said, "line": "3"}
        assert reviewer.post(f"{address}/remarks", data=written | {"line": "99999"}).status_code == 404
        assert reviewer.post(f"{address}/remarks", data=written | {"text": ""}).status_code == 422
        done = reviewer.post(f"{address}/remarks", data=written)
        again = reviewer.post(f"{address}/remarks", data=written)
        assert (again.status_code, again.headers["location"]) == (303, address)
        assert len(web.hub.laboratory.store.remarks.of_run("here", run)) == 1
        assert (done.status_code, done.headers["location"]) == (303, address)
        assert run not in reviewer.get("/").text.partition('id="abnormal"')[0]
        waiting = operator.get("/").text.partition('id="abnormal"')[0]
        assert "Returned with a remark" in waiting
        assert said in unescape(waiting)
        assert "<b>" not in waiting
        for client, whose in ((operator, False), (reviewer, True)):  # nothing tells of a signature meanwhile
            for page in (row_of(client.get("/review").text, run), client.get(address).text):
                assert "Returned with a remark" in page
                assert ("for somebody else" in page) is whose
                assert "remotecal sign" not in page
        for where in (f"/orders/{run}", "/orders", "/runs", f"/search?q={run}"):  # whoever is asked knows it
            assert "returned; to be answered" in operator.get(where).text, where
        assert "nobody has answered" in sign_as(web, run, "reviewed", 409)
        number = re.search(rf"{address}/remarks/(\d+)/settle", operator.get(address).text)[1]
        assert f"remarks/{number}/settle" not in reviewer.get(address).text
        answered = {"csrf": token(operator.get(address)), "answer": "a bubble; repeat 3 agrees"}
        settle = f"{address}/remarks/{number}/settle"
        refused = reviewer.post(settle, data=answered | {"csrf": written["csrf"]})
        assert refused.status_code == 403
        assert operator.post(settle, data=answered).status_code == 303
        assert operator.post(settle, data=answered).status_code == 409
        assert "a bubble; repeat 3 agrees" in reviewer.get(address).text
        refused = operator.post(f"{address}/remarks", data=answered | {"text": "mine"})
        assert refused.status_code == 403
    assert sign_as(web, run, "reviewed") == ""
    assert [who for who, what, _ in web.audit() if what in {"return", "settle"}][:2] == [
        "operator",
        "reviewer",
    ]


def test_an_issued_certificate_is_not_returned(web: Web, run: str) -> None:
    for duty in FILED:
        sign_as(web, run, duty)
    with web.token("administrator") as administrator:
        address = f"/runs/here/{run}"
        assert administrator.post(f"{address}/certificate/issue").status_code == 200
        said = problem(administrator.post(f"{address}/remarks", json={"text": "late"}), 409)
        assert "issued; amend" in said
        assert administrator.get(f"{address}/remarks").json() == []
    with web.token("customer") as customer:
        problem(customer.get(f"{address}/remarks"), 403)
    with browsing(web, "reviewer") as client:
        page = client.get(f"/review/here/{run}").text
        assert all(name in page for name in NAMES.values())
        assert "remotecal sign" not in page


@pytest.mark.parametrize(("name", "outcome", "told"), [
    ("standard C-1", "not possible", True), ("standard C-1", "passed", False),
    ("standard C-1: scope", "not possible", False), ("journal", "not possible", False),
])  # fmt: skip
def test_it_is_told_where_a_standards_certificate_is_brought(
    name: str, outcome: Outcome, *, told: bool
) -> None:
    check = Check(name, outcome, "none", needed=True)
    page = environment(TEMPLATES).get_template("checked.html").module
    assert ('<a href="/standards">' in page.checked(words("en"), "en", [(check, said(check, "en"))])) is told
