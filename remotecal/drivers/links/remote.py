"""Instruments at a station: what an address names, and who opens the link there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from remotecal.drivers.links.link import Link

EXAMPLE = "station://site-7/thermometer              an instrument at a station, by its role on the bench"
"""An address for who has to write one."""

_ADDRESS = re.compile(r"station://(?P<station>[^/]+)/(?:(?P<bench>.+)/)?(?P<role>[^/]+)")


@dataclass(frozen=True, slots=True)
class Place:
    """An instrument at a station."""

    station: str
    """Name of the station."""
    bench: str
    """Name of the bench there; "" where the station has one only."""
    role: str
    """What the instrument is on that bench: a role, or its name."""

    @classmethod
    def named(cls, address: str) -> Place | None:
        """Return the place `station://ID/role` or `station://ID/bench/role` names; None for other addresses.

        >>> Place.named("station://site-7/Water rig 2/balance")
        Place(station='site-7', bench='Water rig 2', role='balance')
        """
        found = _ADDRESS.fullmatch(address.strip())
        return cls(found["station"], found["bench"] or "", found["role"]) if found else None

    def __str__(self) -> str:
        return f"station://{self.station}/{self.bench and self.bench + '/'}{self.role}"


class StationLinks(Protocol):
    """The stations within reach of whoever holds this."""

    def open(self, place: Place, name: str) -> Link:
        """Open a link to an instrument at a station.

        Args:
            place: the instrument.
            name: how errors call it.

        Raises:
            LinkError: the station or the instrument can't be reached, or a run or somebody else uses it.
            ConfigurationError: there is no such station, bench or role.
        """
        ...
