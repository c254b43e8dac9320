"""The pages of the console's tour: who sees them, and how one goes there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playwright.sync_api import TimeoutError as NotInTime

if TYPE_CHECKING:
    from playwright.sync_api import Page

DESK = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}
REFERENCE = "SIM-reference"
"""Serial number of the demonstration's master meter."""
THERMOMETER = "E4420011"
"""That of what tells the air's temperature, pressure and humidity."""
TABLE = """name_zh,name_en,maker,model,serial,months,due
电磁流量计,Electromagnetic flow meter,Example,DN 50,F-7101,12,2027-03-01
电磁流量计,Electromagnetic flow meter,Example,DN 50,F-7102,12,2027-03-01
涡轮流量计,Turbine flow meter,Example,DN 25,F-7103,24,2027-06-15
"""
"""Items that somebody brings."""


@dataclass(frozen=True, slots=True)
class View:
    """A page of the tour."""

    name: str
    shows: str
    """The page, by its path as the application has it."""
    user: str
    """Who looks; nobody if empty."""
    go: Callable[[Page, str], None]
    """Goes there, from Today."""
    size: dict[str, int]
    while_on: bool = False
    """Whether a run has to be on, that stands still."""
    last: bool = False
    """Whether nothing can be ordered afterwards: these are taken when all others are, in both languages."""
    through: str = ""
    """A page that only lets in, and leads to this one."""
    with_key: bool = False
    """Whether the browser keeps a key that is certified and may sign."""


def to(path: str) -> Callable[[Page, str], None]:
    """Return what goes to an address."""

    def go(page: Page, url: str) -> None:
        page.goto(url + path)

    return go


def first(path: str, link: str) -> Callable[[Page, str], None]:
    """Return what goes to a page, and to the first of its links that begins so."""

    def go(page: Page, url: str) -> None:
        page.goto(url + path)
        where = page.locator(f'main a[href^="{link}"]').first.get_attribute("href")
        page.goto(url + str(where))

    return go


def of_run(part: str) -> Callable[[Page, str], None]:
    """Return what goes to a page of the last certificate's run."""

    def go(page: Page, url: str) -> None:
        first("/certificates", "/runs/")(page, url)
        page.goto(page.url.partition("?")[0] + part)

    return go


def of_standard(path: str, serial: str = REFERENCE) -> Callable[[Page, str], None]:
    """Return what goes to a page of a standard."""

    def go(page: Page, url: str) -> None:
        page.goto(f"{url}{path}?number={serial}")

    return go


def of_orders(path: str) -> Callable[[Page, str], None]:
    """Return what goes to what is printed of the last order."""

    def go(page: Page, url: str) -> None:
        first("/orders", "/orders/DEMO")(page, url)
        page.goto(f"{url}{path}?order={page.url.rpartition('/')[2]}")

    return go


def first_form(page: Page, url: str) -> None:
    """Choose the bench and the procedure of an order that has no pattern."""
    first("/orders/first", "/orders/first?at=demo-site")(page, url)
    page.locator('main td a[href*="water_master_meter"]').first.click()
    page.locator('form[action="/orders/first"]').wait_for()


