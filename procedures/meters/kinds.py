"""What the regulations ask of each kind of flow meter, as an order chooses it by the meter's kind.

The figures are those of the documents named as they are commonly cited; the documents themselves have not
been seen here, so all of it is unverified, and each may be given otherwise by a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

KindName: TypeAlias = Literal["turbine", "electromagnetic", "vortex", "ultrasonic", "Coriolis", "float"]


@dataclass(frozen=True, slots=True)
class MeterKind:
    """What is asked of a kind of meter (unverified)."""

    norm: str
    """The document."""
    share: float = 1 / 3
    """Repeatability allowed, as a share of the maximum permissible error."""
    fiducial: bool = False
    """Whether its errors may be stated as shares of the upper limit of its range."""
    zero_first: bool = False
    """Whether its zero is read before anything else."""


KINDS: Final[Mapping[KindName, MeterKind]] = {
    "turbine": MeterKind("JJG 1037-2008"),
    "electromagnetic": MeterKind("JJG 1033-2007", fiducial=True),
    "vortex": MeterKind("JJG 1029-2007"),
    "ultrasonic": MeterKind("JJG 1030-2007", share=1 / 5),
    "Coriolis": MeterKind("JJG 1038-2008", share=1 / 2, zero_first=True),
    "float": MeterKind("JJG 257-2007", fiducial=True),
}
"""By name."""
