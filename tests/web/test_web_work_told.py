"""The pages of statistics and of people: told in both languages, as files, and to nobody else."""

import csv
import io
import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import httpx
import pytest
from asked import asking
from test_web_items import ordered
from test_web_pages import browsing
from test_web_review import sign_as
from web_laboratory import Web

from remotecal.clock import civil_day
from remotecal.store import spreads
from remotecal.store.interval_tables import ended_intervals
from remotecal.store.interval_told import sum_up_items
from remotecal.store.tables import runs

REGISTER = """
[laboratory]
name = {{ en = "Laboratory", zh = "实验室" }}
code = "L-1"
valid_until = "{holds}"
key = "00"

[[persons]]
name = {{ en = "Li <Wei>", zh = "李伟" }}
registration = "R-1"
valid_until = "{ended}"
duties = ["performed", "reviewed"]
procedures = ["flow.master_meter"]
key = "01"

[[persons]]
name = {{ en = "Wang Fang", zh = "王芳" }}
registration = "=R-2"
valid_until = "{soon}"
duties = ["approved"]
procedures = ["master_meter", "weighing.balance"]
key = "02"

[[standards]]
name = {{ en = "Balance", zh = "天平" }}
serial = "B-7"
approval = "A-7"
valid_until = "{holds}"
certificate = "C-7"
certificate_valid_until = "{soon}"
"""


@pytest.fixture(scope="module")
def run(web: Web) -> str:
    return web.do(web.carried_out())


@pytest.fixture
def registered(web: Web) -> Iterator[None]:
    """The laboratory has a register."""
    folder = web.hub.laboratory.folder
    today = civil_day(web.clock.now(), folder.time_zone)
    days = {"ended": -1, "soon": 20, "holds": 400}
    text = REGISTER.format(**{name: today + timedelta(ahead) for name, ahead in days.items()})
    (folder.path / "register.toml").write_text(text, encoding="utf-8")
    before = folder.settings
    issuing = before.issuing.model_copy(update={"signatories": "register.toml"})
    folder.settings = before.model_copy(update={"issuing": issuing})
    with web.noon_of(today):
        yield
    folder.settings = before


def table(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.headers["content-type"].startswith("text/csv"), answer.text
    assert answer.content.startswith(BOM_UTF8)  # or a spreadsheet reads no Chinese
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def row(page: str, begin: str) -> str:
    """Return the text of the row of a table that begins so."""
    rows = (unescape(re.sub(r"<[^>]+>", " ", row)) for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL))
    return next(text for text in (" ".join(row.split()) for row in rows) if text.startswith(begin))


def test_statistics_tell_what_the_run_took(web: Web, run: str) -> None:
    store = web.hub.laboratory.store
    order, began = store.orders.find(run), store.journals.find("here", run).began
    procedure = store.journals.find("here", run).procedure
    assert procedure
    with browsing(web, "reader") as client:
        page = client.get("/statistics").text
        steps = table(client.get("/statistics?table=steps"))
        assert [one["Step"] for one in steps] == ["begun", "complete"]
        assert {(one["Procedure"], one["Runs"]) for one in steps} == {(procedure, "1")}
        assert steps[0]["Median / h"] == f"{(began - order.issued) / 3600:.2f}"
        assert row(page, f"{procedure} issued → begun").endswith(steps[0]["Three quarters within / h"])
        (load,) = table(client.get("/statistics?table=load"))
        assert (load["Station"], load["Runs"]) == ("here", "1")
        dated = re.findall(r'y="121">(\d\d-\d\d)</text>', page)
        assert len(dated) >= 3, "weeks are told under their bars, every fourth"
        (bench,) = table(client.get("/statistics?table=benches"))
        assert (bench["Station"], bench["Bench"], bench["Hours"]) == ("here", "Tiny bench", load["Hours"])
        day = civil_day(began, web.hub.laboratory.folder.time_zone)
        assert load["Week from"] == (day - timedelta(day.weekday())).isoformat()
        assert f"<title>{load['Week from']}: 1</title>" in page
        beyond = client.get("/statistics?after=zz").text  # after the last name it begins anew
        assert f"<title>{load['Week from']}: 1</title>" in beyond
        assert table(client.get("/statistics?table=passed")) == []
        for query in ("since=2024-01-01&until=2023-01-01", "since=2020-01-01", "since=x", "table=users"):
            assert client.get(f"/statistics?{query}").status_code == 422, query
        for query in ("until=0001-01-01", "since=9999-12-01&until=9999-12-31", "since=2024-02-29&until="):
            assert client.get(f"/statistics?{query}").status_code in {200, 422}, query
    with browsing(web, "operator", "zh") as client:
        assert "下达 → 开始" in client.get("/statistics").text


