"""In a notebook benches, runs, records and budgets show themselves; tables leave it in one line."""

import csv
import io
import sys
from collections.abc import Iterator
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from remotecal.bench import Bench
from remotecal.errors import ConfigurationError
from remotecal.model import (
    Bivariate,
    Column,
    Complex,
    Conformity,
    Limits,
    Note,
    Record,
    Table,
    Text,
    Uncertainty,
    Words,
)
from remotecal.runs.catalogue import find
from remotecal.testing import BenchOf, Ran, RunOn
from remotecal.uncertainty.budget import Budget
from remotecal.uncertainty.inputs import Input

FLOW = Column(name=Text(zh="流量", en="flow"), unit="m3/h", values=("70", "7.0"))
ERROR = Column(
    name=Text(zh="示值误差", en="error"),
    unit="%",
    values=("+0.120", "-0.060"),
    uncertainty=Uncertainty(expanded=("0.050",), k=("2.00", "2.01"), p=("0.95",)),
    conformity=Conformity(verdicts=("pass", "noFail"), tolerance=Limits(lower=("-0.5",), upper=("0.5",))),
)
TABLE = Table(name=Text(zh="结果", en="Results"), columns=(FLOW, ERROR))


class Seen(HTMLParser):
    """The tags and the texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes = 0
        self.rows: list[list[str]] = []
        self.said = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.add(tag)
        self.attributes += len(attrs)
        if tag == "tr":
            self.rows.append([])
        elif tag in {"th", "td"}:
            self.rows[-1].append("")
        elif tag == "br" and self.rows:
            self.rows[-1][-1:] = [text + " / " for text in self.rows[-1][-1:]]

    def handle_data(self, data: str) -> None:
        self.said += data
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


PLAIN = {"table", "caption", "thead", "tbody", "tr", "th", "td", "br"}


def seen(shown: object) -> Seen:
    page = Seen(shown._repr_html_())  # type: ignore[attr-defined]
    assert page.tags <= PLAIN
    assert page.attributes == 0
    return page


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[object, Ran]]:
    benches = BenchOf(tmp_path_factory.mktemp("benches"))
    bench = benches("dosing-stand", seed=2)
    yield bench, RunOn(tmp_path_factory.mktemp("runs"))(bench, None, {"speeds": [20.0, 5.0], "repeats": 3})
    benches.close()


def test_a_table_is_csv_in_one_line_with_its_digits() -> None:
    assert TABLE.to_csv() == (
        "flow (m3/h),error (%),error U (%),error k,error lower limit (%),error upper limit (%),"
        "error conformity\n"
        "70,+0.120,0.050,2.00,-0.5,0.5,pass\n"
        "7.0,-0.060,0.050,2.01,-0.5,0.5,noFail\n"
    )
    assert TABLE.to_csv("zh").startswith("流量 (m3/h),示值误差 (%),示值误差 U (%)")


def test_every_kind_of_column_is_in_the_csv() -> None:
    resistance = Complex(
        name=Text.plain("Z"),
        form="polar",
        unit="Ohm",
        phase_unit="rad",
        values=(("49.999", "-0.001"),),
        uncertainty=Bivariate(u=(("0.012", "0.002"),), r=("0.3",)),
    )
    table = Table(
        columns=(
            Words(name=Text.plain("symbol"), words=("=1+1",)),
            Note(name=Text(zh="介质", en="fluid"), text=Text(zh="水", en="@water")),
            Column(unit="1", values=("NaN",)),
            Column(unit="1", values=("1e-3",), uncertainty=Uncertainty(expanded=("1e-4",), k=("1",))),
            resistance,
        )
    )
    heads, cells = csv.reader(io.StringIO(table.to_csv()))
    assert heads[:6] == ["symbol", "fluid", "value", "value #2", "u", "k"]
    assert heads[6:] == [
        "Z magnitude (Ω)", "Z magnitude u (Ω)", "Z magnitude k",
        "Z phase (rad)", "Z phase u (rad)", "Z phase k", "Z r",
    ]  # fmt: skip
    assert cells[:6] == ["'=1+1", "'@water", "NaN", "1e-3", "1e-4", "1"]
    assert cells[6:] == ["49.999", "0.012", "1", "-0.001", "0.002", "1", "0.3"]
    assert "'@water" not in table.to_csv("zh")


def test_a_table_is_a_dataframe_of_decimals() -> None:
    frame = TABLE.to_dataframe()
    assert list(frame.columns) == TABLE.to_csv().splitlines()[0].split(",")
    assert list(frame["error (%)"]) == [Decimal("0.120"), Decimal("-0.060")]
    assert str(frame["error (%)"][0]) == "0.120"
    assert frame["error (%)"].astype(float).mean() == pytest.approx(0.03)
    assert list(frame["error conformity"]) == ["pass", "noFail"]


def test_without_pandas_it_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ConfigurationError, match=r"remotecal\[dataframe\].*`to_csv` does without it"):
        TABLE.to_dataframe()


def test_a_table_shows_itself_in_both_languages_with_its_digits() -> None:
    page = seen(TABLE)
    assert page.rows[0][:3] == ["流量 / flow / m³/h", "示值误差 / error / %", "示值误差 U / error U / %"]
    assert page.rows[1] == ["70", "+0.120", "0.050", "2.00", "-0.5", "0.5", "pass"]


def test_nothing_in_a_record_is_taken_for_html() -> None:
    hostile = "<script>alert(1)</script>&amp;\"'<img src=x onerror=y>"
    table = Table(
        name=Text.plain(hostile),
        columns=(
            Words(name=Text.plain(hostile), words=("<b>",)),
            Note(name=Text.plain("x"), text=Text.plain(hostile)),
        ),
    )
    page = seen(table)
    assert page.said.count(hostile) == 3
    assert page.rows[1] == ["<b>", hostile]


def test_a_record_shows_itself(ran: tuple[object, Ran]) -> None:
    record: Record = ran[1].record
    page = seen(record)
    assert page.rows[0] == ["证书编号 / Certificate number", record.number]
    assert ["演示 / Demonstration", "不是有效证书 / not a valid certificate"] in page.rows
    first, *_ = record.tables
    values = [row[0] for row in csv.reader(io.StringIO(first.to_csv()))][1:]
    begin = next(number for number, row in enumerate(page.rows) if row[0] == values[0])
    assert [row[0] for row in page.rows[begin : begin + len(values)]] == values
    assert record.measurements[0].results[0].name.get("zh") in page.said


def test_a_budget_of_a_record_and_one_just_evaluated_show_themselves(ran: tuple[object, Ran]) -> None:
    budget = ran[1].record.measurements[0].budgets[0]
    page = seen(budget)
    assert page.rows[0][:2] == ["符号 / Symbol", "估计值 / Estimate"]
    assert [row[0] for row in page.rows[1 : 1 + len(budget.lines)]] == [line.symbol for line in budget.lines]
    assert ["U", f"{budget.expanded} %"] in page.rows
    inputs = [Input.normal("a", 10.0, "V", 0.1), Input.from_limits("b", 2.0, "V", 0.3)]
    evaluated = Budget(lambda a, b: a + b, inputs, "V").evaluate()
    page = seen(evaluated)
    assert page.rows[1][:6] == ["a", "10", "V", "0.1", "normal", "∞"]
    assert page.rows[-1] == ["U", f"{evaluated.expanded:.3g} V"]


def test_a_run_shows_itself(ran: tuple[object, Ran]) -> None:
    evidence = ran[1].evidence
    page = seen(evidence)
    assert ["完整 / Complete", "是 / yes"] in page.rows
    assert [row[:2] for row in page.rows[-3:]] == [
        [entry.point.name, str(entry.repeat)] for entry in evidence.observations[-3:]
    ]
    assert any(" … " in cell for cell in page.rows[-1])


def test_benches_show_themselves(ran: tuple[object, Ran]) -> None:
    bench = ran[0]
    page = seen(bench)
    assert "seed = 2" in page.said
    assert ["thermometer", "IsotechMilliK", bench.addresses["thermometer"], "21-P2460"] in page.rows
    loaded = Bench.load(bench.bench)
    row = ["thermometer", "IsotechMilliK", bench.addresses["thermometer"], "21-P2460", "thermometer.xml"]
    assert row in seen(loaded).rows
    with loaded.open(bench.clock) as opened:
        page = seen(opened)
    rows = {row[0]: row for row in page.rows}
    assert rows["thermometer"][3] == "Isothermal Technology milliK, SN 21-P2460, firmware 4.0.0"


def test_what_could_not_be_opened_says_why(tmp_path) -> None:
    (tmp_path / "bench.toml").write_text(
        '[bench]\nname = "B"\n[instruments.dmm]\ndriver = "Keysight34461A"\n'
        'address = "TCPIP::127.0.0.1::1::SOCKET"\n[roles]\nvoltmeter = "dmm"\n'
    )
    bench = Bench.load(tmp_path / "bench.toml")
    assert ["voltmeter", "dmm"] in seen(bench).rows
    opened = bench.connect()
    assert "can't be reached" in seen(opened).rows[1][3]
    opened.close()


def test_the_procedure_is_found_by_the_name_that_is_shown(ran: tuple[object, Ran]) -> None:
    assert find(ran[1].evidence.procedure.name).sha256 == ran[1].evidence.procedure.sha256
