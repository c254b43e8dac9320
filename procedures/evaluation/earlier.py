"""Journals from before a parameter existed, which are evaluated as they were.

A journal states every parameter of its run, be it by the order or as it is where that does not say it. So one
that it does not state came later, and what hangs on it is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remotecal.procedures import Evidence


def knew(evidence: Evidence, parameter: str) -> bool:
    """Whether a run was told a parameter."""
    return parameter in evidence.parameters
