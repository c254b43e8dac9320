"""How results came about, as it is printed: methods, standards and conditions."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from remotecal import units
from remotecal.certificates.pdf.facts import Fact, value
from remotecal.certificates.pdf.formula import apart, equations
from remotecal.certificates.pdf.numbers import Cell, printed, said, told, with_unit
from remotecal.model import Column, Condition, Equipment, Method
from remotecal.model.certificate import OF_RANGE, RANGE
from remotecal.uncertainty.rounding import report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.certificates.pdf.face import Design
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


def circumstances(told: Circumstances, face: Design) -> dict[str, object]:
    """Return methods, standards and conditions for the template."""
    return {
        "methods": [_method(method) for method in told.methods],
        "standards": {
            "columns": list(face.standards.columns),
            "head": [face.label("standards", name) for name in face.standards.columns],
            "rows": [face.ordered(_standard(standard)) for standard in told.standards],
        },
        "conditions": [_condition(condition) for condition in told.conditions],
    }


_BEFORE_NUMBER = re.compile(r" (?=[\dA-Z]*\d)")
"""The blank in `JJG 643-2024`, where no line may end."""


def _method(method: Method) -> dict[str, object]:
    described = method.description
    plain = described.get("") if described is not None and not described.languages else None
    found = equations(plain) if plain else None
    return {
        "name": told(method.name),
        "sources": _BEFORE_NUMBER.sub("\u00a0", ", ".join((*method.norms, *method.references))),
        "formulas": found or [],
        "formula_texts": apart(plain or "", len(found)) if found else [],
        "description": told(described) if described is not None and not found else None,
    }


UNCERTAINTY = "remotecal_expandedUncertainty"
"""refType of a standard's U over the span it was calibrated over."""
CERTIFIED = "remotecal_certifiedValue"
"""refType of a value that a standard embodies, with its U."""


def _standard(standard: Equipment) -> list[list[Cell]]:
    """Return a row of the table of standards, each cell in lines."""
    maker = standard.manufacturer.get("en") if standard.manufacturer else ""
    reference = standard.certificate
    issuer: list[Cell] = [{"said": said(reference.issuer)}] if reference and reference.issuer else []
    until = str(reference.valid_until) if reference and reference.valid_until else "—"
    embodied = [_embodied(entry) for entry in _stated(standard, CERTIFIED)]
    lengths = [cell for entry in _stated(standard, RANGE) for cell in _range(entry)]
    values: list[Cell] = [{"text": value} for value, _ in embodied]
    ranges = [*lengths, *values]
    classes: list[Cell] = [{"text": f"{entry.class_id} ({entry.reference})"} for entry in standard.classes]
    spans = [_span_of_uncertainty(entry) for entry in _stated(standard, UNCERTAINTY)]
    qualities: list[Cell] = [{"text": f"U = {u}"} for u in (*spans, *(u for _, u in embodied))]
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


def _range(column: Column) -> list[Cell]:
    """Return the ends of a span, below what it is a span of where the unit does not tell."""
    ends: Cell = {"text": _span(column)}
    named = column.unit == "1" and column.name not in (None, OF_RANGE)
    return [{"said": said(column.name)}, ends] if named else [ends]


def _span(column: Column) -> str:
    """Return the ends of a span in one unit: `0 ~ 600 kg`; a single value by itself; many pascals as kPa."""
    ends, unit = tuple(dict.fromkeys(column.values)), column.unit
    if unit == "Pa" and all(not float(end) or abs(float(end)) >= MANY_PASCALS for end in ends):
        ends, unit = tuple(f"{(Decimal(end) / 1000).normalize():f}" for end in ends), "kPa"
    return _from_to(ends, unit)


MANY_PASCALS = 10_000
"""Pressure from which a range is told in kPa."""


def _span_of_uncertainty(column: Column) -> str:
    """Return the ends of U to two significant digits, or as many as are stated: `0.010 ~ 0.060 kg`."""
    digits = max(map(_digits, column.values))
    ends = (report(0.0, float(end), digits).expanded if float(end) > 0 else end for end in column.values)
    return _from_to(*_to_read(tuple(dict.fromkeys(ends)), column.unit))


SMALLER: Final = {"kg": "g", "g": "mg"}
"""Unit → the one of a thousandth, for what reads better in it."""
TOO_SMALL: Final = Decimal("0.01")
"""Numbers below are told in a smaller unit, if there is one."""


def _to_read(numbers: tuple[str, ...], unit: str) -> tuple[tuple[str, ...], str]:
    """Return numbers and their unit, in a smaller one where they are small: `0.0000002` kg as `0.2` mg."""
    while unit in SMALLER and 0 < max(Decimal(number) for number in numbers) < TOO_SMALL:
        numbers, unit = tuple(f"{Decimal(number).scaleb(3):f}" for number in numbers), SMALLER[unit]
    return numbers, unit


def _embodied(column: Column) -> tuple[str, str]:
    """Return the value that a standard embodies, to the last place of its U, and U."""
    (value, *_), u = column.values, column.uncertainty.expanded[0] if column.uncertainty else ""
    if u and float(u) > 0:
        shown = report(float(value), float(u), _digits(u))
        value, u = shown.value, shown.expanded
    shown_u = with_unit(*_to_read((u,), units.difference(column.unit))) if u else "—"
    return with_unit((value,), column.unit), shown_u


def _digits(u: str) -> int:
    """Return how many significant digits of an uncertainty are shown: two, or the one that is stated."""
    return min(len(Decimal(u).as_tuple().digits), 2)


def _from_to(ends: tuple[str, ...], unit: str) -> str:
    first = "" if len(ends) == 1 else f"{printed(ends[0])} ~ "
    return first + with_unit(ends[-1:], unit)


def _condition(condition: Condition) -> Fact:
    """Return the values of a condition; a least and a most one as `19.8 °C ~ 20.6 °C`, both alike as one."""
    parts: list[object] = []
    for entry in condition.quantities:
        if value(entry) in parts:
            continue
        if parts:
            parts.append({"text": " ~ " if isinstance(entry, Column) else ", "})
        parts.append(value(entry))
    return {"label": told(condition.name), "lines": [{"parts": parts}]}
