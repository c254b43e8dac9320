"""Links: the byte channels to instruments.

`open_link` takes an address and how the instrument wraps its bytes (`wire`), and gives a `Link`.
"""

from __future__ import annotations

from remotecal.drivers.links.addresses import find_way, place_of
from remotecal.drivers.links.by_hand import ByHandLink
from remotecal.drivers.links.link import Link
from remotecal.drivers.links.remote import Place, StationLinks
from remotecal.drivers.links.wire import ByHand, Line, Modbus, Serial
from remotecal.drivers.links.wired_link import WiredLink
from remotecal.errors import BenchError

__all__ = [
    "ByHand",
    "Line",
    "Link",
    "Modbus",
    "Place",
    "Serial",
    "StationLinks",
    "WiredLink",
    "open_link",
    "place_of",
]


def open_link(
    address: str,
    wire: Line | Modbus,
    *,
    name: str,
    port: Serial | None = None,
    stations: StationLinks | None = None,
) -> Link:
    """Open the channel to an instrument; links to one address share the line there and its lock.

    Args:
        address: a VISA resource name, a `modbus+…://` address, `by-hand:NAME`, or `station://ID/role`.
        wire: how the instrument wraps its bytes.
        name: how errors call it.
        port: serial port settings that differ from the instrument's own.
        stations: the stations within reach, for addresses there.

    Raises:
        BenchError: the address has no form known for such an instrument, or the line there is in
            use with other settings.
        LinkLost: nobody can be reached at the address.
    """
    place = Place.named(address)
    if place is not None:
        if port is not None:
            raise BenchError(f"{name}: the settings of its port stand in the bench file at {place.station}")
        if stations is None:
            raise BenchError(
                f"{name}: {address} leads through a station, which is for diagnosis from the laboratory "
                "(`remotecal bench check --hub`); a run is ordered at the station (`remotecal order`)"
            )
        return stations.open(place, name)
    if isinstance(wire, ByHand):
        if port is not None:
            raise BenchError(f"{name} is read by hand: it has no port to set")
        return ByHandLink(address, name)
    way = find_way(address, wire, port)
    return WiredLink(way, address=address, name=name, slowest_reply=wire.slowest_reply)
