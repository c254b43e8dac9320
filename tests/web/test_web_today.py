"""Today calls each for what waits for them, certificate by certificate, and for no longer than it does."""

import time

import httpx
import pytest
from test_web_pages import browsing, token
from web_laboratory import Web, problem

from remotecal.store.records import RecordRow
from remotecal.store.signings import SigningRow
from remotecal.store.tables import run_items, runs, stations

CALLED = {"operator": "performed", "reviewer": "reviewed", "approver": "approved", "administrator": "issued"}


def part(page: httpx.Response, section: str) -> str:
    """Return a section of Today."""
    assert page.status_code == 200
    return page.text.partition(f'id="{section}"')[2].partition("</section>")[0]


@pytest.fixture(scope="module")
def run(web: Web) -> str:
    """A run of four devices, whose certificates have come to different signatures each."""
    run, store = "four-devices", web.hub.laboratory.store
    store.journals.append("here", run, 1, [], time.time())
    told = {"station": "here", "run": run, "at": 1.0, "maker": "", "model": "", "serial": ""}
    told |= {"owner_number": "", "customer": "{}", "name": "{}"}
    with store.database.begin() as connection:
        rows = [{**told, "place": place, "certificate": f"N-{place + 1}"} for place in range(4)]
        connection.execute(run_items.insert(), rows)
    for place in range(4):
        for duty in tuple(CALLED.values())[:place]:
            by = f"{duty}-{place}"
            store.signings.add(SigningRow("here", run, duty, by, 1.0, b"x", None, None, f"dut-{place + 1}"))
    store.records.put(RecordRow("here", run, "h", "k", "{}", agrees=True, computed=1.0))
    return run


def test_each_certificate_waits_for_its_own_signature(web: Web, run: str) -> None:
    for place, user in enumerate(CALLED):
        with browsing(web, user) as client:
            waiting = part(client.get("/"), "waiting")
            numbers = [number for number in ("N-1", "N-2", "N-3", "N-4") if number in waiting]
            assert numbers == [f"N-{place + 1}"], user
            assert f'href="/review/here/{run}?device=dut-{place + 1}"' in waiting
            queue = client.get("/review").text
            mine = [row for row in queue.split("<tr>") if "<strong>" in row and run in row]
            assert len(mine) == 1
            assert f">N-{place + 1}<" in mine[0]
            assert queue.count(f"{run}?device=") == 4


def test_a_certificate_that_is_issued_waits_for_nobody(web: Web, run: str) -> None:
    store = web.hub.laboratory.store
    row = SigningRow("here", run, "issued", "hub", time.time(), b"x", b"p", "N-4", "dut-4")
    store.signings.add(row)
    with browsing(web, "administrator") as client:
        page = client.get("/")
        assert "N-4" not in part(page, "waiting")
        assert "N-4" in part(page, "issued")


def test_a_run_without_known_items_waits_as_one(web: Web) -> None:
    store = web.hub.laboratory.store
    store.journals.append("here", "nothing-known", 1, [], time.time())
    store.records.put(RecordRow("here", "nothing-known", "h", "k", "{}", agrees=True, computed=1.0))
    with browsing(web, "operator") as client:
        assert 'href="/review/here/nothing-known"' in part(client.get("/"), "waiting")


