"""Stations: how each stands, who invites one, reads a value, shuts one out; and that customers see none."""

import json
import os
import re
from collections.abc import Iterator
from html import unescape

import httpx
import pytest
from laboratories import enrol_station
from sites import BENCH, until
from test_web_pages import browsing, key_in, token
from test_web_walls import logged_in
from web_laboratory import PASSWORD, Web, problem

from remotecal.cli import main
from remotecal.errors import RemotecalError
from remotecal.hub.standing import HEARD_WITHIN
from remotecal.order import Order
from remotecal.pages.words import LANGUAGES, words
from remotecal.station.folder import enrol_with
from remotecal.station.site import Site as Told
from remotecal.store.tables import runs
from remotecal.transport.enrolment import Code
from remotecal.transport.messages import BenchAnnounced, Terms

CODE = re.compile(r"[a-z0-9-]+(?:-[0-9A-Z]{6}){3}")


@pytest.fixture(scope="module")
def up(web: Web) -> Iterator[None]:
    """The station is up, and has said hello."""
    station = web.site.up()
    web.do(station.__aenter__())
    try:
        web.do(until(lambda: web.hub.laboratory.store.stations.get("here").seen is not None))
        yield
    finally:
        web.do(station.__aexit__(None, None, None))


def heard(web: Web, ahead: float = 0.0, **said: object) -> None:
    """Have the hub hear of the station that is not up, as if it said hello now."""
    now = web.clock.now()
    hello = Told(web.site.folder, 1.0)._hello("session", "nonce")
    told = hello.model_copy(update={"time": now + ahead, **said})
    text = told.model_dump_json(exclude_defaults=True, exclude={"station", "session", "nonce"})
    web.hub.laboratory.store.stations.seen("there", "session", text, now)


def run_is(web: Web, station: str, run: str, **change: str) -> None:
    """Have a run at a station that came to something."""
    store = web.hub.laboratory.store
    store.journals.append(station, run, 1, [], web.clock.now())
    with store.database.begin() as connection:
        connection.execute(runs.update().where(runs.c.run == run).values(**change))


@pytest.fixture(scope="module")
def there(web: Web) -> str:
    """A second station, which never comes up."""
    web.do(enrol_station(web.hub, web.site.folder.path.parent / "there", "there"))
    return "there"


def row(page: httpx.Response, station: str) -> str:
    assert page.status_code == 200, page.text
    return next(one for one in page.text.split("<tr>") if f'href="/stations/{station}"' in one)


def shown(page: httpx.Response) -> str:
    """Return what stands on a page, without its marks."""
    assert page.status_code == 200, page.text
    return unescape(re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page.text)))


def test_each_station_tells_how_it_stands(web: Web, up: None, there: str) -> None:
    with logged_in(web, "reader") as client:
        listed = client.get("/stations")
        assert 'href="/stations"' in client.get("/").text
        assert "connected" in row(listed, "here")
        assert BENCH in row(listed, "here")
        assert re.search(r"\d GB|\d MB", row(listed, "here"))
        assert "never heard of" in row(listed, there)
        heard(web, ahead=200.0, disk_free=5 * 10**8, held_up={"run-1": "its disk is full"})
        marked = row(client.get("/stations"), there)
        for said in ("3 min ahead", "500 MB only", "held up: 1"):
            assert said in marked, said
        assert "right" in row(client.get("/stations"), "here")
        heard(web, ahead=-3 * 86400.0)
        assert "3 days behind" in row(client.get("/stations"), there)
        page = shown(client.get("/stations/there"))
        assert "3 days behind" in page
        assert "takes up no order until its clock is right" in page
        heard(web, disk_free=None, ahead=59.0)
        quiet = client.get("/stations/there")
        assert "not told" in quiet.text
        assert "right" in row(client.get("/stations"), there)
        assert "Shut out" not in quiet.text
        with web.clock.put_forward(HEARD_WITHIN + 1):
            assert "not connected" in row(client.get("/stations"), there)
        assert "days left" not in row(listed, "here")
        heard(web, speaks=99)
        assert "Not served" in row(client.get("/stations"), there)
        assert "update the hub first" in shown(client.get("/stations/there"))
    quarter = web.hub.laboratory.folder.settings.certificates_last.total_seconds() / 4
    until_then = web.hub.laboratory.store.stations.get("here").certificate_until - web.clock.now()
    with web.clock.put_forward(until_then - quarter + 60), logged_in(web, "reader") as later:
        assert "days left" in row(later.get("/stations"), "here")
    with browsing(web, "operator", "zh") as client:
        heard(web, ahead=-200.0)
        assert "慢 3 分钟" in row(client.get("/stations"), there)
        assert "台架" in shown(client.get("/stations/here"))


