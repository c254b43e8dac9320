"""Scenario 8: an interlock trips far away; Today tells what, its value and limit, and whether all is safe.

What it took is printed beside the goal (`pytest -s`).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect
from test_web_browser import RULES, browser, opened, said
from tiny_bench import Tiny, tiny_bench
from web_laboratory import PERSONS, Web

from remotecal.pages.words import words
from remotecal.station.on_site import Wish, wish_for
from remotecal.transport.messages import RemoteOrder

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


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_8_an_interlock_trips_300_km_away(browser: Browser, web: Web, said: list[str], locale: str) -> None:
    told = words("zh" if locale == "zh-CN" else "en")
    page = opened(browser, web, said, locale=locale)
    page.evaluate("window.stayed = true")
    with asking(web) as order:
        row = page.locator("#on-now tr", has_text=order.id)
        expect(row).to_contain_text("0 / 2")
        web.site.tiny.world.offset = 50.0
        answered(web)
        stopped = web.do(web.site.state(order, "stopped"))
        assert stopped.why.startswith("gauge.value is 5")
        assert stopped.why.endswith(" V, above its limit, 8 V")
        began = time.monotonic()
        call = page.locator("section:has(#abnormal) li", has_text=order.id)
        expect(call).to_contain_text(told("rig.yes"))
        took = time.monotonic() - began
        expect(call).to_contain_text(told.refusal(stopped.why)[0])
        expect(call).to_contain_text("Li Na")
        assert page.evaluate("window.stayed"), "by the stream, without loading it anew"
        found = Axe().run(page, options=RULES)
        assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
    assert said == []
    print(f"\nscenario 8: on Today {took:.1f} s after the hub had heard of it (goal 2)")
