"""Lists of orders, work sheets, and labels for what arrives, over plain HTTP."""

import base64
import csv
import io
import json
import re
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest
from reading import poppler
from sqlalchemy import update
from test_web_items import entered, today, wanted
from test_web_pages import browsing
from web_laboratory import Web

from remotecal.cli import main
from remotecal.hub.order_index import rebuild, says
from remotecal.pages.words import words
from remotecal.store.called import Names
from remotecal.store.migrations.versions import v0030_orders_say
from remotecal.store.orders import OrderRow
from remotecal.store.tables import orders
from remotecal.transport.envelopes import unseal
from remotecal.transport.messages import RemoteOrder
from remotecal.web.shown_orders import OrderShown

NAMES = {"zh": "东方流量厂 % _", "en": "Eastern <Flow> Works"}
POINTS = [("1", "1 V", "2"), ("2", "2 V", "2")]
SAID = ("bench", "procedure", "customer", "device", "serial", "devices", "words")


@pytest.fixture(scope="module")
def order(web: Web) -> dict:
    """Return an order of a customer whose name is in both languages."""
    said = wanted(web, account="acme", planned=None)
    said["order"]["customer"] |= {"name": NAMES}
    said["order"]["dut"] |= {"name": {"zh": "涡轮流量计", "en": "Turbine meter"}, "serial": "LIST-1"}
    with web.token("operator") as operator:
        answer = operator.post("/orders", json=said)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def other(web: Web) -> dict:
    said = wanted(web)
    said["order"]["order"]["number"] = "OTHER-1"
    with web.token("operator") as operator:
        answer = operator.post("/orders", json=said)
    assert answer.status_code == 201, answer.text
    return answer.json()


def row_of(web: Web, order: dict) -> OrderRow:
    return web.hub.laboratory.store.orders.find(order["id"])


def test_the_list_tells_item_customer_and_procedure_in_the_readers_language(web: Web, order: dict) -> None:
    for language, customer in (("zh", "东方流量厂 % _"), ("en", "Eastern &lt;Flow&gt; Works")):
        with browsing(web, "operator", language) as client:
            page = client.get("/orders").text
            (row,) = [one for one in re.findall(r"<tr>.*?</tr>", page, re.DOTALL) if order["id"] in one]
            assert customer in row
            assert ("涡轮流量计" if language == "zh" else "Turbine meter") in row
            assert "LIST-1" in row
            assert f'href="/items/{order["item"]}"' in row
            assert "tiny_procedure.py" in row


def test_the_list_is_found_by_customer_item_and_procedure(web: Web, order: dict, other: dict) -> None:

    def listed(**asked: str) -> set[str]:
        with browsing(web, "operator") as client:
            page = client.get("/orders", params=asked).text
        return set(re.findall(r'href="/orders/([^"?]+)">', page)) & {order["id"], other["id"]}

    both = {order["id"], other["id"]}
    assert listed() == both
    assert listed(words="eastern") == listed(words="东方") == listed(words="TURBINE") == {order["id"]}
    assert listed(words='"') == listed(words="zh") == listed(words=":") == set()  # names, not their JSON
    assert listed(words="% _") == {order["id"]}  # no pattern of a database
    empty = dict.fromkeys(("number", "words", "procedure", "station", "stage"), "")
    assert listed(**empty) == listed(**empty | {"station": "here", "stage": "waits"}) == both
    assert listed(words="nobody's") == listed(procedure="tiny") == set()
    assert listed(procedure="tiny_procedure.py") == both
    assert listed(number="LIST-1", words="eastern") == {order["id"]}
    assert listed(number="LIST-1", words="nobody's") == listed(number="LIST-1", procedure="x") == set()
    with browsing(web, "bolt") as bolt, browsing(web, "customer") as acme:
        assert order["id"] in acme.get("/orders?words=eastern").text
        assert order["id"] not in bolt.get("/orders?words=eastern").text


def test_a_field_of_a_filter_that_is_left_empty_asks_for_nothing(web: Web, order: dict) -> None:
    """As browsers send the form: all its fields, also where "all" is chosen."""
    with browsing(web, "operator") as client:
        for page in ("/orders", "/runs"):
            form = re.search(r'<form class="filter".*?</form>', client.get(page).text, re.DOTALL)[0]
            named = dict.fromkeys(re.findall(r'<(?:input|select)[^>]* name="([a-z]+)"', form), "")
            assert named
            assert client.get(page, params=named | {"station": ""}).status_code == 200, page


