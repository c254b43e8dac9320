"""The second ring of a DCC, read: methods, standards, conditions, results and their budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from remotecal.certificates.dcc import write_results as names
from remotecal.certificates.dcc.read_forms import (
    Fields,
    Form,
    item_refs,
    line,
    lines,
    name_inside,
    own_id,
    ref_types,
    texts,
    titled,
    truth,
)
from remotecal.certificates.dcc.read_numbers import quantity, tables
from remotecal.certificates.dcc.source import Unread, by_name, name_of, the
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
    Text,
    Words,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lxml.etree import _Element
    from pydantic import BaseModel

    from remotecal.certificates.dcc.source import CertificateSource, Children
    from remotecal.model import Quantity

MOST_SHARED = 100_000
"""Times a record repeats what measurements share: each of them has all of it."""


def measurements(source: CertificateSource, element: _Element) -> list[Measurement]:
    """Return the measurements of a certificate."""
    children = source.children(element, MEASUREMENTS)
    found = children.get("measurementResult", [])
    common = _circumstances(source, children)
    if len(found) * sum(map(len, common.values())) > MOST_SHARED:
        source.refuse(element, f"{len(found)} measurements share more than any laboratory has")
    return [_measurement(source, child, common) for child in found]


def _circumstances(source: CertificateSource, children: Children) -> dict[str, list[BaseModel]]:
    return {
        field: [part for group in children.get(name, ()) for part in read(source, group)]
        for name, (field, read) in CIRCUMSTANCES.items()
    }


def _measurement(
    source: CertificateSource, element: _Element, common: dict[str, list[BaseModel]]
) -> Measurement:
    fields, apart = MEASUREMENT.fields(source, element)
    own = _circumstances(source, apart)
    fields |= {field: common[field] + own[field] for field in own}
    results, budgets = [], []
    for result in (result for group in apart.get("results", ()) for result in group):
        if names.BUDGET in ref_types(source, result):
            budgets.append(_budget(source, result))
        else:
            results.append(RESULT.read(source, result))
    return source.build(element, Measurement, fields | {"results": results, "budgets": budgets})


def _standards(source: CertificateSource, group: _Element) -> list[Equipment]:
    found = source.children(group, STANDARDS).get("measuringEquipment", ())
    return [_standard(source, element) for element in found]


def _standard(source: CertificateSource, element: _Element) -> Equipment:
    """Return a standard; its quantities may tell what a DCC has no other place for."""
    fields, apart = STANDARD.fields(source, element)
    certificate = the(apart, "certificate")
    validity: dict[str, object] = {}
    told = []
    groups = apart.get("measuringEquipmentQuantities", ())
    for entry in (entry for group in groups for entry in quantities(source, group)):
        meant = [field for kind, field in VALIDITY.items() if kind in entry.ref_types]
        if certificate is not None and meant and isinstance(entry, Words | Note):
            validity |= dict.fromkeys(meant, entry.text if isinstance(entry, Note) else entry.words[0])
        else:
            told.append(entry)
    if certificate is not None:
        try:
            reference, _ = CERTIFICATE.fields(source, certificate)
        except Unread as part:
            source.leave_out_unread(part)
        else:
            fields["certificate"] = source.build(certificate, CertificateReference, reference | validity)
    return _told_before(source, element, source.build(element, Equipment, fields | {"quantities": told}))


def _told_before(source: CertificateSource, element: _Element, standard: Equipment) -> Equipment:
    """Return a standard with its id, which stands where the same one was told first; others only are told."""
    if standard.id is not None:
        return source.standards.setdefault(standard.id, standard)
    for name in source.attribute(element, "refId").split():
        same = standard.model_copy(update={"id": name})
        if source.standards.get(name) == same:
            return same
        source.leave_out(element, f"its reference to {name!s:.80}")
    return standard


VALIDITY = {
    names.CERTIFICATE_ISSUER: "issuer",
    names.CERTIFICATE_ISSUED: "issued",
    names.CERTIFICATE_VALID_UNTIL: "valid_until",
}


def quantities(source: CertificateSource, group: _Element) -> list[Quantity]:
    """Return the quantities of an item or of equipment."""
    found = [quantity(source, element) for element in group]
    return [entry for entry in found if entry is not None]


def _inputs(source: CertificateSource, group: _Element) -> list[InputQuantity]:
    """Return those quantities of a method that are inputs of its model."""
    found = []
    for element in group:
        if names.INPUT in ref_types(source, element):
            found.append(INPUT.read(source, element))
        else:
            source.leave_out(element)
    return found


def _data(source: CertificateSource, data: _Element) -> list[Quantity | Table]:
    """Return what a dcc:data holds."""
    found: list[Quantity | Table] = []
    for element in data:
        kind = name_of(element)
        if kind == "quantity":
            entry = quantity(source, element)
            if entry is not None:
                found.append(entry)
        elif kind == "list":
            found += tables(source, element)
        else:
            source.leave_out(element)
    return found


def _columns(source: CertificateSource, data: _Element) -> list[Quantity]:
    """Return the columns of all tables, each below its table's name, and what stands alone."""
    found: list[Quantity] = []
    for entry in _data(source, data):
        if not isinstance(entry, Table):
            found.append(entry)
        elif entry.name is None:
            found += entry.columns
        else:
            found += [_below(entry.name, column) for column in entry.columns]
    return found


