"""Days of a laboratory in a real browser, each with what it takes printed beside the goal."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from counted import Person
from playwright.sync_api import Browser, Locator, Page, expect
from sites import BENCH
from test_web_browser import RULES, browser, opened, said
from test_web_items import entered, ordered, today, wanted
from test_web_notices import look
from test_web_pages import browsing
from web_laboratory import Web, problem

from remotecal.pages.words import words
from remotecal.station.folder import StationFolder
from remotecal.station.site import Site as Station

__all__ = ["browser", "said"]
LOCALES = {"zh": "zh-CN", "en": "en"}


def person(
    browser: Browser,
    web: Web,
    said: list[str],
    goal: str,
    language: str = "en",
    user: str = "operator",
    **settings: object,
) -> Person:
    page = opened(browser, web, said, user, locale=LOCALES[language], **settings)
    return Person(page, words("zh" if language == "zh" else "en"), goal)


def announce(web: Web) -> None:
    """Have the hub know what the station would say now; were it up, it would take the orders that wait."""
    hello = Station(web.site.folder, 1.0)._hello("session", "nonce")
    said = hello.model_dump_json(include={"version", "benches", "procedures", "running", "time"})
    web.hub.laboratory.store.stations.seen("here", "session", said, web.clock.now())
    web_due_is_old(web)


def web_due_is_old(web: Web) -> None:
    """Let a minute pass, after which it is looked for anew what falls due."""
    web.clock.ahead += 61


@contextmanager
def source_until(web: Web, last: date) -> Iterator[None]:
    """Have the calibration of the bench's source hold until a day, as the bench's file says it."""
    bench: Path = web.site.tiny.bench
    before = bench.read_text()
    bench.write_text(before.replace('serial = "S1"', f'serial = "S1"\nvalid_until = {last}'))
    try:
        announce(web)
        yield
    finally:
        bench.write_text(before)
        announce(web)


def rows(page: Page, text: str) -> Locator:
    return page.locator("tr").filter(has_text=text)


@pytest.mark.parametrize("language", LOCALES)
def test_1_a_certificate_ends_in_20_days(browser: Browser, web: Web, said: list[str], language: str) -> None:
    someone = person(browser, web, said, "1 own calibration ordered, goal 3 clicks", language)
    long = ordered(web, hours=24 * 40)
    if language == "zh":
        own = wanted(web)
        own["order"]["dut"] |= {"serial": "S1"}
        with web.token("operator") as operator:
            assert operator.post("/orders", json=own).status_code == 201, "it was calibrated here before"
        day = today(web)
        with web.noon_of(day), browsing(web, "operator") as client:
            for ahead, count in ((61, 0), (60, 1)):
                with source_until(web, day + timedelta(days=ahead)):
                    told = re.findall(r"<tr>.*?</tr>", client.get("/").text, re.DOTALL)
                    assert len([row for row in told if "S1" in row]) == count
        web_due_is_old(web)
    last = today(web) + timedelta(days=20)
    with source_until(web, last):
        assert look(web, today(web)) >= (1 if language == "zh" else 0)
        someone.page.goto(web.url + "/orders")
        marked = someone.page.locator("tr").filter(
            has=someone.page.locator(f"a[href='/orders/{long['id']}']")
        )
        expect(marked).to_contain_text(someone.words("orders.outlives"))
        expect(marked).to_contain_text(f"source S1 {last}")
        someone.begin(web.url)
        due = rows(someone.page, "S1")
        expect(due).to_contain_text(f"{last}")
        expect(someone.page.get_by_role("main")).to_contain_text(
            re.compile(someone.words("today.unseen", count="[0-9]+"))
        )
        someone.click(due.get_by_role("link", name=someone.words("today_due.order")))
        someone.click(someone.button("ordering.go", count=1))
        expect(someone.page).to_have_url(re.compile(r"/orders/T-"))
        someone.done()
        expect(someone.page.get_by_role("main")).to_contain_text("S1")
    assert someone.clicks <= 3
    assert said == []


@pytest.mark.parametrize("language", LOCALES)
def test_2_it_ended_yesterday(browser: Browser, web: Web, said: list[str], language: str) -> None:
    second = web.site.tiny.bench.with_name("second.toml")
    second.write_text(web.site.tiny.bench.read_text().replace("Tiny bench", "Second bench"))
    folder = web.site.folder
    file = folder.path / "station.toml"
    before = file.read_text()
    one, both = json.dumps([str(web.site.tiny.bench)]), json.dumps([str(web.site.tiny.bench), str(second)])
    file.write_text(before.replace(one, both))
    web.site.folder = StationFolder(folder.path)
    item = ordered(web)["item"]
    early = web.do(web.site.order())
    goal = "2 an order on an ended bench, goal 0 offered and 0 begun"
    someone = person(browser, web, said, goal, language)
    beside = someone.words("frame.beside", text="here")
    try:
        with source_until(web, today(web) - timedelta(days=1)):
            someone.begin(f"{web.url}/orders/new?item={item}")
            offered = someone.page.locator("#at option").all_text_contents()
            assert offered == [f"Second bench{beside}"]
            expect(someone.page.get_by_role("main")).to_contain_text(
                f"{someone.words('ordering.ended')} {BENCH}{beside}{someone.words('frame.colon')}source S1"
            )
            someone.done()
            with web.token("operator") as operator:
                why = problem(operator.post("/orders", json=wanted(web)), 409)
            assert "source (S1) holds until" in why
            assert why.endswith("this could do it: 'Second bench' at here")

            async def refused() -> str:
                async with web.site.up():
                    return await web.site.refusal(early)

            assert "its calibration was valid until" in web.do(refused())
            assert web.site.run_row(early) is None
    finally:
        file.write_text(before)
        web.site.folder = StationFolder(folder.path)
        announce(web)
    assert said == []


@pytest.mark.parametrize("language", LOCALES)
def test_4_twenty_like_meters_arrive(browser: Browser, web: Web, said: list[str], language: str) -> None:
    ordered(web, account="acme")
    announce(web)
    someone = person(browser, web, said, "4 twenty meters, labels and work sheets, goal 2 min", language)
    head = "名称,制造厂,出厂编号,周期" if language == "zh" else "name,maker,serial,interval"
    table = "\r\n".join([head, *(f"Meter,Maker,{language}-{n:02},12" for n in range(20))])
    file = {"name": "meters.csv", "mimeType": "text/csv", "buffer": table.encode("utf-8-sig")}
    someone.begin(web.url)
    someone.click(someone.link("menu.items"))
    someone.click(someone.link("items.import"))
    someone.choose(someone.page.locator("#file"), file)
    someone.fill(someone.page.locator("#account"), "acme")
    someone.click(someone.button("items.look"))
    expect(rows(someone.page, f"{language}-")).to_have_count(20)
    someone.click(someone.button("items.import_keep", count=20))
    someone.click(someone.button("items.order_these", count=20))
    someone.fill(someone.page.locator("#number"), f"ACME-{language}")
    someone.click(someone.button("ordering.go", count=20))
    expect(someone.page).to_have_url(re.compile(f"number=ACME-{language}"))
    expect(rows(someone.page, f"ACME-{language}-")).to_have_count(20)
    listed = someone.page.url
    someone.click(someone.link("sheet.of_these", count=20))
    expect(someone.page.locator("article.sheet")).to_have_count(20)
    expect(someone.page.locator("article.sheet").last).to_contain_text(f"{language}-19")
    someone.back()
    expect(someone.page).to_have_url(listed)
    someone.click(someone.link("sheet.labels_of_these", count=20))
    expect(someone.page.locator("article.label")).to_have_count(20)
    someone.done()
    assert (someone.clicks, time.monotonic() - someone.began < 120) == (11, True)
    assert len(web.audit("items imported")) >= 1
    assert said == []


@pytest.mark.parametrize("language", LOCALES)
def test_5_where_is_my_meter(browser: Browser, web: Web, said: list[str], language: str) -> None:
    serial = f"W5-{language}"
    entered(web, serial=serial, maker="", model="", name="Meter")
    day = today(web)
    order = wanted(web, planned=f"{day}")
    order["order"]["dut"] |= {"serial": serial}
    with web.noon_of(day), web.token("operator") as operator:
        assert operator.post("/orders", json=order).status_code == 201
    someone = person(browser, web, said, "5 where is my meter, goal 1 s", language)
    someone.begin(web.url)
    someone.type(f"/{serial}\n")
    found = rows(someone.page, serial)
    expect(found).to_contain_text(someone.words("order_state.issued"))
    expect(found).to_contain_text(f"{day}")
    someone.done()
    assert someone.clicks == 0
    assert said == []


@pytest.mark.parametrize("language", LOCALES)
def test_6_morning_glance(browser: Browser, web: Web, said: list[str], language: str) -> None:
    store = web.hub.laboratory.store  # what was refused on the days before has been taken back
    for placed in store.pages.placed(100, web.clock.now(), stage="refused"):
        store.orders.withdraw(placed.order.id, "its standard is calibrated first")
    someone = person(browser, web, said, "6 morning glance, goal 5 s", language)
    someone.begin(web.url)
    expect(someone.page.locator("section[aria-labelledby=abnormal]")).to_contain_text(
        someone.words("today.all_well")
    )
    expect(someone.page.locator(".alarm, .mark.ended")).to_have_count(0)
    someone.done()
    assert someone.clicks == 0
    assert said == []


@pytest.mark.parametrize("language", LOCALES)
def test_the_pages_can_be_used_by_everybody_and_on_a_phone(
    browser: Browser, web: Web, said: list[str], language: str
) -> None:
    item = ordered(web)["item"]
    account = "acme" if language == "zh" else "bolt"
    entered(web, serial=f"X-{language}", account=account, due=f"{today(web) + timedelta(days=3)}")
    look(web, today(web))
    page = opened(browser, web, said, locale=LOCALES[language], viewport={"width": 360, "height": 800})
    addresses = ("/items", f"/items/{item}", "/items/new", "/items/import", f"/orders/new?item={item}",
                 "/notices", "/orders", "/search?q=M1")  # fmt: skip
    for address in addresses:
        page.goto(web.url + address)
        found = Axe().run(page, options=RULES)
        assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, address
    assert said == []
