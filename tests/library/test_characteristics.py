"""K, linearity and repeatability, worked by hand."""

import pytest

from remotecal.procedures.library.evaluation.finding import scatter
from remotecal.procedures.library.meters.characteristics import (
    ErrorCharacteristics,
    FactorCharacteristics,
)


def test_repeatability_is_the_sample_standard_deviation() -> None:
    assert scatter([10.1, 10.2, 10.3]) == pytest.approx(0.1)
    assert scatter([10.1]) == 0


def test_the_meter_error_is_the_mean_of_largest_magnitude_with_its_sign() -> None:
    found = ErrorCharacteristics.of([[0.1, 0.1, 0.1], [-0.5, -0.4, -0.3], [0.3, 0.35, 0.31]])
    assert found.error == pytest.approx(-0.4)
    assert found.repeatability == pytest.approx(0.1)


def test_the_k_factor_is_the_middle_of_the_extremes_not_the_mean() -> None:
    found = FactorCharacteristics.of([[999.0, 1001.0], [1009.0, 1011.0], [1002.0, 1002.0]])
    assert found.factor == pytest.approx(1005.0)
    assert found.linearity == pytest.approx(100 * 10 / 2010)
    assert found.repeatability == pytest.approx(100 * 2**0.5 / 1000)
