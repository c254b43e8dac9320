"""The second ring of a DCC: methods, standards, conditions, results and their budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal import units
from remotecal.certificates.dcc.beside import STATED, beside
from remotecal.certificates.dcc.parts import (
    certificate,
    equipment_classes,
    identifications,
    manufacturer,
    software_list,
    text,
)
from remotecal.certificates.dcc.write_joint import JOINT, complex_quantity, joint_result, multivariate
from remotecal.certificates.dcc.xml import add, maybe
from remotecal.model import Column, Complex, Note, Text, Uncertainty, Words

if TYPE_CHECKING:
    from lxml.etree import _Element

    from remotecal.model import (
        Condition,
        Equipment,
        Limits,
        Measurement,
        Method,
        PointBudget,
        Quantity,
        Result,
        Table,
    )

BUDGET = "remotecal_uncertaintyBudget"
CERTIFICATE_ISSUER = "remotecal_certificateIssuer"
CERTIFICATE_ISSUED = "remotecal_certificateIssued"
CERTIFICATE_VALID_UNTIL = "remotecal_certificateValidUntil"
DEGREES_OF_FREEDOM = "remotecal_degreesOfFreedom"
ESTIMATES = "remotecal_estimates"
EQUIPMENT_USED = "remotecal_measuringEquipment"
INPUT = "remotecal_input"
RESULT = "remotecal_budgetResult"
ROW = "remotecal_tableRow"
OF_RESULT = "remotecal_resultNumber"
POINTS = "remotecal_budgetPoints"
SENSITIVITY = "remotecal_sensitivityCoefficient"
CONTRIBUTION = "remotecal_contribution"
SHARE = "remotecal_shareOfVariance"
STANDARD = "remotecal_combinedStandardUncertainty"
SYMBOL = "remotecal_symbol"


def measurements(parent: _Element, entries: tuple[Measurement, ...]) -> None:
    """Append the measurements; of a standard that several share, the first has the id, the others refer."""
    written: set[str] = set()
    for entry in entries:
        _measurement(parent, entry, written)
        written |= {standard.id for standard in entry.standards if standard.id is not None}


def _measurement(parent: _Element, entry: Measurement, written: set[str]) -> None:
    element = add(parent, "measurementResult", id=entry.id, refId=" ".join(entry.items))
    text(element, "name", entry.name)
    if entry.methods:
        methods = add(element, "usedMethods")
        for method in entry.methods:
            _method(methods, method)
    software_list(element, "usedSoftware", entry.software)
    if entry.standards:
        standards = add(element, "measuringEquipments")
        for standard in entry.standards:
            _standard(standards, standard, again=standard.id in written)
    if entry.conditions:
        conditions = add(element, "influenceConditions")
        for condition in entry.conditions:
            _condition(conditions, condition)
    results = add(element, "results")
    for result in entry.results:
        _result(results, result)
    for budget in entry.budgets:
        _budget(results, budget)


def _method(parent: _Element, method: Method) -> None:
    element = add(parent, "usedMethod", refType=" ".join(method.ref_types))
    text(element, "name", method.name)
    text(element, "description", method.description)
    for norm in method.norms:
        add(element, "norm", norm)
    for reference in method.references:
        add(element, "reference", reference)
    if method.inputs:
        inputs = add(element, "usedMethodQuantities")
        for entry in method.inputs:
            described = add(inputs, "usedMethodQuantity", refType=INPUT)
            text(described, "name", entry.name)
            text(described, "description", entry.source)
            add(described, "charsXMLList", entry.symbol)


def _standard(parent: _Element, standard: Equipment, *, again: bool) -> None:
    """Append a standard; one that is there already is told `again`, and refers to where it has its id."""
    own, refers = (None, standard.id) if again else (standard.id, None)
    kinds = " ".join(standard.ref_types)
    element = add(parent, "measuringEquipment", id=own, refId=refers, refType=kinds)
    text(element, "name", standard.name)
    equipment_classes(element, standard.classes)
    text(element, "description", standard.description)
    certificate(element, "certificate", standard.certificate)
    manufacturer(element, standard.manufacturer)
    maybe(element, "model", standard.model)
    identifications(element, standard.identifications)
    quantities = [*_validity(standard), *standard.quantities]
    if quantities:
        described = add(element, "measuringEquipmentQuantities")
        for entry in quantities:
            quantity(described, "measuringEquipmentQuantity", entry)


def _validity(standard: Equipment) -> list[Quantity]:
    """Return what the schema's hashType has no place for: who issued the certificate, and its dates."""
    reference = standard.certificate
    found: list[Quantity] = []
    if reference is None:
        return found
    if reference.issuer is not None:
        found.append(Note(ref_types=(CERTIFICATE_ISSUER,), text=reference.issuer))
    for kind, day in (
        (CERTIFICATE_ISSUED, reference.issued),
        (CERTIFICATE_VALID_UNTIL, reference.valid_until),
    ):
        if day is not None:
            found.append(Words(ref_types=(kind,), words=(str(day),)))
    return found


