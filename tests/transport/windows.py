"""Windows of a real browser beside a rig, and what every page in them must hold."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from axe_playwright_python.sync_playwright import Axe
from laboratories import PATIENCE
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright
from processes import wait_until
from station_page import Beside

CHROMIUM = "/usr/bin/chromium-headless-shell"
WITHIN = PATIENCE * 1000.0
expect.set_options(timeout=WITHIN)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PHONE = {"is_mobile": True, "has_touch": True, "viewport": {"width": 360, "height": 740}}
LOOK = os.environ.get("LOOK", "")
"""A folder for pictures of the pages, where somebody wants to look at them."""
SMALLER_THAN_A_FINGER = """() => [
    ...document.querySelectorAll('button, nav a, main a, summary, input, select, .sure')]
    .filter((e) => e.getClientRects().length && e.type !== 'hidden' && e.type !== 'checkbox')
    .filter((e) => e.getBoundingClientRect().height < 44)
    .map((e) => e.outerHTML)"""

COLOUR_ALONE = """() => {
  const root = getComputedStyle(document.documentElement), rgb = (name) => {
    const six = parseInt(root.getPropertyValue(name).trim().slice(1), 16);
    return `rgb(${six >> 16}, ${(six >> 8) & 255}, ${six & 255})`;
  };
  const inks = ['--call', '--alarm'].map(rgb), grounds = ['--call-ground', '--alarm-ground'].map(rgb);
  const told = (e, all, of) => all.includes(getComputedStyle(e)[of]);
  const begins = (e, all, of) => told(e, all, of) && !told(e.parentElement, all, of);
  const shaped = (e) => !['none', 'normal', ''].includes(getComputedStyle(e, '::before').content)
    || e.matches('button') || parseFloat(getComputedStyle(e).borderLeftWidth) >= 5;
  return [...document.querySelectorAll('body *')].filter((e) => e.checkVisibility() && !e.closest('svg'))
    .filter((e) => begins(e, inks, 'color') || begins(e, grounds, 'backgroundColor'))
    .filter((e) => !shaped(e) || !e.innerText.trim()).map((e) => e.outerHTML.slice(0, 200));
}"""
"""What is coloured for somebody to look at without a word, or without a sign before it or a bar beside it."""
VALUES_SPOKEN = """() => [...document.querySelectorAll('#values, #live, .values, .indications, .big')]
    .filter((e) => e.closest('[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log]'))
    .map((e) => e.outerHTML.slice(0, 200))"""
"""Values that a screen reader would say whenever one changes: only events are to be said."""


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def window(browser: Browser, said: list[str], **settings: object) -> Page:
    context = browser.new_context(**{"locale": "en", **settings})
    context.set_default_timeout(WITHIN)
    page = context.new_page()
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda told: said.append(told.text) if told.type in {"error", "warning"} else None)
    return page


def opened(browser: Browser, beside: Beside, said: list[str], **settings: object) -> Page:
    page = window(browser, said, **settings)
    page.goto(beside.call(beside.served.entrance))
    page.wait_for_url(f"{beside.base}/")
    return page


def asked(beside: Beside, number: int) -> None:
    wait_until(lambda: (live := beside.station.live()) is not None and live.prompt == number)


def over(beside: Beside) -> None:
    wait_until(lambda: beside.station.live() is None)


def looked_at(page: Page, name: str) -> None:
    """Check a page as it is now: nothing for axe to find, nothing too small, nothing too wide."""
    if LOOK:
        page.screenshot(path=f"{LOOK}/{name}.png", full_page=True)
    found = Axe().run(page, options=RULES)
    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == [], name
    for unfit in (SMALLER_THAN_A_FINGER, COLOUR_ALONE, VALUES_SPOKEN):
        told = page.evaluate(unfit)
        assert told == [], f"{name}: {told}"
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width, name


def shot(width: int = 4000, height: int = 3000, quality: int = 55, turned: bool = False) -> bytes:
    """Return a photo as a phone takes it; it says so where it was turned, and is not upright itself."""
    made, told = BytesIO(), Image.Exif()
    told[0x0112] = 6 if turned else 1
    picture = Image.effect_noise((width, height), 60).convert("RGB")
    picture.save(made, "JPEG", quality=quality, exif=told)
    return made.getvalue()
