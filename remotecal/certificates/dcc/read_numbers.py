"""Quantities, uncertainties and tables of a DCC: where a misreading would change a number."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

from remotecal import units
from remotecal.certificates.dcc.source import name_of, only, texts, truths
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

    from remotecal.certificates.dcc.source import Children, Languages, Source

VALUES = (
    "si:real",
    "si:realListXMLList",
    "si:hybrid",
    "si:list",
    "si:constant",
    "noQuantity",
    "charsXMLList",
)


def quantity(source: Source, element: _Element) -> Quantity | None:
    """Return a quantity, or None if it is of a kind the model has no place for."""
    children = source.children(element, "name", "measurementMetaData", *VALUES)
    given = [(kind, child) for kind in VALUES for child in children.get(kind, ())]
    if not given:
        return None
    if len(given) > 1:
        source.refuse(given[1][1], "the quantity has a value already")
    kind, value = given[0]
    name, ref_types = texts(source, children, "name"), source.ref_types(element)
    if kind == "noQuantity":
        note = texts(source, children, kind)
        return source.build(value, Note, name=name, ref_types=ref_types, text=note) if note else None
    if kind == "charsXMLList":
        words = entries(value)
        return source.build(value, Words, name=name, ref_types=ref_types, words=words) if words else None
    numbers = _numbers(source, value)
    if numbers is None:
        return None
    meta = _meta_data(source, children, str(numbers["unit"]))
    return source.build(value, Column, name=name, ref_types=ref_types, **numbers, **meta)


def entries(element: _Element) -> tuple[str, ...]:
    """Return the entries of an XML list, which blanks separate."""
    return tuple((element.text or "").split())


def _numbers(source: Source, element: _Element) -> dict[str, object] | None:
    """Return unit, values and uncertainty as fields of a column."""
    kind = name_of(element)
    if kind == "si:hybrid":
        return _hybrid(source, element)
    if kind == "si:list":
        return _listed(source, element)
    return _plain(source, element)


def _plain(source: Source, element: _Element) -> dict[str, object]:
    """Read si:real, si:constant or si:realListXMLList; one is the other with one value."""
    suffix = "XMLList" if name_of(element).endswith("XMLList") else ""
    univariate = (f"si:measurementUncertaintyUnivariate{suffix}",)
    direct = (f"si:expandedUnc{suffix}", f"si:coverageInterval{suffix}")
    children = source.children(element, f"si:value{suffix}", f"si:unit{suffix}", *univariate, *direct)
    given = [child for name in (*univariate, *direct) for child in children.get(name, ())]
    if len(given) > 1:
        source.refuse(given[1], "the uncertainty is stated already")
    value, written = only(children, f"si:value{suffix}"), only(children, f"si:unit{suffix}")
    if value is None or written is None:
        source.refuse(element, "a value or its unit is missing")
    values = tuple(map(_number, entries(value)))
    unit = _unit(source, written, len(values))
    uncertainty = _uncertainty(source, given[0], suffix) if given else None
    return {"unit": unit, "values": values, "uncertainty": uncertainty}


def _number(text: str) -> str:
    """Accept the spellings of no number that real files have; anything else the model judges."""
    return "NaN" if text.lower() == "nan" else text


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
    children = source.children(element, *(f"si:{name}{suffix}" for names in PARTS.values() for name in names))
    found = {
        part: tuple(map(_number, entries(child)))
        for part, names in PARTS.items()
        for name in names
        if (child := only(children, f"si:{name}{suffix}")) is not None
    }
    fields: dict[str, object] = {"expanded": found.get("U", found.get("u", ()))}
    fields["distribution"] = found.get("distribution") or None
    if "U" in found:
        fields |= {"k": found.get("k", ()), "p": found.get("p", ())}
    else:
        fields |= {"k": ("1",), "p": None}
        if "low" in found or "high" in found:
            ends = {part: found.get(part, ()) for part in ("low", "high", "p")}
            fields["interval"] = source.build(element, Interval, **ends)
    return source.build(element, Uncertainty, **fields)


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


def _hybrid(source: Source, element: _Element) -> dict[str, object] | None:
    """Read one quantity given in several units: the first known one, if the others agree with it."""
    found = []
    for member in element:
        if name_of(member) not in ("si:real", "si:realListXMLList", "si:constant") or _outside_si(member):
            source.leave_out(member)
        else:
            found.append((member, source.build(member, Column, **_plain(source, member))))
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


def _listed(source: Source, element: _Element) -> dict[str, object] | None:
    """Read si:list (before D-SI 2) as far as it holds plain numbers: one row for each si:real."""
    members = [child for child in element if name_of(child) == "si:real"]
    if len(members) != len(element) or not members:
        source.leave_out(element)
        return None
    rows = [source.build(member, Column, **_plain(source, member)) for member in members]
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
        together = source.build(element, Uncertainty, **fields)
    return {"unit": rows[0].unit, "values": tuple(row.values[0] for row in rows), "uncertainty": together}


def _meta_data(source: Source, children: Children, unit: str) -> dict[str, object]:
    """Return what a quantity's metadata say of conformity, scope and degrees of freedom."""
    found: dict[str, object] = {}
    for group in children.get("measurementMetaData", ()):
        for meta in group:
            kinds = source.ref_types(meta)
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
        quantity(source, element)
        for data in source.children(meta, "data").get("data", ())
        for element in data
    ]
    return next((entry.words for entry in given if isinstance(entry, Words)), None)


