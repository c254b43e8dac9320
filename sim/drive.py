"""The pump's drive: ABB Drives control profile over the embedded fieldbus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.drivers.abb.acs580 import AbbAcs580, ControlBit, Status
from remotecal.sim.simulated_modbus import ModbusSimulated

if TYPE_CHECKING:
    from remotecal.drivers.contents import Content
    from remotecal.drivers.declarations import Declaration
    from remotecal.sim.rig import Rig

_READY = ControlBit.OFF2_CONTROL | ControlBit.OFF3_CONTROL | ControlBit.REMOTE_CMD
_RUN = _READY | ControlBit.OFF1_CONTROL | ControlBit.INHIBIT_OPERATION
_AT_SETPOINT = 0.1
"""Speed error, as a share of nominal speed, up to which AT_SETPOINT stands."""


class Drive(ModbusSimulated):
    """An ACS580 that turns the rig's pump.

    Switched on, or after a trip, a lost permit or an OFF2/OFF3, switching on is inhibited until the
    control word has been seen with OFF1 low and OFF2, OFF3 and REMOTE_CMD high; then OFF1 and
    INHIBIT_OPERATION start it. Words without REMOTE_CMD are ignored.
    """

    def __init__(self, rig: Rig, *, unit: int = 1) -> None:
        self._word = ControlBit(0)
        self._inhibited = True
        pump = rig.pump
        super().__init__(
            AbbAcs580,
            rig,
            "drive",
            unit=unit,
            reads={
                "control": lambda: int(self._word),
                "status": lambda: int(self._status()),
                "speed": lambda: 100.0 * pump.setpoint,
                "actual_speed": lambda: 100.0 * pump.speed,
            },
            writes={"speed": lambda percent: pump.set_speed(float(percent) / 100.0)},
        )

    def _take(self, item: Declaration, content: Content) -> None:
        if item.name == "control":
            self._command(ControlBit(int(content)))
        else:
            super()._take(item, content)

    def _command(self, word: ControlBit) -> None:
        pump = self.rig.pump
        if (
            ControlBit.REMOTE_CMD not in word
            and word & ControlBit.OFF2_CONTROL
            and word & ControlBit.OFF3_CONTROL
        ):
            return
        self._word = word
        if _READY not in word:
            self._inhibited = True
        elif ControlBit.OFF1_CONTROL not in word and not pump.tripped:
            self._inhibited = False
        if pump.tripped or not pump.permitted:
            self._inhibited = True
        if _RUN in word and not self._inhibited:
            pump.start()
        else:
            pump.stop()

    def _status(self) -> Status:
        pump = self.rig.pump
        if pump.tripped or (not pump.permitted and pump.started):
            self._inhibited = True
        status = Status.REMOTE | Status.OFF_2_STA | Status.OFF_3_STA
        if pump.tripped:
            status |= Status.TRIPPED
        if pump.permitted:
            status |= Status.EXTERNAL_RUN_ENABLE
        if self._inhibited:
            status |= Status.SWC_ON_INHIB
        else:
            status |= Status.RDY_ON
            if ControlBit.OFF1_CONTROL in self._word:
                status |= Status.RDY_RUN
        if pump.started:
            status |= Status.RDY_REF
            if abs(pump.speed - pump.setpoint) <= _AT_SETPOINT:
                status |= Status.AT_SETPOINT
        return status
