"""What a procedure may be told: values with units and limits, refused before anything moves."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, get_args, get_origin

from remotecal import units
from remotecal.configuration import Written, checked
from remotecal.errors import ParameterError, UnitError
from remotecal.numerals import NUMBER, read_number

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

_WITH_UNIT = re.compile(rf"\s*((?>{NUMBER}))\s*(\S.*?)\s*")


class Parameters(Written):
    """What a procedure may be told; each field with a docstring under it.

    ```python
    class Parameters(Parameters):
        flows: Annotated[tuple[float, ...], In("m3/h", above=0)]
        '''Flows to calibrate at.'''
        repeats: Annotated[int, In("1", at_least=1)] = 3
        '''Repeats at each flow.'''
    ```
    """


@dataclass(frozen=True, slots=True)
class In:
    """Unit and limits of a parameter: a number, or several.

    A value is a number in `unit`, or a text with a unit of its own, such as "50 L/min", which is
    converted.
    """

    unit: str
    """Short notation; limits are in it."""
    _: KW_ONLY
    above: float | None = None
    """The value is larger than this."""
    below: float | None = None
    """The value is smaller than this."""
    at_least: float | None = None
    """The value is this or larger."""
    at_most: float | None = None
    """The value is this or smaller."""

    def read(self, written: object) -> float:
        """Return one value in `unit`; raises `ValueError` for what is no such value."""
        value = self._number(written)
        unit = "" if self.unit == "1" else f" {self.unit}"
        if self.above is not None and not value > self.above:
            raise ValueError(f"must be above {self.above}{unit}; it is {written}")
        if self.below is not None and not value < self.below:
            raise ValueError(f"must be below {self.below}{unit}; it is {written}")
        if self.at_least is not None and not value >= self.at_least:
            raise ValueError(f"must be at least {self.at_least}{unit}; it is {written}")
        if self.at_most is not None and not value <= self.at_most:
            raise ValueError(f"must be at most {self.at_most}{unit}; it is {written}")
        if not math.isfinite(value):
            raise ValueError(f"{written!r} is no number")
        return value

    def __str__(self) -> str:
        unit = [] if self.unit == "1" else [self.unit]
        words = {"above": self.above, "below": self.below, "at least": self.at_least, "at most": self.at_most}
        limits = [f"{word} {limit:g}" for word, limit in words.items() if limit is not None]
        return ", ".join([*unit, *limits])

    def _number(self, written: object) -> float:
        if isinstance(written, int | float) and not isinstance(written, bool):
            return written
        match = _WITH_UNIT.fullmatch(written) if isinstance(written, str) else None
        if match is None:
            number = "a number" if self.unit == "1" else f"a number in {self.unit}"
            raise ValueError(f"{written!r} is neither {number} nor a text with a unit, such as '50 L/min'")
        try:
            return units.convert(read_number(match[1]), match[2], self.unit)
        except (UnitError, ValueError) as error:
            raise ValueError(f"{written!r}: {error}") from None

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        fixed = any(get_origin(one) is tuple for one in (source, *get_args(source)))

        def read(written: object) -> object:
            if isinstance(written, list | tuple):
                values = [self.read(one) for one in written]
                return tuple(values) if fixed else values
            return None if written is None else self.read(written)

        return core_schema.no_info_before_validator_function(read, handler(source))


def read_parameters(kind: type[Parameters], written: Mapping[str, object], where: str) -> Parameters:
    """Return a procedure's parameters from what an order says.

    Raises:
        ParameterError: one is missing, unknown, outside its limits or in a wrong unit.
    """
    return checked(kind, dict(written), where, ParameterError)
