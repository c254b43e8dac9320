"""From a number to what it rests on: the points its budget names, no others, page by page."""

import re
from dataclasses import replace

import pytest
from asked import asking
from test_web_pages import browsing
from web_laboratory import Web

from remotecal.model import BudgetLine, PointBudget, Record, Text
from remotecal.web.pages import evidence

LINE = BudgetLine(
    symbol="x", value="1", unit="V", u="0.1", distribution="normal", dof="∞", sensitivity="1",
    contribution="0.1", share="100.0",
)  # fmt: skip


def budget(row: int, *points: str) -> PointBudget:
    """Return a budget whose title names the points of neither."""
    return PointBudget(
        title=Text.plain("1.00000001"), row=row, points=points, lines=(LINE,), value="1", unit="V", u="0.1",
        dof="∞", k="2", p="0.95", expanded="0.2",
    )  # fmt: skip


@pytest.fixture(scope="module")
def run(web: Web) -> str:
    """A run whose first number rests on 2 V alone, and whose second does not say on what."""
    run = web.do(web.carried_out())
    records = web.hub.laboratory.store.records
    row = records.find("here", run)
    assert row is not None
    record = Record.from_json(row.record)
    measurement = record.measurements[0].model_copy(update={"budgets": (budget(0, "2 V"), budget(1))})
    told = record.model_copy(update={"measurements": (measurement,)})
    records.put(replace(row, record=told.to_json()))
    return run


def shown(page: str) -> list[str]:
    return re.findall(r"<h3>([^<]+)</h3>", page)


ALL = ["1 V, Repeat 1", "1 V, Repeat 2", "2 V, Repeat 1", "2 V, Repeat 2"]


def test_a_number_opens_exactly_the_points_its_budget_names(web: Web, run: str) -> None:
    with browsing(web, "operator") as client:
        page = client.get(f"/runs/here/{run}/results/0/0/0/0/0").text
        assert shown(page) == ALL[2:]
        assert "MEAS:VAL?" in page
        assert "does not say" not in page


def test_a_number_that_does_not_say_so_shows_all_and_says_so(web: Web, run: str) -> None:
    with browsing(web, "operator") as client:
        page = client.get(f"/runs/here/{run}/results/0/0/0/1/0").text
        assert shown(page) == ALL
        assert "This record does not say at which points" in page


def test_repeats_come_page_by_page_and_only_their_lines_are_read(
    web: Web, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "ON_A_PAGE", 3)
    address = f"/runs/here/{run}/results/0/0/0/1/0"
    with browsing(web, "operator") as client:
        client.get(address)  # where the repeats stand is known from here on
        with asking(web.hub.laboratory.store) as sent:
            first = client.get(address).text
        read = [one.statement for one in sent if "journal_lines" in one.statement]
        assert read
        assert all("BETWEEN" in one for one in read)
        assert len(sent) <= 5
        assert shown(first) == ALL[:3]
        (further,) = re.findall(r'rel="next" href="([^"]+)"', first)
        second = client.get(further).text
        assert shown(second) == ALL[3:]
        assert "MEAS:VAL?" in second
        assert re.findall(r'rel="prev" href="([^"]+)"', second) == [f"{address}?from=0"]
        assert shown(client.get(f"{address}?from=99").text) == []


def test_what_a_page_holds_is_bounded_over_all_its_repeats(
    web: Web, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "MOST_SHOWN", 5)
    with browsing(web, "operator") as client:
        page = client.get(f"/runs/here/{run}/results/0/0/0/1/0").text
        assert len(re.findall(r"<code>MEAS:VAL\?", page)) + len(re.findall(r'<td colspan="6">', page)) == 5
        told = sum(map(int, re.findall(r"(\d+) more stand in the journal", page)))
        assert told == 4 * (3 + 1) - 5
