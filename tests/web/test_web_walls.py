"""Screens on a wall: what one shows, and that whoever has its address, its cookie or neither gets no more."""

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from types import SimpleNamespace

import httpx
import pytest
from asked import asking
from axe_playwright_python.sync_playwright import Axe
from fastapi import APIRouter
from playwright.sync_api import Browser, expect
from sqlalchemy import text
from test_web_browser import RULES, browser, opened, said
from test_web_pages import browsing, key_in, token
from web_laboratory import PASSWORD, Web, problem

from remotecal.cli import main
from remotecal.hub.walls import DAY
from remotecal.pages.frame import environment
from remotecal.pages.words import words
from remotecal.transport.messages import Live
from remotecal.web import pages, watching
from remotecal.web.pages.abnormal import Abnormal
from remotecal.web.pages.frame import MENU, TEMPLATES
from remotecal.web.watching import Seen

__all__ = ["browser", "said"]

ADDRESS = re.compile(r"/wall/[A-Za-z0-9_-]{43}")
PLACE = "Hall <b>2</b>"
ANYBODYS = {"/login", "/language"}
"""Addresses that take a form of somebody who is not logged in."""
ASKED_BY_ANYBODY = {"/health", "/metrics", "/api/v1/session/passkey/options"}
"""What is answered whoever asks."""


@pytest.fixture(scope="module")
def asked(web: Web) -> Iterator[str]:
    """The name of a customer's run that is on and asks something, and whose order it is."""
    web.site.tiny.parameter("ask = true")
    order = web.do(web.site.order())
    up = web.site.up()
    web.do(up.__aenter__())
    try:
        web.do(web.site.state(order, "asking"))
        web.hub.laboratory.store.orders.assign(order.id, "acme")
        with logged_in(web, "operator") as one, one.stream("GET", f"/runs/here/{order.id}/news") as stream:
            assert any("May it begin" in line for line in heard(stream))  # listened to from the first look on
        yield order.id
    finally:
        web.do(web.hub.laboratory.command("here", "abort", "Li Wei", run=order.id, argument="enough"))
        web.do(web.site.state(order, "aborted", "signed"))
        web.do(up.__aexit__(None, None, None))


@contextmanager
def logged_in(web: Web, user: str) -> Iterator[httpx.Client]:
    """Give a browser of somebody who has logged in, at no cost of a password's check."""
    row, now = web.users.find(user), web.clock.now()
    with browsing(web) as client:
        client.cookies.set(
            "remotecal_session", web.users.open_session(row, now + 3600, now), domain="127.0.0.1"
        )
        yield client


def heard(stream: httpx.Response) -> Iterator[str]:
    assert stream.headers["content-type"].startswith("text/event-stream")
    return (line for line in stream.iter_lines() if line)


def put_up(client: httpx.Client, place: str = PLACE, **said: str) -> httpx.Response:
    """Put up a screen by the form."""
    page = client.get("/walls")
    form = {"csrf": token(page), "key": key_in(page), "place": place, "shown_in": "en", "days": "366"}
    return client.post("/walls", data=form | said)


def address_in(page: httpx.Response) -> str:
    assert page.status_code == 200, page.text
    (address,) = set(ADDRESS.findall(page.text))
    return address


@contextmanager
def screen(web: Web, **said: str) -> Iterator[httpx.Client]:
    """Give a browser on a wall that has opened its address; `address` and `number` tell which it has."""
    with logged_in(web, "administrator") as client:
        address = address_in(put_up(client, **said))
    number = web.hub.laboratory.store.walls.list(1)[0].id
    with browsing(web) as client:
        led = client.get(address)
        assert (led.status_code, led.headers["location"]) == (303, "/wall")
        client.address, client.number = address, number
        yield client


