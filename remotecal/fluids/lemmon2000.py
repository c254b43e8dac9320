"""Dry air as one fluid, by Lemmon, Jacobsen, Penoncello and Friend, J. Phys. Chem. Ref. Data 29 (2000) 331.

Established for 60 K to 2000 K; the residual terms are the standard equation's, the coefficients of the ideal
gas as well.
"""

from __future__ import annotations

from remotecal.fluids.helmholtz import Helmholtz

_FAST = 87.31279
"""θ of the vibration that the equation writes with a growing exponential: n ln(2/3 + exp(θ τ))."""
_SHARE = -0.197938904
"""Its n."""

AIR = Helmholtz(
    name="the equation of Lemmon 2000 for air",
    gas_constant=8.314510,
    temperature=132.6312,
    density=10447.7,
    residual=(
        (0.118160747229, 0, 1, 0),
        (0.713116392079, 0.33, 1, 0),
        (-1.61824192067, 1.01, 1, 0),
        (0.0714140178971, 0, 2, 0),
        (-0.0865421396646, 0, 3, 0),
        (0.134211176704, 0.15, 3, 0),
        (0.0112626704218, 0, 4, 0),
        (-0.0420533228842, 0.2, 4, 0),
        (0.0349008431982, 0.35, 4, 0),
        (0.000164957183186, 1.35, 6, 0),
        (-0.101365037912, 1.6, 1, 1),
        (-0.17381369097, 0.8, 3, 1),
        (-0.0472103183731, 0.95, 5, 1),
        (-0.0122523554253, 1.25, 6, 1),
        (-0.146629609713, 3.6, 1, 2),
        (-0.0316055879821, 6, 3, 2),
        (0.000233594806142, 3.25, 11, 2),
        (0.0148287891978, 3.5, 1, 3),
        (-0.00938782884667, 15, 3, 3),
    ),
    logarithm=2.490888032,
    powers=(
        (6.057194e-08, -3),
        (-2.10274769e-05, -2),
        (-0.000158860716, -1),
        (-13.841928076, 0),
        (17.275266575 + _SHARE * _FAST, 1),
        (-0.00019536342, 1.5),
    ),
    vibrations=((0.791309509, 25.36365, -1.0), (0.212236768, 16.90741, -1.0), (_SHARE, _FAST, 2 / 3)),
)
