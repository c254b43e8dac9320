"""Whoever looks on over a bad line, with many windows, or among many: what it costs, and what survives."""

import asyncio
import gc
import json
import re
import socket
import threading
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack, contextmanager
from dataclasses import replace
from types import SimpleNamespace

import httpx
import pytest
from laboratories import PATIENCE
from playwright.sync_api import Browser, expect
from test_web_browser import browser, come_true, opened, said  # noqa: F401  fixtures
from test_web_pages import browsing, of_staff
from test_web_watching import say
from web_laboratory import Web

from remotecal.cli.processes import free_port
from remotecal.store.notices import NoticeWanted
from remotecal.store.tables import runs
from remotecal.transport.messages import Live
from remotecal.transport.tls import client_context
from remotecal.web import watching
from remotecal.web.pages.runs import card_of
from remotecal.web.server import serving

COLD, WARM = 60_000, 15_000
"""Bytes of a first look, with style and script, and of a later one."""
FLIGHT = 10 * 1448
"""Bytes that a new connection carries before the first of them is confirmed (RFC 6928)."""
VIEWERS, OF_A_VIEWER = 50, 75_000
"""How many look on, and bytes the hub may take for each."""
NEWS, HELD = 40, 400_000
"""How often there is something new while somebody reads nothing, and bytes that wait for them at most."""
STYLE = r'<link rel="stylesheet" href="([^"]+)">'
ON = "asks"
"""A run that is on."""


@pytest.fixture(scope="module")
def run(web: Web) -> str:
    """A run that was carried out, among so many that a list is full."""
    store = web.hub.laboratory.store
    for number in range(60):
        name = f"long-{number}"
        store.orders.issue(name, f"N-{number}", "here", b"e", 1.0, 2.0, "Li Wei")
        store.journals.append("here", name, 1, [], 1.0)
    return web.do(web.carried_out())


@pytest.fixture(scope="module")
def asks(web: Web) -> str:
    goes_on(web, ON, "asking")
    return ON


def goes_on(web: Web, run: str, state: str = "running") -> None:
    """Enter a run that is on."""
    store = web.hub.laboratory.store
    store.journals.append("here", run, 1, [], web.clock.now())
    with store.database.begin() as connection:
        connection.execute(runs.update().where(runs.c.run == run).values(state=state))


def asked(observed: int = 0) -> Live:
    return Live(run=ON, state="asking", doing="ask", observed=observed, prompt=3, question={"en": "Serial?"})


def on_the_line(client: httpx.Client, address: str) -> int:
    """Return how many bytes of an answer go over the line, headers included."""
    with client.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.status_code == 200, address
        headers = sum(len(name) + len(value) + 4 for name, value in answer.headers.raw)
        return headers + sum(map(len, answer.iter_raw()))


def blocks(page: str) -> list[str]:
    """Return what a browser waits for before it draws: styles and scripts of the head, not put off."""
    head = page.partition("</head>")[0]
    scripts = re.findall(r"<script[^>]*>", head)
    return [*re.findall(STYLE, head), *(one for one in scripts if "defer" not in one)]


def test_a_page_is_there_after_a_journey_and_a_connection(web: Web, run: str) -> None:
    """Over a long line each journey counts: the page, whole; it waits for a style only where that is kept."""
    with browsing(web, "operator", "zh") as client:
        for has_the_style in (False, True):
            for address in (*of_staff(run), "/items", "/standards", "/statistics", "/people", "/login"):
                answer = client.get(address)
                assert (address, len(blocks(answer.text))) == (address, has_the_style)
                assert answer.headers.get("connection") != "close"
                assert (address, on_the_line(client, address)) <= (address, FLIGHT)
                (style,) = re.findall(STYLE, answer.text)
            assert on_the_line(client, style) <= FLIGHT  # and is told to have it from now on


def test_a_page_is_small_and_its_files_are_fetched_once(web: Web, run: str) -> None:
    with browsing(web, "operator", "zh") as client:
        files = dict.fromkeys(re.findall(r'"(/static/[^"]+)"', client.get("/").text))
        fixed = sum(on_the_line(client, name) for name in files)
        for address in (*of_staff(run), "/items", "/standards", "/statistics", "/people", "/notices"):
            page = on_the_line(client, address)
            assert (address, page) <= (address, WARM)
            assert fixed + page <= COLD, address
        for name in files:
            kept = client.get(name).headers
            assert "immutable" in kept["cache-control"]
            assert kept.get("content-encoding") == "gzip" or name.endswith(".svg")


