"""Standards of a single value, or that are functions: what the certificate states is itself an input."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations
from typing import TYPE_CHECKING

from remotecal.errors import CertificateRefused
from remotecal.model import Text
from remotecal.procedures.library.evaluation.standards import Applied, difference
from remotecal.uncertainty.inputs import Input
from remotecal.units import convert

if TYPE_CHECKING:
    from remotecal.model import Certificate, Where
    from remotecal.uncertainty.number import Number, Numbers


def convention(certificate: Certificate, ref_type: str, unit: str) -> float:
    """Return what a certificate states as one positive number that has no uncertainty, in a unit.

    Raises:
        CertificateRefused: it states none, or several.
    """
    told = {
        convert(number, column.unit, unit)
        for table in certificate.record.tables
        if (column := table.column(ref_type)) is not None
        for number in column.floats()
    }
    if len(told) != 1 or min(told) <= 0:
        raise CertificateRefused(
            f"certificate {certificate.number} must state one {ref_type}, not {len(told)}"
        )
    return told.pop()


class Function(Applied):
    """A function of the place, whose coefficients a certificate states.

    Coefficients are correlated as the certificate says. Where it says nothing they are taken as independent,
    and the budget's sources tell so. Correlated ones share the fewest degrees of freedom any of them has.

    Args:
        certificate: the standard's.
        coefficients: symbol in the model → refType of its column, and the unit to bring it to, by a factor.
        formula: the function, of the coefficients as they are ordered and then of the place.
        where: what the row must say in other columns.

    Raises:
        CertificateRefused: no table has all coefficients in one row, or they have no uncertainty.
    """

    def __init__(
        self,
        certificate: Certificate,
        coefficients: Mapping[str, tuple[str, str]],
        formula: Callable[..., Number],
        where: Where | None = None,
    ) -> None:
        stated = certificate.coefficients([name for name, _ in coefficients.values()], where)
        self._formula, self._symbols = formula, tuple(coefficients)
        source: Text | str = certificate.number
        dof = [each.dof for each in stated.coefficients]
        self.correlations = {}
        if len(coefficients) > 1 and stated.correlation is None:
            source = Text.joined([source, Text(zh="未声明相关性", en="states no correlation")])
        elif stated.correlation is not None:
            dof = [min(dof)] * len(dof)
            self.correlations = {
                (self._symbols[i], self._symbols[j]): stated.correlation[i][j]
                for i, j in combinations(range(len(dof)), 2)
                if stated.correlation[i][j]
            }
        self.inputs = tuple(
            Input.normal(
                symbol,
                difference(each.value, each.unit, unit),
                unit,
                difference(each.u, each.unit, unit),
                dof=one,
                source=source,
            )
            for (symbol, (_, unit)), each, one in zip(
                coefficients.items(), stated.coefficients, dof, strict=True
            )
        )

    def value(self, x: Numbers, *place: Number) -> Number:
        return self._formula(*(x[symbol] for symbol in self._symbols), *place)


class Single(Applied):
    """A single value, such as that of a weight or a resistor.

    Args:
        symbol: of the value, in the model.
        certificate: the standard's.
        value: refType of the value.
        unit: unit to bring it to, by a factor.
        where: what its row must say in other columns, such as the nominal value.

    Raises:
        CertificateRefused: there is no such value, there are several, or it has no uncertainty.
    """

    def __init__(
        self, symbol: str, certificate: Certificate, value: str, unit: str, where: Where | None = None
    ) -> None:
        found = certificate.single(value, unit, where)
        (point,) = found.points
        stated, expanded = (difference(part, found.unit, unit) for part in (point.value, point.expanded))
        self._symbol = symbol
        self.correlations = {}
        self.inputs = (
            Input.from_certificate(
                symbol, stated, unit, expanded, point.k, dof=point.dof, source=certificate.number
            ),
        )

    def value(self, x: Numbers, *place: float) -> Number:
        return x[self._symbol]
