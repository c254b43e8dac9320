"""Complex quantities, such as impedances and scattering parameters."""

from decimal import ROUND_UP, Decimal, localcontext
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from remotecal import units
from remotecal.model.base import Frozen, Number, Text, Unit, Word
from remotecal.model.correlation import Coefficient, Correlation, Region, Standard
from remotecal.model.quantities import PRECISE, Column, InCmc, Uncertainty

Pair = tuple[Number, Number]
"""Real and imaginary part, or magnitude and phase."""


class Bivariate(Frozen):
    """The uncertainties of complex values: one entry for each value, or one for all."""

    u: Annotated[tuple[tuple[Standard, Standard], ...], Field(min_length=1)]
    """Standard uncertainties of both parts, each in the unit of its part."""
    r: Annotated[tuple[Coefficient, ...], Field(min_length=1)]
    """Correlation coefficients between the parts."""
    region: Region | None = None
    """What covers both parts together; none where only the covariances are stated."""

    @model_validator(mode="after")
    def _is_some_uncertainty(self) -> Self:
        if any("0" in pair for pair in self.u):
            raise ValueError("a part of a complex value with an uncertainty of 0 has no correlation")
        if len(self.u) != len(self.r):
            raise ValueError(f"there are {len(self.u)} pairs of uncertainties and {len(self.r)} correlations")
        return self


class Complex(Frozen):
    """A complex quantity with one or many values."""

    name: Text | None = None
    """What the quantity is called."""
    ref_types: tuple[Word, ...] = ()
    """What the quantity means, machine-readable."""
    form: Literal["cartesian", "polar"] = "cartesian"
    """Whether values are given by real and imaginary part, or by magnitude and phase."""
    unit: Unit
    """Unit of both parts, or of the magnitude."""
    phase_unit: Unit | None = None
    """Unit of the phase: an angle."""
    values: Annotated[tuple[Pair, ...], Field(min_length=1)]
    """The values."""
    uncertainty: Bivariate | None = None
    """Their uncertainties."""
    in_cmc: InCmc | None = None
    """Whether they are within the accredited scope."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if (self.phase_unit is not None) != (self.form == "polar"):
            raise ValueError("a phase has a unit of its own, and other parts have none")
        if self.phase_unit is not None and not units.is_angle(self.phase_unit):
            raise ValueError(f"a phase is an angle, in rad or °, not in {self.phase_unit}")
        if units.outside_dsi(self.unit):
            raise ValueError(f"state complex values in {units.in_dsi(self.unit)[0]}, not in {self.unit}")
        if self.uncertainty is not None:
            entries = len(self.uncertainty.u)
            if entries not in (1, len(self.values)):
                raise ValueError(f"the uncertainty has {entries} entries for {len(self.values)} values")
        return self

    @property
    def part_units(self) -> tuple[str, str]:
        """Units of the two parts."""
        return self.unit, self.phase_unit or self.unit

    def parts(self) -> tuple[Column, Column]:
        """Return the two parts as columns without a name, as they are printed.

        Where a region is stated, U is its k times u, rounded up to two digits: what the region spans of
        each part. Else the standard uncertainties stand there.
        """
        first, second = (self._part(number) for number in (0, 1))
        return first, second

    def _part(self, number: int) -> Column:
        stated = self.uncertainty
        found = None
        if stated is not None:
            u = tuple(pair[number] for pair in stated.u)
            region = stated.region
            if region is None:
                found = Uncertainty(expanded=u, k=("1",))
            else:
                expanded = tuple(_expanded(each, region.k) for each in u)
                found = Uncertainty(expanded=expanded, k=(region.k,), p=(region.p,))
        return Column(
            ref_types=self.ref_types,
            unit=self.part_units[number],
            values=tuple(pair[number] for pair in self.values),
            uncertainty=found,
            in_cmc=self.in_cmc,
        )

    def correlation(self, row: int) -> Correlation | None:
        """Return the correlation of the two parts of a value."""
        if self.uncertainty is None:
            return None
        given = self.uncertainty.r
        r = given[0] if len(given) == 1 else given[row]
        return Correlation(matrix=(("1", r), (r, "1")))


def _expanded(u: str, k: str) -> str:
    with localcontext() as context:
        context.prec = PRECISE
        exact = Decimal(u) * Decimal(k)
        rounded = exact.quantize(Decimal(1).scaleb(exact.adjusted() - 1), ROUND_UP)
    return f"{rounded:f}" if -15 < rounded.adjusted() < 15 else f"{rounded:E}"
