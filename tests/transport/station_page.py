"""A station with its page up beside a tiny bench, hub and broker included, in a thread of their own."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
from laboratories import NO_TLS, PATIENCE, hub_up
from sites import Site, enrol_site
from tiny_bench import Tiny

from remotecal.hub.settings import HubFolder
from remotecal.station.agent import Station
from remotecal.station.pages.serving import Served, serving_pages

T = TypeVar("T")


@dataclass
class Beside:
    """The station and its page, as tests see them."""

    site: Site
    station: Station
    served: Served
    loop: asyncio.AbstractEventLoop
    close_hub: Callable[[], Coroutine[object, object, None]]
    """Take hub and broker down."""

    def do(self, work: Coroutine[object, object, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def call(self, work: Callable[[], T]) -> T:
        """Call something in the station's event loop."""

        async def called() -> T:
            return work()

        return self.do(called())

    @property
    def base(self) -> str:
        return self.served.origin + self.served.keeper.base

    @contextmanager
    def browsing(self, language: str = "en") -> Iterator[httpx.Client]:
        """Give a browser without scripts that was let in."""
        headers = {"Accept-Language": language, "Origin": self.served.origin}
        with httpx.Client(headers=headers, timeout=PATIENCE, verify=NO_TLS) as client:
            answer = client.get(self.call(self.served.entrance))
            assert answer.status_code == 200, answer.text
            yield client

    def send(self, client: httpx.Client, to: str, files: object = None, **fields: str) -> httpx.Response:
        """Send a form with what its page has put into it, and return the page that follows."""
        page = client.get(f"{self.base}/").text
        hidden = {
            name: re.search(rf'name="{name}" value="([^"]*)"', page)
            for name in ("csrf", "session", "run", "prompt")
        }
        data = {name: found[1] for name, found in hidden.items() if found} | fields
        answer = client.post(self.base + to, data=data, files=files)
        return client.get(f"{self.base}/") if answer.status_code == 303 else answer


@contextmanager
def page_up(folder: HubFolder, tiny: Tiny, path: Path, **settings: object) -> Iterator[Beside]:
    """Put up hub, station and page while the context lasts."""
    up, down = threading.Event(), asyncio.Event()
    there: list[Beside] = []
    failed: list[BaseException] = []

    async def run() -> None:
        async with AsyncExitStack() as laboratory:
            hub = await laboratory.enter_async_context(hub_up(folder))
            site = await enrol_site(hub, tiny, path / "here", **settings)
            async with site.up() as station, serving_pages(site.folder, phones="127.0.0.1") as served:
                loop = asyncio.get_running_loop()
                there.append(Beside(site, station, served, loop, laboratory.aclose))
                up.set()
                await down.wait()

    def whole() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            up.set()

    thread = threading.Thread(target=whole, name="station")
    thread.start()
    up.wait(PATIENCE)
    assert not failed
    (beside,) = there
    try:
        yield beside
    finally:
        beside.loop.call_soon_threadsafe(down.set)
        thread.join(PATIENCE)
