"""Questions of runs, at the laboratory and beside the rig: shown alike, told on, answered once."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from counted import Person
from laboratories import GROSS
from playwright.sync_api import Browser, Locator, Page, expect
from reading import codes
from sites import until
from test_web_browser import RULES, browser, opened, said
from test_web_notices import Post, mailing, set_to
from test_web_pages import browsing
from test_web_sign_at import USERS, key_of, sign_at, signed_by
from web_laboratory import DIGEST, PASSWORD, Web
from windows import LOOK, shot, window

from remotecal.clock import VirtualClock
from remotecal.hub.noticing import Noticing
from remotecal.hub.settings import PublicSettings
from remotecal.hub.unanswered import OF_ONE
from remotecal.journal.writing import Journal
from remotecal.pages.words import Language, words
from remotecal.station.agent import Station
from remotecal.station.pages.serving import Served, serving_pages

__all__ = ["browser", "said"]

PUBLIC = "https://cal.example"


@dataclass
class AtTheRig:
    """The station with its page."""

    station: Station
    served: Served

    @property
    def base(self) -> str:
        return self.served.origin + self.served.keeper.base


@contextmanager
def at_the_rig(web: Web) -> Iterator[AtTheRig]:
    """Have the station and its page up while the context lasts."""
    up, pages = web.site.up(), serving_pages(web.site.folder, phones="127.0.0.1")
    station = web.do(up.__aenter__())
    served = web.do(pages.__aenter__())
    try:
        yield AtTheRig(station, served)
    finally:
        web.do(pages.__aexit__(None, None, None))
        web.do(up.__aexit__(None, None, None))


@contextmanager
def asked_for(web: Web, text: str) -> Iterator[None]:
    """Have orders say more to the procedure while the context lasts."""
    whole = web.site.tiny.order
    before = whole.read_text()
    web.site.tiny.parameter(text)
    try:
        yield
    finally:
        whole.write_text(before)


async def _opened(served: Served) -> str:
    await served.phones.open()
    return served.phones.address


def phone(browser: Browser, web: Web, rig: AtTheRig, said: list[str], name: str, locale: str = "en") -> Page:
    """Return the window of somebody's phone that has joined by the code, and says who holds it."""
    page = window(
        browser, said, ignore_https_errors=True, is_mobile=True, has_touch=True, locale=locale,
        viewport={"width": 360, "height": 740},
    )  # fmt: skip
    page.goto(web.do(_opened(rig.served)))
    page.wait_for_url(re.compile(rf"https://.*{rig.served.keeper.base}/$"))
    page.locator("#name").fill(name)
    page.locator("form.who button").tap()
    expect(page.locator("#name")).to_have_value(name)
    return page


def usable(page: Page, name: str) -> None:
    """Check that everybody can use a page, on a phone as well."""
    if LOOK:
        page.screenshot(path=f"{LOOK}/{name}.png", full_page=True)
    found = Axe().run(page, options=RULES)
    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == [], name
    size = page.viewport_size
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
    page.set_viewport_size(size)


def drawn(picture: Locator) -> None:
    """Wait until a picture is on the page, and not a sign that it could not be loaded."""
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", value=True)
    expect(picture).not_to_have_js_property("naturalWidth", 0)


LOCALES = {"zh": "zh-CN", "en": "en"}


