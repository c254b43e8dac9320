"""Standards out of service: what needs one is refused with its reason, and what was made with it is found."""

import json
import re
from contextlib import contextmanager
from datetime import date, timedelta
from html import escape, unescape
from pathlib import Path

import pytest
from asked import asking
from reading import poppler
from test_web_items import entered, wanted
from test_web_pages import browsing, key_in, token
from web_laboratory import DIGEST, PASSWORD, Web, problem

from remotecal.clock import civil_day, civil_time
from remotecal.hub import ordered
from remotecal.hub.beginning import begun_with
from remotecal.hub.out_of_service import Out
from remotecal.order import STANDARD_OUT
from remotecal.pages.words import LANGUAGES, words
from remotecal.store.out_of_service import OutOfServiceRow
from remotecal.store.tables import run_equipment
from remotecal.transport.messages import BenchAnnounced, Claim
from remotecal.web.bodies import OrderWanted
from remotecal.web.office import Office
from remotecal.web.orders import issue_all

WHY = "dropped <b>on the floor</b>"
LATER = 301.0
"""Seconds after which who puts one back is asked again who they are."""


@pytest.fixture(scope="module")
def run(web: Web) -> str:
    web.users.put("chief", roles={"approver"}, password=DIGEST)
    return web.do(web.carried_out())


@pytest.fixture(scope="module")
def day(web: Web) -> date:
    """The day on which it is looked: one for all tests, if midnight passes or not."""
    return civil_day(web.clock.now(), web.hub.laboratory.folder.time_zone)


@contextmanager
def out(web: Web, number: str = "S1"):
    """Let a standard be out of service while the context lasts."""
    with web.token("operator") as operator:
        assert (
            operator.post("/standards/out-of-service", json={"number": number, "reason": WHY}).status_code
            == 201
        )
    try:
        yield
    finally:
        with web.token("chief") as chief:
            said = {"number": number, "reason": "found good"}
            assert chief.post("/standards/back-in-service", json=said).status_code == 200


def test_a_page_takes_a_standard_out_of_service_and_puts_it_back(web: Web, run: str, day: date) -> None:
    before = (day - timedelta(days=40)).isoformat()
    with web.noon_of(day), browsing(web, "operator") as client, browsing(web, "chief") as chief:
        page = client.get("/standard?number=S1")
        assert "In service." in page.text
        assert 'action="/standard/back"' not in page.text
        form = {"csrf": token(page), "key": key_in(page), "number": "S1", "reason": WHY, "since": before}
        late = client.post("/standard/out", data=form | {"since": (day + timedelta(days=1)).isoformat()})
        assert late.status_code == 422
        assert "at the latest" in late.text
        led = [client.post("/standard/out", data=form) for _ in range(2)]
        assert [(one.status_code, one.headers["location"]) for one in led] == [
            (303, "/standard?number=S1")
        ] * 2
        page = client.get("/standard?number=S1")
        assert f"out of service, in doubt since {before}" in page.text
        assert "&lt;b&gt;on the floor" in page.text
        assert 'action="/standard/out"' not in page.text
        assert f"/resting?number=S1&amp;since={before}" in page.text, "what was issued with it since"
        assert run in client.get(f"/resting?number=S1&since={before}").text
        assert client.post("/standard/out", data=form | {"key": form["key"][::-1]}).status_code == 409
        for address in ("/", "/standards"):
            shown = client.get(address).text
            assert f"out of service, in doubt since {before}" in shown, address
            assert "&lt;b&gt;on" in shown, address
        today = client.get("/").text
        assert ("All is well." in today, "see what is marked below" in today) == (False, True)
        assert f"out of service, in doubt since {before}" in client.get("/stations/here").text
        (used, *_) = web.hub.laboratory.store.about.took_part("S1")
        blank = client.get("/items/new?serial=S1&name=Source").text
        for field, told in (("maker", used.maker), ("model", used.model)):
            assert told, field
            assert re.search(rf'<input id="{field}" [^>]*value="{re.escape(escape(told))}"', blank), field
        item = entered(web, serial="S1", name="Source")
        ordering = client.get(f"/orders/new?item={item['id']}").text  # what was ordered is no standard
        assert '<a href="/due?kind=standard">' in ordering
        assert 'name="pattern"' not in ordering
        assert f"/orders/first?item={item['id']}" in ordering
        assert f"out of service, in doubt since {before}" in client.get(f"/items/{item['id']}").text
        assert client.post("/standard/back", data=form | {"key": "k" * 16}).status_code == 403
        page = chief.get("/standard?number=S1")
        back = {"csrf": token(page), "key": key_in(page), "number": "S1", "reason": "as it was"}
        with web.clock.put_forward(LATER):
            asking = chief.post("/standard/back", data=back)
            assert 'name="password"' in asking.text
            assert "as it was" in asking.text
            done = chief.post("/standard/back", data=back | {"password": PASSWORD})
            assert (done.status_code, done.headers["location"]) == (303, "/standard?number=S1")
        page = client.get("/standard?number=S1").text
        assert "In service." in page
        assert "as it was" in page
        assert "Out of service before" in page
        assert "out of service, in doubt since" not in client.get("/standards").text + client.get("/").text
    said = {"number": "S1", "since": before, "reason": WHY}
    assert [(who, json.loads(told)) for who, _, told in web.audit("out of service")] == [("operator", said)]
    ((who, _, told),) = web.audit("back in service")
    assert (who, json.loads(told)) == ("chief", {"number": "S1", "reason": "as it was"})


