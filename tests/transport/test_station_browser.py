"""The page beside the rig in a real browser: scenarios 7, 8, 10 and 11.

What each costs a person is printed beside the goal (`pytest -s`).
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
import segno
from counted import Person
from hand import DIAL, read_by_hand
from laboratories import GROSS, PATIENCE
from playwright.sync_api import Browser, FilePayload, expect
from processes import wait_until
from station_page import Beside, page_up
from tiny_bench import Tiny
from windows import PHONE, asked, chromium, looked_at, opened, over, shot, window

from remotecal.hub.settings import HubFolder
from remotecal.pages.words import Language, words
from remotecal.transport.messages import Live

SLOW = {"offline": False, "latency": 300, "downloadThroughput": 250_000, "uploadThroughput": 250_000}
"""A line of 2 Mbit/s, 150 ms each way."""
DIGITS = "the indicator has 2 digits behind the point. Look again, and write them all"
INTERLOCK = '\n[[interlocks]]\nwatch = "{}"\nabove = {}\nunit = "{}"\n'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def said() -> list[str]:
    """What the browser complained about."""
    return []


@pytest.mark.parametrize(("locale", "width"), [("zh-CN", 360), ("en", 1280)])
def test_pages_can_be_used_by_everybody(
    browser: Browser, folder: HubFolder, tiny: Tiny, tmp_path: Path, said: list[str], locale: str, width: int
) -> None:
    read_by_hand(tiny, DIAL)
    tiny.add(tiny.bench, INTERLOCK.format("source.temperature", 330.0, "K"))
    tiny.parameter("levels = [1, 2]\nrepeats = 1")
    viewport = {"width": width, "height": 800}
    with page_up(folder, tiny, tmp_path, consent=True) as beside:
        page = opened(browser, beside, said, locale=locale, viewport=viewport)
        looked_at(page, f"{locale}-nothing")
        beside.do(beside.site.order())
        expect(page.locator("#call section")).to_be_visible()  # without loading it anew
        looked_at(page, f"{locale}-consent")
        page.locator("#call button[data-hold]").focus()
        page.keyboard.down("Space")
        for number, answer in enumerate(("M1", "", "1.00", "1.00", "1.00", ""), 1):
            asked(beside, number)
            expect(page.locator("#asked")).to_be_visible()
            if number == 3:
                looked_at(page, f"{locale}-question")
            if answer:
                page.locator("#answer").fill(answer)
                page.locator("#call .main").click()
            else:
                page.locator("#call button[value=done]").click()
        asked(beside, 7)
        for path in ("/readings", "/photo", "/last", "/phone"):
            page.goto(beside.base + path)
            expect(page.locator(".readings tr.due")).to_have_count(1 if path == "/readings" else 0)
            looked_at(page, f"{locale}-{path[1:]}")
        page.locator("button[value=let]").click()
        expect(page.locator(".qr")).to_be_visible()
        looked_at(page, f"{locale}-qr")
        page.goto(beside.base + "/")
        place = page.locator("button.stop").bounding_box()
        page.goto(beside.base + "/readings")
        assert page.locator("button.stop").bounding_box() == place, "stop is always at the same place"
        page.locator("button.stop").click()
        over(beside)
        page.goto(beside.base + "/last")
        looked_at(page, f"{locale}-stopped")
        assert said == []


def test_scenario_7_a_question_is_answered_by_the_first_and_the_others_see_who(
    browser: Browser, folder: HubFolder, tiny: Tiny, tmp_path: Path, said: list[str]
) -> None:
    tiny.parameter("ask = true")
    with page_up(folder, tiny, tmp_path) as beside:
        desk, other = opened(browser, beside, said), opened(browser, beside, said)
        desk.locator("#name").fill("Li Na")
        desk.locator("form.who button").click()
        beside.do(beside.site.order())
        someone = Person(desk, words("en"), "7 beside the rig, first answer counts, goal 1 click")
        someone.begin()
        for page in (desk, other):
            expect(page.get_by_role("heading", name="May it begin?")).to_be_visible()
        seen = time.monotonic() - someone.began
        form = other.content()
        someone.click(desk.get_by_role("button", name="yes"))
        over(beside)
        someone.done()
        fields = dict(re.findall(r'name="(csrf|session|run|prompt)" value="([^"]*)"', form))
        answer = other.request.post(
            f"{beside.base}/answer", form={**fields, "argument": "no"},
            headers={"Origin": beside.served.origin}, max_redirects=0,
        )  # fmt: skip
        assert answer.status == 303
        other.goto(beside.base + "/")
        expect(other.get_by_role("alert")).to_contain_text("not on")
        assert said == []
    assert seen < GROSS
    assert someone.clicks == 1


def test_scenario_8_an_interlock_trips_and_the_page_says_what_and_whether_the_rig_is_safe(
    browser: Browser, folder: HubFolder, tiny: Tiny, tmp_path: Path, said: list[str]
) -> None:
    tiny.parameter("ask = true")
    tiny.add(tiny.bench, INTERLOCK.format("gauge.value", 8.0, "V"))
    with page_up(folder, tiny, tmp_path) as beside:
        page = opened(browser, beside, said)
        beside.do(beside.site.order())
        asked(beside, 1)
        expect(page.locator("#live")).to_contain_text("not in its safe state")
        tiny.world.offset = 50.0
        page.get_by_role("button", name="yes").click()
        over(beside)
        someone = Person(page, words("en"), "8 beside the rig after the run had ended, goal at the hub 2 s")
        someone.begin()
        expect(page.locator("#live .rig")).to_have_text("The rig is in its safe state.")
        took = time.monotonic() - someone.began
        someone.click(page.get_by_role("link", name="Last result:"))
        expect(page.locator("main .refusal")).to_contain_text("gauge.value is 5")
        expect(page.locator("main .refusal")).to_contain_text("above its limit, 8 V")
        someone.done()
        assert said == []
    assert took < GROSS
    assert someone.clicks == 1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_scenario_10_a_photo_comes_from_a_phone(
    browser: Browser, folder: HubFolder, tiny: Tiny, tmp_path: Path, said: list[str], language: Language
) -> None:
    told, locale = words(language), {"zh": "zh-CN", "en": "en"}[language]
    tiny.parameter("photo = true")
    taken = shot(2800, 2100, 90)
    with page_up(folder, tiny, tmp_path) as beside:
        order = beside.do(beside.site.order())
        asked(beside, 1)
        desk = opened(browser, beside, said, locale=locale)
        desk.get_by_role("link", name=told("site.phone"), exact=True).click()
        desk.get_by_role("button", name=told("site.let_phone")).click()
        expect(desk.locator(".qr")).to_be_visible()
        address = beside.served.phones.address
        code = beside.call(beside.served.phones.drawing)
        again = BytesIO()
        segno.make(address, error="m").save(again, kind="svg", scale=6, border=4, xmldecl=False)
        assert code == again.getvalue(), "what is shown leads there"
        phone = window(browser, said, ignore_https_errors=True, locale=locale, **PHONE)
        someone = Person(phone, told, "10 scan, camera up, shoot, use; goal 3 taps and 15 s")
        camera = window(browser, [], ignore_https_errors=True, locale=locale, **PHONE)
        camera.route("**/*.js", lambda route: route.abort())
        camera.goto(address)  # it looks ahead without a script, which uses nothing up
        looked_at(camera, "phone-join")
        someone.begin(address)
        someone.clicks += 1  # on what the camera has read
        phone.wait_for_url(re.compile(rf"https://.*{beside.served.keeper.base}/$"))
        looked_at(phone, "phone-question")
        cookie = phone.context.cookies()[0]
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")
        line = phone.context.new_cdp_session(phone)
        line.send("Network.enable")
        line.send("Network.emulateNetworkConditions", SLOW)
        expect(phone.locator("#photo")).to_be_in_viewport(ratio=1)  # where the code leads
        on_page = someone.clicks
        photo = FilePayload(name="IMG_0001.JPG", mimeType="image/jpeg", buffer=taken)
        someone.choose(phone.locator("#photo"), photo, taken=True)
        someone.done()
        expect(phone.locator("#sending .much")).to_contain_text(
            "kB"
        )  # it is on its way, and keeps nobody waiting
        for name in (told("site.readings"), told("site.now")):
            phone.get_by_role("link", name=name, exact=True).tap()
            expect(phone.get_by_role("heading", level=1, name=name)).to_be_visible()
            expect(phone.locator("#sending .much")).to_contain_text("kB")
        expect(phone.locator("#call section")).to_be_visible()
        expect(phone.locator("#sending")).to_contain_text(told("site.photo_kept"))
        there = time.monotonic() - someone.began
        stranger = window(browser, [], ignore_https_errors=True)
        stranger.goto(address)
        expect(stranger.get_by_role("alert")).to_contain_text("another code")
        beside.do(beside.site.recomputed(order))
        (kept,) = beside.site.hub.laboratory.store.files.list("here", order.id)
        desk.goto(f"{beside.base}/pictures/{order.id}/{kept.file.sha256}")
        shown = beside.do(_picture(beside, order.id, kept.file.sha256))
        assert max(len(shown), kept.file.size) < 2_000_000 < 4_000_000 < len(taken)
        further = Person(phone, told, "10 the next photo by that phone: camera up, shoot, use; goal 3")
        further.begin()
        beside.do(beside.site.order())
        expect(phone.locator("#photo")).to_be_in_viewport(ratio=1)  # nothing is pressed for it
        further.choose(phone.locator("#photo"), photo, taken=True)
        further.done()
        desk.goto(beside.base + "/phone")
        desk.get_by_role("button", name=told("site.shut_out")).click()
        wait_until(lambda: not beside.served.phones.origin)
        assert beside.served.keeper.phones == 0
    assert someone.clicks == 4, "goal 3; and to have the camera up, which no page may do by itself"
    assert further.clicks == 3, "as the goal is, once a phone has joined"
    assert on_page == 1, "nothing was tapped on the page before its field"
    print("of the 4 taps 1 is on the page, its field; 3 are the camera's own: the code it read, shutter, use")
    print(
        f"{len(taken) / 1e6:.1f} MB taken, {kept.file.size / 1e3:.0f} kB by 2 Mbit/s after {there:.1f} s, "
        "goal 4 MB while the person goes on"
    )


async def _picture(beside: Beside, run: str, digest: str) -> bytes:
    from remotecal.station.pages.desk import Desk

    return Desk(beside.site.folder).picture(run, digest)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_scenario_11_a_dial_is_read_by_keyboard_without_a_script(
    browser: Browser, folder: HubFolder, tiny: Tiny, tmp_path: Path, said: list[str], language: Language
) -> None:
    told = words(language)
    read_by_hand(tiny, DIAL.replace("photo = false", "photo = true, twice = true, leap = 1.0"))
    tiny.parameter("levels = [1]\nrepeats = 1")
    with page_up(folder, tiny, tmp_path) as beside:
        order = beside.do(beside.site.order())
        locale = {"zh": "zh-CN", "en": "en"}[language]
        page = opened(browser, beside, said, locale=locale, java_script_enabled=False)
        seen = photos = 0
        goal = "11 three readings with photos, each twice, one slip found at once, goal keys alone"
        someone = Person(page, told, goal)
        someone.begin()

        def asks() -> bool:
            return (live := beside.station.live()) is not None and live.prompt > seen

        def wanted() -> Live:
            """Wait for the next question, and return it, on its page; photos are sent meanwhile."""
            nonlocal seen, photos
            while True:
                wait_until(asks)
                page.goto(beside.base + "/readings")
                live = beside.station.live()
                if live.kind != "file":
                    return live
                photo = FilePayload(name="dial.jpg", mimeType="image/jpeg", buffer=shot(320, 240))
                someone.choose(page.locator("#photo"), photo)
                someone.press("Enter", page.get_by_role("button", name=told("site.send"), exact=True))
                expect(page.get_by_role("alert")).to_have_text(told("site.photo_kept"))
                seen, photos = live.prompt, photos + 1

        def answer(text: str, *, taken: bool = True) -> None:
            nonlocal seen
            live = wanted()
            page.locator("#answer").focus()
            someone.type(text)
            with page.expect_navigation(url=beside.base + "/"):
                someone.press("Enter")
            seen = live.prompt if taken else seen

        answer("M1")
        seen = wanted().prompt
        with page.expect_navigation(url=beside.base + "/"):
            someone.press("Enter", page.get_by_role("button", name=told.of("answer", "done")))
        answer("1.00")
        answer("1.00")
        wanted()
        expect(page.locator("#call ul.hint")).to_contain_text(told("site.likely", low=0, high="2 V"))
        answer("11.0", taken=False)
        expect(page.get_by_role("alert")).to_contain_text(told.refusal(f"11.0 was not taken: {DIGITS}")[0])
        answer("11.00")
        wanted()
        expect(page.locator("#asked")).to_contain_text("11 V")  # which is far from the number before
        for _ in range(4):
            answer("1.00")
        beside.do(beside.site.recomputed(order))
        over(beside)
        someone.done()
        page.goto(beside.base + "/readings")
        expect(page.locator(".readings s")).to_contain_text(["1.00 V", "11.00 V"])
        pictures = page.locator(".readings img")
        expect(pictures).to_have_count(photos)
        for number in range(photos):
            expect(pictures.nth(number)).not_to_have_js_property("naturalWidth", 0)
        assert photos == 3, "one for each cell"
        assert someone.clicks == 2 * photos, "only to choose the photos"
        assert said == []


def test_the_command_opens_the_page_and_no_other_user_can_read_the_way_in(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    import sys

    with page_up(folder, tiny, tmp_path) as beside:
        command = [sys.executable, "-m", "remotecal", "station", "open", "--no-browser", "--station"]
        done = subprocess.run(
            [*command, str(beside.site.folder.path)], capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode == 0, done.stderr
        assert "ticket" not in done.stdout, "a log is no place for it"
        door = Path(re.search(r"file://(\S+)", done.stdout)[1])
        assert door.stat().st_mode & 0o077 == 0
        assert beside.base + "/enter?ticket=" in door.read_text()
