"""A data acquisition unit with probes on its channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from remotecal.drivers.keysight.daq970a import KeysightDaq970A, listed
from remotecal.sim.simulated import Refused
from remotecal.sim.simulated_lines import Reply, ScpiSimulated

if TYPE_CHECKING:
    from remotecal.sim.world import World

OPEN = 9.9e37
"""What a channel reads that nothing is connected to."""


class DataAcquisition(ScpiSimulated):
    """A 34970A whose channels read what they are fed; each takes `SWEEP` s in a sweep."""

    SWEEP = 0.4

    def __init__(
        self,
        world: World,
        channels: Mapping[int, tuple[str, Callable[[], float]]],
        *,
        serial: str = "MY44012345",
        name: str = "readout",
    ) -> None:
        """`channels` go by number: the unit it is configured for (C, OHM, VDC), and what it reads."""
        self._channels, self._scan = dict(channels), tuple(channels)
        super().__init__(
            KeysightDaq970A,
            world,
            name,
            f"HEWLETT-PACKARD,34970A,{serial},13-2-2",
            commands={
                r":?FORM:READ:(?:UNIT|TIME|ALAR|CHAN) (ON|OFF)": lambda _: None,
                r":?ROUT:SCAN \(@([\d:,]*)\)": self._list,
                r":?READ\?": lambda _: self.after(self.SWEEP * len(self._scan), self._sweep),
            },
        )

    def _list(self, scan: str) -> Reply:
        try:
            self._scan = listed(scan)
        except ValueError:
            raise Refused(3, '-224,"Illegal parameter value"') from None
        return None

    def _sweep(self) -> Reply:
        return ",".join(map(self._read, self._scan))

    def _read(self, channel: int) -> str:
        unit, reads = self._channels.get(channel, ("VDC", lambda: OPEN))
        value = self.faults.distort(f"channel {channel}", reads())
        return f"{value:+.8E} {unit},{channel}"
