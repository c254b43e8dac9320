"""A first order for a pressure gauge, on pages, and what is said of a form that is not right."""

from collections.abc import Iterator

import pytest
from first_orders import DEVICE, PARTIES, FirstDay, carry_out, first_day, form_in
from test_web_items import entered, token
from test_web_pages import browsing
from web_laboratory import Web, tiny, web

from remotecal.sim.pressure.assemblies import PressureBench

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
