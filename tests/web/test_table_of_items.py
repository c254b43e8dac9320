"""Tables of items as people bring them: what is read, what is refused, and what is said in each row."""

import io
import struct
import tracemalloc
import zipfile
from datetime import date, datetime, time
from zlib import crc32

import pytest
from openpyxl import Workbook

from remotecal import spreadsheets
from remotecal.certificates.table_files import rows_in
from remotecal.errors import ConfigurationError
from remotecal.web import table_of_items
from remotecal.web.table_of_items import TableRow, read_table


def table(*rows: str, encoding: str = "utf-8-sig") -> bytes:
    return "\r\n".join(rows).encode(encoding)


def sheet(*rows: list[object]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def kinds(line: TableRow) -> list[tuple[str, str]]:
    return [(fault.kind, fault.column) for fault in line.faults]


def test_both_languages_of_headings_and_all_columns_are_read() -> None:
    (line,) = read_table(
        table(
            "名称,英文名称,制造厂,规格型号,出厂编号,管理编号,地点,周期/月,有效期至",
            "流量计,Meter,Maker,DN 50,K-1,A-7,Hall 2,12,2027年5月31日",
        ),
        "acme",
    )
    entered = line.entered
    assert (entered.name, entered.maker, entered.model) == (
        '{"en": "Meter", "zh": "流量计"}',
        "Maker",
        "DN 50",
    )
    assert (entered.serial, entered.owner_number, entered.place) == ("K-1", "A-7", "Hall 2")
    assert (entered.months, entered.due_set, entered.account) == (12, "2027-05-31", "acme")
    assert line.cells["due"] == "2027-05-31"  # the preview shows what is understood
    (line,) = read_table(table("名称,制造单位,出厂编号,周期（月）", "流量计,Maker,K-1,24"), None)
    assert (line.entered.maker, line.entered.months) == ("Maker", 24)
    for first in ("name_en;serial", "name_en\tserial"):
        (line,) = read_table(table(first, first.replace("name_en", "Meter").replace("serial", "1")), None)
        assert (line.entered.serial, line.entered.account) == ("1", "")


def test_a_spreadsheet_is_read_as_it_is_shown() -> None:
    lines = read_table(
        sheet(
            ["name", "serial", "months", "due"],
            ["Meter", 20211, 12, datetime(2027, 5, 31)],  # noqa: DTZ001  a spreadsheet knows no zones
            [None, None, None, None],
            ["Meter", 2.5, 6.0, date(2027, 6, 1)],
        ),
        None,
    )
    assert [line.row for line in lines] == [2, 4]
    assert [line.entered.serial for line in lines] == ["20211", "2.5"]
    assert [(line.entered.months, line.entered.due_set) for line in lines] == [
        (12, "2027-05-31"),
        (6, "2027-06-01"),
    ]


def test_each_fault_is_told_in_its_row() -> None:
    lines = read_table(
        table(
            "name,serial,months,due,maker",
            "Meter,1,12,,M",
            ",2,,,",
            "Meter,,,,",
            "Meter,3,twelve,,",
            "Meter,4,601,,",
            "Meter,5,１２,,",
            "Meter,6,,31.5.27,",
            "Meter,7,,2027-02-30,",
            "Meter,=1+7,,,",
            f"Meter,{'9' * 501},,,",
            "Meter, 1 ,,,m",
            "Meter,a\x07b,,,",
            "Meter, DN50,8,12,,M",
            "Meter,9\u202e1,,,",
            "Meter,1\u200b2,,,",
            "Meter,\u0410B12,,,",
            '"Meter, DN50",10,12,,M,',
        ),
        None,
    )
    assert [kinds(line) for line in lines] == [
        [],
        [("no_name", "")],
        [("no_number", "")],
        [("months", "months")],
        [("months", "months")],
        [("months", "months")],
        [("day", "due")],
        [("day", "due")],
        [("formula", "serial")],
        [("text", "serial")],
        [("twice", "")],
        [("disguised", "serial")],
        [("day", "due"), ("beside", "")],  # each cell stands one too far
        [("disguised", "serial")],
        [("disguised", "serial")],
        [("disguised", "serial")],
        [],
    ]
    assert lines[10].faults[0].told == "2"


def test_what_a_spreadsheet_has_lost_or_computes_is_refused() -> None:
    lines = read_table(
        sheet(["name", "serial"], ["Meter", 12345678901234567], ["Meter", "=A1"], ["Meter", "012"]), None
    )
    assert [kinds(line) for line in lines] == [[("digits", "serial")], [("formula", "serial")], []]
    assert lines[2].entered.serial == "012"


def test_what_a_spreadsheet_shows_otherwise_than_it_holds_is_refused() -> None:
    """A serial number 3-12 that became a day, and 00123 that is shown so and held as 123, are others'."""
    day = datetime(2026, 3, 12)  # noqa: DTZ001  a spreadsheet knows no zones
    book = Workbook()
    rows = [["M", 1], ["M", 123], ["M", day], ["M", time(3, 12)], ["M", "#N/A"], ["M", 0.5], ["M", 20211]]
    for row in (["name", "serial"], *rows):
        book.active.append(row)
    shown = {3: "00000", 7: "0%", 8: "#,##0"}
    for row, shape in shown.items():
        book.active.cell(row, 2).number_format = shape
    book.active.cell(6, 2).data_type = "e"
    book.active.cell(6500, 1).value = "Meter"
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(ConfigurationError, match="goes on below row"):
        read_table(out.getvalue(), None)
    book.active.delete_rows(6500)
    book.save(out := io.BytesIO())
    told = [kinds(line) for line in read_table(out.getvalue(), None)]
    shown_otherwise, error = [("shown", "serial")], [("error", "serial")]
    assert told == [[], shown_otherwise, shown_otherwise, shown_otherwise, error, shown_otherwise, []]
    (line,) = read_table(table("name,serial", "Meter,1.23457E+11"), None)
    assert kinds(line) == [("digits", "serial")]
    (line,) = read_table(table("name,serial,due,months", f"Meter,1,2026-{'9' * 30}-1,{'1' * 5000}"), None)
    assert kinds(line) == [("months", "months"), ("day", "due")]


def test_a_number_beyond_all_and_a_truth_are_no_serial_numbers() -> None:
    book = Workbook()
    for row in (["name", "serial"], ["M", 4711.5], ["M", True]):
        book.active.append(row)
    book.save(held := io.BytesIO())
    with zipfile.ZipFile(held) as old, zipfile.ZipFile(out := io.BytesIO(), "w") as new:
        for part in old.namelist():
            new.writestr(part, old.read(part).replace(b"<v>4711.5<", b"<v>1e400<"))
    told = [kinds(line) for line in read_table(out.getvalue(), None)]
    assert told == [[("error", "serial")], [("shown", "serial")]]
    with pytest.raises(ConfigurationError, match="row 2: a cell holds inf"):
        rows_in(out.getvalue(), "table.xlsx", [False, True])


def test_a_table_in_gbk_that_is_utf_8_by_accident_is_refused() -> None:
    content = "name,serial\n校准,1\n".encode("gbk")
    with pytest.raises(ConfigurationError, match="maybe in GBK"):
        read_table(content, None)
    with pytest.raises(ConfigurationError, match="perhaps in GBK"):
        rows_in(content, "table.csv", [False, True])


def test_an_account_in_the_table_is_the_one_it_is_brought_for() -> None:
    text = table("name,serial,account,certificate", "Meter,1,acme,C-1", "Meter,2,,")
    assert [line.entered.account for line in read_table(text, None)] == ["acme", ""]
    first, second = read_table(text, "bolt")
    assert (kinds(first), second.entered.account) == ([("account", "account")], "bolt")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (table("名称,出厂编号", "流量计,1", encoding="gbk"), "UTF-8, .*GBK .*save it as 'CSV UTF-8"),
        (table("名称,出厂编号", "流量计,1", encoding="utf-16"), "UTF-8"),
        (table("name,serial"), "no rows below"),
        (b"", "first row must name the columns"),
        (table("name,weight", "Meter,1"), "heading 'weight' is unknown"),
        (table("name,weight", "Meter,1"), r"name_en \(英文名称\), maker \(制造厂\)"),
        (table("name,serial,出厂编号", "Meter,1,2"), "two columns are headed as serial"),
        (table("name", "Meter"), "first row must name"),
        (table("name,serial", 'Meter,"1'), "no CSV"),
        (b"PK\x03\x04nothing", "no XLSX"),
    ],
)
def test_a_file_that_is_no_table_of_items_is_refused_with_what_to_do(content: bytes, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read_table(content, None)


def packed(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("_", "."), content)
    return out.getvalue()


def test_bombs_are_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = packed(sheet_xml=b" " * (spreadsheets.LARGEST_UNPACKED + 1))
    assert len(bomb) < 30_000
    with pytest.raises(ConfigurationError, match="unpacks to more than 20 MB"):
        read_table(bomb, None)
    with pytest.raises(ConfigurationError, match="unpacks to more"):
        read_table(packed(**{f"p{number}_xml": b"" for number in range(201)}), None)
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha">]><x>&a;</x>'
    with pytest.raises(ConfigurationError, match="defines entities"):
        read_table(packed(sheet_xml=laughs), None)
    for parts in ({"sheet_xml": laughs.decode().encode("utf-16")}, {"sheet": laughs}):
        with pytest.raises(ConfigurationError, match="defines entities"):
            read_table(packed(**parts), None)
    for name, mark in (("xl/styles.xml", b"<xf/>"), ("xl/worksheets/sheet1.xml", b"<c><v>1</v></c>")):
        with pytest.raises(ConfigurationError, match="than a table has"):  # a minute, and a gigabyte
            read_table(packed(**{name: mark * (spreadsheets.MOST_MARKS // 2)}), None)
    with pytest.raises(ConfigurationError, match="can't be read"):
        read_table(packed(sheet_xml=b"<x/>"), None)
    monkeypatch.setattr(table_of_items, "MOST_ROWS", 2)
    with pytest.raises(ConfigurationError, match="more than 2 rows"):
        read_table(table("name,serial", "M,1", "M,2", "M,3"), None)
    with pytest.raises(ConfigurationError, match="more than 2 rows"):
        read_table(sheet(["name", "serial"], ["M", 1], ["M", 2], ["M", 3]), None)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_part_that_unpacks_to_more_than_it_says_is_not_unpacked(method: int) -> None:
    big, small, out = bytes(64 << 20), bytes(100), io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("xl/workbook.xml", big)
    told = [struct.pack("<L", crc32(content)) for content in (big, small)]
    sizes = [struct.pack("<L", len(content)) for content in (big, small)]
    bomb = out.getvalue().replace(*told).replace(*sizes)
    tracemalloc.start()
    try:
        with pytest.raises(ConfigurationError, match="save it anew"):
            read_table(bomb, None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(big) // 2


def test_parts_that_are_broken_are_no_xlsx() -> None:
    broken = bytearray(packed(sheet_xml=b"some of it, and more of it" * 9))
    broken[30 + len("sheet.xml")] = 0xFF  # a block of a type that there is not
    with pytest.raises(ConfigurationError, match="no XLSX"):
        read_table(bytes(broken), None)


def test_one_number_is_two_things_where_it_is_of_two_accounts() -> None:
    rows = ("name,serial,account", "Meter,1,acme", "Meter,1,bolt", "Meter,1,acme")
    assert [kinds(line) for line in read_table(table(*rows), None)] == [[], [], [("twice", "")]]


def test_a_row_that_is_too_far_down_to_be_read_is_told() -> None:
    book = Workbook()
    for row, cell in ((1, "name"), (2, "Meter"), (table_of_items.MOST_ROWS * 2 + 1, "Meter")):
        book.active.cell(row, 1, cell)
        book.active.cell(row, 2, "serial" if row == 1 else row)
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(ConfigurationError, match="below row 4000"):
        read_table(out.getvalue(), None)


@pytest.mark.parametrize("spreadsheet", [False, True])
def test_a_column_that_is_too_far_right_to_be_read_is_told(spreadsheet: bool) -> None:
    """Else the days beside it would be lost, and an item due for years."""
    between = [""] * table_of_items.MOST_COLUMNS
    rows = [["name", "serial", *between, "due"], ["Meter", "1", *between, "2026-01-01"]]
    with pytest.raises(ConfigurationError, match="beyond column 40"):
        read_table(sheet(*rows) if spreadsheet else table(*map(",".join, rows)), None)


def test_a_sheet_that_nobody_sees_is_not_read() -> None:
    book = Workbook()
    book.active.sheet_state = "hidden"
    for one, number in ((book.active, "of last year"), (book.create_sheet(), "of this year")):
        one.append(["name", "serial"])
        one.append(["Meter", number])
    out = io.BytesIO()
    book.save(out)
    assert [line.cells["serial"] for line in read_table(out.getvalue(), None)] == ["of this year"]
