"""Density of liquid water by IAPWS-95, the formulation for general and scientific use.

Source: IAPWS R6-95(2018). Only what density needs is here, for liquid water from 0 °C to 100 °C;
enthalpy, and hotter water, are in `heat_coefficient`.
The last five terms of the formulation act around the critical point alone; in this range they change
the density by less than 1e-12 of itself and are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from remotecal.errors import ParameterError
from remotecal.fluids.span import require
from remotecal.uncertainty.number import N, Number, estimate, exp, sqrt
from remotecal.uncertainty.points import Points

IAPWS_95_U = 15e-6
"""Relative standard uncertainty of the density, half of the 0.003 % R6-95 gives for the liquid (figure 1)."""

_T_CRITICAL = 647.096
_RHO_CRITICAL = 322.0
_R = 461.51805
"""Specific gas constant of water, J/(kg K) (R6-95, equation 3)."""

# Coefficients n, c, d, t of terms 1 to 51 (R6-95, table 2).
_TERMS = (
    (0.012533547935523, 0, 1, -0.5),
    (7.8957634722828, 0, 1, 0.875),
    (-8.7803203303561, 0, 1, 1),
    (0.31802509345418, 0, 2, 0.5),
    (-0.26145533859358, 0, 2, 0.75),
    (-0.0078199751687981, 0, 3, 0.375),
    (0.0088089493102134, 0, 4, 1),
    (-0.66856572307965, 1, 1, 4),
    (0.20433810950965, 1, 1, 6),
    (-6.6212605039687e-05, 1, 1, 12),
    (-0.19232721156002, 1, 2, 1),
    (-0.25709043003438, 1, 2, 5),
    (0.16074868486251, 1, 3, 4),
    (-0.040092828925807, 1, 4, 2),
    (3.9343422603254e-07, 1, 4, 13),
    (-7.5941377088144e-06, 1, 5, 9),
    (0.00056250979351888, 1, 7, 3),
    (-1.5608652257135e-05, 1, 9, 4),
    (1.1537996422951e-09, 1, 10, 11),
    (3.6582165144204e-07, 1, 11, 4),
    (-1.3251180074668e-12, 1, 13, 13),
    (-6.2639586912454e-10, 1, 15, 1),
    (-0.10793600908932, 2, 1, 7),
    (0.017611491008752, 2, 2, 1),
    (0.22132295167546, 2, 2, 9),
    (-0.40247669763528, 2, 2, 10),
    (0.58083399985759, 2, 3, 10),
    (0.0049969146990806, 2, 4, 3),
    (-0.031358700712549, 2, 4, 7),
    (-0.74315929710341, 2, 4, 10),
    (0.4780732991548, 2, 5, 10),
    (0.020527940895948, 2, 6, 6),
    (-0.13636435110343, 2, 6, 10),
    (0.014180634400617, 2, 7, 10),
    (0.0083326504880713, 2, 9, 1),
    (-0.029052336009585, 2, 9, 2),
    (0.038615085574206, 2, 9, 3),
    (-0.020393486513704, 2, 9, 4),
    (-0.0016554050063734, 2, 9, 8),
    (0.0019955571979541, 2, 10, 6),
    (0.00015870308324157, 2, 10, 9),
    (-1.638856834253e-05, 2, 12, 8),
    (0.043613615723811, 3, 3, 16),
    (0.034994005463765, 3, 4, 22),
    (-0.076788197844621, 3, 4, 23),
    (0.022446277332006, 3, 5, 23),
    (-6.2689710414685e-05, 4, 14, 10),
    (-5.5711118565645e-10, 6, 3, 50),
    (-0.19905718354408, 6, 6, 44),
    (0.31777497330738, 6, 6, 46),
    (-0.11841182425981, 6, 6, 50),
)


def water_density_iapws95(t: N, p: N | float = 101_325.0) -> N:
    """Return the density of liquid water by IAPWS-95, in kg/m³.

    The water is pure and free of air, of the isotopic composition of ocean water. The formula's own
    standard uncertainty is `IAPWS_95_U`, relative.

    Args:
        t: temperature in °C, 0 to 100.
        p: absolute pressure in Pa, 50 000 to 100e6, at which the water must be liquid.

    Raises:
        ParameterError: an input is outside the range.
    """
    require("water temperature", t, 0, 100, "°C", "IAPWS-95 here")
    require("water pressure", p, 50e3, 100e6, "Pa", "IAPWS-95 here")
    start = solve(1000.0, estimate(t) + 273.15, estimate(p))
    # From the solution for the estimates one Newton step gives an uncertain number its value and
    # its exact derivatives (implicit function theorem); an array of draws takes two or three.
    kelvin: N = t + 273.15
    return solve(start, kelvin, p)


_SERIES: dict[int, dict[int, list[tuple[float, float]]]] = {}
"""c → d → n and t of each term: series of powers of τ, within series of powers of δ."""
for _n, _c, _d, _t in _TERMS:
    _SERIES.setdefault(_c, {}).setdefault(_d, []).append((_n, _t))


def solve(density: Number, kelvin: N, p: Number | float) -> N:
    """Return the density in kg/m³ of a liquid, from one near it (ParameterError if there is none)."""
    middle = _middle(kelvin)
    at_tau, taus = _at_tau(_of_tau(_T_CRITICAL / kelvin)), _of_tau(_T_CRITICAL / middle)
    for _ in range(20):
        step = (_pressure_by(density, kelvin, at_tau) - p) / _slope(_middle(density), middle, taus)
        solution: N = density - step
        if estimate(abs(step)) < 1e-9:
            return solution
        density = solution
    raise ParameterError(f"IAPWS-95 finds no liquid at {estimate(kelvin):g} K and {estimate(p):g} Pa")


def _middle(x: Number) -> Number:
    """Return the estimate of what scatters little, and many points as they are.

    At the estimate's slope draws find their solution as well, and an uncertain number its derivatives.
    """
    return x if isinstance(x, Points) else estimate(x)


def term_derivatives(delta: Number, tau: Number) -> tuple[Number, Number]:
    """Return what R6-95 calls δ·φʳ_δ and φʳ_τ, the derivatives of the residual part (table 4)."""
    deltas, taus = _of_delta(delta), _of_tau(tau)
    by_tau: Number = 0.0
    for c, series in _SERIES.items():
        part: Number = 0.0
        for d, terms in series.items():
            part = part + deltas[d] * _sum([(n * t, t) for n, t in terms], taus)
        by_tau = by_tau + (part * exp(-deltas[c]) if c else part)
    return _by_delta(deltas, _at_tau(taus)), by_tau / tau


def second_derivatives(delta: Number, tau: Number) -> tuple[Number, Number]:
    """Return δ·τ·φʳ_δτ and τ²·φʳ_ττ of the residual part (R6-95, table 4)."""
    deltas, taus = _of_delta(delta), _of_tau(tau)
    mixed: Number = 0.0
    by_tau: Number = 0.0
    for n, c, d, t in _TERMS:
        term = t * n * deltas[d] * taus[t] * (exp(-deltas[c]) if c else 1.0)
        mixed = mixed + term * (d - c * deltas[c] if c else d)
        by_tau = by_tau + term * (t - 1)
    return mixed, by_tau


def _at_tau(taus: Mapping[float, Number]) -> dict[int, dict[int, Number]]:
    """Return the sums of `_SERIES` by c and d, which hold for all densities of a temperature."""
    return {c: {d: _sum(terms, taus) for d, terms in series.items()} for c, series in _SERIES.items()}


def _by_delta(deltas: Sequence[Number], at_tau: Mapping[int, Mapping[int, Number]]) -> Number:
    """Return δ·φʳ_δ, from the powers of δ and `_at_tau`."""
    total: Number = 0.0
    for c, series in at_tau.items():
        part: Number = 0.0
        for d, known in series.items():
            part = part + (d - c * deltas[c] if c else d) * deltas[d] * known
        total = total + (part * exp(-deltas[c]) if c else part)
    return total


def _sum(terms: Sequence[tuple[float, float]], powers: Mapping[float, Number]) -> Number:
    """Return Σ n·τᵗ."""
    total: Number = 0.0
    for n, t in terms:
        total = total + n * powers[t]
    return total


def _of_delta(delta: Number) -> list[Number]:
    """Return δ⁰ to δ¹⁵. To multiply takes a tenth of raising many draws to a power."""
    powers: list[Number] = [1.0, delta]
    for _ in range(14):
        powers.append(powers[-1] * delta)
    return powers


def _of_tau(tau: Number) -> dict[float, Number]:
    """Return τᵗ by t, for all that occur."""
    half = sqrt(tau)
    quarter = sqrt(half)
    powers: dict[float, Number] = {
        -0.5: 1.0 / half,
        0.375: quarter * sqrt(quarter),
        0.5: half,
        0.75: half * quarter,
        0.875: half * quarter * sqrt(quarter),
        1: tau,
    }
    for t in range(2, 14):
        powers[t] = powers[t - 1] * tau
    for t, other in ((16, 8), (22, 11), (23, 22), (44, 22), (46, 44), (50, 46)):
        powers[t] = powers[other] * powers[t - other]
    return powers


def _pressure(density: Number, kelvin: Number) -> Number:
    """Return the pressure in Pa (R6-95, table 3)."""
    return _pressure_by(density, kelvin, _at_tau(_of_tau(_T_CRITICAL / kelvin)))


def _pressure_by(density: Number, kelvin: Number, at_tau: Mapping[int, Mapping[int, Number]]) -> Number:
    by_delta = _by_delta(_of_delta(density / _RHO_CRITICAL), at_tau)
    pressure: Number = density * (_R * kelvin) * (by_delta + 1.0)
    return pressure


def slope(density: Number, kelvin: Number) -> Number:
    """Return the derivative of the pressure by density, in Pa m³/kg (R6-95, table 3)."""
    return _slope(density, kelvin, _of_tau(_T_CRITICAL / kelvin))


def _slope(density: Number, kelvin: Number, taus: Mapping[float, Number]) -> Number:
    deltas = _of_delta(density / _RHO_CRITICAL)
    damping = {c: exp(-deltas[c]) if c else 1.0 for c in _SERIES}
    total: Number = 1.0
    for n, c, d, t in _TERMS:
        order = d - c * deltas[c]
        term = n * taus[t] * deltas[d] * damping[c]
        total = total + term * (order * (order + 1.0) - c * c * deltas[c])
    by_density: Number = _R * kelvin * total
    return by_density
