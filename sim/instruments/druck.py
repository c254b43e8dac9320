"""A PACE5000: its dialect, in front of what it does to a line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from remotecal.drivers.druck.pace import DruckPace, Slewing, Switch
from remotecal.sim.simulated import Refused
from remotecal.sim.simulated_lines import Act, Reply, ScpiSimulated

if TYPE_CHECKING:
    from remotecal.drivers.contents import Content
    from remotecal.sim.instruments.regulator import Regulator
    from remotecal.sim.world import World

OPEN = 0.01
"""Gauge pressure in kPa below which a vent has ended."""

DECIMALS = 4
"""Behind the point of a pressure in kPa."""

FASTEST = 1000.0
"""Rate in kPa/s of a set point that is approached without a ramp."""


class Pace(ScpiSimulated):
    """A PACE5000 with one module, which shows kPa.

    Queries are answered with their header; what it does not know is answered by an empty line and an
    error. It opens the line whenever it is told to, whatever the pressure.
    """

    def __init__(
        self,
        world: World,
        regulator: Regulator,
        *,
        indicated: Callable[[float], float] = lambda pressure: pressure,
        air: Callable[[], float] = lambda: 101.325,
        range_name: str = "3.50barg",
        full_scale: float = 350.0,
        serial: str = "9990001",
        name: str = "pace",
    ) -> None:
        """Put one on a line.

        Args:
            world: its time.
            regulator: the line.
            indicated: returns what it shows for a true pressure in kPa.
            air: the air's pressure in kPa.
            range_name: as it names its range; "a" at the end makes it show absolute pressure.
            full_scale: of that range, in kPa.
            serial: it tells this serial number.
            name: of its faults.
        """
        self._regulator, self._air, self._indicated = regulator, air, indicated
        self._absolute, self._full_scale = range_name.endswith("a"), full_scale
        super().__init__(
            DruckPace,
            world,
            name,
            f"GE Druck,Pace5000 User Interface,{serial},02.00.07",
            no_error=':SYST:ERR 0,"No error"',
            reads={
                "pressure": self._pressure,
                "effort": lambda: 0.0,
                "rate": lambda: 0.0,
                "supply": lambda: 3165.0,
                "vacuum": lambda: -96.4,
                "venting": lambda: {"vent": 1 if abs(regulator.pressure()) > 0.01 else 2}.get(
                    regulator.doing, 0
                ),
                "barometer": air,
            },
            writes={name: lambda _: None for name in ("slew", "slew_mode")},
            commands={
                r":?(SENS|SOUR):PRES:RANG\?": lambda node: f':{node}:PRES:RANG "{range_name}"',
                r":?SENS:PRES:INL\?": lambda _: f":SENS:PRES:INL {self._pressure():.4f}, {self._in_limits()}",
                r":?SOUR:PRES:LEV:IMM:AMPL:VENT ([01])": self._vent,
                r":?SOUR:PRES ([-+.\dEe]+)": self._set_point,
                r":?OUTP:STAT ([01]|ON|OFF)": self._switch,
            },
        )
        self._held |= {"slew": FASTEST, "dwell": 2.0, "band": 0.01, "overshoot": 1}

    def push(self, error: str) -> None:
        super().push(f":SYST:ERR {error}")

    def _command(self, line: str) -> Act:
        act = super()._command(line)
        asked = next((codec for _, codec in self._items if codec.asked_by(line)), None)
        if asked is None:
            return act
        head = header(getattr(asked, "header", ""))

        def told() -> Reply:
            reply = act()
            return reply if not reply or reply_has_header(reply) else f"{head} {reply}"

        return told

    def _unknown(self, line: str) -> Reply:
        super()._unknown(line)
        return "" if "?" in line else None

    def _pressure(self) -> Content:
        shown = self._indicated(self._regulator.pressure())
        return round(shown + self._air() if self._absolute else shown, DECIMALS)

    def _gauge(self, pressure: float) -> float:
        return pressure - self._air() if self._absolute else pressure

    def _set_point(self, told: str) -> Reply:
        if abs(float(told)) > self._full_scale:
            raise Refused(3, '-222,"Data out of range"')
        self._held["setpoint"] = float(told)
        self._act()
        return None

    def _switch(self, state: str) -> Reply:
        self._held["output"] = 1 if state.upper() in {"1", "ON"} else 0
        self._act()
        return None

    def _act(self) -> None:
        """Do to the line what the settings say."""
        if self._held["output"] != Switch.ON.value:
            if self._regulator.doing == "control":
                self._regulator.hold()
            return
        linear = self._held["slew_mode"] == Slewing.LINEAR.value
        rate = float(self._held["slew"]) if linear else FASTEST
        self._regulator.control(self._gauge(float(self._held["setpoint"])), rate)

    def _vent(self, start: str) -> Reply:
        if start == "1":
            self._held["output"] = 0
            self._regulator.vent()
        elif self._regulator.doing == "vent":
            self._regulator.hold()
        return None

    def _venting(self) -> Content:
        if self._regulator.doing != "vent":
            return 0
        return 1 if abs(self._regulator.pressure()) > OPEN else 2

    def _in_limits(self) -> int:
        return int(self._regulator.settled() >= float(self._held["dwell"]))


def header(declared: str) -> str:
    """Return the header that comes with an answer, all its nodes spelled short."""
    return ":" + re.sub(r"\{\w+\}|[][a-z]", "", declared)


def reply_has_header(reply: object) -> bool:
    """Tell whether an answer has its header already."""
    return not isinstance(reply, str) or reply.startswith(":")
