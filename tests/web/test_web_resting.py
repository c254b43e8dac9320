"""The page of reverse traceability: what rests on a standard, whose it is, how much is the standard's."""

import csv
import io
import json
import re
from dataclasses import replace
from decimal import Decimal
from html import unescape

import pytest
from test_web_pages import browsing
from web_laboratory import Web

from remotecal.clock import civil_day
from remotecal.hub.reverse import Portion, shares_in
from remotecal.store.tables import run_equipment, run_items
from remotecal.web.pages import resting

CERTIFICATE = "N-1"
BUDGETS = ({"a": "12.5", "b": "80.0", "c": "7.5"}, {"a": "1.1", "b": "98.9", "c": "0.0"})
"""Symbol → share; a and c rest on the certificate."""
LEAST, MOST = Decimal("1.1"), Decimal("20.0")


@pytest.fixture(scope="module")
def run(web: Web) -> str:
    """A run that rests on the certificate N-1, by an input of its model; of a customer with a sly name."""
    run = web.do(web.carried_out())
    store = web.hub.laboratory.store
    row = store.records.find("here", run)
    named = [{"symbol": "a", "source": {"": f"other; {CERTIFICATE}"}}, {"symbol": "b", "source": None},
             {"symbol": "c", "source": {"en": CERTIFICATE}}]  # fmt: skip
    budgets = [
        {
            "lines": [
                {"symbol": name, "share": share, "distribution": "normal"} for name, share in told.items()
            ]
        }
        for told in BUDGETS
    ]
    record = {"measurements": [{"methods": [{"inputs": named}], "budgets": budgets}, {"methods": []}]}
    store.records.put(replace(row, record=json.dumps(record)))
    with store.database.begin() as connection:
        of_run = run_equipment.c.run == run
        connection.execute(run_equipment.update().where(of_run).values(serial="N", certificate=CERTIFICATE))
        sly = json.dumps({"en": "=1+1 <b>", "zh": "水表厂"})
        connection.execute(run_items.update().where(run_items.c.run == run).values(customer=sly))
    return run


def test_what_rests_on_a_standard_is_told_by_customer(web: Web, run: str) -> None:
    with browsing(web, "operator", "zh") as client:
        page = client.get("/resting?number=N&since=&until=&depth=1").text
        assert "<h2>水表厂（1）</h2>" in page
        assert f'href="/runs/here/{run}"' in page
        assert "未签发" in page
    with browsing(web, "reviewer") as client:
        page = unescape(client.get(f"/resting?number={CERTIFICATE}").text)
        assert "Certificates, by their numbers: 1, of them issued: 0" in page
        assert "Depth 1 is what it was used for itself" in client.get("/resting").text
        assert client.get("/resting?number=nobody").status_code == 404
        assert client.get("/resting?number=N&since=yesterday").status_code == 422
        assert client.get("/resting?number=N&until=9999-12-31&since=0001-01-01").status_code == 200


def test_days_are_the_laboratorys_and_the_last_one_counts(web: Web, run: str) -> None:
    at = web.hub.laboratory.store.about.of_run("here", run)[0][0].at
    day = civil_day(at, web.hub.laboratory.folder.time_zone)
    with browsing(web, "operator") as client:
        for asked, counts in ((f"since={day}", 1), (f"until={day}", 1), ("until=2020-01-01", 0)):
            page = client.get(f"/resting?number=N&{asked}").text
            assert f"Certificates, by their numbers: {counts}," in page, asked


def test_the_share_of_the_variance_is_that_of_the_lines_that_name_the_certificate(web: Web, run: str) -> None:
    record = web.hub.laboratory.store.records.find("here", run).record
    assert shares_in(record, CERTIFICATE) == Portion(LEAST, MOST)
    assert shares_in(record, "N") is None  # a number is looked for whole
    assert shares_in("{}", CERTIFICATE) is None
    nothing, little = Decimal("0.0"), Decimal("2.5")
    assert [Portion(nothing, nothing).told, Portion(nothing, little).told] == ["< 0.1", "< 0.1 … 2.5"]
    with browsing(web, "operator") as client:
        page = client.get("/resting?number=N").text
        assert f">{LEAST} … {MOST}</td>" in page


