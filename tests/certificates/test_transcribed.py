"""A certificate on paper becomes one that a bench reads, where two persons typed the same."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from dosing.bench import DosingStand
from openpyxl import Workbook

from remotecal.bench import Bench
from remotecal.certificates.dcc import read_file, validate
from remotecal.certificates.transcribed import told, transcribe
from remotecal.certificates.transcript import read_sheet
from remotecal.cli import main
from remotecal.errors import ConfigurationError
from remotecal.model import Certificate, Record
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.execute import plan

SHEET = """
[typed]
by = "{by}"
on = 2026-11-28

[certificate]
number = "LN-2026-0815"
method = "JJG 1036-2022"
issued = 2026-06-02
begun = 2026-06-01
valid_until = 2027-06-01

[issuer]
name = {{ zh = "某省计量院", en = "Some Institute of Metrology" }}
address = "Shenyang"

[customer]
name = "Flow laboratory"
address = "Dalian"

[[persons]]
name = "Wang Fang"
duty = "approved"

[item]
name = "Balance"
maker = "Acme"
model = "B-300"
serial = "B-77"

[[conditions]]
name = "Ambient temperature"
kind = "basic_temperature"
low = "19.5"
high = "20.5"
unit = "°C"

[[results]]
name = "Errors of indication"
rows = \"\"\"
# kg   g      g
0.0    0.0    1.0
150.0  −2.50  3.0
300    +4.1   6.2
\"\"\"

[[results.columns]]
is = "indication"
unit = "kg"

[[results.columns]]
is = "error"
unit = "g"

[[results.columns]]
is = "U"
unit = "g"
k = "2"
p = "0.95"
"""


class Desk:
    """Where two persons type."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.scan = folder, folder / "scan.pdf"
        self.scan.write_bytes(b"%PDF- the paper")

    def typed(self, by: str, text: str = SHEET, old: str = "", new: str = "") -> Path:
        assert old in text
        path = self.folder / f"{by}.toml"
        path.write_text(text.format(by=by).replace(old, new), encoding="utf-8")
        return path

    def joined(self, *sheets: Path) -> int:
        out = self.folder / "standard.xml"
        return main(
            ["certificate", "transcribe", *map(str, sheets), "--scan", str(self.scan), "--out", str(out)]
        )

    def record(self, text: str):
        first, second = (read_sheet(self.typed(by, text)) for by in ("Li", "Zhao"))
        return transcribe(first, second, "scan.pdf", "00")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_what_both_typed_is_a_certificate_with_its_digits(desk: Desk) -> None:
    assert desk.joined(desk.typed("Li"), desk.typed("Zhao")) == 0
    content = (desk.folder / "standard.xml").read_bytes()
    assert list(validate(content)) == []
    record = read_file(desk.folder / "standard.xml")
    table = record.tables[0]
    at, error = table.column("basic_measuredValue"), table.column("basic_measurementError")
    assert at.values == ("0.0", "150.0", "300")
    assert error.values == ("0.0", "-2.50", "+4.1")
    assert error.uncertainty.expanded == ("1.0", "3.0", "6.2")
    assert Certificate(record).valid_until.isoformat() == "2027-06-01"
    said = told(record).get("en")
    assert "typed by Li on 2026-11-28 and, apart from that, by Zhao" in said
    assert sha256(desk.scan.read_bytes()).hexdigest() in said


def test_it_goes_into_a_folder_that_is_not_there_yet(desk: Desk) -> None:
    sheets = [str(desk.typed(by)) for by in ("Li", "Zhao")]
    out = desk.folder / "certificates" / "standard.xml"
    asked = ["certificate", "transcribe", *sheets, "--scan", str(desk.scan), "--out", str(out)]
    assert main(asked) == 0
    assert out.exists()


