"""What standards that work together have in common: what their laboratory is off, they are off together.

A certificate may state that part of its uncertainty beside its values (`COMMON`); the rest is the standard's
own. Where it does not, all of it counts as common: a sum of standards is then less sure than if each erred by
itself. In a model the common part is one input for each laboratory, the own parts are one for each standard.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remotecal.errors import CertificateRefused
from remotecal.model import Text
from remotecal.procedures.library.evaluation.sources import NO_COMMON_PART
from remotecal.uncertainty.inputs import Input
from remotecal.units import convert

if TYPE_CHECKING:
    from remotecal.model import Certificate

COMMON: Final = "remotecal_commonDeviation"
"""refType of what the standards of a laboratory deviate together by: 0, with U relative to the value."""


def laboratory_of(certificate: Certificate) -> str:
    """Return who issued a certificate."""
    return certificate.record.laboratory.contact.name.get("en")


@dataclass(frozen=True, slots=True)
class Parts:
    """The relative standard uncertainty of a value in use, in two parts."""

    common: float
    """What it shares with others of its laboratory."""
    own: float
    dof: float
    """Degrees of freedom of the whole."""
    told: bool
    """Whether the certificate says what is common."""

    @classmethod
    def of(cls, certificate: Certificate, whole: float, dof: float) -> Parts:
        """Return the parts of a value whose relative standard uncertainty is `whole`.

        Raises:
            CertificateRefused: what is stated as common is more than the whole, or is no 0.
        """
        if not certificate.states(COMMON):
            return cls(whole, 0.0, dof, told=False)
        stated = certificate.single(COMMON, "1")
        (point,) = stated.points
        if point.value:
            raise CertificateRefused(
                f"certificate {certificate.number} states a common deviation of {point.value:g} beside its "
                "values: have it brought into these, and stated as 0 with its uncertainty"
            )
        common = convert(point.expanded / point.k, stated.unit, "1")
        if common > whole * (1 + 1e-9):
            raise CertificateRefused(
                f"certificate {certificate.number} states {common:.3g} as the part it has in common with "
                f"others, and {whole:.3g} for the whole: have it corrected"
            )
        return cls(common, math.sqrt(max(whole**2 - common**2, 0.0)), dof, told=True)

    def weight(self, shared: Input) -> float:
        """Return how much of what a laboratory's standards share (`in_common`) this one has."""
        return self.common / shared.u if shared.u else 0.0


def in_common(symbol: str, laboratory: str, parts: Sequence[Parts]) -> Input:
    """Return what standards of one laboratory deviate together by, relative to their values, as an input."""
    told = all(each.told for each in parts)
    return Input.normal(
        symbol,
        0.0,
        "1",
        max(each.common for each in parts),
        dof=min(each.dof for each in parts),
        source=laboratory if told else Text.joined([laboratory, NO_COMMON_PART]),
    )
