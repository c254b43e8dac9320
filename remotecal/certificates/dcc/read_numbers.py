"""Quantities, uncertainties and tables of a DCC: where a misreading would change a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.certificates.dcc.beside import STATED
from remotecal.certificates.dcc.read_forms import ref_types, refs, text, titled, truths
from remotecal.certificates.dcc.read_values import NUMBERS, as_stated, entries, numbers
from remotecal.certificates.dcc.source import Unread, by_name, in_full, name_of
from remotecal.certificates.dcc.write_results import DEGREES_OF_FREEDOM, EQUIPMENT_USED
from remotecal.model import Column, Conformity, InCmc, Limits, Note, Quantity, Table, Words
from remotecal.model.quantities import length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.etree import _Element

    from remotecal.certificates.dcc.source import Children, Source

NOTE, WORDS = in_full("noQuantity"), in_full("charsXMLList")
VALUES = (*NUMBERS, "si:hybrid", "noQuantity", "charsXMLList")
QUANTITY = by_name("name", "measurementMetaData", value=VALUES)

TABLE = by_name("name", "quantity", "list", "measurementMetaData")
CONFORMITY = by_name("name", "declaration", "data", verdicts=("conformity", "conformityXMLList"))
IN_CMC = by_name("name", "declaration", valid=("valid", "validXMLList"))
DATA = by_name("data")
LIMITS = {f"basic_{kind}Limit{end}" for kind in ("tolerance", "acceptance") for end in ("Lower", "Upper")}


def quantity(source: Source, element: _Element) -> Quantity | None:
    """Return a quantity, or None if it is of a kind the model has no place for, which is said."""
    children = source.children(element, QUANTITY)
    given = children.get("value", [])
    if len(given) > 1:
        source.refuse(given[1], "the quantity has a value already")
    try:
        if given:
            return _valued(source, element, given[0], children)
    except Unread as part:
        source.leave_out_unread(part)
    for child in (*children.get("name", ()), *children.get("measurementMetaData", ())):
        source.leave_out(child)
    return None


def _valued(source: Source, element: _Element, value: _Element, children: Children) -> Quantity:
    """Return the quantity of an element that has this value."""
    kind: type[Quantity] = Note if value.tag == NOTE else Words if value.tag == WORDS else Column
    groups = children.get("measurementMetaData", ())
    fields: dict[str, object] = {}
    if kind is Column:
        found = numbers(source, value)
        fields["ref_types"] = kinds = ref_types(source, element)
        if STATED in kinds:
            kinds.remove(STATED)
            found = as_stated(source, value, found)
        fields |= {**found, **_meta_data(source, groups, found["unit"])}
    else:
        told = text(source, [value]) if kind is Note else entries(value)
        if not told:
            raise Unread(value, "it is blank")
        fields["text" if kind is Note else "words"] = told
        fields["ref_types"] = ref_types(source, element)
        for group in groups:
            source.leave_out(group)
    if "name" in children:
        fields["name"] = text(source, children["name"])
    return source.build(value, kind, fields)


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
    limits: dict[str, Column] = {}
    for element in (element for data in children.get("data", ()) for element in data):
        bound = quantity(source, element) if name_of(element) == "quantity" else None
        if isinstance(bound, Column) and bound.unit == unit and not LIMITS.isdisjoint(bound.ref_types):
            limits |= dict.fromkeys(bound.ref_types, bound)
            if bound.uncertainty or bound.conformity or bound.in_other_units:
                source.leave_out(element, "of which only the values are a limit")
        else:
            source.leave_out(element)
    fields = {
        "verdicts": entries(given[0]),
        "rule": _ref(source, meta),
        "tolerance": _limits("basic_toleranceLimit", limits),
        "acceptance": _limits("basic_acceptanceLimit", limits),
        **_words(source, children),
    }
    return source.build(meta, Conformity, fields)


def _limits(kind: str, limits: dict[str, Column]) -> Limits | None:
    lower, upper = limits.get(f"{kind}Lower"), limits.get(f"{kind}Upper")
    if lower is None and upper is None:
        return None
    return Limits(
        lower=None if lower is None else lower.values,
        upper=None if upper is None else upper.values,
        lower_name=None if lower is None else lower.name,
        upper_name=None if upper is None else upper.name,
    )


def _in_cmc(source: Source, meta: _Element) -> InCmc | None:
    children = source.children(meta, IN_CMC)
    given = children.get("valid")
    if given is None:
        source.leave_out(meta)
        return None
    if len(given) > 1:
        source.refuse(given[1], "the mark of the scope is given already")
    fields = {"valid": truths(given[0]), "statement": _ref(source, meta), **_words(source, children)}
    return source.build(meta, InCmc, fields)


def _words(source: Source, children: Children) -> dict[str, object]:
    """Return what a judgement is called and declares."""
    return {part: text(source, children[part]) for part in ("name", "declaration") if part in children}


def _ref(source: Source, element: _Element) -> str | None:
    """Return the first id an element refers to."""
    return next(iter(refs(source, element)), None)


def tables(source: Source, element: _Element, title: dict[str, str] | None = None) -> list[Table]:
    """Return what a dcc:list holds: its quantities as a table, then the tables within.

    Columns of a table must fit; a list that only groups quantities of different lengths gives one
    table for each. The name of a list that holds lists stands before theirs.
    """
    children = source.children(element, TABLE)
    title = titled(title, text(source, children.get("name", ())))
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
