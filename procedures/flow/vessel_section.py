"""The cross section of a vessel at places of its scale, from what it took up to each of them.

Between two places it is what the vessel took more for what its scale rose. Nothing tells where between them
it changes, as from a body to its neck; so a place has the mean of the slopes on both its sides, and their
difference is charged. The highest and the lowest place have one slope, which is held against the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from remotecal.errors import EvidenceError


@dataclass(frozen=True, slots=True)
class Filling:
    """A filling to a place of the scale."""

    before: float
    """What the scale showed of the vessel drained, in mm."""
    after: float
    """What it showed filled, in mm."""
    took: float
    """What went in between, in m³."""


@dataclass(frozen=True, slots=True)
class CrossSection:
    """What a vessel holds for a mm of its scale, in m³."""

    area: float
    within: float
    """How far off it may be, ±, relative."""


@dataclass(frozen=True, slots=True)
class VesselShape:
    """The cross sections of a vessel, by its fillings to each place."""

    places: Mapping[float, CrossSection]
    """By the place in mm."""
    bottom: CrossSection
    """Below the lowest place: what it holds up to there for a mm, as who uses the vessel takes off what is
    left in it (`volumetric.VolumetricTank.took`)."""

    @classmethod
    def of(
        cls, fillings: Mapping[float, Sequence[Filling]], areas: Mapping[float, float], section: float
    ) -> VesselShape:
        """Return the cross sections of a vessel that was filled to places of its scale.

        Args:
            fillings: by the place in mm; one place only where its area is stated.
            areas: stated cross sections in m², by the place; none where the fillings are to tell them.
            section: how far each may be off besides, ±, relative.

        Raises:
            EvidenceError: it took no more up to a place than up to the one below.
        """
        levels = sorted(fillings)
        shown = [_mean(fillings[level]) for level in levels]
        lowest = shown[0]
        bottom = lowest.took / (lowest.after - lowest.before) if lowest.after > lowest.before else 0.0
        held = [(one.after, one.took + bottom * one.before) for one in shown]
        between = () if areas else pairwise(held)
        slopes = [(more - less) / (high - low) for (low, less), (high, more) in between]
        if min([bottom, *slopes]) <= 0.0:
            raise EvidenceError(
                "the vessel took no more up to a place of its scale than up to the one below: see the "
                "readings of the balance and of the scale, and measure again"
            )
        places = {level: CrossSection(area / 1000.0, section) for level, area in areas.items()}
        known = slopes if len(slopes) > 1 else [bottom, *slopes]
        for at, level in enumerate(levels if slopes else ()):
            area = fmean(slopes[max(at - 1, 0) : at + 1])
            first = min(max(at - 1, 0), len(known) - 2)
            compared = known[first : first + 2]
            places[level] = CrossSection(area, section + (max(compared) - min(compared)) / area)
        off = abs(bottom - places[levels[0]].area) / bottom
        return cls(places, CrossSection(bottom, section + off))


def _mean(fillings: Sequence[Filling]) -> Filling:
    """Return the mean filling to a place."""
    return Filling(
        fmean(one.before for one in fillings),
        fmean(one.after for one in fillings),
        fmean(one.took for one in fillings),
    )
