"""Input quantities of a measurement model: estimate, standard uncertainty, distribution, source.

Each constructor is one of the ways a quantity is known: from readings (type A), from limits, from a
certificate, from a stated standard uncertainty.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from remotecal.errors import ParameterError

if TYPE_CHECKING:
    from numpy import float64
    from numpy.random import Generator
    from numpy.typing import NDArray

    from remotecal.model import Text


class Distribution(StrEnum):
    """Probability distributions of an input quantity (JCGM 101, table 1)."""

    NORMAL = "normal"
    T = "t"
    RECTANGULAR = "rectangular"
    TRIANGULAR = "triangular"
    ARCSINE = "arcsine"
    """U-shaped: a cycle between two limits."""
    TRAPEZOIDAL = "trapezoidal"
    """Isosceles trapezoid; its shape is the ratio of top to base, 0 to 1."""
    CURVILINEAR = "curvilinear trapezoidal"
    """Rectangle with inexact limits; its shape is the limits' own half-width over the half-width, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Input:
    """One input quantity of a measurement model."""

    symbol: str
    """Name of the model's argument that receives it."""
    value: float
    """Best estimate."""
    unit: str
    """Unit of `value` and `u`."""
    u: float
    """Standard uncertainty; 0 for a constant."""
    distribution: Distribution = Distribution.NORMAL
    dof: float = math.inf
    """Degrees of freedom of `u`; infinite if `u` is taken as exactly known."""
    source: Text | str = ""
    """Where it comes from: a certificate, a datasheet, readings. What is no text reads the same in every
    language, as the number of a certificate does."""
    divisor: float = 1.0
    """What a half-width or an expanded uncertainty was divided by to give `u`."""
    shape: float = 0.0
    """Shape of a trapezoidal distribution; see `Distribution`."""
    stated: float | None = None
    """What a budget tells as the estimate, where the model takes the input as a deviation from it."""

    @property
    def told(self) -> float:
        """The estimate, as a budget tells it."""
        return self.value if self.stated is None else self.stated

    def __post_init__(self) -> None:
        if not self.symbol.isidentifier():
            raise ParameterError(
                f"an input's symbol must be the name of a model's argument, not {self.symbol!r}"
            )
        if not math.isfinite(self.value):
            raise ParameterError(f"{self.symbol} has no finite value: {self.value!r}")
        if not (math.isfinite(self.u) and self.u >= 0):
            raise ParameterError(f"{self.symbol} needs a finite uncertainty of at least 0, not {self.u!r}")
        if not self.dof >= 1:
            raise ParameterError(f"{self.symbol} needs at least 1 degree of freedom, not {self.dof!r}")

    @classmethod
    def from_readings(
        cls, symbol: str, readings: Sequence[float], unit: str, *, source: Text | str = ""
    ) -> Input:
        """Return the mean of repeated readings: type A, n - 1 degrees of freedom (GUM 4.2).

        Raises:
            ParameterError: fewer than two readings.
        """
        from remotecal.model import Text

        n = len(readings)
        if n < 2:
            raise ParameterError(f"{symbol}: a type A evaluation needs 2 readings or more, not {n}")
        u = statistics.stdev(readings) / math.sqrt(n)
        known = source or Text(zh=f"{n} 次读数", en=f"{n} readings")
        return cls(symbol, statistics.fmean(readings), unit, u, Distribution.T, n - 1, known)

    @classmethod
    def from_limits(
        cls,
        symbol: str,
        value: float,
        unit: str,
        half_width: float,
        distribution: Distribution = Distribution.RECTANGULAR,
        *,
        shape: float = 0.0,
        dof: float = math.inf,
        source: Text | str = "",
    ) -> Input:
        """Return a quantity known to lie within `value` ± `half_width` (GUM 4.3.7; JCGM 101, 6.4).

        Args:
            symbol: name of the model's argument.
            value: middle of the limits.
            unit: unit of `value` and `half_width`.
            half_width: half of what lies between the limits.
            distribution: any but normal and t.
            shape: of a trapezoidal distribution; see `Distribution`.
            dof: degrees of freedom, from how far the limits may be wrong (GUM G.4.2).
            source: where the limits come from.

        Raises:
            ParameterError: a distribution without limits, or a shape outside 0 to 1.
        """
        divisor = _divisor(distribution, shape)
        return cls(symbol, value, unit, half_width / divisor, distribution, dof, source, divisor, shape)

    @classmethod
    def from_certificate(
        cls,
        symbol: str,
        value: float,
        unit: str,
        expanded: float,
        k: float = 2.0,
        *,
        dof: float = math.inf,
        drift: float = 0.0,
        source: Text | str = "",
    ) -> Input:
        """Return a certificate's value with its expanded uncertainty, and drift since then (GUM 4.3.3).

        Args:
            symbol: name of the model's argument.
            value: value the certificate states.
            unit: unit of `value`, `expanded` and `drift`.
            expanded: expanded uncertainty the certificate states.
            k: coverage factor it states.
            dof: effective degrees of freedom it states.
            drift: greatest change since the calibration, taken as rectangular and added in quadrature;
                make it an input of its own to see it in the budget.
            source: the certificate.

        Raises:
            ParameterError: a coverage factor that is not positive.
        """
        if not k > 0:
            raise ParameterError(f"{symbol}: a coverage factor must be positive, not {k!r}")
        u = expanded / k
        if not drift:
            return cls(symbol, value, unit, u, Distribution.NORMAL, dof, source, k)
        combined = math.hypot(u, drift / math.sqrt(3))
        # Welch–Satterthwaite; the drift's limits are taken as exact.
        dof = dof * (combined / u) ** 4 if u else math.inf
        return cls(symbol, value, unit, combined, Distribution.NORMAL, dof, source)

    @classmethod
    def normal(
        cls, symbol: str, value: float, unit: str, u: float, *, dof: float = math.inf, source: Text | str = ""
    ) -> Input:
        """Return a quantity with a stated standard uncertainty; 0 makes it a constant."""
        return cls(symbol, value, unit, u, Distribution.NORMAL, dof, source)

    @classmethod
    def student_t(
        cls, symbol: str, value: float, unit: str, u: float, dof: float, *, source: Text | str = ""
    ) -> Input:
        """Return a quantity whose `u` was estimated with `dof` degrees of freedom, from a pooled s say."""
        return cls(symbol, value, unit, u, Distribution.T, dof, source)

    def draw(self, generator: Generator, trials: int) -> NDArray[float64]:
        """Draw `trials` values from the quantity's distribution (JCGM 101, 6.4).

        A normal quantity with finite degrees of freedom is drawn from a t-distribution (6.4.9.7).
        """
        if self.distribution in (Distribution.NORMAL, Distribution.T):
            draws = (
                generator.standard_normal(trials)
                if math.isinf(self.dof)
                else generator.standard_t(self.dof, trials)
            )
        else:
            draws = self._within_limits(generator, trials)
            draws *= self.divisor
        draws *= self.u
        draws += self.value
        return draws

    def _within_limits(self, generator: Generator, trials: int) -> NDArray[float64]:
        import numpy as np

        match self.distribution:
            case Distribution.RECTANGULAR:
                return generator.uniform(-1.0, 1.0, trials)
            case Distribution.ARCSINE:
                return np.cos(generator.uniform(0.0, math.pi, trials))
            case Distribution.CURVILINEAR:
                limit = generator.uniform(1.0 - self.shape, 1.0 + self.shape, trials)
                return limit * generator.uniform(-1.0, 1.0, trials)
            case _:  # a triangle is the trapezoid without a top
                top = 1.0 + self.shape
                return (
                    generator.uniform(-top, top, trials) / 2.0
                    + generator.uniform(self.shape - 1.0, 1.0 - self.shape, trials) / 2.0
                )


def _divisor(distribution: Distribution, shape: float) -> float:
    """Return half-width over standard uncertainty."""
    if not 0 <= shape <= 1:
        raise ParameterError(f"a trapezoid's shape lies between 0 and 1, not {shape!r}")
    match distribution:
        case Distribution.RECTANGULAR:
            return math.sqrt(3)
        case Distribution.TRIANGULAR:
            return math.sqrt(6)
        case Distribution.ARCSINE:
            return math.sqrt(2)
        case Distribution.TRAPEZOIDAL:
            return math.sqrt(6 / (1 + shape**2))
        case Distribution.CURVILINEAR:
            return 3 / math.sqrt(3 + shape**2)
        case _:
            raise ParameterError(
                f"a {distribution} distribution has no limits; give its standard uncertainty"
            )
