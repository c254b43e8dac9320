"""What a station and the laboratory say of what each has."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from remotecal.configuration import Written


class RunHeld(Written):
    """How far a run's journal goes at its station."""

    run: str
    """The run."""
    lines: int = Field(ge=0)
    """Number of its last whole line."""
    head: str
    """Hash of that line; "" if there is none."""


class Inventory(Written):
    """What a station has of some of its runs."""

    station: str
    """Who."""
    runs: Annotated[tuple[RunHeld, ...], Field(max_length=1000)]
    """The runs."""


class RunKept(Written):
    """What the laboratory has of a run."""

    run: str
    """The run."""
    lines: int = Field(ge=0)
    """Number of the last line that is there."""
    whole: bool
    """Whether journal and files are there, as far as the station has them."""
    claimed: bool
    """Whether its order is there, as one this station may carry out."""
    differs: str
    """How the journal there is another one; "" if it isn't."""


class Kept(Written):
    """What the laboratory has of a station's runs; signed, so it is the proof of it."""

    runs: tuple[RunKept, ...]
    """As they were asked about, one after another."""


class Papers(Written):
    """A station proves that it may carry out an order the laboratory knows nothing of any more."""

    station: str
    """Who."""
    order: str
    """The signed order."""
    claim: str
    """The station's signed claim."""
    granted: str
    """The laboratory's signed answer to that."""
