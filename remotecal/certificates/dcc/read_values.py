"""Values, units and uncertainties of a DCC, in every form D-SI 1.3 to 2.2 has for them."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Required, TypedDict

from remotecal import units
from remotecal.certificates.dcc.read_joint import MULTIVARIATE, SINGLE_REGIONS, correlation, digits
from remotecal.certificates.dcc.source import Unread, by_name, in_full, name_of, only, the
from remotecal.errors import UnitError
from remotecal.model import Column, Correlation, Interval, Uncertainty

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.etree import _Element

    from remotecal.certificates.dcc.source import CertificateSource, Children

SINGLE = ("si:real", "si:constant")
NUMBERS = (*SINGLE, "si:realListXMLList", "si:list", "si:realList")
XML_LIST, HYBRID, UNIT = (in_full(name) for name in ("si:realListXMLList", "si:hybrid", "si:unit"))
REAL_LIST = in_full("si:realList")
LISTS = tuple(in_full(name) for name in ("si:list", "si:realList"))

SUFFIXES = ("", "XMLList")
"""What tells the names of a list's parts from those of a single value's."""

_STATED = (
    "measurementUncertaintyUnivariate",
    "measurementUncertaintyUnivaraite",  # as D-SI 2.2.1 spells it within a list
    "expandedUnc",
    "coverageInterval",
)
PLAIN = {
    suffix: by_name(
        value=[f"si:value{suffix}"],
        unit=[f"si:unit{suffix}"],
        uncertainty=[f"si:{kind}{suffix}" for kind in _STATED],
        together=MULTIVARIATE if suffix else (),
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

LISTED = by_name(
    "si:real",
    "si:listUnit",
    inner=["si:realList"],
    of_all=["si:listUnivariateUnc", "si:listMeasurementUncertaintyUnivariate"],
    together=SINGLE_REGIONS,
)
"""A list of single values, each with its own unit and uncertainty or with those of all (D-SI 1.3)."""


class Numbers(TypedDict, total=False):
    """Fields of a column."""

    unit: Required[str]
    values: Required[Sequence[str]]
    uncertainty: Uncertainty | None
    correlation: Correlation | None
    in_other_units: tuple[Column, ...]


def entries(element: _Element) -> list[str]:
    """Return the entries of an XML list, which blanks separate."""
    return (element.text or "").split()


def numbers(source: CertificateSource, element: _Element, *, alone: bool = True) -> Numbers:
    """Return unit, values and uncertainty as fields of a column.

    Args:
        source: the certificate.
        element: any of `NUMBERS`, or si:hybrid.
        alone: nothing beside it says the same in another unit.

    Raises:
        Unread: the quantity is of a kind the model has no place for, its unit is unknown, or its values
            do not share one.
        RecordError: it can't be read without guessing.
    """
    if element.tag == HYBRID:
        return _hybrid(source, element)
    return _listed(source, element) if element.tag in LISTS else _plain(source, element, alone=alone)


def _plain(
    source: CertificateSource, element: _Element, unit: str | None = None, *, alone: bool = True
) -> Numbers:
    """Read a single value or an XML list; one is the other with one value.

    Args:
        source: the certificate.
        element: si:real, si:constant or si:realListXMLList.
        unit: the unit where the element states none.
        alone: see `numbers`.
    """
    suffix = "XMLList" if element.tag == XML_LIST else ""
    children = source.children(element, PLAIN[suffix])
    if "value" not in children or ("unit" not in children and unit is None):
        source.refuse(element, "a value or its unit is missing")
    values = numerals(only(children["value"]))
    stated = the(children, "unit")
    found: Numbers = {
        "values": values,
        "unit": unit_of(source, stated, len(values), alone=alone) if stated is not None else unit or "",
    }
    if "uncertainty" in children:
        given = children["uncertainty"]
        if len(given) > 1:
            source.refuse(given[1], "the uncertainty is stated already")
        found["uncertainty"] = _uncertainty(source, given[0], suffix)
    return _with_correlation(source, element, found, children)


def _with_correlation(
    source: CertificateSource, element: _Element, found: Numbers, children: Children
) -> Numbers:
    """Return the numbers with what they have to do with each other, where that is stated and can be."""
    given = children.get("together", ())
    if not given:
        return found
    try:
        alone = source.build(element, Column, found)
        stated = alone.correlated() if alone.uncertainty is not None else None
        of = [found["unit"]] * len(found["values"])
        correlated, u = correlation(source, only(given), of, stated)
    except Unread as part:
        source.leave_out_unread(part)
        return found
    except ValueError as error:
        source.leave_out(given[0], str(error))
        return found
    found["correlation"] = correlated
    if stated is None:
        found["uncertainty"] = Uncertainty(expanded=tuple(map(digits, u)), k=("1",))
    return found


def numerals(element: _Element) -> list[str]:
    """Accept the spellings of no number that real files have; anything else the model judges."""
    return ["NaN" if text.lower() == "nan" else text for text in entries(element)]


def unit_of(source: CertificateSource, element: _Element, rows: int, *, alone: bool = True) -> str:
    """Return the one unit of values (`Unread` if it is unknown, or they have several)."""
    written = entries(element)
    if not written:
        raise Unread(element, "it is blank")
    if len(written) not in (1, rows):
        source.refuse(element, f"{len(written)} units for {rows} values")
    try:
        found = {units.from_dsi(text, alone=alone) for text in written}
    except UnitError as error:
        raise Unread(element, str(error)) from error
    if len(found) > 1:
        raise Unread(element, f"the values of one column have different units: {', '.join(sorted(found))}")
    return found.pop()


def _uncertainty(source: CertificateSource, element: _Element, suffix: str) -> Uncertainty:
    """Read any of the five ways to state an uncertainty (D-SI 1.3 to 2.2)."""
    if name_of(element).startswith(("si:measurementUncertaintyUniva", "si:list")):
        if len(element) != 1:
            source.refuse(element, "one statement of uncertainty is due")
        element = element[0]
    children = source.children(element, UNCERTAINTY[suffix])
    found = {part: numerals(only(same)) for part, same in children.items()}
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


def _hybrid(source: CertificateSource, element: _Element) -> Numbers:
    """Read one quantity in several units: the first that D-SI has, and the others as they agree with it.

    Who states a unit outside D-SI may define it otherwise: where it disagrees, it is not read.
    """
    found = []
    for member in element:
        if name_of(member) not in NUMBERS:
            source.leave_out(member)
            continue
        try:
            found.append((member, source.build(member, Column, numbers(source, member, alone=False))))
        except Unread as part:
            source.leave_out_unread(part)
    if not found:
        raise Unread(element, "none of its members is read")
    if len(found) == 1:
        _certain(*found[0])
    place = next((n for n, (_, read) in enumerate(found) if not units.outside_dsi(read.unit)), 0)
    first, others = found.pop(place)[1], []
    for member, other in found:
        if not _comparable(first.unit, other.unit):
            source.leave_out(member, f"which can't be compared with the same quantity in {first.unit}")
        elif len(other.values) == len(first.values) and _agree(first, other):
            others.append(other)
        elif units.outside_dsi(other.unit):
            source.leave_out(member, f"which is not the same quantity in {first.unit}, by our {other.unit}")
        else:
            source.refuse(member, f"it contradicts the same quantity in {first.unit}")
    return {
        "unit": first.unit,
        "values": first.values,
        "uncertainty": first.uncertainty,
        "correlation": first.correlation,
        "in_other_units": tuple(others),
    }


def _certain(element: _Element, read: Column) -> None:
    """Raise `Unread` for a unit that needs another one beside it to be understood."""
    try:
        units.from_dsi(units.marked(read.unit))
    except UnitError as error:
        raise Unread(element, str(error)) from error


def _comparable(unit: str, other: str) -> bool:
    """Say whether two units can say the same; a level's reference is beyond what D-SI can say."""
    if units.relative_to(other) is not None and units.relative_to(unit) is None:
        return units.same_dimension(unit, units.difference(other))
    return units.same_dimension(unit, other)