def test_what_orders_say_is_made_anew_from_what_was_signed(web: Web, order: dict) -> None:
    laboratory, before = web.hub.laboratory, row_of(web, order)
    told = asdict(says(unseal(before.envelope, "order", RemoteOrder, [laboratory.key.public])))
    assert {name: getattr(before, name) for name in SAID} == told
    assert json.loads(before.customer) == NAMES
    migrated = v0030_orders_say._says(before.envelope)
    assert migrated == told
    assert v0030_orders_say._says(b"e") == v0030_orders_say._says(b'{"payload": 1}') == {}
    database = laboratory.store.orders._database
    with database.begin() as connection:
        connection.execute(update(orders).values(dict.fromkeys(SAID)))
    laboratory.store.orders.issue("forged", "F", "here", base64.b64encode(b"e"), 1.0, 2.0, "Li Wei")
    assert row_of(web, order).customer is None
    with browsing(web, "operator") as client:
        assert client.get("/orders").status_code == 200
    assert rebuild(laboratory.store, laboratory.key.public) >= 1
    assert row_of(web, order) == before
    assert laboratory.store.orders.find("forged").procedure is None


@pytest.mark.parametrize("language", NAMES)
def test_a_work_sheet_says_all_that_goes_to_the_bench(
    web: Web, order: dict, other: dict, language: str
) -> None:
    with browsing(web, "operator", language) as client:
        assert f'href="/orders/sheets?order={order["id"]}"' in client.get(f"/orders/{order['id']}").text
        page = client.get("/orders/sheets", params={"order": [order["id"], other["id"]]}).text
        first, second = re.findall(r'<article class="sheet".*?</article>', page, re.DOTALL)
        assert other["number"] in second
        for text in (
            order["number"],
            "LIST-1",
            "Tiny bench",
            "here",
            "涡轮流量计" if language == "zh" else "Turbine meter",
        ):
            assert text in first
        assert f'aria-label="{web.url}/orders/{order["id"]}"' in first
        points = re.findall(r'<td class="number">(\d+)</td><td>([^<]+)</td><td class="number">(\d+)', first)
        assert points == POINTS
        assert client.get("/orders/sheets?order=nothing").status_code == 404
        assert client.get("/orders/sheets?number=nothing").status_code == 422
        found = client.get("/orders/sheets?words=eastern").text
        assert found.count('class="sheet"') == 1
    with browsing(web, "customer") as acme:
        assert acme.get(f"/orders/sheets?order={order['id']}").status_code == 403
        assert acme.get(f"/orders/labels?order={order['id']}").status_code == 403
        assert "/orders/sheets" not in acme.get("/orders").text


def test_labels_for_what_arrived_are_shown_and_printed(
    web: Web, order: dict, other: dict, tmp_path: Path
) -> None:
    with browsing(web, "operator") as client:
        asked = {"order": [order["id"], other["id"]]}
        page = client.get("/orders/labels", params=asked).text
        assert page.count('<article class="label"') == 2
        for text in (order["number"], "LIST-1", "委托 Order", "客户 Customer", "Eastern &lt;Flow&gt; Works"):
            assert text in page
        printed = client.get(re.search(r'href="(/orders/labels\.pdf[^"]+)"', page)[1].replace("&amp;", "&"))
    (tmp_path / "labels.pdf").write_bytes(printed.content)
    told = poppler("pdfinfo", str(tmp_path / "labels.pdf"))
    assert re.search(r"Pages: +2\n", told)
    assert re.search(r"Page size: +141\.7\d* x 85\.0\d* pts", told)
    assert "LIST-1" in poppler("pdftotext", str(tmp_path / "labels.pdf"), "-").partition("\f")[0]


# What falls due


