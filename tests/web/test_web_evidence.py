"""From a number to what it rests on: the points its budget names, no others, page by page."""

import re
from dataclasses import replace

import pytest
from asked import asking
from test_web_pages import browsing
from web_laboratory import Web

from remotecal.bench import CertificateUsed
from remotecal.model import BudgetLine, Method, PointBudget, Record, Text
from remotecal.model.equipment import InputQuantity
from remotecal.web.pages import evidence
from remotecal.web.pages.leaned_on import leaned_on

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
    model = Method(
        name=Text.plain("m"),
        description=Text.plain("E = V_i/V - 1, V = x_r·f(t)"),
        inputs=(InputQuantity(symbol="x_r", name=Text(zh="标准器示值", en="what the <standard> shows")),),
    )
    first = budget(0, "2 V").model_copy(update={"lines": (LINE.model_copy(update={"symbol": "x_r"}),)})
    changed = {"budgets": (first, budget(1)), "methods": (model,)}
    measurement = record.measurements[0].model_copy(update=changed)
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


def test_a_budget_is_followed_from_its_model_by_its_names(web: Web, run: str) -> None:
    with browsing(web, "operator") as client:
        page = client.get(f"/runs/here/{run}/results/0/0/0/0/0").text
    _, _, budget_of_it = page.partition('id="budget"')
    assert '<th scope="row"><i>x</i><sub>r</sub></th><td>what the &lt;standard&gt; shows</td>' in budget_of_it
    assert "<mfrac><msub><mi>V</mi><mtext>i</mtext></msub><mi>V</mi></mfrac></mrow><mo>−</mo>" in budget_of_it
    (inner,) = re.findall(r"no line of the budget: .*", budget_of_it)
    assert re.findall("<i>(.*?)</i>", inner) == ["V", "f", "t"]  # V_i; V itself has an equation
    assert "It was computed by the same procedure" in page, "1 V is not y of the budget"


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


def known(symbol: str, *certificates: str) -> InputQuantity:
    also = Text(zh="r = 0（未声明）", en="r = 0 (not stated)")
    return InputQuantity(symbol=symbol, name=Text.plain("x"), source=Text.joined([*certificates, also]))


def test_what_was_applied_is_told_at_the_certificate_it_is_from(web: Web, run: str) -> None:
    row = web.hub.laboratory.store.records.find("here", run)
    assert row is not None
    record = Record.from_json(row.record)
    first, other, weight = (
        CertificateUsed(file="c.xml", sha256="0" * 64, record=record.model_copy(update={"number": number}))
        for number in ("A", "B", "C")
    )
    certificates = {"first": first, "second": first, "other": other, "weight": weight}
    lines = tuple(LINE.model_copy(update={"symbol": symbol}) for symbol in "xywz")
    told = budget(0).model_copy(update={"lines": lines})
    inputs = (known("x", "A"), known("y", "A", "B"), known("w", "C"), known("z", "A1"))
    methods = [Method(name=Text.plain("m"), inputs=inputs)]
    read = ["first.t", "bare.t", "second.t", "first.p", "first.t"]
    found = leaned_on(read, certificates, told, methods)
    assert [(one.names, one.sources, [each.line.symbol for each in one.taken]) for one in found] == [
        (["first", "second"], ["first.t", "second.t", "first.p"], ["x", "y"]),  # "y" is B's elsewhere
        (["bare"], ["bare.t"], []),
        (["weight"], [], ["w"]),
    ]
    _, beside, _ = leaned_on(["first.t", "other.t"], certificates, told, methods)
    assert [each.of for each in beside.taken] == [("A", "B")]
    without = leaned_on(["other.t"], certificates, None, methods)
    assert [(one.names, one.taken) for one in without] == [
        (["other"], []), (["first", "second"], []), (["weight"], []),
    ]  # fmt: skip
    theirs = first.model_copy(update={"sha256": "1" * 64})  # another laboratory's, numbered "A", too
    both = leaned_on(["first.t", "other.t"], {"first": first, "other": theirs}, told, methods)
    assert [(one.names, one.used, [each.of for each in one.taken]) for one in both] == [
        (["first"], first, [("A", "A")] * 2), (["other"], theirs, [("A", "A")] * 2),
    ]  # fmt: skip
