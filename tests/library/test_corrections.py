"""What a certificate says of an instrument, applied to its readings."""

import math
from datetime import date

import pytest

from remotecal.bench import Bench
from remotecal.drivers.measured import Measured
from remotecal.errors import CertificateRefused
from remotecal.journal.evidence import Evidence
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
from remotecal.order import Order
from remotecal.procedures.library.evaluation.standards import Standard, from_limit
from remotecal.procedures.library.flow.water_gravimetric import WaterGravimetric
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.water.assemblies import water_rig


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
    correction = Standard.certified("W", BALANCE, "kg")
    applied = correction.around(150.0)
    assert applied.error(150.0, 0.0) == pytest.approx(0.020)
    assert applied.corrected(150.0, 0.0) == pytest.approx(149.980)
    # The slope changes by 0.010 kg in 100 kg, so the curve may leave the chord by an eighth of that.
    assert applied.input.u == pytest.approx(math.hypot(0.003, 0.010 / 8 / math.sqrt(3)))
    assert (applied.input.value, applied.input.source) == (0.0, "C-1")


def test_readings_near_each_other_share_a_deviation_in_proportion_to_their_uncertainty() -> None:
    applied = Standard.certified("W", BALANCE, "kg").around(200.0)
    one_sigma = applied.input.u
    assert applied.error(200.0, one_sigma) == pytest.approx(0.030 + 0.004)
    assert applied.error(100.0, one_sigma) == pytest.approx(0.010 + 0.002)


def test_a_reading_beyond_the_certificate_is_refused() -> None:
    applied = Standard.certified("W", BALANCE, "kg").around(200.0)
    with pytest.raises(CertificateRefused, match="C-1 holds from 0 to 200, but 250 was read"):
        applied.error(250.0, 0.0)
    with pytest.raises(CertificateRefused, match=r"but -2\.1 was read"):
        Standard.certified("W", BALANCE, "kg").around(-2.1)


def test_what_is_certified_at_one_place_is_no_correction() -> None:
    with pytest.raises(CertificateRefused, match="needs 2 points or more"):
        Standard.certified("W", certificate("kg", ("100",), ("0.01",), ("0.004",)), "kg")


def test_a_certificate_of_another_quantity_is_refused() -> None:
    with pytest.raises(CertificateRefused, match=r"no table .* in °C"):
        Standard.certified("t", BALANCE, "°C")


def test_a_difference_of_temperatures_is_not_shifted() -> None:
    thermometer = certificate("K", ("283.15", "303.15"), ("0.02", "0.04"), ("0.02", "0.02"))
    applied = Standard.certified("t", thermometer, "°C").around(20.0)
    assert applied.error(20.0, 0.0) == pytest.approx(0.03)


def test_without_a_certificate_the_makers_limit_counts() -> None:
    reading = Measured(20.0, "°C", 0.03, "thermometer.temperature", 0.0)
    correction = from_limit("t", [reading])
    assert correction.around(20.0).input.u == pytest.approx(0.03)
    assert correction.around(20.0).input.distribution == "rectangular"
    assert correction.around(20.0).error(90.0, 0.03) == pytest.approx(0.03)
    with pytest.raises(CertificateRefused, match="give it a certificate"):
        from_limit("t", [reading._replace(u=None)])


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Two repeats at one flow, at a laboratory whose CMC stands in the bench file."""
    tmp_path = tmp_path_factory.mktemp("corrections")
    with water_rig(tmp_path / "rig", seed=3) as rig:
        with rig.bench.open("a", encoding="utf-8") as bench:
            bench.write(CMC)
        order = Order.load(rig.order)
        few = {"flows": (order.parameters["flows"][0],), "repeats": 2}
        order = order.model_copy(update={"parameters": {**order.parameters, **few}})
        return execute(
            order,
            find(order.order.procedure),
            Bench.load(rig.bench),
            tmp_path / "run",
            Company(Scripted()),
            rig.clock,
        )


CMC = """
[characteristics.cmc]
value = 0.004
unit = "1"
expanded_uncertainty = 0.0
source = "scope of accreditation"
valid_until = 2100-01-01
"""


def test_the_cmc_counts_in_the_unit_it_is_given_in(evidence: Evidence) -> None:
    record = evaluate(evidence, find(evidence.procedure.name))
    error = record.tables[0].column("basic_measurementError")
    assert error is not None
    assert error.uncertainty is not None
    assert error.uncertainty.expanded == ("0.40",)
    assert error.in_cmc is not None
    assert error.in_cmc.statement in {statement.id for statement in record.statements}


def test_a_weighed_difference_is_no_surer_than_the_full_tank(evidence: Evidence) -> None:
    procedure = WaterGravimetric(WaterGravimetric.accepts()(**evidence.parameters))
    (point,) = procedure.points()
    lines = {line.symbol: line for line in procedure.evaluate_point(point, evidence).evaluated.lines}
    full, empty = lines["W"], lines["W_0"]
    known = Standard.certified("W", evidence.certificates["balance"].certificate, "kg").errors
    assert full.u == pytest.approx(known.u(evidence.observations[0].values["mass_after"].value), rel=1e-3)
    assert empty.u == pytest.approx(known.u(0.0), rel=1e-2)
    assert full.contribution * empty.contribution < 0
    assert full.contribution / full.u == pytest.approx(-empty.contribution / empty.u, rel=1e-2)
