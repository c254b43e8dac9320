"""Tables of items as people bring them: CSV or XLSX, read within bounds; each row tells what is wrong."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Final, NamedTuple

from pydantic import ValidationError

from remotecal.configuration import is_garbled
from remotecal.errors import ConfigurationError
from remotecal.model.identifiers import disguise
from remotecal.numerals import SHORTENED, read_count
from remotecal.spreadsheets import first_sheet, is_formula
from remotecal.web.bodies import MOST_MONTHS, ItemWritten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from remotecal.store.items import Entered

MOST_ROWS: Final = 2000
"""Rows of a table, at most."""
LAST_ROW: Final = 2 * MOST_ROWS
"""Last row of a sheet that may hold something, with empty ones between."""
LAST_LOOKED: Final = 10 * LAST_ROW
"""Last row of a sheet that is looked at, whether something was left out."""
MOST_COLUMNS: Final = 40
"""Last column of a table that may hold something."""
COLUMNS_LOOKED: Final = 100
"""Columns of a sheet that are looked at, whether something was left out."""
EXACT_DIGITS: Final = 15
"""Digits of a number that a spreadsheet keeps."""
HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "zh": ("name_zh", "名称", "器具名称", "name (zh)"),
    "en": ("name_en", "name", "英文名称", "name (en)"),
    "maker": ("maker", "manufacturer", "制造厂", "制造商", "制造单位", "生产厂", "生产厂家", "生产厂商"),
    "model": ("model", "type", "型号", "规格型号", "型号规格"),
    "serial": ("serial", "serial number", "出厂编号", "出厂编码"),
    "owner_number": ("owner_number", "owner's number", "asset number", "设备编号", "管理编号"),
    "place": ("place", "location", "地点", "使用地点"),
    "months": (
        *("months", "interval", "interval / months"),
        *("周期", "周期/月", "周期(月)", "检定周期/月", "检定周期(月)", "校准周期/月", "校准周期(月)"),
    ),
    "account": ("account", "客户账号"),
    "certificate": ("certificate",),
    "calibrated": ("calibrated",),
    "due": ("due", "valid until", "有效期至", "到期日"),
}
"""Column → what may stand above it; in a table of any language, whatever the case."""
_BRACKETS: Final = str.maketrans("\uff08\uff09", "()")
PLAIN: Final = ("maker", "model", "serial", "owner_number", "place")
"""Columns that are taken as they are."""
NUMBERS: Final = ("serial", "owner_number")
"""Columns of numbers that a device is marked with: what is read there is what it says."""
TEXTS: Final = frozenset({"zh", "en", *PLAIN})
"""Columns of texts, which a spreadsheet may have taken for something else."""
AS_HELD: Final = frozenset({"General", "@", "0", "#", "#,##0"})
"""Formats of numbers by which a spreadsheet shows all digits that it holds, and no others."""
SAVE_AS: Final = (
    "the file is not in UTF-8, but maybe in GBK as Excel writes CSV in China: save it as "
    "'CSV UTF-8 (comma delimited)', or as XLSX, and bring that"
)


class RowFault(NamedTuple):
    """What is wrong in a row."""

    kind: str
    """Which words tell it: `fault.KIND` of the catalogues."""
    column: str = ""
    """In which column; "" for the row."""
    told: str = ""
    """What else is to be said: a value, the number of another row."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table."""

    row: int
    """Its number, the headings' being 1."""
    cells: Mapping[str, str]
    """Column → what stands there; a day as it is understood."""
    faults: tuple[RowFault, ...]
    """What is wrong in it; empty if it is an item."""
    entered: Entered | None
    """The item; None with a fault."""


