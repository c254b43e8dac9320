"""A laboratory's first order on pages: bench, procedure, its own parameters; and what comes of it."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

import httpx
import pytest
from asked import asking
from sites import until
from test_web_items import entered, token
from test_web_pages import browsing
from web_laboratory import Web, tiny, web

from remotecal.bench import Bench
from remotecal.order import Order
from remotecal.sim.pressure.assemblies import PressureBench
from remotecal.sim.water.assemblies import MasterLine
from remotecal.station.folder import StationFolder

__all__ = ["tiny", "web"]

QUICK = {
    "pressure.gauge": {
        "sequence": "DKD-R 6-1 C",
        "pressures": "0, 5e5；1e6",
        "dwell": "20 s",
        "dwell_at_ends": "20",
        "readings": "2",
    },
    "flow.water_master_meter": {"flows": "10, 200 L/min", "repeats": "2"},
}
"""Procedure → parameters that make it short, as somebody types them."""


@dataclass
class FirstDay:
    """A laboratory whose station has told of simulated benches."""

    web: Web
    benches: dict[str, tuple[str, Order]]
    """Procedure → name of its bench, and the order that suits it."""


@pytest.fixture(scope="module")
def day(web: Web, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstDay]:
    folder = tmp_path_factory.mktemp("benches")
    with (
        PressureBench.up(folder / "pressure", seed=7) as gauge,
        MasterLine.up(folder / "water", seed=7) as line,
    ):
        file = web.site.folder.path / "station.toml"
        both = ", ".join(f'"{one.bench}"' for one in (gauge, line))
        file.write_text(file.read_text().replace("benches = [", f"benches = [{both}, "))
        web.site.folder = StationFolder(web.site.folder.path)

        async def told() -> None:
            async with web.site.up():
                while web.hub.laboratory.store.stations.get("here").announced is None:
                    await asyncio.sleep(0.02)

        web.do(told())
        benches = {
            name: (Bench.load(one.bench).name, Order.load(one.order))
            for name, one in (("pressure.gauge", gauge), ("flow.water_master_meter", line))
        }
        yield FirstDay(web, benches)


def form_in(page: httpx.Response) -> dict[str, str]:
    """Return what a browser without a script would send of the form of an order."""
    whole = page.text.partition('<form method="post" action="/orders/first"')[2].partition("</form>")[0]
    fields: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", whole):
        name, value = (re.search(rf' {what}="([^"]*)"', tag)[1] for what in ("name", "value"))
        if 'type="checkbox"' not in tag or " checked" in tag:
            fields[name] = unescape(value)
    for name, inner in re.findall(r'<select id="[^"]*" name="([^"]*)".*?>(.*?)</select>', whole, re.DOTALL):
        chosen = re.search(r'<option selected value="([^"]*)"|<option value="([^"]*)" selected', inner)
        first = re.search(r'<option[^>]* value="([^"]*)"', inner)
        found = chosen or first
        fields[name] = unescape(found[1] or (found[2] if chosen else "") or "")
    return fields


def link_to(page: httpx.Response, text: str) -> str:
    """Return where the link with a text leads."""
    links = re.findall(r'<a [^>]*href="([^"]*)"[^>]*>([^<]*)</a>', page.text)
    return next(unescape(where) for where, said in links if unescape(said) == text)


DEVICE = {
    "dut0.name_zh": "压力表", "dut0.name_en": "Gauge", "dut0.model": "X 1", "dut0.owner_number": "O-1",
}  # fmt: skip
PARTIES = {
    "customer": "Acme <Water> & Söhne", "address": "1 Weir Lane", "laboratory_address": "2 Mill Road",
    "person.performed": "Zhang Wei", "person.reviewed": "Li Na", "person.approved": "Wang Fang",
}  # fmt: skip


@pytest.mark.parametrize("procedure", QUICK)
def test_a_first_order_is_written_and_carried_out_to_its_result(day: FirstDay, procedure: str) -> None:
    web, (bench, suits) = day.web, day.benches[procedure]
    with browsing(web, "operator") as client:
        page = client.get(link_to(client.get("/orders"), "New order"))
        page = client.get(link_to(page, bench))
        fitting = set(re.findall(r"<code>([a-z_.]+)</code>", page.text))
        assert procedure in fitting
        assert not {"pressure.gauge", "flow.water_master_meter"} <= fitting  # what the bench can't do
        assert "flow.water_gravimetric" not in fitting  # no balance anywhere here
        title = re.search(rf'procedure={procedure}">([^<]*)</a>', page.text)[1]
        page = client.get(link_to(page, unescape(title)))
        with asking(web.hub.laboratory.store) as sent:
            client.get(page.url.raw_path.decode())
        assert len(sent) <= 5, sent
        form = form_in(page)
        for name, value in suits.parameters.items():
            said = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
            form[f"parameter.{name}"] = {True: "1", False: ""}.get(said, f"{said}")
        form |= DEVICE | PARTIES | {f"parameter.{name}": said for name, said in QUICK[procedure].items()}
        form |= {"number": f"FIRST-{procedure}", "training": "1", "account": "acme"}
        answers = [client.post("/orders/first", data=form) for _ in range(2)]
        assert [one.status_code for one in answers] == [303, 303], answers[0].text
        (where,) = {one.headers["location"] for one in answers}
        again = client.post("/orders/first", data=form | {"key": "another-key", "customer": "Bolt"})
        assert again.status_code == 422  # the number is another customer's
    run = where.rpartition("/")[2]
    assert [who for who, _, data in web.audit("order") if run in data] == ["operator"]
    with web.token("customer") as acme:
        told = acme.get(f"/orders/{run}").json()
    assert told["order"]["customer"]["name"] == {"": PARTIES["customer"]}
    assert told["order"]["dut"]["name"] == {"zh": "压力表", "en": "Gauge"}
    assert web.hub.laboratory.store.items.find(told["item"]).owner_number == "O-1"

    async def carried_out() -> None:
        async with web.site.up():
            await until(lambda: _ended(web, run))

    web.do(carried_out())
    assert not web.hub.laboratory.store.orders.find(run).reason
    with web.token("operator") as operator:
        record = operator.get(f"/runs/here/{run}/record").json()
    assert record["demonstration"] is True  # it was for training
    assert [one for each in record["measurements"] for one in each["results"]]


def _ended(web: Web, run: str) -> bool:
    """Tell whether a run's record was computed, or why there will be none is known."""
    store = web.hub.laboratory.store
    return store.records.find("here", run) is not None or bool(store.orders.find(run).reason)