def test_its_page_tells_what_stands_on_its_benches_until_when_and_its_last_faults(
    web: Web, up: None, there: str
) -> None:
    for run, change in {
        "stopped-1": {"state": "stopped"},
        "suspended-1": {"state": "suspended"},
        "refused-1": {"conflict": "line 3 differs"},
        "failed-1": {"state": "signed", "failed": "no record"},
        "well-1": {"state": "signed", "record": "agrees"},
    }.items():
        run_is(web, there, run, **change)
    run_is(web, "here", "elsewhere-1", state="stopped")
    known = BenchAnnounced(name="Rig", sha256="0" * 64, instruments={"thermometer": "IsotechMilliK"})
    told = Told(web.site.folder, 1.0)._hello("session", "nonce").benches
    heard(web, held_up={"kept-1": "its disk is full"}, benches=(*told, known))
    with logged_in(web, "operator") as client:
        page = client.get("/stations/there")
        faults = page.text.partition('id="faults"')[2].partition("</section>")[0]
        for run in ("stopped-1", "suspended-1", "refused-1", "failed-1", "kept-1"):
            assert f"/runs/there/{run}" in faults, run
        for said in ("line 3 differs", "no record", "its disk is full"):
            assert said in faults
        assert "well-1" not in faults
        assert "elsewhere-1" not in faults
        assert "runs: 4" in row(client.get("/stations"), there)
        bench = shown(page)
        for said in ("gauge", "source", "tiny:TinyMeter", "2100-01-01", "offset"):
            assert said in bench, said
        read = re.findall(r"<option value=\"(\w+)\">", page.text)
        assert read[:2] == ["temperature", "resistance"], "its driver is known"
        assert client.get("/stations/nowhere").status_code == 404


def test_one_value_is_read(web: Web, up: None) -> None:
    with logged_in(web, "operator") as client, web.token("operator") as program:
        page = client.get("/stations/here")
        form = {"csrf": token(page), "instrument": f"{BENCH}/gauge", "quantity": "value"}
        assert f'name="instrument" value="{BENCH}/gauge"' in page.text
        assert 'name="quantity" required' in page.text  # the hub knows no such driver
        read = client.post("/stations/here/read", data=form)
        value = re.search(
            r'role="status">.*?gauge.*?<strong>([-0-9.]+)\s+(\S+)</strong>', read.text, re.DOTALL
        )
        assert value, read.text
        by_api = program.post("/stations/here/read", json={"what": f"{BENCH}/gauge.value"})
        assert by_api.status_code == 200, by_api.text
        told = by_api.json()
        assert (told["source"], told["value"], told["unit"]) == ("gauge.value", float(value[1]), value[2])
        refused = client.post("/stations/here/read", data=form | {"quantity": "nothing"})
        assert refused.status_code == 409
        assert 'role="alert"' in refused.text
        assert "nothing" in refused.text
        assert "no station" in problem(program.post("/stations/nowhere/read", json={"what": "a.b"}), 404)
        assert "has no 'nothing'" in problem(
            program.post("/stations/here/read", json={"what": f"{BENCH}/gauge.nothing"}), 409
        )
        assert client.post("/stations/nowhere/read", data=form).status_code == 404
    assert [(who, "gauge.value" in data) for who, _, data in web.audit("read")][-2:] == [
        ("operator", True)
    ] * 2
    for user in ("reader", "administrator"):
        with logged_in(web, user) as client:
            page = client.get("/stations/here")
            assert "/read" not in page.text
            form["csrf"] = token(page)
            assert client.post("/stations/here/read", data=form).status_code == 403