def read_table(content: bytes, account: str | None) -> tuple[TableRow, ...]:
    """Return the rows of a table of items; empty ones are left out.

    Raises:
        ConfigurationError: it is no table of items: what is wrong with the file as a whole, and what to do.
    """
    rows = _xlsx(content) if content.startswith(b"PK") else _csv(content)
    first = next(rows, None)
    columns = _columns([cell.text for cell in first or ()])
    lines: list[TableRow] = []
    before: dict[tuple[str, str], int] = {}
    for number, cells in enumerate(rows, 2):
        if not any(cell.text for cell in cells):
            continue
        if len(lines) == MOST_ROWS:
            raise ConfigurationError(f"the table has more than {MOST_ROWS} rows: bring it in parts")
        beside = next((cell.text for at, cell in enumerate(cells) if at not in columns and cell.text), "")
        line = _line(number, {columns[at]: cell for at, cell in enumerate(cells) if at in columns}, account)
        if beside:  # a comma in a name moved what stands behind it
            line = TableRow(number, line.cells, (*line.faults, RowFault("beside", told=beside[:60])), None)
        if line.entered is not None:
            other = before.setdefault((line.entered.account, line.entered.same), number)
            if other != number:
                line = TableRow(number, line.cells, (RowFault("twice", told=str(other)),), None)
        lines.append(line)
    if not lines:
        raise ConfigurationError("the table has no rows below its headings")
    return tuple(lines)


class _CellRead(NamedTuple):
    text: str
    fault: str = ""
    """Why it can't be taken as it is; "" if it can."""
    shown: bool = True
    """Whether a spreadsheet shows it so, and not as a day, with zeros before it, in percent."""


def _told(titles: Sequence[str]) -> str:
    """Return how a column may be headed: in short, and in Chinese."""
    chinese = next((title for title in titles if not title.isascii()), "")
    return f"{titles[0]} ({chinese})" if chinese else titles[0]


def _columns(headings: Sequence[str]) -> dict[int, str]:
    """Return place → column, of those that are known."""
    named = {title: name for name, titles in HEADINGS.items() for title in titles}
    found: dict[int, str] = {}
    for at, heading in enumerate(headings):
        title = " ".join(heading.strip().casefold().translate(_BRACKETS).split())
        name = named.get(title)
        if name is None and title:
            known = ", ".join(map(_told, HEADINGS.values()))
            raise ConfigurationError(
                f"the heading {heading[:60]!r} is unknown: the first row names the columns, of {known}"
            )
        if name in found.values():
            raise ConfigurationError(f"two columns are headed as {name}: leave one")
        if name is not None:
            found[at] = name
    if not {"zh", "en"} & set(found.values()) or not {"serial", "owner_number"} & set(found.values()):
        raise ConfigurationError(
            "the first row must name the columns: a name (name_zh or name_en, 名称) and a number (serial or "
            "owner_number, 出厂编号) at least"
        )
    return found


def _line(number: int, cells: Mapping[str, _CellRead], account: str | None) -> TableRow:
    texts = {name: cell.text for name, cell in cells.items()}
    found = {name: _fault(name, cell) for name, cell in cells.items()}
    faults = [RowFault(fault, name, texts[name][:60]) for name, fault in found.items() if fault]
    said: dict[str, object] = {name: texts[name] for name in PLAIN if name in texts}
    names = {language: texts[language] for language in ("zh", "en") if texts.get(language)}
    if not names:
        faults.append(RowFault("no_name"))
    if not (texts.get("serial") or texts.get("owner_number")):
        faults.append(RowFault("no_number"))
    whose = texts.get("account", "")
    if whose and account and whose != account:
        faults.append(RowFault("account", "account", whose[:60]))
    if months := texts.get("months", ""):
        said["months"] = _months(months)
        faults += [] if said["months"] else [RowFault("months", "months", months[:60])]
    if due := texts.get("due", ""):
        said["due"] = day = _day(due)
        texts["due"] = due if day is None else day.isoformat()  # as it is understood
        faults += [] if day else [RowFault("day", "due", due[:60])]
    if faults:
        return TableRow(number, texts, tuple(faults), None)
    try:
        item = ItemWritten.model_validate({**said, "name": names, "account": account or whose or None})
    except ValidationError as error:
        told = error.errors()[0]
        where = str(told["loc"][0]) if told["loc"] else ""
        return TableRow(number, texts, (RowFault("text", where, str(texts.get(where, ""))[:60]),), None)
    return TableRow(number, texts, (), item.entered())


