"""Items and orders for them through the API and on pages: whose they are; nothing is done by halves."""

import asyncio
import base64
import json
import re
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import httpx
import pytest
import sample
from asked import asking
from sites import BENCH
from test_web_certificates import issued
from test_web_pages import browsing, token
from web_laboratory import Web, problem

from remotecal.clock import civil_day
from remotecal.hub.numbers import NumberSettings
from remotecal.model import Column, Record
from remotecal.order import Order
from remotecal.store.tables import records

METER = {"name": {"en": "Meter", "zh": "表"}, "maker": "Maker", "model": "DN 50"}


def entered(web: Web, **said: object) -> dict:
    with web.token("operator") as operator:
        answer = operator.post("/items", json=METER | said)
    assert answer.status_code == 201, answer.text
    return answer.json()


def today(web: Web) -> date:
    return civil_day(web.clock.now(), web.hub.laboratory.folder.time_zone)


def wanted(web: Web, **said: object) -> dict:
    """Return an order of the tiny procedure as the API takes it."""
    bundle, _ = web.site.bundle()
    order = Order.load(web.site.tiny.order).model_dump(mode="json", exclude_defaults=True)
    order["order"]["procedure"] = "tiny_procedure.py"
    return {"station": "here", "bench": BENCH, "bundle": bundle, "order": order, **said}


def ordered(web: Web, **said: object) -> dict:
    with web.token("operator") as operator:
        answer = operator.post("/orders", json=wanted(web, **said))
    assert answer.status_code == 201, answer.text
    return answer.json()


# The register


def test_an_item_is_entered_changed_and_seen_by_its_own_customer_alone(web: Web) -> None:
    item = entered(web, serial="I-1", account="acme", months=12, due="2027-05-31")
    assert (item["due"], item["due_from"], item["certificate"]) == ("2027-05-31", "hand", "")
    address = f"/items/{item['id']}"
    with web.token("customer") as acme, web.token("bolt") as bolt, web.token("operator") as operator:
        assert [one["serial"] for one in acme.get("/items").json()] == ["I-1"]
        assert acme.get(address).json() == operator.get(address).json() == item
        assert bolt.get("/items").json() == []
        problem(bolt.get(address), 404)
        problem(bolt.get(f"{address}/calibrations"), 404)
        problem(acme.put(address, json=METER | {"serial": "I-1"}), 403)
        problem(operator.post("/items", json=METER | {"serial": "i-1", "account": "acme"}), 409)
        problem(operator.post("/items", json=METER), 422)
        problem(operator.post("/items", json=METER | {"serial": "I-2", "months": 0}), 422)
        problem(operator.post("/items", json=METER | {"serial": "I-\u200b2"}), 422)
        changed = METER | {"serial": "I-1", "account": "acme", "place": "Hall 2"}
        assert operator.put(address, json=changed).json()["due"] is None
        assert [one["place"] for one in operator.get("/items?searched=hall").json()] == ["Hall 2"]
    with browsing(web, "bolt") as bolt, browsing(web, "customer") as acme:
        assert bolt.get(address).status_code == 404
        assert "I-1" in acme.get(address).text
        assert "I-1" not in bolt.get("/items").text
        for page in ("/items/new", "/items/import", f"/orders/new?item={item['id']}"):
            assert acme.get(page).status_code == 403
    assert [json.loads(data)["serial"] for _, _, data in web.audit("item")][:2] == ["I-1", "I-1"]


def test_a_number_half_remembered_is_found(web: Web) -> None:
    for serial, account in (("DEMO-0005", "acme"), ("DEMO-0015", "bolt")):
        entered(web, serial=serial, account=account)

    def near(who: str, asked: str) -> tuple[list[str], str]:
        with browsing(web, who) as client:
            page = client.get("/search", params={"q": asked}).text
            return re.findall(r'href="/search\?q=([^"]*)"', page), page

    for asked in ("0005", "demo-0005", "DEMO0005", "demo 0005"):
        assert near("operator", asked)[0] == ["DEMO-0005"], asked
    # In full width it is the number itself.
    listed, page = near("operator", "ＤＥＭＯ－０００５")
    assert (listed, "/items/" in page) == ([], True)
    assert near("operator", "EMO-00")[0] == ["DEMO-0015", "DEMO-0005"]
    assert near("operator", "00")[0] == near("operator", "%%%")[0] == near("operator", "___")[0] == []
    assert near("customer", "EMO-00")[0] == ["DEMO-0005"], "another's number does not exist"