def as_stated(source: CertificateSource, element: _Element, found: Numbers) -> Numbers:
    """Return as they were stated the numbers that `write_results` stated in a D-SI unit, too."""
    stated, *others = found.get("in_other_units") or (None,)
    if stated is None or not units.outside_dsi(stated.unit):
        source.refuse(element, "it does not say in which unit outside D-SI it was stated, as it is marked to")
    return {
        "unit": stated.unit,
        "values": stated.values,
        "uncertainty": stated.uncertainty,
        "correlation": stated.correlation,
        "in_other_units": tuple(others),
    }


def _agree(first: Column, other: Column) -> bool:
    """Say whether two columns tell the same, but for one unit of the last digit of each."""
    scale = units.scale(first.unit, other.unit)
    level = units.relative_to(first.unit) is None and units.relative_to(other.unit) is not None
    for one, two in zip(first.values, other.values, strict=True):
        if "NaN" in (one, two):
            continue
        expected = float(one) if level else units.convert(float(one), first.unit, other.unit)
        # An overflow of the conversion is no agreement.
        near = 1.001 * (_last_digit(one) * scale + _last_digit(two))
        if not (math.isfinite(expected) and abs(float(two) - expected) <= near):
            return False
    return True


def _last_digit(number: str) -> float:
    exponent = Decimal(number).as_tuple().exponent
    return float(f"1e{exponent}")


