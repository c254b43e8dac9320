import GTC
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_gas_equations import AMARILLO, DETAIL, GERG, LEMMON
from test_sgerg88 import GASES

from remotecal.errors import ParameterError
from remotecal.fluids.base_conditions import BASES, by_equation, by_sgerg88, conversion_factor, ideal
from remotecal.fluids.gas import AIR

CHINA = BASES["20 °C, 101.325 kPa"]
STATES = [(10.0, 0.4e6), (15.0, 1e6), (20.0, 4e6)]


@pytest.mark.parametrize(
    ("z", "printed"),
    [
        (by_equation(DETAIL, AMARILLO), ["4.117194", "10.245553", "42.89777"]),
        (by_equation(GERG, AMARILLO), ["4.117067", "10.244821", "42.89058"]),
        (ideal, ["4.087114", "10.040484", "39.47693"]),
        (by_equation(LEMMON, AIR), ["4.093197", "10.076481"]),
    ],
    ids=["DETAIL", "GERG-2008", "ideal", "air"],
)
def test_factors_of_converters(z, printed):
    for (t, p), each in zip(STATES, printed, strict=False):
        digits = len(each.split(".")[1])
        assert f"{conversion_factor(t, p, CHINA, z):.{digits}f}" == each


def test_methods_differ_and_the_device_is_judged_by_its_own():
    detail, gerg, simple = (
        conversion_factor(20.0, 4e6, CHINA, z)
        for z in (by_equation(DETAIL, AMARILLO), by_equation(GERG, AMARILLO), by_sgerg88(GASES["2"]))
    )
    assert detail / gerg - 1 == pytest.approx(1.7e-4, abs=1e-5)
    # The second gas of ISO 12213-3 is this one, told by its calorific value.
    assert simple / detail - 1 == pytest.approx(0, abs=1e-3)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(list(BASES)), st.floats(0, 40), st.floats(0.1e6, 8e6))
def test_a_factor_is_a_ratio_of_densities(name, t, p):
    base = BASES[name]
    factor = conversion_factor(t, p, base, by_equation(GERG, AMARILLO))
    here, there = GERG.state(AMARILLO, t, p), GERG.state(AMARILLO, base.t, base.p)
    assert factor == pytest.approx(here.density / there.density, rel=1e-12)
    assert conversion_factor(base.t, base.p, base, ideal) == 1


def test_it_gets_slopes():
    t, p = GTC.ureal(15.0, 0.1), GTC.ureal(1e6, 500.0)
    z = by_equation(DETAIL, AMARILLO)
    found = conversion_factor(t, p, CHINA, z)
    by_t = (conversion_factor(15.1, 1e6, CHINA, z) - conversion_factor(14.9, 1e6, CHINA, z)) / 0.2
    assert found.sensitivity(t) == pytest.approx(by_t, rel=1e-5)
    assert found.sensitivity(t) / found.x == pytest.approx(-0.0037, abs=2e-4)


def test_outside_its_range_a_method_has_no_factor():
    with pytest.raises(ParameterError, match="SGERG-88"):
        conversion_factor(70.0, 1e6, CHINA, by_sgerg88(GASES["1"]))
    with pytest.raises(ParameterError, match="AGA8 DETAIL"):
        conversion_factor(70.0, 1e6, CHINA, by_equation(DETAIL, AMARILLO))