@pytest.mark.parametrize("language", LOCALES)
def test_7_a_question_is_told_on_answered_once_and_others_see_by_whom(
    browser: Browser, web: Web, said: list[str], tmp_path: Path, language: Language
) -> None:
    told, locale = words(language), LOCALES[language]
    dial = tmp_path / "dial.jpg"
    dial.write_bytes(shot(320, 240))
    with asked_for(web, f'ask = true\ndial = "{dial}"'), at_the_rig(web) as rig:
        order = web.do(web.site.order())
        run = f"/runs/here/{order.id}"
        web.do(web.site.state(order, "asking"))
        desk = opened(browser, web, said, locale=locale)
        looking = Person(desk, told, "7 seen on the phone and at the hub, goal nothing to press")
        looking.begin()
        beside = phone(browser, web, rig, said, "Li Na", locale)
        expect(beside.locator("#asked")).to_be_visible()
        late = browser.contexts[-2].new_page()  # of the same person, who looks at the run itself
        late.goto(web.url + run)
        waiting = desk.locator("#today .calls li").filter(has_text=order.id)
        expect(waiting).to_contain_text(told("waiting.asking"))
        seen = looking.done()
        with web.clock.put_forward(360.0):
            expect(waiting).to_contain_text(told("today.waited", count=6))
            assert ask_on(web) >= 1
            assert ask_on(web) == 0
            usable(desk, f"waits-{language}")
        answer = late.locator("#question button[value=no]")
        expect(answer).to_be_visible()
        late.evaluate("stop()")  # it does not hear of it in time
        first = Person(beside, told, "7 first answer and the next, on the phone, goal 1 tap each")
        second = Person(late, told, "7 second answer, told who was first, goal 1 click")
        first.begin()
        first.tap(beside.locator("#call button[value=yes]"))
        expect(beside.locator("#call .typed .unit")).to_have_text("V")  # the next question
        second.begin()
        second.click(answer)
        expect(late.get_by_role("main")).to_contain_text("Li Na")  # was first
        second.done()
        late.goto(web.url + run)
        expect(late.locator("#values")).to_contain_text(told("live.on_site", who="Li Na"))
        first.fill(beside.locator("#answer"), "1.00")
        first.tap(beside.locator("#call button.main"))
        web.do(until(lambda: rig.station.live() is None))
        first.done()
        late.goto(web.url + "/notices")
        late.get_by_role("link", name=re.compile(order.id)).click()
        expect(late.locator("tr.marked")).to_contain_text(
            told.choose({"zh": "可以开始吗?", "en": "May it begin?"})
        )
        expect(late.locator("tr.marked + tr")).to_contain_text(told("live.on_site", who="Li Na"))
    assert said == []
    assert seen < GROSS
    assert (looking.clicks, first.clicks, second.clicks) == (0, 2, 1)


def ask_on(web: Web, ahead: float = 0.0) -> int:
    """Let the hub look which questions nobody answers, as one just begun; return how many are new."""
    laboratory = web.hub.laboratory
    return Noticing(laboratory.folder, laboratory.store, VirtualClock(web.clock.now() + ahead)).ask_on()


def asking(web: Web, path: Path, by: str) -> Journal:
    """Return the journal of a run somebody ordered, that asks; it is not at the laboratory yet."""
    name, now = path.name, web.clock.now()
    orders = web.hub.laboratory.store.orders
    orders.issue(name, "T-7", "here", b"e", now, now + 1.0, by)
    assert orders.claim(name, "here", "c", now) == ""
    journal = Journal.create(path, VirtualClock(0.0))
    journal.append("start", {"format": 1})
    question = {"zh": "水位?", "en": "Which level?"}
    journal.append("prompt", {"kind": "text", "options": [], "question": question})
    return journal


def brought(web: Web, path: Path, at: float) -> None:
    """Bring the lines of a journal that are not at the laboratory yet."""
    journals = web.hub.laboratory.store.journals
    row = journals.find("here", path.name)
    here = 0 if row is None else row.committed
    lines = (path / "journal.jsonl").read_bytes().splitlines()
    journals.append("here", path.name, here + 1, lines[here:], at)


def told_of(web: Web, path: Path) -> list[str]:
    rows = web.hub.laboratory.store.notices.all(1000)
    return sorted(row.to for row in rows if row.about.startswith(f"here/{path.name}/"))