def _listed(source: CertificateSource, element: _Element) -> Numbers:
    """Read a list of single values: one row for each."""
    children = source.children(element, LISTED)
    if children.keys() == {"inner"} and element.tag != REAL_LIST:  # the list of lists of D-SI 2
        return _listed(source, only(children["inner"]))
    members = children.get("si:real")
    if not members:
        raise Unread(element, "it holds no single values")
    common = the(children, "si:listUnit")
    unit = None if common is None else unit_of(source, common, 1)
    if unit is None and not all(list(member.iterchildren(UNIT)) for member in members):
        raise Unread(element, "it states no unit")
    rows = [source.build(member, Column, _plain(source, member, unit)) for member in members]
    if len({row.unit for row in rows}) > 1:
        raise Unread(element, "its values have different units")
    found: Numbers = {"unit": rows[0].unit, "values": tuple(row.values[0] for row in rows)}
    if len(children.get("of_all", ())) > 1:
        raise Unread(element, "it states the uncertainty of all its values twice")
    of_all = the(children, "of_all")
    own = [row.uncertainty for row in rows]
    if of_all is not None and any(own):
        raise Unread(element, "it states an uncertainty of all its values, and others for some")
    found["uncertainty"] = (
        _together(source, element, own) if of_all is None else _uncertainty(source, of_all, "")
    )
    return _with_correlation(source, element, found, children)


def _together(
    source: CertificateSource, element: _Element, stated: list[Uncertainty | None]
) -> Uncertainty | None:
    """Return the uncertainties of single values as those of their column."""
    given = [entry for entry in stated if entry is not None]
    if not given:
        return None
    if len(given) < len(stated):
        raise Unread(element, "some of its values have an uncertainty, others none")
    forms = {(entry.p is None, entry.interval is None, entry.distribution is None) for entry in given}
    if len(forms) > 1:
        raise Unread(element, "its values state their uncertainty in different ways")
    fields: dict[str, object] = {
        part: tuple(value for entry in given for value in getattr(entry, part) or ()) or None
        for part in ("expanded", "k", "p", "distribution")
    }
    intervals = [entry.interval for entry in given if entry.interval is not None]
    if intervals:
        ends = {
            end: tuple(value for interval in intervals for value in getattr(interval, end))
            for end in ("low", "high", "p")
        }
        fields |= {"k": ("1",), "interval": source.build(element, Interval, ends)}
    return source.build(element, Uncertainty, fields)
