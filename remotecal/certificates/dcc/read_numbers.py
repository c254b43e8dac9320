"""Quantities, uncertainties and tables of a DCC: where a misreading would change a number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Required, TypedDict

from remotecal import units
from remotecal.certificates.dcc.read_forms import ref_types, refs, text, truths
from remotecal.certificates.dcc.source import by_name, in_full, name_of, only
from remotecal.certificates.dcc.write_results import DEGREES_OF_FREEDOM, EQUIPMENT_USED
from remotecal.errors import UnitError
from remotecal.model import (
    Column,
    Conformity,
    InCmc,
    Interval,
    Limits,
    Note,
    Quantity,
    Table,
    Uncertainty,
    Words,
)
from remotecal.model.quantities import length

if TYPE_CHECKING:
    from lxml.etree import _Element

    from remotecal.certificates.dcc.source import Source

NUMBERS = ("si:real", "si:realListXMLList", "si:constant")
NOTE, WORDS = in_full("noQuantity"), in_full("charsXMLList")
LIST, HYBRID, SINGLES = (in_full(name) for name in ("si:realListXMLList", "si:hybrid", "si:list"))
VALUES = (*NUMBERS, "si:hybrid", "si:list", "noQuantity", "charsXMLList")
QUANTITY = by_name("name", "measurementMetaData", value=VALUES)

SUFFIXES = ("", "XMLList")
"""What tells the names of a list's parts from those of a single value's."""

PLAIN = {
    suffix: by_name(
        value=[f"si:value{suffix}"],
        unit=[f"si:unit{suffix}"],
        uncertainty=[
            f"si:{kind}{suffix}"
            for kind in ("measurementUncertaintyUnivariate", "expandedUnc", "coverageInterval")
        ],
    )
    for suffix in SUFFIXES
}

PARTS = {
    "U": ("valueExpandedMU", "uncertainty"),
    "u": ("valueStandardMU", "standardUnc"),
    "k": ("coverageFactor",),
    "p": ("coverageProbability",),
    "low": ("intervalMin",),
    "high": ("intervalMax",),
    "distribution": ("distribution",),
}
"""What D-SI calls the parts of an uncertainty, in its newer and its older words."""

UNCERTAINTY = {
    suffix: by_name(**{part: [f"si:{word}{suffix}" for word in words] for part, words in PARTS.items()})
    for suffix in SUFFIXES
}

TABLE = by_name("name", "quantity", "list", "measurementMetaData")
CONFORMITY = by_name("name", "declaration", "data", verdicts=("conformity", "conformityXMLList"))
IN_CMC = by_name("name", "declaration", valid=("valid", "validXMLList"))
DATA = by_name("data")


class Numbers(TypedDict, total=False):
    """Fields of a column."""

    unit: Required[str]
    values: Required[Sequence[str]]
    uncertainty: Uncertainty | None


def quantity(source: Source, element: _Element) -> Quantity | None:
    """Return a quantity, or None if it is of a kind the model has no place for."""
    children = source.children(element, QUANTITY)
    given = children.get("value")
    if given is None:
        return None
    if len(given) > 1:
        source.refuse(given[1], "the quantity has a value already")
    (value,) = given
    fields: dict[str, object] = {"ref_types": ref_types(source, element)}
    if "name" in children:
        fields["name"] = text(source, children["name"])
    if value.tag == NOTE:
        note = text(source, given)
        return source.build(value, Note, fields | {"text": note}) if note else None
    if value.tag == WORDS:
        words = entries(value)
        return source.build(value, Words, fields | {"words": words}) if words else None
    numbers = _numbers(source, value)
    if numbers is None:
        return None
    if "measurementMetaData" in children:
        fields |= _meta_data(source, children["measurementMetaData"], numbers["unit"])
    return source.build(value, Column, {**fields, **numbers})


def entries(element: _Element) -> list[str]:
    """Return the entries of an XML list, which blanks separate."""
    return (element.text or "").split()


def _numbers(source: Source, element: _Element) -> Numbers | None:
    """Return unit, values and uncertainty as fields of a column."""
    if element.tag == HYBRID:
        return _hybrid(source, element)
    return _listed(source, element) if element.tag == SINGLES else _plain(source, element)


def _plain(source: Source, element: _Element) -> Numbers:
    """Read si:real, si:constant or si:realListXMLList; one is the other with one value."""
    suffix = "XMLList" if element.tag == LIST else ""
    children = source.children(element, PLAIN[suffix])
    if "value" not in children or "unit" not in children:
        source.refuse(element, "a value or its unit is missing")
    values = _numerals(only(children["value"]))
    found: Numbers = {"values": values, "unit": _unit(source, only(children["unit"]), len(values))}
    if "uncertainty" in children:
        given = children["uncertainty"]
        if len(given) > 1:
            source.refuse(given[1], "the uncertainty is stated already")
        found["uncertainty"] = _uncertainty(source, given[0], suffix)
    return found


def _numerals(element: _Element) -> list[str]:
    """Accept the spellings of no number that real files have; anything else the model judges."""
    return ["NaN" if text.lower() == "nan" else text for text in entries(element)]


def _unit(source: Source, element: _Element, rows: int) -> str:
    written = entries(element)
    if not written or len(written) not in (1, rows):
        source.refuse(element, f"{len(written)} units for {rows} values")
    try:
        found = {units.from_dsi(text) for text in written}
    except UnitError as error:
        source.refuse(element, str(error))
    if len(found) > 1:
        source.refuse(element, f"the values of one column have different units: {', '.join(sorted(found))}")
    return found.pop()


def _uncertainty(source: Source, element: _Element, suffix: str) -> Uncertainty:
    """Read any of the five ways to state an uncertainty (D-SI 1.3 to 2.2)."""
    if name_of(element).startswith("si:measurementUncertaintyUnivariate"):
        if len(element) != 1:
            source.refuse(element, "one statement of uncertainty is due")
        element = element[0]
    children = source.children(element, UNCERTAINTY[suffix])
    found = {part: _numerals(only(same)) for part, same in children.items()}
    fields: dict[str, object] = {"expanded": found.get("U", found.get("u", ()))}
    fields["distribution"] = found.get("distribution") or None
    if "U" in found:
        fields |= {"k": found.get("k", ()), "p": found.get("p", ())}
    else:
        fields |= {"k": ("1",), "p": None}
        if "low" in found or "high" in found:
            ends = {part: found.get(part, ()) for part in ("low", "high", "p")}
            fields["interval"] = source.build(element, Interval, ends)
    return source.build(element, Uncertainty, fields)


def _hybrid(source: Source, element: _Element) -> Numbers | None:
    """Read one quantity given in several units: the first known one, if the others agree with it."""
    found = []
    for member in element:
        if name_of(member) not in NUMBERS or _outside_si(member):
            source.leave_out(member)
        else:
            found.append((member, source.build(member, Column, _plain(source, member))))
    if not found:
        return None
    first = found[0][1]
    for member, other in found[1:]:
        if len(other.values) != len(first.values) or not _agree(first, other):
            source.refuse(member, f"it contradicts the same quantity in {first.unit}")
    return {"unit": first.unit, "values": first.values, "uncertainty": first.uncertainty}


def _outside_si(element: _Element) -> bool:
    """Say whether a member of a hybrid has a unit declared to be outside the SI (`|psi`)."""
    return any(name_of(child).startswith("si:unit") and "|" in (child.text or "") for child in element)


def _agree(first: Column, other: Column) -> bool:
    """Say whether two columns tell the same, but for one unit of the last digit of each."""
    if not units.same_dimension(first.unit, other.unit):
        return False
    scale = units.scale(first.unit, other.unit)
    for one, two in zip(first.values, other.values, strict=True):
        if "NaN" in (one, two):
            continue
        expected = units.convert(float(one), first.unit, other.unit)
        # An overflow of the conversion is no agreement.
        near = 1.001 * (_last_digit(one) * scale + _last_digit(two))
        if not (math.isfinite(expected) and abs(float(two) - expected) <= near):
            return False
    return True


def _last_digit(number: str) -> float:
    exponent = Decimal(number).as_tuple().exponent
    return float(f"1e{exponent}")


def _listed(source: Source, element: _Element) -> Numbers | None:
    """Read si:list (before D-SI 2) as far as it holds plain numbers: one row for each si:real."""
    members = [child for child in element if name_of(child) == "si:real"]
    if len(members) != len(element) or not members:
        source.leave_out(element)
        return None
    rows = [source.build(member, Column, _plain(source, member)) for member in members]
    if len({row.unit for row in rows}) > 1:
        source.refuse(element, "the values of one list have different units")
    stated = [row.uncertainty for row in rows if row.uncertainty is not None]
    if stated and len(stated) < len(rows):
        source.refuse(element, "some values of one list have an uncertainty, others none")
    if any(entry.interval is not None or (entry.p is None) != (stated[0].p is None) for entry in stated):
        source.refuse(element, "the values of one list state their uncertainty in different ways")
    together = None
    if stated:
        fields: dict[str, object] = {
            part: tuple(value for entry in stated for value in getattr(entry, part) or ()) or None
            for part in ("expanded", "k", "p", "distribution")
        }
        together = source.build(element, Uncertainty, fields)
    return {"unit": rows[0].unit, "values": tuple(row.values[0] for row in rows), "uncertainty": together}


def _meta_data(source: Source, groups: Sequence[_Element], unit: str) -> dict[str, object]:
    """Return what a quantity's metadata say of conformity, scope and degrees of freedom."""
    found: dict[str, object] = {}
    for meta in (meta for group in groups for meta in group):
        kinds = ref_types(source, meta)
        if "basic_conformity" in kinds and "conformity" not in found:
            found["conformity"] = _conformity(source, meta, unit)
        elif "basic_isInCMC" in kinds and "in_cmc" not in found:
            found["in_cmc"] = _in_cmc(source, meta)
        elif DEGREES_OF_FREEDOM in kinds:
            found["dof"] = _degrees_of_freedom(source, meta)
        else:
            source.leave_out(meta)
    return found


