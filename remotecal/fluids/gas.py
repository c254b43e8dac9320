"""What a gas consists of: mole fractions of its components, and how well these are known.

The components are the 21 of GERG-2008 (ISO 20765-2).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from remotecal.errors import ParameterError
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate, extent

MOLAR_MASSES: Mapping[str, float] = MappingProxyType(
    {
        "methane": 16.04246e-3,
        "nitrogen": 28.0134e-3,
        "carbon_dioxide": 44.0095e-3,
        "ethane": 30.06904e-3,
        "propane": 44.09562e-3,
        "isobutane": 58.1222e-3,
        "n_butane": 58.1222e-3,
        "isopentane": 72.14878e-3,
        "n_pentane": 72.14878e-3,
        "hexane": 86.17536e-3,
        "heptane": 100.20194e-3,
        "octane": 114.22852e-3,
        "nonane": 128.2551e-3,
        "decane": 142.28168e-3,
        "hydrogen": 2.01588e-3,
        "oxygen": 31.9988e-3,
        "carbon_monoxide": 28.0101e-3,
        "water": 18.01528e-3,
        "hydrogen_sulfide": 34.08088e-3,
        "helium": 4.002602e-3,
        "argon": 39.948e-3,
    }
)
"""Molar masses of the components that are known, kg/mol (GERG-2008)."""

CRITICAL: Mapping[str, float] = MappingProxyType(
    {
        "methane": 190.564,
        "nitrogen": 126.192,
        "carbon_dioxide": 304.1282,
        "ethane": 305.322,
        "propane": 369.825,
        "isobutane": 407.817,
        "n_butane": 425.125,
        "isopentane": 460.35,
        "n_pentane": 469.7,
        "hexane": 507.82,
        "heptane": 540.13,
        "octane": 569.32,
        "nonane": 594.55,
        "decane": 617.7,
        "hydrogen": 33.19,
        "oxygen": 154.595,
        "carbon_monoxide": 132.86,
        "water": 647.096,
        "hydrogen_sulfide": 373.1,
        "helium": 5.1953,
        "argon": 150.687,
    }
)
"""Their critical temperatures, K (GERG-2008)."""

SUM_WITHIN = 1e-3
"""How far the fractions of an analysis may sum up beside 1 before they are scaled to it: the house's own
limit, for what is rounded. An analysis that is off by more has missed something or is no mole fractions."""

_EXACT = 1e-9
"""What the sum of the fractions may be off by through computing alone."""


@dataclass(frozen=True, slots=True)
class Gas:
    """A gas of a known composition; `Gas.analysed` makes one of an analysis.

    Raises:
        ParameterError: a component is unknown, a fraction or an uncertainty impossible, or their sum not 1.
    """

    name: str
    """What a certificate calls it."""
    fractions: Mapping[str, Number]
    """Mole fraction of each component; together 1."""
    u: Mapping[str, float] = field(default_factory=dict)
    """Standard uncertainty of each as the analysis states it; 0 where it is silent."""

    def __post_init__(self) -> None:
        for component in (*self.fractions, *self.u):
            if component not in MOLAR_MASSES:
                raise ParameterError(
                    f"{self.name}: {component!r} is no component that is known; these are: "
                    + ", ".join(MOLAR_MASSES)
                )
        for component, fraction in self.fractions.items():
            least, greatest = extent(fraction)
            if not (least >= 0 and greatest <= 1 + _EXACT):
                raise ParameterError(
                    f"{self.name}: a mole fraction of {component} is between 0 and 1, not {least:g}"
                )
        for component, u in self.u.items():
            if not (math.isfinite(u) and u >= 0 and component in self.fractions):
                raise ParameterError(
                    f"{self.name}: {component} can't have the uncertainty {u!r}: it needs a fraction, and an "
                    "uncertainty of at least 0"
                )
        total = sum(estimate(each) for each in self.fractions.values())
        if not abs(total - 1) <= _EXACT:
            raise ParameterError(
                f"{self.name}: mole fractions sum up to 1, not {total:.6g}; `Gas.analysed` scales what is "
                "rounded, and percent are to be divided by 100"
            )
        object.__setattr__(self, "fractions", MappingProxyType(dict(self.fractions)))
        object.__setattr__(self, "u", MappingProxyType(dict(self.u)))

    @classmethod
    def analysed(
        cls,
        name: str,
        fractions: Mapping[str, float],
        u: Mapping[str, float] | None = None,
        *,
        sum_within: float = SUM_WITHIN,
    ) -> Gas:
        """Return the gas of an analysis, its fractions scaled to a sum of 1.

        Args:
            name: what a certificate calls it.
            fractions: mole fraction of each component.
            u: standard uncertainty of each.
            sum_within: how far the sum may be from 1.

        Raises:
            ParameterError: as for a gas, or the sum is farther from 1.
        """
        total = sum(fractions.values())
        if not abs(total - 1) <= sum_within + _EXACT:
            raise ParameterError(
                f"{name}: the mole fractions sum up to {total:.6g}, which is not within {sum_within:g} of 1: "
                "a component is missing, or these are no mole fractions"
            )
        return cls(name, {component: each / total for component, each in fractions.items()}, u or {})

    @property
    def molar_mass(self) -> Number:
        """Molar mass, kg/mol."""
        mass: Number = sum(MOLAR_MASSES[each] * fraction for each, fraction in self.fractions.items())
        return mass

    @property
    def pseudocritical(self) -> float:
        """Mean of the components' critical temperatures, K: well above it there is no liquid (Kay 1936)."""
        return sum(CRITICAL[each] * estimate(fraction) for each, fraction in self.fractions.items())

    def fraction(self, *components: str) -> float:
        """Return the estimate of the mole fraction that some components have together."""
        return sum(estimate(self.fractions.get(each, 0.0)) for each in components)

    def inputs(self) -> list[Input]:
        """Return the fractions that are uncertain as inputs of a model: `x_methane` and so on."""
        return [
            Input.normal(f"x_{component}", estimate(self.fractions[component]), "1", u, source=self.name)
            for component, u in self.u.items()
            if u > 0
        ]

    def given(self, x: Numbers) -> Gas:
        """Return the gas with its uncertain fractions from a model's inputs, scaled to a sum of 1.

        So whatever one fraction turns out to be more, the others share as less.
        """
        taken = {each: x.get(f"x_{each}", fraction) for each, fraction in self.fractions.items()}
        total: Number = sum(taken.values())
        return replace(self, fractions={each: fraction / total for each, fraction in taken.items()})

    def moist(self, water: Number) -> Gas:
        """Return the gas with a mole fraction of water, whatever it had; the rest keeps its proportions.

        Raises:
            ParameterError: the fraction is not between 0 and 1.
        """
        least, greatest = extent(water)
        if not (least >= 0 and greatest < 1):
            raise ParameterError(f"{self.name}: a mole fraction of water is between 0 and 1, not {least:g}")
        if self.fraction("water") >= 1:
            raise ParameterError(f"{self.name} is nothing but water: it can't be made moist")
        dry = {each: fraction for each, fraction in self.fractions.items() if each != "water"}
        share = (1.0 - water) / (1.0 - self.fractions.get("water", 0.0))
        fractions: dict[str, Number] = {each: fraction * share for each, fraction in dry.items()}
        known = {each: u for each, u in self.u.items() if each != "water"}
        return replace(self, fractions={**fractions, "water": water}, u=known)


AIR = Gas.analysed(
    "air",
    {
        "nitrogen": 0.780848,
        "oxygen": 0.209390,
        "argon": 0.009332,
        "carbon_dioxide": 0.000400,
        "helium": 5.2e-6,
        "methane": 1.5e-6,
        "hydrogen": 0.5e-6,
        "carbon_monoxide": 0.2e-6,
    },
)
"""Dry air as CIPM-2007 has it (Picard 2008, table 1), without neon, krypton, xenon and nitrous oxide, which
are 20e-6 together; its molar mass is theirs within 5e-6."""

NITROGEN = Gas("nitrogen", {"nitrogen": 1.0})
"""Pure nitrogen."""
METHANE = Gas("methane", {"methane": 1.0})
"""Pure methane."""
