"""The pages in a real browser: what it is told to refuse, what keys do, what is live, what a phone shows."""

import re
import threading
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from laboratories import PATIENCE
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright
from sites import until
from test_web_certificates import issued
from web_laboratory import PASSWORD, Web

from remotecal.clock import civil_day

CHROMIUM = "/usr/bin/chromium-headless-shell"
WITHIN = PATIENCE * 1000.0
expect.set_options(timeout=WITHIN)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def said() -> list[str]:
    """What the browser complained about."""
    return []


def opened(
    browser: Browser, web: Web, said: list[str], user: str = "operator", *, base: str = "", **settings: object
) -> Page:
    """Return a page of somebody who has logged in by keyboard; `base`: the hub's address, if another."""
    base = base or web.url
    context = browser.new_context(**{"locale": "en", **settings})
    context.set_default_timeout(WITHIN)
    page = context.new_page()
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda told: said.append(told.text) if told.type in {"error", "warning"} else None)
    page.goto(base + "/")
    expect(page.get_by_label("Name" if settings.get("locale", "en") == "en" else "用户名")).to_be_focused()
    page.keyboard.type(user)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(base + "/")
    return page


def come_true(what: Callable[[], bool], page: Page) -> None:
    """Wait until something is true; a page's policy refuses what Playwright would do."""
    for _ in range(int(PATIENCE / 0.1)):
        if what():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not come true")


@pytest.fixture(scope="module")
def run(web: Web) -> str:
    return web.do(web.carried_out())


def test_the_language_is_changed_and_what_the_policy_forbids_is_complained_about(
    browser: Browser, web: Web, said: list[str]
) -> None:
    """So the walk over all pages (`test_web_walk`) would see it."""
    page = opened(browser, web, said)
    for button, language in (("中文", "zh"), ("English", "en")):
        page.get_by_role("button", name=button).click()
        expect(page.locator("html")).to_have_attribute("lang", language)
    assert said == []
    foreign = 'document.body.innerHTML += \'<img src="https://elsewhere.example/x.png" style="width:1px">\''
    with page.expect_console_message(lambda told: "Content Security Policy" in told.text):
        page.evaluate(foreign)


def test_everything_is_reached_by_keys(browser: Browser, web: Web, run: str, said: list[str]) -> None:
    page = opened(browser, web, said)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("M1")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q=M1"))
    page.goto(web.url + "/runs")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/runs/here/"))
    page.keyboard.press("j")
    page.evaluate("window.first = document.activeElement")
    page.keyboard.press("j")
    assert page.evaluate("window.first !== document.activeElement")
    page.keyboard.press("k")
    assert page.evaluate("window.first === document.activeElement"), "and back"
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("?")
    expect(page).to_have_url(web.url + "/help")
    expect(page.get_by_role("row", name="find a number")).to_be_visible()
    assert said == []


def test_a_printed_list_tells_whose_it_is_and_of_which_day(
    browser: Browser, web: Web, run: str, said: list[str]
) -> None:
    day = civil_day(web.clock.now(), web.hub.laboratory.folder.time_zone)
    with web.noon_of(day):
        page = opened(browser, web, said)
        page.goto(web.url + "/runs")
    expect(page.locator(".printed")).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.locator(".laboratory")).to_have_text(f"Water laboratory · {day} · operator")
    expect(page.get_by_role("navigation")).to_be_hidden()
    expect(page.get_by_role("row").first).to_be_visible()


def test_a_run_is_watched_answered_and_paused_without_loading_the_page_anew(
    browser: Browser, web: Web, said: list[str]
) -> None:
    web.site.tiny.parameter("ask = true")
    order = web.do(web.site.order())
    up = web.site.up()
    station = web.do(up.__aenter__())
    try:
        web.do(web.site.state(order, "asking"))
        page = opened(browser, web, said)
        expect(page.locator("#today .calls")).to_contain_text("A question")
        page.goto(f"{web.url}/runs/here/{order.id}")
        expect(page.get_by_role("heading", name="May it begin?")).to_be_visible()
        page.get_by_role("button", name="Pause").click()
        page.get_by_role("button", name="yes").click()
        expect(page.locator("#values .state")).to_have_text("paused")
        expect(page.locator("#question")).to_be_empty()
        page.get_by_label("Why it is aborted").fill("half typed")
        web.do(web.hub.laboratory.command("here", "take_control", "Li Wei", run=order.id))
        expect(page.locator("#values")).to_contain_text("Li Wei")
        expect(page.get_by_label("Why it is aborted")).to_have_value("half typed")
        web.do(web.hub.laboratory.command("here", "release_control", "Li Wei", run=order.id))
        page.get_by_role("button", name="Go on").click()
        expect(page.locator("#values .state")).to_have_text("complete")
        web.do(until(lambda: station.live() is None))
    finally:
        web.do(up.__aexit__(None, None, None))
        whole = web.site.tiny.order
        whole.write_text(whole.read_text().replace("ask = true", ""))
    assert said == []
    assert [what for who, what, _ in web.audit() if who == "operator"][:3] == ["go_on", "answer", "pause"]


