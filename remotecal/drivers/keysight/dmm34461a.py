"""Keysight 34461A digital multimeter.

Source: Keysight, Truevolt Series Operating and Service Guide.
"""

from __future__ import annotations

from typing import ClassVar, Final

from remotecal.clock import Clock
from remotecal.drivers.accuracy import UNSTATED, Accuracy, percent_of_range, percent_of_reading
from remotecal.drivers.capabilities import Ammeter, FrequencyMeter, Voltmeter
from remotecal.drivers.codecs import scpi
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links import Link
from remotecal.drivers.links.wire import Line
from remotecal.drivers.quantities import Reading
from remotecal.drivers.ranges import Range, Ranges
from remotecal.errors import BenchError

SOURCE = "one-year limit as calibration programs quote it; unverified in the data sheet"


def _limit(reading: float, of_range: float) -> Accuracy:
    return percent_of_reading(reading, SOURCE) + percent_of_range(of_range)


DC_VOLTAGE: Final = Ranges(
    Range(0.1, _limit(0.0050, 0.0035), span=(-1.2, 1.2)),
    Range(1, _limit(0.0040, 0.0007), span=(-1.2, 1.2)),
    Range(10, _limit(0.0035, 0.0005), span=(-1.2, 1.2)),
    Range(100, _limit(0.0045, 0.0006), span=(-1.2, 1.2)),
    Range(1000, _limit(0.0045, 0.0010)),
    by="voltage_range",
)
"""Direct voltage by range, in V."""

DC_CURRENT: Final = Ranges(
    Range(100e-6, _limit(0.050, 0.025)),
    Range(1e-3, _limit(0.050, 0.006)),
    Range(10e-3, _limit(0.050, 0.020)),
    Range(100e-3, _limit(0.050, 0.005)),
    Range(1, _limit(0.100, 0.010)),
    Range(3, _limit(0.200, 0.020)),
    by="current_range",
)
"""Direct current by range, in A."""

AC_RANGES: Final = (0.1, 1.0, 10.0, 100.0, 750.0)
"""Ranges of alternating voltage, in V."""

AC_BANDS: Final = {
    (20.0, 20e3): _limit(0.06, 0.03),
    (20e3, 50e3): _limit(0.12, 0.05),
    (50e3, 100e3): _limit(0.60, 0.08),
    (100e3, 300e3): _limit(4.00, 0.50),
}
"""Alternating voltage by frequency, in Hz; below 20 Hz the filter the driver leaves in place errs more."""


class Keysight34461A(ScpiInstrument, Ammeter, Voltmeter, FrequencyMeter):
    """Multimeter that reads transmitters' 4–20 mA and 0–10 V, and any other voltage and frequency.

    Ranges are fixed, so that readings of one bench are all of the same quality. Set by SYSTem:IDENtify to
    answer as its forerunner (34401A, 34410A), it is still this one.

    Args:
        link: the channel of bytes.
        name: how messages and evidence call it.
        serial: its serial number.
        clock: gives each reading its time.
        voltage_range: range of direct voltage in V: 0.1, 1, 10, 100 or 1000.
        current_range: range of direct current in A: 0.0001, 0.001, 0.01, 0.1, 1 or 3.
        ac_voltage_range: range of alternating voltage in V: 0.1, 1, 10, 100 or 750.
    """

    maker = "Keysight"
    model = "34461A"
    models = "^(34461A|34401A|34410A)$"
    wire: ClassVar[Line] = Line(ending="\n", slowest_reply=3.0)
    forbidden: ClassVar[tuple[str, ...]] = (r"(.*;)?\s*:?CAL",)
    voltage_range: float
    current_range: float
    ac_voltage_range: float

    current = Reading(
        scpi("MEASure:CURRent:DC", "{current_range}"), "A", span=(-3, 3), accuracy=DC_CURRENT, takes=5.0
    )
    """Direct current; the 10 A terminal is not used."""

    voltage = Reading(
        scpi("MEASure:VOLTage:DC", "{voltage_range}"), "V", span=(-1000, 1000), accuracy=DC_VOLTAGE, takes=5.0
    )
    """Direct voltage."""

    frequency = Reading(scpi("MEASure:FREQuency"), "Hz", span=(3, 300e3), accuracy=UNSTATED, takes=10.0)
    """Frequency of the voltage at the input; the span is unverified."""

    ac_voltage = Reading(
        scpi("MEASure:VOLTage:AC", "{ac_voltage_range}"),
        "V",
        span=(0, 750),
        accuracy=Ranges(
            *(
                Range(nominal, limit, span=(0, 1), frequencies=band)
                for nominal in AC_RANGES
                for band, limit in AC_BANDS.items()
            ),
            by="ac_voltage_range",
            frequency=frequency,
        ),
        takes=10.0,
    )
    """Alternating voltage, true RMS; the frequency its limit depends on is measured after it."""

    def __init__(
        self,
        link: Link,
        *,
        name: str = "",
        serial: str | None = None,
        clock: Clock | None = None,
        voltage_range: float = 10,
        current_range: float = 0.1,
        ac_voltage_range: float = 10,
    ) -> None:
        super().__init__(link, name=name, serial=serial, clock=clock)
        self.voltage_range = self._known("voltage_range", voltage_range, DC_VOLTAGE.nominals)
        self.current_range = self._known("current_range", current_range, DC_CURRENT.nominals)
        self.ac_voltage_range = self._known("ac_voltage_range", ac_voltage_range, AC_RANGES)

    def _known(self, setting: str, chosen: float, known: tuple[float, ...]) -> float:
        """Return a range if the instrument has it (BenchError if not)."""
        if chosen not in known:
            raise BenchError(
                f"{self.name}: {setting} is one of {', '.join(f'{one:g}' for one in known)}, not {chosen!r}"
            )
        return float(chosen)
