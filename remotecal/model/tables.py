"""Tables of quantities, and what values of several columns have to do with each other."""

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from remotecal.model.base import Frozen, Id, Text, Word
from remotecal.model.complex import Complex
from remotecal.model.correlation import Correlation
from remotecal.model.flat import as_csv, as_dataframe, as_html, flatten
from remotecal.model.quantities import AtLeastOne, Column, Note, Words, check_correlated

if TYPE_CHECKING:
    from pandas import DataFrame

Quantity = Column | Complex | Words | Note
"""Whatever a certificate may say of a quantity."""


def length(quantity: Quantity) -> int:
    """Return the number of values of a quantity."""
    if isinstance(quantity, Column | Complex):
        return len(quantity.values)
    return len(quantity.words) if isinstance(quantity, Words) else 1


class JointResult(Frozen):
    """Values of several columns that were evaluated together: R, X and Z, or coefficients of a function."""

    columns: Annotated[tuple[int, ...], Field(min_length=2)]
    """Columns of the table, counted from 0."""
    rows: tuple[int, ...] = ()
    """Rows of the table, counted from 0; none means all."""
    correlation: Correlation
    """Of the values column by column, in each in the order of the rows."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.columns)) < len(self.columns) or len(set(self.rows)) < len(self.rows):
            raise ValueError("a joint result has a column or a row twice")
        return self


class Table(Frozen):
    """Columns of equal length; a column of one value holds for all rows."""

    name: Text | None = None
    """Title."""
    ref_types: tuple[Word, ...] = ("basic_1IndexTable",)
    """What the table is, machine-readable."""
    columns: Annotated[tuple[Quantity, ...], AtLeastOne]
    """The columns, in the order they are printed."""
    equipment: tuple[Id, ...] = ()
    """The standards the table was measured with; none means all of the measurement's."""
    joint: tuple[JointResult, ...] = ()
    """Which values of several columns depend on each other; a column tells it of its own values."""

    @model_validator(mode="after")
    def _columns_fit(self) -> Self:
        rows = self.rows
        for number, quantity in enumerate(self.columns, 1):
            if length(quantity) not in (1, rows):
                raise ValueError(f"column {number} has {length(quantity)} values in a table of {rows} rows")
        for result in self.joint:
            of = self.joint_rows(result)
            if not set(of) <= set(range(rows)):
                raise ValueError(f"a joint result is of row {max(of)} in a table of {rows} rows")
            values = (value for column in self.joint_columns(result) for value in column.correlated(of))
            check_correlated(result.correlation, tuple(values))
        return self

    @property
    def rows(self) -> int:
        """The number of rows."""
        return max(length(quantity) for quantity in self.columns)

    def to_csv(self, language: str = "en") -> str:
        """Return the table as CSV, with the digits that are printed: one row of headings, then the rows.

        What stands behind a value follows it: U, k, limits, conformity. Texts that a spreadsheet would take
        for a formula begin with an apostrophe.

        Args:
            language: of the headings, `en` or `zh`.
        """
        return as_csv(flatten(self.columns), self.rows, language)

    def to_dataframe(self, language: str = "en") -> "DataFrame":
        """Return the table as a pandas DataFrame, as `to_csv`; numbers are decimals, which keep their digits.

        Raises:
            ConfigurationError: pandas is not installed.
        """
        return as_dataframe(flatten(self.columns), self.rows, language)

    def _repr_html_(self) -> str:
        return as_html(flatten(self.columns), self.rows, self.name.in_all() if self.name else "")

    def joint_rows(self, result: JointResult) -> tuple[int, ...]:
        """Return the rows of a joint result."""
        return result.rows or tuple(range(self.rows))

    def joint_columns(self, result: JointResult) -> tuple[Column, ...]:
        """Return the columns of a joint result."""
        return tuple(self._joint_column(number) for number in result.columns)

    @property
    def statements(self) -> tuple[Id, ...]:
        """The statements its columns refer to: decision rules, and what a mark of the scope means."""
        numbers = [column for column in self.columns if isinstance(column, Column | Complex)]
        marks = [column.in_cmc.statement for column in numbers if column.in_cmc]
        rules = [
            column.conformity.rule for column in numbers if isinstance(column, Column) and column.conformity
        ]
        return tuple(name for name in (*rules, *marks) if name)

    def column(self, ref_type: str) -> Column | None:
        """Return the first column of numbers with this refType, if there is one."""
        for quantity in self.columns:
            if isinstance(quantity, Column) and ref_type in quantity.ref_types:
                return quantity
        return None

    def said(self, ref_type: str) -> Column | Words | None:
        """Return the first column of numbers or of words with this refType, if there is one."""
        for quantity in self.columns:
            if isinstance(quantity, Column | Words) and ref_type in quantity.ref_types:
                return quantity
        return None

    def _joint_column(self, number: int) -> Column:
        quantity = self.columns[number] if 0 <= number < len(self.columns) else None
        if not isinstance(quantity, Column) or len(quantity.values) != self.rows:
            raise ValueError(f"column {number} of a joint result is none of {self.rows} numbers")
        return quantity