def test_how_repeats_scatter_is_told_by_bench_by_model_and_by_item(web: Web, run: str) -> None:
    store = web.hub.laboratory.store
    lines = [{"distribution": "t", "contribution": "0.5"}]
    said = {
        "evidence": {"procedure": "<flow>"},
        "finished": "2024-05-01",
        "measurements": [{"budgets": [{"unit": "%", "result": 0, "lines": lines}]}],
    }
    with store.database.begin() as connection:
        spreads.keep(connection, "here", run, json.dumps(said))
    ((item,), time) = store.about.of_run("here", run)[1], "since=2024-05-01&until=2024-05-31"
    whose = {
        "bench": {"Station": "here", "Bench": "Tiny bench", "Month": "2024-05"},
        "model": {"Maker": item.maker, "Model": item.model, "Month": "2024-05"},
        "item": {"Number of the item": item.serial, "Times its model": "1.00"},
    }
    for language in ("en", "zh"):
        with browsing(web, "operator", language) as client:
            for by, told in whose.items():
                page = client.get(f"/statistics/spread?{time}&by={by}")
                assert page.status_code == 200
                assert "&lt;flow&gt;" in page.text
                (line,) = table(client.get(f"/statistics/spread?{time}&by={by}&table=spread"))
                wanted = {"Results": "1", "Largest": "0.500", **told}
                assert language == "zh" or line.items() >= wanted.items()
                assert all(cell in page.text for cell in wanted.values() if cell != "here")
    with browsing(web, "customer") as client:
        assert client.get("/statistics/spread?by=item").status_code == 403


def test_intervals_are_advised_on_with_the_numbers_they_rest_on(web: Web) -> None:
    whose = {"station": "here", "place": 0, "quantity": "basic_measurementError", "unit": "%", "over": "m3/h"}
    whose |= {"maker": "<A>", "model": "M-<1>", "days": 365, "against": "limit", "results": 6}
    rows = [
        whose
        | {"run": f"i{n}", "number": f"S-{n % 4}", "certificate": f"c{n}", "before": f"c{n - 4}"}
        | {"day": f"20{10 + n}-05-01", "part": part, "outside": int(part > 1), "drift": 0.0151}
        | {"drift_part": 0.1}
        for n, part in enumerate((*[0.5] * 11, 1.25))
    ]
    store = web.hub.laboratory.store
    with store.database.begin() as connection:
        connection.execute(ended_intervals.insert(), rows)
        sum_up_items(connection, {(one["maker"], one["model"], one["number"]) for one in rows})
    time = "since=2010-01-01&until=2021-12-31"
    with browsing(web, "reader") as client:
        assert "Interval advice" in client.get("/statistics").text
        page = client.get(f"/statistics/intervals?{time}").text
        told = "<A> M-<1> 4 Error of indication 12 365 1 limit of error 125 0.015 % shorten outside too often"
        assert row(page, "<A>") == told
        assert "ILAC-G24" in page
        assert "fewer than 10 intervals" in page
        assert "Standards that other laboratories calibrate do not count." in page
        (line,) = table(client.get(f"/statistics/intervals?{time}&table=intervals"))
        wanted = {"Items": "4", "Intervals": "12", "Ended outside": "1", "Advice": "shorten"}
        assert line.items() >= {**wanted, "Reason": "outside too often"}.items()
        items = table(client.get(f"/statistics/intervals?{time}&by=item&table=intervals"))
        advised = {one["Number of the item"]: one["Advice"] for one in items}
        assert advised == dict.fromkeys(("S-0", "S-1", "S-2"), "may lengthen") | {"S-3": "shorten"}
        earlier = client.get("/statistics/intervals?since=2010-01-01&until=2018-12-31").text
        assert row(earlier, "<A>").endswith("no advice too few intervals")
        assert client.get("/statistics/intervals?since=2025-01-01&until=2024-01-01").status_code == 422
    with browsing(web, "reader", "zh") as client:
        assert "缩短" in client.get(f"/statistics/intervals?{time}&by=item").text
    with web.token("reader") as api:
        (one,) = api.get(f"/intervals?{time}").json()
        rests = {"intervals": 12, "items": 4, "outside": 1, "largest": 1.25, "drift_part": 0.1}
        assert one.items() >= {**rests, "advice": "shorten", "reason": "often"}.items()
        assert len(api.get(f"/intervals?{time}&by=item").json()) == 4
    with browsing(web, "customer") as client, web.token("customer") as api:
        assert client.get("/statistics/intervals").status_code == 403
        assert api.get("/intervals").status_code == 403