def _conformity(source: Source, meta: _Element, unit: str) -> Conformity | None:
    children = source.children(meta, "name", "declaration", "conformity", "conformityXMLList", "data")
    given = [*children.get("conformity", ()), *children.get("conformityXMLList", ())]
    if not given:
        source.leave_out(meta)
        return None
    if len(given) > 1:
        source.refuse(given[1], "the conformity is given already")
    limits: dict[str, tuple[str, ...]] = {}
    for data in children.get("data", ()):
        for element in data:
            bound = quantity(source, element) if name_of(element) == "quantity" else None
            if isinstance(bound, Column) and bound.unit == unit:
                limits |= dict.fromkeys(bound.ref_types, bound.values)
            else:
                source.leave_out(element)
    return source.build(
        meta,
        Conformity,
        verdicts=entries(given[0]),
        rule=source.ref(meta),
        tolerance=_limits("basic_toleranceLimit", limits),
        acceptance=_limits("basic_acceptanceLimit", limits),
    )


def _limits(kind: str, limits: dict[str, tuple[str, ...]]) -> Limits | None:
    lower, upper = limits.get(f"{kind}Lower"), limits.get(f"{kind}Upper")
    return Limits(lower=lower, upper=upper) if lower or upper else None


def _in_cmc(source: Source, meta: _Element) -> InCmc | None:
    children = source.children(meta, "name", "declaration", "valid", "validXMLList")
    given = [*children.get("valid", ()), *children.get("validXMLList", ())]
    if not given:
        source.leave_out(meta)
        return None
    if len(given) > 1:
        source.refuse(given[1], "the mark of the scope is given already")
    return source.build(meta, InCmc, valid=truths(given[0]), statement=source.ref(meta))


def tables(source: Source, element: _Element, title: Languages | None = None) -> list[Table]:
    """Return what a dcc:list holds: its quantities as a table, then the tables within.

    Columns of a table must fit; a list that only groups quantities of different lengths gives one
    table for each.
    """
    children = source.children(element, "name", "quantity", "list", "measurementMetaData")
    title = texts(source, children, "name") or title
    ref_types = source.ref_types(element)
    read = [entry for child in children.get("quantity", ()) if (entry := quantity(source, child))]
    equipment: list[str] = []
    for meta in (meta for group in children.get("measurementMetaData", ()) for meta in group):
        if EQUIPMENT_USED in source.ref_types(meta) or "basic_measuringEquipment" in source.ref_types(meta):
            equipment += source.refs(meta)
        else:
            source.leave_out(meta)
    fields = {"name": title, "ref_types": ref_types, "equipment": tuple(equipment)}
    rows = max(map(length, read), default=0)
    fitting = all(length(entry) in (1, rows) for entry in read)
    groups = (
        [tuple(read)] if fitting or any("Table" in kind for kind in ref_types) else [(one,) for one in read]
    )
    found = [source.build(element, Table, columns=group, **fields) for group in groups if group]
    for child in children.get("list", ()):
        found += tables(source, child, title)
    return found
