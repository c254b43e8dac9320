"""What a flow meter indicates, volume or mass, and what an order calls that which it is set to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from remotecal.bench_file import Characteristic
    from remotecal.procedures import Parameters


@dataclass(frozen=True, slots=True)
class Measurand:
    """A quantity that a meter indicates."""

    unit: str
    total: str
    """What a meter's driver calls its total."""
    pulses: str
    """Parameter for the K factor set in a meter that gives pulses, in `per`."""
    full_scale: str
    """Parameter for the flow at 20 mA of a meter read by its current, in `flow`."""
    resolution: str
    """Parameter for the smallest step of a total."""
    rounding: str
    """Symbol of what rounding the total does."""

    @property
    def flow(self) -> str:
        """Unit of the flow."""
        return f"{self.unit}/h"

    @property
    def per(self) -> str:
        """Unit of the K factor."""
        return f"1/{self.unit}"

    @property
    def set(self) -> Mapping[str, str]:
        """What is set in a meter, by its name in orders and bench files: name → unit."""
        return {self.pulses: self.per, self.full_scale: self.flow}


VOLUME: Final = Measurand("m3", "volume", "pulses_per_volume", "full_scale", "total_resolution", "V_res")
MASS: Final = Measurand("kg", "total_mass", "pulses_per_mass", "mass_full_scale", "mass_resolution", "M_res")

SET: Final[Mapping[str, str]] = {**VOLUME.set, **MASS.set}
"""All that may be set in a meter: name → unit."""


def set_otherwise(told: Parameters, facts: Mapping[str, Characteristic]) -> str:
    """Return how an order contradicts what the bench states that the meter is set to; "" if it does not.

    Pulses per kilogram taken for pulses per volume are wrong by the density, and look like an error of the
    meter: so both state K with its unit.
    """
    for name, unit in SET.items():
        if name not in facts:
            continue
        ordered, stated = getattr(told, name), facts[name].size(unit)
        if ordered is None or not math.isclose(ordered, stated, rel_tol=1e-9):
            says = "does not give it" if ordered is None else f"says {ordered:g} {unit}"
            return (
                f"the bench file states that the meter is set to {name} = {stated:g} {unit}, and the order "
                f"{says}: see what it is set to, volume or mass, and mend either"
            )
    return ""
