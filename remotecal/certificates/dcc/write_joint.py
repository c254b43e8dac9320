"""What values have to do with each other, in a DCC: covariance matrices, regions, complex values.

D-SI has no matrix of correlation coefficients, but one of covariances, and only within a region with its
coverage factor and probability. Where the record states no region, both are NaN.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING

from remotecal import units
from remotecal.certificates.dcc.beside import beside, scaled
from remotecal.certificates.dcc.xml import add
from remotecal.model import Column
from remotecal.model.base import NOT_STATED
from remotecal.model.quantities import PRECISE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.etree import _Element

    from remotecal.model import Bivariate, Complex, Correlation, JointResult, Region, Table

JOINT = "remotecal_jointResult"
JOINT_COLUMNS = "remotecal_tableColumns"
JOINT_ROWS = "remotecal_tableRows"

SHAPES = {"ellipsoid": "ellipsoidalRegion", "rectangle": "rectangularRegion"}

COVARIANCE_DIGITS = 20
"""Significant digits of a covariance: enough to have coefficients and uncertainties back as they were."""

_CALCULATION = Context(prec=PRECISE)
_WRITTEN = Context(prec=COVARIANCE_DIGITS, rounding=ROUND_HALF_EVEN)

Cells = list[list[list[str]]]
"""Covariances by column and row of a matrix; of each one for every value it is stated of."""


def multivariate(parent: _Element, column: Column) -> None:
    """Append the covariance matrix of a column's values to its list, if the record states a correlation."""
    correlation = column.correlation
    if correlation is None:
        return
    apart = correlation.u
    u = [each for each, _ in column.correlated()] if apart is None else list(map(Decimal, apart))
    group = add(parent, "si:measurementUncertaintyMultivariateXMLList")
    cells = _covariances(correlation, u)
    _region(group, correlation.region, cells, [column.unit] * correlation.size, "XMLList")


def joint_result(parent: _Element, table: Table, result: JointResult) -> None:
    """Append a joint result to the data of a table: its values again, with their covariance matrix."""
    rows = table.joint_rows(result)
    values = [(column, row) for column in map(in_dsi, table.joint_columns(result)) for row in rows]
    inside = add(add(add(parent, "quantity"), "si:list"), "si:realList")
    for column, row in values:
        single = add(inside, "si:real")
        add(single, "si:value", column.values[row])
        add(single, "si:unit", units.to_dsi(column.unit))
    cells = _covariances(result.correlation, _joint_u(table, result))
    _region(inside, result.correlation.region, cells, [column.unit for column, _ in values], "")
    _numbers(parent, JOINT_COLUMNS, result.columns)
    if result.rows:
        _numbers(parent, JOINT_ROWS, result.rows)


def complex_quantity(parent: _Element, entry: Complex, *, column: bool) -> None:
    """Append complex values, as a list if they are those of a `column`."""
    suffix = "XMLList" if column else ""
    element = add(parent, "si:complexListXMLList" if column else "si:complex")
    names = ("valueReal", "valueImag") if entry.form == "cartesian" else ("valueMagnitude", "valuePhase")
    for name, part in zip(names, zip(*entry.values, strict=True), strict=True):
        add(element, f"si:{name}{suffix}", " ".join(part))
    add(element, f"si:unit{suffix}", units.to_dsi(entry.unit))
    if entry.phase_unit is not None:
        add(element, f"si:unitPhase{suffix}", units.to_dsi(entry.phase_unit))
    if entry.uncertainty is not None:
        if column:
            element = add(element, "si:measurementUncertaintyBivariateXMLList")
        _region(element, entry.uncertainty.region, _bivariate(entry.uncertainty), entry.part_units, suffix)


def in_dsi(column: Column) -> Column:
    """Return values and uncertainties of a column in a unit that D-SI has."""
    if units.outside_dsi(column.unit):
        return beside(column)
    return Column(unit=column.unit, values=column.values, uncertainty=column.uncertainty)


def _joint_u(table: Table, result: JointResult) -> list[Decimal]:
    """Return the standard uncertainties of joint values, in units that D-SI has."""
    rows, columns = table.joint_rows(result), table.joint_columns(result)
    if result.correlation.u is None:
        return [u for column in columns for u, _ in in_dsi(column).correlated(rows)]
    factors = (units.in_dsi(column.unit)[1] for column in columns for _ in rows)
    return [scaled(Decimal(u), factor) for u, factor in zip(result.correlation.u, factors, strict=True)]


def _numbers(parent: _Element, kind: str, numbers: Sequence[int]) -> None:
    element = add(add(parent, "quantity", refType=kind), "si:realListXMLList")
    add(element, "si:valueXMLList", " ".join(map(str, numbers)))
    add(element, "si:unitXMLList", units.to_dsi("1"))


def _covariances(correlation: Correlation, u: Sequence[Decimal]) -> Cells:
    return [
        [[_covariance(one, other, r)] for other, r in zip(u, row, strict=True)]
        for one, row in zip(u, correlation.matrix, strict=True)
    ]


def _bivariate(stated: Bivariate) -> Cells:
    u = [tuple(map(Decimal, pair)) for pair in stated.u]
    return [
        [
            [_covariance(pair[i], pair[j], "1" if i == j else r) for pair, r in zip(u, stated.r, strict=True)]
            for j in (0, 1)
        ]
        for i in (0, 1)
    ]


def _covariance(one: Decimal, other: Decimal, r: str) -> str:
    exact = _CALCULATION.multiply(_CALCULATION.multiply(one, other), Decimal(r))
    rounded = exact.normalize(_WRITTEN)
    if not rounded:
        return "0"
    return f"{rounded:f}" if -10 < rounded.adjusted() < 10 else f"{rounded:E}"


def _region(parent: _Element, region: Region | None, cells: Cells, of: Sequence[str], suffix: str) -> None:
    shape = SHAPES[region.shape if region else "ellipsoid"]
    element = add(parent, f"si:{shape}{'MU' if suffix else ''}{suffix}")
    matrix = add(element, f"si:covarianceMatrix{suffix}")
    for one, column in zip(of, cells, strict=True):
        inside = add(matrix, f"si:column{suffix}")
        for other, values in zip(of, column, strict=True):
            covariance = add(inside, f"si:covariance{suffix}")
            add(covariance, f"si:value{suffix}", " ".join(values))
            add(covariance, f"si:unit{suffix}", units.marked(units.product(one, other)))
    add(element, f"si:coverageFactor{suffix}", region.k if region else NOT_STATED)
    add(element, f"si:coverageProbability{suffix}", region.p if region else NOT_STATED)
    if region is not None and region.distribution is not None:
        add(element, f"si:distribution{suffix}", region.distribution)
