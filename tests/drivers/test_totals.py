"""What passed between two readings of a total or a counter."""

import pytest

from remotecal.drivers.accuracy import EXACT
from remotecal.drivers.codecs import input_f32, input_u32
from remotecal.drivers.measured import Measured, passed
from remotecal.drivers.quantities import Reading
from remotecal.errors import EvidenceError


def reading(value: float, unit: str = "1") -> Measured:
    return Measured(value, unit, 0.1, "meter.pulses", 5.0, 7)


def test_a_counter_that_wraps_starts_again_one_step_behind_its_span() -> None:
    counted = Reading(input_u32(1), "1", span=(0, 2**32 - 1), accuracy=EXACT, wraps=True)
    assert counted.modulus == 2**32
    litres = Reading(input_u32(1, scale=0.001), "m3", span=(0, 999_999.999), accuracy=EXACT, wraps=True)
    assert litres.modulus == pytest.approx(1e6)
    assert Reading(input_f32(1), "m3", span=(0, 1e5), accuracy=EXACT, wraps=1e6).modulus == 1e6
    assert Reading(input_f32(1), "m3", span=(0, 1e5), accuracy=EXACT).modulus is None


def test_a_counter_can_not_wrap_below_its_span() -> None:
    with pytest.raises(ValueError, match="can't wrap at 5"):
        Reading(input_f32(1), "m3", span=(10, 20), accuracy=EXACT, wraps=5.0)


def test_the_difference_is_taken_over_a_wrap() -> None:
    assert passed(reading(100), reading(350)).value == 250
    assert passed(reading(2**32 - 10), reading(90), 2.0**32).value == 100
    over = passed(reading(0.5, "m3"), reading(900, "L"))
    assert (over.value, over.unit, over.u) == (pytest.approx(0.4), "m3", None)


@pytest.mark.parametrize("modulus", [None, 2.0**32])
def test_a_counter_that_was_set_back_is_told(modulus: float | None) -> None:
    with pytest.raises(EvidenceError, match="total is smaller after"):
        passed(reading(5000), reading(10), modulus)
