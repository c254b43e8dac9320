"""How long the console's pages take over a bad line: 150 ms each way, 2 Mbit/s, 3 % of all packets lost.

    python benchmarks/far_pages.py                  # needs namespaces (root) and Chromium

A real browser at the other end of a wire between two network namespaces opens pages of a hub over TLS: cold,
with nothing kept and no connection, and warm, by a link from a page before. A page is useful once its text is
drawn (first contentful paint), which is before its style where that is not kept; when a cold page was whole
is told as well. Beside them stand the times of the same pages on a wire that is only short.
"""

from __future__ import annotations

import argparse
import base64
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from compare import Bound, amount, verdict
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from filled_hub import enter_runs, enter_stations
from hub_lists import hub_up

from remotecal.store import Store
from remotecal.transport.pki import Authority, Credentials, new_key

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "transport"))
from far_lines import LABORATORY, far_by_namespaces

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from playwright.sync_api import Browser, Page

DELAY, JITTER, LOSS, RATE = 0.15, 0.02, 0.03, 2e6 / 8
RUNS, ROUNDS = 200, 10
USEFUL = 1.5
"""Seconds that the line may add to half of the pages at most: the rest is this computer's own work."""
PAGES = ("/", "/live", "/orders", "/runs", "/certificates", "/items")
CHROMIUM = "/usr/bin/chromium-headless-shell"
STYLED = "performance.getEntriesByType('navigation')[0].loadEventStart"
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


@contextmanager
def far_browser(folder: Path, *, bad: bool) -> Iterator[tuple[Browser, str, str]]:
    """Give a browser at the far end of a wire, the hub's address there, and a session's cookie."""
    from playwright.sync_api import sync_playwright

    key, authority = new_key(), Authority.create("Benchmark")
    hub = authority.server(key.public_key(), "urn:benchmark", [LABORATORY], timedelta(days=1))
    Credentials(key, hub).write(folder / "api.pem")
    with (
        far_by_namespaces(*((DELAY, JITTER, LOSS) if bad else (0.0, 0.0, 0.0))) as far,
        Store(f"sqlite:///{folder}/hub.sqlite") as store,
        far.at_the_laboratory(),
        hub_up(store, folder, LABORATORY, folder / "api.pem") as (url, known),
        far.at_the_site(),
        sync_playwright() as playwright,
    ):
        far.line.rate = RATE if bad else far.line.rate
        arguments = ["--no-sandbox", "--no-proxy-server", f"--ignore-certificate-errors-spki-list={pin(key)}"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser, url, known["operator"]["Cookie"]
        browser.close()


def pin(key: EllipticCurvePrivateKey) -> str:
    """Return how Chromium is told to trust a key as if an authority had certified it.

    A certificate that it does not trust, and is told to put up with, it connects for twice.
    """
    told = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(sha256(told).digest()).decode()


def look(browser: Browser, url: str, cookie: str, rounds: int) -> dict[str, list[float]]:
    """Return "cold" and "warm" → seconds until pages were useful; "styled" → until cold ones were whole."""
    took: dict[str, list[float]] = {"cold": [], "styled": [], "warm": []}
    name, _, value = cookie.partition("=")
    for number in range(rounds):
        context = browser.new_context()
        context.add_cookies([{"name": name, "value": value, "url": url}])
        page = context.new_page()
        for place in range(3):
            page.goto(url + PAGES[(number + place) % len(PAGES)], wait_until="load", timeout=60_000)
            took["warm" if place else "cold"].append(painted(page))
            if not place:
                took["styled"].append(float(page.evaluate(STYLED)) / 1e3)
        context.close()
    return took


def painted(page: Page) -> float:
    """Return after how many seconds a page was useful."""
    while (found := page.evaluate(PAINTED)) is None:
        page.wait_for_timeout(50)
    return float(found) / 1e3


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    found: dict[str, dict[str, list[float]]] = {}
    for name in ("short", "bad"):
        with TemporaryDirectory(prefix="remotecal-benchmark-") as path:
            folder = Path(path)
            enter_stations(f"sqlite:///{folder}/hub.sqlite")
            enter_runs(f"sqlite:///{folder}/hub.sqlite", RUNS, events=0)
            with far_browser(folder, bad=name == "bad") as at:
                found[name] = look(*at, asked.rounds)
        for how, took in found[name].items():
            print(
                f"  {name} line, {how}: half within {amount(statistics.median(took))}, "
                f"all within {amount(max(took))}",
                flush=True,
            )
    added = {
        how: statistics.median(took) - statistics.median(found["short"][how])
        for how, took in found["bad"].items()
    }
    return verdict(
        [Bound(f"what the bad line adds, {how}, in s", added[how], USEFUL) for how in ("cold", "warm")]
    )


if __name__ == "__main__":
    sys.exit(main())
