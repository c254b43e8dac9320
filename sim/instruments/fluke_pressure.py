"""A 6270A in front of what it does to a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from remotecal.drivers.fluke.pressure6270a import Condition, Fluke6270A, Mode
from remotecal.sim.instruments.druck import DECIMALS
from remotecal.sim.simulated import Refused
from remotecal.sim.simulated_lines import ScpiSimulated

if TYPE_CHECKING:
    from remotecal.drivers.contents import Content
    from remotecal.sim.instruments.regulator import Regulator
    from remotecal.sim.world import World

DWELL = 2.0
"""Seconds at the set point after which it says it is ready."""


class Controller6270A(ScpiSimulated):
    """A 6270A that shows gauge pressure in kPa."""

    def __init__(
        self,
        world: World,
        regulator: Regulator,
        *,
        indicated: Callable[[float], float] = lambda pressure: pressure,
        full_scale: float = 2000.0,
        serial: str = "9990002",
        name: str = "6270A",
    ) -> None:
        """`indicated` returns what it shows for a true pressure; beyond `full_scale` it can't be set."""
        self._regulator, self._full_scale = regulator, full_scale
        super().__init__(
            Fluke6270A,
            world,
            name,
            f"FLUKE,6270A,{serial},1.20",
            no_error='0,"No error"',
            reads={
                "pressure": lambda: round(indicated(regulator.pressure()), DECIMALS),
                "told_uncertainty": lambda: 1e-4 * full_scale,
                "condition": lambda: int(Condition.READY) if regulator.settled() >= DWELL else 0,
            },
            writes={"setpoint": self._set_point, "mode": self._choose},
        )
        self._held |= {"reference": "GAUG", "slew": 100.0}

    def _set_point(self, told: Content) -> None:
        if abs(float(told)) > self._full_scale:
            raise Refused
        self._held["setpoint"] = told
        if self._regulator.doing == "control":
            self._choose(Mode.CONTROL.value)

    def _choose(self, mode: Content) -> None:
        if mode == Mode.CONTROL.value:
            self._regulator.control(float(self._held["setpoint"]), float(self._held["slew"]))
        elif mode == Mode.VENT.value:
            self._regulator.vent()
        else:
            self._regulator.hold()
