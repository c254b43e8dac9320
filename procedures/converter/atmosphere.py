"""Whether a converter's sensor is a gauge to which a fixed atmosphere is added.

Such a converter is right on the day when the air's pressure is what it adds, and then on no other: the
error is the same in Pa at every pressure, so in per cent it falls as 1/p. 1 kPa is 1 % at 100 kPa and 0.1 %
at 1 MPa.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remotecal.model import Statement, Text

if TYPE_CHECKING:
    from remotecal.procedures.library.converter.findings import SensorFinding

USUAL: Final = (101_325.0, 100_000.0, 98_066.5)
"""What is often added, in Pa."""


@dataclass(frozen=True, slots=True)
class Offset:
    """What a converter's pressure is off whatever the pressure, of a straight line through its errors."""

    value: float
    """In Pa."""
    expanded: float
    """Its expanded uncertainty."""
    air: float
    """The air's pressure while it was measured, in Pa."""

    @classmethod
    def found(cls, findings: Sequence[SensorFinding], air: float) -> Offset:
        """Return it, by what was found at each pressure."""
        p = [1000.0 * one.place for one in findings]
        e = [one.evaluated.value / 100 * at for one, at in zip(findings, p, strict=True)]
        u = [one.evaluated.u / 100 * at for one, at in zip(findings, p, strict=True)]
        weights = [1 / max(each, 1e-9) ** 2 for each in u]
        total = sum(weights)
        middle = sum(w * x for w, x in zip(weights, p, strict=True)) / total
        width = sum(w * (x - middle) ** 2 for w, x in zip(weights, p, strict=True))
        slope = sum(w * (x - middle) * y for w, x, y in zip(weights, p, e, strict=True)) / width
        intercept = sum(w * y for w, y in zip(weights, e, strict=True)) / total - slope * middle
        left = [y - intercept - slope * x for x, y in zip(p, e, strict=True)]
        worse = max(1.0, math.sqrt(sum(w * r * r for w, r in zip(weights, left, strict=True)) / (len(p) - 2)))
        return cls(intercept, 2 * worse * math.sqrt(1 / total + middle**2 / width), air)

    @property
    def added(self) -> float:
        """What a gauge sensor's pressure would have been increased by, in Pa."""
        return self.air + self.value

    def fixed(self, within: float) -> float:
        """Return the atmosphere that is often added, where it agrees with one within so many Pa."""
        near = min(USUAL, key=lambda each: abs(self.added - each))
        return near if abs(self.added - near) <= within else self.added


def remark(
    findings: Sequence[SensorFinding], air: Sequence[float], permissible: float, *, gauge: bool
) -> Statement | None:
    """Return what is to be said of a fixed atmosphere; None where there is no sign of one.

    Args:
        findings: of the pressure, at each level.
        air: the air's pressure in each repeat, in Pa.
        permissible: error of pressure in %; an absolute sensor's own offset is within it at the lowest one.
        gauge: whether the order says that the sensor is a gauge.
    """
    offset = Offset.found(findings, statistics.fmean(air))
    low, high = findings[0], findings[-1]
    own = permissible / 100 * 1000 * low.place
    if not gauge and abs(offset.value) <= max(own, offset.expanded):
        return None
    fixed = offset.fixed(own)
    place = [f"{one.place:.4g} kPa" for one in (low, high)]
    shares = [f"{100 * offset.value / (1000 * one.place):+.2g} %" for one in (low, high)]
    more = f"{100 * 1000 / (1000 * low.place):.2g} %"
    text = Text(
        zh=f"压力误差与 1/p 成正比，如同表压传感器加固定大气压 {fixed / 1000:.5g} kPa（测量时大气压 "
        f"{offset.air / 1000:.5g} kPa）：{place[0]} 处 {shares[0]}，{place[1]} 处 {shares[1]}。"
        f"大气压每变化 1 kPa，{place[0]} 处的误差变化 {more}；本证书的误差仅适用于测量时的大气压。",
        en=f"The errors of pressure fall as 1/p, as of a gauge sensor to which a fixed atmosphere of "
        f"{fixed / 1000:.5g} kPa is added, while the air had {offset.air / 1000:.5g} kPa: {shares[0]} at "
        f"{place[0]}, {shares[1]} at {place[1]}. For each kPa by which the air's pressure changes, the "
        f"error at {place[0]} changes by {more}; the errors stated are those "
        "at the air's pressure of the day.",
    )
    return Statement(ref_types=("remotecal_remark", "remotecal_fixedAtmosphere"), declaration=text)