def test_an_item_is_entered_and_changed_by_forms(web: Web) -> None:
    with browsing(web, "operator") as client:
        csrf = token(client.get("/items/new?serial=F-1&name=Gauge"))
        form = {
            "csrf": csrf,
            "name_en": "Gauge",
            "name_zh": "",
            "serial": "F-1",
            "months": "6",
            "rule": "same",
        }
        answer = client.post("/items/new", data=form)
        assert answer.status_code == 303, answer.text
        page = client.get(answer.headers["location"])
        assert "<h1>Gauge F-1</h1>" in page.text
        assert client.post(answer.headers["location"], data=form | {"months": "x"}).status_code == 422
        hidden = client.post(answer.headers["location"], data=form | {"serial": "I\u202e1"})
        assert hidden.status_code == 422
        assert "U+202E, which nobody sees" in hidden.text
        assert client.post(answer.headers["location"], data=form | {"csrf": "0"}).status_code == 403
        client.post(answer.headers["location"], data=form | {"due": "2028-01-02"})
        page = unescape(client.get(answer.headers["location"]).text)
        assert "2028-01-02</span> · set by hand" in page
        rows = client.get("/items?searched=F-1&format=csv")
        assert rows.content.startswith("\ufeff".encode())
        assert ",Gauge,,,F-1,,,6,2028-01-02," in rows.text


def test_a_table_that_was_taken_in_leads_to_a_page_that_may_be_loaded_again(web: Web) -> None:
    content = base64.b64encode(b"name_en,serial\nPump,K-1\nPump,K-2\n").decode()
    with browsing(web, "operator") as client, browsing(web, "customer") as customer:
        form = {"csrf": token(client.get("/items/import")), "content": content, "account": ""}
        answer = client.post("/items/import/keep", data=form)
        assert answer.status_code == 303
        where = answer.headers["location"]
        page = client.get(where)
        assert page.status_code == 200
        made = re.findall(r'name="item" value="(\d+)"', page.text)
        assert len(made) == 2
        assert client.get(f"/items/{made[1]}").text.count("K-2") >= 1
        assert client.get("/items/import/kept?new=-1&item=x").status_code == 422
        assert customer.get(where).status_code == 403


def brought(web: Web, text: str, user: str = "operator", **said: object) -> httpx.Response:
    content = base64.b64encode(text.encode()).decode()
    with web.token(user) as client:
        return client.post("/items/import", json={"content": content, **said})


