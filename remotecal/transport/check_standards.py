"""What a station tells of its check standards."""

from __future__ import annotations

from datetime import date

from remotecal.transport.versions import Informing

MOST_VALUES = 200
"""Values of each kind that are told, at most: the latest."""


class CheckTold(Informing):
    """The record of a check standard, as it stands beside a bench."""

    name: str
    """What it is."""
    unit: str
    """Unit of the values."""
    in_control: tuple[float, ...]
    """Values from the time when the rig was in control."""
    latest: tuple[float, ...]
    """Values since, the last of them of the day `checked`."""
    checked: date
    """Day of the last value."""