def test_a_question_nobody_answers_is_told_to_the_next_person_and_then_to_every_operator(
    web: Web, tmp_path: Path
) -> None:
    for user in ("ordering", "holding"):
        web.users.put(user, roles={"operator"}, password=DIGEST, account=None)
    everybody = sorted(user.name for user in web.users.list() if "operator" in user.roles)
    out, now = tmp_path / "level", web.clock.now()
    with asking(web, out, "ordering") as journal:
        journal.append("control", {"verb": "take_control", "by": "reviewer", "reason": ""})
        journal.append("control", {"verb": "take_control", "by": "holding", "reason": "from reviewer"})
        brought(web, out, now)
        assert ask_on(web, 290.0) == 0
        assert (ask_on(web, 310.0), ask_on(web, 590.0)) == (2, 0)
        assert told_of(web, out) == ["holding", "ordering"]
        assert (ask_on(web, 610.0), ask_on(web, 9e4)) == (len(everybody) - 2, 0)
        assert told_of(web, out) == everybody
        journal.append("answer", {"prompt": 2, "answer": "3", "by": "holding"})
        journal.append("prompt", {"kind": "text", "options": [], "question": {"en": "And now?"}})
        brought(web, out, now + 1000.0)
        assert ask_on(web, 1290.0) == 0
        assert ask_on(web, 3000.0) == len(everybody), "a hub that was away tells all of them, once"
        assert ask_on(web, 3000.0) == 0
        journal.append("answer", {"prompt": 6, "answer": "3", "by": "holding"})
        brought(web, out, now + 3000.0)
    unknown = tmp_path / "unknown"
    with asking(web, unknown, "a program") as journal:
        brought(web, unknown, now)
        assert ask_on(web, 310.0) == len(everybody), "nobody here is first"
        journal.append("answer", {"prompt": 2, "answer": "3", "by": "holding"})
        brought(web, unknown, now)
    assert ask_on(web, 9e5) == 0


def test_it_goes_by_mail(web: Web, tmp_path: Path) -> None:
    web.users.put("ordering", roles={"operator"}, password=DIGEST, account=None)
    web.hub.laboratory.store.notices.set_mail("ordering", "ordering@laboratory.example")
    out = tmp_path / "mailed"
    with asking(web, out, "ordering") as journal, Post(tmp_path) as post:
        brought(web, out, web.clock.now())
        with set_to(web, mailing(post, tmp_path)):
            assert ask_on(web, 310.0) == 1
            ask_on(web, 320.0)
        journal.append("answer", {"prompt": 2, "answer": "3", "by": "holding"})
        brought(web, out, web.clock.now())
    mails = [message_from_bytes(content, policy=policy.default) for _, content in post.taken]
    (mail,) = [one for one in mails if "mailed (here)" in one.get_content()]
    assert "not answered" in mail["Subject"]
    assert "水位? / Which level?" in mail.get_content()
    assert "无人回答 / not answered for 5 minutes" in mail.get_content()


def test_one_run_from_its_question_to_the_stranger_with_the_paper(
    browser: Browser, web: Web, said: list[str], tmp_path: Path
) -> None:
    folder = web.hub.laboratory.folder
    folder.settings = folder.settings.model_copy(update={"public": PublicSettings(address=PUBLIC)})
    dial = tmp_path / "dial.jpg"
    dial.write_bytes(shot(320, 240))
    with asked_for(web, f'ask = true\nphoto = true\ndial = "{dial}"'), at_the_rig(web) as rig:
        order = web.do(web.site.order(certificate="C-chain"))
        web.hub.laboratory.store.orders.assign(order.id, "acme")
        run = f"/runs/here/{order.id}"
        desk = opened(browser, web, said)
        carry_out(desk, phone(browser, web, rig, said, "Li Na"), web, rig, run)
        web.do(web.site.recomputed(order))
        web.do(until(lambda: rig.station.live() is None))
    photo = review(browser, web, said, order.id)
    hidden(web, run, photo)
    for duty, user in list(USERS.items())[:3]:
        code, told = sign_at(web, f"here/{order.id}", key_of(web, duty), f"{PASSWORD}\nyes\n", "--user", user)
        assert code == 0, told
    assert signed_by(web, f"here/{order.id}") == ["performed", "reviewed", "approved"]
    issuing = opened(browser, web, said, "administrator")
    issuing.goto(f"{web.url}/review/here/{order.id}")
    issuing.get_by_role("button", name="Issue").click()
    web.do(until(lambda: web.hub.laboratory.store.signings.issued("here", order.id)))
    compare_as_a_stranger(browser, web, said, order.id, tmp_path)
    with browsing(web, "customer") as acme, browsing(web, "bolt") as bolt:
        shown = acme.get(f"{run}/pictures/{photo}")
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
        assert photo in acme.get(run).text
        assert bolt.get(f"{run}/pictures/{photo}").status_code == 404
    assert ["422" in one for one in said] == [True], said  # the number that was not as the dial has it


