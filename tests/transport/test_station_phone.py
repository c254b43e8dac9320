"""A phone beside the rig: consent is held, and a photo comes over a line that breaks (real browser)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from at_rest import journal_in
from laboratories import founded
from PIL import Image
from playwright.sync_api import Browser, CDPSession, Page, Request, Route, expect
from processes import wait_until
from station_page import Beside, page_up
from tiny_bench import tiny_bench
from windows import PHONE, asked, chromium, looked_at, over, shot, window

from remotecal.station.pages.pieces import PIECE

FORGETS_NOTHING = "IDBObjectStore.prototype.delete = () => { throw new DOMException('full') }"
"""A browser that does not let go of what it keeps, as one whose disk is full."""
INSECURE = "Object.defineProperty(window, 'isSecureContext', { value: false })"
SUBMITS = "document.addEventListener('submit', (event) => console.info(`sends ${event.target.action}`))"
AGREE = "#call button[data-hold]"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    path = tmp_path_factory.mktemp("phone")
    (path / "site").mkdir()
    with tiny_bench(path / "site") as tiny:
        tiny.parameter("photo = true\nlevels = [1]\nrepeats = 1")
        with page_up(founded(path / "hub"), tiny, path, consent=True) as up:
            yield up


def wanted(beside: Beside) -> bool:
    """Tell whether an order waits for consent still."""
    return beside.call(lambda: beside.station.consent.order is not None)


def sends(page: Page) -> list[str]:
    """Return a list to which the page adds where it sends a form, in the order of what is asked of it."""
    sent: list[str] = []
    page.add_init_script(SUBMITS)
    page.on("console", lambda told: sent.append(told.text) if told.text.startswith("sends ") else None)
    return sent


def joined(beside: Beside, phone: Page) -> None:
    beside.do(beside.served.phones.open())
    phone.clock.install()
    phone.goto(beside.served.phones.address)
    phone.wait_for_url(re.compile(rf"https://.*{beside.served.keeper.base}/$"))


def events(beside: Beside, run: str) -> list[dict]:
    return [json.loads(line) for line in journal_in(beside.site.folder.runs / run).splitlines()]


def finger(line: CDPSession, kind: str, *at: float) -> None:
    points = [dict(zip("xy", at, strict=True))] if at else []
    line.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_consent_is_held_and_a_photo_goes_on_after_a_line_that_broke_and_a_reload(
    browser: Browser, beside: Beside
) -> None:
    said: list[str] = []
    taken = shot(2400, 1800, 90, turned=True)
    phone = window(browser, said, ignore_https_errors=True, **PHONE)
    sent = sends(phone)
    joined(beside, phone)
    sent.clear()
    order = beside.do(beside.site.order())
    button = phone.locator(AGREE)
    expect(button).to_have_text("Hold to agree", use_inner_text=True)
    expect(phone.locator("#call input[type=checkbox]")).to_be_hidden()
    looked_at(phone, "phone-hold")
    phone.clock.pause_at("2100-01-01")
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    line = phone.context.new_cdp_session(phone)

    # What is let go, slides off, is taken away or is only begun with keys agrees to nothing.
    finger(line, "touchStart", x, y)
    phone.clock.run_for(1400)
    assert phone.locator("#call progress").evaluate("bar => bar.value") > 0.8
    finger(line, "touchEnd")
    expect(phone.locator("#call progress")).to_have_js_property("value", 0)
    phone.mouse.move(x, y)
    phone.mouse.down()
    phone.mouse.move(x, y - 200)
    phone.clock.run_for(3000)
    phone.mouse.up()
    button.focus()
    for key in ("Space", "Enter"):
        phone.keyboard.down(key)
        phone.clock.run_for(1000)
        phone.keyboard.up(key)
    phone.keyboard.down("Space")
    phone.keyboard.press("Tab")
    phone.clock.run_for(3000)
    phone.keyboard.up("Space")
    phone.mouse.move(x, y)
    phone.mouse.down()
    phone.clock.fast_forward(60_000)  # the window was frozen: nobody knows whether the finger was there
    phone.mouse.up()
    assert phone.evaluate("document.hidden") is False
    assert sent == []
    assert wanted(beside)
    finger(line, "touchStart", x, y)
    phone.clock.run_for(1600)
    wait_until(lambda: not wanted(beside))
    assert len(sent) == 1
    phone.clock.resume()
    asked(beside, 1)

    # The photo is made smaller; the line breaks, the page is loaded anew, and only the rest is sent.
    expect(phone.get_by_role("heading", name="A photo?")).to_be_visible()
    passed: list[int] = []

    def count(request: Request) -> None:
        if request.method == "PATCH":
            passed.append(int(request.headers["upload-offset"]))

    def break_off(route: Route) -> None:
        route.abort() if len(passed) > 3 else route.continue_()

    phone.on("request", count)
    phone.route("**/bytes", break_off)
    phone.locator("#photo").set_input_files(
        [{"name": "IMG_0001.JPG", "mimeType": "image/jpeg", "buffer": taken}]
    )
    expect(phone.locator("#sending")).to_contain_text("No line to the station")
    assert phone.locator("#sending progress").evaluate("bar => bar.value") > 0.0
    looked_at(phone, "phone-broken")
    assert beside.station.live().prompt == 1
    phone.reload()
    expect(phone.locator("#sending")).to_contain_text("No line to the station")
    phone.unroute("**/bytes")
    phone.evaluate("window.dispatchEvent(new Event('online'))")
    expect(phone.locator("#sending")).to_contain_text("kept as evidence")
    over(beside)
    told = events(beside, order.id)
    (file,) = [event["data"] for event in told if event["kind"] == "file"]
    original = f"from {len(taken)} bytes with the SHA-256 {sha256(taken).hexdigest()}"
    assert original in file["about"]
    assert len(taken) > 2_000_000 >= file["size"]
    assert passed.count(0) == 1, "what had come was not sent again"
    assert set(passed) == set(range(0, file["size"], PIECE))
    kept = Path(beside.site.folder.runs / order.id / "files" / f"{file['sha256']}.jpg").read_bytes()
    with Image.open(BytesIO(kept)) as picture:
        assert (picture.width * 4, picture.getexif().get(0x0112)) == (picture.height * 3, None), "upright"
    (agreed,) = [event["data"] for event in told if event["kind"] == "control"]
    assert agreed["verb"] == "agree"
    assert [one for one in said if "ERR_FAILED" not in one] == []
    phone.context.close()


def test_who_cant_hold_confirms_and_where_nothing_can_be_hashed_nothing_is_said(
    browser: Browser, beside: Beside
) -> None:
    said: list[str] = []
    taken = shot(2400, 1800, 90)
    order = beside.do(beside.site.order())
    wait_until(lambda: wanted(beside))
    desk = window(browser, said, viewport={"width": 1280, "height": 800})
    sent = sends(desk)
    desk.clock.install()
    desk.add_init_script(INSECURE)
    desk.add_init_script(FORGETS_NOTHING)
    desk.goto(beside.call(beside.served.entrance))
    desk.wait_for_url(f"{beside.base}/")
    button, confirm = desk.locator(AGREE), desk.locator("#call button[data-confirm]")
    desk.clock.pause_at("2100-01-01")
    expect(confirm).to_be_hidden()
    button.evaluate("button => button.click()")  # as what reads the screen does
    expect(confirm).to_be_visible()
    desk.clock.run_for(21_000)
    expect(confirm).to_be_hidden()
    button.dblclick()
    expect(confirm).to_be_visible()
    confirm.dispatch_event("click")  # a third press of the same hand
    assert desk.evaluate("document.hidden") is False
    assert sent == []
    desk.clock.resume()
    looked_at(desk, "desk-confirm")
    desk.clock.pause_at("2101-01-01")
    button.press("Enter")
    desk.clock.run_for(1000)
    confirm.press("Enter")
    wait_until(lambda: not wanted(beside))
    desk.clock.resume()
    asked(beside, 1)
    desk.goto(beside.base + "/photo")
    expect(desk.get_by_role("heading", name="A photo?")).to_be_visible()
    desk.locator("#photo").set_input_files([{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": taken}])
    desk.get_by_role("button", name="Send", exact=True).click()
    expect(desk.locator("#sending")).to_contain_text("kept as evidence")
    over(beside)
    (file,) = [event["data"] for event in events(beside, order.id) if event["kind"] == "file"]
    assert file["about"] == "A photo?"
    assert file["size"] <= 2_000_000
    assert said == []
    desk.context.close()
