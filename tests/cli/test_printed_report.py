"""What `remotecal verify` prints: all of it, as it is, whatever the certificate's texts are made of."""

import io
import re
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from remotecal.cli import main
from remotecal.cli.evaluate import summarise
from remotecal.cli.tables import LONGEST_RULE, UNWRAPPED
from remotecal.cli.verify import print_report
from remotecal.model import (
    Column,
    Complex,
    Conformity,
    Contact,
    Identification,
    Item,
    Laboratory,
    Measurement,
    Person,
    Record,
    Result,
    Software,
    Table,
    Text,
    Uncertainty,
)
from remotecal.verify.dates import days_of
from remotecal.verify.places import place_called
from remotecal.verify.report import Check, Report


def shown(number: str, name: str, said: str) -> str:
    out = io.StringIO()
    report = Report(number, demonstration=False, checks=(Check(name, "passed", said, needed=True),))
    print_report(report, Console(file=out, width=80))
    return "".join(out.getvalue().split())


def test_a_word_longer_than_a_line_is_not_cut() -> None:
    firmware = "02.05-1519.666-1.19-4.15-127-159-35-and-what-else-a-maker-thinks-of"
    assert firmware in shown("T-1", "instruments", f"dut: firmware {firmware}; balance: SN 1")


@pytest.mark.parametrize("text", ["[/x]", "[red]T-1", "T[1]", "\\[x]"])
def test_what_looks_like_markup_is_printed_as_it_is(text: str) -> None:
    assert f"standard{text}:file" in shown("T-1", f"standard {text}: file", "here")
    assert f"Certificate{text}holds." in shown(text, "schema", "valid")


def test_what_passed_of_standards_certificates_is_counted_unless_all_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = (
        ("schema", "passed", "it is valid"),
        ("instruments", "passed", "one " * 20 + "last"),
        ("standard M-1: file", "passed", "the file it names"),
        ("  standard M-0: file", "passed", "the file that names"),
        ("  standard M-0: dates", "failed", "signed too late"),
        ("standard M-1: scope", "not possible", "no list"),
    )
    report = Report("T-1", demonstration=False, checks=tuple(Check(*one, needed=True) for one in made))

    def printed(*, whole: bool) -> str:
        out = io.StringIO()
        print_report(report, Console(file=out, width=80), whole=whole)
        return out.getvalue()

    full, short = " ".join(printed(whole=True).split()), printed(whole=False)
    assert [said in full for *_, said in made] == [True] * 6
    assert [said in short for *_, said in made] == [True, False, False, False, True, True]
    assert re.search(r" one …\s", short), "what passed ends at a word"
    assert short.count("\n") < printed(whole=True).count("\n")
    assert "2 checks of 2 certificates of standards passed; --all prints all that was found." in short
    report = Report("T-1", demonstration=False, checks=report.checks[2:3])
    assert "1 check of 1 certificate of standards passed;" in printed(whole=False)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "1 份标准器证书的 1 项检查通过；用 --all 列出全部内容。" in printed(whole=False)


def test_in_a_file_lines_are_whole_and_nothing_is_filled_up_to_the_longest() -> None:
    out, long = io.StringIO(), " ".join(["as", "long"] * 100)
    made = (Check("schema", "passed", "valid", needed=True), Check("journal", "passed", long, needed=True))
    print_report(Report("T-1", demonstration=False, checks=made), Console(file=out, width=UNWRAPPED))
    lines = out.getvalue().splitlines()
    assert [len(line) <= LONGEST_RULE for line in lines] == [long not in line for line in lines]
    assert any(line.endswith(long) for line in lines)
    assert lines == [line.rstrip() for line in lines]


def test_what_a_terminal_would_obey_is_not_printed() -> None:
    said = shown("T\x1b[2J1", "standard \x1b[2J: file", "a\x1b[2Jb\x07")
    assert "\x1b" not in said
    assert "\x07" not in said


def with_tables(*tables: Table, items: int = 1) -> Record:
    """Return a record with these tables, one for each item."""
    numbers = [f"M{n}" for n in range(1, items + 1)]
    return Record(
        number="T-1",
        country="CN",
        begun=date(2026, 11, 20),
        finished=date(2026, 11, 20),
        laboratory=Laboratory(contact=Contact(name=Text.plain("Lab"))),
        customer=Contact(name=Text.plain("Customer")),
        persons=(Person(name=Text.plain("Zhang Wei")),),
        items=tuple(
            Item(id=each, name=Text.plain("meter"), identifications=(Identification(value=f"SN-{each}"),))
            for each in numbers
        ),
        measurements=(
            Measurement(
                name=Text(zh="校准", en="Calibration"),
                results=tuple(
                    Result(name=Text.plain("R"), items=(each,), tables=(table,))
                    for each, table in zip(numbers, tables, strict=True)
                ),
            ),
        ),
        software=(Software(name=Text.plain("remotecal"), release="v0.1.0"),),
    )


