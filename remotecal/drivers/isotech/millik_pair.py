"""Isothermal Technology milliK with a pair of thermometers on two of its channels.

Source: as of `millik`.
"""

from __future__ import annotations

import contextlib
from typing import ClassVar

from remotecal.clock import Clock
from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.capabilities import ResistancePair
from remotecal.drivers.codecs import phrase
from remotecal.drivers.instrument import Identity
from remotecal.drivers.isotech.millik import RANGES
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links import Link
from remotecal.drivers.links.wire import Line
from remotecal.drivers.quantities import Reading
from remotecal.errors import BenchError, ForbiddenCommand, LinkError


def _asks(channel: str) -> str:
    return (
        f"SENSE:CHANNEL {{{channel}}};SENSE:FUNCTION RESISTANCE;"
        "SENSE:RESISTANCE:RANGE {largest_resistance};SENSE:RESISTANCE:WIRES {wires};"
        "SENSE:CURRENT NORMAL;READ?"
    )


class IsotechMilliKPair(ScpiInstrument, ResistancePair):
    """Two channels of a milliK with platinum thermometers at 1 mA, as of a heat meter.

    Args:
        link: the channel of bytes, which the milliK's other channels may share.
        name: how messages and evidence call it.
        serial: the milliK's serial number.
        clock: gives each reading its time.
        forward: channel of the thermometer in the warm pipe: 1, 2, or 10 to 47 with millisKanner expanders.
        back: channel of the other one.
        largest_resistance: upper end of the range in ohms, 115 (Pt100 to 38 °C) or 460.
        wires: 2, 3 or 4 (that 2 and 3 may be asked for is unverified).
    """

    maker = "Isothermal Technology"
    model = "milliK"
    models = "milliK"
    wire: ClassVar[Line] = Line(ending="\r", slowest_reply=5.0)
    queue: ClassVar[bool] = False  # unverified
    forbidden: ClassVar[tuple[str, ...]] = (r"(.*;)?\s*:?CAL",)
    forward: int
    back: int
    largest_resistance: int
    wires: int

    forward_resistance = Reading(phrase(_asks("forward")), "Ω", span=(0, 460), accuracy=UNSTATED)
    """Resistance of the thermometer in the warm pipe."""

    return_resistance = Reading(phrase(_asks("back")), "Ω", span=(0, 460), accuracy=UNSTATED)
    """Resistance of the other one."""

    def __init__(
        self,
        link: Link,
        *,
        name: str = "",
        serial: str | None = None,
        clock: Clock | None = None,
        forward: int = 1,
        back: int = 2,
        largest_resistance: int = 460,
        wires: int = 4,
    ) -> None:
        super().__init__(link, name=name, serial=serial, clock=clock)
        channels = (forward, back)
        for one in channels:
            if not (one in {1, 2} or (10 <= one < 50 and one % 10 < 8)):
                raise BenchError(f"{self.name}: channels are 1, 2 and 10–17 to 40–47, not {one}")
        if forward == back:
            raise BenchError(f"{self.name}: both thermometers of a pair can't be on channel {back}")
        if largest_resistance not in RANGES:
            raise BenchError(f"{self.name}: the ranges are 115 and 460 Ω, not {largest_resistance}")
        if wires not in {2, 3, 4}:
            raise BenchError(f"{self.name}: a thermometer has 2, 3 or 4 wires, not {wires}")
        self.forward, self.back = channels
        self.largest_resistance, self.wires = largest_resistance, wires

    def check(self) -> Identity:
        """Take remote control, which makes the milliK quicker, then check who answers."""
        self.tell("MILLIK:REMOTE")
        return super().check()

    def close(self) -> None:
        """Give the front panel back, where the instrument is there and may be told, and the link up."""
        with contextlib.suppress(LinkError, ForbiddenCommand):
            self.tell("MILLIK:LOCAL")
        super().close()