def carry_out(desk: Page, phone: Page, web: Web, rig: AtTheRig, run: str) -> None:
    """Watch, pause and answer a run, at the laboratory and by a phone beside the rig."""
    name = run.rpartition("/")[2]
    web.do(until(lambda: (live := rig.station.live()) is not None and live.prompt > 0))
    web.do(until(lambda: web.hub.laboratory.store.journals.find("here", name) is not None))
    desk.goto(web.url + run)
    expect(desk.get_by_role("heading", name="May it begin?")).to_be_visible()
    desk.get_by_role("button", name="yes").click()
    expect(desk.locator("#values")).to_contain_text("operator: yes")
    expect(desk.locator("#question")).to_contain_text("it is added at the station")
    phone.locator("#photo").set_input_files(
        [{"name": "IMG_1.JPG", "mimeType": "image/jpeg", "buffer": shot(640, 480)}]
    )
    expect(phone.locator("#sending")).to_contain_text("kept as evidence")
    expect(desk.locator("#values")).to_contain_text("Li Na (on site): Photo")
    asked = desk.locator("#question")
    expect(asked.get_by_role("heading", name="What does the dial show?")).to_be_visible()
    expect(asked.locator(".typed .unit")).to_have_text("V")
    expect(asked.locator("#guide li")).to_have_text(["Between 0 – 20 V", "2 digits behind the point"])
    drawn(asked.locator("img.picture"))
    drawn(phone.locator("#call img.picture"))
    usable(desk, "a question")
    asked.get_by_label("Answer").fill("1.0")
    asked.get_by_role("button", name="Answer").click()
    expect(desk.get_by_role("main")).to_contain_text("the indicator has 2 digits behind the point")
    desk.goto(web.url + run)
    desk.get_by_role("button", name="Pause").click()
    asked.get_by_label("Answer").fill("1.00")
    asked.get_by_role("button", name="Answer").click()
    expect(desk.locator("#values .state")).to_have_text("paused")
    desk.get_by_role("button", name="Go on").click()
    expect(phone.locator("#call section")).to_have_count(0)
    expect(desk.locator("#values .state")).to_have_text("complete")


def review(browser: Browser, web: Web, said: list[str], run: str) -> str:
    """Open what a digit rests on, as whoever reviews does, and return the photo's SHA-256."""
    page = opened(browser, web, said, "reviewer")
    page.goto(f"{web.url}/review/here/{run}")
    page.get_by_role("link", name=run).click()
    page.locator("table.numbers td a").first.click()
    beside = page.locator("section[aria-labelledby=beside]")
    expect(beside.locator("img")).to_have_count(2)  # the photo, and what the procedure showed
    taken = beside.get_by_role("listitem").filter(has_text="Li Na (on site)")
    drawn(taken.get_by_role("img", name="Photo of A photo?"))
    usable(page, "evidence")
    taken.get_by_role("link", name=re.compile("^[0-9]+$")).click()
    expect(page.locator("tr.marked")).to_contain_text("A photo?")
    drawn(page.locator("tr.marked img"))
    page.goto(f"{web.url}/runs/here/{run}")
    drawn(page.locator(".pictures img").first)
    photo, *_ = (
        row.file.sha256
        for row in web.hub.laboratory.store.files.list("here", run)
        if row.file.by == "on site: Li Na"
    )
    return photo


