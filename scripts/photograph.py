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
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as NotInTime
from tour_views import DESK, VIEWS, View, first

from remotecal.certificates.signing.issuing import issue, new_authority, new_rsa_key, requested, subject
from remotecal.certificates.signing.keys import SigningKey, fingerprint
from remotecal.certificates.signing.seal import SealKey
from remotecal.certificates.trust import sign_trust_list
from remotecal.cli.demo import KEYS, TRUST
from remotecal.cli.demo_console import REGISTER
from remotecal.register_entries import enter
from remotecal.registers import LaboratoryRegister
from remotecal.transport.pki import certificate_pem

ROOT = Path(__file__).parent.parent
CHROMIUM = "/usr/bin/chromium-headless-shell"
LANGUAGES = {"en": "", "zh-CN": ".zh-CN"}
"""What the browser asks for → what its pictures are called by."""
ORDERED = 10
"""Runs that are ordered for a picture of one that is on, at most."""
SITE, BENCH = "demo-site", "simulated"
"""Where it is ordered, and how the bench's name begins."""
MOST_REPEATS = 30
"""Of each of its points."""
HOLDER = "Wang Fang"
"""Whose key it is that the browser keeps."""
COLOURS = 64
"""Of a picture: pages are grey, and a picture is read over slow lines, too."""


@dataclass(frozen=True, slots=True)
class Laboratory:
    """The demonstration's, while it is up."""

    url: str
    passwords: dict[str, str]
    place: Path
    """Everything it is made of."""


def prepared(browser: Browser, lab: Laboratory) -> None:
    """Let a customer ask for a calibration, and somebody bring a certificate on paper."""
    page = page_of(browser, lab, "instruments", "zh-CN")
    page.goto(lab.url + "/my/items")
    page.locator('input[name="item"]').first.check()
    page.locator('form[action="/my/requests/items"] button').click()
    page.wait_for_url("**/my*")
    page.context.close()
    page = page_of(browser, lab, "liwei", "zh-CN")
    page.goto(lab.url + "/standards/papers")
    scan = {"name": "LSZ-2026-0815.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 the paper"}
    page.locator("#scan").set_input_files(scan)
    page.locator('form[action="/standards/papers"] button').click()
    page.wait_for_url("**/standards/papers/*")
    page.context.close()


@contextmanager
def paused_run(browser: Browser, lab: Laboratory) -> Iterator[None]:
    """Have a run on that stands still: by the demonstration's clock one is over in seconds.

    So as many repeats are ordered as there may be; where it was over before it could be paused, another one.
    """
    page = page_of(browser, lab, "liwei", "en")
    for _ in range(ORDERED):
        first("/items/1", "/orders/new?")(page, lab.url)
        there = page.locator(f'#at option[value^="{SITE}/{BENCH}"]').get_attribute("value")
        page.locator("#at").select_option(there)
        page.locator('input[name$="repeats"]').fill(str(MOST_REPEATS))
        with page.expect_navigation():
            page.locator('form[action="/orders/new"][method="post"] button').click()
        run = page.locator('main a[href^="/runs/"]')
        while run.count() == 0:
            page.reload()
        page.goto(lab.url + str(run.first.get_attribute("href")))
        with suppress(NotInTime):
            page.locator('progress:not([value="0"])').first.wait_for(timeout=5000)
            page.locator('button[name="verb"][value="pause"]').click(timeout=2000)
            page.locator('button[name="verb"][value="go_on"]').wait_for(timeout=5000)
            break
    else:
        raise RuntimeError(f"{ORDERED} runs were over before they could be paused")
    yield
    page.locator('button[name="verb"][value="go_on"]').click()


