"""What a certificate says of an instrument, applied to its readings."""

from datetime import date

import pytest

from remotecal.drivers.measured import Measured
from remotecal.errors import CertificateRefused
from remotecal.model import (
    Certificate,
    Column,
    Contact,
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
from remotecal.procedures.library.corrections import Correction, from_limit


def certificate(
    unit: str, places: tuple[str, ...], errors: tuple[str, ...], expanded: tuple[str, ...]
) -> Certificate:
    error = Column(
        unit=unit,
        ref_types=("basic_measurementError",),
        values=errors,
        uncertainty=Uncertainty(expanded=expanded, k=("2",), p=("0.95",)),
    )
    place = Column(unit=unit, ref_types=("basic_measuredValue",), values=places)
    table = Table(columns=(place, error))
    name = Text.plain("x")
    return Certificate(
        Record(
            number="C-1",
            country="CN",
            begun=date(2026, 1, 1),
            finished=date(2026, 1, 1),
            laboratory=Laboratory(contact=Contact(name=name)),
            customer=Contact(name=name),
            persons=(Person(name=name),),
            items=(Item(name=name),),
            measurements=(Measurement(name=name, results=(Result(name=name, tables=(table,)),)),),
            software=(Software(name=name, release="v1"),),
        )
    )


BALANCE = certificate("g", ("0", "100000", "200000"), ("0", "10", "30"), ("2", "4", "8"))


def test_errors_are_interpolated_and_brought_to_the_unit() -> None:
    correction = Correction.certified("W", BALANCE, "kg")
    applied = correction.around(150.0)
    assert applied.error(150.0, 0.0) == pytest.approx(0.020)
    assert applied.corrected(150.0, 0.0) == pytest.approx(149.980)
    assert applied.input.u == pytest.approx(0.003)
    assert applied.input.source == "C-1"


def test_one_deviation_moves_all_points_by_their_own_uncertainty() -> None:
    applied = Correction.certified("W", BALANCE, "kg").around(200.0)
    one_sigma = applied.input.u
    assert applied.error(200.0, one_sigma) == pytest.approx(0.030 + 0.004)
    assert applied.error(0.0, one_sigma) == pytest.approx(0.000 + 0.001)


def test_a_reading_beyond_the_certificate_is_refused() -> None:
    applied = Correction.certified("W", BALANCE, "kg").around(200.0)
    assert applied.error(201.0, 0.0) == pytest.approx(0.030)
    with pytest.raises(CertificateRefused, match="holds from 0 to 200, but 250 was read"):
        applied.error(250.0, 0.0)


def test_a_certificate_of_another_quantity_is_refused() -> None:
    with pytest.raises(CertificateRefused, match=r"no table .* in °C"):
        Correction.certified("t", BALANCE, "°C")


def test_a_difference_of_temperatures_is_not_shifted() -> None:
    thermometer = certificate("K", ("283.15", "303.15"), ("0.02", "0.04"), ("0.02", "0.02"))
    applied = Correction.certified("t", thermometer, "°C").around(20.0)
    assert applied.error(20.0, 0.0) == pytest.approx(0.03)


def test_without_a_certificate_the_makers_limit_counts() -> None:
    reading = Measured(20.0, "°C", 0.03, "thermometer.temperature", 0.0)
    correction = from_limit("t", [reading])
    assert correction.around(20.0).input.u == pytest.approx(0.03)
    assert correction.around(20.0).input.distribution == "rectangular"
    with pytest.raises(CertificateRefused, match="give it a certificate"):
        from_limit("t", [reading._replace(u=None)])
