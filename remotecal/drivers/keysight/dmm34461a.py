"""Keysight 34461A digital multimeter.

Source: Keysight, Truevolt Series Operating and Service Guide.
"""

from __future__ import annotations

from typing import ClassVar

from remotecal.drivers.accuracy import UNSTATED, percent_of_range, percent_of_reading
from remotecal.drivers.capabilities import Ammeter
from remotecal.drivers.codecs import scpi
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links.wire import Line
from remotecal.drivers.quantities import Reading

SOURCE = "one-year limit as calibration programs quote it; unverified in the data sheet"


class Keysight34461A(ScpiInstrument, Ammeter):
    """Multimeter that reads transmitters' 4–20 mA and direct voltage up to 10 V.

    Set by SYSTem:IDENtify to answer as its forerunner (34401A, 34410A), it is still this one.
    """

    maker = "Keysight"
    model = "34461A"
    models = "^(34461A|34401A|34410A)$"
    wire: ClassVar[Line] = Line(ending="\n", slowest_reply=3.0)
    forbidden: ClassVar[tuple[str, ...]] = (r"(.*;)?\s*:?CAL",)

    current = Reading(scpi("MEASure:CURRent:DC", "0.1"), "A", span=(-0.1, 0.1), accuracy=UNSTATED, takes=5.0)
    """Direct current on the 100 mA range."""

    voltage = Reading(
        scpi("MEASure:VOLTage:DC", "10"),
        "V",
        span=(-10, 10),
        accuracy=percent_of_reading(0.0035, SOURCE) + percent_of_range(0.0005, 10),
        takes=5.0,
    )
    """Direct voltage on the 10 V range."""