def test_what_is_old_does_not_look_live(browser: Browser, web: Web, said: list[str]) -> None:
    """Grey 3 s after the last news, with its age, and live at once with news, by the page's clock."""
    page = opened(browser, web, said)
    page.clock.install()
    page.reload()
    page.clock.pause_at(page.evaluate("Date.now()") + 5000)  # from here on the page's time stands still
    silenced, told = page.locator("body.silenced"), page.get_by_role("status")
    while not silenced.count():
        page.clock.run_for(3200)
    come_true(
        lambda: page.clock.run_for(100) or not silenced.count(), page
    )  # no older than that is what it heard
    stopped, goes_on = threading.Event(), threading.Event()
    web.loop.call_soon_threadsafe(lambda: stopped.set() or goes_on.wait())  # the hub answers nothing
    try:
        assert stopped.wait(PATIENCE)
        page.clock.run_for(2800)
        assert not silenced.count(), "at 2.9 s"
        page.clock.run_for(300)
        assert silenced.count(), "at 3.1 s"
        expect(told).to_have_text("No news for 3 s: what is shown is old")
        page.clock.run_for(2000)
        expect(told).to_have_text("No news for 5 s: what is shown is old")
    finally:
        goes_on.set()
    come_true(lambda: page.clock.run_for(100) or not silenced.count(), page)
    expect(told).to_be_hidden()


def test_without_a_script_the_same_is_done_by_forms(browser: Browser, web: Web, said: list[str]) -> None:
    order = web.do(web.site.order())
    page = opened(browser, web, said, java_script_enabled=False)
    page.goto(f"{web.url}/orders/{order.id}")
    page.get_by_label("Reason").fill("not needed")
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_role("main")).to_contain_text("not needed")
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(web.url + "/login")


def test_a_run_is_returned_by_keys_and_answered(
    browser: Browser, web: Web, run: str, said: list[str]
) -> None:
    page = opened(browser, web, said, "reviewer")
    page.goto(f"{web.url}/review/here/{run}")
    page.get_by_label("Remark", exact=True).focus()
    page.keyboard.type("repeat 2 looks odd")
    page.keyboard.press("Enter")
    expect(page.locator("#content .refusal")).to_contain_text("reviewer: repeat 2 looks odd")
    performer = opened(browser, web, said)
    performer.get_by_role("link", name="Returned with a remark").click()
    found = Axe().run(performer, options=RULES)
    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
    performer.get_by_label("Answer").fill("a bubble")
    performer.get_by_role("button", name="Answer").click()
    expect(performer.get_by_role("main")).to_contain_text("operator: a bubble")
    page.goto(web.url + "/")
    expect(page.get_by_role("link", name="Returned with a remark")).to_have_count(0)
    assert said == []


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_a_stranger_compares_a_file_and_sends_it_nowhere(
    browser: Browser, web: Web, said: list[str], locale: str
) -> None:
    run = web.do(web.carried_out())
    number = issued(web, run)
    page = opened(browser, web, said, locale=locale)
    page.goto(f"{web.url}/certificates?q={number}")
    address = page.locator("a[href^='/v/']").get_attribute("href")
    with web.token("operator") as operator:
        pdf = operator.get(f"/runs/here/{run}/certificate.pdf").content
    context = browser.new_context(locale=locale, viewport={"width": 360, "height": 800})
    stranger = context.new_page()
    stranger.on("console", lambda told: said.append(told.text) if told.type in {"error", "warning"} else None)
    stranger.goto(f"{web.url}{address}")
    sent: list[str] = []
    stranger.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    marks = {"✓": pdf, "✗": pdf + b" "}
    for mark, content in marks.items():
        file = {"name": "certificate.pdf", "mimeType": "application/pdf", "buffer": content}
        stranger.locator("#file").set_input_files([file])
        expect(stranger.locator("#checked")).to_contain_text(mark)
    icon = f"GET {web.url}/static/mark."  # which a browser fetches when it likes
    assert [each for each in sent if not each.startswith(icon)] == []
    assert stranger.evaluate("document.documentElement.scrollWidth") <= 360
    found = Axe().run(stranger, options=RULES)
    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
    assert said == []


