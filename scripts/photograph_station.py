"""Take the pictures of the page beside a rig for the console's tour: both languages, a phone and a screen.

usage: photograph_station.py [DIR]

Brings hub, broker, station and its page up beside the bench of the tests; four windows look on at one run.
Needs what `photograph.py` needs.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from math import cos, radians, sin
from pathlib import Path

ROOT = Path(__file__).parent.parent
for part in ("transport", "procedures", "links", ""):
    sys.path.insert(0, str(ROOT / "tests" / part))

from hand import DIAL, read_by_hand
from laboratories import founded
from photograph import LANGUAGES, keep
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page
from processes import wait_until
from station_page import Beside, page_up
from tiny_bench import tiny_bench
from tour_views import PHONE, STATION_SIZES, STATION_VIEWS
from windows import chromium

from remotecal.station.on_site import Wish, wish_for

WORDS = {
    'zh = "表", en = "Meter"': 'zh = "压力表", en = "Pressure gauge"',
    'name = "Customer"': 'name = "Hangzhou Valve Works"',
    'maker = "Maker"': 'maker = "Acme"',
}
LIMIT = '\n[[interlocks]]\nwatch = "gauge.value"\nabove = 8.0\nunit = "V"\n'
MANY = 500
"""Repeats of a run that is paused while its picture is taken."""


@contextmanager
def station(path: Path, *, by_hand: bool) -> Iterator[Beside]:
    """Bring a station up, with a dial that is photographed and read or with a meter on a wire."""
    (path / "site").mkdir(parents=True)
    with tiny_bench(path / "site") as tiny:
        if by_hand:
            read_by_hand(tiny, DIAL.replace("photo = false", "photo = true"))
        else:
            tiny.add(tiny.bench, LIMIT)
        tiny.parameter(f"levels = [1, 2]\nrepeats = {1 if by_hand else MANY}")
        text = tiny.order.read_text()
        for said, better in WORDS.items():
            text = text.replace(said, better)
        tiny.order.write_text(text)
        with page_up(founded(path / "hub"), tiny, path, consent=by_hand) as up:
            yield up


def windows(browser: Browser, beside: Beside) -> dict[str, Page]:
    """Open a window of each size in each language: name of its pictures, with `{}` for the view → window."""
    opened = {}
    for locale, called in LANGUAGES.items():
        for size, viewport in STATION_SIZES.items():
            page = browser.new_context(locale=locale, viewport=viewport, device_scale_factor=1).new_page()
            page.goto(beside.call(beside.served.entrance))
            page.wait_for_url(f"{beside.base}/")
            opened[f"{size}-{{}}{called}"] = page
    return opened


def dial(path: Path, shown: float) -> Path:
    """Draw a dial as a photo of it."""
    picture = Image.new("RGB", (640, 480), "#8a8f92")
    drawing = ImageDraw.Draw(picture)
    drawing.ellipse((120, 40, 520, 440), fill="#f4f4f0", outline="#222", width=10)
    for tick in range(21):
        turn = radians(225 - 13.5 * tick)
        ends = [(320 + far * cos(turn), 240 - far * sin(turn)) for far in (150 if tick % 5 else 135, 175)]
        drawing.line(ends, fill="#222", width=4)
    turn = radians(225 - 13.5 * shown)
    drawing.line([(320, 240), (320 + 150 * cos(turn), 240 - 150 * sin(turn))], fill="#a01010", width=7)
    made = BytesIO()
    picture.save(made, "JPEG", quality=80)
    path.write_bytes(made.getvalue())
    return path


class Person:
    """Who is beside the dial."""

    def __init__(self, beside: Beside, folder: Path) -> None:
        self._beside, self._folder, self._photos = beside, folder, 0

    def wish(self, **said: str) -> None:
        answer = self._beside.do(
            wish_for(self._beside.site.folder.socket, Wish.model_validate({"by": "王芳", **said}))
        )
        if not answer.done:
            raise RuntimeError(answer.reason)

    def asked(self, *kinds: str) -> None:
        """Answer until something of these kinds is asked, or the run is over."""
        while (kind := wait_until(self._turn)) != "over" and kind not in kinds:
            self.answer(kind)

    def answer(self, kind: str) -> None:
        """Answer what is asked, which is of this kind, and wait for what comes then."""
        live = self._beside.station.live()
        if kind == "file":
            self._photos += 1  # each reading needs a photo of its own
            photo = dial(self._folder / "dial.jpg", 1.0 + 0.01 * self._photos)
            self.wish(verb="attach", file=str(photo), argument="dial")
        else:
            said = {"text": "M1", "number": "1.00"}
            self.wish(verb="answer", argument=said.get(kind) or live.options[0])
        wait_until(lambda: self._turn() and self._number() != live.prompt)

    def _number(self) -> int:
        live = self._beside.station.live()
        return live.prompt if live is not None else -1

    def _turn(self) -> str:
        live = self._beside.station.live()
        return "over" if live is None else live.kind if live.prompt else ""


class Camera:
    """Takes the pictures of a view in all windows."""

    def __init__(self, browser: Browser, beside: Beside, folder: Path) -> None:
        self._base, self._folder, self._there = beside.base, folder, windows(browser, beside)

    def take(self, view: str, show: str = "main h1") -> None:
        for called, page in self._there.items():
            page.goto(self._base + STATION_VIEWS[view])
            part = page.locator(show).first
            part.wait_for()
            block = "start" if page.viewport_size == PHONE else "nearest"
            part.evaluate("(part, block) => part.scrollIntoView({ block })", block)
            keep(page.screenshot(), self._folder / f"{called.format(view)}.webp")


def joined(browser: Browser, beside: Beside, folder: Path) -> None:
    """Let phones join, and take what the code leads one to."""
    beside.do(beside.served.phones.open())
    for locale, called in LANGUAGES.items():
        plain = {"java_script_enabled": False}  # a script would join at once
        context = browser.new_context(locale=locale, viewport=PHONE, ignore_https_errors=True, **plain)
        page = context.new_page()
        page.goto(beside.call(lambda: beside.served.phones.address))
        page.locator("#name").wait_for()
        keep(page.screenshot(), folder / f"station-phone-join{called}.webp")
        context.close()


def paused(browser: Browser, beside: Beside, path: Path, folder: Path) -> None:
    """Take what is there while a run is on."""
    camera, person = Camera(browser, beside, folder), Person(beside, path)
    joined(browser, beside, folder)
    camera.take("code", show="main img")
    beside.do(beside.site.order())
    wait_until(lambda: (live := beside.station.live()) is not None and live.observed)
    person.wish(verb="pause")
    wait_until(lambda: beside.station.live().state == "paused")
    camera.take("live", show="#live section")
    person.wish(verb="abort", argument="the pictures are taken")
    wait_until(lambda: beside.station.live() is None)


def asked(browser: Browser, beside: Beside, path: Path, folder: Path) -> None:
    """Take what is asked of a person, and what comes of it."""
    camera, person = Camera(browser, beside, folder), Person(beside, path)
    order = beside.do(beside.site.order())
    wait_until(lambda: beside.call(lambda: beside.station.consent.order is not None))
    camera.take("consent", show="#call dl")
    person.wish(verb="agree")
    wait_until(lambda: beside.station.live() is not None)
    person.asked("file")
    camera.take("photo")
    person.asked("number")
    camera.take("question", show="#call section")
    for kind in ("number", "file") * 3:
        person.asked(kind)
        person.answer(kind)
    camera.take("readings", "#grid")
    person.asked()
    beside.do(beside.site.recomputed(order))
    camera.take("last", "main table")


def main(folder: Path) -> None:
    """Take them all."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, chromium() as browser:
        for name, by_hand, take in (("wire", False, paused), ("dial", True, asked)):
            path = Path(temporary) / name
            with station(path, by_hand=by_hand) as beside:
                take(browser, beside, path, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images" / "tour")
