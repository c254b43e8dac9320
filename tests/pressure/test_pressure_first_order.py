"""A first order for a pressure gauge, on pages, and what is said of a form that is not right."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape

import pytest
from first_orders import DEVICE, PARTIES, FirstDay, carry_out, first_day, form_in
from sqlalchemy import update
from test_web_items import entered, token
from test_web_pages import browsing
from web_laboratory import Web, tiny, web

from remotecal.clock import civil_day
from remotecal.hub.ordering import calibrating
from remotecal.hub.out_of_service import Out
from remotecal.sim.pressure.assemblies import PressureBench
from remotecal.store.tables import stations

__all__ = ["tiny", "web"]

QUICK = {
    "sequence": "DKD-R 6-1 C", "pressures": "０, ５e5；1e6", "dwell": "２０ s", "dwell_at_ends": "20",
    "readings": "2",
}  # fmt: skip


@pytest.fixture(scope="module")
def day(web: Web, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstDay]:
    with first_day(web, PressureBench, "pressure.gauge", tmp_path_factory.mktemp("first") / "bench") as made:
        yield made


def test_a_first_order_is_written_and_carried_out_to_its_result(day: FirstDay) -> None:
    carry_out(day, QUICK, {"pressure.dead_weight"})


def test_a_standard_is_offered_what_calibrates_its_like_and_never_by_itself(day: FirstDay) -> None:
    """A gauge that is a standard elsewhere; and the reference of this very bench."""
    row = day.web.hub.laboratory.store.stations.get("here")
    said = json.loads(row.announced or "")
    (bench,) = (one for one in said["benches"] if one["name"] == day.bench)
    reference = next(name for name, of in bench["numbers"].items() if of[0] and of[1] and name != "dut")
    rests = {**bench, "name": "rests on it", "numbers": bench["numbers"] | {reference: ["OWN-9", "C-9"]}}
    other = {"name": "elsewhere", "sha256": "0" * 64, "instruments": {"check": bench["instruments"]["dut"]}}
    other["numbers"] = {"check": ["OWN-9", "C-9"]}
    there = replace(row, announced=json.dumps(said | {"benches": [*said["benches"], other, rests]}))
    zone = day.web.hub.laboratory.folder.time_zone

    def offered(serial: str) -> set[tuple[str, str]]:
        on = civil_day(day.web.clock.now(), zone)
        found = calibrating([there], serial, Out.of(day.web.hub.laboratory.store), on)
        return {(one.bench, one.found.name) for one in found}

    assert (day.bench, "pressure.gauge") in offered("OWN-9")
    assert "rests on it" not in {bench for bench, _ in offered("OWN-9")}
    assert offered("nobody's") == set()
    told = update(stations).where(stations.c.name == "here")
    with day.web.hub.laboratory.store.database.begin() as connection:
        connection.execute(told.values(announced=there.announced))
    item = entered(day.web, serial="OWN-9")["id"]
    with browsing(day.web, "operator") as client:
        page = client.get(f"/orders/new?item={item}")
        (where,) = re.findall(r'href="(/orders/first\?[^"]*procedure=pressure.gauge[^"]*)"', page.text)
        form = form_in(client.get(unescape(where)))
        assert form["dut0.serial"] == "OWN-9"
        assert form["customer"] == form["laboratory"], "it is the laboratory's own"
    with day.web.hub.laboratory.store.database.begin() as connection:
        connection.execute(told.values(announced=row.announced))


def test_what_is_wrong_is_said_beside_its_field_in_the_readers_language_and_nothing_typed_is_lost(
    day: FirstDay,
) -> None:
    web, bench = day.web, day.bench
    at = {"at": f"here/{bench}", "procedure": "pressure.gauge"}
    wrong = {
        "parameter.accuracy_class": "",
        "parameter.dwell": "-1",
        "parameter.span": "0, many",
        "parameter.readings": "2.5",
        "dut0.name_zh": "表",
        "dut0.owner_number": "",
        "customer": 'Half-typed "customer"',
        "account": "Not One",
        "planned": "",
    }
    with browsing(web, "operator", "zh") as client:
        form = form_in(client.get("/orders/first", params=at))
        typed = form | PARTIES | {"number": "WRONG"} | wrong
        page = client.post("/orders/first", data=typed)
        assert page.status_code == 422
        assert form_in(page) == typed  # its key too: it may be sent again
        for name, said in (
            ("parameter.dwell", "不得小于 5"),
            ("parameter.span", "既不是以 Pa 计的数"),
            ("parameter.readings", "不是整数"),
            ("parameter.accuracy_class", "此处未填"),
            ("dut0.serial", "请填出厂编号或设备编号"),
            ("account", "账号由小写字母"),
            ("planned", "此处未填"),
        ):
            told = page.text.partition(f'id="wrong.{name}"')[2].partition("</span>")[0]
            assert said in told, (name, told)
            assert f'href="#{name}"' in page.text
        assert client.get("/orders?number=WRONG").text.count(">WRONG") == 0
        good = {"parameter.accuracy_class": "0.4", "parameter.span": "0, 1e6", "parameter.readings": "5",
                "parameter.dwell": "60", "parameter.resolution": "1000",
                "account": "", "planned": form["planned"]}  # fmt: skip
        whole = typed | good | DEVICE | {"number": "LATER"}
        for bad, said in (
            ({"planned": "2020-01-01"}, "计划日期"),
            ({"days": "many"}, "不是 1 至 180 的天数"),
        ):
            page = client.post("/orders/first", data=whole | bad)
            assert page.status_code == 422, bad
            assert said in page.text.partition('class="refusal"')[2].partition("</div>")[0], bad
        assert client.post("/orders/first", data=whole | {"csrf": ""}).status_code == 403
        assert client.post("/orders/first", data=whole | {"at": "here/Nowhere"}).status_code == 404
        assert client.get("/orders/first?at=here/Nowhere").status_code == 404
        assert client.get("/orders/first", params=at | {"procedure": "os.path"}).status_code == 404
    with browsing(web, "reviewer") as reviewer, browsing(web, "customer") as acme:
        for client in (reviewer, acme):
            assert client.get("/orders/first").status_code == 403
            assert (
                client.post("/orders/first", data=whole | {"csrf": token(client.get("/"))}).status_code == 403
            )


def test_an_item_is_ordered_first_and_adjusted_where_that_can_be_done(day: FirstDay) -> None:
    item = entered(day.web, serial="FIRST-1", account="bolt", maker="Maker", model="M 7")["id"]
    at = {"at": f"here/{day.bench}", "procedure": day.procedure, "item": item}
    with browsing(day.web, "operator") as client:
        page = client.get("/orders/first", params=at)
        form = form_in(page)
        assert (form["item"], form["dut0.serial"], form["dut0.model"]) == (f"{item}", "FIRST-1", "M 7")
        assert "account" not in form  # that of the item
        row = day.web.hub.laboratory.store.pages.orders(1)[0]
        for text in (page.text, client.get(f"/orders/new?item={item}&pattern={row.id}").text):
            assert ' name="adjust"' in text
