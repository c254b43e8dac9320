"""What certificates said of an item's errors, one after another; and the drawing of it."""

from datetime import date
from xml.etree import ElementTree as ET

from sample import record

from remotecal.certificates.history import by_kind, errors_of
from remotecal.certificates.pdf.curve import history
from remotecal.certificates.pdf.drawing import MARKS
from remotecal.certificates.pdf.levels import levels
from remotecal.model import Column, Record, Text
from remotecal.model.equipment import Condition


def adjusted(whole: Record) -> Record:
    """Return a record of an item that was measured before and after it was adjusted."""
    (measured,) = whole.measurements

    def when(status: str) -> object:
        condition = Condition(
            name=Text.plain("state"), status=status, quantities=measured.conditions[0].quantities
        )
        return measured.model_copy(update={"conditions": (condition,)})

    states = ("beforeAdjustment", "afterAdjustment")
    return whole.model_copy(update={"measurements": tuple(when(state) for state in states)})


def test_errors_are_told_with_their_uncertainties_over_the_values_wanted() -> None:
    whole = record()
    (then,) = errors_of(whole, 0, "C-1")
    table = next(table for table in whole.tables if table.column("basic_measurementError"))
    errors, nominal = table.column("basic_measurementError"), table.column("remotecal_nominalValue")
    assert (then.number, then.day, then.state) == ("C-1", whole.finished, "")
    spread = errors.uncertainty.expanded
    expected = [
        (place, "", error, spread[row if len(spread) > 1 else 0])
        for row, (place, error) in enumerate(zip(nominal.values, errors.values, strict=True))
    ]
    assert list(then.rows()) == expected


def test_as_found_and_as_left_are_told_apart() -> None:
    assert [then.state for then in errors_of(adjusted(record()), 0, "C-1")] == ["found", "left"]


def test_what_is_another_items_is_none_of_this_one() -> None:
    whole = record()
    (measured,) = whole.measurements
    item = whole.items[0].model_copy(update={"id": "other"})
    (result, *rest) = measured.results
    of_other = measured.model_copy(
        update={"results": (result.model_copy(update={"items": ("other",)}), *rest)}
    )
    two = whole.model_copy(update={"items": (*whole.items, item), "measurements": (of_other,)})
    assert len(list(errors_of(two, 1, "C-1"))) == 1
    assert [one for one in errors_of(two, 0, "C-1") if one.errors in _columns(result)] == []


def _columns(result: object) -> list[object]:
    return [column for table in result.tables for column in table.columns]


def test_the_drawing_has_a_mark_for_each_error_and_no_more_than_it_has_marks() -> None:
    (then,) = errors_of(record(), 0, "C-1")
    years = [then._replace(day=date(2020 + year, 1, 1)) for year in range(7)]
    assert by_kind(years) == [tuple(years)]
    svg = history([(one.at, one.errors, ()) for one in years], "sans-serif", "en")
    drawn = ET.fromstring(_text(svg))  # noqa: S314  ours
    tags = [element.tag.rpartition("}")[2] for element in drawn.iter()]
    points = len(then.errors.values)
    assert tags.count("circle") == points
    assert tags.count("polygon") == points * (len(MARKS) - 1)
    assert tags.count("path") == len(MARKS)
    assert [name in _text(svg) for name in (then.errors.name.get("en"), then.errors.name.get("zh"))] == [
        True,
        False,
    ]


def test_levels_are_lines_of_their_own_named_above_the_drawing() -> None:
    at, errors = Column(unit="1", values=("1", "2", "3", "4")), Column(unit="%", values=("0", "1", "0", "1"))
    among = levels(Column(unit="MPa", values=("1", "0.4", "1", "0.4")), errors)
    drawn = ET.fromstring(_text(history([(at, errors, among), (at, errors, ())], "sans-serif", "en")))  # noqa: S314  ours
    dashes = [each.get("stroke-dasharray") for each in drawn.findall("{*}path")]
    assert dashes == ["none", "none", "1.5 2.5"], "what was before without levels, then each level"
    named = [each.text for each in drawn.findall("{*}text")][-2:]
    assert named == ["1\u00a0MPa", "0.4\u00a0MPa"]


def _text(svg: object) -> str:
    from lxml import etree

    return etree.tostring(svg, encoding="unicode")