def _condition(parent: _Element, condition: Condition) -> None:
    element = add(parent, "influenceCondition", refType=" ".join(condition.ref_types))
    text(element, "name", condition.name)
    maybe(element, "status", condition.status)
    data = add(element, "data")
    for entry in condition.quantities:
        quantity(data, "quantity", entry)
    _not_empty(data)


def _not_empty(data: _Element) -> None:
    """Say in a text that there is nothing where the schema demands something."""
    if not len(data):
        text(data, "text", Text({}))


def _result(parent: _Element, result: Result) -> None:
    element = add(parent, "result", refId=" ".join(result.items), refType=" ".join(result.ref_types))
    text(element, "name", result.name)
    text(element, "description", result.description)
    data = add(element, "data")
    for table in result.tables:
        _table(data, table)
    _not_empty(data)


def _table(parent: _Element, table: Table) -> None:
    element = add(parent, "list", refType=" ".join(table.ref_types))
    text(element, "name", table.name)
    for entry in table.columns:
        quantity(element, "quantity", entry, column=True)
    if table.equipment or table.joint:
        meta = add(element, "measurementMetaData")
        if table.equipment:
            add(meta, "metaData", refType=EQUIPMENT_USED, refId=" ".join(table.equipment))
        for joint in table.joint:
            joint_result(add(add(meta, "metaData", refType=JOINT), "data"), table, joint)


def quantity(parent: _Element, name: str, entry: Quantity, *, column: bool = False) -> None:
    """Append a quantity; a `column` is written as a list even if it has one value."""
    outside = isinstance(entry, Column) and units.outside_dsi(entry.unit)
    kinds = (*entry.ref_types, STATED) if outside else entry.ref_types
    element = add(parent, name, refType=" ".join(kinds))
    text(element, "name", entry.name)
    if isinstance(entry, Note):
        text(element, "noQuantity", entry.text)
    elif isinstance(entry, Words):
        add(element, "charsXMLList", " ".join(entry.words))
    elif isinstance(entry, Complex):
        complex_quantity(element, entry, column=column or len(entry.values) > 1)
        _meta_data(element, entry)
    else:
        stated = (entry, *entry.in_other_units)
        if units.outside_dsi(entry.unit):
            stated = (beside(entry), *stated)
        inside = add(element, "si:hybrid") if len(stated) > 1 else element
        for one in stated:
            _numbers(inside, one, column=column or len(entry.values) > 1)
        _meta_data(element, entry)


def _numbers(parent: _Element, entry: Column, *, column: bool) -> None:
    suffix = "XMLList" if column else ""
    element = add(parent, "si:realListXMLList" if column else "si:real")
    add(element, f"si:value{suffix}", " ".join(entry.values))
    add(element, f"si:unit{suffix}", units.marked(entry.unit))
    if entry.uncertainty is not None:
        _uncertainty(element, entry.uncertainty, suffix)
    multivariate(element, entry)


def _uncertainty(parent: _Element, uncertainty: Uncertainty, suffix: str) -> None:
    univariate = add(parent, f"si:measurementUncertaintyUnivariate{suffix}")
    values = " ".join(uncertainty.expanded)
    if uncertainty.interval is not None:
        element = add(univariate, f"si:coverageIntervalMU{suffix}")
        add(element, f"si:valueStandardMU{suffix}", values)
        add(element, f"si:intervalMin{suffix}", " ".join(uncertainty.interval.low))
        add(element, f"si:intervalMax{suffix}", " ".join(uncertainty.interval.high))
        add(element, f"si:coverageProbability{suffix}", " ".join(uncertainty.interval.p))
    elif uncertainty.p is None:
        element = add(univariate, f"si:standardMU{suffix}")
        add(element, f"si:valueStandardMU{suffix}", values)
    else:
        element = add(univariate, f"si:expandedMU{suffix}")
        add(element, f"si:valueExpandedMU{suffix}", values)
        add(element, f"si:coverageFactor{suffix}", " ".join(uncertainty.k))
        add(element, f"si:coverageProbability{suffix}", " ".join(uncertainty.p))
    if uncertainty.distribution is not None:
        add(element, f"si:distribution{suffix}", " ".join(uncertainty.distribution))


