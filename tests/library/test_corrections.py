"""What a certificate says of an instrument, applied to its readings."""

import math
from dataclasses import replace
from datetime import date

import pytest
from dosing.bench import DosingStand
from dosing.procedure import Dosing

from remotecal.bench import Bench
from remotecal.certificates.pdf.wording import kind
from remotecal.drivers.measured import Measured
from remotecal.errors import CertificateRefused, EvidenceError
from remotecal.journal.evidence import Evidence
from remotecal.model import (
    VERIFIED,
    Certificate,
    Column,
    Contact,
    DriftLimit,
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
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate
from remotecal.uncertainty.budget import Budget, Contribution


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
    assert applied.value({"W": 0.0}, 150.0) == pytest.approx(0.020)
    assert applied.corrected({"W": 0.0}, 150.0) == pytest.approx(149.980)
    # The slope changes by 0.010 kg in 100 kg, so the curve may leave the chord by an eighth of that.
    assert applied.inputs[0].u == pytest.approx(math.hypot(0.003, 0.010 / 8 / math.sqrt(3)))
    assert (applied.inputs[0].value, applied.inputs[0].source) == (0.0, "C-1")


def test_readings_near_each_other_share_a_deviation_in_proportion_to_their_uncertainty() -> None:
    applied = Standard.certified("W", BALANCE, "kg").around(200.0)
    one_sigma = applied.inputs[0].u
    assert applied.value({"W": one_sigma}, 200.0) == pytest.approx(0.030 + 0.004)
    assert applied.value({"W": one_sigma}, 100.0) == pytest.approx(0.010 + 0.002)


def test_a_budget_tells_the_error_that_was_taken_off() -> None:
    applied = Standard.certified("δ", BALANCE, "kg").around(150.0)
    found = Budget(lambda **x: applied.corrected(x, 150.0), applied.inputs).evaluate()
    (line,) = found.lines
    assert (found.value, line.value) == pytest.approx((150.0 - 0.02, 0.02))
    assert line.u == found.u


def test_a_reading_beyond_the_certificate_is_refused() -> None:
    applied = Standard.certified("W", BALANCE, "kg").around(200.0)
    with pytest.raises(CertificateRefused, match="C-1 holds from 0 to 200000 g, but 250000 g was read"):
        applied.value({"W": 0.0}, 250.0)
    with pytest.raises(CertificateRefused, match=r"but -2100 g was read"):
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
    assert applied.value({"t": 0.0}, 20.0) == pytest.approx(0.03)


def test_without_a_certificate_the_makers_limit_counts() -> None:
    reading = Measured(20.0, "°C", 0.03, "thermometer.temperature", 0.0)
    correction = from_limit("t", [reading])
    assert correction.around(20.0).inputs[0].u == pytest.approx(0.03)
    assert correction.around(20.0).inputs[0].distribution == "rectangular"
    assert correction.around(20.0).value({"t": 0.03}, 90.0) == pytest.approx(0.03)
    with pytest.raises(CertificateRefused, match="give it a certificate"):
        from_limit("t", [reading._replace(u=None)])


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Two repeats at one speed, at a laboratory whose CMC stands in the bench file."""
    tmp_path = tmp_path_factory.mktemp("corrections")
    with DosingStand.up(tmp_path / "rig", seed=3) as rig:
        with rig.bench.open("a", encoding="utf-8") as bench:
            bench.write(CMC)
        order = Order.load(rig.order)
        few = {"speeds": (order.parameters["speeds"][0],), "repeats": 2}
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


def weighed(
    evidence: Evidence, correlation: float | None, drift: tuple[DriftLimit, ...] = ()
) -> tuple[dict[str, Contribution], float]:
    """Return the balance's lines, and how its errors add up, if the bench file had stated this of it."""
    said = {"correlation": correlation, "drift": drift}
    balance = evidence.certificates["balance"].model_copy(update=said)
    told = replace(evidence, certificates={**evidence.certificates, "balance": balance})
    procedure = Dosing(Dosing.accepts()(**told.parameters))
    (point,) = procedure.points()
    evaluated = procedure.evaluate_point(point, told).evaluated
    lines = {line.symbol: line for line in evaluated.lines}
    others = math.fsum(line.contribution**2 for name, line in lines.items() if name not in {"W", "W_0"})
    return lines, math.sqrt(evaluated.u**2 - others)


def test_what_no_regulation_judges_is_not_verified(evidence: Evidence) -> None:
    head = evidence.order.order.model_copy(update={"verification": True})
    asked = replace(evidence, order=evidence.order.model_copy(update={"order": head}))
    usual = evaluate(evidence, find(evidence.procedure.name))
    assert (kind(usual), [said.norms for said in usual.verdicts]) == ("calibration", [("DOSE 1-2026",)])
    with pytest.raises(EvidenceError, match=r"gives no verdict by a verification regulation \(JJG\) on "):
        evaluate(asked, find(asked.procedure.name))
    assert kind(usual.model_copy(update={"statements": (VERIFIED,)})) == "notice"


def test_what_a_balances_points_have_in_common_leaves_a_difference(evidence: Evidence) -> None:
    """GUM 5.2.2: of two fully correlated inputs the contributions add up with their signs."""
    lines, alone = weighed(evidence, None)
    full, empty = lines["W"], lines["W_0"]
    assert alone == pytest.approx(math.hypot(full.contribution, empty.contribution), rel=1e-6)
    assert full.source.get("en").endswith("; r = 0 (not stated)")
    assert full.source.get("zh").endswith("；r = 0（未声明）")
    lines, common = weighed(evidence, 1.0)
    # Between certified points the straight line's own part stays: here the full bin lies between two.
    least = abs(full.contribution + empty.contribution)
    assert least < common < alone
    assert common == pytest.approx(least, rel=0.1)
    _, half = weighed(evidence, 0.5)
    assert common < half < alone
    assert lines["W"].source.get("en").endswith("; r = 1; stated by the bench")


@pytest.mark.parametrize("correlation", [None, 1.0])
def test_what_a_balance_may_have_drifted_counts_empty_and_full(
    evidence: Evidence, correlation: float | None
) -> None:
    """What the certificate's points have in common says nothing of what happened since."""
    limit = DriftLimit(half_width=9.0, unit="g", source="three certificates")
    other = DriftLimit(half_width=9.0, unit="K", source="of another quantity")
    plain, _ = weighed(evidence, correlation)
    lines, _ = weighed(evidence, correlation, (limit, other))
    drifts = [line for symbol, line in lines.items() if symbol not in plain]
    assert [line.symbol for line in drifts] == ["δ_d_W", "δ_d_W_0"]
    for line, of in zip(drifts, ("W", "W_0"), strict=True):
        assert (line.u, line.distribution) == (pytest.approx(0.009 / math.sqrt(3)), "rectangular")
        assert line.sensitivity == pytest.approx(lines[of].sensitivity, rel=1e-6)


def test_a_drift_is_told_in_the_legend(evidence: Evidence) -> None:
    limit = DriftLimit(half_width=9.0, unit="g", source="three certificates")
    balance = evidence.certificates["balance"].model_copy(update={"drift": (limit,)})
    told = replace(evidence, certificates={**evidence.certificates, "balance": balance})
    (measured,) = evaluate(told, find(told.procedure.name)).measurements
    legend = {each.symbol: each for method in measured.methods for each in method.inputs}
    drift, of = legend["δ_d_W"], legend["W"]
    assert drift.name.get("zh") == f"{of.name.get('zh')}：自校准以来的漂移"
    assert drift.name.get("en") == f"{of.name.get('en')}: drift since its calibration"
    assert drift.source == Text.plain("three certificates")


def test_a_weighed_difference_is_no_surer_than_the_full_bin(evidence: Evidence) -> None:
    procedure = Dosing(Dosing.accepts()(**evidence.parameters))
    (point,) = procedure.points()
    lines = {line.symbol: line for line in procedure.evaluate_point(point, evidence).evaluated.lines}
    full, empty = lines["W"], lines["W_0"]
    used = evidence.certificates["balance"]
    known = Standard.certified("W", used.certificate, "kg", correlation=used.correlation).stated
    assert full.u == pytest.approx(known.u(evidence.observations[0].values["mass_after"].value), rel=1e-3)
    assert empty.u == pytest.approx(known.u(0.0), rel=1e-2)
    assert full.contribution * empty.contribution < 0
    assert full.contribution / full.u == pytest.approx(-empty.contribution / empty.u, rel=1e-2)
