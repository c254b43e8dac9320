"""What rows of every table say, wherever the quantities live: in registers or in lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from remotecal.configuration import Written

Words = Annotated[str, Field(min_length=1)]
State = Annotated[str, Field(pattern="^[A-Z][A-Z0-9_]*$")]
Span = tuple[float, float]


class Row(Written):
    """What every row says."""

    doc: Words
    """What it is, in a sentence."""

    @model_validator(mode="after")
    def _is_a_sentence(self) -> Self:
        if not self.doc.endswith("."):
            raise ValueError("doc is a sentence, with a full stop")
        return self


class Valued(Row):
    """A quantity: a number with a unit."""

    unit: Words
    """Short notation."""
    span: Span
    """Lowest and highest value, in `unit`."""

    @model_validator(mode="after")
    def _has_a_span(self) -> Self:
        if not self.span[0] < self.span[1]:
            raise ValueError(f"its span is {self.span[0]:g} to {self.span[1]:g}: the lower end comes first")
        return self


class Indicated(Valued):
    """A quantity that is indicated, with a limit of error."""

    accuracy: Literal["exact", "unstated"] | None = None
    """`exact` of counts and codes, `unstated` where nobody gives a limit of error."""
    limit: float | None = Field(default=None, gt=0)
    """Limit of error, in `unit`; limits add up."""
    percent_of_reading: float | None = Field(default=None, gt=0, le=100)
    """Limit of error in per cent of the reading."""
    percent_of_span: float | None = Field(default=None, gt=0, le=100)
    """Limit of error in per cent of the span."""
    source: str = ""
    """Where the limit is printed."""
    wraps: bool | float = False
    """A counter that starts again at 0: true, or the value it never reaches."""
    unless: tuple[str, ...] = ()
    """Flags and choices that are asked along with it, and say under what it says nothing."""

    @model_validator(mode="after")
    def _says_how_good_it_is(self) -> Self:
        stated = any((self.limit, self.percent_of_reading, self.percent_of_span))
        if stated is (self.accuracy is not None):
            raise ValueError(
                "state its limit of error: limit, percent_of_reading and percent_of_span, which add up, or "
                'accuracy = "exact" or "unstated"'
            )
        if not isinstance(self.wraps, bool) and self.wraps <= self.span[0]:
            raise ValueError("a counter wraps above the lower end of its span")
        return self


Told = bool | float | str
"""What is told to be: a setting a number, a choice one of its states, an action true."""


class Agreement(Written):
    """Quantities that hang together, by which a map that is another instrument's is found out."""

    product: tuple[Words, ...] = Field(min_length=1, max_length=9)
    """Readings that are multiplied with each other; one may stand there twice …"""
    times: float = Field(default=1.0, gt=0)
    """… and with this number …"""
    unit: Words = "1"
    """… of this unit, such as the bore's area in m2, …"""
    gives: Words
    """… are this reading."""
    within: float = Field(gt=0, lt=1)
    """How far it may be from what they make it, as a share of the larger one."""


class Relieved(Written):
    """What is waited for once the steps of the safe state were taken: a pressure comes down."""

    reading: Words
    """The reading that tells how much is left …"""
    below: float
    """… which has to come below this …"""
    unit: Words
    """… in this unit …"""
    within: float = Field(gt=0, le=86_400)
    """… in so many seconds, or it is not known to be safe."""


class Stated(Written):
    """What every table says of its instrument."""

    maker: str = ""
    """The instrument's maker."""
    model: Words
    """What it is."""
    source: Words
    """Where the rows are from: the manual and its page, or the controller's program and its revision."""
    capabilities: tuple[Words, ...] = Field(min_length=1)
    """What roles it is to fill, such as CollectingRig."""
    absolute: bool | None = None
    """Whether a pressure gauge counts from vacuum; to be stated of a `PressureGauge`."""
    safe: dict[Words, Told] = Field(default_factory=dict)
    """What makes it harmless, in this order: setting or choice → value, action → true."""
    relieved: Relieved | None = None
    """What is waited for before it counts as safe; of what holds pressure."""
    expects: dict[Words, str | float] = Field(default_factory=dict)
    """How it must be set for the table to be true: setting or choice → value; asked, never set."""
    agree: tuple[Agreement, ...] = ()
    """What must hang together when it is opened."""

    def rows(self) -> Iterator[tuple[str, str, Row]]:
        """Yield each row: its kind, as its table is called; its name; what it says."""
        for kind in KINDS:
            rows: dict[str, Row] = getattr(self, kind, {})
            for name, row in rows.items():
                yield kind, name, row


KINDS = ("readings", "settings", "choices", "flags", "actions")
"""Tables of rows."""
