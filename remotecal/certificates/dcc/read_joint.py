"""What values of a DCC have to do with each other: covariance matrices, regions, complex values."""

from __future__ import annotations

import re
from decimal import Context, Decimal, localcontext
from typing import TYPE_CHECKING

from pydantic import ValidationError

from remotecal import units
from remotecal.certificates.dcc.source import Unread, by_name, in_full, name_of, only
from remotecal.certificates.dcc.write_joint import SHAPES
from remotecal.errors import UnitError
from remotecal.model import Bivariate, Correlation, Region
from remotecal.model.correlation import DECIMALS, DIGITS
from remotecal.model.quantities import PRECISE, check_correlated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.etree import _Element

    from remotecal.certificates.dcc.source import CertificateSource, Children

SUFFIXES = ("XMLList", "")
REGIONS = {
    in_full(f"si:{name}{form}"): shape
    for shape, name in SHAPES.items()
    for form in ("", "XMLList", "MUXMLList")
}
"""Elements that are a region, and its shape; the older `…RegionXMLList` has parts of single values."""

MULTIVARIATE = (
    "si:measurementUncertaintyMultivariateXMLList",
    *(f"si:{name}XMLList" for name in SHAPES.values()),
)
BIVARIATE = "si:measurementUncertaintyBivariateXMLList"
SINGLE_REGIONS = tuple(f"si:{name}" for name in SHAPES.values())

_PARTS = {
    suffix: by_name(
        matrix=[f"si:covarianceMatrix{suffix}"],
        k=[f"si:coverageFactor{suffix}"],
        p=[f"si:coverageProbability{suffix}"],
        distribution=[f"si:distribution{suffix}"],
    )
    for suffix in SUFFIXES
}
_CELL = {suffix: by_name(value=[f"si:value{suffix}"], unit=[f"si:unit{suffix}"]) for suffix in SUFFIXES}
_COLUMN, _CELLS = (
    {in_full(f"si:{name}{suffix}") for suffix in SUFFIXES} for name in ("column", "covariance")
)
_NUMERAL = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,4})?")
LONGEST_NUMERAL = 200
_CALCULATION = Context(prec=PRECISE)
_STEP = Decimal(1).scaleb(-DECIMALS)
_ASSUMED = Decimal("1e-18")
"""Relative difference below which two standard uncertainties are one."""

Matrix = list[list[list[Decimal]]]
"""Covariances by column and row; of each one for every value it is stated of."""


def correlation(
    source: CertificateSource,
    element: _Element,
    of: Sequence[str],
    stated: Sequence[tuple[Decimal, Decimal]] | None,
) -> tuple[Correlation, list[Decimal]]:
    """Return the correlation of values, and their standard uncertainties.

    Args:
        source: the certificate.
        element: a region, or the element around one.
        of: units of the values.
        stated: what the values state themselves; see `Column.correlated`.

    Raises:
        Unread: it is no matrix of these values, or contradicts what they state; it costs itself alone.
    """
    region, parts = _region_in(source, element)
    try:
        u, matrix = _coefficients(_matrix(source, region, parts, of))
        same = stated is not None and all(
            abs(one - given) <= _ASSUMED * given for one, (given, _) in zip(u, stated, strict=True)
        )
        apart = None if same or stated is None else tuple(map(digits, u))
        read = Correlation(matrix=matrix, u=apart, region=_region(region, parts))
        if stated is not None:
            check_correlated(read, tuple(stated))
    except (ValueError, UnitError) as error:
        raise Unread(region, _why(error)) from error
    return read, u


def bivariate(source: CertificateSource, element: _Element, of: tuple[str, str], rows: int) -> Bivariate:
    """Return the uncertainties of complex values (`Unread` if it is no matrix of their two parts)."""
    region, parts = _region_in(source, element)
    try:
        each = [_coefficients(one) for one in _apart(_matrix(source, region, parts, of), rows)]
        return Bivariate(
            u=tuple((digits(u[0]), digits(u[1])) for u, _ in each),
            r=tuple(Correlation(matrix=matrix).matrix[0][1] for _, matrix in each),
            region=_region(region, parts),
        )
    except (ValueError, UnitError) as error:
        raise Unread(region, _why(error)) from error


def _apart(matrix: Matrix, rows: int) -> list[Matrix]:
    """Return one matrix for each value, or one for all, of a matrix of lists."""
    lengths = {len(cell) for column in matrix for cell in column}
    if not lengths <= {1, rows}:
        raise ValueError(f"there are {max(lengths)} covariances for {rows} values")
    return [
        [[[cell[row if len(cell) > 1 else 0]] for cell in column] for column in matrix]
        for row in range(max(lengths))
    ]


def _region_in(source: CertificateSource, element: _Element) -> tuple[_Element, Children]:
    """Return the region that an element is or holds, and its parts."""
    if element.tag not in REGIONS:
        if len(element) != 1 or element[0].tag not in REGIONS:
            raise Unread(element, "one region is due")
        element = element[0]
    return element, source.children(element, _PARTS[_suffix(element)])


