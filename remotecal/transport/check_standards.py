"""What a station tells of its check standards."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from remotecal.transport.versions import Informing

MOST_VALUES = 200
"""Values of each kind that are told, at most: the latest."""

Told = Annotated[float, Field(ge=-1e100, le=1e100)]
"""A value that can be reckoned with."""
Values = Annotated[tuple[Told, ...], Field(max_length=MOST_VALUES)]


class CheckTold(Informing):
    """The record of a check standard, as it stands beside a bench."""

    name: str
    """What it is."""
    unit: str
    """Unit of the values."""
    in_control: Values
    """Values from the time when the rig was in control."""
    latest: Values
    """Values since, the last of them of the day `checked`."""
    checked: date
    """Day of the last value."""
