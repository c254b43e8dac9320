"""What a station tells of an order that waits for the person on site."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from remotecal.transport.versions import Informing, Moment


class ConsentAwaited(Informing):
    """An order waits for the person on site."""

    order: str
    """Which."""
    since: Moment
    """Since when, by the laboratory's clock, in seconds since 1970; the same after a restart."""
    expires: float | None = None
    """Until when the order may be begun, by the same clock; None where an older program kept it."""


class OrderWaiting(Informing):
    """An order that waits for the person on site."""

    id: str
    """The order."""
    by: str
    """Who issued it."""
    bench: str
    """Name of the bench."""
    procedure: str = ""
    """Name of the procedure."""
    title: dict[str, str] = Field(default_factory=dict)
    """What the procedure does, by language."""
    number: str = ""
    """Number of the work order."""
    customer: dict[str, str] = Field(default_factory=dict)
    """Whose items they are, by language."""
    items: tuple[dict[str, str], ...] = ()
    """The items with their serial or other numbers, each by language."""
    points: tuple[str, ...] = ()
    """What is measured, each with its repeats."""
    seconds: Annotated[float, Field(ge=0, le=1e9)] | None = None
    """How long that takes by what the procedure says, preparing the rig apart; None where it does not say."""
    moves: tuple[str, ...] = ()
    """What may be set or set going, each with its span."""
    expires: float = 0.0
    """Until when it may be begun, in seconds since 1970."""