def test_a_station_is_invited_once_by_who_may_and_who_it_is_is_asked_again(web: Web) -> None:
    store = web.hub.laboratory.store
    with logged_in(web, "administrator") as client:
        page = client.get("/stations")
        form = {"csrf": token(page), "key": key_in(page), "station": "site-7"}
        with web.clock.put_forward(301):
            asking = client.post("/stations", data=form)
            assert 'type="password"' in asking.text
            assert not CODE.search(asking.text)
            made = client.post("/stations", data=form | {"password": PASSWORD})
            again = client.post("/stations", data=form)
        code = re.search(r'id="code">([^<]+)<', made.text)[1]
        assert CODE.fullmatch(code)
        assert "<svg" in made.text
        assert made.headers["cache-control"] == "no-store"
        assert f"remotecal station enrol {code} --at" in unescape(made.text)
        assert (again.status_code, again.headers["location"]) == (303, "/stations")
        listed = client.get("/stations")
        assert code not in listed.text
        assert "site-7" in listed.text.partition("Invited, not enrolled yet")[2]
    with logged_in(web, "administrator") as client:
        for wrong in ("", "Site 7", "-a", "x" * 64):
            page = client.get("/stations")
            sent = {"csrf": token(page), "key": key_in(page), "station": wrong}
            refused = client.post("/stations", data=sent)
            assert refused.status_code == 422, wrong
            assert 'role="alert"' in refused.text
        page = client.get("/stations")
        sent = {"csrf": token(page), "key": key_in(page), "station": "here"}
        taken = client.post("/stations", data=sent)
        assert taken.status_code == 422
        assert "would shut it out" in taken.text
        assert not CODE.search(taken.text)
        own = client.get("/stations/here")
        assert '<input type="hidden" name="anew" value="yes">' in own.text
        again = {"csrf": token(own), "key": key_in(own), "station": "here", "anew": "yes"}
        assert CODE.search(client.post("/stations", data=again).text)
    assert [who for who, _, data in web.audit("enrolment code") if "site-7" in data] == ["administrator"]
    address = web.hub.laboratory.folder.settings.enrolment.address
    web.do(enrol_with(web.site.folder.path.parent / "site-7", address, Code.read(code)))
    assert store.stations.get("site-7").enabled
    assert "site-7" not in dict(store.stations.invited(web.clock.now()))
    with web.token("administrator") as program:
        by_api = program.post("/stations/site-8/codes")
        assert by_api.status_code == 201
        assert by_api.json()["command"].endswith(f"{by_api.json()['code']} --at {address}")
        assert program.post("/stations/Site 8/codes").status_code == 422
    with web.log_in("administrator") as person, web.clock.put_forward(301):
        assert "password once more" in problem(person.post("/stations/site-8/codes"), 403)
    for user in ("operator", "reviewer", "approver", "reader"):
        with logged_in(web, user) as client, web.token(user) as program:
            page = client.get("/stations")
            assert "Make a code" not in page.text
            form = {"csrf": token(page), "key": "k" * 16, "station": "site-9"}
            assert client.post("/stations", data=form).status_code == 403
            assert program.post("/stations/site-9/codes").status_code == 403


def test_a_station_is_shut_out_once_what_waits_for_it_was_told_and_its_page_says_so(
    web: Web, there: str
) -> None:
    _, procedure = web.site.bundle()
    order = Order.load(web.site.tiny.order)
    terms = Terms(bench=BENCH)
    waiting = web.do(web.hub.laboratory.issue(order, procedure, "there", terms, "Li Wei")).id
    anew = web.hub.laboratory.new_code("there", "administrator")
    with logged_in(web, "operator") as client:
        form = {"csrf": token(client.get("/stations/there"))}
        assert client.post("/stations/there/revoke", data=form).status_code == 403
    with logged_in(web, "administrator") as client:
        form = {"csrf": token(client.get("/stations/there"))}
        with web.clock.put_forward(301):
            asking = client.post("/stations/there/revoke", data=form)
            assert "Shut out there?" in asking.text
            assert f'href="/orders/{waiting}"' in asking.text
            assert web.hub.laboratory.store.stations.get("there").enabled
            form["sure"] = "yes"
            assert 'type="password"' in client.post("/stations/there/revoke", data=form).text
            assert web.hub.laboratory.store.stations.get("there").enabled
            done = client.post("/stations/there/revoke", data=form | {"password": PASSWORD})
        assert done.status_code == 303, done.text
        assert done.headers["location"] == "/stations/there"
        page = client.get("/stations/there").text
        assert "Shut it out" not in page
        for language in LANGUAGES:
            said = client.get(f"/orders/{waiting}", headers={"Accept-Language": language}).text
            assert words(language)("stage.waits_station") in said
        assert "shut out" in row(client.get("/stations"), "there")
    assert [who for who, _, data in web.audit("revoke") if "there" in data] == ["administrator"]
    at = web.hub.laboratory.folder.settings.enrolment.address
    with pytest.raises(RemotecalError, match="unknown, used or expired"):
        web.do(enrol_with(web.site.folder.path.parent / "there-again", at, anew))


