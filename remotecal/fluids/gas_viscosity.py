"""Dynamic viscosity of gases, in Pa s, which decides a Reynolds number.

It is known worse than anything else of a gas, and seldom needs more: a nozzle's coefficient of discharge
changes by 2e-4 for 5 % of viscosity at Re = 1e5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from remotecal.errors import ParameterError
from remotecal.fluids.gas import Gas
from remotecal.fluids.gas_equations import GasState
from remotecal.fluids.moisture import CARRIERS
from remotecal.fluids.span import require
from remotecal.uncertainty.number import Number, exp, log

_COLLISION = (0.431, -0.4623, 0.08406, 0.005341, -0.00331)


@dataclass(frozen=True, slots=True)
class _Lemmon2004:
    """Coefficients of one gas (Lemmon and Jacobsen 2004, tables I to III)."""

    molar_mass: float
    """g/mol."""
    energy: float
    """ε/k, K."""
    size: float
    """σ, nm."""
    temperature: float
    """Critical temperature, K."""
    density: float
    """Critical density, mol/m³."""
    terms: tuple[tuple[float, float, int, int], ...]
    """N in µPa s, t, d, l of each N τ^t δ^d exp(-δ^l); no exponential where l is 0."""

    def viscosity(self, kelvin: Number, molar_density: Number) -> Number:
        """Return the viscosity in Pa s at a density in mol/m³."""
        reduced = log(kelvin / self.energy)
        total: Number = 0.0
        for each in reversed(_COLLISION):
            total = total * reduced + each
        dilute = 0.0266958 * (self.molar_mass * kelvin) ** 0.5 / (self.size * self.size * exp(total))
        tau, delta = self.temperature / kelvin, molar_density / self.density
        rest: Number = 0.0
        for n, t, d, power in self.terms:
            rest = rest + n * tau**t * delta**d * (exp(-(delta**power)) if power else 1.0)
        viscosity: Number = (dilute + rest) * 1e-6
        return viscosity


_AIR = _Lemmon2004(
    28.9586,
    103.3,
    0.360,
    132.6312,
    10447.7,
    (
        (10.72, 0.2, 1, 0),
        (1.122, 0.05, 4, 0),
        (0.002019, 2.4, 9, 0),
        (-8.876, 0.6, 1, 1),
        (-0.02916, 3.6, 8, 1),
    ),
)
_NITROGEN = _Lemmon2004(
    28.01348,
    98.94,
    0.3656,
    126.192,
    11183.9,
    (
        (10.72, 0.1, 2, 0),
        (0.03989, 0.25, 10, 1),
        (0.001208, 3.2, 12, 1),
        (-7.402, 0.9, 2, 2),
        (4.620, 0.3, 1, 3),
    ),
)


def _by_lemmon(coefficients: _Lemmon2004) -> Callable[[GasState], Number]:
    return lambda state: coefficients.viscosity(state.t + 273.15, state.density / state.gas.molar_mass)


def _lee_gonzalez_eakin(state: GasState) -> Number:
    """Return the viscosity of natural gas (Lee, Gonzalez and Eakin 1966, in its units: °R, g/mol, g/cm³)."""
    rankine = 1.8 * (state.t + 273.15)
    mass = 1000.0 * state.gas.molar_mass
    k = (9.379 + 0.01607 * mass) * rankine**1.5 / (209.2 + 19.26 * mass + rankine)
    x = 3.448 + 986.4 / rankine + 0.01009 * mass
    y = 2.447 - 0.2224 * x
    viscosity: Number = 1e-7 * k * exp(x * (state.density / 1000.0) ** y)
    return viscosity


@dataclass(frozen=True, slots=True)
class ViscosityFormula:
    """A formula for the viscosity of a kind of gas."""

    viscosity: Callable[[GasState], Number]
    """Viscosity in Pa s of a gas in a state."""
    u: float
    """Relative standard uncertainty of the formula itself."""
    source: str
    """Where it is published."""


_LEMMON = "Lemmon and Jacobsen, Int. J. Thermophys. 25 (2004) 21"
NITROGEN_VISCOSITY = ViscosityFormula(_by_lemmon(_NITROGEN), 0.01, _LEMMON)
"""Half of the 2 % that are published."""
AIR_VISCOSITY = ViscosityFormula(_by_lemmon(_AIR), 0.025, _LEMMON)
"""Half of the 5 % that are published; in it is what up to 3 % of water vapour change (about 1 %)."""
NATURAL_GAS_VISCOSITY = ViscosityFormula(
    _lee_gonzalez_eakin, 0.05, "Lee, Gonzalez and Eakin, J. Pet. Technol. 18 (1966) 997"
)
"""The house's own figure: for methane from -13 °C to 76 °C it was compared with CoolProp, and differs by up
to 3.8 % to 1 MPa and 5.5 % to 10 MPa; other gases are predicted."""


def viscosity_formula(gas: Gas) -> ViscosityFormula:
    """Return the formula for a gas.

    Raises:
        ParameterError: there is none for it.
    """
    if gas.fraction("nitrogen") >= 0.99:
        return NITROGEN_VISCOSITY
    if gas.fraction(*CARRIERS) >= 0.95 and 0.75 <= gas.fraction("nitrogen") <= 0.80:
        return AIR_VISCOSITY
    if gas.fraction("methane") >= 0.70:
        return NATURAL_GAS_VISCOSITY
    raise ParameterError(
        f"there is no formula for the viscosity of {gas.name} here: it is neither nitrogen nor air, nor "
        "mostly methane; state the viscosity"
    )


def viscosity(state: GasState) -> Number:
    """Return the dynamic viscosity of a gas in a state, in Pa s, by the formula for its kind.

    Raises:
        ParameterError: there is no formula for the gas, or not there.
    """
    formula = viscosity_formula(state.gas)
    require("gas temperature", state.t, -50, 120, "°C", formula.source)
    return formula.viscosity(state)
