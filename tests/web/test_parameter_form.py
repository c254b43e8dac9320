"""How parameters stand in a form and in an order: short, and read back as what they are."""

import pytest

from remotecal.procedures.library.meters.parameters import MeterParameters
from remotecal.web.pages.parameter_form import as_shown, as_typed, fields_of, read_typed, values_of


@pytest.mark.parametrize(
    "value", [1 / 3, 2 / 3, -1 / 7, 0.5, 3, 1e-05, 0.1 + 0.2, 22 / 7 + 1e-9, True, "1/3", [1 / 3, 2.5]]
)
def test_what_is_shown_is_read_back_as_the_same(value: object) -> None:
    assert read_typed(as_typed(value)) == value


def test_a_third_is_a_third() -> None:
    assert (as_typed(1 / 3), as_typed(0.5), as_shown([1 / 3, 2.5]), as_shown("x")) == (
        "1/3",
        "0.5",
        "1/3, 2.5",
        "x",
    )
    assert read_typed("1/0") == "1/0"
    (usual,) = [one.usual for one in fields_of(MeterParameters) if one.name == "repeatability_share"]
    assert usual == "1/3"
    for typed in ("1/3", "１／３"):
        assert (
            values_of(MeterParameters, {"parameter.repeatability_share": typed})["repeatability_share"]
            == 1 / 3
        )
