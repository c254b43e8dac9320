"""The pages of standards: which there are, how long their certificates hold, where they took part."""

import re
from datetime import date, timedelta
from html import unescape

import pytest
from test_web_pages import browsing
from web_laboratory import Web

from remotecal.clock import civil_day
from remotecal.store.tables import run_equipment

YEAR = 370 * 86400.0


@pytest.fixture(scope="module")
def day(web: Web) -> date:
    """The day on which it is looked: one for all tests, if midnight passes or not."""
    return civil_day(web.clock.now(), web.hub.laboratory.folder.time_zone)


@pytest.fixture(scope="module")
def run(web: Web, day: date) -> str:
    """A run, with standards whose certificates end today, soon and have ended, and one without a serial."""
    run = web.do(web.carried_out())
    hostile = '<b>"S/4"&'
    for serial, certificate, days, before in (
        ("S-ended", "E-1", -1, 0.0),
        ("S-today", "E-2", 0, 0.0),
        ("S-soon", "E-3", 60, 0.0),
        ("S-holds", "E-4", 61, 0.0),
        ("S-holds", "E-old", -300, YEAR),
        ("", "E-5", 61, 0.0),
        (hostile, "E-6", 61, 0.0),
    ):
        row = dict.fromkeys(("maker", "model", "roles", "certificate_sha256"), "")
        row |= {"station": "here", "serial": serial, "certificate": certificate, "name": f"n{certificate}"}
        row |= {"valid_until": (day + timedelta(days)).isoformat(), "at": web.clock.now() - before}
        with web.hub.laboratory.store.database.begin() as connection:
            connection.execute(run_equipment.insert().values(**row, run=run if before == 0 else "old"))
    return run


def cells(page: str, certificate: str) -> list[str]:
    """Return what stands in the row of a certificate."""
    (row,) = [row for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL) if f">{certificate}<" in row]
    stripped = (unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<td.*?</td>", row, re.DOTALL))
    return [" ".join(cell.split()) for cell in stripped]


def test_standards_are_listed_with_how_their_certificates_stand(web: Web, run: str, day: date) -> None:
    with web.noon_of(day), browsing(web, "operator") as client:
        page = client.get("/standards").text
        marks = {name: cells(page, name)[3].partition(" ")[2] for name in ("E-1", "E-2", "E-3", "E-4", "E-5")}
        assert marks == {
            "E-1": "has ended",
            "E-2": "days left: 0",
            "E-3": "days left: 60",
            "E-4": "",
            "E-5": "",
        }
        assert cells(page, "E-4")[-2:] == ["1", "2"]  # runs of this year, and all
        assert ">E-old<" not in page
        assert page.index("E-1") < page.index("E-2") < page.index("E-3")
        assert 'class="mark ended"' in page
        entering = client.get("/items/new?serial=S-soon&name=x").text  # it is due on the day its page tells
        assert re.search(rf'<input id="due" [^>]*value="{day + timedelta(60)}"', entering)
    with browsing(web, "operator", "zh") as client:
        assert "已过期" in client.get("/standards").text
    with web.token("reviewer") as api:
        told = {one["certificate"]: one for one in api.get("/standards").json()}
        assert (told["E-4"]["runs_this_year"], told["E-4"]["runs"]) == (1, 2)
        assert {one["certificate"] for one in api.get("/standards").json()} >= {"E-1", "E-5", "E-6"}


def test_a_standard_shows_its_certificates_and_its_runs(web: Web, run: str) -> None:
    with browsing(web, "operator") as client:
        page = client.get("/standard?number=S-holds").text
        held = page.partition('id="runs"')[0]
        assert held.index("E-4") < held.index("E-old")
        assert "has ended" in cells(held, "E-old")[1]
        assert 'href="/resting?number=S-holds"' in page
        assert f'href="/runs/here/{run}"' in page
        listed = client.get("/standards").text
        for address in re.findall(r'href="(/standard\?[^"]+)"', listed):
            assert client.get(unescape(address)).status_code == 200, address
        assert client.get("/standard?number=E-5").status_code == 200
        assert client.get("/standard?number=nobody").status_code == 404
        assert client.get("/standard").status_code == 422


def test_a_customer_sees_no_standards(web: Web, run: str) -> None:
    with browsing(web, "customer") as client:
        assert "/standards" not in client.get("/").text
        for address in ("/standards", "/standard?number=S-holds"):
            assert client.get(address).status_code == 403
    with web.token("customer") as api:
        assert api.get("/standards").status_code == 403
