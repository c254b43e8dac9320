"""What a run takes from the certificate of a standard."""

from datetime import date

import pytest
from test_record import plain_record

from remotecal.errors import CertificateRefused
from remotecal.model import (
    Certificate,
    CertifiedPoint,
    Column,
    Identification,
    Item,
    Measurement,
    Record,
    Result,
    Statement,
    Table,
    Text,
    Uncertainty,
)

ERRORS = Column(
    ref_types=("basic_measurementError",),
    unit="g",
    values=("0.10", "-0.2"),
    uncertainty=Uncertainty(expanded=("0.02", "0.03"), p=("0.95",)),
    dof=("9", "∞"),
)


def scale_certificate(*columns: Column, **changes: object) -> Record:
    loads = Column(ref_types=("basic_referenceValue",), unit="kg", values=("100", "500"))
    result = Result(name=Text.plain("R"), tables=(Table(columns=(loads, *columns)),))
    item = Item(name=Text.plain("scale"), identifications=(Identification(value="W-0007"),))
    measurements = (Measurement(name=Text.plain("M"), results=(result,)),)
    return plain_record(items=(item,), measurements=measurements, **changes)


def test_corrections_come_with_uncertainty_factor_and_degrees_of_freedom() -> None:
    found = Certificate(scale_certificate(ERRORS)).points("basic_measurementError", "basic_referenceValue")
    assert (found.unit, found.at_unit) == ("g", "kg")
    assert found.points == (
        CertifiedPoint(at=100.0, value=0.1, expanded=0.02, k=2.0, dof=9.0),
        CertifiedPoint(at=500.0, value=-0.2, expanded=0.03, k=2.0, dof=float("inf")),
    )


def test_a_table_or_an_uncertainty_that_is_missing_is_refused() -> None:
    bare = ERRORS.model_copy(update={"uncertainty": None})
    with pytest.raises(CertificateRefused, match="gives no uncertainty"):
        Certificate(scale_certificate(bare)).points("basic_measurementError", "basic_referenceValue")
    with pytest.raises(CertificateRefused, match="no table"):
        Certificate(scale_certificate(ERRORS)).points("basic_correction", "basic_referenceValue")
    exact = ERRORS.model_copy(update={"uncertainty": Uncertainty(expanded=("0", "0.00"), p=("0.95",))})
    with pytest.raises(CertificateRefused, match="states an uncertainty of 0 for all its values of basic_m"):
        Certificate(scale_certificate(exact)).points("basic_measurementError", "basic_referenceValue")
    once = ERRORS.model_copy(update={"uncertainty": Uncertainty(expanded=("0.02", "0.00"), p=("0.95",))})
    with pytest.raises(CertificateRefused, match="states an uncertainty of 0 for 1 of its 2 values of basic"):
        Certificate(scale_certificate(once)).points("basic_measurementError", "basic_referenceValue")
    at_zero = once.model_copy(update={"values": ("0.10", "0.0")})
    found = Certificate(scale_certificate(at_zero)).points("basic_measurementError", "basic_referenceValue")
    assert [point.expanded for point in found.points] == [0.02, 0.0], "where it was set to zero"
    ratio = once.model_copy(update={"ref_types": ("basic_measuredValue",), "values": ("1.1178", "1")})
    found = Certificate(scale_certificate(ratio)).points("basic_measuredValue", "basic_referenceValue")
    assert [point.expanded for point in found.points] == [0.02, 0.0], "W at the triple point of water is 1"


def with_another_table(values: Column) -> Certificate:
    """Return the certificate with a second table of errors, such as that of the balance's other range."""
    record = scale_certificate(ERRORS)
    (measurement,) = record.measurements
    (table,) = record.tables
    other = table.model_copy(update={"columns": (table.columns[0], values)})
    results = (*measurement.results, Result(name=Text.plain("other range"), tables=(other,)))
    measurements = (measurement.model_copy(update={"results": results}),)
    return Certificate(record.model_copy(update={"measurements": measurements}))


def test_of_two_tables_that_differ_none_is_taken_by_its_place() -> None:
    differs = ERRORS.model_copy(update={"values": ("0.10", "-0.3")})
    with pytest.raises(CertificateRefused, match="has 2 tables of basic_measurementError against"):
        with_another_table(differs).points("basic_measurementError", "basic_referenceValue")
    same = with_another_table(ERRORS).points("basic_measurementError", "basic_referenceValue")
    assert [point.value for point in same.points] == [0.1, -0.2]


def test_identity_and_validity() -> None:
    until = Statement(ref_types=("remotecal_validUntil",), day=date(2027, 3, 1))
    certificate = Certificate(scale_certificate(ERRORS, statements=(until,), issued=date(2026, 11, 23)))
    assert certificate.number == "C-1"
    assert certificate.serials == ("W-0007",)
    assert certificate.issued == date(2026, 11, 23)
    assert certificate.valid_until == date(2027, 3, 1)
    assert Certificate(scale_certificate(ERRORS)).valid_until is None


@pytest.mark.parametrize(
    ("period", "until"),
    [
        ("P1Y", date(2027, 11, 20)),
        ("P6M", date(2027, 5, 20)),
        ("P3M10D", date(2027, 3, 2)),
        ("P14M", date(2028, 1, 20)),
    ],
)
def test_an_interval_counts_from_the_issue(period: str, until: date) -> None:
    statement = Statement(ref_types=("basic_recalibration",), period=period)
    assert Certificate(scale_certificate(ERRORS, statements=(statement,))).valid_until == until


def test_an_interval_in_hours_is_refused() -> None:
    statement = Statement(ref_types=("basic_recalibration",), period="PT8H")
    with pytest.raises(CertificateRefused, match="PT8H"):
        _ = Certificate(scale_certificate(ERRORS, statements=(statement,))).valid_until
