"""What a calibration of a large balance by substitution loads is told."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator

from remotecal.procedures import In, Parameters


class SubstitutionParameters(Parameters):
    """What a calibration by substitution is told."""

    nominal: Annotated[float, In("kg", above=0)]
    """Nominal mass of all weights together."""
    capacity: Annotated[float, In("kg", above=0)]
    """Highest load of the balance."""
    steps: Annotated[int, In("1", at_least=2, at_most=20)]
    """How many times the weights to go up to."""
    scale_interval: Annotated[float, In("kg", above=0)]
    """Scale interval of the balance."""
    placings: Annotated[int, In("1", at_least=5, at_most=20)] = 5
    """How often the weights are put on for the repeatability (cg-18: five and more)."""
    smallest_share: Annotated[float, In("1", at_least=0.01, at_most=1)] = 0.2
    """Least share of the capacity that the weights must be (unverified: 20 to 50 %)."""
    largest_difference: Annotated[float, In("1", above=0, at_most=0.1)] = 0.005
    """How far a substitution load may be from the weights, as a share of them."""
    eccentric_load: Annotated[float, In("kg", above=0)]
    """Load at which the balance was tried off its centre."""
    eccentric_difference: Annotated[float, In("kg", at_least=0)]
    """The largest difference from the centre that was found."""
    weight_density: Annotated[float, In("kg/m3", at_least=2000, at_most=22000)] = 7950.0
    """Density of the weights (unverified)."""
    weight_density_expanded: Annotated[float, In("kg/m3", above=0)] = 140.0
    """Its expanded uncertainty (unverified)."""
    weight_drift: Annotated[float, In("1", at_least=0, at_most=5)] = 1.0
    """Drift of the weights since their calibration, ±, as a multiple of their expanded uncertainty
    (unverified)."""
    load_density: Annotated[float, In("kg/m3", at_least=500, at_most=22000)] = 7850.0
    """Density of the substitution loads, whose buoyancy changes with the air."""
    load_volume: Annotated[float, In("1", at_least=0, at_most=1)] = 0.2
    """How far their volume may be from what that makes of it, ±, relative (unverified)."""
    zero_change: Annotated[float, In("kg", above=0)]
    """Most that the zero may move while it lasts."""
    coverage: Annotated[float, In("1", at_least=0.9, at_most=0.999)] = 0.95
    """Coverage probability of the expanded uncertainties."""
    coverage_factor: Annotated[float | None, In("1", at_least=1, at_most=4)] = None
    """Coverage factor of the expanded uncertainties, where it shall be exactly this."""

    @model_validator(mode="after")
    def _goes_up_to_capacity(self) -> Self:
        if self.steps * self.nominal > self.capacity * (1 + 1e-9):
            raise ValueError(
                f"{self.steps} times {self.nominal:g} kg are more than the balance's {self.capacity:g} kg: "
                "take fewer steps"
            )
        if self.nominal < self.smallest_share * self.capacity * (1 - 1e-9):
            raise ValueError(
                f"weights of {self.nominal:g} kg are less than {100 * self.smallest_share:g} % of "
                f"{self.capacity:g} kg: errors of so many exchanges add up; take more weights"
            )
        return self
