"""A certificate for several items in several measurements: written, read, printed, used for one."""

from datetime import date

import pytest
from lxml import etree
from pydantic import ValidationError
from reading import words
from several import SERIALS, several

from remotecal.certificates.dcc import read, validate, write
from remotecal.certificates.pdf.face import PLAIN
from remotecal.certificates.pdf.items import apart
from remotecal.certificates.standard import check_standard, of_standard
from remotecal.errors import CertificateRefused, RecordError
from remotecal.model import (
    Certificate,
    Equipment,
    Identification,
    Measurement,
    Record,
    Statement,
    Text,
)
from remotecal.model.choice import results_of

DCC = "{https://ptb.de/dcc}"


@pytest.fixture(scope="module")
def xml() -> bytes:
    return write(several())


def test_two_measurements_of_three_items_come_back_equal_and_valid(xml: bytes) -> None:
    assert [str(problem) for problem in validate(xml)] == []
    found = read(xml)
    assert found == several()
    assert found.left_out == ()
    assert read(write(found)) == found


def test_measurements_and_results_name_their_items(xml: bytes) -> None:
    root = etree.fromstring(xml)
    measured = root.findall(f".//{DCC}measurementResult")
    assert [(each.get("id"), each.get("refId")) for each in measured] == [
        ("found", "probe1 probe2 probe3"),
        ("left", "probe1 probe2 probe3"),
    ]
    results = [each.get("refId") for each in measured[1].findall(f"{DCC}results/{DCC}result")]
    assert results[:3] == ["probe1", "probe2", "probe3"]


def test_a_standard_of_several_measurements_has_its_id_once(xml: bytes) -> None:
    equipment = etree.fromstring(xml).findall(f".//{DCC}measuringEquipment")
    assert [(each.get("id"), each.get("refId")) for each in equipment] == [
        ("bath", None),
        ("thermometer", None),
        (None, "bath"),
        (None, "thermometer"),
    ]


def test_a_standard_that_refers_to_another_one_keeps_to_itself(xml: bytes) -> None:
    other = xml.replace(b'refId="bath"', b'refId="thermometer"')
    assert other != xml
    found = read(other)
    assert [standard.id for standard in found.standards] == ["bath", "thermometer", None, "thermometer"]
    assert any("its reference to thermometer" in said for said in found.left_out)


def test_what_is_no_item_is_none_a_measurement_is_of(xml: bytes) -> None:
    other = xml.replace(
        b'id="found" refId="probe1 probe2 probe3"', b'id="found" refId="probe1 probe2 probe3 bath"'
    )
    found = read(other)
    assert found.measurements[0].items == ("probe1", "probe2", "probe3")
    assert any("its reference to bath, which is no item" in said for said in found.left_out)
    with pytest.raises(ValidationError, match="a measurement is of 'decisionRule', which is no item"):
        changed(items=("probe1", "decisionRule", "probe2", "probe3"))


def changed(**fields: object) -> Record:
    """Return the record with another first measurement."""
    first, second = several().measurements
    other = Measurement.model_validate(dict(first) | fields)
    return Record.model_validate(dict(several()) | {"measurements": (other, second)})


def test_a_result_is_of_items_of_its_measurement_and_a_budget_of_a_result() -> None:
    with pytest.raises(ValidationError, match="a result is of 'probe3', which is no item of its measurement"):
        changed(items=("probe1", "probe2"))
    with pytest.raises(ValidationError, match="a budget is of result 1; there are 1"):
        changed(results=several().measurements[0].results[:1])


def test_a_statement_of_conformity_says_which_item_it_is_of() -> None:
    everything = Statement(ref_types=("basic_conformity",), conformity="pass")
    silent = several().model_copy(update={"statements": (*several().statements, everything)})
    with pytest.raises(
        RecordError, match="is for 3 items, and a statement of conformity does not say of which"
    ):
        write(silent)


def test_a_measurement_of_ours_says_which_items_it_is_of() -> None:
    first, second = several().measurements
    results = tuple(each.model_copy(update={"items": ()}) for each in first.results)
    silent = first.model_copy(update={"items": (), "results": results})
    with pytest.raises(RecordError, match="'As found' does not say which items its results are of"):
        write(several().model_copy(update={"measurements": (silent, second)}))