def test_what_is_wrong_is_said_beside_its_field_in_the_readers_language_and_nothing_typed_is_lost(
    day: FirstDay,
) -> None:
    web, (bench, _) = day.web, day.benches["pressure.gauge"]
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
            ({"parameter.span": "0, 1e9", "parameter.pressures": "0, 1e9"}, "参数"),
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


def test_an_item_is_ordered_first_and_adjusting_is_offered_only_where_it_can_be_done(day: FirstDay) -> None:
    web = day.web
    item = entered(web, serial="FIRST-1", account="bolt", maker="Maker", model="M 7")["id"]
    with browsing(web, "operator") as client:
        for procedure, (bench, _) in day.benches.items():
            page = client.get(f"/orders/first?at=here/{bench}&procedure={procedure}&item={item}")
            assert (' name="adjust"' in page.text) == (procedure == "pressure.gauge")
            form = form_in(page)
            assert (form["item"], form["dut0.serial"], form["dut0.model"]) == (f"{item}", "FIRST-1", "M 7")
            assert "account" not in form
        taken = [one.number for one in web.hub.laboratory.store.pages.orders(20)]
        patterns = {
            one: next(name for name in day.benches if one.endswith(name)) for one in taken if "FIRST" in one
        }
        for row in web.hub.laboratory.store.pages.orders(20):
            if row.number in patterns:
                text = client.get(f"/orders/new?item={item}&pattern={row.id}").text
                assert (' name="adjust"' in text) == (patterns[row.number] == "pressure.gauge")
    assert set(patterns.values()) == set(day.benches)


def test_the_spread_of_repeats_is_drawn_and_told_in_numbers(day: FirstDay) -> None:
    web = day.web
    with browsing(web, "reader") as client, asking(web.hub.laboratory.store) as sent:
        page = client.get("/statistics/spread").text
        assert len(sent) <= 5, sent
        rows = client.get("/statistics/spread?table=spread").text.splitlines()[1:]
        assert {row.split(",")[0] for row in rows} == {
            "flow.water_master_meter"
        }  # in one cycle nothing repeats
        assert page.count("<svg") == page.count("<caption>") == 1
        assert not re.search(r"<style|\sstyle=", page)
        for row in rows:
            bench, u = row.split(",")[2], row.split(",")[6]
            assert bench in page
            assert float(u) > 0
        assert client.get("/statistics/spread?since=2025-01-01&until=2024-01-01").status_code == 422
        assert "<svg" not in client.get("/statistics/spread?since=2024-01-01&until=2024-02-01").text
    with browsing(web, "customer") as acme:
        assert acme.get("/statistics/spread").status_code == 403