def test_an_order_that_needs_it_is_refused_with_the_reason(web: Web, run: str) -> None:
    waits = web.do(web.site.order())
    with out(web), web.token("operator") as operator, browsing(web, "operator", "zh") as client:
        why = problem(operator.post("/orders", json=wanted(web)), 409)
        assert "source (S1) is out of service, in doubt since" in why
        assert WHY in why
        assert "no other bench" in why
        assert "停用" in client.get("/orders/first").text
        assert WHY in unescape(client.get("/orders").text), "marked beside the order that waits"
        own = wanted(web)
        own["order"]["dut"] |= {"serial": "S1"}
        assert operator.post("/orders", json=own).status_code == 201, "its own calibration"

        async def fetched() -> str:
            async with web.site.up():
                return await web.site.refusal(waits)

        assert web.do(fetched()) == STANDARD_OUT, "customers read it: not which, why, nor who says so"
        assert web.hub.laboratory.store.orders.find(waits.id).state == "refused"
        today = unescape(client.get("/").text)
        kind = words("zh")("abnormal.withheld")
        assert f'{kind}</strong> <a href="/orders/{waits.id}"' in today, "no station declined it"
        assert web.hub.laboratory.store.journals.find("here", waits.id) is None, "no run begins"
        (told,) = [json.loads(told) for who, _, told in web.audit("refusal") if who == "hub"]  # once
        particulars = why.partition("now: ")[2].partition(". Order")[0]
        assert told == {"order": waits.id, "reason": f"{STANDARD_OUT}: {particulars}"}


def test_one_that_is_taken_out_between_fetching_and_claiming_is_not_begun(web: Web, run: str) -> None:
    """A person on site may take hours to agree."""
    order, store = web.do(web.site.order()), web.hub.laboratory.store
    claim = Claim(station="here", order=order.id, claim="c" * 32)
    with out(web):
        assert web.hub._grant(claim, store.stations.get("here")) == STANDARD_OUT
        assert store.orders.find(order.id).state == "refused"
    other = web.do(web.site.order())
    claim = claim.model_copy(update={"order": other.id})
    assert web.hub._grant(claim, store.stations.get("here")) == ""
    with out(web):
        assert web.hub._grant(claim, store.stations.get("here")) == "", "its answer was lost: it is begun"


def test_a_run_that_was_begun_with_it_all_the_same_stands_apart(web: Web, run: str) -> None:
    """A bench file that was changed after the station told of it, say."""
    store = web.hub.laboratory.store
    first = json.loads(store.journals.first_line("here", run))
    now = web.clock.now()

    def begun(at: float, **said: object) -> bytes:
        data = first["data"] | {"clock": "real", "artefacts": {"weight": "W-7"}} | said
        return json.dumps({**first, "at": civil_time(at, "UTC").isoformat(), "data": data}).encode()

    store.out_of_service.take_out("w-7", since="2026-01-01", reason=WHY, by="Li Wei", at=now)
    told = f"w-7 was out of service, in doubt since 2026-01-01: {WHY} (Li Wei)"
    assert begun_with(store, begun(now + 1)) == told
    assert begun_with(store, begun(now - 1)) == ""
    assert begun_with(store, begun(now + 1, artefacts={"weight": "W-8"})) == ""
    assert begun_with(store, begun(now + 1, clock="virtual")) == ""
    store.out_of_service.put_back("W-7", reason="good", by="Li Wei", at=now + 2)
    assert begun_with(store, begun(now + 1)) == told
    assert begun_with(store, begun(now + 3)) == ""


