"""Agreement of two results of one quantity, as interlaboratory comparisons and closure checks judge it.

Source: ISO 13528:2022, clause 9. The two results must be independent.
"""

from __future__ import annotations

import math

from remotecal.errors import ParameterError


def en_number(value: float, expanded: float, reference: float, reference_expanded: float) -> float:
    """Return E_n from expanded uncertainties; the results agree if it is within ±1.

    Raises:
        ParameterError: neither result has an uncertainty.
    """
    return _ratio(value - reference, expanded, reference_expanded)


def zeta_score(value: float, u: float, reference: float, reference_u: float) -> float:
    """Return zeta from standard uncertainties; within ±2 is satisfactory, beyond ±3 is not.

    Raises:
        ParameterError: neither result has an uncertainty.
    """
    return _ratio(value - reference, u, reference_u)


def _ratio(difference: float, u: float, reference_u: float) -> float:
    scale = math.hypot(u, reference_u)
    if not scale > 0:
        raise ParameterError("two results can't be compared without an uncertainty of either")
    return difference / scale
