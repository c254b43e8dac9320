"""What determinations of a rig's characteristics share: how a record states one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from remotecal.certificates.characterised import ref_type
from remotecal.model import Column, Result, Table, Text
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.tables import error_column

if TYPE_CHECKING:
    from remotecal.procedures import Evidence
    from remotecal.procedures.library.evaluation.finding import Finding


def without_cmc(evidence: Evidence) -> Evidence:
    """Return evidence without the smallest U that a bench states: that is one of meters' errors."""
    facts = {name: fact for name, fact in evidence.characteristics.items() if name != CMC}
    return replace(evidence, characteristics=facts)


def stating(findings: Sequence[Finding], name: Text, kind: str) -> Column:
    """Return the column of what was found, with its uncertainty, under another name and refType."""
    return error_column(findings).model_copy(update={"name": name, "ref_types": (kind,)})


def characteristic(finding: Finding, called: str, name: Text) -> Result:
    """Return the result that states a characteristic.

    Args:
        finding: its value with its budget.
        called: what the bench file calls it, such as `diverter_correction`.
        name: what it is.
    """
    table = Table(columns=(stating([finding], name, ref_type(called)),))
    return Result(name=name, ref_types=("remotecal_characteristics",), tables=(table,))
