"""What gas meters are held against: permissible errors by class, test flows, the weighted mean error.

The figures are those of OIML R 137 as they are commonly cited; the document itself has not been seen here,
nor EN 12261, so all of it is unverified, and each may be given otherwise by a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

NORM: Final = "OIML R 137-1&2:2012"
"""The document the classes are of (unverified)."""

ClassName: TypeAlias = Literal["0.5", "1", "1.5"]


@dataclass(frozen=True, slots=True)
class MeterClass:
    """Permissible errors of an accuracy class, ±, in % (unverified)."""

    above: float
    """From the transitional flow Q_t on."""
    below: float
    """Below it."""
    weighted: float
    """Of the weighted mean error."""


CLASSES: Final[Mapping[ClassName, MeterClass]] = {
    "0.5": MeterClass(0.5, 1.0, 0.2),
    "1": MeterClass(1.0, 2.0, 0.4),
    "1.5": MeterClass(1.5, 3.0, 0.6),
}
"""By name."""

TRANSITION: Final = 0.2
"""Q_t as a share of Q_max, where it is not given (unverified)."""

SHARES: Final = (1.0, 0.7, 0.4, 0.25, 0.1, 0.05)
"""Test flows between Q_min and Q_max, as shares of Q_max (EN 12261, OIML R 137; unverified)."""

KNEE: Final = 0.7
"""Share of Q_max from which on a flow counts less again."""


def test_flows(lowest: float, highest: float) -> tuple[float, ...]:
    """Return the flows to test at, from Q_max down to Q_min: so the meter warms the gas less and less."""
    between = [share * highest for share in SHARES if share * highest > lowest * (1 + 1e-9)]
    return (*between, lowest)


def weighted_mean_error(flows: Sequence[float], errors: Sequence[float], highest: float) -> float:
    """Return the weighted mean error WME = Σ k·E/Σ k, in the errors' unit (OIML R 137).

    k is Q/Q_max up to 0.7 Q_max, and 1.4 - Q/Q_max beyond.
    """
    shares = [flow / highest for flow in flows]
    weights = [share if share <= KNEE * (1 + 1e-9) else 2 * KNEE - share for share in shares]
    return sum(k * error for k, error in zip(weights, errors, strict=True)) / sum(weights)