def test_of_several_devices_each_has_the_share_in_its_own_results(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = web.do(web.carried_out())
    store = web.hub.laboratory.store
    named = [{"symbol": "a", "source": {"": "L-1"}}]
    budgets = [
        {"result": place, "lines": [{"symbol": "a", "share": share, "distribution": "normal"}]}
        for place, share in enumerate(("10", "90"))
    ]
    results = [{"items": ["dut-1"]}, {"items": ["dut-2"]}]
    record = {"measurements": [{"methods": [{"inputs": named}], "results": results, "budgets": budgets}]}
    store.records.put(replace(store.records.find("here", run), record=json.dumps(record)))
    with store.database.begin() as connection:
        of_run = run_equipment.update().where(run_equipment.c.run == run)
        connection.execute(of_run.values(serial="L", certificate="L-1"))
        its = run_items.update().where(run_items.c.run == run)
        connection.execute(its.values(certificate="LOT-1"))
        (first,) = connection.execute(run_items.select().where(run_items.c.run == run)).mappings()
        second = {**first, "place": 1, "serial": "M2", "certificate": "LOT-2"}
        connection.execute(run_items.insert().values(second))
    with browsing(web, "operator") as client:
        rows = csv.DictReader(client.get("/resting?number=L&format=csv").text.splitlines())
        told = {row["Certificate"]: (row["Least share / %"], row["Most share / %"]) for row in rows}
        assert told == {"LOT-1": ("10", "10"), "LOT-2": ("90", "90")}
        assert ">10</td>" in client.get("/resting?number=L").text
        monkeypatch.setattr(resting, "ON_A_PAGE", 1)
        first, second = (client.get(f"/resting?number=L&page={page}").text for page in (1, 2))
        for page in (first, second):  # of a customer all are counted, wherever the page ends
            assert re.search(r"<h2>[^<]* \(2\)</h2>\n<p class=\"hint\">1 of them on this page</p>", page)
        assert ('rel="prev"' in first, 'rel="next"' in first) == (False, True)
        assert ('rel="prev"' in second, 'rel="next"' in second) == (True, False)


def test_the_list_comes_as_csv_by_the_same_address(web: Web, run: str) -> None:
    with browsing(web, "operator") as client:
        page = client.get("/resting?number=N&depth=2").text
        (address,) = re.findall(r'href="(/resting[^"]+format=csv)"', page)
        answer = client.get(unescape(address))
        assert answer.headers["content-type"].startswith("text/csv")
        (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
        assert row["Customer"] == "'=1+1 <b>"  # no spreadsheet's formula
        assert (row["Run"], row["Depth"], row["Through"]) == (run, "1", CERTIFICATE)
        used = next(one for one in web.hub.laboratory.store.about.of_run("here", run)[0] if one.first_line)
        assert (row["First line"], row["Last line"]) == (str(used.first_line), str(used.last_line))
        for address in ("/resting", "/standard"):  # and there the evidence is opened
            page = client.get(f"{address}?number=N").text
            for line in (used.first_line, used.last_line):
                assert f'href="/runs/here/{run}/moment?line={line}"' in page
                assert client.get(f"/runs/here/{run}/moment?line={line}").status_code == 200
        assert (row["Least share / %"], row["Most share / %"]) == (str(LEAST), str(MOST))


def test_customers_do_not_see_what_rests_on_the_laboratorys_standards(web: Web, run: str) -> None:
    with browsing(web, "customer") as client:
        assert client.get("/resting?number=N").status_code == 403
        assert client.get("/resting?number=N&format=csv").status_code == 403
        assert "/resting" not in client.get("/").text
