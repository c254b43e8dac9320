"""Scenario 8: an interlock trips far away; Today tells what, its value and limit, and whether all is safe.

What it took is printed beside the goal (`pytest -s`).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from counted import Person
from laboratories import GROSS
from playwright.sync_api import Browser, Page, expect
from test_web_browser import RULES, browser, opened, said
from test_web_pages import browsing
from tiny_bench import Tiny, tiny_bench
from web_laboratory import PERSONS, Web
from windows import LOOK

from remotecal.pages.words import words
from remotecal.station.on_site import Wish, wish_for
from remotecal.store.tables import runs
from remotecal.transport.messages import RemoteOrder
from remotecal.web.pages import tripped

__all__ = ["browser", "said"]
INTERLOCK = '\n[[interlocks]]\nwatch = "gauge.value"\nabove = 8.0\nunit = "V"\n'


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tiny]:
    with tiny_bench(tmp_path_factory.mktemp("tiny")) as bench:
        bench.add(bench.order, PERSONS)
        bench.add(bench.bench, INTERLOCK)
        bench.parameter("ask = true")
        yield bench


@contextmanager
def asking(web: Web) -> Iterator[RemoteOrder]:
    """Give the order of a run that asks whether it may begin."""
    web.site.tiny.world.offset = 0.0
    order = web.do(web.site.order())
    up = web.site.up()
    web.do(up.__aenter__())
    try:
        web.do(web.site.state(order, "asking"))
        yield order
    finally:
        web.do(up.__aexit__(None, None, None))


def answered(web: Web) -> None:
    """Have Li Na, on site, say yes."""
    wish = Wish(verb="answer", argument="yes", by="Li Na")
    told = web.do(wish_for(web.site.folder.socket, wish))
    assert told.done, told.reason


def usable(page: Page, name: str) -> None:
    """Check that a page can be used by everybody, and on a phone."""
    found = Axe().run(page, options=RULES)
    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == [], name
    if LOOK:
        page.screenshot(path=f"{LOOK}/{name}.png", full_page=True)
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
    if LOOK:
        page.screenshot(path=f"{LOOK}/{name}-360.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 720})


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_8_an_interlock_trips_300_km_away(browser: Browser, web: Web, said: list[str], locale: str) -> None:
    told = words("zh" if locale == "zh-CN" else "en")
    page = opened(browser, web, said, locale=locale)
    with asking(web) as order:
        page.goto(web.url + "/live")
        expect(page.locator(".trend svg")).to_have_count(1)
        expect(page.locator("#live .limit")).to_have_text(told("live.above", limit="8 V"))
        usable(page, f"live-{locale}")
        page.goto(web.url + "/")
        page.evaluate("window.stayed = true")
        someone = Person(page, told, "8 on Today after the hub had heard of it, goal 2 s, nothing to press")
        row = page.locator("#on-now tr", has_text=order.id)
        expect(row).to_contain_text("0 / 2")
        web.site.tiny.world.offset = 50.0
        answered(web)
        stopped = web.do(web.site.state(order, "stopped"))
        assert stopped.why.startswith("gauge.value is 5")
        assert stopped.why.endswith(" V, above its limit, 8 V")
        someone.begin()
        call = page.locator("section:has(#abnormal) li", has_text=order.id)
        expect(call).to_contain_text(told("rig.yes"))
        took = someone.done()
        expect(call).to_contain_text(told.refusal(stopped.why)[0])
        expect(call).to_contain_text("Li Na")
        assert page.evaluate("window.stayed"), "by the stream, without loading it anew"
        usable(page, f"today-{locale}")
        page.goto(f"{web.url}/runs/here/{order.id}")
        expect(page.locator(".before .trend svg")).to_be_visible()
        usable(page, f"run-{locale}")
    assert said == []
    assert took < GROSS
    assert someone.clicks == 0


def test_the_run_tells_the_last_minute_before_it_tripped_and_its_journal_has_it(web: Web) -> None:
    with asking(web) as order:
        web.site.tiny.world.offset = 50.0
        answered(web)
        stopped = web.do(web.site.state(order, "stopped"))
    path = f"/runs/here/{order.id}"
    for language, least in (("en", "Last minute: from"), ("zh", "最近一分钟：")):
        with browsing(web, "operator", language) as client:
            page = client.get(path).text
            assert words(language).refusal(stopped.why)[0] in page
            assert f"{least} 0 " in page or f"{least}0 " in page
            told = page.partition('id="before"')[2].partition("</section>")[0]
            assert words(language).source("gauge.value") in told
            assert re.search(r'<svg viewBox="0 0 120 28" aria-hidden="true"><path d="M[0-9 ]+"/></svg>', told)
            assert "style=" not in told
            (last,) = re.findall(r'([0-9.]+)</td><td class="number">5[01]</td>', told)
            assert 0.0 <= float(last) < 5.0
            assert f"?line={stopped.why_line}#line-{stopped.why_line}" in told
    with web.hub.laboratory.store.database.begin() as connection:
        connection.execute(runs.update().where(runs.c.run == order.id).values(why="", why_line=0, safe=""))
    assert web.hub.laboratory.store.about.rebuild()
    with browsing(web, "operator") as client:
        assert "Last minute: from" in client.get(path).text, "made anew from the journal"


WRITTEN = [
    None,
    7,
    [7, {"what": "x"}, {"what": "x", "unit": "V", "values": 7}],
    [
        {
            "what": "<b>",
            "unit": "no unit",
            "values": [[1, 2, 3], ["a", 1], [-1.0, 1e308], [5.0, 1.0], [True, 1]],
        }
    ],
]


@pytest.mark.parametrize("trend", WRITTEN)
def test_whatever_a_station_writes_of_that_minute_harms_no_page(trend: object) -> None:
    assert list(tripped._told(trend)) == []


def test_names_of_that_minute_are_text() -> None:
    (one,) = tripped._told([{"what": "<b>", "unit": "V", "values": [[-1.0, 1], [-2, 3]]}])
    assert (one.what, one.values) == ("<b>", ((-2.0, 3.0), (-1.0, 1.0)))
    assert (one.trend.least, one.trend.most) == ("1", "3")
