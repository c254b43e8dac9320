"""Results held against what a laboratory is accredited for."""

import pytest
from pydantic import ValidationError
from sample import record

from remotecal.certificates.scope import out_of_scope, stated
from remotecal.certificates.trust import Capability
from remotecal.model import (
    Bivariate,
    Column,
    Complex,
    InCmc,
    Quantity,
    Record,
    Region,
    Table,
    Uncertainty,
)
from remotecal.model.flat import flatten


def with_result(result: Quantity) -> Record:
    """Return the sample with one result, at 20 °C."""
    table = Table(columns=(Column(ref_types=("basic_referenceValue",), unit="°C", values=("20.00",)), result))
    measurement = record().measurements[0]
    of = measurement.results[0].model_copy(update={"tables": (table,)})
    return record().model_copy(update={"measurements": (measurement.model_copy(update={"results": (of,)}),)})


def error(expanded: str, unit: str) -> Column:
    return Column(
        ref_types=("basic_measurementError",),
        unit=unit,
        values=("0.05",),
        uncertainty=Uncertainty(expanded=(expanded,), p=("0.95",)),
    )


def test_an_uncertainty_is_held_against_the_cmc_as_a_difference() -> None:
    capability = Capability(
        quantity="basic_measurementError",
        unit="K",
        cmc="0.02",
        against="basic_referenceValue",
        against_unit="K",
        low="273.15",
        high="373.15",
    )
    assert out_of_scope(with_result(error("0.02", "°C")), (capability,)) == ()
    (fault,) = out_of_scope(with_result(error("0.01", "°C")), (capability,))
    assert "U = 0.01 K is smaller than the CMC, 0.02" in fault


def test_a_capability_has_a_cmc_above_0_and_a_range_that_ends() -> None:
    """Nothing could be held against another: a ratio to it is none."""
    good = {"quantity": "basic_measurementError", "unit": "K", "against": "basic_referenceValue"}
    good |= {"against_unit": "K", "low": "0", "high": "1", "cmc": "1e-9"}
    Capability.model_validate(good)
    for name, wrong in (("cmc", "0"), ("cmc", "0.0e5"), ("cmc", "NaN"), ("low", "NaN"), ("high", "NaN")):
        with pytest.raises(ValidationError, match="state "):
            Capability.model_validate(good | {name: wrong})


def test_both_parts_of_a_complex_result_are_in_scope_or_not() -> None:
    impedance = Complex(
        ref_types=("remotecal_impedance",),
        unit="Ω",
        values=(("127.732", "219.847"),),
        uncertainty=Bivariate(u=(("0.071", "0.296"),), r=("-0.588",), region=Region(k="2.45", p="0.95")),
    )
    capability = Capability(
        quantity="remotecal_impedance",
        unit="Ω",
        cmc="0.2",
        against="basic_referenceValue",
        against_unit="°C",
        low="15",
        high="25",
    )
    (fault,) = out_of_scope(with_result(impedance), (capability,))
    assert "U = 0.18 Ω is smaller than the CMC, 0.2" in fault
    better = capability.model_copy(update={"cmc": "0.1"})
    assert out_of_scope(with_result(impedance), (better,)) == ()
    record = with_result(impedance)
    columns = flatten(record.tables[0].columns)
    cells = [columns[one.place.column].at(one.place.row) for one in stated(record, (capability,))]
    assert cells == ["127.732", "219.847"]
    marked = impedance.model_copy(update={"in_cmc": InCmc(valid=(False,))})
    assert out_of_scope(with_result(marked), (capability,)) == ()


def test_of_several_capabilities_the_best_is_held_against_a_result() -> None:
    """A result is in scope if one of them is for it; it is told with the smallest CMC of those."""
    wide = Capability(
        quantity="basic_measurementError",
        unit="K",
        cmc="0.02",
        against="basic_referenceValue",
        against_unit="°C",
        low="0",
        high="100",
    )
    narrow = wide.model_copy(update={"unit": "mK", "cmc": "8", "high": "20"})
    elsewhere = wide.model_copy(update={"cmc": "0.001", "low": "30"})
    for scope in ((wide, narrow, elsewhere), (elsewhere, narrow, wide)):
        for expanded, fault in (("0.01", ""), ("0.007", "U = 7.0 mK is smaller than the CMC, 8")):
            (found,) = stated(with_result(error(expanded, "°C")), scope)
            assert (found.capability, found.at, found.fault) == (narrow, "20.00", fault)
            assert (found.expanded, found.unit) == (expanded, "°C")
            assert float(found.compared) == float(expanded) * 1e3
            assert bool(out_of_scope(with_result(error(expanded, "°C")), scope)) == bool(fault)
    (found,) = stated(with_result(error("0.01", "°C")), (elsewhere,))
    assert (found.capability, found.compared) == (None, "")
    assert "outside the scope" in found.fault