def test_items_are_printed_with_what_they_share_once_and_what_differs_in_a_table() -> None:
    said = words(several())
    assert said.count("PT100-A") == 1
    assert "序号No.出厂编号Serialnumber位号Tagnumber引线长度Lead1T-2201TT-1011m2T-2202TT-1022m" in said


def test_what_measurements_share_is_printed_once_and_the_rest_with_each() -> None:
    said = words(several())
    assert said.count("比较法") == 1
    assert said.count("恒温槽") == 1
    assert said.count("48%~53%") == 1
    found, left = (said.index(f"校准结果Results–{name}") for name in ("调整前Asfound", "调整后Asleft"))
    assert found < said.index("19.6°C~20.1°C") < left < said.index("20.2°C~20.9°C")
    assert said.count("器具Items:No.1(T-2201),No.2(T-2202),No.3(T-2203)") == 4


def test_results_budgets_and_statements_are_printed_with_their_items() -> None:
    said = words(several())
    assert said.count("示值误差Errorsofindication—No.3(T-2203)") == 2
    assert said.count("冰点Icepoint—No.2(T-2202)") == 2
    assert "适用于Appliesto:No.3(T-2203);调整前Asfound结论Verdict:不合格fail" in said
    assert "附录测量不确定度评定Annex:evaluationofthemeasurementuncertainty–调整后Asleft" in said


def test_items_that_differ_in_much_have_lists_of_their_own() -> None:
    items = tuple(
        item.model_copy(
            update={
                "name": Text.plain(f"Probe {number}"),
                "manufacturer": Text.plain(f"Maker {number}"),
                "model": f"Model {number}",
                "description": Text.plain(f"Scratch {number}"),
            }
        )
        for number, item in enumerate(several().items, 1)
    )
    shown = apart(several().model_copy(update={"items": items}), PLAIN)
    assert shown["rows"] == []
    assert isinstance(shown["lists"], list)
    assert [len(each) for each in shown["lists"]] == [8, 8, 8]


def test_a_single_item_and_measurement_are_printed_without_number_or_heading() -> None:
    from sample import record

    said = words(record())
    assert "No.1" not in said
    assert "–流量校准" not in said


@pytest.mark.parametrize("serial", SERIALS)
def test_a_certificate_for_several_is_used_for_one_by_its_serial_number(xml: bytes, serial: str) -> None:
    number = SERIALS.index(serial)
    found = Certificate(read(xml)).of((serial,))
    assert found.serials == (serial,)
    points = found.points("basic_measurementError", "basic_referenceValue")
    as_left = several().measurements[1].results[number].tables[0].column("basic_measurementError")
    assert as_left is not None
    assert tuple(point.value for point in points.points) == as_left.floats()
    verdicts = [said.conformity for said in found.record.statements if said.conformity]
    assert verdicts == (["fail", "pass"] if number == 2 else ["pass", "pass"])
    assert [len(each.budgets) for each in found.record.measurements] == [1, 1]
    assert found.record.measurements[0].budgets[0].result == 0
    assert Record.from_json(found.record.to_json()) == found.record


def of_states(*states: str | None) -> Certificate:
    """Return the certificate of the first probe, its two measurements told to be of these states."""
    one = results_of(several(), ("T-2201",))
    measurements = tuple(
        each.model_copy(
            update={
                "conditions": tuple(
                    condition.model_copy(update={"status": state}) for condition in each.conditions
                )
            }
        )
        for each, state in zip(one.measurements, states, strict=False)
    )
    return Certificate(one.model_copy(update={"measurements": measurements}))


def test_what_was_found_before_an_adjustment_is_never_used() -> None:
    """The errors as found are as well stated as those as left, and wrong since."""
    left = of_states("beforeAdjustment", "afterAdjustment").points(
        "basic_measurementError", "basic_referenceValue"
    )
    assert left.points[0].value == 0.002
    with pytest.raises(CertificateRefused, match="in 2 measurements, As found, As left, and which of them"):
        of_states(None, None).points("basic_measurementError", "basic_referenceValue")
    with pytest.raises(CertificateRefused, match="from before an adjustment or a repair only"):
        of_states("beforeRepair").points("basic_measurementError", "basic_referenceValue")