def _degrees_of_freedom(source: Source, meta: _Element) -> tuple[str, ...] | None:
    given = [
        quantity(source, element) for data in source.children(meta, DATA).get("data", ()) for element in data
    ]
    return next((entry.words for entry in given if isinstance(entry, Words)), None)


def _conformity(source: Source, meta: _Element, unit: str) -> Conformity | None:
    children = source.children(meta, CONFORMITY)
    given = children.get("verdicts")
    if given is None:
        source.leave_out(meta)
        return None
    if len(given) > 1:
        source.refuse(given[1], "the conformity is given already")
    limits: dict[str, tuple[str, ...]] = {}
    for element in (element for data in children.get("data", ()) for element in data):
        bound = quantity(source, element) if name_of(element) == "quantity" else None
        if isinstance(bound, Column) and bound.unit == unit:
            limits |= dict.fromkeys(bound.ref_types, bound.values)
        else:
            source.leave_out(element)
    fields = {
        "verdicts": entries(given[0]),
        "rule": _ref(source, meta),
        "tolerance": _limits("basic_toleranceLimit", limits),
        "acceptance": _limits("basic_acceptanceLimit", limits),
    }
    return source.build(meta, Conformity, fields)


def _limits(kind: str, limits: dict[str, tuple[str, ...]]) -> Limits | None:
    lower, upper = limits.get(f"{kind}Lower"), limits.get(f"{kind}Upper")
    return Limits(lower=lower, upper=upper) if lower or upper else None