@contextmanager
def laboratory() -> Iterator[Laboratory]:
    """Bring the demonstration's laboratory up."""
    with (
        tempfile.TemporaryDirectory() as temporary,
        subprocess.Popen(
            [sys.executable, "-m", "remotecal", "demo", "--console", "--out", f"{temporary}/laboratory"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        try:
            said = ""
            for line in process.stdout or ():
                said += line
                if line.startswith("Ctrl-C"):
                    break
            url = re.findall(r"http://\S+", said)[0]
            passwords = dict(re.findall(r"^  (\w+) +((?:\w{4}-){3}\w{4})", said, re.MULTILINE))
            yield Laboratory(url, passwords, Path(temporary) / "laboratory")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def page_of(browser: Browser, lab: Laboratory, user: str, locale: str) -> Page:
    """Return a window of somebody who is logged in, or of nobody."""
    page = browser.new_context(locale=locale, viewport=DESK, device_scale_factor=1).new_page()
    page.goto(lab.url + "/login")
    if user:
        page.locator('input[name="name"]').fill(user)
        page.locator('input[name="password"]').fill(lab.passwords[user])
        page.keyboard.press("Enter")
        page.locator("nav").first.wait_for()
    return page


def keep(shot: bytes, path: Path) -> None:
    """Keep a picture with few colours."""
    picture = Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    picture.save(path, lossless=True, quality=75, method=4)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB", flush=True)


def certify(lab: Laboratory, request: bytes, name: str) -> bytes:
    """Have an authority that the laboratory's trust list names from now on certify a browser's key."""
    asked, begin = requested(request), datetime.now(UTC) - timedelta(days=1)
    private = new_rsa_key()
    authority = new_authority(private, subject("Laboratory CA"), begin, begin + timedelta(days=400))
    named, key = subject(name, in_browser=True), SigningKey(private, (authority,))
    made = issue(asked.public, named, key, begin, begin + timedelta(days=366))
    trust = lab.place / TRUST
    told = f"certificates = [\n'''\n{certificate_pem(authority).decode()}''',"
    trust.write_text(trust.read_text("utf-8").replace("certificates = [", told, 1), "utf-8")
    sign_trust_list(trust, SealKey.read(lab.place / KEYS / "list-issuer.pem"))
    register = lab.place / REGISTER
    person = next(one for one in LaboratoryRegister.load(register).persons if one.name.get("en") == name)
    enter(register, person.model_copy(update={"browser_key": fingerprint(made)}), instead=True)
    return certificate_pem(made)


def keep_key(page: Page, lab: Laboratory) -> None:
    """Have the browser make a key, and keep it with its certificate."""
    page.goto(lab.url + "/signing/key")
    page.locator("#holder").fill(HOLDER)
    page.locator("#no-key button").click()
    with page.expect_download() as saving:
        page.locator('form[action="/signing/key/request"] button').click()
    made = certify(lab, saving.value.path().read_bytes(), HOLDER)
    brought = {"name": "browser-key.crt", "mimeType": "application/x-pem-file", "buffer": made}
    page.locator("#certificate").set_input_files(brought)
    page.locator('form[action="/signing/key/certificate"] button').click()
    page.locator("#given").wait_for()


def take(browser: Browser, lab: Laboratory, folder: Path, locale: str, views: Collection[View]) -> None:
    """Take the pictures of some pages in a language."""
    windows: dict[str, Page] = {}
    for view in views:
        page = windows.get(view.user) or page_of(browser, lab, view.user, locale)
        windows[view.user] = page
        page.set_viewport_size(view.size)
        if view.with_key:
            keep_key(page, lab)
        view.go(page, lab.url)
        path = re.sub(r"{\w+}", "[^/]+", view.shows)
        if not re.fullmatch(f"{lab.url}{path}(?:[?#].*)?", page.url):
            raise RuntimeError(f"{view.name} is to show {view.shows}, and shows {page.url}")
        keep(page.screenshot(), folder / f"{view.name}{LANGUAGES[locale]}.webp")
    for page in windows.values():
        page.context.close()


def main(folder: Path, names: Collection[str]) -> None:
    """Take those of some names, or all."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [view for view in VIEWS if not names or view.name in names]
    with laboratory() as lab, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        prepared(browser, lab)
        for locale in LANGUAGES:
            take(browser, lab, folder, locale, [view for view in wanted if not (view.while_on or view.last)])
        if moved := [view for view in wanted if view.while_on]:
            for locale in LANGUAGES:
                with paused_run(browser, lab):
                    take(browser, lab, folder, locale, moved)
        for locale in LANGUAGES:
            take(browser, lab, folder, locale, [view for view in wanted if view.last])
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images" / "tour", sys.argv[2:])