def test_a_table_is_taken_in_whole_or_not_at_all_and_once(web: Web) -> None:
    good = "name,serial,months\r\nMeter,T-1,12\r\nMeter,T-2,12\r\n"
    bad = good + "Meter,T-3,many\r\n"
    for look in (True, False):
        told = brought(web, bad, account="acme", look=look).json()
        assert (told["kept"], [row["outcome"] for row in told["rows"]]) == (False, ["new", "new", "fault"])
        assert told["rows"][2]["faults"] == ["months: many is no number of months from 1 to 600"]
    with web.token("operator") as operator:
        assert operator.get("/items?searched=T-").json() == []
        assert brought(web, good, account="acme").json()["kept"] is False
        assert operator.get("/items?searched=T-").json() == []
        first = brought(web, good, account="acme", look=False).json()
        again = brought(web, good, account="acme", look=False).json()
        assert [row["outcome"] for row in first["rows"]] == ["new", "new"]
        assert [row["outcome"] for row in again["rows"]] == ["same", "same"]
        assert [row["item"] for row in first["rows"]] == [row["item"] for row in again["rows"]]
        assert len(operator.get("/items?searched=T-").json()) == 2
        other = brought(web, good.replace(",12", ",24"), account="acme", look=False).json()
        assert [row["outcome"] for row in other["rows"]] == ["changed", "changed"]
        assert {one["months"] for one in operator.get("/items?searched=T-").json()} == {24}
        set_by_hand = {"name": {"en": "Meter", "zh": "表"}, "account": "acme", "serial": "T-1", "months": 24}
        set_by_hand |= {"rule": "month", "place": "Hall 2", "due": "2028-01-02"}
        item = operator.put(f"/items/{first['rows'][0]['item']}", json=set_by_hand).json()
        fewer = "name,serial,place\r\nGauge,T-1,Hall 3\r\n"
        assert brought(web, fewer, account="acme", look=False).json()["rows"][0]["outcome"] == "changed"
        expected = item | {"name": {"en": "Gauge", "zh": "表"}, "place": "Hall 3"}
        assert operator.get(f"/items/{item['id']}").json() == expected  # what has no column stays
        only = brought(web, "name,serial\r\nGauge,T-1\r\n", account="acme").json()
        assert only["rows"][0]["outcome"] == "same"
        own = operator.get("/items/import")
        assert own.status_code == 422  # it is no number of an item
    problem(brought(web, good, "customer"), 403)
    problem(brought(web, "name,serial\r\n"), 422)
    with web.token("operator") as operator:
        problem(operator.post("/items/import", json={"content": "%"}), 422)


def test_what_is_exported_comes_back_as_it_is(web: Web) -> None:
    entered(web, serial="=1+1", place="'Hall", account="bolt", rule="month")
    entered(web, serial="plain", name="Meter", account="bolt")
    with browsing(web, "bolt") as bolt:
        listed = bolt.get("/items?format=csv").content
    content = base64.b64encode(listed).decode()
    with web.token("operator") as operator:
        told = operator.post("/items/import", json={"content": content}).json()
    assert {row["outcome"] for row in told["rows"]} == {"same"}


def test_a_table_leaves_alone_what_it_has_no_column_for(web: Web) -> None:
    said = {"name": {"en": "Meter", "zh": "表"}, "months": 12, "rule": "month", "due": "2027-05-31"}
    said |= {"place": "Hall"}
    number = entered(web, serial="L-1", owner_number="O-1", account="bolt", **said)["id"]
    for table, outcome, changed in (
        ("name,maker,model,serial\nMeter,Maker,DN 50,L-1\n", "same", {}),
        ("name,maker,model,serial,place\nGauge,Maker,DN 50,L-1,Yard\n", "changed", {"place": "Yard"}),
        ("name,maker,model,serial,due\nGauge,Maker,DN 50,L-1,\n", "changed", {"due": None}),
    ):
        told = brought(web, table, account="bolt", look=False).json()["rows"]
        assert [(row["outcome"], row["item"]) for row in told] == [(outcome, number)]
        said |= changed
        with web.token("operator") as operator:
            kept = operator.get(f"/items/{number}").json()
        for name in ("months", "rule", "due", "place"):
            assert kept[name] == said[name], (table, name)
        assert (kept["owner_number"], kept["name"]["zh"]) == ("O-1", "表")


# Orders for items


def test_an_order_carries_its_item_which_is_entered_where_it_is_new(web: Web) -> None:
    order = ordered(web, account="acme")
    with web.token("operator") as operator:
        item = operator.get(f"/items/{order['item']}").json()
        assert (item["serial"], item["maker"], item["account"]) == ("M1", "Maker", "acme")
        assert ordered(web, account="acme")["item"] == item["id"]
        bolts = ordered(web)
        assert bolts["item"] != item["id"]
        moved = operator.put(f"/orders/{bolts['id']}/account", json={"account": "bolt"}).json()
        assert operator.get(f"/items/{moved['item']}").json()["account"] == "bolt"
        other = entered(web, serial="M-other", account="acme")
        answers = {
            "is of the account 'acme'": wanted(web, item=item["id"]),
            "has other numbers": wanted(web, item=other["id"], account="acme"),
            "there is no item": wanted(web, item=2**40),
        }
        for said, body in answers.items():
            assert said in problem(operator.post("/orders", json=body), 409)
    with browsing(web, "operator") as client:
        for number in (order["id"], order["number"], "M1"):
            assert f'href="/orders/{order["id"]}"' in client.get(f"/orders?number={number}").text, number
        assert client.get("/orders?number=nothing").text.count('href="/orders/T') == 0
    with browsing(web, "bolt") as bolt:
        assert order["id"] not in bolt.get("/orders?number=M1").text


