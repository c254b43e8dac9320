"""What somebody does before a browser, counted: printed beside the goal of a scenario (`pytest -s`)."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

if TYPE_CHECKING:
    from remotecal.pages.words import Catalogue

PER_CLICK, PER_KEY = 2.65, 0.28
"""Seconds that somebody takes: to make up their mind, point and press; and for a key (Card, Moran and Newell,
The keystroke-level model, Comm. ACM 23 (1980) 396, table I: M + P + B of 0.2 s; K of an average typist)."""

PER_LOOK, PER_WORD = 1.35, 60 / 238
"""Seconds for a look at something (M, likewise), and for each word of it (Brysbaert, How many words do we
read per minute?, J. Mem. Lang. 109 (2019) 104047: silent reading of English prose)."""
WORD = re.compile(r"[\u4e00-\u9fff]{1,2}|[^\W\u4e00-\u9fff](?:[^\s\u4e00-\u9fff]*[^\W\u4e00-\u9fff])?")
"""A word or a number; in Chinese, two letters. A mark that stands alone is none.

A number is one word, however many digits it has, and what somebody thinks of it is not counted."""
LEFT = "all => all.map(it => it.getBoundingClientRect().x)"
"""Where the left edges of some elements are."""


@dataclass
class Person:
    """Somebody before a browser, whose clicks and keys are counted, and what comes over the line for them."""

    page: Page
    words: Catalogue
    goal: str
    clicks: int = 0
    keys: int = 0
    bytes: int = 0
    reading: float = 0.0
    """Seconds for what was looked at."""
    began: float = 0.0

    def __post_init__(self) -> None:
        line = self.page.context.new_cdp_session(self.page)
        line.send("Network.enable")
        line.on("Network.loadingFinished", self._loaded)

    def _loaded(self, told: Mapping[str, float]) -> None:
        self.bytes += int(told["encodedDataLength"])

    def begin(self, address: str = "") -> None:
        """Count from here on, where the page stands or at an address."""
        self.clicks = self.keys = self.bytes = 0
        self.reading = 0.0
        self.began = time.monotonic()
        if address:
            self.page.goto(address)

    def click(self, there: Locator) -> None:
        there.click()
        self.clicks += 1

    def tap(self, there: Locator) -> None:
        there.tap()
        self.clicks += 1

    def back(self) -> None:
        """Go back by the browser's button."""
        self.page.go_back()
        self.clicks += 1

    def choose(self, there: Locator, file: FilePayload, *, taken: bool = False) -> None:
        """Press what asks for a file, and choose it there; or have the camera up, shoot, and use that."""
        there.set_input_files([file])
        self.clicks += 3 if taken else 2

    def look(self, there: Locator) -> int:
        """Read each of what is there, as far as it can be seen, and return how many it is.

        What a click leads to may not have begun to come when the click is over.
        """
        expect(there.first).to_be_visible()
        return self.read(*there.all_inner_texts())

    def read(self, *texts: str) -> int:
        """Read some texts, with a look at each, and return how many there are."""
        seen = [text for text in texts if text.strip()]
        self.reading += sum(PER_LOOK + len(WORD.findall(text)) * PER_WORD for text in seen)
        return len(seen)

    def look_down(self, rows: Locator, what: str) -> int:
        """Read the first of some rows wholly, and of the others what is not the same; return how many.

        Names and units that stand in one column are read once; whether they do stand below each other is
        asked of the browser.
        """
        first, *others = rows.all()
        places = [row.locator(what).evaluate_all(LEFT) for row in (first, *others)]
        assert all(x == pytest.approx(places[0], abs=1.0) for x in places), places
        self.look(first)
        return 1 + self.read(*(" ".join(row.locator("h2, .number").all_inner_texts()) for row in others))

    def press(self, key: str, there: Locator | None = None) -> None:
        """Press one key, where the focus is or on what was got to."""
        if there is None:
            self.page.keyboard.press(key)
        else:
            there.press(key)
        self.keys += 1

    def type(self, text: str) -> None:
        """Press keys, a line feed for Enter."""
        self.page.keyboard.type(text)
        self.keys += len(text)

    def tab_to(self, there: Locator) -> None:
        """Press Tab until the focus stands there, where it can be seen."""
        expect(there).to_be_visible()
        for _ in range(200):
            self.page.keyboard.press("Tab")
            self.keys += 1
            if there.evaluate("(it) => it === document.activeElement"):
                break
        assert (
            there.evaluate("(it) => it.matches(':focus-visible') && getComputedStyle(it).outlineStyle")
            == "solid"
        )

    def fill(self, there: Locator, text: str) -> None:
        """Type a text into a field that was got to by a click or keys."""
        there.fill(text)
        self.keys += len(text)

    def link(self, name: str, **inserted: object) -> Locator:
        return self.page.get_by_role("link", name=self.words(name, **inserted))

    def button(self, name: str, **inserted: object) -> Locator:
        return self.page.get_by_role("button", name=self.words(name, **inserted))

    @property
    def seconds(self) -> float:
        """Of the person."""
        return self.clicks * PER_CLICK + self.keys * PER_KEY + self.reading

    def done(self) -> float:
        """Print what it took, and return the seconds of it."""
        took, person = time.monotonic() - self.began, self.seconds
        print(
            f"\n{self.goal} ({self.words.language}): {self.clicks} clicks, {self.keys} keys, "
            f"{person:.0f} s of a person, {took:.1f} s of the machine, {self.bytes} bytes"
        )
        return took
