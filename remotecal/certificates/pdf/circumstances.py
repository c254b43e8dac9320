"""How results came about, as it is printed: methods, standards and conditions."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from remotecal.certificates.pdf.facts import Fact, value
from remotecal.certificates.pdf.formula import apart, equations
from remotecal.certificates.pdf.numbers import Cell, printed, said, with_unit
from remotecal.certificates.pdf.wording import label
from remotecal.model import Column, Condition, Equipment, Method

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.model import Measurement

Part = TypeVar("Part")


class Circumstances(NamedTuple):
    """What results of a measurement share."""

    methods: tuple[Method, ...]
    standards: tuple[Equipment, ...]
    conditions: tuple[Condition, ...]

    def without(self, shared: Circumstances) -> Circumstances:
        """Return what is beyond that which all measurements share."""
        return Circumstances(
            tuple(each for each in self.methods if each not in shared.methods),
            tuple(each for each in self.standards if each not in shared.standards),
            tuple(each for each in self.conditions if each not in shared.conditions),
        )


def told_of(measurement: Measurement) -> Circumstances:
    """Return the circumstances of one measurement."""
    # The heading says on paper whether this was as found or as left; what both share is printed once.
    conditions = tuple(each.model_copy(update={"status": None}) for each in measurement.conditions)
    return Circumstances(measurement.methods, measurement.standards, conditions)


def shared_by(measurements: Sequence[Measurement]) -> Circumstances:
    """Return the circumstances that all measurements share, which are printed once."""
    every = [told_of(measurement) for measurement in measurements]
    return Circumstances(
        _in_all([each.methods for each in every]),
        _in_all([each.standards for each in every]),
        _in_all([each.conditions for each in every]),
    )


def _in_all(every: Sequence[tuple[Part, ...]]) -> tuple[Part, ...]:
    first, *others = every
    return tuple(part for part in first if all(part in other for other in others))


def circumstances(told: Circumstances) -> dict[str, object]:
    """Return methods, standards and conditions for the template."""
    return {
        "methods": [_method(method) for method in told.methods],
        "standards": {
            "head": [
                label("standards", name)
                for name in ("name", "model", "range", "quality", "certificate", "until")
            ],
            "rows": [_standard(standard) for standard in told.standards],
        },
        "conditions": [_condition(condition) for condition in told.conditions],
    }


def _method(method: Method) -> dict[str, object]:
    described = method.description
    plain = described.get("") if described is not None and not described.languages else None
    found = equations(plain) if plain else None
    return {
        "name": said(method.name),
        "sources": ", ".join((*method.norms, *method.references)),
        "formulas": found or [],
        "formula_texts": apart(plain or "", len(found)) if found else [],
        "description": said(described) if described is not None and not found else None,
    }


RANGE, UNCERTAINTY = "remotecal_measurementRange", "remotecal_expandedUncertainty"
"""refTypes of a standard's characteristics: the span it was calibrated over, U over that span."""


def _standard(standard: Equipment) -> list[list[Cell]]:
    """Return a row of the table of standards, each cell in lines."""
    maker = standard.manufacturer.get("en") if standard.manufacturer else ""
    reference = standard.certificate
    issuer: list[Cell] = [{"said": said(reference.issuer)}] if reference and reference.issuer else []
    until = str(reference.valid_until) if reference and reference.valid_until else "—"
    ranges: list[Cell] = [{"text": _span(entry)} for entry in _stated(standard, RANGE)]
    classes: list[Cell] = [{"text": f"{entry.class_id} ({entry.reference})"} for entry in standard.classes]
    qualities: list[Cell] = [{"text": f"U = {_span(entry)}"} for entry in _stated(standard, UNCERTAINTY)]
    if standard.description is not None:
        qualities.append({"said": said(standard.description)})
    nothing: list[Cell] = [{"text": "—"}]
    return [
        [{"said": said(standard.name)}],
        [{"text": f"{maker} {standard.model or ''}".strip() or "—"}, {"text": ", ".join(standard.serials)}],
        ranges or nothing,
        [*qualities, *classes] or nothing,
        [{"text": reference.number if reference else "—"}, *issuer],
        [{"text": until}],
    ]


def _stated(standard: Equipment, ref_type: str) -> list[Column]:
    return [
        entry for entry in standard.quantities if isinstance(entry, Column) and ref_type in entry.ref_types
    ]


def _span(column: Column) -> str:
    """Return the ends of a span in one unit: `0 ~ 600 kg`; a single value by itself."""
    ends = tuple(dict.fromkeys(column.values))
    if UNCERTAINTY in column.ref_types and not any("e" in end.lower() for end in ends):
        places = max(len(end.partition(".")[2]) for end in ends)
        ends = tuple(f"{Decimal(end):.{places}f}" for end in ends)
    first = "" if len(ends) == 1 else f"{printed(ends[0])} ~ "
    return first + with_unit(ends[-1:], column.unit)


def _condition(condition: Condition) -> Fact:
    """Return the values of a condition; a least and a most one as `19.8 °C ~ 20.6 °C`, both alike as one."""
    parts: list[object] = []
    for entry in condition.quantities:
        if value(entry) in parts:
            continue
        if parts:
            parts.append({"text": " ~ " if isinstance(entry, Column) else ", "})
        parts.append(value(entry))
    return {"label": said(condition.name), "lines": [{"parts": parts}]}