def _fault(name: str, cell: _CellRead) -> str:
    """Return why a cell of a column can't be taken; "" if it can."""
    if cell.fault or name not in TEXTS:
        return cell.fault
    if name in NUMBERS and disguise(cell.text):
        return "disguised"
    return "digits" if SHORTENED.fullmatch(cell.text) else "" if cell.shown else "shown"


def _months(text: str) -> int | None:
    """Return the months of an interval; None if it is none."""
    try:
        return read_count(text, MOST_MONTHS) or None
    except ValueError:
        return None


def _day(text: str) -> date | None:
    """Return a day as people write it: 2026-05-31, 2026/5/31 or 2026年5月31日; nothing that may be two."""
    plain = text.replace("年", "-").replace("月", "-").removesuffix("日").replace("/", "-").replace(".", "-")
    parts = plain.split("-")
    if len(parts) != 3 or len(parts[0]) != 4 or not all(p.isascii() and p.isdigit() for p in parts):
        return None
    try:
        return date(*map(int, parts))
    except (ValueError, OverflowError):
        return None


def _csv(content: bytes) -> Iterator[list[_CellRead]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(SAVE_AS) from None
    if "\0" in text or is_garbled(text):
        raise ConfigurationError(SAVE_AS)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            yield _all_of([_written(cell) for cell in row])
    except csv.Error as error:
        raise ConfigurationError(f"the file is no CSV: {error}") from None


def _written(cell: str) -> _CellRead:
    """Return a cell of CSV; an apostrophe that keeps a spreadsheet from computing is none of the text."""
    text = cell.strip()
    if text.startswith("'") and text[1:2] in {"=", "+", "-", "@"}:
        return _CellRead(text[1:])
    return _CellRead(text, "formula" if text.startswith("=") else "")


def _xlsx(content: bytes) -> Iterator[list[_CellRead]]:
    """Yield the rows of the first sheet."""
    for row in _to_last(first_sheet(content, LAST_LOOKED, COLUMNS_LOOKED)):
        yield _all_of([_of_sheet(cell) for cell in row])


def _all_of(row: list[_CellRead]) -> list[_CellRead]:
    """Return the cells of a row; raises `ConfigurationError` before any would be left out unseen."""
    if any(cell.text for cell in row[MOST_COLUMNS:]):
        raise ConfigurationError(
            f"the table goes on beyond column {MOST_COLUMNS}: leave out the columns that are not of the items"
        )
    return row[:MOST_COLUMNS]


def _to_last(rows: Iterable[Sequence[object]]) -> Iterator[Sequence[object]]:
    """Yield the rows of a sheet; raises `ConfigurationError` before any would be left out unseen."""
    for number, row in enumerate(rows, 1):
        if number <= LAST_ROW:
            yield row
        elif number == LAST_LOOKED or any(getattr(cell, "value", None) is not None for cell in row):
            raise ConfigurationError(
                f"the table goes on below row {LAST_ROW}: delete empty rows, or bring it in parts"
            )


def _of_sheet(cell: object) -> _CellRead:
    value = getattr(cell, "value", None)
    if is_formula(cell):
        return _CellRead(str(value), "formula")
    if value is None:
        return _CellRead("")
    if getattr(cell, "data_type", "") == "e":
        return _CellRead(str(value), "error")
    if isinstance(value, datetime):
        return _CellRead(value.date().isoformat(), shown=False)
    if isinstance(value, date | time):
        return _CellRead(value.isoformat(), shown=False)
    if isinstance(value, bool):
        return _CellRead(str(value), shown=False)
    if isinstance(value, float) and not math.isfinite(value):
        return _CellRead(str(value), "error")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    if isinstance(value, int) and len(text.lstrip("-")) > EXACT_DIGITS:
        return _CellRead(text, "digits")
    plain = isinstance(value, str) or getattr(cell, "number_format", "General") in AS_HELD
    return _CellRead(text, shown=plain)
