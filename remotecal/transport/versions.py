"""How station and hub get along that are of different versions; see docs/decisions/transport-versions.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import ConfigDict, Field

from remotecal.configuration import Written

if TYPE_CHECKING:
    from pydantic import BaseModel

SPEAKS = 1
"""Edition of what is signed to be obeyed or kept: orders, commands, claims, evidence. See `served`.

It rises with whatever is added to or changed in those, which are strict: whoever does not know a field of an
order must not carry the order out. What sides merely tell each other (`Informing`) may grow without.
"""
OLDEST_SERVED = 1
"""The oldest edition that a hub of this version still understands, and is understood by."""

Count = Annotated[int, Field(ge=0, le=2**31)]
"""A number of something, as one side tells it: whatever it says, it can be counted with and kept."""
Moment = Annotated[float, Field(ge=-1e11, le=1e11)]
"""A time in seconds since 1970, or by a clock of its own, as one side tells it: some thousand years."""


class Informing(Written):
    """What one side tells the other of itself; what a later version adds to it an earlier one leaves out."""

    model_config = ConfigDict(extra="ignore")


def as_sent(content: BaseModel) -> str:
    """Return a message as JSON.

    What informs leaves out what says no more than its absence would, for versions from before `Informing`
    bear no field that they don't know.
    """
    return content.model_dump_json(exclude_defaults=isinstance(content, Informing))


def served(speaks: int, version: str) -> str:
    """Return why a hub of this version can't work with a station, and what to do; "" if it can.

    Args:
        speaks: the edition that the station says.
        version: of its program.

    The hub is always updated first: it serves stations of some editions before its own, and none after it.
    """
    if speaks > SPEAKS:
        return (
            f"the station ({version}) is newer than its hub, which can't read what it signs (edition "
            f"{speaks}; the hub has {SPEAKS}): update the hub first"
        )
    if speaks < OLDEST_SERVED:
        return (
            f"the station ({version}) is too old for its hub (edition {speaks}; the hub serves "
            f"{OLDEST_SERVED} to {SPEAKS}): update the station"
        )
    return ""
