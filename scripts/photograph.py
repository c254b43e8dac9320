"""Take the pictures of the console's tour, docs/images/tour: each page in both languages.

usage: photograph.py [DIR [NAME…]]

Brings the demonstration's laboratory up (`remotecal demo --console`), logs in as who sees the page, and keeps
what the browser shows. Needs Debian's `chromium-headless-shell`, and what the extra `test` installs.
"""

from __future__ import annotations

import io
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as NotInTime

ROOT = Path(__file__).parent.parent
CHROMIUM = "/usr/bin/chromium-headless-shell"
LANGUAGES = {"en": "", "zh-CN": ".zh-CN"}
"""What the browser asks for → what its pictures are called by."""
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}
ORDERED = 10
"""Runs that are ordered for a picture of one that is on, at most."""
COLOURS = 64
"""Of a picture: pages are grey, and a picture is read over slow lines, too."""


@dataclass(frozen=True, slots=True)
class Laboratory:
    """The demonstration's, while it is up."""

    url: str
    passwords: dict[str, str]


@dataclass(frozen=True, slots=True)
class View:
    """A page of the tour."""

    name: str
    user: str
    """Who looks; nobody if empty."""
    go: Callable[[Page, str], None]
    """Goes there, from Today."""
    size: dict[str, int]


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


def evidence(page: Page, url: str) -> None:
    """Open the error at the first point of the last certificate's run."""
    first("/certificates", "/runs/")(page, url)
    where = page.locator('main a[href*="/results/"]').nth(2).get_attribute("href")
    page.goto(url + str(where))


@contextmanager
def paused_run(browser: Browser, lab: Laboratory) -> Iterator[None]:
    """Have a run on that stands still: by the demonstration's clock one is over in seconds.

    Where it was over before it could be paused, another one is ordered.
    """
    page = page_of(browser, lab, View("", "liwei", to("/"), DESK), "en")
    for _ in range(ORDERED):
        page.goto(lab.url + "/orders?stage=certified")
        page.locator('main td a[href^="/orders/"]').first.click()
        page.locator('form[action$="/again"] button').click()
        run = page.locator('main a[href^="/runs/"]')
        while run.count() == 0:
            page.reload()
        page.goto(lab.url + str(run.first.get_attribute("href")))
        with suppress(NotInTime):
            page.locator('button[name="verb"][value="pause"]').click(timeout=2000)
            page.locator('button[name="verb"][value="go_on"]').wait_for(timeout=5000)
            break
    else:
        raise RuntimeError(f"{ORDERED} runs were over before they could be paused")
    yield
    page.locator('button[name="verb"][value="go_on"]').click()


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


def replayed(page: Page, url: str) -> None:
    """Go to the middle of the last certificate's run."""
    first("/certificates", "/runs/")(page, url)
    page.goto(page.url.partition("?")[0] + "/moment")
    most = str(page.locator("#line").get_attribute("max"))
    page.goto(f"{page.url}?line={int(most) // 2}")


def looked_through(page: Page, url: str) -> None:
    """Have the audit log looked through."""
    page.goto(url + "/audit")
    page.locator('form[action="/audit/chain"] button').click()
    page.goto(url + "/audit")


VIEWS = (
    View("today", "liwei", to("/"), DESK),
    View("orders", "liwei", to("/orders"), DESK),
    View("run", "liwei", first("/certificates", "/runs/"), DESK),
    View("evidence", "liwei", evidence, DESK),
    View("replay", "liwei", replayed, DESK),
    View("review", "wangfang", first("/review", "/review/"), DESK),
    View("certificates", "liwei", to("/certificates"), DESK),
    View("items", "liwei", to("/items"), DESK),
    View("item", "liwei", to("/items/1"), DESK),
    View("notices", "liwei", to("/notices"), DESK),
    View("standards", "liwei", to("/standards"), DESK),
    View("standard", "liwei", first("/standards", "/standard?"), DESK),
    View("stations", "chenjing", to("/stations"), DESK),
    View("station", "liwei", to("/stations/demo-site"), DESK),
    View("statistics", "liwei", to("/statistics"), DESK),
    View("spread", "liwei", to("/statistics/spread?by=model"), DESK),
    View("intervals", "liwei", to("/statistics/intervals?by=item"), DESK),
    View("people", "liwei", to("/people"), DESK),
    View("audit", "chenjing", looked_through, DESK),
    View("wall", "chenjing", put_up, DESK),
    View("passkeys", "liwei", to("/passkeys"), DESK),
    View("key", "wangfang", to("/signing/key"), DESK),
    View("my", "instruments", to("/my"), DESK),
    View("public", "", first("/certificates", "/v/"), PHONE),
    View("phone", "liwei", to("/"), PHONE),
)


@contextmanager
def laboratory() -> Iterator[Laboratory]:
    """Bring the demonstration's laboratory up."""
    command = [sys.executable, "-m", "remotecal", "demo", "--console"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = ""
            for line in process.stdout or ():
                said += line
                if line.startswith("Ctrl-C"):
                    break
            url = re.findall(r"http://\S+", said)[0]
            yield Laboratory(url, dict(re.findall(r"^  (\w+) +((?:\w{4}-){3}\w{4})", said, re.MULTILINE)))
        finally:
            process.send_signal(signal.SIGINT)


def page_of(browser: Browser, lab: Laboratory, view: View, locale: str) -> Page:
    """Return a window of whoever looks."""
    page = browser.new_context(locale=locale, viewport=view.size, device_scale_factor=1).new_page()
    page.goto(lab.url + "/")
    user = view.user or "liwei"
    page.locator('input[name="name"]').fill(user)
    page.locator('input[name="password"]').fill(lab.passwords[user])
    page.keyboard.press("Enter")
    page.locator("nav").first.wait_for()
    return page


def keep(shot: bytes, path: Path) -> None:
    """Keep a picture with few colours."""
    picture = Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


def take(browser: Browser, lab: Laboratory, folder: Path, views: Collection[View]) -> None:
    """Take the pictures of some pages, in each language."""
    for locale, called in LANGUAGES.items():
        for view in views:
            page = page_of(browser, lab, view, locale)
            view.go(page, lab.url)
            keep(page.screenshot(), folder / f"{view.name}{called}.png")
            page.context.close()


def main(folder: Path, names: Collection[str]) -> None:
    """Take those of some names, or all."""
    folder.mkdir(parents=True, exist_ok=True)
    with laboratory() as lab, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        wanted = [view for view in VIEWS if not names or view.name in names]
        take(browser, lab, folder, [view for view in wanted if view.go is not put_up])
        if walls := [view for view in wanted if view.go is put_up]:
            with paused_run(browser, lab):
                take(browser, lab, folder, walls)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images" / "tour", sys.argv[2:])
