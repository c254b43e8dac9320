"""The certificate data model: what it refuses, and what it keeps."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from remotecal.errors import RecordError, UnitError
from remotecal.model import (
    Column,
    Condition,
    Conformity,
    Contact,
    InCmc,
    Interval,
    Item,
    Laboratory,
    Limits,
    Measurement,
    Note,
    Person,
    Record,
    Result,
    Software,
    Statement,
    Table,
    Text,
    Uncertainty,
    Words,
)


def plain_record(**changes: object) -> Record:
    fields: dict[str, object] = {
        "number": "C-1",
        "country": "CN",
        "begun": date(2026, 11, 20),
        "finished": date(2026, 11, 20),
        "laboratory": Laboratory(contact=Contact(name=Text.plain("Lab"))),
        "customer": Contact(name=Text.plain("Customer")),
        "persons": (Person(name=Text.plain("Zhang Wei")),),
        "items": (Item(id="meter", name=Text(zh="流量计", en="flow meter")),),
        "measurements": (
            Measurement(name=Text.plain("Calibration"), results=(Result(name=Text.plain("Errors")),)),
        ),
        "software": (Software(name=Text.plain("remotecal"), release="v0.1.0"),),
    }
    return Record.model_validate(fields | changes)


def test_numbers_keep_their_digits() -> None:
    column = Column(unit="m³/h", values=("7.0", "7.00", "+1e-3", "NaN"))
    assert column.values == ("7.0", "7.00", "+1e-3", "NaN")
    assert column.unit == "m3/h"
    assert column.floats()[:3] == (7.0, 7.0, 0.001)


@pytest.mark.parametrize("number", ["1,5", "inf", "INF", "0x10", "", " 1", "1 ", "--1", "1e", "٣", "1_000"])
def test_what_is_no_decimal_number_is_refused(number: str) -> None:
    with pytest.raises(ValidationError):
        Column(unit="1", values=(number,))


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(UnitError, match="furlong"):
        Column(unit="furlong", values=("1",))


@pytest.mark.parametrize(
    "fields",
    [
        {"uncertainty": Uncertainty(expanded=("0.1", "0.1"), p=("0.95",))},
        {"uncertainty": Uncertainty(expanded=("0.1",), k=("2", "2"), p=("0.95",))},
        {"uncertainty": Uncertainty(expanded=("0.1",), p=("0.95", "0.95"))},
        {"uncertainty": Uncertainty(expanded=("0.1",), p=("0.95",), distribution=("t", "t"))},
        {
            "uncertainty": Uncertainty(
                expanded=("0.1",), k=("1",), interval=Interval(low=("0", "0"), high=("1",), p=("0.95",))
            )
        },
        {"conformity": Conformity(verdicts=("pass", "pass"))},
        {"conformity": Conformity(verdicts=("pass",), tolerance=Limits(upper=("1", "1")))},
        {"in_cmc": InCmc(valid=(True, False))},
        {"dof": ("2", "∞")},
    ],
)
def test_lists_that_do_not_fit_the_values_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="entries for 3 values"):
        Column.model_validate({"unit": "1", "values": ("1", "2", "3"), **fields})


def test_an_uncertainty_without_probability_is_a_standard_one() -> None:
    assert Uncertainty(expanded=("0.1",), k=("1",)).p is None
    with pytest.raises(ValidationError, match="its k is 1"):
        Uncertainty(expanded=("0.1",), k=("2",))


@pytest.mark.parametrize("k", ["0.9", "-2", "2e0", "02"])
def test_a_coverage_factor_below_one_or_misspelt_is_refused(k: str) -> None:
    with pytest.raises(ValidationError):
        Uncertainty(expanded=("0.1",), k=(k,), p=("0.95",))


def test_a_negative_uncertainty_is_refused() -> None:
    with pytest.raises(ValidationError):
        Uncertainty(expanded=("-0.1",), p=("0.95",))


def test_columns_of_a_table_have_its_length_or_one() -> None:
    three = Column(ref_types=("basic_referenceValue",), unit="1", values=("1", "2", "3"))
    table = Table(columns=(three, Column(unit="1", values=("7",)), Note(text=Text.plain("x"))))
    assert table.rows == 3
    assert table.column("basic_referenceValue") is three
    assert table.column("basic_measurementError") is None
    with pytest.raises(ValidationError, match="column 2 has 2 values in a table of 3 rows"):
        Table(columns=(three, Words(words=("a", "b"))))


def test_texts_are_one_line_of_what_xml_can_hold() -> None:
    text = Text(zh=" 流量\n计 ", en="flow\tmeter")
    assert text.root == {"zh": "流量 计", "en": "flow meter"}
    assert (text.get("zh"), text.get("de"), Text.plain("ABB").get("zh")) == ("流量 计", "flow meter", "ABB")
    with pytest.raises(ValidationError, match="no XML can hold"):
        Text.plain("a\x00b")
    with pytest.raises(ValidationError, match="empty"):
        Text(en="  ")
    with pytest.raises(ValidationError):
        Text({"english": "x"})


def test_references_within_a_record_exist_and_ids_are_unique() -> None:
    results = (Result(name=Text.plain("R")),)
    measurement = Measurement(name=Text.plain("M"), items=("nobody",), results=results)
    with pytest.raises(ValidationError, match="refers to 'nobody'"):
        plain_record(measurements=(measurement,))
    with pytest.raises(ValidationError, match="'meter' is given to two"):
        plain_record(statements=(Statement(id="meter"),))


def test_a_calibration_does_not_end_before_it_begins() -> None:
    with pytest.raises(ValidationError, match="before it begins"):
        plain_record(begun=date(2026, 11, 21))


def test_a_record_does_not_change_and_knows_only_its_fields() -> None:
    record = plain_record()
    with pytest.raises(ValidationError):
        record.number = "C-2"
    with pytest.raises(ValidationError):
        plain_record(colour="blue")


def test_a_condition_between_two_ends() -> None:
    condition = Condition.between("basic_temperature", Text.plain("T"), "-5.0", "20.0", "°C")
    kinds = [quantity.ref_types for quantity in condition.quantities]
    assert kinds == [("basic_temperatureMin",), ("basic_temperatureMax",)]


NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-1000, max_value=1000).map(
    str
)


@given(
    st.lists(NUMBERS, min_size=1, max_size=5), st.text(min_size=1).filter(str.isprintable).filter(str.strip)
)
def test_json_is_lossless_and_canonical(numbers: list[str], words: str) -> None:
    table = Table(columns=(Column(name=Text.plain(words), unit="%", values=tuple(numbers)),))
    results = (Result(name=Text.plain("R"), tables=(table,)),)
    record = plain_record(measurements=(Measurement(name=Text.plain("M"), results=results),))
    text = record.to_json()
    assert Record.from_json(text) == record
    assert Record.from_json(text).to_json() == text


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"number": 1}', "not json"])
def test_json_that_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(RecordError):
        Record.from_json(text)
