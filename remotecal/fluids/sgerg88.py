"""Compression factor of natural gas by SGERG-88: from calorific value and relative density (ISO 12213-3).

Gas meters' converters use it. What is programmed into one is exact for it, so slopes are by temperature and
pressure.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from remotecal.errors import ParameterError
from remotecal.fluids.span import require
from remotecal.uncertainty.number import N, Number, estimate

SGERG_88_U = 5e-4
"""Relative standard uncertainty of the compression factor, half of the 0.1 % of ISO 12213-3."""

_R = 0.0831451
"""Molar gas constant, m³ bar/(kmol K)."""
_NORMAL = 273.15
_IDEAL_VOLUME = 22.414097
"""Molar volume of an ideal gas at 0 °C and 101.325 kPa, m³/kmol."""
NORMAL_AIR_DENSITY = 1.292923
"""Density of air there, kg/m³."""
_CO_PER_HYDROGEN = 0.0964
_HEATS = (285.83, 282.98)
"""Molar calorific values of hydrogen and carbon monoxide, MJ/kmol."""
_MASSES = (28.0135, 44.010, 2.0159, 28.010)
"""Molar masses of nitrogen, carbon dioxide, hydrogen and carbon monoxide, kg/kmol."""
_EQUIVALENT = (-2.709328, 0.021062199)
"""Molar mass of the equivalent hydrocarbon by its molar calorific value, kg/kmol."""

# Second virial coefficients, m³/kmol, by powers of the temperature: of the equivalent hydrocarbon (1), by
# powers of its calorific value too, nitrogen (2), carbon dioxide (3), hydrogen (4), carbon monoxide (5).
_B11 = (
    (-0.425468, 0.286500e-2, -0.462073e-5),
    (0.877118e-3, -0.556281e-5, 0.881510e-8),
    (-0.824747e-6, 0.431436e-8, -0.608319e-11),
)
_B22 = (-0.144600, 0.740910e-3, -0.911950e-6)
_B23 = (-0.339693, 0.161176e-2, -0.204429e-5)
_B33 = (-0.868340, 0.403760e-2, -0.516570e-5)
_B14 = (-0.521280e-1, 0.271570e-3, -0.25e-6)
_B15 = (-0.687290e-1, -0.239381e-5, 0.518195e-6)
_B44 = (-0.110596e-2, 0.813385e-4, -0.987220e-7)
_B55 = (-0.130820, 0.602540e-3, -0.644300e-6)
_B24 = 0.012

# Third virial coefficients, m⁶/kmol².
_C111 = (
    (-0.302488, 0.195861e-2, -0.316302e-5),
    (0.646422e-3, -0.422876e-5, 0.688157e-8),
    (-0.332805e-6, 0.223160e-8, -0.367713e-11),
)
_C222 = (0.784980e-2, -0.398950e-4, 0.611870e-7)
_C223 = (0.552066e-2, -0.168609e-4, 0.157169e-7)
_C233 = (0.358783e-2, 0.806674e-5, -0.325798e-7)
_C333 = (0.205130e-2, 0.348880e-4, -0.837030e-7)
_C444 = (0.104711e-2, -0.364887e-5, 0.467095e-8)
_C115 = (0.736748e-2, -0.276578e-4, 0.343051e-7)


@dataclass(frozen=True, slots=True)
class SimpleAnalysis:
    """What a converter with SGERG-88 is told of its gas.

    Raises:
        ParameterError: a value is outside the method's range, or they contradict each other.
    """

    calorific_value: float
    """Superior calorific value, MJ/m³: burned at 25 °C, metered at 0 °C and 101.325 kPa; 20 to 48."""
    relative_density: float
    """Density over that of air, both at 0 °C and 101.325 kPa; 0.55 to 0.9."""
    carbon_dioxide: float
    """Mole fraction, 0 to 0.3."""
    hydrogen: float = 0.0
    """Mole fraction, 0 to 0.1."""

    def __post_init__(self) -> None:
        require("calorific value", self.calorific_value, 20, 48, "MJ/m³", "SGERG-88")
        require("relative density", self.relative_density, 0.55, 0.9, "(a ratio)", "SGERG-88")
        require("carbon dioxide", self.carbon_dioxide, 0, 0.3, "mol/mol", "SGERG-88")
        require("hydrogen", self.hydrogen, 0, 0.1, "mol/mol", "SGERG-88")
        if self.relative_density < 0.55 + 0.97 * self.carbon_dioxide - 0.45 * self.hydrogen:
            raise ParameterError(_CONTRADICTION.format(self))


_CONTRADICTION = (
    "relative density {0.relative_density:g} contradicts carbon dioxide {0.carbon_dioxide:g}, hydrogen "
    "{0.hydrogen:g} and calorific value {0.calorific_value:g} MJ/m³: check what is programmed"
)


@dataclass(frozen=True, slots=True)
class _Mixture:
    """The five components the method thinks a gas consists of."""

    heat: float
    """Molar calorific value of the equivalent hydrocarbon, MJ/kmol."""
    x: tuple[float, float, float, float, float]
    """Fractions of the equivalent hydrocarbon, nitrogen, carbon dioxide, hydrogen, carbon monoxide."""

    def second(self, t: Number) -> Number:
        """Return the second virial coefficient at `t` in K, m³/kmol (ISO 12213-3, B.2.1)."""
        x1, x2, x3, x4, x5 = self.x
        b11, b22, b33 = _by_heat(_B11, self.heat, t), _at(_B22, t), _at(_B33, t)
        nitrogen = (0.72 + 1.875e-5 * (320.0 - t) * (320.0 - t)) * (b11 + b22)
        b: Number = x1 * x1 * b11 + x1 * x2 * nitrogen - 2 * 0.865 * x1 * x3 * (b11 * b33) ** 0.5
        b = b + 2 * x1 * (x4 * _at(_B14, t) + x5 * _at(_B15, t))
        b = b + x2 * x2 * b22 + 2 * x2 * (x3 * _at(_B23, t) + x4 * _B24)
        whole: Number = b + x3 * x3 * b33 + x4 * x4 * _at(_B44, t) + x5 * x5 * _at(_B55, t)
        return whole

    def third(self, t: Number) -> Number:
        """Return the third virial coefficient at `t` in K, m⁶/kmol² (ISO 12213-3, B.2.2)."""
        x1, x2, x3, x4, x5 = self.x
        c111, c222 = _by_heat(_C111, self.heat, t), _at(_C222, t)
        c333, c444 = _at(_C333, t), _at(_C444, t)
        nitrogen = 0.92 + 0.0013 * (t - 270.0)
        c: Number = x1**3 * c111 + x2**3 * c222 + x3**3 * c333 + x4**3 * c444
        c = c + 3 * x1 * x1 * x2 * nitrogen * _root(c111, c111, c222)
        c = c + 3 * x1 * x2 * x2 * nitrogen * _root(c111, c222, c222)
        c = c + 3 * 0.92 * x1 * x1 * x3 * _root(c111, c111, c333)
        c = c + 3 * 0.92 * x1 * x3 * x3 * _root(c111, c333, c333)
        c = c + 6 * 1.10 * x1 * x2 * x3 * _root(c111, c222, c333)
        c = c + 3 * 1.20 * x1 * x1 * x4 * _root(c111, c111, c444) + 3 * x1 * x1 * x5 * _at(_C115, t)
        whole: Number = c + 3 * x2 * x3 * (x2 * _at(_C223, t) + x3 * _at(_C233, t))
        return whole


def sgerg88_z(gas: SimpleAnalysis, t: N, p: N | float) -> N:
    """Return the compression factor by SGERG-88.

    Source: ISO 12213-3:2006. Its own standard uncertainty is `SGERG_88_U`, relative.

    Args:
        gas: what is known of the gas.
        t: temperature in °C, -23 to 65.
        p: absolute pressure in Pa, 1000 to 12e6.

    Raises:
        ParameterError: an input is outside the method's range, or the analysis contradicts itself.
    """
    require("gas temperature", t, -23, 65, "°C", "SGERG-88")
    require("gas pressure", p, 1e3, 12e6, "Pa", "SGERG-88")
    mixture = _mixture(gas)
    start = _density(mixture, estimate(t) + 273.15, estimate(p) / 1e5, 0.0)
    # From the solution for the estimates one more step gives an uncertain number its exact derivatives.
    kelvin: Number = t + 273.15
    density = _density(mixture, kelvin, p / 1e5, start)
    z: N = p / 1e5 / (density * _R * kelvin)
    return z


def _density(mixture: _Mixture, kelvin: Number, bar: Number, start: Number) -> Number:
    """Return the density in kmol/m³ by Newton's steps from a start."""
    b, c = mixture.second(kelvin), mixture.third(kelvin)
    density, rt = start, _R * kelvin
    for _ in range(30):
        pressure = density * rt * (1.0 + density * (b + density * c))
        step = (pressure - bar) / (rt * (1.0 + density * (2.0 * b + 3.0 * density * c)))
        found: Number = density - step
        if estimate(abs(step)) < 1e-10:
            return found
        density = found
    raise ParameterError(f"SGERG-88 finds no gas at {estimate(kelvin):g} K and {estimate(bar):g} bar")


