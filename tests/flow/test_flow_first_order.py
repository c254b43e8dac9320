"""A first order for a water meter, on pages, and how its repeats scattered."""

import csv
import re
from collections.abc import Iterator

import pytest
from asked import asking
from first_orders import FirstDay, carry_out, first_day, form_in
from test_web_items import entered
from test_web_pages import browsing
from web_laboratory import Web, tiny, web

from remotecal.hub.ordering import announced, fitting
from remotecal.sim.water.assemblies import MasterLine

__all__ = ["tiny", "web"]


@pytest.fixture(scope="module")
def day(web: Web, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstDay]:
    folder = tmp_path_factory.mktemp("first") / "bench"
    with first_day(web, MasterLine, "flow.water_master_meter", folder) as made:
        yield made


def test_a_first_order_is_written_and_carried_out_to_its_result(day: FirstDay) -> None:
    quick = {"flows": "10 m3/h, 200 L/min", "repeats": "2"}
    carry_out(day, quick, {"flow.water_gravimetric"}, {"flows": "50000"})


def test_a_unit_behind_the_last_of_several_values_is_not_taken_for_that_of_one(day: FirstDay) -> None:
    with browsing(day.web, "operator") as client:
        page = client.get("/orders/first", params={"at": f"here/{day.bench}", "procedure": day.procedure})
        sent = form_in(page) | {"parameter.flows": "10, 200 L/min"}
        refused = client.post("/orders/first", data=sent)
        assert refused.status_code == 422
        assert "Some of the values have a unit, others none" in refused.text
        assert form_in(refused)["parameter.flows"] == "10, 200 L/min"


def parameters_in(page: str) -> dict[str, str]:
    """Return parameter → what stands beside its field: unit, limits, what it is."""
    label = r'<label for="parameter\.(\w+)">(.*?)</label>'
    about = r'<span class="across hint" id="about[^"]*">(.*?)</span></span>'
    found = re.findall(f"{label}.*?{about}", page, re.DOTALL)
    return {name: re.sub(r"<[^>]+>", "", f"{label}: {about}") for name, label, about in found}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_order_by_a_pattern_has_the_same_fields_for_its_parameters(day: FirstDay, language: str) -> None:
    item = entered(day.web, serial=f"LIKE-{language}", account="acme")["id"]
    pattern = day.web.hub.laboratory.store.pages.orders(1)[0].id
    with browsing(day.web, "operator", language) as client, day.web.token("operator") as operator:
        asked = {"at": f"here/{day.bench}", "procedure": day.procedure}
        first = parameters_in(client.get("/orders/first", params=asked).text)
        page = client.get(f"/orders/new?item={item}&pattern={pattern}")
        assert parameters_in(page.text) == first
        assert any("m³/h" in one for one in first.values())
        form = form_in(page, "/orders/new") | {"number": f"LIKE-{language}"}
        before = operator.get(f"/orders/{pattern}").json()["order"]["parameters"]
        assert form["parameter.flows"] == ", ".join(before["flows"])
        refused = client.post("/orders/new", data=form | {"parameter.flows": "10, 200 L/min"})
        assert refused.status_code == 409
        assert 'aria-describedby="wrong.parameter.flows' in refused.text
        assert form_in(refused, "/orders/new")["parameter.flows"] == "10, 200 L/min"
        made = client.post("/orders/new", data=form | {"parameter.flows": "12 m3/h, 210 L/min"})
        told = operator.get(made.headers["location"].removeprefix("/")).json()["order"]["parameters"]
        assert told == before | {"flows": ["12 m3/h", "210 L/min"]}


def test_no_adjustment_is_offered_where_the_procedure_knows_none(day: FirstDay) -> None:
    item = entered(day.web, serial="FIRST-2", account="bolt")["id"]
    row = day.web.hub.laboratory.store.pages.orders(1)[0]
    with browsing(day.web, "operator") as client:
        first = client.get("/orders/first", params={"at": f"here/{day.bench}", "procedure": day.procedure})
        for page in (first, client.get(f"/orders/new?item={item}&pattern={row.id}")):
            assert ' name="number"' in page.text
            assert ' name="adjust"' not in page.text
        asked = {"at": f"here/{day.bench}", "procedure": day.procedure}
        chinese = client.get("/orders/first", params=asked, headers={"Accept-Language": "zh-CN"}).text
        assert "校准流量点，按测量顺序。" in chinese
        assert not re.search(r'<span lang="en">', chinese)
        offered = client.get(
            "/orders/first", params={"at": asked["at"]}, headers={"Accept-Language": "zh-CN"}
        ).text
        assert "现场校准（传递标准）" in offered
        procedures = re.findall(r"procedure=([\w.%]+)", offered)
        station = day.web.hub.laboratory.store.stations.get("here")
        fits = [one for one in fitting(station, announced(station)[day.bench]) if not one.lacks]
        assert len(procedures) > 1
        assert procedures[0] == day.procedure, "by which that bench was ordered"
        assert [one.uses for one in fits] == sorted((one.uses for one in fits), reverse=True)
        assert fits[0].uses > fits[-1].uses, "what needs most of the bench comes before the rest"
        assert 'name="verification"' in chinese


def test_the_spread_of_repeats_is_drawn_and_told_in_numbers(day: FirstDay) -> None:
    web = day.web
    with browsing(web, "reader") as client:
        with asking(web.hub.laboratory.store) as sent:
            page = client.get("/statistics/spread").text
        assert len(sent) <= 5, sent
        (row,) = csv.DictReader(client.get("/statistics/spread?table=spread").text.splitlines()[0:])
        assert (row["Bench"], row["Runs"], row["Results"]) == (day.bench, "1", "2")
        assert 0 < float(row["u of repeats"]) <= float(row["Largest"])
        assert row["u of repeats"] in page
        assert page.count("<svg") == page.count("<caption>") == 1
        assert not re.search(r"<style|\sstyle=", page)
        assert client.get("/statistics/spread?since=2025-01-01&until=2024-01-01").status_code == 422
        assert "<svg" not in client.get("/statistics/spread?since=2024-01-01&until=2024-02-01").text
    with browsing(web, "customer") as acme:
        assert acme.get("/statistics/spread").status_code == 403