def _below(title: Text, column: Quantity) -> Quantity:
    """Return a column called as it is below the title of its table."""
    name = titled(title.root, column.name.root if column.name else None)
    return column.model_copy(update={"name": Text(name)})


def _tables(source: CertificateSource, data: _Element) -> list[Table]:
    """Return the tables; a quantity that stands alone is one of one column."""
    found = _data(source, data)
    return [entry if isinstance(entry, Table) else Table(ref_types=(), columns=(entry,)) for entry in found]


def _budget(source: CertificateSource, element: _Element) -> PointBudget:
    """Return a budget, which only `write_results` writes; anything missing is an error."""
    fields, apart = BUDGET.fields(source, element)
    estimates: list[Column] = []
    numbers: dict[str, Column] = {}
    words: dict[str, tuple[str, ...]] = {}
    for table in (table for data in apart.get("data", ()) for table in _tables(source, data)):
        for entry in table.columns:
            if names.ESTIMATES in table.ref_types and isinstance(entry, Column):
                estimates.append(entry)
            elif isinstance(entry, Column):
                numbers |= dict.fromkeys(entry.ref_types, entry)
            elif isinstance(entry, Words):
                words |= dict.fromkeys(entry.ref_types, entry.words)
    try:
        fields |= _budget_result(numbers) | {"points": tuple(map(unquote, words.get(names.POINTS, ())))}
        fields["lines"] = _budget_lines(source, element, estimates, numbers, words)
    except (KeyError, ValueError, TypeError) as error:
        source.refuse(element, f"the budget is not complete: {error}")
    return source.build(element, PointBudget, fields)


def _budget_lines(
    source: CertificateSource,
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
            {
                "symbol": symbol,
                "value": estimate.values[0],
                "unit": estimate.unit,
                "dof": dof,
                "sensitivity": sensitivity,
                "contribution": contribution,
                "share": share,
                **_standard_uncertainty(estimate),
            },
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
        "result": numbers[names.OF_RESULT].values[0] if names.OF_RESULT in numbers else 0,
        "value": result.values[0],
        "unit": result.unit,
        "u": numbers[names.STANDARD].values[0],
        "dof": result.dof[0],
        "k": stated.k[0],
        "p": stated.p[0],
        "expanded": stated.expanded[0],
    }


PROGRAMS = Form(Software, name=("name", texts), release=("release", line), kind=("type", line)).within(
    "software"
)

IDENTIFICATION = Form(
    Identification,
    ref_types=ref_types,
    value=("value", line),
    issuer=("issuer", line),
    name=("name description", texts),
)

EQUIPMENT_CLASS = Form(EquipmentClass, reference=("reference", line), class_id=("classID", line))

THING: Fields = {
    "id": own_id,
    "name": ("name", texts),
    "manufacturer": ("manufacturer", name_inside),
    "model": ("model", line),
    "identifications": ("identifications", IDENTIFICATION.all_within),
    "classes": ("equipmentClass", EQUIPMENT_CLASS.each),
    "description": ("description", texts),
}
"""What items and equipment have in common."""

REFERENCE: Fields = {
    "number": ("referralID referenceID", line),
    "title": ("referral reference", texts),
    "procedure": ("procedure", line),
    "value": ("value", line),
    "in_validity": ("inValidityRange", truth),
    "traceable": ("traceable", truth),
    "description": ("description", texts),
}
REPORT = Form(ReportReference, **REFERENCE)
CERTIFICATE = Form(CertificateReference, **REFERENCE)

STANDARDS = by_name("measuringEquipment")
STANDARD = Form(Equipment, "certificate", "measuringEquipmentQuantities", **THING, ref_types=ref_types)

INPUT = Form(
    InputQuantity,
    symbol=("charsXMLList", line),
    name=("name", texts),
    source=("description", texts),
)

METHODS = Form(
    Method,
    ref_types=ref_types,
    name=("name", texts),
    norms=("norm", lines),
    references=("reference", lines),
    description=("description", texts),
    inputs=("usedMethodQuantities", _inputs),
).within("usedMethod")

CONDITIONS = Form(
    Condition,
    ref_types=ref_types,
    name=("name", texts),
    status=("status state", line),
    quantities=("data", _columns),
).within("influenceCondition")

RESULT = Form(
    Result,
    ref_types=ref_types,
    items=item_refs,
    name=("name", texts),
    description=("description", texts),
    tables=("data", _tables),
)

BUDGET = Form(PointBudget, "data", title=("name", texts))

CIRCUMSTANCES: dict[str, tuple[str, Callable[[CertificateSource, _Element], Sequence[BaseModel]]]] = {
    "usedMethods": ("methods", METHODS),
    "usedSoftware": ("software", PROGRAMS),
    "measuringEquipments": ("standards", _standards),
    "influenceConditions": ("conditions", CONDITIONS),
}
"""What DCC 3.3 allows above all measurements, for all of them, and any version in each."""

MEASUREMENTS = by_name(*CIRCUMSTANCES, "measurementResult")
MEASUREMENT = Form(Measurement, *CIRCUMSTANCES, "results", id=own_id, name=("name", texts), items=item_refs)