@pytest.mark.parametrize(
    ("old", "new", "told_"),
    [
        ("−2.50", "−2.5", "results 1.rows 2 2: -2.50 and -2.5"),
        ("−2.50", "2.50", "results 1.rows 2 2: -2.50 and 2.50"),
        ("6.2", "2.6", "results 1.rows 3 3: 6.2 and 2.6"),
        ('"B-77"', '"B-71"', "item.serial: B-77 and B-71"),
        ("2027-06-01", "2026-07-01", "certificate.valid_until: 2027-06-01 and 2026-07-01"),
        ('k = "2"', 'k = "3"', "results 1.columns 3.k: 2 and 3"),
        ("valid_until = 2027-06-01\n", "", "certificate.valid_until: 2027-06-01 and nothing"),
        ("300    +4.1   6.2\n", "", "results 1.rows: 3 of them and 2 of them"),
    ],
)
def test_a_slip_of_either_is_found(desk: Desk, capsys, old: str, new: str, told_: str) -> None:
    assert desk.joined(desk.typed("Li"), desk.typed("Zhao", old=old, new=new)) == 2
    assert told_ in capsys.readouterr().err
    assert not (desk.folder / "standard.xml").exists()


def test_one_person_is_not_two(desk: Desk, capsys) -> None:
    first, other = desk.typed("Li"), desk.folder / "again.toml"
    other.write_text(first.read_text(encoding="utf-8").replace('"Li"', '"ＬＩ"'), encoding="utf-8")
    assert desk.joined(first, other) == 2
    assert "a second person" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "told_"),
    [
        ("−2.50", "nan", "row 2, error: 'nan' is no number"),
        ("−2.50", "1,250", "may be 1.250 or 1250"),
        ("−2.50", "2.50g", "has a unit in it"),
        ("300    +4.1   6.2", "300 4.1", "row 3, has 2 cells for 3 columns"),
        ('is = "error"', 'is = "eror"', "did you mean error"),
        ('is = "indication"', 'is = "U"\nk = "1"', "stands behind the column"),
        ('k = "2"\n', "", "needs its unit and its k"),
        ('k = "2"', 'k = "2,0"', "columns.2.k: write it like 2 or 2.13, not '2,0'"),
        ('p = "0.95"', 'p = "95 %"', "columns.2.p: write it like 0.95, not '95 %'"),
        ('unit = "kg"', 'unit = "kgg"', "kgg"),
        ("issued = 2026-06-02", "issued = 2026-05-02", "before the calibration was finished"),
        ("valid_until = 2027-06-01", "valid_until = 2025-06-01", "before it was issued"),
        ("1.0\n", "-1.0\n", "is no expanded uncertainty"),
        ("on = 2026-11-28", "on = 2026-06-01", "issued on 2026-06-02, after it was typed on 2026-06-01"),
        ('unit = "g"\nk', 'unit = "%"\nrelative = true\nk', "an error has its U in a unit of its own"),
        ('is = "error"', 'is = "error"\nname = "修正值"', "a correction is less its error"),
        ("300    +4.1", "#300    +4.1", "row 3, indication"),
        ('"B-77"', '"B-77\\u200b"', "U+200B, which nobody sees"),
        ('number = "', 'number = "\\u202e', "U+202E, which nobody sees"),
    ],
)
def test_what_is_no_certificate_is_refused_and_said(
    desk: Desk, capsys, old: str, new: str, told_: str
) -> None:
    assert desk.joined(*(desk.typed(by, old=old, new=new) for by in ("Li", "Zhao"))) == 2
    assert told_ in capsys.readouterr().err
    assert not (desk.folder / "standard.xml").exists()


def test_uncertainties_come_into_the_unit_of_their_values(desk: Desk) -> None:
    """0.05 % of 150.0 kg is 0.075 kg; 2.6 of 300 kg 0.156 kg, where three digits are kept and rounded up."""
    relative = SHEET.replace('is = "error"\nunit = "g"', 'is = "reference"\nunit = "kg"').replace(
        'unit = "g"\nk', 'unit = "%"\nrelative = true\nk'
    )
    rows = "150.0 150.0 0.05\n300 299.9 0.0521\n"
    told_ = re.sub(r"0\.0    0\.0.*6\.2\n", rows, relative, flags=re.DOTALL)
    column = desk.record(told_).tables[0].column("basic_referenceValue")
    assert column.uncertainty.expanded == ("0.0750", "0.157")