def test_a_run_on_the_last_second_of_a_sunday_counts_in_its_week(web: Web, run: str) -> None:
    zone = ZoneInfo(web.hub.laboratory.folder.time_zone)
    late = datetime(2024, 3, 11, tzinfo=zone).timestamp() - 1
    rows = [
        {"station": "here", "run": f"w{n}", "committed": 1, "head": "h", "state": "signed", "began": at,
         "updated": at + 1800.0}
        for n, at in enumerate((late, late + 2))
    ]  # fmt: skip
    with web.hub.laboratory.store.database.begin() as connection:
        connection.execute(runs.insert(), rows)
    with browsing(web, "operator") as client:
        told = table(client.get("/statistics?since=2024-03-06&until=2024-03-12&table=load"))
        assert [(one["Week from"], one["Runs"], one["Hours"]) for one in told] == [
            ("2024-03-04", "1", "0.50"),
            ("2024-03-11", "1", "0.50"),
        ]
        told = table(client.get("/statistics?since=2024-03-06&until=2024-03-10&table=load"))
        assert [one["Week from"] for one in told] == ["2024-03-04"]
        months = table(client.get("/statistics?since=2024-02-06&until=2024-03-12&table=benches"))
        assert [tuple(one.values()) for one in months] == [("here", "", "2024-03", "2", "1.00")]
        ends = table(client.get("/statistics?since=2024-03-11&until=2024-04-12&table=benches"))
        assert [(one["Month"], one["Hours"]) for one in ends] == [("2024-03", "0.50")]


@pytest.mark.usefixtures("registered")
def test_people_are_told_with_what_they_may_do_and_until_when(web: Web) -> None:
    with browsing(web, "operator") as client:
        page = client.get("/people").text
        assert "<Wei>" not in page
        matrix = page.partition('id="lasting"')[0]
        assert row(matrix, "flow.master_meter") == ("flow.master_meter performs reviews has ended approves")
        assert row(matrix, "weighing.balance") == "weighing.balance – approves"
        assert not re.search(r"<td[^>]*>master_meter<", matrix)
        lasting = page.partition('id="lasting"')[2]
        assert row(lasting, "registration Li").endswith("has ended")
        assert row(lasting, "certificate Balance C-7 B-7").endswith("days left: 20")
        assert "ends" not in row(lasting, "approval as a standard Balance")
        assert lasting.index("R-1") < lasting.index("C-7") < lasting.index("A-7")
        rows = table(client.get("/people?table=matrix"))
        assert [(one["Procedure"], one["Person"], one["Duty"]) for one in rows][:2] == [
            ("flow.master_meter", "Li <Wei>", "performs"),
            ("flow.master_meter", "Li <Wei>", "reviews"),
        ]
        assert {one["Registration"] for one in rows} == {"R-1", "'=R-2"}
        assert "remotecal register person register.toml" in page
        scope = table(client.get("/people?table=scope"))
        assert scope
        assert all(f"{one['CMC (smallest U)']} " in page for one in scope)
    with browsing(web, "operator", "zh") as client:
        assert "李伟" in client.get("/people").text


def test_without_a_register_or_with_a_broken_one_that_is_said(web: Web, registered: None) -> None:
    folder = web.hub.laboratory.folder
    with browsing(web, "operator") as client:
        (folder.path / "register.toml").write_text("[laboratory", encoding="utf-8")
        assert 'role="alert"' in client.get("/people").text
        assert table(client.get("/people?table=lasting")) == []
        issuing = folder.settings.issuing.model_copy(update={"signatories": None})
        folder.settings = folder.settings.model_copy(update={"issuing": issuing})
        assert "has no register" in client.get("/people").text


def test_customers_see_neither_and_few_questions_are_asked(web: Web, run: str) -> None:
    with browsing(web, "customer") as client:
        for address in ("/statistics", "/people", "/statistics?table=load", "/people?table=matrix"):
            assert client.get(address).status_code == 403
            assert f'href="{address}"' not in client.get("/").text
    with browsing(web, "reviewer") as client:
        for address in ("/statistics", "/people"):
            assert f'href="{address}"' in client.get("/").text
            with asking(web.hub.laboratory.store) as sent:
                page = client.get(address)
            assert page.status_code == 200
            assert len(sent) <= 6, [one.statement[:60] for one in sent]
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page.text)


def test_what_passed_at_once_and_what_ended_early_stand_on_the_page_and_in_the_files(web: Web) -> None:
    store = web.hub.laboratory.store
    good, returned = web.do(web.all_carried_out(2))
    for duty in ("performed", "reviewed"):
        sign_as(web, good, duty)
    store.remarks.add("here", returned, 0, "unsteady?", "reviewer", web.clock.now())
    store.orders.withdraw(ordered(web)["id"], "=not, needed")
    procedure = store.journals.find("here", good).procedure
    with browsing(web, "reader") as client:
        page = client.get("/statistics").text
        (passed,) = table(client.get("/statistics?table=passed"))
        (early,) = table(client.get("/statistics?table=early"))
    assert list(passed.values()) == [procedure, "2", "1", "50"]
    assert passed["First-time pass / %"] == "50"
    assert list(early.values()) == ["withdrawn", "'=not, needed", "1"]
    for name, told in (("passed", f"{procedure} 2 1 50"), ("early", "withdrawn =not, needed 1")):
        assert row(page.partition(f'id="{name}"')[2].partition("</section>")[0], told.split()[0]) == told
    with browsing(web, "reader", "zh") as client:
        page = client.get("/statistics").text
        (passed,) = table(client.get("/statistics?table=passed"))
        assert row(page.partition('id="early"')[2], "已撤回") == "已撤回 =not, needed 1"
    assert list(passed)[-1] == "一次通过 / %"
