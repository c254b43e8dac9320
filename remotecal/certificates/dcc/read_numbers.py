"""Quantities, uncertainties and tables of a DCC: where a misreading would change a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal import units
from remotecal.certificates.dcc.beside import STATED, scaled
from remotecal.certificates.dcc.read_complex import COMPLEX, complex_numbers
from remotecal.certificates.dcc.read_forms import ref_types, refs, text, titled, truths
from remotecal.certificates.dcc.read_joint import SINGLE_REGIONS, correlation, digits
from remotecal.certificates.dcc.read_values import NUMBERS, as_stated, entries, numbers
from remotecal.certificates.dcc.source import Unread, by_name, in_full, name_of, only
from remotecal.certificates.dcc.write_joint import JOINT, JOINT_COLUMNS, JOINT_ROWS, in_dsi
from remotecal.certificates.dcc.write_results import DEGREES_OF_FREEDOM, EQUIPMENT_USED
from remotecal.model import (
    Column,
    Complex,
    Conformity,
    Correlation,
    InCmc,
    JointResult,
    Limits,
    Note,
    Quantity,
    Table,
    Words,
)
from remotecal.model.tables import length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.etree import _Element

    from remotecal.certificates.dcc.source import CertificateSource, Children

NOTE, WORDS = in_full("noQuantity"), in_full("charsXMLList")
VALUES = (*NUMBERS, *COMPLEX, "si:hybrid", "noQuantity", "charsXMLList")
KINDS: dict[str, type[Quantity]] = {
    NOTE: Note,
    WORDS: Words,
    **dict.fromkeys(map(in_full, COMPLEX), Complex),
}
"""What a quantity is by its value; a column if it is no other."""
QUANTITY = by_name("name", "measurementMetaData", value=VALUES)

TABLE = by_name("name", "quantity", "list", "measurementMetaData")
CONFORMITY = by_name("name", "declaration", "data", verdicts=("conformity", "conformityXMLList"))
IN_CMC = by_name("name", "declaration", valid=("valid", "validXMLList"))
DATA = by_name("data")
JOINT_LIST = by_name(value=["si:real"], together=SINGLE_REGIONS)
REAL_LIST = in_full("si:realList")
LIMITS = {f"basic_{kind}Limit{end}" for kind in ("tolerance", "acceptance") for end in ("Lower", "Upper")}


def quantity(source: CertificateSource, element: _Element) -> Quantity | None:
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


def _valued(source: CertificateSource, element: _Element, value: _Element, children: Children) -> Quantity:
    """Return the quantity of an element that has this value."""
    kind = KINDS.get(str(value.tag), Column)
    groups = children.get("measurementMetaData", ())
    fields: dict[str, object] = {}
    if kind is Column:
        found = numbers(source, value)
        fields["ref_types"] = kinds = ref_types(source, element)
        if STATED in kinds:
            kinds.remove(STATED)
            found = as_stated(source, value, found)
        fields |= {**found, **_meta_data(source, groups, found["unit"])}
    elif kind is Complex:
        fields |= complex_numbers(source, value)
        fields["ref_types"] = ref_types(source, element)
        fields |= _meta_data(source, groups, None)
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


def _meta_data(source: CertificateSource, groups: Sequence[_Element], unit: str | None) -> dict[str, object]:
    """Return what a quantity's metadata say of conformity, scope and degrees of freedom.

    Of complex values, which have no one `unit`, only the scope is told.
    """
    found: dict[str, object] = {}
    for meta in (meta for group in groups for meta in group):
        kinds = ref_types(source, meta)
        if "basic_conformity" in kinds and "conformity" not in found and unit is not None:
            found["conformity"] = _conformity(source, meta, unit)
        elif "basic_isInCMC" in kinds and "in_cmc" not in found:
            found["in_cmc"] = _in_cmc(source, meta)
        elif DEGREES_OF_FREEDOM in kinds and unit is not None:
            found["dof"] = _degrees_of_freedom(source, meta)
        else:
            source.leave_out(meta)
    return found


def _degrees_of_freedom(source: CertificateSource, meta: _Element) -> tuple[str, ...] | None:
    given = [
        quantity(source, element) for data in source.children(meta, DATA).get("data", ()) for element in data
    ]
    return next((entry.words for entry in given if isinstance(entry, Words)), None)


def _conformity(source: CertificateSource, meta: _Element, unit: str) -> Conformity | None:
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


def _in_cmc(source: CertificateSource, meta: _Element) -> InCmc | None:
    children = source.children(meta, IN_CMC)
    given = children.get("valid")
    if given is None:
        source.leave_out(meta)
        return None
    if len(given) > 1:
        source.refuse(given[1], "the mark of the scope is given already")
    fields = {"valid": truths(given[0]), "statement": _ref(source, meta), **_words(source, children)}
    return source.build(meta, InCmc, fields)


def _words(source: CertificateSource, children: Children) -> dict[str, object]:
    """Return what a judgement is called and declares."""
    return {part: text(source, children[part]) for part in ("name", "declaration") if part in children}


def _ref(source: CertificateSource, element: _Element) -> str | None:
    """Return the first id an element refers to."""
    return next(iter(refs(source, element)), None)


def tables(source: CertificateSource, element: _Element, title: dict[str, str] | None = None) -> list[Table]:
    """Return what a dcc:list holds: its quantities as a table, then the tables within.

    Columns of a table must fit; a list that only groups quantities of different lengths gives one
    table for each. The name of a list that holds lists stands before theirs.
    """
    children = source.children(element, TABLE)
    title = titled(title, text(source, children.get("name", ())))
    kinds = ref_types(source, element)
    read = [entry for child in children.get("quantity", ()) if (entry := quantity(source, child))]
    equipment: list[str] = []
    together: list[_Element] = []
    for meta in (meta for group in children.get("measurementMetaData", ()) for meta in group):
        about = ref_types(source, meta)
        if not {EQUIPMENT_USED, "basic_measuringEquipment"}.isdisjoint(about):
            equipment += refs(source, meta)
        elif JOINT in about:
            together.append(meta)
        else:
            source.leave_out(meta)
    fields = {"name": title, "ref_types": kinds, "equipment": equipment}
    rows = max(map(length, read), default=0)
    fitting = all(length(entry) in (1, rows) for entry in read)
    groups = [read] if fitting or any("Table" in kind for kind in kinds) else [[one] for one in read]
    found = [source.build(element, Table, {**fields, "columns": group}) for group in groups if group]
    if len(found) == 1:
        found = [_with_joint_results(source, found[0], together)]
    else:
        for meta in together:
            source.leave_out(meta)
    for child in children.get("list", ()):
        found += tables(source, child, title)
    return found


def _with_joint_results(source: CertificateSource, table: Table, metas: Sequence[_Element]) -> Table:
    """Return a table with the joint results that metadata tell; those that can't be are said."""
    found = []
    for meta in metas:
        try:
            found.append(_joint_result(source, table, meta))
        except Unread as part:
            source.leave_out_unread(part)
    return table.model_copy(update={"joint": tuple(found)}) if found else table