def _in_cmc(source: Source, meta: _Element) -> InCmc | None:
    given = source.children(meta, IN_CMC).get("valid")
    if given is None:
        source.leave_out(meta)
        return None
    if len(given) > 1:
        source.refuse(given[1], "the mark of the scope is given already")
    return source.build(meta, InCmc, {"valid": truths(given[0]), "statement": _ref(source, meta)})


def _ref(source: Source, element: _Element) -> str | None:
    """Return the first id an element refers to."""
    return next(iter(refs(source, element)), None)


def tables(source: Source, element: _Element, title: dict[str, str] | None = None) -> list[Table]:
    """Return what a dcc:list holds: its quantities as a table, then the tables within.

    Columns of a table must fit; a list that only groups quantities of different lengths gives one
    table for each.
    """
    children = source.children(element, TABLE)
    title = text(source, children.get("name", ())) or title
    kinds = ref_types(source, element)
    read = [entry for child in children.get("quantity", ()) if (entry := quantity(source, child))]
    equipment: list[str] = []
    for meta in (meta for group in children.get("measurementMetaData", ()) for meta in group):
        if not {EQUIPMENT_USED, "basic_measuringEquipment"}.isdisjoint(ref_types(source, meta)):
            equipment += refs(source, meta)
        else:
            source.leave_out(meta)
    fields = {"name": title, "ref_types": kinds, "equipment": equipment}
    rows = max(map(length, read), default=0)
    fitting = all(length(entry) in (1, rows) for entry in read)
    groups = [read] if fitting or any("Table" in kind for kind in kinds) else [[one] for one in read]
    found = [source.build(element, Table, {**fields, "columns": group}) for group in groups if group]
    for child in children.get("list", ()):
        found += tables(source, child, title)
    return found