def test_a_day_must_be_one_on_which_the_order_can_be_begun(web: Web) -> None:
    day = today(web)
    with web.noon_of(day), web.token("operator") as operator:
        for planned in (day - timedelta(days=1), day + timedelta(days=9)):
            said = problem(operator.post("/orders", json=wanted(web, planned=f"{planned}")), 409)
            assert f"it is planned for {planned}" in said
        answer = operator.post("/orders", json=wanted(web, planned=f"{day + timedelta(days=9)}", hours=240))
        assert answer.json()["planned"] == f"{day + timedelta(days=9)}"


def form_of(page: httpx.Response) -> dict[str, object]:
    """Return what a browser would send of the form by which items are ordered, without a script."""
    whole = page.text.partition('<form method="post" action="/orders/new"')[2].partition("</form>")[0]
    fields: dict[str, object] = {}
    for tag in re.findall(r"<input[^>]*>", whole):
        name, value = (re.search(rf'{what}="([^"]*)"', tag) for what in ("name", "value"))
        if 'type="checkbox"' in tag and " checked" not in tag:
            continue
        if name[1] == "item":
            fields.setdefault("item", []).append(value[1])
        else:
            fields[name[1]] = unescape(value[1])
    fields["at"] = unescape(re.search(r'<option value="([^"]*)" selected', whole.partition('id="at"')[2])[1])
    return fields


@pytest.fixture(scope="module")
def announced(web: Web) -> None:
    """The station has said what it has."""

    async def said() -> None:
        async with web.site.up():
            while web.hub.laboratory.store.stations.get("here").announced is None:
                await asyncio.sleep(0.02)

    web.do(said())


def test_items_are_ordered_at_once_by_a_pattern_and_pressing_twice_orders_once(
    web: Web, announced: None
) -> None:
    ordered(web, account="acme")
    numbers = [entered(web, serial=f"B-{one}", account="acme", model="")["id"] for one in range(3)]
    query, day = "&".join(f"item={number}" for number in numbers), today(web)
    with web.noon_of(day), browsing(web, "operator") as client:
        form = form_of(client.get(f"/orders/new?{query}")) | {"number": "BATCH"}
        assert form["item"] == [str(number) for number in numbers]
        answers = [client.post("/orders/new", data=form) for _ in range(2)]
        assert [answer.headers["location"] for answer in answers] == ["/orders?number=BATCH"] * 2
        page = client.get("/orders?number=BATCH").text
        assert re.findall(r">(BATCH-\d)</span></a>", page) == ["BATCH-3", "BATCH-2", "BATCH-1"]
        form_again = client.post("/orders/new", data=form | {"customer": "Another"})
        assert form_again.status_code == 409  # its key was that of another form
    with web.token("customer") as acme:
        made = [acme.get(f"/orders/{one['id']}").json() for one in acme.get("/orders?limit=3").json()]
    assert [one["item"] for one in made] == numbers[::-1]
    for one, serial in zip(made, ("B-2", "B-1", "B-0"), strict=True):
        assert one["order"]["dut"]["serial"] == serial
        assert one["order"]["order"].get("certificate") is None
        assert one["planned"] == f"{day}"
        assert one["order"]["customer"]["name"] == {"": "Customer"}
    assert len({who for who, what, data in web.audit("order") if "BATCH" in data}) == 1