def test_why_a_run_stands_apart_is_told_to_its_customer_without_particulars(
    web: Web, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, key = web.hub.laboratory.store, web.hub.laboratory.key.public
    first = store.journals.first_line("here", run)
    monkeypatch.setattr(ordered, "begun_with", lambda *_: f"S1 was out: {WHY}")
    monkeypatch.setattr(ordered, "check_start", lambda *_: None)
    assert ordered.judge(store, key, "here", run, first) == STANDARD_OUT
    try:
        assert store.journals.find("here", run).unordered == STANDARD_OUT
        assert [json.loads(told)["reason"] for _, _, told in web.audit("unordered")] == [
            f"{STANDARD_OUT}: S1 was out: {WHY}"
        ]
    finally:
        store.journals.note_unordered("here", run, "")


def test_it_is_looked_once_for_all_orders_of_a_form(web: Web, run: str) -> None:
    entered(web, name="Weight", serial="SPARE")
    office, several = Office(web.hub.laboratory, web.clock), [OrderWanted.model_validate(wanted(web))] * 3
    with out(web, "SPARE"), asking(office.store, by_pages=True) as sent:
        assert len(web.do(issue_all(office, several, "operator", [None] * 3))) == 3
    for table in ("run_equipment", "out_of_service"):
        assert len([one for one in sent if f"FROM {table}" in one.statement]) == 1, table


def test_what_a_bench_has_is_told_by_its_numbers() -> None:
    row = OutOfServiceRow(1, "S-1", "2026-01-01", WHY, "Li Wei", 0.0, None, "", "")
    of = Out([row], {"C-1": "S-1"})

    def names(**numbers: tuple[str, str]) -> list[str]:
        bench = BenchAnnounced(name="b", sha256="", instruments={}, numbers=numbers)
        return [one.name for one in of.on(bench)]

    assert names(a=("s-1", ""), b=("S-2", "C-1")) == ["a"]
    assert names(a=("", "C-1"), b=("", "C-2")) == ["a"], "nobody tells its serial"
    held = {"name": "old", "serial": "S-1", "certificate": "", "valid_until": date(2030, 1, 1)}
    older = BenchAnnounced(name="b", sha256="", instruments={}, holds=(held,))
    assert [one.name for one in of.on(older)] == ["old"], "a station of an older version"
    assert of.on(older, ["S-1"]) == ()


def test_who_reviews_what_was_made_with_it_is_told(web: Web, run: str) -> None:
    with browsing(web, "reviewer", "zh") as client:
        review = f"/review/here/{run}"
        assert "所用标准器已停用" not in client.get(review).text
        with out(web):
            assert "所用标准器已停用" in client.get(review).text


def test_who_may_and_what_is_no_standard(web: Web, run: str) -> None:
    said = {"number": "S1", "reason": WHY}
    with web.token("reader") as reader, web.token("customer") as customer, web.token("operator") as operator:
        for one in (reader, customer):
            assert one.post("/standards/out-of-service", json=said).status_code == 403
        assert customer.get("/standards/out-of-service").status_code == 403
        assert operator.post("/standards/back-in-service", json=said).status_code == 403
        problem(operator.post("/standards/out-of-service", json=said | {"number": "S-l"}), 404)
        problem(operator.post("/standards/out-of-service", json=said | {"reason": ""}), 422)
        with out(web):
            (one,) = reader.get("/standards/out-of-service").json()
            assert (one["number"], one["reason"], one["by"], one["back"]) == ("S1", WHY, "operator", None)
            problem(operator.post("/standards/out-of-service", json=said | {"number": "s 1"}), 409)
        assert reader.get("/standards/out-of-service").json() == []
        assert len(reader.get("/standards/out-of-service?number=S1").json()) >= 2
    with web.log_in("chief") as chief, web.clock.put_forward(LATER):
        assert "password once more" in problem(chief.post("/standards/back-in-service", json=said), 403)
    with web.log_in("operator") as person, web.clock.put_forward(LATER):
        problem(person.post("/standards/out-of-service", json=said | {"number": "nobody"}), 404)


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_label_says_that_it_may_not_be_used(web: Web, run: str, tmp_path: Path, language: str) -> None:
    with browsing(web, "reader", language) as client:
        assert client.get("/standard/label?number=S1").status_code == 404
        with out(web):
            page = client.get("/standard/label?number=S1").text
            for text in ("停用", "Do not use", "S1", "&lt;b&gt;on the floor"):
                assert text in page, text
            printed = client.get("/standard/label.pdf?number=S1")
            assert printed.headers["content-type"] == "application/pdf"
            (tmp_path / "label.pdf").write_bytes(printed.content)
            told = poppler("pdftotext", "-raw", str(tmp_path / "label.pdf"), "-")
            for text in ("停用", "Do not use", "S1", "<b>on the floor"):
                assert text in " ".join(told.split()), text
            assert len(told.split("\f")) == 2, "one label"
    with browsing(web, "customer") as customer:
        assert customer.get("/standard/label?number=S1").status_code == 403


def test_the_index_made_anew_keeps_it(web: Web, run: str) -> None:
    store = web.hub.laboratory.store
    with out(web):
        before = store.out_of_service.of("S1")
        store.about.rebuild()
        assert store.out_of_service.of("S1") == before
        assert store.out_of_service.now() == before[:1]


def test_a_certificate_of_several_says_which(web: Web, run: str) -> None:
    row = dict.fromkeys(("maker", "model", "roles", "certificate_sha256", "valid_until"), "")
    row |= {"station": "here", "run": "set", "certificate": "SET-1", "at": web.clock.now()}
    with web.hub.laboratory.store.database.begin() as connection:
        for serial in ("W-1", "W-2"):
            connection.execute(run_equipment.insert().values(**row, serial=serial, name=serial))
    with web.token("operator") as operator, browsing(web, "operator", "zh") as client:
        said = {"number": "SET-1", "reason": WHY}
        assert "W-1, W-2" in problem(operator.post("/standards/out-of-service", json=said), 422)
        page = client.get("/standard?number=SET-1").text
        assert "多件标准器" in page
        assert "/standard/out" not in page
