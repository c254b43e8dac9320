"""The second ring of a DCC, read: methods, standards, conditions, results and their budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from remotecal.certificates.dcc import write_results as names
from remotecal.certificates.dcc.read_numbers import quantity, tables
from remotecal.certificates.dcc.source import line, lines, name_of, named, only, texts, truth
from remotecal.model import (
    BudgetLine,
    CertificateReference,
    Column,
    Condition,
    Equipment,
    EquipmentClass,
    Identification,
    InputQuantity,
    Measurement,
    Method,
    Note,
    PointBudget,
    ReportReference,
    Result,
    Software,
    Table,
    Words,
)

if TYPE_CHECKING:
    from lxml.etree import _Element

    from remotecal.certificates.dcc.source import Children, Source
    from remotecal.model import Quantity

Reference = TypeVar("Reference", bound=ReportReference)

SHARED = ("usedMethods", "usedSoftware", "measuringEquipments", "influenceConditions")
"""What DCC 3.3 allows above all measurements, for all of them."""

MOST_SHARED = 100_000
"""Times a record repeats what measurements share: each of them has all of it."""


def measurements(source: Source, element: _Element) -> list[Measurement]:
    """Return the measurements of a certificate."""
    children = source.children(element, *SHARED, "measurementResult")
    common = _circumstances(source, children)
    found = children.get("measurementResult", [])
    if len(found) * sum(map(len, common.values())) > MOST_SHARED:
        source.refuse(element, f"{len(found)} measurements share more than any laboratory has")
    return [_measurement(source, child, common) for child in found]


def _circumstances(source: Source, children: Children) -> dict[str, tuple[object, ...]]:
    def each(group: str, *known: str) -> list[_Element]:
        parts = [source.children(child, *known) for child in children.get(group, ())]
        return [element for part in parts for name in known for element in part.get(name, ())]

    standards = (equipment(source, element) for element in each("measuringEquipments", "measuringEquipment"))
    conditions = (
        _condition(source, element) for element in each("influenceConditions", "influenceCondition")
    )
    return {
        "methods": tuple(_method(source, element) for element in each("usedMethods", "usedMethod")),
        "software": tuple(program(source, element) for element in each("usedSoftware", "software")),
        "standards": tuple(standards),
        "conditions": tuple(conditions),
    }


def _measurement(source: Source, element: _Element, common: dict[str, tuple[object, ...]]) -> Measurement:
    children = source.children(element, "name", "results", *SHARED)
    own = _circumstances(source, children)
    results, budgets = [], []
    for group in children.get("results", ()):
        for result in group:
            if names.BUDGET in source.ref_types(result):
                budgets.append(_budget(source, result))
            else:
                results.append(_result(source, result))
    return source.build(
        element,
        Measurement,
        name=named(source, children),
        items=source.refs(element),
        results=tuple(results),
        budgets=tuple(budgets),
        **{name: common[name] + own[name] for name in own},
    )


def _method(source: Source, element: _Element) -> Method:
    children = source.children(element, "name", "description", "norm", "reference", "usedMethodQuantities")
    inputs = []
    for entry in (entry for group in children.get("usedMethodQuantities", ()) for entry in group):
        if names.INPUT not in source.ref_types(entry):
            source.leave_out(entry)
            continue
        parts = source.children(entry, "name", "description", "charsXMLList")
        symbol, source_text = line(parts, "charsXMLList"), texts(source, parts, "description")
        fields = {"symbol": symbol, "name": named(source, parts), "source": source_text}
        inputs.append(source.build(entry, InputQuantity, **fields))
    return source.build(
        element,
        Method,
        name=named(source, children),
        ref_types=source.ref_types(element),
        norms=lines(children, "norm"),
        references=lines(children, "reference"),
        description=texts(source, children, "description"),
        inputs=tuple(inputs),
    )


def program(source: Source, element: _Element) -> Software:
    """Return a program and its version."""
    children = source.children(element, "name", "release", "type")
    release, kind = line(children, "release"), line(children, "type")
    return source.build(element, Software, name=named(source, children), release=release, kind=kind)


THING = ("name", "equipmentClass", "description", "manufacturer", "model", "identifications")
"""What items and equipment have in common."""


def thing(source: Source, element: _Element, children: Children) -> dict[str, object]:
    """Return what items and equipment have in common, as fields."""
    maker = only(children, "manufacturer")
    classes = []
    for child in children.get("equipmentClass", ()):
        parts = source.children(child, "reference", "classID")
        fields = {"reference": line(parts, "reference"), "class_id": line(parts, "classID")}
        classes.append(source.build(child, EquipmentClass, **fields))
    return {
        "id": element.get("id"),
        "name": named(source, children),
        "manufacturer": None if maker is None else texts(source, source.children(maker, "name"), "name"),
        "model": line(children, "model"),
        "identifications": identifications(source, children),
        "classes": tuple(classes),
        "description": texts(source, children, "description"),
    }


def identifications(source: Source, children: Children) -> tuple[Identification, ...]:
    """Return the numbers of a thing."""
    found = []
    for element in (element for group in children.get("identifications", ()) for element in group):
        parts = source.children(element, "issuer", "value", "name")
        fields = {
            "value": line(parts, "value"),
            "issuer": line(parts, "issuer"),
            "name": texts(source, parts, "name"),
            "ref_types": source.ref_types(element),
        }
        found.append(source.build(element, Identification, **fields))
    return tuple(found)


def equipment(source: Source, element: _Element) -> Equipment:
    """Return a standard with the reference to its certificate."""
    children = source.children(element, *THING, "certificate", "measuringEquipmentQuantities")
    quantities = list(primitive(source, children, "measuringEquipmentQuantities"))
    validity: dict[str, object] = {}
    for entry in tuple(quantities):
        for kind, field in VALIDITY.items():
            if kind in entry.ref_types and isinstance(entry, Words | Note) and "certificate" in children:
                validity[field] = entry.text if isinstance(entry, Note) else entry.words[0]
                quantities.remove(entry)
    return source.build(
        element,
        Equipment,
        ref_types=source.ref_types(element),
        certificate=report(source, children, "certificate", CertificateReference, **validity),
        quantities=tuple(quantities),
        **thing(source, element, children),
    )


VALIDITY = {
    names.CERTIFICATE_ISSUER: "issuer",
    names.CERTIFICATE_ISSUED: "issued",
    names.CERTIFICATE_VALID_UNTIL: "valid_until",
}


def primitive(source: Source, children: Children, name: str) -> tuple[Quantity, ...]:
    """Return the quantities of an item or of equipment."""
    found = (quantity(source, child) for group in children.get(name, ()) for child in group)
    return tuple(entry for entry in found if entry is not None)


def report(
    source: Source, children: Children, name: str, kind: type[Reference], **fields: object
) -> Reference | None:
    """Return a reference to another certificate, with the `fields` the schema has no place for."""
    element = only(children, name)
    if element is None:
        return None
    known = ("referral", "referralID", "procedure", "value", "description", "inValidityRange", "traceable")
    parts = source.children(element, *known)
    return source.build(
        element,
        kind,
        number=line(parts, "referralID"),
        title=named(source, parts, "referral"),
        procedure=line(parts, "procedure"),
        value=line(parts, "value"),
        in_validity=truth(parts, "inValidityRange"),
        traceable=truth(parts, "traceable"),
        description=texts(source, parts, "description"),
        **fields,
    )


def _condition(source: Source, element: _Element) -> Condition:
    children = source.children(element, "name", "status", "data")
    found = [entry for table in _data(source, children) for entry in table.columns]
    return source.build(
        element,
        Condition,
        name=named(source, children),
        ref_types=source.ref_types(element),
        status=line(children, "status"),
        quantities=tuple(found),
    )


def _data(source: Source, children: Children) -> list[Table]:
    """Return what a dcc:data holds; a quantity that stands alone is a table of one column."""
    found: list[Table] = []
    for element in (element for group in children.get("data", ()) for element in group):
        kind = name_of(element)
        if kind == "quantity":
            entry = quantity(source, element)
            if entry is not None:
                found.append(source.build(element, Table, ref_types=(), columns=(entry,)))
        elif kind == "list":
            found += tables(source, element)
        else:
            source.leave_out(element)
    return found


def _result(source: Source, element: _Element) -> Result:
    children = source.children(element, "name", "description", "data")
    return source.build(
        element,
        Result,
        name=named(source, children),
        ref_types=source.ref_types(element),
        description=texts(source, children, "description"),
        tables=tuple(_data(source, children)),
    )


def _budget(source: Source, element: _Element) -> PointBudget:
    """Return a budget, which only `write_results` writes; anything missing is an error."""
    children = source.children(element, "name", "data")
    estimates: list[Column] = []
    numbers: dict[str, Column] = {}
    words: dict[str, tuple[str, ...]] = {}
    for table in _data(source, children):
        for entry in table.columns:
            if names.ESTIMATES in table.ref_types and isinstance(entry, Column):
                estimates.append(entry)
            elif isinstance(entry, Column):
                numbers |= dict.fromkeys(entry.ref_types, entry)
            elif isinstance(entry, Words):
                words |= dict.fromkeys(entry.ref_types, entry.words)
    try:
        lines = _budget_lines(source, element, estimates, numbers, words)
        fields = _budget_result(numbers)
    except (KeyError, ValueError, TypeError) as error:
        source.refuse(element, f"the budget is not complete: {error}")
    return source.build(element, PointBudget, title=named(source, children), lines=lines, **fields)


def _budget_lines(
    source: Source,
    element: _Element,
    estimates: list[Column],
    numbers: dict[str, Column],
    words: dict[str, tuple[str, ...]],
) -> tuple[BudgetLine, ...]:
    rows = zip(
        estimates,
        words[names.SYMBOL],
        words[names.DEGREES_OF_FREEDOM],
        words[names.SENSITIVITY],
        numbers[names.CONTRIBUTION].values,
        numbers[names.SHARE].values,
        strict=True,
    )
    return tuple(
        source.build(
            element,
            BudgetLine,
            symbol=symbol,
            value=estimate.values[0],
            unit=estimate.unit,
            dof=dof,
            sensitivity=sensitivity,
            contribution=contribution,
            share=share,
            **_standard_uncertainty(estimate),
        )
        for estimate, symbol, dof, sensitivity, contribution, share in rows
    )


def _standard_uncertainty(estimate: Column) -> dict[str, str]:
    stated = estimate.uncertainty
    if stated is None or stated.distribution is None:
        raise ValueError("an estimate lacks its uncertainty or its distribution")
    return {"u": stated.expanded[0], "distribution": stated.distribution[0]}


def _budget_result(numbers: dict[str, Column]) -> dict[str, object]:
    result = numbers[names.RESULT]
    stated = result.uncertainty
    if stated is None or stated.p is None or result.dof is None:
        raise ValueError("the result lacks its uncertainty or its degrees of freedom")
    return {
        "row": numbers[names.ROW].values[0],
        "value": result.values[0],
        "unit": result.unit,
        "u": numbers[names.STANDARD].values[0],
        "dof": result.dof[0],
        "k": stated.k[0],
        "p": stated.p[0],
        "expanded": stated.expanded[0],
    }