@lru_cache(maxsize=256)
def _mixture(gas: SimpleAnalysis) -> _Mixture:
    """Return the mixture that has the gas's density and calorific value (ISO 12213-3, B.1); once for each."""
    target = gas.relative_density * NORMAL_AIR_DENSITY
    heat, molar = 1000.0, 1.0 / (_IDEAL_VOLUME - 0.065)
    for _ in range(50):
        heat, x = _of_density(gas, molar, target, heat)
        mixture = _Mixture(heat, x)
        molar = 1.0 / (_IDEAL_VOLUME + estimate(mixture.second(_NORMAL)))
        burned = molar * (x[0] * heat + x[3] * _HEATS[0] + x[4] * _HEATS[1])
        if abs(gas.calorific_value - burned) < 1e-8:
            break
    else:
        raise ParameterError(_CONTRADICTION.format(gas))
    nitrogen = x[1]
    least = 0.55 + 0.4 * nitrogen + 0.97 * gas.carbon_dioxide - 0.45 * gas.hydrogen
    if not -0.01 <= nitrogen <= 0.5 - gas.carbon_dioxide or gas.relative_density < least:
        raise ParameterError(_CONTRADICTION.format(gas))
    return mixture


def _of_density(
    gas: SimpleAnalysis, molar: float, target: float, heat: float
) -> tuple[float, tuple[float, float, float, float, float]]:
    """Return the equivalent hydrocarbon's calorific value and the fractions that give a density in kg/m³."""
    monoxide = _CO_PER_HYDROGEN * gas.hydrogen
    rest = gas.calorific_value / molar - gas.hydrogen * _HEATS[0] - monoxide * _HEATS[1]
    m2, m3, m4, m5 = _MASSES
    others = gas.carbon_dioxide + gas.hydrogen + monoxide
    # With x1 = rest / heat the density is straight in 1 / heat, so that needs no iteration.
    m_others = gas.carbon_dioxide * m3 + gas.hydrogen * m4 + monoxide * m5
    wanted = target / molar - m_others - (1.0 - others) * m2 - rest * _EQUIVALENT[1]
    heat = rest * (_EQUIVALENT[0] - m2) / wanted if wanted else heat
    x1 = rest / heat
    return heat, (x1, 1.0 - x1 - others, gas.carbon_dioxide, gas.hydrogen, monoxide)


def _at(coefficients: tuple[float, float, float], t: Number) -> Number:
    a, b, c = coefficients
    value: Number = a + t * (b + t * c)
    return value


def _by_heat(coefficients: tuple[tuple[float, float, float], ...], heat: float, t: Number) -> Number:
    h0, h1, h2 = (_at(each, t) for each in coefficients)
    value: Number = h0 + heat * (h1 + heat * h2)
    return value


def _root(a: Number, b: Number, c: Number) -> Number:
    value: Number = (a * b * c) ** (1 / 3)
    return value
