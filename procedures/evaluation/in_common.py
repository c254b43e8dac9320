"""What standards of one laboratory have in common, where what several of them tell is added.

Nozzles or master meters in parallel: were each one's error its own, the sum would be surer than any of them.
But they were calibrated by one laboratory with one standard, and what that is off they are off together. So a
certificate may state the common part of its uncertainty beside its values, and in a budget that is one input
for each laboratory, while what is left is each standard's own. Where a certificate does not tell the common
part, all of its uncertainty counts as common: that never claims too much.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from remotecal.errors import CertificateRefused
from remotecal.uncertainty.inputs import Input
from remotecal.units import convert

if TYPE_CHECKING:
    from remotecal.model import Certificate
    from remotecal.uncertainty.number import Number, Numbers

COMMON: Final = "remotecal_commonDeviation"
"""refType of what a laboratory's standards deviate together by: 0, with U relative to what they tell."""

UNTOLD: Final = "no common part stated: all of it 未声明公共部分:全部计入"
"""What a budget says of certificates that do not tell what standards have in common."""


def laboratory_of(certificate: Certificate) -> str:
    """Return who issued a certificate."""
    return certificate.record.laboratory.contact.name.get("en")


def common_part(certificate: Certificate) -> float | None:
    """Return the common part a certificate states, as a relative standard uncertainty; None if it does not.

    Raises:
        CertificateRefused: it states several.
    """
    if not certificate.states(COMMON):
        return None
    found = certificate.single(COMMON, "1")
    (point,) = found.points
    return convert(point.expanded, found.unit, "1") / point.k


@dataclass(frozen=True, slots=True)
class Parts:
    """The relative standard uncertainty of what a standard tells, in two."""

    laboratory: str
    """Who calibrated it."""
    common: float
    """What it has in common with others of that laboratory."""
    own: float
    """What is left."""
    dof: float
    told: bool
    """Whether its certificate says which part is common."""

    @classmethod
    def of(cls, certificate: Certificate, u: float, dof: float, what: str) -> Self:
        """Return the parts by a certificate.

        Args:
            certificate: the standard's.
            u: relative standard uncertainty where it is in use.
            dof: of that.
            what: what is uncertain, as it stands in a sentence: "its C_d".

        Raises:
            CertificateRefused: its common part is more than the whole.
        """
        common, laboratory = common_part(certificate), laboratory_of(certificate)
        if common is None:
            return cls(laboratory, u, 0.0, dof, told=False)
        if common > u * (1 + 1e-9):
            raise CertificateRefused(
                f"certificate {certificate.number} states {common:.3g} as the part {what} has in common with "
                f"others, and {u:.3g} for {what.removeprefix('its ')} as a whole: have it corrected"
            )
        return cls(laboratory, common, math.sqrt(max(u**2 - common**2, 0.0)), dof, told=True)


class InCommon:
    """What standards in use together have in common: an input for each laboratory.

    Args:
        symbol: of these inputs, to which the laboratory's number is added.
        used: the parts of each standard.
        laboratories: all that calibrated standards of the bench; their order numbers them.
    """

    def __init__(self, symbol: str, used: Sequence[Parts], laboratories: Sequence[str]) -> None:
        numbered = enumerate(dict.fromkeys(laboratories), 1)
        self._shared = {
            laboratory: _shared(f"{symbol}{number}", laboratory, theirs)
            for number, laboratory in numbered
            if (theirs := [each for each in used if each.laboratory == laboratory])
        }
        self.inputs: tuple[Input, ...] = tuple(self._shared.values())

    def deviation(self, parts: Parts, x: Numbers) -> Number:
        """Return by how much one of the standards deviates with the others, relative to what it tells."""
        shared = self._shared[parts.laboratory]
        deviation: Number = parts.common / shared.u * x[shared.symbol] if shared.u else 0.0
        return deviation


def _shared(symbol: str, laboratory: str, theirs: Sequence[Parts]) -> Input:
    """Return what standards of one laboratory deviate together by, as an input."""
    told = all(each.told for each in theirs)
    return Input.normal(
        symbol,
        0.0,
        "1",
        max(each.common for each in theirs),
        dof=min(each.dof for each in theirs),
        source=laboratory if told else f"{laboratory}; {UNTOLD}",
    )