@pytest.fixture(scope="module")
def due(web: Web) -> tuple[dict, dict]:
    """Return an item of a customer and one of the laboratory's own, which fall due in 5 days and in 20."""
    days = [f"{today(web) + timedelta(days=ahead)}" for ahead in (5, 20)]
    name = {"zh": "压力表", "en": "Gauge"}
    theirs = entered(web, serial="DUE-1", account="acme", due=days[0], name=name)
    own = entered(web, serial="DUE-2", due=days[1], name=name)
    order = wanted(web, account="acme")
    order["order"]["customer"]["name"] = {"zh": "顶点公司", "en": "Acme Ltd"}
    order["order"]["order"]["number"] = "DUE-OF-ACME"
    with web.token("operator") as operator:
        assert operator.post("/orders", json=order).status_code == 201
    web.clock.ahead += 61  # what falls due is remembered for a minute
    return theirs, own


def test_all_that_falls_due_is_told_by_day_and_by_customer(web: Web, due: tuple[dict, dict]) -> None:
    with browsing(web, "operator", "zh") as client:
        assert 'href="/due"' in client.get("/").text
        page = client.get("/due").text
        assert page.index("DUE-1") < page.index("DUE-2")
        assert "压力表 Maker DN 50" in page
        page = client.get("/due?by=customer").text
        assert (
            page.index("实验室自有")
            < page.index("DUE-2")
            < page.index(">顶点公司</h2>")
            < page.index("DUE-1")
        )
        week = client.get("/due?within=7&kind=item").text
        assert ("DUE-1" in week, "DUE-2" in week) == (True, False)
        assert "DUE-" not in client.get("/due?kind=person").text
        assert client.get("/due?within=61").status_code == 422
        told = list(csv.reader(io.StringIO(client.get("/due?format=csv").text.removeprefix("\ufeff"))))
        assert told[0][:3] == ["有效期至", "剩余天数", "类别"]
        (row,) = [row for row in told if "DUE-1" in row]
        assert row[0] == due[0]["due"]
        assert row[2:7] == ["器具", "压力表 Maker DN 50", "DUE-1", "", "顶点公司"]
        assert row[7:] == ["", "acme"], "two customers may have one name"
    with web.token("operator") as operator:
        item = operator.get(f"/items/{due[0]['id']}").json()
        (order,) = operator.get("/orders?number=DUE-OF-ACME").json()
        for one in (item, order):
            assert (one["account"], one["account_name"]) == ("acme", {"zh": "顶点公司", "en": "Acme Ltd"})
        told = OrderShown.model_validate(order)
        assert told.named(Names({}, {"operator": {"en": "Wang Fang"}})).by_name == {"en": "Wang Fang"}
        assert operator.get(f"/items/{due[1]['id']}").json()["account_name"] == {}
    with browsing(web, "customer") as acme, browsing(web, "bolt") as bolt:
        page = acme.get("/due").text
        assert ("DUE-1" in page, "DUE-2" in page) == (True, False)
        assert "DUE-" not in bolt.get("/due").text


def test_the_terminal_tells_the_same_for_programs_and_in_the_readers_language(
    web: Web, due: tuple[dict, dict], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = ["--hub", str(web.hub.laboratory.folder.path)]
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")
    for days, which in (("60", {"DUE-1", "DUE-2"}), ("7", {"DUE-1"}), ("0", set())):
        assert main(["due", *hub, "--within", days, "--json"]) == 0
        found = [row for row in json.loads(capsys.readouterr().out) if row["kind"] == "item"]
        assert {row["number"] for row in found} == which
    assert main(["due", *hub, "--json"]) == 0
    (row,) = [row for row in json.loads(capsys.readouterr().out) if row["number"] == "DUE-1"]
    said = {"valid until": due[0]["due"], "kind": "item", "what": "Gauge Maker DN 50", "customer": "Acme Ltd"}
    assert 4 <= row.pop("left") <= 5  # as midnight may have come
    assert row == said | {"number": "DUE-1", "certificate": "", "station": "", "account": "acme"}
    assert main(["due", *hub]) == 0
    shown = capsys.readouterr().out
    for text in ("有效期至", " 天", "器具", "压力表 Maker DN 50"):
        assert text in shown
    assert main(["runs", *hub]) == 0
    shown = capsys.readouterr().out
    assert words("zh")("order_state.issued") in shown
    assert "issued" not in shown
    assert main(["runs", *hub, "--json"]) == 0
    assert {row["state"] for row in json.loads(capsys.readouterr().out)} == {"issued"}
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert main(["runs", *hub]) == 0
    assert "issued" in capsys.readouterr().out