def test_it_is_not_used_without_saying_for_which() -> None:
    with pytest.raises(CertificateRefused, match="is for 3 items, T-2201, T-2202, T-2203: say by its serial"):
        Certificate(several()).points("basic_measurementError", "basic_referenceValue")


def test_an_item_it_is_not_for_is_refused() -> None:
    with pytest.raises(
        CertificateRefused, match="is for T-2201, T-2202, T-2203, not for serial number T-2204"
    ):
        Certificate(several()).of(("T-2204",))


def test_an_item_may_be_found_by_another_number_and_two_of_one_number_are_refused() -> None:
    assert Certificate(several()).of(("TT-102",)).serials == ("T-2202",)
    first, second, third = several().items
    twin = second.model_copy(update={"identifications": first.identifications})
    with pytest.raises(CertificateRefused, match="is for 2 items with the number T-2201"):
        Certificate(several().model_copy(update={"items": (first, twin, third)})).of(("T-2201",))


def untold(*items: str) -> Record:
    """Return the record with its first results alone; they name no items, its measurements these."""
    measurements = tuple(
        each.model_copy(
            update={
                "items": items,
                "budgets": (),
                "results": (each.results[0].model_copy(update={"items": ()}),),
            }
        )
        for each in several().measurements
    )
    return several().model_copy(update={"measurements": measurements})


@pytest.mark.parametrize(
    ("items", "why"),
    [
        ((), "the result 'Errors of indication' does not say which item it is of"),
        (("probe1", "probe2"), "the result 'Errors of indication' is of 2 items together"),
        (("probe2",), "which of its results are of T-2201 can't be told"),
    ],
)
def test_where_it_can_not_be_told_it_is_refused(items: tuple[str, ...], why: str) -> None:
    with pytest.raises(CertificateRefused, match=why):
        Certificate(untold(*items)).of(("T-2201",))


def test_results_of_a_probe_and_its_readout_together_count_for_both_at_once() -> None:
    together = Certificate(untold("probe1", "probe2")).of(("T-2201", "T-2202"))
    assert together.points("basic_measurementError", "basic_referenceValue").points[0].value == 0.002
    every = Certificate(untold()).of(SERIALS)
    assert every.record.measurements[0].items == ("probe1", "probe2", "probe3")
    assert every.points("basic_measurementError", "basic_referenceValue").points[0].value == 0.002


def test_what_is_not_told_beside_what_is_told_is_said() -> None:
    first, second = several().measurements
    general = first.results[1].model_copy(update={"items": (), "name": Text.plain("Stability")})
    mixed = first.model_copy(update={"items": (), "budgets": (), "results": (first.results[0], general)})
    found = Certificate(several().model_copy(update={"measurements": (mixed, second)})).of(("T-2201",))
    assert [result.name.get("en") for result in found.record.measurements[0].results] == [
        "Errors of indication"
    ]
    assert found.record.left_out == ("the result 'Stability' does not say which item it is of",)


def until(day: date, *refs: str) -> Statement:
    return Statement(ref_types=("remotecal_validUntil",), refs=refs, day=day)


def with_validity() -> Record:
    statements = (
        *several().statements,
        until(date(2027, 1, 1), "probe3"),
        until(date(2028, 1, 1), "probe1", "probe2"),
    )
    return several().model_copy(update={"statements": statements})


def test_until_when_it_may_be_used_is_that_of_the_item() -> None:
    certificate = Certificate(with_validity())
    assert certificate.of(("T-2201",)).valid_until == date(2028, 1, 1)
    assert certificate.of(("T-2203",)).valid_until == date(2027, 1, 1)
    assert certificate.of(("T-2201",)).record.statements[-1].refs == ("probe1",)


def test_a_standard_is_held_against_what_is_said_of_it_and_not_of_others() -> None:
    def standard(serial: str) -> Equipment:
        return Equipment(name=Text.plain("probe"), identifications=(Identification(value=serial),))

    day = date(2027, 6, 1)
    check_standard(with_validity(), standard("T-2201"), day, day)
    with pytest.raises(CertificateRefused, match="it says it is valid until 2027-01-01"):
        check_standard(with_validity(), standard("T-2203"), day, day)
    with pytest.raises(CertificateRefused, match="not for serial number T-9999"):
        check_standard(with_validity(), standard("T-9999"), day, day)
    assert len(of_standard(several(), standard("T-2202")).items) == 1