def test_what_somebody_has_seen_to_is_called_no_more_until_something_happens(web: Web) -> None:
    store = web.hub.laboratory.store
    store.journals.append("here", "stands", 1, [], time.time())
    with store.database.begin() as connection:
        connection.exec_driver_sql("UPDATE runs SET state = 'stopped', committed = 7 WHERE run = 'stands'")
    with browsing(web, "reviewer") as client:
        page = client.get("/")
        assert "/runs/here/stands" in part(page, "abnormal")
        assert "acknowledge" not in part(page, "abnormal"), "who may not command is not asked"
        sent = {"csrf": token(page), "lines": "7"}
        assert client.post("/runs/here/stands/acknowledge", data=sent).status_code == 403
    with browsing(web, "operator") as client:
        page = client.get("/")
        assert 'name="lines" value="7"' in part(page, "abnormal")
        for lines, status in (("", 422), ("8", 404), ("7", 303)):
            sent = {"csrf": token(page), "lines": lines}
            assert client.post("/runs/here/stands/acknowledge", data=sent).status_code == status
        assert "/runs/here/stands" not in part(client.get("/"), "abnormal")
        assert web.audit("acknowledge")[0][0] == "operator"
        store.journals.note_conflict("here", "stands", "line 3 was another one")
        assert part(client.get("/"), "abnormal").count('href="/runs/here/stands"') == 2, "something happened"
        store.journals.note_conflict("here", "stands", "")
        store.journals.acknowledge("here", "stands", 7)
        with store.database.begin() as connection:
            connection.exec_driver_sql("UPDATE runs SET committed = 8 WHERE run = 'stands'")
        assert "/runs/here/stands" in part(client.get("/"), "abnormal"), "its journal went on"
    with web.token("operator") as program:
        told = program.post("/runs/here/stands/acknowledge", json={"lines": 8})
        assert told.json()["state"] == "stopped"
        assert "no line 9" in problem(program.post("/runs/here/stands/acknowledge", json={"lines": 9}), 404)


def put(web: Web, run: str, **told: object) -> None:
    """Have the index say something of a run."""
    with web.hub.laboratory.store.database.begin() as connection:
        connection.execute(runs.update().where(runs.c.run == run).values(**told))


def test_a_rig_that_is_not_safe_is_told_first_and_once(web: Web) -> None:
    web.hub.laboratory.store.journals.append("here", "unsafe-1", 1, [], time.time())
    why = "dut.flow is 9 m3/h, above its limit, 8 m3/h; valve.position is 1 1, not 0 1"
    put(web, "unsafe-1", state="stopped", why=why, why_line=7, safe="no", on_site="on site: 李娜")
    for language, said in (
        ("en", ("Rig not safe", "dut.flow is 9 m3/h, above its limit, 8 m3/h", "On site: 李娜")),
        ("zh", ("装置不安全", "dut.flow 为 9 m3/h，高于限值 8 m3/h", "现场人员：李娜")),
    ):
        with browsing(web, "operator", language) as client:
            told = part(client.get("/"), "abnormal")
            (one,) = (call for call in told.split("<li>") if "/runs/here/unsafe-1" in call)
            for text in said:
                assert text in one, text
            assert told.split("<li>")[1] == one, "what is not safe comes first"
    put(web, "unsafe-1", safe="yes", why="the run was interrupted", on_site="")
    with browsing(web, "operator", "zh") as client:
        told = part(client.get("/"), "abnormal")
        for text in ("已停机", "运行被打断", "装置已处于安全状态", "无人操作过"):
            assert text in told, text
    put(web, "unsafe-1", state="signed", safe="no")
    with browsing(web, "operator") as client:
        assert "Rig not safe" in part(client.get("/"), "abnormal"), "whatever state it is in"
    put(web, "unsafe-1", safe="yes")


def test_a_run_of_which_nothing_is_heard_is_told_until_it_is_heard_again(web: Web) -> None:
    store, now = web.hub.laboratory.store, web.clock.now()
    store.journals.append("here", "on-1", 1, [], now)
    put(web, "on-1", state="running")
    with browsing(web, "reviewer") as client:
        assert "/runs/here/on-1" not in part(client.get("/"), "abnormal")
        assert "/runs/here/on-1" in part(client.get("/"), "on")
        with web.clock.put_forward(300.0):
            told = part(client.get("/"), "abnormal")
            assert "No news for 5 min" in told
            assert "/runs/here/on-1" in told
            with store.database.begin() as connection:
                heard = stations.update().where(stations.c.name == "here").values(seen=web.clock.now())
                connection.execute(heard)
            assert "/runs/here/on-1" not in part(client.get("/"), "abnormal"), "it was greeted"
    put(web, "on-1", state="finished")