def _suffix(element: _Element) -> str:
    """Return what tells the parts of a region; the older form of a list has those of a single value."""
    return "XMLList" if name_of(element).endswith("MUXMLList") else ""


def _region(element: _Element, parts: Children) -> Region | None:
    """Return the region; None where its factor and probability are not stated."""
    k, p, distribution = (
        (only(parts[name]).text or "").split() if name in parts else [] for name in ("k", "p", "distribution")
    )
    if len({*k}) != 1 or len({*p}) != 1 or len({*distribution}) > 1:
        raise ValueError("one coverage factor and one probability are due")
    if (k[0].lower(), p[0].lower(), distribution) == ("nan", "nan", []):
        return None
    shape, kind = REGIONS[str(element.tag)], distribution[0] if distribution else None
    return Region.model_validate({"shape": shape, "k": k[0], "p": p[0], "distribution": kind})


def _matrix(source: CertificateSource, element: _Element, parts: Children, of: Sequence[str]) -> Matrix:
    """Return the covariance matrix of a region, in the products of the units `of` its values."""
    if "matrix" not in parts:
        raise ValueError("it has no covariance matrix")
    columns = list(only(parts["matrix"]))
    if len(columns) != len(of) or any(column.tag not in _COLUMN for column in columns):
        raise ValueError(f"its matrix has {len(columns)} columns for {len(of)} values")
    suffix = _suffix(element)
    return [_column(source, column, one, of, suffix) for one, column in zip(of, columns, strict=True)]


def _column(
    source: CertificateSource, element: _Element, one: str, of: Sequence[str], suffix: str
) -> list[list[Decimal]]:
    """Return a column of the matrix: a list for each row, or all rows in one list."""
    if any(cell.tag not in _CELLS for cell in element):
        raise ValueError("a column of the matrix holds something that is no covariance")
    cells = [_cell(source, cell, suffix) for cell in element]
    if len(cells) == 1 and len(of) > 1:
        values, stated = cells[0]
        stated = stated * len(values) if len(stated) == 1 else stated
        cells = [([value], [unit]) for value, unit in zip(values, stated, strict=True)]
    if len(cells) != len(of):
        raise ValueError(f"a column of the matrix has {len(cells)} covariances for {len(of)} values")
    return [_in_unit(*cell, units.product(one, other)) for cell, other in zip(cells, of, strict=True)]


def _cell(source: CertificateSource, element: _Element, suffix: str) -> tuple[list[Decimal], list[str]]:
    parts = source.children(element, _CELL[suffix])
    if not {"value", "unit"} <= parts.keys():
        raise ValueError("a covariance or its unit is missing")
    written = (only(parts["value"]).text or "").split()
    stated = (only(parts["unit"]).text or "").split()
    if not written or len(stated) not in (1, len(written)):
        raise ValueError(f"there are {len(stated)} units for {len(written)} covariances")
    for text in written:
        if len(text) > LONGEST_NUMERAL or not _NUMERAL.fullmatch(text):
            raise ValueError(f"{text!r:.40} is no covariance")
    return [Decimal(text) for text in written], [units.from_dsi(text, alone=False) for text in stated]


def _in_unit(values: list[Decimal], stated: list[str], to: str) -> list[Decimal]:
    factors = [1.0 if unit == to else units.scale(unit, to) for unit in stated]
    factors = factors * len(values) if len(factors) == 1 else factors
    return [
        value if factor == 1.0 else _CALCULATION.multiply(value, Decimal(factor))
        for value, factor in zip(values, factors, strict=True)
    ]


def _coefficients(covariances: Matrix) -> tuple[list[Decimal], tuple[tuple[str, ...], ...]]:
    """Return the standard uncertainties and the correlation matrix of a covariance matrix."""
    if any(len(cell) != 1 for column in covariances for cell in column):
        raise ValueError("several covariances stand where one is due")
    single = [[cell[0] for cell in column] for column in covariances]
    size = range(len(single))
    if any(not single[i][i] > 0 for i in size):
        raise ValueError("the variance of a value with an uncertainty is above 0")
    u = [single[i][i].sqrt(_CALCULATION) for i in size]
    matrix = tuple(
        tuple("1" if i == j else _coefficient(single[i][j], u[i], u[j]) for j in size) for i in size
    )
    return u, matrix


def _coefficient(covariance: Decimal, one: Decimal, other: Decimal) -> str:
    with localcontext(_CALCULATION):
        r = covariance / (one * other)
        return f"{r.quantize(_STEP):f}" if abs(r) < 2 else "2"


def digits(u: Decimal) -> str:
    """Return a standard uncertainty with the digits a record keeps of it."""
    rounded = u.normalize(Context(prec=DIGITS))
    return f"{rounded:f}" if -DIGITS < rounded.adjusted() < DIGITS else f"{rounded:E}"


def _why(error: Exception) -> str:
    return str(error.errors()[0]["msg"]) if isinstance(error, ValidationError) else str(error)