def test_of_many_orders_none_is_made_where_one_s_number_is_taken(web: Web, announced: None) -> None:
    stations = web.hub.laboratory.store.stations
    here = stations.get("here")
    said = json.loads(here.announced)
    for bench in said["benches"]:
        bench["simulated"] = False
    stations.seen("here", here.session, json.dumps(said), here.seen)
    real = wanted(web)
    # No demonstration, which may be repeated with its number.
    real["order"]["order"] |= {"demonstration": False, "number": "HALF-P", "certificate": None}
    with web.token("operator") as operator:
        pattern = operator.post("/orders", json=real).json()["id"]
    items = [entered(web, serial=f"HALF-{one}", model="")["id"] for one in range(4)]
    with browsing(web, "operator") as client:
        taken = form_of(client.get(f"/orders/new?item={items[0]}&pattern={pattern}")) | {"number": "HALF-2"}
        assert client.post("/orders/new", data=taken).status_code == 303
        query = "&".join(f"item={one}" for one in items[1:])
        form = form_of(client.get(f"/orders/new?{query}&pattern={pattern}")) | {"number": "HALF"}
        refused = client.post("/orders/new", data=form)
        assert refused.status_code == 409
        assert "the number HALF-2 is that of the order" in refused.text
        assert re.findall(r">(HALF-\d)</span></a>", client.get("/orders?number=HALF").text) == ["HALF-2"]
        assert client.post("/orders/new", data=form | {"number": "WHOLE"}).status_code == 303
        assert len(re.findall(r">(WHOLE-\d)</span></a>", client.get("/orders?number=WHOLE").text)) == 3


def test_an_order_without_a_model_says_no_class_of_the_pattern_s_device(web: Web, announced: None) -> None:
    pattern = wanted(web)
    pattern["order"]["dut"] |= {"class_scheme": "JJG 1", "class_name": "0.2"}
    pattern["order"]["dut"].pop("model", None)
    with web.token("operator") as operator:
        before = operator.post("/orders", json=pattern).json()["id"]
        item = entered(web, serial="CLASS-1", model="")["id"]
        with browsing(web, "operator") as client:
            form = form_of(client.get(f"/orders/new?item={item}&pattern={before}")) | {"number": "CLASS"}
            where = client.post("/orders/new", data=form).headers["location"]
        device = operator.get(where.removeprefix("/")).json()["order"]["dut"]
        assert (device["serial"], device["class_name"]) == ("CLASS-1", None)


def test_where_a_pattern_s_procedure_is_gone_a_fraction_is_a_text(
    web: Web, announced: None, tmp_path: Path
) -> None:
    pattern = wanted(web)
    pattern["order"]["parameters"] = {"levels": [1 / 3]}
    item = entered(web, serial="GONE-1")["id"]
    with web.token("operator") as operator, browsing(web, "operator") as client:
        before = operator.post("/orders", json=pattern).json()
        address = f"/orders/new?item={item}&pattern={before['id']}"
        assert form_of(client.get(address))["parameter.levels"] == "1/3"
        (web.hub.laboratory.folder.procedures / before["procedure_sha256"]).rename(tmp_path / "gone")
        form = form_of(client.get(address)) | {"number": "GONE"}
        assert form["parameter.levels"] == f"[{1 / 3!r}]"
        refused = client.post("/orders/new", data=form | {"parameter.levels": "1/2"})
        assert refused.status_code == 409
        assert "levels: '1/2': the unit" in unescape(refused.text)
        again = client.post("/orders/new", data=form).headers["location"]
        assert operator.get(again.removeprefix("/")).json()["order"]["parameters"]["levels"] == [1 / 3]