def test_a_paper_that_states_k_alone_is_typed_as_it_is(desk: Desk) -> None:
    """Nobody supplies a p: it is said to be missing, in the DCC, in print, and U/k is what counts."""
    from remotecal.certificates import dcc
    from remotecal.certificates.dcc import validate
    from remotecal.certificates.pdf.results import _remarks
    from remotecal.certificates.scope import _comparable

    record = desk.record(SHEET.replace('p = "0.95"\n', ""))
    column = record.tables[0].column("basic_measurementError")
    assert (column.uncertainty.k, column.uncertainty.p) == (("2",), ("NaN",))
    assert column.uncertainty.distribution is None
    assert [str(problem) for problem in validate(dcc.write(record))] == []
    again = dcc.read(dcc.write(record)).tables[0].column("basic_measurementError")
    assert again.uncertainty == column.uncertainty
    said = " ".join(str(remark) for remark in _remarks(record.tables[0], left_out=False))
    assert "no coverage probability is stated" in said
    assert "nan" not in said.lower()
    assert float(_comparable(column.uncertainty, 1)) == float(column.uncertainty.expanded[1])
    assert (
        desk.record(SHEET.replace('k = "2"\np = "0.95"\n', 'k = "1"\n'))
        .tables[0]
        .column("basic_measurementError")
        .uncertainty.p
        is None
    )


def test_an_uncertainty_in_percent_of_a_temperature_is_none(desk: Desk) -> None:
    """1 % of 20 °C is 0.2 of nothing: of the same temperature in kelvins it would be 2.9."""
    told_ = SHEET.replace('is = "indication"\nunit = "kg"', 'is = "reference"\nunit = "°C"')
    told_ = told_.replace('is = "error"\nunit = "g"', 'is = "indication"\nunit = "°C"').replace(
        "−2.50", "2.50"
    )
    with pytest.raises(ConfigurationError, match="relative to a value in °C"):
        desk.record(
            told_.replace('unit = "g"\nk', 'unit = "%"\nrelative = true\nk').replace("0.0    1.0", "1 1")
        )


@pytest.mark.parametrize(("error", "holds"), [("-2.50", True), ("2.50", False), ("0.004", True)])
def test_a_correction_typed_as_an_error_is_found_where_the_table_tells(
    desk: Desk, error: str, holds: bool
) -> None:
    """An error is indication less reference: where all three stand there, the signs are looked at."""
    shown = "149.9975" if error != "0.004" else "150.0000"
    told_ = re.sub(r"# kg .*6\.2\n", f"{shown} 150.0000 {error} 3.0\n", SHEET, flags=re.DOTALL)
    column = '[[results.columns]]\nis = "reference"\nunit = "kg"\n\n[[results.columns]]\nis = "error"'
    told_ = told_.replace('[[results.columns]]\nis = "error"', column)
    if holds:
        assert desk.record(told_).tables[0].column("basic_measurementError").values == (error,)
        return
    with pytest.raises(ConfigurationError, match="the other sign in every row"):
        desk.record(told_)


def test_milligrams_stay_what_they_are_beside_grams(desk: Desk) -> None:
    told_ = SHEET.replace('unit = "g"\nk', 'unit = "mg"\nk')
    column = desk.record(told_).tables[0].column("basic_measurementError")
    assert column.uncertainty.expanded == ("0.0010", "0.0030", "0.0062")


def test_a_table_may_come_from_a_file(desk: Desk) -> None:
    file = desk.folder / "points.csv"
    file.write_text("indication,error,U\n0.0,0.0,1.0\n150.0,-2.50,3.0\n", encoding="utf-8-sig")
    told_ = re.sub(r'rows = """.*?"""', 'file = "points.csv"', SHEET, flags=re.DOTALL)
    record = desk.record(told_)
    assert record.tables[0].column("basic_measurementError").values == ("0.0", "-2.50")
    said = told(record).get("en")
    assert (
        f"not typed, but read by both from the same file, SHA-256 {sha256(file.read_bytes()).hexdigest()}"
        in said
    )
    file.write_bytes("示值,误差,U\n1,2,3\n".encode("gbk"))
    with pytest.raises(ConfigurationError, match="GBK"):
        desk.record(told_)


