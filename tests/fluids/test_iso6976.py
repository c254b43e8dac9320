"""The examples of ISO 6976:2016, annex D, with the uncertainties it prints.

Compositions, correlations and results are as the tests of the project iso6976 (E. van der Werff, GPL-3.0)
carry them.
"""

from typing import Any

import GTC
import numpy as np
import pytest

from remotecal.errors import ParameterError
from remotecal.fluids.gas import MOLAR_MASSES, Gas
from remotecal.fluids.iso6976 import HEATS_1995, heating

FIRST = {
    "methane": (0.933212, 0.000346),
    "ethane": (0.025656, 0.000243),
    "propane": (0.015368, 0.000148),
    "nitrogen": (0.010350, 0.000195),
    "carbon_dioxide": (0.015414, 0.000111),
}
MOIST = {
    "methane": (0.931819, 0.000350),
    "ethane": (0.025618, 0.000243),
    "nitrogen": (0.010335, 0.000195),
    "carbon_dioxide": (0.015391, 0.000111),
    "water": (0.016837, 0.000162),
}
ELEVEN = {
    "methane": (0.922393, 0.000348),
    "ethane": (0.025358, 0.000247),
    "propane": (0.015190, 0.000149),
    "n_butane": (0.000523, 0.000018),
    "isobutane": (0.001512, 0.000027),
    "n_pentane": (0.002846, 0.000007),
    "isopentane": (0.002832, 0.000009),
    "neopentane": (0.001015, 0.000004),
    "hexane": (0.002865, 0.000008),
    "nitrogen": (0.010230, 0.000195),
    "carbon_dioxide": (0.015236, 0.000112),
}
CORRELATED = """
-0.657246
-0.377458 -0.035617
-0.041205 -0.007450 -0.004442
-0.056924 -0.013720 -0.007810 -0.000824
 0.099228 -0.085690 -0.039877 -0.000592  0.002803
 0.061961 -0.063295 -0.029677 -0.000551  0.001827  0.079557
 0.064295 -0.054908 -0.025538 -0.000372  0.001811  0.071180  0.051085
 0.080202 -0.074061 -0.034574 -0.000567  0.002303  0.094670  0.067927  0.060788
-0.512347 -0.030668 -0.024994 -0.005703 -0.010740 -0.072794 -0.053627 -0.046653 -0.062845
-0.265664 -0.038371 -0.023925 -0.003373 -0.005392 -0.014019 -0.010845 -0.008952 -0.012357 -0.028699
"""
"""Of the eleven fractions, below the diagonal (D.4.3.2)."""


def uncertain(parts, *, correlated=""):
    """Return the fractions as uncertain numbers."""
    real = {name: GTC.ureal(x, u, independent=not correlated, label=name) for name, (x, u) in parts.items()}
    numbers = list(real.values())
    for row, line in enumerate(correlated.strip().splitlines(), 1):
        for column, r in enumerate(line.split()):
            GTC.set_correlation(float(r), numbers[row], numbers[column])
    return real


@pytest.mark.parametrize(
    ("parts", "at", "mass", "z", "molar", "by_mass", "by_volume"),
    [
        (
            *(FIRST, 15.0, "17.388430", "0.99776224", ("906.179959", "0.615610")),
            *(("52.113961", "0.024301"), ("38.410611", "0.026267")),
        ),
        (
            *(MOIST, 15.55, "16.989170", "0.9975690", ("871.443916", "0.522494")),
            *(("51.294085", "0.025938"), ("36.874304", "0.022289")),
        ),
    ],
    ids=["D.2", "D.3"],
)
def test_the_first_two_examples(parts, at, mass, z, molar, by_mass, by_volume):
    found: Any = heating(uncertain(parts), at, at, known=GTC.ureal)
    assert f"{1e3 * found.molar_mass.x:.6f}" == mass
    assert f"{found.compression_factor.x:.{len(z) - 2}f}" == z
    for number, (value, u), unit in (
        (found.molar_superior, molar, 1e3),
        (found.superior_by_mass, by_mass, 1e6),
        (found.superior_by_volume, by_volume, 1e6),
    ):
        assert (f"{number.x / unit:.6f}", f"{number.u / unit:.6f}") == (value, u)


EACH = (
    *(("superior_by_volume", 1e6), ("inferior_by_volume", 1e6), ("density", 1.0)),
    *(("relative_density", 1.0), ("superior_wobbe_index", 1e6), ("inferior_wobbe_index", 1e6)),
)
AT_15 = "39.73351 35.86811 0.76462 0.62391 50.30318 45.40954"
AT_25_AND_0 = "41.89360 37.85228 0.80701 0.62411 53.02930 47.91376"


@pytest.mark.parametrize(
    ("burned", "metered", "correlated", "values", "u"),
    [
        (15.0, 15.0, "", AT_15, "0.026917 0.024757 0.000586 0.000478 0.021588 0.020151"),
        (15.0, 15.0, CORRELATED, AT_15, "0.016316 0.015305 0.000277 0.000226 0.019823 0.018498"),
        (25.0, 0.0, "", AT_25_AND_0, "0.028425 0.026164 0.000619 0.000479 0.022783 0.021278"),
        (25.0, 0.0, CORRELATED, AT_25_AND_0, "0.017241 0.016181 0.000293 0.000227 0.020914 0.019528"),
    ],
    ids=["D.4.3.1", "D.4.3.2", "D.4.4.1", "D.4.4.2"],
)
def test_the_third_example(burned, metered, correlated, values, u):
    found: Any = heating(uncertain(ELEVEN, correlated=correlated), burned, metered, known=GTC.ureal)
    numbers = [getattr(found, name) / unit for name, unit in EACH]
    assert [f"{each.x:.5f}" for each in numbers] == values.split()
    assert [f"{each.u:.6f}" for each in numbers] == u.split()


def test_its_figures_are_those_of_gases_and_near_those_of_1995():
    """Of what no example has: molar masses are those of GERG-2008, heats moved by no more than rounding."""
    for name, mass in MOLAR_MASSES.items():
        pure: Any = heating({name: 1.0}, 25.0, 0.0)
        assert pure.molar_mass == pytest.approx(mass, rel=1e-6)
        assert pure.molar_superior / 1e3 == pytest.approx(HEATS_1995.get(name, 0.0), abs=0.06)
        assert pure.molar_inferior >= -1e-9


def test_a_gas_may_be_of_draws():
    gas = Gas.analysed("gas", {"methane": 0.97, "ethane": 0.03})
    drawn = {name: np.array([x, x]) for name, x in gas.fractions.items()}
    assert heating(drawn, 25.0, 0.0).superior_wobbe_index == pytest.approx(
        heating(gas.fractions, 25.0, 0.0).superior_wobbe_index
    )


@pytest.mark.parametrize(
    ("fractions", "burned", "metered", "said"),
    [
        ({"methane": 1.0}, 17.0, 0.0, "no gas burned at 17 °C: it has 0, 15, 15.55, 20, 25 °C"),
        ({"methane": 1.0}, 25.0, 25.0, "no gas metered at 25 °C: it has 0, 15, 15.55, 20 °C"),
        ({"methan": 1.0}, 25.0, 0.0, "'methan' is no component whose figures"),
        ({"methane": 0.9}, 25.0, 0.0, "sum up to 1, not 0.9: scale the analysis"),
    ],
)
def test_what_the_tables_do_not_have_is_refused(fractions, burned, metered, said):
    with pytest.raises(ParameterError, match=said):
        heating(fractions, burned, metered)