def test_a_series_gives_the_numbers_unless_somebody_types_one(
    web: Web, announced: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordered(web, account="acme")
    folder = web.hub.laboratory.folder
    numbers = NumberSettings(order="S-{year}-{number:4}")
    monkeypatch.setattr(folder, "settings", folder.settings.model_copy(update={"numbers": numbers}))
    items = [entered(web, serial=f"S-{one}", account="acme", model="")["id"] for one in range(2)]
    years = [today(web).year]
    with browsing(web, "operator") as client:
        page = client.get(f"/orders/new?item={items[0]}&item={items[1]}")
        form = form_of(page)
        assert form["number"] == ""
        assert any(f"probably S-{year}-0001" in page.text for year in (*years, today(web).year))
        assert client.post("/orders/new", data=form).status_code == 303
        given = re.findall(r">(S-\d{4}-\d{4})</span></a>", client.get("/orders").text)
        form = client.get(f"/orders/new?item={items[0]}").text
    years.append(today(web).year)
    assert any(f"probably S-{year}-0003" in form for year in years)
    assert given[:2] in [[f"S-{year}-0002", f"S-{year}-0001"] for year in years]


def test_a_refusal_is_told_in_chinese_and_leads_back(web: Web) -> None:
    items = [entered(web, serial=f"R-{one}", account=one)["id"] for one in ("acme", "bolt")]
    with browsing(web, "operator", "zh") as client:
        mixed = f"/orders/new?item={items[0]}&item={items[1]}"
        for referer, back in (
            (f"{web.url}/items?searched=R-", 'href="/items?searched=R-"'),
            ("https://elsewhere.example/items", ""),
            ("http://[", ""),
        ):
            page = client.get(mixed, headers={"Referer": referer}).text
            assert "所选器具属于不同的客户账号" in page
            assert ("返回上一页" in page) == bool(back)
            assert back in page
        gbk = {"file": ("a.csv", "名称,出厂编号\n表,1\n".encode("gbk"))}
        data = {"csrf": token(client.get("/items/import")), "account": ""}
        assert "文件不是 UTF-8 编码" in client.post("/items/import", data=data, files=gbk).text


def test_an_order_says_nothing_of_the_customer_whose_order_is_its_pattern(web: Web, announced: None) -> None:
    order = wanted(web, account="bolt")
    order["order"]["customer"] |= {"e_mail": "li@bolt.example", "phone": "+86 24 1", "code": "B"}
    with web.token("operator") as operator:
        pattern = operator.post("/orders", json=order).json()["id"]
    item = entered(web, serial="P-1", account="acme")["id"]
    own = entered(web, serial="P-2", account="bolt")["id"]
    with browsing(web, "operator") as client, web.token("operator") as operator:
        for number, mine in ((item, False), (own, True)):
            form = form_of(client.get(f"/orders/new?item={number}&pattern={pattern}"))
            typed = {} if mine else {"customer": "Acme", "address": "Road 1"}
            done = client.post("/orders/new", data=form | typed | {"number": f"PARTY-{number}"})
            made = operator.get(done.headers["location"].removeprefix("/")).json()["order"]["customer"]
            told = [made.get(field) for field in ("e_mail", "phone", "code")]
            assert told == (["li@bolt.example", "+86 24 1", "B"] if mine else [None] * 3)


def test_a_form_with_a_fault_orders_nothing_and_keeps_what_was_typed(web: Web, announced: None) -> None:
    order = ordered(web)["id"]
    numbers = [entered(web, serial=f"W-{one}")["id"] for one in range(2)]
    other = entered(web, serial="W-acme", account="acme")["id"]
    with browsing(web, "operator") as client:
        form = form_of(client.get(f"/orders/new?item={numbers[0]}&item={numbers[1]}")) | {"number": "WRONG"}
        for wrong, said in (
            ({"at": "here/Nowhere"}, "there is no bench"),
            ({"at": "nowhere/x"}, "no station in the register"),
            ({"planned": "soon"}, "is no day"),
            ({"planned": "2020-01-01"}, "planned for 2020-01-01"),
            ({"parameter.nonsense": "1"}, "nonsense"),
            ({"customer": ""}, "customer"),
            ({"days": "many"}, "'many' is no number of days"),
        ):
            answer = client.post("/orders/new", data=form | {"address": "Typed Street 7"} | wrong)
            assert answer.status_code == 409, wrong
            assert said in unescape(answer.text)
            assert "Typed Street 7" in answer.text
        assert client.get("/orders?number=WRONG").text.count(">WRONG") == 0
        assert client.get(f"/orders/new?item={numbers[0]}&item={other}").status_code == 422
        theirs = form_of(client.get(f"/orders/new?item={other}&pattern={order}"))
        assert (theirs["customer"], theirs["address"]) == ("", "")  # the pattern was another's
        assert client.get("/orders/new?item=99999").status_code == 404
        for wrong in (
            {"days": "1" * 5000},
            {"item": "9" * 30},
            {"item": "1" * 5000},
            {"planned": "9999-12-31", "days": "180"},
            {"parameter.flow": "NaN"},
            {"parameter.flow": "[" * 50_000},
        ):
            assert client.post("/orders/new", data=form | wrong).status_code in {404, 409, 422}, wrong
        for number in ("9" * 30, "1" * 5000):
            sent = {"csrf": form["csrf"], "notice": number}
            assert client.post("/notices/acknowledge", data=sent).status_code == 404
        assert client.post("/orders/new", data=form | {"csrf": ""}).status_code == 403
    with browsing(web, "reviewer") as reviewer:
        assert reviewer.get(f"/orders/new?item={numbers[0]}").status_code == 403


# What came of it


def with_errors(web: Web, runs: list[str]) -> None:
    """Have runs' records say errors, as those of a flow meter do."""
    for year, run in enumerate(runs):
        said = _at_levels(sample.record()) if year else sample.record()
        said = said.model_copy(update={"begun": DAY, "finished": DAY + timedelta(days=365 * year)})
        with web.hub.laboratory.store.database.begin() as connection:
            told = records.update().where(records.c.run == run)
            connection.execute(told.values(record=said.to_json()))


DAY = date(2024, 3, 1)


def _at_levels(said: Record) -> Record:
    """Return a record whose errors were found at two pressures in turn."""
    (measured,) = said.measurements
    result, *rest = measured.results
    errors = result.tables[0].column("basic_measurementError")
    values = tuple("1" if row % 2 else "0.4" for row in range(len(errors.values)))
    levels = Column(ref_types=("remotecal_curveLevel",), unit="MPa", values=values)
    table = result.tables[0].model_copy(update={"columns": (*result.tables[0].columns, levels)})
    told = (result.model_copy(update={"tables": (table,)}), *rest)
    return said.model_copy(update={"measurements": (measured.model_copy(update={"results": told}),)})


def test_an_item_shows_what_its_certificates_said(web: Web) -> None:
    runs = [web.do(web.carried_out()) for _ in range(2)]
    for run in runs:
        web.hub.laboratory.store.orders.assign(run, "acme")
    numbers = [issued(web, run) for run in runs]
    number = ordered(web, account="acme")["item"]
    with web.token("operator") as operator:
        meter = METER | {"serial": "M1", "model": "", "months": 12, "account": "acme"}
        item = operator.put(f"/items/{number}", json=meter).json()
    with web.token("customer") as acme:
        told = acme.get(f"/items/{item['id']}").json()
        assert (told["certificate"], told["due_from"]) == (numbers[1], "certificate")
        calibrated = date.fromisoformat(told["calibrated"])
        assert (date.fromisoformat(told["due"]) - calibrated).days in {364, 365}
        listed = acme.get(f"/items/{item['id']}/calibrations").json()
        assert [one["number"] for one in listed] == numbers[::-1]
    with_errors(web, runs)
    with browsing(web, "customer") as acme:
        page = acme.get(f"/items/{item['id']}").text
        assert page.count("<svg") == 1
        assert all(page.count(f">{level}\u00a0MPa</text>") == 1 for level in ("0.4", "1")), "in the drawing"
        rows = page.count('<tr><td data-label="Place"')
        assert page.count('<td data-label="Level" class="number">0.4</td>') == rows // 4, "of one certificate"
        assert not re.search(r"<style|\sstyle=", page)
        assert [f"{DAY}", f"{DAY + timedelta(days=365)}"] == sorted(set(re.findall(r"202[45]-03-01", page)))
        assert all(f">{number}</td>" in page for number in numbers)
        assert "computed from certificate" in page
        with asking(web.hub.laboratory.store) as sent:
            acme.get(f"/items/{item['id']}")
        assert len(sent) <= 5, sent
        with asking(web.hub.laboratory.store) as sent:
            acme.get("/items")
        assert len(sent) <= 5, sent
