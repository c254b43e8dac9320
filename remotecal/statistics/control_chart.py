"""Control charts of check standards: is the rig today what it was when it was characterised?

Individuals chart with limits from the average moving range, and the Western Electric rules
(NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2 and 6.3.2).
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite

from remotecal.errors import CertificateRefused, ParameterError

D2_OF_PAIRS = 1.128
"""Mean range of two values from a normal distribution, in its standard deviations."""

FEWEST = 8
"""Values a chart is made from: as many as the longest of the rules looks at."""


@dataclass(frozen=True, slots=True)
class ControlChart:
    """Centre and spread of a check standard while the rig was in control."""

    centre: float
    """Mean."""
    sigma: float
    """Standard deviation from the moving range, in the unit of the values."""

    @classmethod
    def of(cls, values: Sequence[float]) -> ControlChart:
        """Return the chart of values in the order they were taken.

        Raises:
            ParameterError: there are too few, they don't vary at all, or so that no number says how much.
        """
        if len(values) < FEWEST:
            raise ParameterError(f"a control chart needs {FEWEST} values or more; there are {len(values)}")
        try:
            sigma = statistics.fmean(abs(b - a) for a, b in pairwise(values)) / D2_OF_PAIRS
            centre = statistics.fmean(values)
        except ArithmeticError as error:
            raise ParameterError(f"no control chart can be made of these values: {error}") from error
        if not (isfinite(centre) and isfinite(3 * sigma)):
            raise ParameterError("values of a check standard are too large for a control chart: see to them")
        if not centre + sigma > centre:
            raise ParameterError("the values of a check standard don't vary: is it being read at all?")
        return cls(centre, sigma)

    @property
    def limits(self) -> tuple[float, float]:
        """Lower and upper control limit, at three standard deviations."""
        return self.centre - 3 * self.sigma, self.centre + 3 * self.sigma

    def faults(self, latest: Sequence[float]) -> tuple[str, ...]:
        """Return which rules the latest values break, the last of them being today's."""
        return tuple(self._faults([(value - self.centre) / self.sigma for value in latest]))

    def _faults(self, scores: Sequence[float]) -> Iterator[str]:
        for limit, least, window in WESTERN_ELECTRIC:
            for side in (1, -1):
                recent = [side * score for score in scores[-window:]]
                beyond = sum(score > limit for score in recent)
                if len(recent) == window and recent[-1] > limit and beyond >= least:
                    where = "above" if side > 0 else "below"
                    yield f"{least} of the last {window} lie beyond {limit} sigma {where} the centre"


WESTERN_ELECTRIC = ((3, 1, 1), (2, 2, 3), (1, 4, 5), (0, 8, 8))
"""The rules: beyond so many standard deviations on one side, at least so many of the last so many."""


def check_before_run(chart: ControlChart, latest: Sequence[float]) -> None:
    """Raise `CertificateRefused` if the check standard says the rig is not what it was.

    Args:
        chart: of the time when the rig was in control.
        latest: what the check standard gave since, in order, today's value last.
    """
    if not latest:
        raise CertificateRefused("the check standard was not measured today: do that first")
    faults = chart.faults(latest)
    if faults:
        low, high = chart.limits
        raise CertificateRefused(
            f"the check standard gave {latest[-1]:g}, limits {low:g} to {high:g}: {'; '.join(faults)}. "
            "Find the cause before calibrating anything"
        )
