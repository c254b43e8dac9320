"""What is sent to the API about stations, and what it sends."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from remotecal.web.bodies import Line
from remotecal.web.shown import ShownBody


class ReadingWanted(BaseModel):
    """What is to be read at a station."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    what: Line
    """`bench/instrument.quantity`; a station with one bench needs no `bench/`."""


class NewCode(ShownBody):
    """A code with which a station may enrol, once; it is told this once."""

    station: str
    """The station's name."""
    code: str
    """The code."""
    at: str
    """Where it enrols, `host:port`."""
    command: str
    """What is typed at the station."""
    lasts: float
    """Seconds for which the code is good."""


class ReadingShown(ShownBody):
    """One indication of an instrument at a station."""

    model_config = ConfigDict(allow_inf_nan=False)

    source: str
    """Instrument and quantity."""
    value: float
    """The indication."""
    unit: str
    """Its unit."""
    u: float | None
    """Standard uncertainty from the maker's limit of error; null where the maker states none."""
    at: datetime
    """When, by the station's clock."""