@contextmanager
def looking_on(
    web: Web,
    number: int,
    address: str,
    cookie: str,
    room: int | None = None,
    kind: str | None = None,
) -> Iterator[list[socket.socket]]:
    """Let so many look on from computers of their own, each of whom has had a first look.

    Args:
        web: the hub.
        number: how many.
        address: at what.
        cookie: of whoever looks.
        room: bytes that a computer keeps for a program that does not read; None for what is usual.
        kind: how they take it compressed, as a browser does; None for not.
    """
    url = httpx.URL(web.url)
    with ExitStack() as all_:
        viewers = []
        for one in range(number):
            viewer = all_.enter_context(socket.socket())
            if room is not None:
                viewer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
            viewer.bind((f"127.0.0.{2 + one}", 0))
            viewer.settimeout(8)
            viewer.connect((url.host, url.port))
            kinds = "" if kind is None else f"Accept-Encoding: {kind}\r\n"
            asks = f"GET {address} HTTP/1.1\r\nHost: hub\r\nCookie: {cookie}\r\n{kinds}\r\n"
            viewer.sendall(asks.encode())
            viewers.append(viewer)
        for viewer in viewers:
            until_told(viewer, b"\r\n\r\n" if kind else b"data: {")
            if kind:
                viewer.recv(65536)  # what is told first
        yield viewers


def until_told(viewer: socket.socket, what: bytes) -> bytes:
    """Return what came up to something that is told."""
    had = b""
    while what not in had:
        more = viewer.recv(65536)
        assert more, had
        had += more
    return had


def held_for_each(web: Web, address: str, cookie: str) -> float:
    """Return how many bytes the hub takes for each of many browsers that look on."""
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    with looking_on(web, VIEWERS, address, cookie, kind="gzip"):
        gc.collect()
        held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return held / VIEWERS


def test_a_connection_by_tls_takes_little_as_well(web: Web) -> None:
    folder = web.hub.laboratory.folder

    async def held() -> float:
        """Return how many bytes the hub takes for each connection, both ends' keys and buffers with it."""
        async with serving(web.hub.laboratory, port=0, certificate=folder.broker) as url:
            at, trusted = httpx.URL(url), client_context(folder.trusted, None)
            async with AsyncExitStack() as all_:
                gc.collect()
                tracemalloc.start()
                all_.callback(tracemalloc.stop)
                before, _ = tracemalloc.get_traced_memory()
                for one in range(VIEWERS):
                    where = {"ssl": trusted, "local_addr": (f"127.0.0.{2 + one}", 0)}
                    _, writer = await asyncio.open_connection(at.host, at.port, **where)
                    all_.callback(writer.close)
                gc.collect()
                return (tracemalloc.get_traced_memory()[0] - before) / VIEWERS

    each = web.do(held())
    assert each < 2 * OF_A_VIEWER, each


def test_of_many_cards_those_that_change_are_sent_and_compressed(web: Web, asks: str) -> None:
    """All at first, then each that changed; compressed for browsers, each event to be read at once."""
    done = list[bool]()

    async def told() -> None:
        observed = 0
        async with web.site.up() as station:
            while not done:
                observed += 1
                await say(station, asked(observed))
                await asyncio.sleep(0.1)

    events, read, plain = list[dict[str, str]](), 0, 0
    inflated = zlib.decompressobj(wbits=31)
    with browsing(web, "operator") as client:
        telling = asyncio.run_coroutine_threadsafe(told(), web.loop)
        with client.stream("GET", "/live/news", headers={"Accept-Encoding": "gzip"}) as stream:
            assert stream.headers["content-encoding"] == "gzip"
            text = ""
            for more in stream.iter_raw():
                read += len(more)
                text += inflated.decompress(more).decode()
                *whole, text = text.split("\n\n")
                plain += sum(map(len, whole))
                events += [json.loads(event.partition("data: ")[2]) for event in whole]
                if sum(f"card.here.{asks}.values" in event for event in events) > 3:
                    break
        done.append(True)
        telling.result(PATIENCE)
    first, *others = events
    assert list(first) == ["live"]
    assert f'id="card.here.{asks}"' in first["live"]
    assert {name for event in others for name in event} == {f"card.here.{asks}.values"}
    assert read < plain, (read, plain)


