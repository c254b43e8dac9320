"""The record as a DCC: valid by every check there is, and read back to the last digit."""

from datetime import date
from pathlib import Path

import dcclib
import pytest
import xmlschema
from dcclib.validation import SchematronValidator
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from sample import record

from remotecal.certificates.dcc import read, validate, write
from remotecal.certificates.dcc.validate import problems_of_schematron
from remotecal.errors import RecordError
from remotecal.model import (
    Column,
    Conformity,
    Interval,
    Item,
    Limits,
    Location,
    Note,
    Record,
    Replacement,
    ReportReference,
    Result,
    Statement,
    Table,
    Text,
    Uncertainty,
    Words,
)

OFFICIAL = Path(dcclib.__file__).parent / "validation" / "schema"
DCC = "{https://ptb.de/dcc}"
SI = "{https://ptb.de/si}"


@pytest.fixture(scope="module")
def xml() -> bytes:
    return write(record())


def with_columns(*columns: Column | Words | Note) -> Record:
    """Return the sample with these columns for its only table, and no budgets."""
    plain = record()
    equipment = ("scale", "counter", "thermometer")
    table = Table(ref_types=("basic_1IndexTable",), columns=columns, equipment=equipment)
    result = Result(name=Text.plain("R"), tables=(table,))
    measurement = plain.measurements[0].model_copy(update={"results": (result,), "budgets": ()})
    kept = tuple(entry for entry in plain.statements if entry.id is None)
    return plain.model_copy(update={"measurements": (measurement,), "statements": kept})


def test_the_schema_and_the_schematron_find_nothing(xml: bytes) -> None:
    assert [str(problem) for problem in validate(xml)] == []


def test_the_schematron_as_its_makers_run_it_finds_nothing(xml: bytes) -> None:
    result = SchematronValidator.from_file(str(OFFICIAL / "dcc.sch")).validate_str(xml.decode())
    assert result.is_valid


def test_a_second_schema_processor_agrees_and_checks_references(xml: bytes) -> None:
    official = xmlschema.XMLSchema(OFFICIAL / "dcc" / "v3.3.0.xsd", allow="local")
    official.validate(etree.fromstring(xml))


def test_the_schematron_sees_a_fault(xml: bytes) -> None:
    broken = xml.replace(b'refId="inCmc"', b'refId="nowhere"')
    found = problems_of_schematron(broken)
    assert {problem.severity for problem in found} == {"error"}
    assert any("metaData" in problem.text for problem in found)


def test_the_schema_sees_a_fault_and_tells_the_line(xml: bytes) -> None:
    broken = xml.replace(b"<dcc:conformity>pass<", b"<dcc:conformity>passed<")
    (problem, *_) = validate(broken)
    assert problem.severity == "error"
    assert b"passed" in broken.splitlines()[(problem.line or 0) - 1]


def test_the_record_comes_back_equal(xml: bytes) -> None:
    assert read(xml) == record()
    assert read(write(read(xml))) == record()


def test_numbers_stand_in_the_file_as_they_were_given(xml: bytes) -> None:
    root = etree.fromstring(xml)
    quantity = root.find(f".//{DCC}quantity[@refType='basic_measurementError']")
    assert quantity is not None
    errors = record().tables[0].column("basic_measurementError")
    assert errors is not None
    assert errors.uncertainty is not None
    assert quantity.findtext(f".//{SI}valueXMLList") == " ".join(errors.values)
    assert quantity.findtext(f".//{SI}valueExpandedMUXMLList") == " ".join(errors.uncertainty.expanded)
    assert quantity.findtext(f".//{SI}unitXMLList") == r"\percent"


def test_evidence_and_demonstration_stand_in_words_too(xml: bytes) -> None:
    said = " ".join(etree.fromstring(xml).itertext())
    assert "this is not a valid certificate" in said
    assert "whose head has the SHA-256 9f86d081" in said
    evidence = record().evidence
    assert evidence is not None
    assert read(xml).evidence == evidence