def hidden(web: Web, run: str, photo: str) -> None:
    """Check that nobody sees a picture who may not see the evidence."""
    with browsing(web, "customer") as acme, browsing(web, "bolt") as bolt, web.client() as nobody:
        for client in (acme, bolt):
            assert client.get(f"{run}/pictures/{photo}").status_code == 404
        nobody.base_url = web.url
        assert nobody.get(f"{run}/pictures/{photo}").status_code == 303


def compare_as_a_stranger(browser: Browser, web: Web, said: list[str], run: str, path: Path) -> None:
    """Scan the paper's code, and drop the file."""
    with web.token("operator") as operator:
        pdf = operator.get(f"/runs/here/{run}/certificate.pdf").content
    (scanned,) = codes(pdf, path)
    stranger = window(browser, said, viewport={"width": 360, "height": 740})
    stranger.goto(scanned.replace(PUBLIC, web.url))
    expect(stranger.locator(".figure")).to_contain_text("neither revoked nor replaced")
    expect(stranger.locator("main")).to_contain_text("C-chain")
    file = {"name": "certificate.pdf", "mimeType": "application/pdf", "buffer": pdf}
    stranger.locator("#file").set_input_files([file])
    expect(stranger.locator("#checked")).to_contain_text("✓")


def test_whatever_a_run_asks_the_others_are_told_of(web: Web, tmp_path: Path) -> None:
    now, store = web.clock.now(), web.hub.laboratory.store
    hostile: list[object] = [
        [7],
        7,
        {"en": {"deep": 1}, "zh": "a\nb\0c\u2028d"},
        {str(n): "x" * 999 for n in range(99)},
    ]
    for number, question in enumerate(hostile):
        with asking(web, tmp_path / f"asks-{number}", "ordering") as journal:
            journal.append("control", {"verb": ["take_control"], "by": {"x": 1}})
            journal.append("prompt", {"kind": "text", "options": [], "question": question})
            brought(web, tmp_path / f"asks-{number}", now)
    with asking(web, tmp_path / "of-nobody", "ordering"):
        brought(web, tmp_path / "of-nobody", now)
    store.journals.note_unordered("here", "of-nobody", "it is another order's")
    with Journal.create(tmp_path / "made-up", VirtualClock(0.0)) as journal:
        journal.append("start", {"format": 1})
        journal.append("prompt", {"kind": "text", "options": [], "question": "Pay?"})
    brought(web, tmp_path / "made-up", now)
    assert ask_on(web, 610.0) > 0
    assert (told_of(web, tmp_path / "of-nobody"), told_of(web, tmp_path / "made-up")) == ([], [])
    for number in range(len(hostile)):
        assert told_of(web, tmp_path / f"asks-{number}"), number
    rows = [row.what for row in store.notices.all(1000) if row.about.startswith("here/asks-")]
    assert max(map(len, rows)) < 1000
    assert all(len(what.splitlines()) == 1 and "\0" not in what for what in rows)


def test_of_one_station_people_are_told_so_much_in_an_hour_and_the_rest_later(
    web: Web, tmp_path: Path
) -> None:
    now = web.clock.now()
    for number in range(OF_ONE + 2):
        with asking(web, tmp_path / f"many-{number}", "ordering"):
            brought(web, tmp_path / f"many-{number}", now)

    def told() -> int:
        rows = web.hub.laboratory.store.notices.all(10_000)
        return len({row.about for row in rows if row.about.startswith("here/many-")})

    ask_on(web, 4e5)
    first = told()
    assert first <= OF_ONE
    ask_on(web, 4e5 + 60.0)
    assert told() == first
    ask_on(web, 4e5 + 3700.0)
    assert told() == OF_ONE + 2