def test_no_two_runs_share_a_card() -> None:
    both = SimpleNamespace(station="a", run="b-x"), SimpleNamespace(station="a-b", run="x")
    assert len({card_of(run) for run in both}) == 2


def test_fifty_who_look_on_cost_one_ear_and_little_each(
    web: Web, asks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, subjects = web.hub.laboratory.connection, list[str]()

    async def listen(subject: str, *rest: object) -> object:
        subjects.append(subject)
        return await real(subject, *rest)

    real = line.listen
    monkeypatch.setattr(line, "listen", listen)

    async def told() -> None:
        async with web.site.up() as station:
            while not done:
                await say(station, asked(observed=7))
                await asyncio.sleep(0.1)

    done: list[bool] = []
    with browsing(web, "operator") as client:
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        address = f"/runs/here/{asks}/news"
        with looking_on(web, 1, address, cookie):  # what the first look of all costs is nobody's
            each = held_for_each(web, address, cookie)
            with looking_on(web, VIEWERS, address, cookie) as viewers:
                telling = asyncio.run_coroutine_threadsafe(told(), web.loop)
                for viewer in viewers:
                    until_told(viewer, b"7 / 0")
                done.append(True)
                telling.result(PATIENCE)
    assert each < OF_A_VIEWER
    assert len(subjects) <= 1, subjects


def test_a_slow_reader_gets_the_latest_and_no_queue(
    web: Web, asks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one reads nothing, another reads what is new so often; then the first is told the last of it."""
    monkeypatch.setattr(watching, "AT_LEAST", 0.0)
    last, done = [0], list[bool]()

    async def told() -> None:
        async with web.site.up() as station:
            while not done:
                last[0] += 1
                question = {"en": f"{'Long? ' * 10_000} {last[0]}!"}
                await say(station, asked().model_copy(update={"question": question}))
                await asyncio.sleep(0.02)

    with browsing(web, "operator") as client:
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    address = f"/runs/here/{asks}/news"
    with (
        looking_on(web, 1, address, cookie, room=4096) as (slow,),
        looking_on(web, 1, address, cookie) as (quick,),
    ):
        telling = asyncio.run_coroutine_threadsafe(told(), web.loop)
        events, read = 0, 0
        while events < NEWS:
            more = quick.recv(65536)
            assert more
            events, read = events + more.count(b"event: parts"), read + len(more)
        done.append(True)
        telling.result(PATIENCE)
        late = until_told(slow, f" {last[0]}!".encode())
    print(f"{read} bytes were read at once; {len(late)} waited for who reads slowly")
    assert len(late) < HELD < read


# In a browser


HIDE = """hidden => {
    Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
    document.dispatchEvent(new Event("visibilitychange"));
}"""


KEEPS = "source !== null && leave !== null"


def test_a_wall_of_windows_leaves_room_for_one_more(
    browser: Browser,  # noqa: F811
    web: Web,
    run: str,
    said: list[str],  # noqa: F811
) -> None:
    first = opened(browser, web, said)
    pages = [first, *(first.context.new_page() for _ in range(7))]
    for page in pages[1:]:
        page.goto(web.url + "/live")
    goes_on(web, "late")
    for page in pages[1:]:
        expect(page.locator(".card", has_text="late")).to_be_visible()
        expect(page.locator("body")).not_to_have_class(re.compile("silenced"))
    kept = [page for page in pages if page.evaluate(KEEPS)]
    assert len(kept) == 4
    first.goto(web.url + "/runs")  # and one that is hidden, or has nothing live, gives its place to another
    kept[1].evaluate(HIDE, True)
    come_true(lambda: sum(page.evaluate(KEEPS) for page in pages) == 4, first)
    assert not kept[1].evaluate(KEEPS)
    kept[1].evaluate(HIDE, False)
    goes_on(web, "later")
    expect(kept[1].locator(".card", has_text="later")).to_be_visible()
    first.context.close()
    assert said == []


TIMED_OUT = """window.fetch = () => new Promise((_, refused) =>
  setTimeout(refused, 0, new DOMException("", "TimeoutError"))); null"""
TAKEN = """window.fetch = () => new Promise((told) => setTimeout(() => {
  document.querySelector("button[name=notice]").remove();
  told(new Response());
})); null"""


def test_a_form_is_sent_by_an_older_browser_on_a_slow_line_and_without_its_button(
    browser: Browser,  # noqa: F811
    web: Web,
    asks: str,
    said: list[str],  # noqa: F811
) -> None:
    store, page = web.hub.laboratory.store, opened(browser, web, said)
    wanted = NoticeWanted("item", "9", "Gauge", "", "operator", "2099-01-01", 30)
    assert store.notices.make([wanted], web.clock.now()) == 1
    page.goto(web.url + "/notices")
    page.evaluate("delete AbortSignal.timeout")
    page.locator("#mail").fill("older@laboratory.example")
    page.locator("#mail").press("Enter")
    come_true(lambda: store.notices.way("operator").mail == "older@laboratory.example", page)
    page.goto(web.url + "/notices")
    page.evaluate(TAKEN)
    page.locator("button[name=notice]").first.click()
    come_true(lambda: store.notices.of("item", "9")[0].acknowledged is not None, page)
    page.goto(f"{web.url}/runs/here/{asks}")
    page.evaluate(TIMED_OUT)
    page.get_by_label("Why it is aborted").fill("it leaks")
    with page.expect_request(lambda one: one.method == "POST") as sent:
        page.get_by_role("button", name="Abort").click()
    assert "verb=abort" in sent.value.post_data
    page.context.close()


def test_a_restart_takes_nothing_that_is_half_typed(
    browser: Browser,  # noqa: F811
    web: Web,
    asks: str,
    said: list[str],  # noqa: F811
) -> None:
    port, up = free_port(), list[AbstractAsyncContextManager[str]]()

    async def start() -> None:
        up.append(serving(web.hub.laboratory, port=port, clock=web.clock))
        await up[-1].__aenter__()

    async def end() -> None:
        await up.pop().__aexit__(None, None, None)

    async def tell(observed: int, shown: threading.Event) -> None:
        async with web.site.up() as station:
            while not shown.is_set():
                await say(station, asked(observed))
                await asyncio.sleep(0.2)

    @contextmanager
    def telling(observed: int) -> Iterator[None]:
        shown = threading.Event()
        work = asyncio.run_coroutine_threadsafe(tell(observed, shown), web.loop)
        try:
            yield
        finally:
            shown.set()
            work.result(PATIENCE)

    web.do(start())
    page = opened(browser, replace(web, url=f"http://127.0.0.1:{port}"), said)
    try:
        page.goto(f"http://127.0.0.1:{port}/runs/here/{asks}")
        with telling(1):
            expect(page.get_by_role("heading", name="Serial?")).to_be_visible()
        page.get_by_label("Answer", exact=True).fill("M-12")
        page.get_by_label("Why it is aborted").fill("half typed")
        page.evaluate("document.activeElement.blur(); window.same = true")
        reader = opened(browser, web, said, base=f"http://127.0.0.1:{port}", locale="zh-CN")
        reader.goto(f"http://127.0.0.1:{port}/notices")
        reader.locator("#mail").fill("li@laboratory.example")
        web.do(end())
        expect(page.locator("body")).to_have_class(re.compile("silenced"))
        expect(page.locator("#news")).to_contain_text("No news for")
        page.get_by_role("button", name="Abort").click()  # a form that is sent now loses nothing
        expect(page.locator("button.stop + [role=status]")).to_contain_text(
            "Not sent: the hub does not answer"
        )
        reader.locator("#mail").press("Enter")
        expect(reader.locator("#mail ~ [role=status]")).to_contain_text("未发送")
        web.do(start())
        reader.locator("#mail").press("Enter")
        come_true(lambda: web.hub.laboratory.store.notices.way("operator").mail != "", reader)
        expect(reader.locator("#mail")).to_have_value("li@laboratory.example")
        expect(page.locator("body")).not_to_have_class(re.compile("silenced"))
        expect(page.get_by_role("heading", name="Serial?")).to_have_count(0)  # not heard of yet
        with telling(2):
            expect(page.locator("#values")).to_contain_text("2 / 0")
            expect(page.get_by_label("Answer", exact=True)).to_have_value("M-12")
        expect(page.get_by_label("Why it is aborted")).to_have_value("half typed")
        assert page.evaluate("window.same")  # the page was not loaded anew
    finally:
        page.context.close()
        if up:
            web.do(end())
    assert [one for one in said if "Failed to load resource" not in one] == []