def test_every_way_to_state_an_uncertainty_survives() -> None:
    values = ("1.0", "2.00", "3")
    interval = Interval(low=("0.9", "1.9", "2.8"), high=("1.2", "2.2", "3.3"), p=("0.95",))
    written = with_columns(
        Column(
            name=Text.plain("U"),
            unit="%",
            values=values,
            uncertainty=Uncertainty(expanded=("0.10",), p=("0.95",)),
        ),
        Column(
            name=Text.plain("u"),
            unit="%",
            values=values,
            uncertainty=Uncertainty(expanded=("0.05",), k=("1",)),
        ),
        Column(
            name=Text.plain("interval"),
            unit="%",
            values=values,
            uncertainty=Uncertainty(expanded=("0.05", "0.06", "0.07"), k=("1",), interval=interval),
        ),
        Words(name=Text.plain("words"), words=("a", "b", "∞")),
        Note(name=Text.plain("note"), text=Text(zh="水", en="water")),
    )
    assert read(write(written)) == written


def test_a_single_row_stays_a_table() -> None:
    written = with_columns(Column(name=Text.plain("q"), unit="m3/h", values=("70.0",)))
    assert read(write(written)) == written


def test_what_amends_and_precedes_a_certificate_survives() -> None:
    previous = ReportReference(
        number="FLOW-2025-7", title=Text.plain("previous"), procedure="SHA256", value="ab"
    )
    replaced = Replacement(number="FLOW-2026-1", change="amended")
    written = record().model_copy(update={"previous": previous, "replaces": replaced})
    assert read(write(written)) == written


def test_a_text_that_lacks_a_language_is_refused() -> None:
    item = Item(id="meter", name=Text(en="flow meter"), identifications=record().items[0].identifications)
    with pytest.raises(
        RecordError, match=r"'flow meter' is in en, but certificate FLOW-2026-000123 is in zh, en"
    ):
        write(record().model_copy(update={"items": (item,)}))


def test_binding_languages_are_among_the_used_ones() -> None:
    with pytest.raises(RecordError, match="include the binding ones"):
        write(record().model_copy(update={"binding": ("de",)}))


def test_what_the_schema_does_not_allow_is_not_written() -> None:
    customer = record().customer.model_copy(update={"location": None})
    with pytest.raises(RecordError, match="customer"):
        write(record().model_copy(update={"customer": customer}))
    nowhere = Statement(location=Location())
    with pytest.raises(RecordError, match="location"):
        write(record().model_copy(update={"statements": (*record().statements, nowhere)}))


NUMBERS = st.from_regex(r"[-+]?([0-9]{0,4}\.[0-9]{1,6}|[0-9]{1,6})([eE][-+]?[0-9]{1,2})?|NaN", fullmatch=True)
WORDS = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp", "Cn")), min_size=1, max_size=20
)


@settings(max_examples=40)
@given(
    st.lists(NUMBERS, min_size=1, max_size=6),
    WORDS,
    WORDS,
    st.sampled_from(["%", "m3/h", "1/m3", "°C", "V/Hz^1_2", "W/m*K", "psi", "atm", "ppb", "kgf/cm2", "dBm"]),
    st.dates(date(1970, 1, 1), date(2100, 1, 1)),
)
def test_any_record_comes_back_equal(numbers: list[str], zh: str, en: str, unit: str, day: date) -> None:
    column = Column(name=Text(zh=zh, en=en), unit=unit, values=tuple(numbers))
    written = with_columns(column).model_copy(update={"issued": day, "number": en})
    assert read(write(written)) == written


PRESSURE = Column(
    name=Text.plain("p"),
    ref_types=("basic_referenceValue",),
    unit="psi",
    values=("14.50", "-3.0", "NaN"),
    uncertainty=Uncertainty(expanded=("0.05",), p=("0.95",)),
    conformity=Conformity(verdicts=("pass",), tolerance=Limits(lower=("-0.5",), upper=("0.5",))),
)


