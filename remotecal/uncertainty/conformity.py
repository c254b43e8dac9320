"""Conformity with a requirement: decision rules and the risk of a wrong decision.

Sources: JCGM 106:2012, ILAC-G8:09/2019, and for verification JJF 1094. Measured values are judged with
a normal distribution, or a t-distribution where the degrees of freedom are finite.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from remotecal.errors import ParameterError


class Outcome(StrEnum):
    """Outcome of a conformity assessment, in the words of the DCC."""

    PASS = "pass"  # noqa: S105  # a verdict, not a secret
    FAIL = "fail"
    CONDITIONAL_PASS = "conditionalPass"  # noqa: S105
    CONDITIONAL_FAIL = "conditionalFail"
    NO_PASS = "noPass"  # noqa: S105
    """Undecided, and the value itself is outside the limits."""
    NO_FAIL = "noFail"
    """Undecided, and the value itself is within the limits."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Limits of permissible values, both included; infinite where there is none."""

    lower: float = -math.inf
    upper: float = math.inf

    def __post_init__(self) -> None:
        if not self.lower < self.upper:
            raise ParameterError(f"a tolerance needs a lower limit below its upper, not {self}")

    @classmethod
    def symmetric(cls, mpe: float) -> Tolerance:
        """Return the limits ± maximum permissible error."""
        return cls(-mpe, mpe)

    def __contains__(self, value: float) -> bool:
        return self.lower <= value <= self.upper

    def guarded(self, width: float) -> Tolerance | None:
        """Return the limits moved inwards by `width`; None if nothing is left. A negative width widens."""
        lower, upper = self.lower + width, self.upper - width
        return Tolerance(lower, upper) if lower < upper else None


class Outcomes(StrEnum):
    """How many answers a decision rule has."""

    BINARY = "binary"
    """Pass or fail (ILAC-G8, 4.2.1 and 4.2.2)."""
    CONDITIONAL = "conditional"
    """Pass, conditional pass, conditional fail, fail (ILAC-G8, 4.2.3)."""
    UNDECIDED = "undecided"
    """Pass, undecided, fail (JJF 1094)."""


@dataclass(frozen=True, slots=True)
class DecisionRule:
    """How a measured value and its uncertainty lead to a statement of conformity."""

    name: str
    guard: float
    """Width of the guard band as a multiple of the expanded uncertainty."""
    outcomes: Outcomes
    simple_up_to: float
    """Expanded uncertainty over MPE up to which the guard band is left out; 0 if never."""
    source: str


