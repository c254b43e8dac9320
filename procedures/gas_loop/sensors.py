"""What gauges, or thermometers, of one calibrator are off together: in a ratio of densities it cancels.

A certificate may say how much of its uncertainty it has in common with others of its laboratory (`COMMON`),
relative to the pressure, or to the temperature in kelvins. Where it does not, all of it counts as its own:
that is the careful way for a ratio, as all of it in common is for a sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Self

from remotecal.model import Text
from remotecal.procedures.library.evaluation.in_common import COMMON, Parts, in_common, laboratory_of

if TYPE_CHECKING:
    from remotecal.model import Certificate
    from remotecal.uncertainty.inputs import Input
    from remotecal.uncertainty.number import Number, Numbers

MOST: Final = 10
"""How many laboratories may have calibrated the sensors of a loop: as many as it has places."""

INPUTS: Final[Mapping[str, Text]] = {
    f"δ_{symbol}{n}": Text(zh=f"{zh}公共部分（实验室 {n}）", en=f"{en}, what laboratory {n}'s sensors share")
    for symbol, zh, en in (("p", "压力示值偏差", "pressure"), ("t", "温度示值偏差", "temperature"))
    for n in range(1, MOST + 1)
}
"""The inputs of what they share, by symbol."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """A gauge or a thermometer at its place."""

    certificate: Certificate | None
    value: float
    """What it reads, in Pa or K."""
    deviation: Input
    """What it may be off as a whole."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What sensors of one quantity share: by place, the symbol of the input, and how much of it counts."""

    weights: Mapping[str, tuple[str, float]]
    inputs: tuple[Input, ...]
    """Of what is shared."""
    own: Mapping[str, Input]
    """By the symbol of the whole deviation, what of it is the sensor's own."""

    @classmethod
    def of(cls, symbol: str, sensors: Mapping[str, Sensor]) -> Self:
        """Return what sensors share, by their certificates.

        Args:
            symbol: `p` or `t`.
            sensors: by place.

        Raises:
            CertificateRefused: one states more in common than its whole uncertainty.
        """
        parts: dict[str, dict[str, Parts]] = {}
        own: dict[str, Input] = {}
        for place, each in sensors.items():
            if each.certificate is None or not each.certificate.states(COMMON):
                continue
            told = Parts.of(each.certificate, each.deviation.u / each.value, each.deviation.dof)
            parts.setdefault(laboratory_of(each.certificate), {})[place] = told
            own[each.deviation.symbol] = replace(each.deviation, u=told.own * each.value)
        weights: dict[str, tuple[str, float]] = {}
        inputs: list[Input] = []
        for n, (laboratory, theirs) in enumerate(parts.items(), 1):
            shared = in_common(f"δ_{symbol}{n}", laboratory, list(theirs.values()))
            inputs.append(shared)
            weights |= {place: (shared.symbol, each.weight(shared)) for place, each in theirs.items()}
        return cls(weights, tuple(inputs), own)

    def applied(self, place: str, value: Number, x: Numbers) -> Number:
        """Return a pressure in Pa, or a temperature in K, with what its sensor shares with others."""
        if place not in self.weights:
            return value
        symbol, weight = self.weights[place]
        found: Number = value * (1.0 + weight * x.get(symbol, 0.0))
        return found
