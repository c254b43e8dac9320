"""A meter and its converter together: e_Vb = e_V + e_p - e_T + e_Z, with the covariance of what they share.

The meter's error comes from its certificate, the others from the converter's. Where one standard stood
behind two of them they hang together, so the coefficients of correlation are asked for. The whole hangs
together with each part, too: an error of the meter and one of the whole are not two findings, and must not be
averaged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remotecal.errors import ParameterError
from remotecal.procedures.library.evaluation.standards import Standard
from remotecal.uncertainty.budget import Budget
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import estimate
from remotecal.uncertainty.together import evaluate_together

if TYPE_CHECKING:
    from remotecal.model import Certificate
    from remotecal.uncertainty.budget import Joint
    from remotecal.uncertainty.number import Number

SIGNS: Final[Mapping[str, float]] = {"e_V": 1.0, "e_p": 1.0, "e_T": -1.0, "e_Z": 1.0}
"""How each part counts in the whole."""


def joined(
    parts: Sequence[Input],
    correlations: Mapping[tuple[str, str], float] | None = None,
    *,
    coverage: float = 0.95,
) -> Joint:
    """Return the error of the whole and those of its parts, with their covariance (JCGM 102).

    Args:
        parts: relative errors, all in one unit: `e_V` of the meter, and of the converter `e_p`, `e_T` (of
            kelvins) and `e_Z`; those that are left out are 0 and exactly known.
        correlations: coefficients of pairs of them, for what they share.
        coverage: coverage probability of each by itself.

    Returns:
        First the whole, then the parts in the order given.

    Raises:
        ParameterError: a part is none of these, is given twice, or is in another unit.
    """
    units = {each.unit for each in parts}
    unknown = [each.symbol for each in parts if each.symbol not in SIGNS]
    if len(units) != 1 or unknown:
        raise ParameterError(
            f"the parts are {', '.join(SIGNS)}, all in one unit; found {', '.join(unknown) or sorted(units)}"
        )
    (unit,) = units
    inputs, related = tuple(parts), dict(correlations or {})

    def whole(**x: Number) -> Number:
        total: Number = sum(SIGNS[symbol] * value for symbol, value in x.items())
        return total

    def part(symbol: str) -> Budget:
        def itself(**x: Number) -> Number:
            return x[symbol]

        return Budget(itself, inputs, unit, related)

    budgets = (Budget(whole, inputs, unit, related), *(part(each.symbol) for each in inputs))
    return evaluate_together(budgets, {each.symbol for each in inputs}, coverage=coverage)


def meter_error(certificate: Certificate, flow: float, unit: str = "m3/h") -> Input:
    """Return a meter's error at a flow as the part `e_V`, in %, by its certificate.

    Args:
        certificate: the meter's, which states errors of indication against reference flows.
        flow: where it is used.
        unit: of the flow.

    Raises:
        CertificateRefused: it states no such errors, or does not hold there.
    """
    known = Standard.certified("e_V", certificate, "%", at="basic_referenceValue", at_unit=unit)
    applied = known.around(flow)
    (deviation,) = applied.inputs
    return replace(deviation, value=estimate(applied.value({"e_V": 0.0}, flow)))