DECISION_RULES: Mapping[str, DecisionRule] = MappingProxyType(
    {
        rule.name: rule
        for rule in (
            DecisionRule("simple acceptance", 0.0, Outcomes.BINARY, 0.0, "ILAC-G8:09/2019, 4.2.1"),
            DecisionRule("guard band U", 1.0, Outcomes.BINARY, 0.0, "ILAC-G8:09/2019, 4.2.2, w = U"),
            DecisionRule("guard band 0.83 U", 0.83, Outcomes.BINARY, 0.0, "ILAC-G8:09/2019, table 1"),
            DecisionRule("guard band 1.5 U", 1.5, Outcomes.BINARY, 0.0, "ILAC-G8:09/2019, table 1"),
            DecisionRule("non-binary", 1.0, Outcomes.CONDITIONAL, 0.0, "ILAC-G8:09/2019, 4.2.3, w = U"),
            DecisionRule("verification", 1.0, Outcomes.UNDECIDED, 1 / 3, "JJF 1094-2002, unverified"),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Decision:
    """A statement of conformity for one measured value."""

    conformity: Outcome
    rule: DecisionRule
    tolerance: Tolerance
    acceptance: Tolerance | None
    """Values that pass; None if the guard bands leave none."""
    conformance_probability: float
    """Probability that the quantity is within the tolerance (JCGM 106, 7)."""

    @property
    def false_acceptance(self) -> float | None:
        """Specific risk that what passed is outside the tolerance; None if it did not pass."""
        passed = self.conformity in (Outcome.PASS, Outcome.CONDITIONAL_PASS)
        return 1 - self.conformance_probability if passed else None

    @property
    def false_rejection(self) -> float | None:
        """Specific risk that what failed is within the tolerance; None if it did not fail."""
        failed = self.conformity in (Outcome.FAIL, Outcome.CONDITIONAL_FAIL)
        return self.conformance_probability if failed else None


def decide(
    value: float,
    expanded: float,
    tolerance: Tolerance,
    rule: DecisionRule,
    *,
    k: float = 2.0,
    dof: float = math.inf,
) -> Decision:
    """State whether a measured `value` conforms with a `tolerance`, by a decision `rule`.

    Args:
        value: measured value, unrounded.
        expanded: its expanded uncertainty, greater than 0.
        tolerance: limits of permissible values, in the same unit.
        rule: the decision rule agreed.
        k: coverage factor of `expanded`.
        dof: effective degrees of freedom of `expanded`.

    Raises:
        ParameterError: a number that is not finite, an uncertainty or factor of 0 or less, or a rule
            that needs two limits where there is one.
    """
    if not (math.isfinite(value) and math.isfinite(expanded) and expanded > 0 and k > 0):
        raise ParameterError(
            f"conformity can't be stated for {value!r} with an uncertainty of {expanded!r} and k = {k!r}"
        )
    guard = rule.guard * expanded
    if rule.simple_up_to:
        mpe = (tolerance.upper - tolerance.lower) / 2
        if math.isinf(mpe):
            raise ParameterError(f"the rule {rule.name!r} compares with an MPE, so it needs two limits")
        # U and MPE are decimal figures: MPE/3 must not depend on their last binary digit.
        if expanded <= rule.simple_up_to * mpe * (1 + 1e-12):
            guard = 0.0
    probability = conformance_probability(value, expanded / k, tolerance, dof=dof)
    conformity = _outcome(value, tolerance, guard, rule.outcomes)
    return Decision(conformity, rule, tolerance, tolerance.guarded(guard), probability)


def _outcome(value: float, tolerance: Tolerance, guard: float, outcomes: Outcomes) -> Outcome:
    acceptance = tolerance.guarded(guard)
    if acceptance is not None and value in acceptance:
        return Outcome.PASS
    beyond = value <= tolerance.lower - guard or value >= tolerance.upper + guard
    inside = value in tolerance
    match outcomes:
        case Outcomes.CONDITIONAL if inside:
            return Outcome.CONDITIONAL_PASS
        case Outcomes.CONDITIONAL if not beyond:
            return Outcome.CONDITIONAL_FAIL
        case Outcomes.UNDECIDED if not beyond:
            return Outcome.NO_FAIL if inside else Outcome.NO_PASS
        case _:
            return Outcome.FAIL


def conformance_probability(value: float, u: float, tolerance: Tolerance, *, dof: float = math.inf) -> float:
    """Return the probability that a quantity measured as `value` is within `tolerance` (JCGM 106, 7.2).

    Args:
        value: measured value.
        u: its standard uncertainty, greater than 0.
        tolerance: limits of permissible values.
        dof: degrees of freedom of `u`.

    Raises:
        ParameterError: an uncertainty of 0 or less.
    """
    from scipy.special import ndtr, stdtr

    if not u > 0:
        raise ParameterError(f"a probability of conformance needs an uncertainty above 0, not {u!r}")
    lower, upper = (tolerance.lower - value) / u, (tolerance.upper - value) / u
    if lower > 0:  # the upper tail, computed as the lower: no digits are lost
        lower, upper = -upper, -lower
    if math.isinf(dof):
        return float(ndtr(upper) - ndtr(lower))
    return float(stdtr(dof, upper) - stdtr(dof, lower))
