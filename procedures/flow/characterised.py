"""What determinations of a rig's characteristics share: how a record states one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from remotecal.certificates.characterised import ref_type
from remotecal.model import Column, Method, Result, Table, Text
from remotecal.procedures import Evaluation
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.tables import budgets, error_column
from remotecal.procedures.library.flow.results import water
from remotecal.procedures.library.measuring.surroundings import AirDuring, InAir

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


def determined(
    finding: Finding, called: str, name: Text, *, formula: str, seen: Sequence[InAir], method: Method
) -> Evaluation:
    """Return the evaluation that states one characteristic of a rig's water or pipes.

    Args:
        finding: its value with its budget.
        called: what the bench file calls it, such as `connecting_volume`.
        name: what it is.
        formula: of the water's density.
        seen: what the repeats yielded, with the air around.
        method: how its uncertainty was evaluated.
    """
    air = AirDuring()
    for one in seen:
        air.take(one)
    return Evaluation(
        results=(characteristic(finding, called, name),),
        budgets=budgets([finding]),
        conditions=(water(formula), *air.conditions()),
        methods=(method,),
    )


def characteristic(finding: Finding, called: str, name: Text) -> Result:
    """Return the result that states a characteristic.

    Args:
        finding: its value with its budget.
        called: what the bench file calls it, such as `diverter_correction`.
        name: what it is.
    """
    table = Table(columns=(stating([finding], name, ref_type(called)),))
    return Result(name=name, ref_types=("remotecal_characteristics",), tables=(table,))
