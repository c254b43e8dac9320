"""Journals from before a parameter existed, which are evaluated as they were.

A journal states every parameter of its run, be it by the order or as it is where that does not say it. So one
that it does not state came later, and what hangs on it is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from remotecal.procedures import Evidence, Parameters

    P = TypeVar("P", bound=Parameters)


def knew(evidence: Evidence, parameter: str) -> bool:
    """Whether a run was told a parameter."""
    return parameter in evidence.parameters


def as_known(parameters: P, evidence: Evidence, *came: str) -> P:
    """Return the parameters of a run with None for those that came later than its journal.

    Args:
        parameters: of the run.
        evidence: of it.
        came: which may have.
    """
    later = {name: None for name in came if not knew(evidence, name)}
    return parameters.model_copy(update=later) if later else parameters