def _meta_data(parent: _Element, entry: Column | Complex) -> None:
    conformity, dof = (entry.conformity, entry.dof) if isinstance(entry, Column) else (None, None)
    if conformity is None and entry.in_cmc is None and dof is None:
        return
    element = add(parent, "measurementMetaData")
    if conformity is not None:
        meta = add(element, "metaData", refType="basic_conformity", refId=conformity.rule)
        text(meta, "name", conformity.name)
        text(meta, "declaration", conformity.declaration)
        add(meta, "conformityXMLList", " ".join(conformity.verdicts))
        if conformity.tolerance is not None or conformity.acceptance is not None:
            data = add(meta, "data")
            _limits(data, "basic_toleranceLimit", conformity.tolerance, entry.unit)
            _limits(data, "basic_acceptanceLimit", conformity.acceptance, entry.unit)
    if entry.in_cmc is not None:
        meta = add(element, "metaData", refType="basic_isInCMC", refId=entry.in_cmc.statement)
        text(meta, "name", entry.in_cmc.name)
        text(meta, "declaration", entry.in_cmc.declaration)
        add(meta, "validXMLList", " ".join(str(valid).lower() for valid in entry.in_cmc.valid))
    if dof is not None:
        data = add(add(element, "metaData", refType=DEGREES_OF_FREEDOM), "data")
        quantity(data, "quantity", Words(words=dof))


def _limits(parent: _Element, kind: str, limits: Limits | None, unit: str) -> None:
    if limits is None:
        return
    for end, values, name in (
        ("Lower", limits.lower, limits.lower_name),
        ("Upper", limits.upper, limits.upper_name),
    ):
        if values is not None:
            bound = Column(name=name, ref_types=(kind + end,), unit=unit, values=values)
            quantity(parent, "quantity", bound, column=True)


def _budget(parent: _Element, budget: PointBudget) -> None:
    """Append a budget: the estimates, each with its unit, the table of contributions, the result."""
    element = add(parent, "result", refType=BUDGET)
    text(element, "name", budget.title)
    data = add(element, "data")
    estimates = add(data, "list", refType=ESTIMATES)
    for line in budget.lines:
        stated = Uncertainty(expanded=(line.u,), k=("1",), distribution=(line.distribution,))
        symbol = Text.plain(line.symbol)
        quantity(
            estimates,
            "quantity",
            Column(name=symbol, unit=line.unit, values=(line.value,), uncertainty=stated),
        )
    table = add(data, "list", refType="basic_1IndexTable")
    for entry in _contributions(budget):
        quantity(table, "quantity", entry, column=True)
    for entry in _budget_result(budget):
        quantity(data, "quantity", entry)


def _contributions(budget: PointBudget) -> list[Quantity]:
    """Return the columns of the table; a sensitivity is in units of the result over the input's."""
    lines = budget.lines
    return [
        Words(ref_types=(SYMBOL,), words=tuple(line.symbol for line in lines)),
        Words(ref_types=(DEGREES_OF_FREEDOM,), words=tuple(line.dof for line in lines)),
        Words(ref_types=(SENSITIVITY,), words=tuple(line.sensitivity for line in lines)),
        Column(
            ref_types=(CONTRIBUTION,), unit=budget.unit, values=tuple(line.contribution for line in lines)
        ),
        Column(ref_types=(SHARE,), unit="%", values=tuple(line.share for line in lines)),
    ]


def _word(text: str) -> str:
    """Return a text without blanks, which a list of words has between them (RFC 3986, 2.1)."""
    return text.replace("%", "%25").replace(" ", "%20")


def _budget_result(budget: PointBudget) -> list[Quantity]:
    expanded = Uncertainty(expanded=(budget.expanded,), k=(budget.k,), p=(budget.p,))
    return [
        Column(ref_types=(ROW,), unit="1", values=(str(budget.row),)),
        *([Column(ref_types=(OF_RESULT,), unit="1", values=(str(budget.result),))] if budget.result else []),
        *([Words(ref_types=(POINTS,), words=tuple(map(_word, budget.points)))] if budget.points else []),
        Column(
            ref_types=(RESULT,),
            unit=budget.unit,
            values=(budget.value,),
            uncertainty=expanded,
            dof=(budget.dof,),
        ),
        Column(ref_types=(STANDARD,), unit=budget.unit, values=(budget.u,)),
    ]