@pytest.mark.parametrize(
    "first", ["10 kg,0.0 g,1.0 g", '"1,000",n/a,-', "1 000.0,–,–", "２０kg,,", "±0.5g,a,b"]
)
def test_a_first_row_that_is_no_heading_is_never_left_out(desk: Desk, first: str) -> None:
    """Who writes units into the first row alone would lose that row, and both persons name the same file."""
    (desk.folder / "points.csv").write_text(f"{first}\n150.0,-2.50,3.0\n", encoding="utf-8")
    told_ = re.sub(r'rows = """.*?"""', 'file = "points.csv"', SHEET, flags=re.DOTALL)
    with pytest.raises(ConfigurationError, match="row 1, indication"):
        desk.record(told_)


@pytest.mark.parametrize("none", ["0", "0.00", "-1.0"])
def test_an_uncertainty_of_nothing_or_less_is_none(desk: Desk, none: str) -> None:
    with pytest.raises(ConfigurationError, match=f"row 1, U: {none} is no expanded uncertainty"):
        desk.record(SHEET.replace("0.0    1.0", f"0.0    {none}"))


def test_a_second_sheet_has_the_columns_and_nothing_of_the_paper(desk: Desk) -> None:
    first, second = desk.typed("Li"), desk.folder / "second.toml"
    assert main(["certificate", "new", str(second), "--like", str(first)]) == 0
    text = second.read_text(encoding="utf-8")
    assert re.findall(r"^is = (.*)$", text, flags=re.MULTILINE) == ['"indication"', '"error"', '"U"']
    for typed in ("150", "2.50", "B-77", "LN-2026", "kg", "Acme"):
        assert typed not in text


