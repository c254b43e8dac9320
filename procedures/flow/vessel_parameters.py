"""What the calibration of a volumetric vessel is told."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import model_validator

from remotecal.procedures import In, Parameters


class VesselParameters(Parameters):
    """What the calibration of a volumetric vessel is told."""

    levels: Annotated[tuple[float, ...], In("mm", above=0)]
    """Places of its scale to fill it to, in the order to measure; its cross section changes nowhere within
    `near` of the lowest and of the highest."""
    areas: Annotated[tuple[float, ...], In("m2", above=0)] = ()
    """Cross section at each of these places, in their order; where none are given, what it took up to the
    places tells them, which takes two places, better three."""
    repeats: Annotated[int, In("1", at_least=2, at_most=30)] = 3
    """Fillings to each place (unverified)."""
    expansion: Annotated[float, In("1/K", at_least=0, at_most=3e-4)]
    """Cubic thermal expansion of the vessel."""
    expansion_expanded: Annotated[float, In("1/K", above=0, at_most=1e-4)]
    """Expanded uncertainty (k = 2) of its expansion."""
    dripping: Annotated[float, In("s", at_least=1, at_most=3600)] = 30.0
    """How long it drips after it was drained; who uses it lets it drip as long (unverified)."""
    settling: Annotated[float, In("s", at_least=1, at_most=3600)] = 30.0
    """Time for the water to come to rest before the scale is read."""
    empty: Annotated[float, In("mm", above=0, at_most=20)] = 2.0
    """How far from 0 the scale of the drained vessel may stand."""
    near: Annotated[float, In("mm", above=0, at_most=50)] = 5.0
    """How far from the place asked for it may be filled."""
    scale_resolution: Annotated[float, In("mm", above=0, at_most=10)] = 0.1
    """Smallest step of its scale."""
    section: Annotated[float, In("1", above=0, at_most=1)] = 0.05
    """How far its cross section may be from what the places next to it tell, ±, relative (unverified)."""
    residue: Annotated[float, In("m3", at_least=0, at_most=1)] = 1e-5
    """What may stay in it as air, or spill, ± (unverified)."""
    water: Literal["Tanaka", "IAPWS-95"] = "Tanaka"
    """Formula of the water's density."""
    coverage: Annotated[float, In("1", at_least=0.9, at_most=0.999)] = 0.95
    """Coverage probability of the expanded uncertainty."""
    coverage_factor: Annotated[float | None, In("1", at_least=1, at_most=5)] = None
    """Coverage factor, where it shall be exactly this; the coverage probability follows from it."""

    @model_validator(mode="after")
    def _fills_to_places(self) -> Self:
        if not self.levels or len(set(self.levels)) < len(self.levels):
            raise ValueError(
                "levels names each place of the scale once; repeats says how often it is filled to"
            )
        if self.areas and len(self.areas) != len(self.levels):
            raise ValueError("areas gives the cross section at each of the levels, in their order, or none")
        if not self.areas and len(self.levels) < 2:
            raise ValueError(
                "one level does not tell the cross section there: give it in areas (m2), or add levels next "
                "to it, where its cross section is the same"
            )
        if not self.areas and min(b - a for a, b in pairwise(sorted(self.levels))) <= 2 * self.near:
            raise ValueError(
                f"levels that may be filled {self.near:g} mm too far or not far enough (near) tell the cross "
                "section between them only where they lie more than twice that apart: name fewer, fill "
                "nearer, or give it in areas (m2)"
            )
        return self
