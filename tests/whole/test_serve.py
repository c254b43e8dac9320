"""The pages of a laboratory over a folder: for whoever has the key, to look at and nothing else."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

sys.path += [str(Path(__file__).parent.parent / folder) for folder in ("procedures", "transport")]
from processes import REMOTECAL, wait_until
from windows import chromium, window

from remotecal.clock import RealClock
from remotecal.hub.shelf_desk import open_shelf
from remotecal.web.app import make_app
from remotecal.web.callers import COOKIE, csrf_of

KEY = "key-of-whoever-started-it"
RUN = "/runs/here/done"


def looking(folder: Path, look: Callable[[httpx.AsyncClient], Awaitable[None]], *, key: str = KEY) -> None:
    """Serve a folder with a finished run, and have somebody who was given a key look at it."""

    async def serve() -> None:
        async with open_shelf(folder, "Laboratory") as desk:
            await asyncio.to_thread(desk.shelf.evaluate)
            transport = httpx.ASGITransport(make_app(desk, RealClock(), key=KEY))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                came = await client.get("/enter", params={"given": key})
                assert came.status_code == (303 if key == KEY else 403)
                await look(client)

    asyncio.run(serve())


@pytest.fixture
def folder(tmp_path: Path, demo: Path) -> Path:
    shutil.copytree(demo, tmp_path / "done")
    return tmp_path


def test_every_number_opens_its_evidence_and_the_files_are_those_that_lie_there(
    folder: Path, demo: Path
) -> None:
    async def look(client: httpx.AsyncClient) -> None:
        for page in ("/", "/runs", "/certificates", "/standards", "/live", "/orders", "/resting"):
            assert (await client.get(page)).status_code == 200, page
        assert "Station certificate" not in (await client.get("/")).text  # this computer needs none
        page = await client.get(RUN)
        (number, *_) = re.findall(rf'href="({RUN}/results/[0-9/]+)"', page.text)
        assert (await client.get(number)).status_code == 200
        for name in ("certificate.pdf", "certificate.xml"):
            file = await client.get(f"/api/v1{RUN}/{name}")
            assert file.content == (demo / name).read_bytes()

    looking(folder, look)


def test_who_looks_on_changes_nothing(folder: Path) -> None:
    async def look(client: httpx.AsyncClient) -> None:
        page = (await client.get(RUN)).text
        assert "/commands" not in page
        csrf = csrf_of(client.cookies[COOKIE])
        told = await client.post(f"{RUN}/commands", data={"csrf": csrf, "verb": "abort", "argument": "x"})
        assert told.status_code == 403
        assert (await client.get("/review")).status_code == 403

    looking(folder, look)


def test_pages_offer_nothing_that_a_folder_has_not(folder: Path) -> None:
    async def look(client: httpx.AsyncClient) -> None:
        page = await client.get("/standards")
        menu = re.findall(r'<li><a href="(/[a-z]*)"', page.text)
        assert menu == ["/", "/live", "/runs", "/certificates", "/standards", "/resting"]
        assert not re.search("/standards/papers|/logout", page.text)

    looking(folder, look)


def test_nobody_else_comes_in(folder: Path) -> None:
    async def look(client: httpx.AsyncClient) -> None:
        assert not client.cookies
        for page in ("/", RUN):
            assert (await client.get(page)).headers["location"].startswith("/login")
        assert (await client.get(f"/api/v1{RUN}/certificate.pdf")).status_code == 401

    looking(folder, look, key="another")


def test_who_stops_while_a_record_is_computed_waits_for_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = threading.Event(), threading.Event()

    async def open_and_stop() -> None:
        async with open_shelf(folder, "Laboratory") as desk:
            compute = desk.shelf.evaluate

            def evaluate() -> None:
                begun.set()
                compute()
                ended.set()

            monkeypatch.setattr(desk.shelf, "evaluate", evaluate)
            await asyncio.to_thread(begun.wait)
        assert ended.is_set()  # or the database is removed while it is written into

    asyncio.run(open_and_stop())


def test_a_laboratory_knows_no_such_door(folder: Path) -> None:
    async def serve() -> None:
        async with open_shelf(folder, "Laboratory") as desk:
            transport = httpx.ASGITransport(make_app(desk, RealClock()))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                assert (await client.get("/enter", params={"given": ""})).status_code == 404

    asyncio.run(serve())


@pytest.mark.parametrize(
    ("locale", "heading", "title"),
    [("zh-CN", "证书", "该数字的依据"), ("en", "Certificates", "What this number")],
)
def test_the_command_prints_an_address_at_which_a_browser_sees_all_until_ctrl_c(
    folder: Path, demo: Path, locale: str, heading: str, title: str
) -> None:
    command, said = [*REMOTECAL, "serve", str(folder), "--name", "Laboratory"], list[str]()
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process, chromium() as browser:
        try:
            told, address = process.stdout.readline(), process.stdout.readline().strip()
            assert told == f"Ctrl-C ends it. Whoever has this address sees what lies in {folder}:\n"
            base, given, key = address.partition("/enter?given=")
            assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+", base)
            assert given
            page, stranger = (window(browser, said, locale=locale) for _ in range(2))
            stranger.goto(base + RUN)
            assert stranger.url.startswith(base + "/login")
            page.goto(address)
            page.wait_for_url(base + "/")
            assert key not in page.content()
            page.goto(base + "/runs")
            number = page.locator(f'a[href^="{RUN}/results/"]')
            page.locator(f'a[href="{RUN}"]').click()
            wait_until(lambda: page.reload() and number.count())
            number.first.click()
            page.wait_for_url(f"{base}{RUN}/results/**")
            assert page.locator("h1").inner_text().startswith(title)
            page.goto(base + "/certificates")
            assert page.locator("h1").inner_text() == heading
            with page.expect_download() as loading:
                page.get_by_role("link", name=re.compile("^PDF ")).click()
            assert loading.value.path().read_bytes() == (demo / "certificate.pdf").read_bytes()
            assert said == []
            process.send_signal(signal.SIGINT)
            _, complained = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, complained) == (130, "remotecal: interrupted\n")
    with pytest.raises(httpx.ConnectError):
        httpx.get(base + RUN)