NEWS = """(sent) => source.dispatchEvent(new MessageEvent("parts", { data: JSON.stringify(sent) }))"""
WHOLE = '<p id="piece" data-part>{piece}</p><a href="/runs">{piece}</a><input id="held">'


def test_a_piece_that_waited_never_stands_in_the_place_of_a_newer_one(
    browser: Browser, web: Web, run: str, said: list[str]
) -> None:
    page = opened(browser, web, said)
    page.wait_for_function("source !== null")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<div><div id=\"whole\"></div></div>')")
    send = lambda **parts: page.evaluate(NEWS, parts)  # noqa: E731
    shown = page.locator("#piece")
    send(whole=WHOLE.format(piece=1))
    page.get_by_role("link", name="1", exact=True).focus()
    send(whole=WHOLE.format(piece=2))
    expect(page.get_by_role("link", name="2", exact=True)).to_be_focused()  # who goes by keys stays there
    page.locator("#held").focus()
    send(whole=WHOLE.format(piece=3))
    expect(shown).to_have_text("2")  # somebody is at it
    send(piece="4")
    page.locator("#find").focus()
    send()
    expect(shown).to_have_text("4")  # the piece came after the whole that waited
    page.evaluate("document.getElementById('piece').innerHTML = '<i data-held>4</i>'")
    send(piece="5")
    page.evaluate("document.querySelector('#piece i').remove()")
    send(whole=WHOLE.format(piece=6))
    expect(shown).to_have_text("6")  # the piece that waited was older
    assert page.evaluate("later.size") == 0


def test_a_run_is_replayed_by_its_slider_with_the_keyboard(
    browser: Browser, web: Web, run: str, said: list[str]
) -> None:
    page = opened(browser, web, said)
    page.goto(f"{web.url}/runs/here/{run}/moment")
    slider, told = page.get_by_role("slider"), page.locator("#said")
    last = slider.get_attribute("max")
    expect(told).to_contain_text(f"line {last} / {last}")
    expect(slider).to_have_attribute("aria-valuetext", told.inner_text())
    slider.focus()
    page.keyboard.press("Home")
    expect(told).to_have_text(f"Journal line 1 / {last}: begins")
    expect(slider).to_have_attribute("aria-valuetext", f"Journal line 1 / {last}: begins")
    expect(slider).to_be_focused()
    assert page.get_by_text("Observed last").count() == 0
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    expect(told).to_have_text(re.compile(f"line 9 / {last}: point 1.V"))
    expect(page).to_have_url(re.compile(r"line=9$"))
    page.reload()
    expect(slider).to_have_value("9")
    page.route("**/moment?*part=1", lambda route: route.fulfill(status=503))
    slider.press("ArrowRight")
    expect(page.locator("#not-shown")).to_contain_text("Line 10 could not be brought now")
    expect(told).to_have_text(re.compile(f"line 9 / {last}"))
    page.unroute("**/moment?*part=1")
    slider.press("ArrowRight")
    expect(told).to_contain_text(f"line 11 / {last}")
    expect(page.locator("#not-shown")).to_be_hidden()
    assert ["503" in one for one in said] == [True]
    said.clear()
    page.keyboard.press("Tab")
    page.context.clear_cookies()
    slider.press("End")
    expect(page.get_by_label("Name")).to_be_visible()  # who has to log in anew is led there
    assert said == []


PAINTED = "performance.getEntriesByName('first-contentful-paint').length"


def test_who_has_no_style_yet_reads_a_page_before_it_comes(
    browser: Browser, web: Web, said: list[str]
) -> None:
    page, held = opened(browser, web, said), list[Route]()
    page.context.clear_cookies(name="remotecal_style")
    page.route("**/console.*.css", lambda route: held.append(route))  # noqa: PLW0108  it is marked
    page.goto(web.url + "/runs", wait_until="commit")
    come_true(lambda: page.evaluate(PAINTED) == 1, page)
    come_true(lambda: len(held) == 1, page)
    assert page.evaluate("document.styleSheets.length") == 0
    held[0].continue_()
    come_true(lambda: page.evaluate("document.styleSheets.length") == 1, page)
    page.unroute("**/console.*.css")
    page.goto(web.url + "/live")
    assert page.locator("head > link[rel=stylesheet]").count() == 1
    page.context.close()
    assert said == []