@pytest.mark.parametrize(("locale", "asked"), [("C.UTF-8", "Shut out afar?"), ("zh_CN.UTF-8", "吊销 afar？")])
def test_who_shuts_a_station_out_by_command_is_told_what_waits_and_asked(
    web: Web, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], locale: str, asked: str
) -> None:
    stations = web.hub.laboratory.store.stations
    if stations.find("afar") is None:
        web.do(enrol_station(web.hub, web.site.folder.path.parent / "afar", "afar"))
        _, procedure = web.site.bundle()
        order = Order.load(web.site.tiny.order)
        web.do(web.hub.laboratory.issue(order, procedure, "afar", Terms(bench=BENCH), "Li Wei"))
    monkeypatch.setenv("LC_ALL", locale)
    command = ["hub", "revoke", "afar", "--hub", str(web.hub.laboratory.folder.path)]
    person, terminal = os.openpty()
    with os.fdopen(person, "wb", buffering=0) as keys, os.fdopen(terminal, encoding="utf-8") as typed:
        monkeypatch.setattr("sys.stdin", typed)
        for said in ("\n", "no\n", "y\n"):
            keys.write(said.encode())
            assert main(command) == 0
            told = capsys.readouterr().out
            assert asked in told
            assert Order.load(web.site.tiny.order).order.number in told
            assert stations.get("afar").enabled, "nobody said yes"
        if locale == "zh_CN.UTF-8":
            keys.write("是\n".encode())
            assert main(command) == 0
            assert not stations.get("afar").enabled


def test_an_invitation_is_withdrawn_on_the_page_by_the_api_and_by_command(web: Web) -> None:
    folder = web.hub.laboratory.folder
    at = folder.settings.enrolment.address

    def made(station: str) -> Code:
        return web.hub.laboratory.new_code(station, "administrator")

    codes = {station: made(station) for station in ("site-p", "site-a", "site-c")}
    with logged_in(web, "operator") as client:
        form = {"csrf": token(client.get("/stations"))}
        assert client.post("/stations/site-p/withdraw", data=form).status_code == 403
    with logged_in(web, "administrator") as client:
        page = client.get("/stations")
        assert 'action="/stations/site-p/withdraw"' in page.text
        assert client.post("/stations/site-p/withdraw", data={"csrf": token(page)}).status_code == 303
        assert "site-p" not in client.get("/stations").text
        assert client.post("/stations/site-p/withdraw", data={"csrf": token(page)}).status_code == 404
    with web.token("administrator") as program:
        assert program.delete("/stations/site-a/codes").status_code == 204
        assert program.delete("/stations/site-a/codes").status_code == 404
    with web.token("operator") as program:
        assert program.delete("/stations/site-c/codes").status_code == 403
    assert main(["hub", "invite", "site-c", "--withdraw", "--hub", str(folder.path)]) == 0
    for station, code in codes.items():
        with pytest.raises(RemotecalError, match="unknown, used or expired"):
            web.do(enrol_with(web.site.folder.path.parent / station, at, code))
    told = [json.loads(data)["station"] for _, _, data in web.audit("enrolment code withdrawn")]
    assert told == ["site-c", "site-a", "site-p"], "the latest first"


def test_for_a_customer_there_are_none(web: Web, up: None) -> None:
    with logged_in(web, "customer") as client, web.token("customer") as program:
        home = client.get("/my")
        assert "/stations" not in home.text
        form = {"csrf": token(home), "key": "k" * 16, "station": "here", "instrument": "a", "quantity": "b"}
        for station in ("here", "nowhere"):
            assert client.get(f"/stations/{station}").status_code == 404
            assert client.post(f"/stations/{station}/read", data=form).status_code == 404
            assert client.post(f"/stations/{station}/revoke", data=form).status_code == 404
            for act in ("codes", "read", "revoke"):
                sent = program.post(f"/stations/{station}/{act}", json={"what": "a.b"})
                assert sent.status_code == 403, act
        assert client.get("/stations").status_code == 404
        assert client.post("/stations", data=form).status_code == 404
        answers = {re.sub(r"here|nowhere|[0-9a-f]{64}", "", client.get(f"/stations/{one}").text)
                   for one in ("here", "nowhere")}  # fmt: skip
        assert len(answers) == 1