def test_a_screen_is_put_up_once_by_who_may_and_who_it_is_is_asked_again(web: Web) -> None:
    with logged_in(web, "administrator") as client:
        page = client.get("/walls")
        form = {"csrf": token(page), "key": key_in(page), "place": PLACE, "shown_in": "zh", "days": "30"}
        with web.clock.put_forward(301):
            asking = client.post("/walls", data=form)
            assert 'type="password"' in asking.text
            assert not ADDRESS.search(asking.text)
            assert client.post("/walls", data=form | {"password": "wrong"}).status_code == 403
            made = client.post("/walls", data=form | {"password": PASSWORD})
            again = client.post("/walls", data=form)
        address = address_in(made)
        assert "<svg" in made.text
        assert made.headers["cache-control"] == "no-store"
        assert (again.status_code, again.headers["location"]) == (303, "/walls")
    with logged_in(web, "administrator") as client:
        listed = client.get("/walls").text
        assert "Hall &lt;b&gt;2&lt;/b&gt;" in listed
        assert not ADDRESS.search(listed)
        for wrong in (
            {"place": ""},
            {"place": "x" * 101},
            {"days": "0"},
            {"days": "9999"},
            {"shown_in": "xx"},
        ):
            refused = put_up(client, **wrong)
            assert refused.status_code == 422
            assert 'role="alert"' in refused.text
        kept = put_up(client, place='Hall "9"', days="9999", full="true", shown_in="zh").text
        for typed in (
            r'name="place"[^>]* value="Hall &#34;9&#34;"',
            r'name="days"[^>]* value="9999"',
            r'name="full"[^>]* checked',
            r'value="zh" lang="zh" selected',
        ):
            assert re.search(typed, kept), typed
    rows = web.hub.laboratory.store.walls.list(10)
    assert [(row.language, row.full, row.by, round((row.expires - row.at) / DAY)) for row in rows] == [
        ("zh", False, "administrator", 30)
    ]
    with web.hub.laboratory.store.database.read() as connection:
        kept = repr(connection.execute(text("SELECT * FROM walls")).all())
        kept += repr(connection.execute(text("SELECT * FROM audit")).all())
        kept += repr(connection.execute(text("SELECT * FROM forms")).all())
    assert address.rpartition("/")[2] not in kept
    assert [who for who, _, _ in web.audit("wall")] == ["administrator"]


def test_it_shows_what_is_on_and_nothing_of_a_customer(web: Web, asked: str) -> None:
    order = web.hub.laboratory.store.orders.find(asked)
    with screen(web) as client:
        (cookie,) = client.cookies.jar
        assert (cookie.name, cookie.path) == ("remotecal_wall", "/wall")
        assert cookie.has_nonstandard_attr("HttpOnly")
        with asking(web.hub.laboratory.store) as sent:
            page = client.get("/wall")
        own = [
            one for one in sent if re.search("FROM (walls|runs)", one.statement)
        ]  # a station says hello meanwhile
        assert 2 <= len(own) <= 5
        with client.stream("GET", "/wall/news") as stream:
            lines = heard(stream)
            assert next(lines) == "event: parts"
            live = next(line for line in lines if line.startswith("data: "))
        for shown in (page.text, live):
            assert "here" in shown
            assert "asking" in shown
            for hidden in (asked, order.number, "acme", "May it begin", "indications"):
                assert hidden not in shown, hidden
        assert not re.search(r"<(form|a href=\"/|button|input)", page.text)
        assert "csrf" not in page.text
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
    with screen(web, full="true", shown_in="zh") as client:
        page = client.get("/wall").text
        assert asked in page
        assert '<html lang="zh">' in page
        assert "acme" not in page


