"""For which compositions an equation of state holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from remotecal.errors import ParameterError
from remotecal.fluids.gas import MOLAR_MASSES, Gas


@dataclass(frozen=True, slots=True)
class FractionLimit:
    """What a component, or several together, may be of a gas."""

    components: tuple[str, ...]
    low: float
    """Least mole fraction."""
    high: float
    """Greatest mole fraction."""


def _others(limits: Sequence[FractionLimit], high: float) -> FractionLimit:
    """Return the limit of all components together that are not named."""
    named = {each for limit in limits for each in limit.components}
    return FractionLimit(tuple(each for each in MOLAR_MASSES if each not in named), 0.0, high)


PIPELINE_QUALITY = (
    FractionLimit(("methane",), 0.70, 1.0),
    FractionLimit(("nitrogen",), 0.0, 0.20),
    FractionLimit(("carbon_dioxide",), 0.0, 0.20),
    FractionLimit(("ethane",), 0.0, 0.10),
    FractionLimit(("propane",), 0.0, 0.035),
    FractionLimit(("isobutane", "n_butane"), 0.0, 0.015),
    FractionLimit(("isopentane", "n_pentane"), 0.0, 0.005),
    FractionLimit(("hexane",), 0.0, 0.001),
    FractionLimit(("heptane",), 0.0, 0.0005),
    FractionLimit(("octane", "nonane", "decane"), 0.0, 0.0005),
    FractionLimit(("hydrogen",), 0.0, 0.10),
    FractionLimit(("carbon_monoxide",), 0.0, 0.03),
    FractionLimit(("helium",), 0.0, 0.005),
    FractionLimit(("water",), 0.0, 0.00015),
    FractionLimit(("oxygen", "argon", "hydrogen_sulfide"), 0.0, 0.0005),
)
"""Natural gas of pipeline quality (ISO 12213-2, 4.4.1); the figures are unverified, the last line's sum is
the house's own."""

_AIR = (
    FractionLimit(("water",), 0.0, 0.0002),
    FractionLimit(("nitrogen",), 0.779, 0.783),
    FractionLimit(("oxygen",), 0.2075, 0.2115),
    FractionLimit(("argon",), 0.0085, 0.0100),
)
AIR_ALONE = (*_AIR, _others(_AIR, 0.002))
"""Air as it is, dry: 200e-6 of water change its compression factor by less than 1e-6 at 0.1 MPa. Its molar
mass is taken from its composition."""

NITROGEN_ALONE = (FractionLimit(("nitrogen",), 0.999, 1.0),)
"""Nitrogen of 99.9 % or purer; its molar mass is taken from its composition."""


def require_composition(gas: Gas, limits: Sequence[FractionLimit], equation: str) -> None:
    """Refuse a gas that an equation does not hold for.

    Raises:
        ParameterError: it does not.
    """
    for limit in limits:
        found = gas.fraction(*limit.components)
        if not limit.low - 1e-9 <= found <= limit.high + 1e-9:
            raise ParameterError(
                f"{gas.name} has {found:.6g} mol/mol of {', '.join(limit.components)}, and {equation} is "
                f"valid for {limit.low:g} to {limit.high:g}: check the composition, or use another equation"
            )