def brought(page: Page, url: str) -> None:
    """Have a table of items looked at."""
    page.goto(url + "/items/import")
    table = {"name": "items.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}
    page.locator("#file").set_input_files(table)
    page.locator('form[action="/items/import"] button').click()
    page.locator('form[action="/items/import/keep"]').wait_for()


def kept(page: Page, url: str) -> None:
    """Have a table of items taken in."""
    brought(page, url)
    page.locator('form[action="/items/import/keep"] button').click()
    page.wait_for_url("**/items/import/kept?*")


def out_of_service(page: Page, url: str) -> None:
    """Go to a standard that is out of service; it is taken out of it where nobody did."""
    page.goto(f"{url}/standard?number={THERMOMETER}")
    form = page.locator('form[action="/standard/out"]')
    if form.count():
        form.locator("#reason").fill("22.4 °C / 22.1 °C")
        form.locator("button").click()
        form.wait_for(state="detached")


def drafts(page: Page, url: str) -> None:
    """Go to the notices for whom it concerns that a standard was out of tolerance."""
    of_standard("/resting")(page, url)
    page.goto(url + str(page.locator('main a[href^="/resting/drafts"]').first.get_attribute("href")))


def paper(page: Page, url: str) -> None:
    """Go to a certificate on paper that somebody typed in whose scan is there."""
    first("/standards/papers", "/standards/papers/")(page, url)


def evidence(page: Page, url: str) -> None:
    """Open the error at the first point of the last certificate's run."""
    first("/certificates", "/runs/")(page, url)
    where = page.locator('main a[href*="/results/"]').nth(2).get_attribute("href")
    page.goto(url + str(where))


def new_passkey(page: Page, url: str) -> None:
    """Go to where a passkey is made, once it has a name."""
    page.goto(url + "/passkeys")
    language = str(page.locator("html").get_attribute("lang"))
    page.locator("#name").fill("工作手机" if language == "zh" else "phone at work")
    page.locator('form[action="/passkeys/new"] button').click()
    page.wait_for_url("**/passkeys/new*")


def put_up(page: Page, url: str) -> None:
    """Put up a screen on a wall that tells names and values, and open its address as the screen would."""
    page.goto(url + "/walls")
    language = str(page.locator("html").get_attribute("lang"))
    page.locator("#place").fill("大厅" if language == "zh" else "hall")
    page.locator("#shown_in").select_option(language)
    page.locator('input[name="full"]').check()
    page.locator('form[action="/walls"] button').click()
    page.goto(page.locator(".made code").inner_text())
    page.locator(".state.paused").first.wait_for()
    with suppress(NotInTime):
        page.locator(".silent").first.wait_for(state="hidden", timeout=10_000)


def signing(page: Page, url: str) -> None:
    """Prepare what waits for a signature by the key in this browser, and go to where it is signed."""
    page.goto(url + "/review")
    waits = page.locator("main tr", has=page.locator("strong")).locator('a[href^="/review/"]').first
    page.goto(url + str(waits.get_attribute("href")))
    page.locator('form[action="/signing"] button').click()
    page.locator("#sign-here button").wait_for()


def live(page: Page, url: str) -> None:
    """Go to the runs that are on, at the first one's card, once there is news of it."""
    page.goto(url + "/live")
    with suppress(NotInTime):
        page.locator(".silent").first.wait_for(state="hidden", timeout=10_000)
    if page.viewport_size == PHONE:
        page.locator("main h2").first.evaluate("part => part.scrollIntoView()")


def origin(page: Page, url: str) -> None:
    """Open the certificate of a standard, as the last certificate's run knew it."""
    evidence(page, url)
    page.goto(url + str(page.locator('main a[href*="/standards/"]').first.get_attribute("href")))


def replayed(page: Page, url: str) -> None:
    """Go to the middle of the last certificate's run."""
    of_run("/moment")(page, url)
    most = str(page.locator("#line").get_attribute("max"))
    page.goto(f"{page.url}?line={int(most) // 2}")


def looked_through(page: Page, url: str) -> None:
    """Have the audit log looked through."""
    page.goto(url + "/audit")
    with page.expect_navigation():  # the form is sent a while after the click
        page.locator('form[action="/audit/chain"] button').click()


out_label = of_standard("/standard/label", THERMOMETER)

VIEWS = (
    View("today", "/", "liwei", to("/"), DESK),
    View("phone", "/", "liwei", to("/"), PHONE),
    View("login", "/login", "", to("/login"), DESK),
    View("search", "/search", "liwei", to("/search?q=DEMO-0001"), DESK),
    View("help", "/help", "liwei", to("/help"), DESK),
    View("orders", "/orders", "liwei", to("/orders"), DESK),
    View("order", "/orders/{order}", "liwei", first("/orders?stage=certified", "/orders/DEMO"), DESK),
    View("order-new", "/orders/new", "liwei", first("/items/1", "/orders/new?"), DESK),
    View("order-first", "/orders/first", "liwei", first_form, DESK),
    View("sheets", "/orders/sheets", "liwei", of_orders("/orders/sheets"), DESK),
    View("labels", "/orders/labels", "liwei", of_orders("/orders/labels"), DESK),
    View("numbers", "/numbers", "liwei", to("/numbers"), DESK),
    View("live", "/live", "liwei", live, DESK, while_on=True),
    View("live-phone", "/live", "liwei", live, PHONE, while_on=True),
    View("runs", "/runs", "liwei", to("/runs"), DESK),
    View("run", "/runs/{station}/{run}", "liwei", first("/certificates", "/runs/"), DESK),
    View(
        "evidence",
        "/runs/{station}/{run}/results/{measurement}/{result}/{table}/{row}/{column}",
        "liwei",
        evidence,
        DESK,
    ),
    View("origin", "/runs/{station}/{run}/standards/{name}", "liwei", origin, DESK),
    View("observations", "/runs/{station}/{run}/observations", "liwei", of_run("/observations"), DESK),
    View("course", "/runs/{station}/{run}/course", "liwei", of_run("/course"), DESK),
    View("replay", "/runs/{station}/{run}/moment", "liwei", replayed, DESK),
    View("compare", "/runs/{station}/{run}/compare", "liwei", of_run("/compare"), DESK),
    View("review-queue", "/review", "wangfang", to("/review"), DESK),
    View("review", "/review/{station}/{run}", "wangfang", first("/review", "/review/"), DESK),
    View("key", "/signing/key", "wangfang", to("/signing/key"), DESK),
    View("signing", "/signing/{act}", "wangfang", signing, DESK, with_key=True),
    View("certificates", "/certificates", "liwei", to("/certificates"), DESK),
    View("public", "/v/{token}", "liwei", first("/certificates", "/v/"), PHONE),
    View("label", "/label", "liwei", first("/certificates", "/label?"), DESK),
    View("tell", "/tell", "liwei", first("/certificates", "/tell?"), DESK),
    View("amend", "/amend", "liwei", first("/certificates", "/amend?"), DESK),
    View("recall", "/recall", "zhaomin", first("/certificates", "/recall?"), DESK),
    View("items", "/items", "liwei", to("/items"), DESK),
    View("item", "/items/{item}", "liwei", to("/items/1"), DESK),
    View("item-new", "/items/new", "liwei", to("/items/new"), DESK),
    View("import", "/items/import", "liwei", brought, DESK),
    View("kept", "/items/import/kept", "liwei", kept, DESK),
    View("due", "/due", "liwei", to("/due"), DESK),
    View("notices", "/notices", "liwei", to("/notices"), DESK),
    View("standards", "/standards", "liwei", to("/standards"), DESK),
    View("standard", "/standard", "liwei", first("/standards", "/standard?"), DESK),
    View("out", "/standard", "liwei", out_of_service, DESK, last=True),
    View(
        "standard-label",
        "/standard/label",
        "liwei",
        of_standard("/standard/label", THERMOMETER),
        DESK,
        last=True,
    ),
    View("drift", "/standard/drift", "liwei", of_standard("/standard/drift"), DESK),
    View("check", "/standards/check", "liwei", first("/standards", "/standards/check?"), DESK),
    View("papers", "/standards/papers", "liwei", to("/standards/papers"), DESK),
    View("paper", "/standards/papers/{paper}", "wangfang", paper, DESK),
    View("resting", "/resting", "liwei", of_standard("/resting"), DESK),
    View("drafts", "/resting/drafts", "liwei", drafts, DESK),
    View("stations", "/stations", "chenjing", to("/stations"), DESK),
    View("station", "/stations/{station}", "liwei", to("/stations/demo-site"), DESK),
    View("statistics", "/statistics", "liwei", to("/statistics"), DESK),
    View("spread", "/statistics/spread", "liwei", to("/statistics/spread?by=model"), DESK),
    View("intervals", "/statistics/intervals", "liwei", to("/statistics/intervals?by=item"), DESK),
    View("people", "/people", "liwei", to("/people"), DESK),
    View("audit", "/audit", "chenjing", looked_through, DESK),
    View("walls", "/walls", "chenjing", to("/walls"), DESK),
    View("wall", "/wall", "chenjing", put_up, DESK, while_on=True, through="/wall/{secret}"),
    View("passkeys", "/passkeys", "liwei", to("/passkeys"), DESK),
    View("passkey-new", "/passkeys/new", "liwei", new_passkey, DESK),
    View("my", "/my", "instruments", to("/my"), DESK),
    View("my-items", "/my/items", "instruments", to("/my/items"), DESK),
    View("my-table", "/my/table", "instruments", to("/my/table"), DESK),
    View("requests", "/requests", "liwei", to("/requests"), DESK),
)

STATION_VIEWS = {
    "consent": "/",
    "live": "/",
    "question": "/",
    "photo": "/photo",
    "readings": "/readings",
    "last": "/last",
    "code": "/phone",
    "join": "/join",
}
"""View beside a rig → its page, by its path as the station has it; each is entered by `/enter`."""
STATION_SIZES = {"station": DESK, "station-phone": PHONE}
"""What the pictures of them are called by → the window."""
STATION_PICTURES = {f"{size}-{view}" for size in STATION_SIZES for view in STATION_VIEWS} - {"station-join"}
"""Names of their pictures: only a phone joins."""