def test_a_unit_outside_dsi_is_stated_in_both_for_machines_first() -> None:
    written = with_columns(PRESSURE)
    xml = write(written)
    assert [str(problem) for problem in validate(xml)] == []
    hybrid = etree.fromstring(xml).find(f".//{SI}hybrid")
    assert hybrid is not None
    told = {
        name: [entry.text for entry in hybrid.iter(f"{SI}{name}")]
        for name in ("unitXMLList", "valueXMLList", "valueExpandedMUXMLList")
    }
    assert told == {
        "unitXMLList": [r"\kilo\pascal", "|psi"],
        "valueXMLList": ["99.9740 -20.684 NaN", "14.50 -3.0 NaN"],
        "valueExpandedMUXMLList": ["0.3447", "0.05"],
    }
    assert read(xml) == written


def test_units_outside_dsi_are_declared_once_with_what_they_are() -> None:
    level = Column(name=Text.plain("L"), unit="dB(20µPa)", values=("94.00",))
    xml = write(with_columns(PRESSURE, PRESSURE.model_copy(update={"conformity": None}), level))
    assert [str(problem) for problem in validate(xml)] == []
    root = etree.fromstring(xml)
    declared = [
        (entry.findtext(f"{DCC}nonSIUnit"), entry.findtext(f"{DCC}nonSIDefinition"))
        for entry in root.findall(f".//{DCC}statement[@refType='remotecal_nonSIUnit']")
    ]
    assert declared == [
        ("|dB(20µPa)", "dB (20 µPa): level in decibels, with the reference 20 µPa"),
        ("|psi", "1 psi = 6.894757 kPa"),
    ]


BESIDE = (
    Column(unit="inHg", values=("29.522", "-6.108", "NaN")),
    Column(unit="bar", values=("0.99974", "-0.20684", "NaN")),
)


def test_a_quantity_may_be_stated_in_several_units_outside_dsi() -> None:
    written = with_columns(PRESSURE.model_copy(update={"in_other_units": BESIDE}))
    xml = write(written)
    assert [str(problem) for problem in validate(xml)] == []
    assert read(xml) == written


@pytest.mark.parametrize("beside", [(), BESIDE[1:]])
def test_what_contradicts_the_unit_it_was_stated_in_is_refused(beside: tuple[Column, ...]) -> None:
    xml = write(with_columns(PRESSURE.model_copy(update={"in_other_units": beside})))
    with pytest.raises(RecordError, match="does not say in which unit outside D-SI it was stated"):
        read(xml.replace(b"14.50 -3.0 NaN", b"15.50 -3.0 NaN"))


def test_a_unit_outside_dsi_that_the_laboratory_put_beside_one_itself_stays_there() -> None:
    psi = Column(unit="psi", values=("14.50",))
    written = with_columns(Column(name=Text.plain("p"), unit="kPa", values=("100.0",), in_other_units=(psi,)))
    assert read(write(written)) == written


def test_budgets_and_characteristics_may_be_in_any_unit() -> None:
    plain = record()
    budget = plain.measurements[0].budgets[0]
    lines = (budget.lines[0].model_copy(update={"unit": "inH2O(4°C)"}), *budget.lines[1:])
    budgets = (budget.model_copy(update={"lines": lines, "unit": "dBm"}),)
    measurement = plain.measurements[0].model_copy(update={"budgets": budgets})
    item = plain.items[0].model_copy(
        update={"quantities": (Column(name=Text.plain("Q"), unit="kvar", values=("5",)),)}
    )
    written = plain.model_copy(update={"items": (item,), "measurements": (measurement,)})
    xml = write(written)
    assert [str(problem) for problem in validate(xml)] == []
    assert read(xml) == written


def test_a_budget_names_its_points_and_one_that_names_none_is_written_as_ever() -> None:
    plain = record()
    measurement = plain.measurements[0]
    named = measurement.budgets[0].model_copy(update={"points": ("50 m3/h, as left", "点 1", "5 %20 / <2>")})
    budgets = (named, *measurement.budgets[1:])
    told = plain.model_copy(update={"measurements": (measurement.model_copy(update={"budgets": budgets}),)})
    xml = write(told)
    assert [str(problem) for problem in validate(xml)] == []
    assert read(xml) == told
    assert b"budgetPoint" not in write(plain)
    assert '"points"' not in plain.to_json(), "older records are the same to the last byte"
    assert Record.from_json(told.to_json()) == told
