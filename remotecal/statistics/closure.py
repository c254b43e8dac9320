"""Closure of a transfer standard's journey: calibrated before, used far away, calibrated again.

Source: ISO 13528:2022, clause 9, for E_n; the uncertainty for the change during the journey is that of a
rectangular distribution over it, as comparisons of transfer standards for flow take it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from remotecal.errors import CertificateRefused, ParameterError
from remotecal.statistics.agreement import en_number


@dataclass(frozen=True, slots=True)
class Journey:
    """One point of a transfer standard, before and after."""

    point: str
    """Which point: "50 m3/h"."""
    before: float
    """Result of the calibration before."""
    before_expanded: float
    """Its expanded uncertainty, in the unit of the result."""
    after: float
    """Result of the calibration after."""
    after_expanded: float
    """Its expanded uncertainty."""
    common_expanded: float = 0.0
    """Part of both uncertainties that is the same before and after, such as that of the rig's own
    standards: it cancels in the difference."""


@dataclass(frozen=True, slots=True)
class Closure:
    """What a journey did to one point."""

    point: str
    """Which point."""
    drift: float
    """After less before, in the unit of the result."""
    en: float
    """E_n of the difference."""
    u: float
    """Standard uncertainty that the drift adds to what was measured on the way."""

    @property
    def closed(self) -> bool:
        """Whether the standard came back as it went: |E_n| is at most 1."""
        return abs(self.en) <= 1


def close_journey(journeys: Sequence[Journey]) -> tuple[Closure, ...]:
    """Return the closure of each point.

    Raises:
        CertificateRefused: a point did not close: what was measured on the way can't be certified.
        ParameterError: there is no point, or the common part is larger than the uncertainty it is
            part of.
    """
    if not journeys:
        raise ParameterError("a journey is closed at one point or more")
    closures = tuple(map(_close, journeys))
    faults = [closure for closure in closures if not closure.closed]
    if faults:
        said = "; ".join(f"{fault.point}: drift {fault.drift:+.3g}, E_n {fault.en:+.2f}" for fault in faults)
        raise CertificateRefused(f"the transfer standard did not come back as it went: {said}")
    return closures


def _close(journey: Journey) -> Closure:
    own = [_without(expanded, journey) for expanded in (journey.before_expanded, journey.after_expanded)]
    drift = journey.after - journey.before
    en = en_number(journey.after, own[1], journey.before, own[0])
    return Closure(journey.point, drift, en, abs(drift) / (2 * math.sqrt(3)))


def _without(expanded: float, journey: Journey) -> float:
    if not 0 <= journey.common_expanded <= expanded:
        raise ParameterError(
            f"{journey.point}: the common part {journey.common_expanded:g} must be from 0 to {expanded:g}"
        )
    return math.sqrt(expanded**2 - journey.common_expanded**2)