def test_a_run_that_waits_for_an_answer_is_no_run_without_news(
    web: Web, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = SimpleNamespace(monotonic=lambda: time.monotonic() + 60)
    with screen(web) as wall, logged_in(web, "operator") as one:
        monkeypatch.setattr(watching, "time", later)
        assert "No news" in one.get("/live").text
        for client, address in ((one, "/live/news"), (wall, "/wall/news")):
            with client.stream("GET", address) as stream:
                told = (line for line in heard(stream) if line.startswith("data: ") and "here" in line)
                assert any("No news" not in line for line in told), address


def test_what_it_tells_of_a_run_is_not_whose_it_is_or_what_was_found(web: Web, asked: str) -> None:
    row = web.hub.laboratory.store.journals.find("here", asked)
    row = replace(row, conflict="lines of acme's meter 4711", account="acme")
    told = {"doing": "settle dut.flow: 4.2", "point": "25 m3/h", "number": 3, "points": 8, "holder": "liwei"}
    live = Live(run=asked, state="running", last={"dut.flow": (42.42, "m3/h")}, **told)
    content = {
        "t": words("en"),
        "abnormal": [Abnormal("refused", row)],
        "cards": [(row, Seen(live, time.monotonic()))],
    }
    part = environment(TEMPLATES).get_template("wall_parts.html")
    little, full = (
        part.render(wall=SimpleNamespace(full=full), **content).replace("<wbr>", "") for full in (False, True)
    )
    for shown in (little, full):
        assert "Lines refused" in shown
        assert "3 / 8" in shown
        assert "acme" not in shown
        assert "4711" not in shown
    for name in (asked, "25\u00a0m³/h", "dut.flow", "42.42", "liwei"):
        assert name not in little, name
        assert name in full, name


def every_address() -> Iterator[tuple[str, str]]:
    """Give the addresses of all pages, and the methods they take."""
    for found in pkgutil.iter_modules(pages.__path__):
        module = importlib.import_module(f"{pages.__name__}.{found.name}")
        for route in getattr(module, "router", APIRouter()).routes:
            address = re.sub(r"{[a-z0-9_]+}", "1", route.path)
            for method in route.methods - {"HEAD"}:
                yield method, address


def test_a_screen_is_let_in_nowhere_else(web: Web) -> None:
    with screen(web) as client:
        secret = client.address.rpartition("/")[2]
        as_all = {"Cookie": f"remotecal_wall={secret}; remotecal_session={secret}"}
        tried = 0
        for method, address in every_address():
            if address in {"/wall", "/wall/news"} or (address in ANYBODYS and method == "GET"):
                continue
            answer = client.request(
                method, address, headers=as_all, data={"csrf": secret} if method == "POST" else None
            )
            led = answer.headers.get("location", "")
            expected = (
                {303} if address == "/language" else {401, 404, 422} if method == "POST" else {303, 401, 404}
            )
            assert answer.status_code in expected, (method, address, answer.status_code)
            assert not led or led.startswith("/login") or address == "/language", (method, address, led)
            tried += 1
        assert tried > 70
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            for address in ("/wall", "/wall/news", client.address):
                assert client.request(method, address, headers=as_all).status_code == 405
        described = client.get("/api/v1/openapi.json").json()["paths"]
        bearer = as_all | {"Authorization": f"Bearer {secret}"}
        for path, methods in described.items():
            for method in methods if path not in ASKED_BY_ANYBODY else ():
                address = re.sub(r"{[a-z0-9_]+}", "1", path)
                for headers in (as_all, bearer):
                    answer = client.request(method, address, headers=headers, json={})
                    assert answer.status_code in {401, 422}, (method, address, answer.status_code)


def test_once_taken_down_it_is_dark_and_neither_address_nor_cookie_shows_anything(web: Web) -> None:
    with screen(web) as client, logged_in(web, "administrator") as admin:
        secret = client.address.rpartition("/")[2]
        with client.stream("GET", "/wall/news") as stream:
            lines = heard(stream)
            assert next(lines) == "event: parts"
            form = {"csrf": token(admin.get("/walls")), "wall": str(client.number)}
            done = admin.post("/walls/revoke", data=form)
            assert (done.status_code, done.headers["location"]) == (303, "/walls")
            rest = list(islice(lines, 20))
        assert rest[-2:] == ["event: over", "data: {}"]
        assert 'data: {"wall": ""}' in rest
        assert admin.post("/walls/revoke", data=form).status_code == 404
        for replay in (client.get("/wall"), client.get(client.address)):
            assert replay.status_code == 404
            assert "This screen shows nothing" in replay.text
        with client.stream("GET", "/wall/news", headers={"Cookie": f"remotecal_wall={secret}"}) as stream:
            assert "event: over" in list(heard(stream))
    with screen(web, days="1") as client:
        assert client.get("/wall").status_code == 200
        with web.clock.put_forward(DAY + 1):
            assert client.get("/wall").status_code == 404
            assert client.get(client.address).status_code == 404
    noted = [(who, what) for who, what, _ in web.audit() if what.startswith("wall")]
    assert ("administrator", "wall taken down") in noted
    assert (f"wall {client.number}", "wall opened") in noted


def test_nobody_else_puts_one_up_or_has_one_taken_down(web: Web) -> None:
    with screen(web) as client:
        number, store = client.number, web.hub.laboratory.store
    before = len(store.walls.list(100))
    for user in ("operator", "reviewer", "approver", "reader", "customer"):
        with logged_in(web, user) as client:
            home = client.get("/")
            form = {"csrf": token(home), "key": "k" * 16, "place": "mine", "shown_in": "en", "days": "1"}
            assert 'href="/walls"' not in home.text
            assert client.get("/walls").status_code == 403
            assert client.post("/walls", data=form).status_code == 403
            assert client.post("/walls/revoke", data=form | {"wall": str(number)}).status_code == 403
    with logged_in(web, "administrator") as client:
        page = client.get("/walls")
        assert all(f'href="{where}"' in page.text for name, where, _ in MENU if name != "my")
        form = {"key": key_in(page), "place": "theirs", "shown_in": "en", "days": "1"}
        good = form | {"csrf": token(page)}
        assert client.post("/walls", data=form).status_code == 403
        assert client.post("/walls", data=form | {"csrf": "0" * 64}).status_code == 403
        for foreign in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
            assert client.post("/walls", data=good, headers=foreign).status_code == 403
            assert client.post("/walls/revoke", data=good, headers=foreign).status_code == 403
    assert len(store.walls.list(100)) == before


def test_a_screens_address_changes_nobodys_session(web: Web) -> None:
    with logged_in(web, "administrator") as client:
        address = address_in(put_up(client))
    with logged_in(web, "operator") as client:
        session = client.cookies["remotecal_session"]
        led = client.get(address)
        assert [one.partition("=")[0] for one in led.headers.get_list("set-cookie")] == ["remotecal_wall"]
        assert client.cookies["remotecal_session"] == session
        assert "operator" not in client.get("/wall").text
        assert "operator" in client.get("/").text
        idle = web.hub.laboratory.folder.settings.api.idle_minutes * 60
        with web.clock.put_forward(idle * 0.8):
            assert client.get("/wall").status_code == 200
        with web.clock.put_forward(idle * 1.2):
            assert client.get("/wall").status_code == 200  # that was no use of the session
            assert client.get("/").headers["location"].startswith("/login")
        client.post("/logout", data={"csrf": token(client.get("/"))})
        assert client.get("/wall").status_code == 200
        assert client.get("/").headers["location"].startswith("/login")
    with logged_in(web, "operator") as client:  # nor is somebody who has logged in a screen
        assert client.get("/wall").status_code == 404
        for made_up in ("A" * 43, session, "%2e%2e", "A" * 42 + "%25"):
            assert client.get(f"/wall/{made_up}").status_code == 404


def test_a_program_lists_and_takes_down_and_puts_up_in_a_session_only(web: Web) -> None:
    wanted = {"place": "hall", "language": "en"}
    with web.token("administrator") as program:
        assert "session" in problem(program.post("/walls", json=wanted), 403)
    with web.log_in("administrator") as person:
        made = person.post("/walls", json=wanted).json()
        assert ADDRESS.fullmatch(made["address"])
        listed = person.get("/walls").json()[0]
        assert listed == {name: said for name, said in made.items() if name != "address"}
        assert person.delete(f"/walls/{made['id']}").status_code == 204
        assert "no screen" in problem(person.delete(f"/walls/{made['id']}"), 404)


def test_the_same_by_commands(web: Web, capsys: pytest.CaptureFixture[str]) -> None:
    hub = ["--hub", str(web.hub.laboratory.folder.path)]

    def said(*command: str) -> str:
        assert main(["hub", *hub, "wall", *command]) == 0
        return capsys.readouterr().out

    told = said("new", "Hall 3", "--full", "--days", "7", "--console", "https://hub.example/")
    (address,) = ADDRESS.findall(told)
    assert told.startswith(f"https://hub.example{address}")
    with browsing(web) as client:
        assert client.get(address).status_code == 303
        number = web.hub.laboratory.store.walls.list(1)[0].id
        assert "Hall 3" in (listed := said("list"))
        assert address.rpartition("/")[2] not in listed
        assert "nothing any more" in said("revoke", str(number))
        assert client.get(address).status_code == 404
    assert main(["hub", *hub, "wall", "revoke", str(number)]) != 0
    assert main(["hub", *hub, "wall", "new", " "]) != 0
    assert main(["hub", *hub, "wall", "new", "x", "--days", "0"]) != 0


def test_on_a_real_screen(browser: Browser, web: Web, asked: str, said: list[str]) -> None:
    page = opened(browser, web, said, "administrator", locale="zh-CN", viewport={"width": 360, "height": 740})
    page.goto(web.url + "/walls")
    page.get_by_label("安装位置").fill("大厅")
    page.get_by_role("button", name="设置", exact=True).click()
    address = page.locator("code.whole").inner_text()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    on_wall = browser.new_context(locale="en", viewport={"width": 1280, "height": 720}).new_page()
    on_wall.on("console", lambda told: said.append(told.text) if told.type in {"error", "warning"} else None)
    on_wall.goto(address)
    expect(on_wall).to_have_url(web.url + "/wall")
    expect(on_wall.locator("html")).to_have_attribute("lang", "zh")
    expect(on_wall.locator("#wall .card .state")).to_have_text("提问")
    assert violations(on_wall) == []
    page.get_by_role("button", name="大厅").click()
    expect(on_wall.locator("#news")).to_contain_text("此屏幕已被撤下")
    expect(on_wall.locator("#wall")).to_be_empty()
    assert said == []


def violations(page: object) -> list[tuple[str, str]]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found]