def test_a_new_sheet_asks_in_either_language_for_the_same_and_says_today(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is asked for stands in comments, the day of typing among the rest: nobody may miss it."""
    sheets = []
    for language in ("C.UTF-8", "zh_CN.UTF-8"):
        monkeypatch.setenv("LC_ALL", language)
        file = tmp_path / f"{language}.toml"
        assert main(["certificate", "new", str(file)]) == 0
        sheets.append(file.read_text(encoding="utf-8"))
    english, chinese = map(tomllib.loads, sheets)
    assert english == chinese
    assert isinstance(chinese["typed"]["on"], date)
    keys = [re.findall(r"^# (\w+) = ", sheet, flags=re.MULTILINE) for sheet in sheets]
    assert keys[0] == keys[1]
    assert "录入人" in sheets[1]
    assert "who types" in sheets[0]


def test_a_bench_runs_with_it(tmp_path: Path, desk: Desk) -> None:
    """A simulated balance's certificate, printed, typed twice and given to the bench instead."""
    with DosingStand.up(tmp_path / "rig", seed=4) as rig:
        bench = Bench.load(rig.bench)
        path = rig.bench.parent / bench.file.instruments["balance"].certificate
        original = read_file(path)
        told_ = printed(original)
        assert desk.joined(desk.typed("Li", told_), desk.typed("Zhao", told_)) == 0
        path.write_bytes((desk.folder / "standard.xml").read_bytes())
        order = Order.load(rig.order)
        assert plan(order, find(order.order.procedure), Bench.load(rig.bench), rig.clock, "run").start.points
        points = ("basic_measurementError", "basic_measuredValue")
        assert Certificate(read_file(path)).points(*points) == Certificate(original).points(*points)


def printed(record: Record) -> str:
    """Return a sheet as somebody would type it from what a certificate prints."""
    table = record.tables[0]
    at, error = table.column("basic_measuredValue"), table.column("basic_measurementError")
    rows = "\n".join(map(" ".join, zip(at.values, error.values, error.uncertainty.expanded, strict=True)))
    typed = re.sub(r"# kg .*6\.2\n", rows + "\n", SHEET, flags=re.DOTALL)
    units = (('"kg"', f'"{at.unit}"'), ('"g"', f'"{error.unit}"'))
    for old, new in (("B-77", record.items[0].serials[0]), *units):
        typed = typed.replace(old, new)
    typed = re.sub(r"(begun|issued|valid_until) = .*\n", "", typed)
    number = 'number = "LN-2026-0815"\n'
    until = Certificate(record).valid_until
    return typed.replace(number, f"{number}issued = {record.issued}\nvalid_until = {until}\n")


def workbook(*rows: tuple[object, ...], decimals: str = "General") -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for cell in book.active["B"]:
        cell.number_format = decimals
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_table_may_come_from_a_spreadsheet_with_the_digits_it_shows(desk: Desk) -> None:
    file = desk.folder / "points.xlsx"
    head = ("indication", "error", "U")
    file.write_bytes(workbook(head, ("0.0", 0, "1.0"), (150, -2.5, 3), decimals="0.00"))
    told_ = re.sub(r'rows = """.*?"""', 'file = "points.xlsx"', SHEET, flags=re.DOTALL)
    record = desk.record(told_)
    assert record.tables[0].column("basic_measuredValue").values == ("0.0", "150")
    assert record.tables[0].column("basic_measurementError").values == ("0.00", "-2.50")
    assert sha256(file.read_bytes()).hexdigest() in told(record).get("en")
    for cell, why in ((-2.504, "shows -2.50 and holds -2.504"), ("=1+1", "formula")):
        file.write_bytes(workbook(head, (150, cell, 3), decimals="0.00"))
        with pytest.raises(ConfigurationError, match=why):
            desk.record(told_)


@pytest.mark.parametrize(
    ("held", "shown", "read"),
    [
        (0.005, "0.00%", "0.50"),
        (-1234.5, "#,##0.00", "-1234.50"),
        (-2.5, "0.00_);[Red]\\(0.00\\)", "-2.50"),
        (0.0012, "0.0E+00", "0.0012"),
        (0.50049, "0.0%", "shows 50.0% and holds 0.50049"),
        (12500, "0.0,", "shown by the format 0.0,"),
        (0.5, '"-"0.00', "shown by the format"),
        (-0.4, "0.0;-0", "shown by the format"),
        (-0.5, "0.00%;-0.00", "shown by the format"),
        (date(2026, 1, 5), "m-d", "shown by the format m-d"),
        (1 / 3, "General", "holds 0.333"),
    ],
)
def test_a_cell_counts_as_it_is_shown_or_not_at_all(desk: Desk, held: object, shown: str, read: str) -> None:
    """A cell that shows 0.50% holds 0.005: in a column in % that was a hundredth of what the paper states."""
    (desk.folder / "points.xlsx").write_bytes(
        workbook(("q", "e", "U"), ("(kg)", "(%)", ""), (10, held, 3), decimals=shown)
    )
    told_ = re.sub(r'rows = """.*?"""', 'file = "points.xlsx"', SHEET, flags=re.DOTALL)
    told_ = told_.replace('unit = "g"', 'unit = "%"')
    if "sh" in read or "holds" in read:
        with pytest.raises(ConfigurationError, match=re.escape(read)):
            desk.record(told_)
        return
    assert desk.record(told_).tables[0].column("basic_measurementError").values == (read,)


def test_an_empty_cell_of_a_pasted_table_lets_no_other_take_its_place(desk: Desk) -> None:
    told_ = SHEET + '\n[[results.columns]]\nis = "remotecal_seen"\nname = "Remark"\n'
    rows = "0.0\t\t1.0\t2 scratches"
    with pytest.raises(ConfigurationError, match="row 1, error: '' is no number"):
        desk.record(re.sub(r"# kg .*6\.2\n", f"{rows}\n", told_, flags=re.DOTALL))


def test_a_pasted_table_keeps_cells_with_blanks_in_them(desk: Desk) -> None:
    told_ = SHEET.replace("# kg   g      g\n0.0    0.0    1.0", "0.0\t 0.0\t1.0 ").replace(
        "150.0  ", "150.0\t\t"
    )
    assert desk.record(told_).tables[0].column("basic_measurementError").values == ("0.0", "-2.50", "+4.1")