def _joint_result(source: CertificateSource, table: Table, meta: _Element) -> JointResult:
    """Return a joint result, which only `write_joint` writes: its values again, and where they stand."""
    given = [element for data in source.children(meta, DATA).get("data", ()) for element in data]
    places = {kind: each for each in given for kind in ref_types(source, each)}
    together = [found for element in given for found in element.iter(REAL_LIST)]
    if JOINT_COLUMNS not in places or len(together) != 1:
        raise Unread(meta, "it is no joint result of a table")
    try:
        columns = _places(source, places[JOINT_COLUMNS])
        rows = _places(source, places[JOINT_ROWS]) if JOINT_ROWS in places else ()
        of = JointResult.model_construct(columns=columns, rows=rows)
        found = _joint_correlation(source, table, of, together[0])
        joint = JointResult(columns=columns, rows=rows, correlation=found)
        return Table.model_validate({**dict(table), "joint": (joint,)}).joint[0]
    except (ValueError, LookupError) as error:
        raise Unread(meta, f"it is no joint result of its table: {error}") from error


def _joint_correlation(
    source: CertificateSource, table: Table, of: JointResult, element: _Element
) -> Correlation:
    """Return the correlation of joint values, which must be those of the table."""
    rows = table.joint_rows(of)
    within = [(column, in_dsi(column)) for column in table.joint_columns(of)]
    parts = source.children(element, JOINT_LIST)
    values = [" ".join(each.itertext()).split() for each in parts["value"]]
    if values != [[column.values[row], units.to_dsi(column.unit)] for _, column in within for row in rows]:
        source.refuse(element, "the values of a joint result are not those of its table")
    stated = [u for _, column in within for u in column.correlated(rows)]
    units_of = [column.unit for _, column in within for _ in rows]
    found, u = correlation(source, only(parts["together"]), units_of, stated)
    if found.u is None:
        return found
    factors = [units.in_dsi(column.unit)[1] for column, _ in within for _ in rows]
    exact = (digits(scaled(one, 1 / factor)) for one, factor in zip(u, factors, strict=True))
    return found.model_copy(update={"u": tuple(exact)})


def _places(source: CertificateSource, element: _Element) -> tuple[int, ...]:
    """Return columns or rows, as `write_joint` states them."""
    stated = quantity(source, element)
    return tuple(map(int, stated.values)) if isinstance(stated, Column) else ()
