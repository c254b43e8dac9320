"""Results held against what a laboratory is accredited for."""

from sample import record

from remotecal.certificates.scope import out_of_scope
from remotecal.certificates.trust import Capability
from remotecal.model import Column, Record, Table, Uncertainty


def with_uncertainty(expanded: str, unit: str) -> Record:
    """Return the sample with one error, at 20 °C."""
    table = Table(
        columns=(
            Column(ref_types=("basic_referenceValue",), unit="°C", values=("20.00",)),
            Column(
                ref_types=("basic_measurementError",),
                unit=unit,
                values=("0.05",),
                uncertainty=Uncertainty(expanded=(expanded,), p=("0.95",)),
            ),
        )
    )
    measurement = record().measurements[0]
    result = measurement.results[0].model_copy(update={"tables": (table,)})
    return record().model_copy(
        update={"measurements": (measurement.model_copy(update={"results": (result,)}),)}
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
    assert out_of_scope(with_uncertainty("0.02", "°C"), (capability,)) == ()
    (fault,) = out_of_scope(with_uncertainty("0.01", "°C"), (capability,))
    assert "U = 0.01 K is smaller than the CMC, 0.02" in fault
