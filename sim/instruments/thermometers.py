"""Thermometer readouts and the ambient transmitter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from remotecal.drivers.fluke.hart1529 import Hart1529
from remotecal.drivers.isotech.millik import IsotechMilliK
from remotecal.drivers.isotech.millik_pair import IsotechMilliKPair
from remotecal.drivers.vaisala.ptu300 import ESCAPE, FORMAT, Message, VaisalaPtu300
from remotecal.scales.iec60751 import resistance
from remotecal.sim.simulated import Refused
from remotecal.sim.simulated_lines import Act, LineSimulated, Reply, ScpiSimulated

if TYPE_CHECKING:
    from remotecal.sim.calibrated import Calibrated
    from remotecal.sim.surroundings import Air
    from remotecal.sim.world import World

Probe = Callable[[], float]
"""Gives the temperature in °C that a probe shows."""


def probe(world: World, calibration: Calibrated, temperature: Callable[[], float], name: str) -> Probe:
    """Return a probe that shows a true temperature with its error, and 0.5 mK of noise."""
    rng = world.random(f"{name} probe")
    return lambda: calibration.indicated(temperature()) + rng.gauss(0.0, 0.0005)


class HartReadout(ScpiSimulated):
    """A 1529 with probes on its channels."""

    def __init__(
        self,
        world: World,
        probes: Mapping[int, Probe],
        *,
        serial: str = "A91245",
        name: str = "thermometer",
    ) -> None:
        """`probes` go by channel, 1 to 4."""
        self._probes = dict(probes)
        super().__init__(
            Hart1529,
            world,
            name,
            f"HART,1529,{serial},2.1",
            commands={r":?FETC(?:h)?\?\s*(\d*)": self._fetch},
            no_error='0,"No error"',
        )

    def _fetch(self, channel: str) -> Reply:
        if not channel or int(channel) not in self._probes:
            raise Refused(2, '-114,"Header suffix out of range"')
        return f"{self.faults.distort(f'temperature {channel}', self._probes[int(channel)]()):.4f}"


class MilliK(LineSimulated):
    """A milliK with Pt100 probes on its channels; it sends their resistance."""

    def __init__(
        self,
        world: World,
        probes: Mapping[int, Probe],
        *,
        serial: str = "21-P2460",
        name: str = "thermometer",
    ) -> None:
        """`probes` go by channel, 1 and 2."""
        self._probes = dict(probes)
        super().__init__(
            IsotechMilliK,
            world,
            name,
            commands={
                r"\*IDN\?": lambda _: f"Isothermal Technology,milliK,{serial},4.0.0",
                r"MILLIK:(REMOTE|LOCAL)": lambda _: None,
                r"MILL:LIST\?": lambda _: f"Isothermal Technology,milliK,{serial},4.0.0",
                r"SENSE:CHANNEL (\d+);SENSE:FUNCTION RESISTANCE;.*READ\?": self._read,
            },
        )

    def _read(self, channel: str) -> Reply:
        shown = self._probes.get(int(channel))
        if shown is None:
            return None
        return f"{resistance(self.faults.distort(f'temperature {channel}', shown())):.5f}"


class PairBridge(LineSimulated):
    """A milliK with a pair of thermometers on its channels 1 and 2."""

    def __init__(
        self,
        world: World,
        pair: tuple[Callable[[], float], Callable[[], float]],
        *,
        serial: str = "21-P2470",
        name: str = "pair",
    ) -> None:
        """`pair` gives what it indicates of both, in ohms."""
        self._pair = pair
        super().__init__(
            IsotechMilliKPair,
            world,
            name,
            commands={
                r"\*IDN\?": lambda _: f"Isothermal Technology,milliK,{serial},4.0.0",
                r"MILLIK:(REMOTE|LOCAL)": lambda _: None,
                r"SENSE:CHANNEL ([12]);SENSE:FUNCTION RESISTANCE;.*READ\?": self._read,
            },
        )

    def _read(self, channel: str) -> Reply:
        return f"{self.faults.distort(f'resistance {channel}', self._pair[int(channel) - 1]()):.5f}"


class AmbientTransmitter(LineSimulated):
    """A PTU300 in the hall.

    It knows its message in the driver's `FORM`, and the plain one it is delivered with; what it
    answers to other forms and unknown commands is not simulated, it stays silent.
    """

    def __init__(
        self,
        world: World,
        air: Air,
        barometer: Calibrated,
        air_thermometer: Calibrated,
        hygrometer: Calibrated,
        *,
        serial: str = "E4420011",
    ) -> None:
        """Corrections of `barometer` in Pa, of `air_thermometer` in °C, of `hygrometer` in %."""
        self._air = air
        self._barometer, self._thermometer, self._hygrometer = barometer, air_thermometer, hygrometer
        self._serial = serial
        self._form = ""
        super().__init__(
            VaisalaPtu300,
            world,
            "ambient",
            commands={
                "SEND": lambda _: self._message(),
                r"FORM (.*)": self._set_form,
                "ERRS": lambda _: "No errors",
                r"\?": lambda _: f"PTU300 / 5.14\r\nSerial number  : {serial}\r\nOutput mode    : STOP",
                r"UNIT P HPA": lambda _: "P units       : hPa",
                r"UNIT M": lambda _: "Output units  : metric",
                "VERS": lambda _: "PTU300 / 5.14",
                "S|R": lambda _: None,
            },
        )

    def _line(self, line: str) -> Act:
        return super()._line(line.replace(ESCAPE, ""))

    def _set_form(self, form: str) -> Reply:
        if form.strip() not in {"/", FORMAT}:
            return None
        self._form = form.strip()
        return "OK"

    def _message(self) -> str:
        air, time = self._air, self.world.time
        values = {
            "P": f"{self.faults.distort('P', self._barometer.indicated(air.pressure(time)) / 100.0):.2f}",
            "T": f"{self.faults.distort('T', self._thermometer.indicated(air.temperature(time))):.2f}",
            "RH": f"{self.faults.distort('RH', self._hygrometer.indicated(100.0 * air.humidity(time))):.2f}",
        }
        if self._form == FORMAT:
            return str(Message(values, serial=self._serial))
        return f"P= {values['P']} hPa T= {values['T']} 'C RH= {values['RH']} %RH"