WIDE = Table(
    name=Text.plain("Errors [/x] of [red]T-1"),
    columns=(
        Column(name=Text.plain("[bold]Flow[/y]"), unit="m3/h", values=("1.0",)),
        *(Column(name=Text.plain(f"Repeatability {n}"), unit="%", values=("0.1",)) for n in range(9)),
    ),
)


def test_a_records_texts_are_no_markup_and_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    summarise(with_tables(WIDE))
    said = capsys.readouterr().out
    assert "Errors [/x] of [red]T-1" in said
    assert "…" not in said


def test_verdicts_are_in_the_language_of_whoever_reads_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = Conformity(verdicts=("pass", "fail"))
    column = Column(name=Text(zh="示值误差", en="Error"), unit="%", values=("0.1", "0.7"), conformity=judged)
    record = with_tables(Table(columns=(column,)))
    summarise(record)
    assert {"pass", "fail"} <= set(capsys.readouterr().out.split())
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    summarise(record)
    assert {"合格", "不合格"} <= set(capsys.readouterr().out.split())


def test_a_word_of_a_heading_stays_whole_where_there_is_room(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = (*("Reference flow of the meter under test",) * 4, "Repeatability")
    columns = tuple(Column(name=Text.plain(name), unit="%", values=("0.1",)) for name in names)
    monkeypatch.setenv("COLUMNS", "60")
    summarise(with_tables(Table(columns=columns)))
    assert "Repeatability" in capsys.readouterr().out


def test_headings_that_no_line_holds_go_on_in_a_table_below(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("Reference", *(f"Repeatability{n} of conformity" for n in range(6)))
    columns = tuple(Column(name=Text.plain(name), unit="kPa", values=("100.5", "200.5")) for name in names)
    monkeypatch.setenv("COLUMNS", "80")
    summarise(with_tables(Table(columns=columns)))
    said = capsys.readouterr().out
    words = said.split()
    assert all(words.count(f"Repeatability{n}") == 1 for n in range(6))
    assert words.count("Reference") == 2
    assert max(map(len, said.splitlines())) <= 80


@pytest.mark.parametrize("width", ["80", "60", "20"])
def test_a_number_is_neither_cut_nor_broken_where_there_is_no_room(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    values = tuple(f"{1000 + number}.007" for number in range(10))
    columns = tuple(Column(name=Text.plain("Indication"), unit="kPa", values=(value,)) for value in values)
    monkeypatch.setenv("COLUMNS", width)
    summarise(with_tables(Table(columns=columns)))
    said = capsys.readouterr().out
    assert said.splitlines()[-2].split() == list(values), "in one line, and in their order"


def test_tables_of_several_items_say_which_they_are_of(capsys: pytest.CaptureFixture[str]) -> None:
    impedance = Complex(name=Text.plain("Z"), unit="Ω", values=(("1.5", "-2.5"),))
    level = Column(
        name=Text.plain("L"),
        unit="dBm",
        values=("-10.0",),
        uncertainty=Uncertainty(expanded=("0.3",), p=("0.95",)),
    )
    summarise(with_tables(Table(columns=(impedance,)), Table(columns=(level,)), items=2))
    said = " ".join(capsys.readouterr().out.split())
    first, second = (said.index(f"Calibration, No. {n} (SN-M{n})") for n in (1, 2))
    assert first < said.index("-2.5") < second < said.index("dBm")
    assert said.split()[-3:] == ["-10.0", "0.3", "2"]


@pytest.mark.parametrize(
    ("place", "called"),
    [
        ("values[1]", "Errors: Error of indication, 8 m³/h"),
        ("uncertainty.expanded[0]", "Errors: U of Error of indication, 4 m³/h"),
        ("values[7]", "Errors: Error of indication, row 8"),
        ("unit", "measurements[0].results[0].tables[0].columns[1].unit"),
    ],
)
def test_a_place_in_a_certificate_is_named_as_people_call_it(place: str, called: str) -> None:
    flow = Column(name=Text.plain("Flow"), unit="m3/h", values=("4", "8"))
    error = Column(name=Text(zh="示值误差", en="Error of indication"), unit="%", values=("0.1", "0.2"))
    record = with_tables(Table(name=Text.plain("Errors"), columns=(flow, error)))
    assert place_called(record, f"measurements[0].results[0].tables[0].columns[1].{place}") == called
    assert place_called(record, "measurements[3].results[0].tables[0].columns[1].values[0]").startswith("me")


class Days:
    begun = date(2026, 11, 27)

    def __init__(self, finished: date) -> None:
        self.finished = finished


def test_a_single_day_is_said_once() -> None:
    assert days_of(Days(date(2026, 11, 27))) == "on 2026-11-27"
    assert days_of(Days(date(2026, 11, 28))) == "from 2026-11-27 to 2026-11-28"


def test_a_refusal_holds_nothing_a_terminal_would_obey(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["verify", str(tmp_path / "\x1b[2Jno.xml")]) == 2
    said = capsys.readouterr().err
    assert "no.xml" in said
    assert "\x1b" not in said
