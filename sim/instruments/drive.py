"""A motor's drive: ABB Drives control profile over the embedded fieldbus, and Danfoss's FC profile."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import IntFlag
from typing import TYPE_CHECKING, Protocol

from remotecal.drivers.abb.acs580 import AbbAcs580, ControlBit, Status
from remotecal.drivers.danfoss import vlt
from remotecal.sim.simulated_modbus import ModbusSimulated

if TYPE_CHECKING:
    from remotecal.drivers.contents import Content
    from remotecal.drivers.declarations import Declaration
    from remotecal.drivers.modbus_instrument import ModbusInstrument
    from remotecal.sim.world import World

_READY = ControlBit.OFF2_CONTROL | ControlBit.OFF3_CONTROL | ControlBit.REMOTE_CMD
_RUN = _READY | ControlBit.OFF1_CONTROL | ControlBit.INHIBIT_OPERATION
_AT_SETPOINT = 0.1
"""Speed error, as a share of nominal speed, up to which AT_SETPOINT stands."""


class Motor(Protocol):
    """What a drive turns: a pump, a fan."""

    @property
    def setpoint(self) -> float:
        """Share of full speed asked for, 0 to 1."""
        ...

    @property
    def speed(self) -> float:
        """Share of full speed at which it turns now."""
        ...

    @property
    def started(self) -> bool:
        """Whether it was started and not stopped since."""
        ...

    @property
    def permitted(self) -> bool:
        """Whether whoever guards it lets it run."""
        ...

    @property
    def tripped(self) -> bool:
        """Whether the drive has tripped."""
        ...

    def set_speed(self, share: float) -> None:
        """Ask for a share of full speed, 0 to 1."""
        ...

    def start(self) -> bool:
        """Start, if nothing forbids it; tell whether it turns."""
        ...

    def stop(self) -> None:
        """Stop by the ramp."""
        ...


class WordDrive(ModbusSimulated, ABC):
    """A drive told by a control word, whatever stands in it, that tells by a status word."""

    def __init__(
        self, driver: type[ModbusInstrument], world: World, motor: Motor, name: str, *, unit: int
    ) -> None:
        self._motor = motor
        super().__init__(
            driver,
            world,
            name,
            unit=unit,
            reads={
                "control": lambda: int(self._word),
                "status": lambda: int(self._status()),
                "speed": lambda: 100.0 * motor.setpoint,
                "actual_speed": lambda: 100.0 * motor.speed,
            },
            writes={"speed": lambda percent: motor.set_speed(float(percent) / 100.0)},
        )

    _word: IntFlag

    def _take(self, item: Declaration, content: Content) -> None:
        if item.name == "control":
            self._command(int(content))
        else:
            super()._take(item, content)

    @abstractmethod
    def _command(self, content: int) -> None:
        """Do what a control word says."""

    @abstractmethod
    def _status(self) -> IntFlag:
        """Return the status word."""

    def _at_setpoint(self) -> bool:
        return abs(self._motor.speed - self._motor.setpoint) <= _AT_SETPOINT


class Drive(WordDrive):
    """An ACS580 that turns a motor.

    Switched on, or after a trip, a lost permit or an OFF2/OFF3, switching on is inhibited until the
    control word has been seen with OFF1 low and OFF2, OFF3 and REMOTE_CMD high; then OFF1 and
    INHIBIT_OPERATION start it. Words without REMOTE_CMD are ignored.
    """

    def __init__(self, world: World, motor: Motor, name: str = "drive", *, unit: int = 1) -> None:
        self._word = ControlBit(0)
        self._inhibited = True
        super().__init__(AbbAcs580, world, motor, name, unit=unit)

    def _command(self, content: int) -> None:
        word, motor = ControlBit(content), self._motor
        if (
            ControlBit.REMOTE_CMD not in word
            and word & ControlBit.OFF2_CONTROL
            and word & ControlBit.OFF3_CONTROL
        ):
            return
        self._word = word
        if _READY not in word:
            self._inhibited = True
        elif ControlBit.OFF1_CONTROL not in word and not motor.tripped:
            self._inhibited = False
        if motor.tripped or not motor.permitted:
            self._inhibited = True
        if _RUN in word and not self._inhibited:
            motor.start()
        else:
            motor.stop()

    def _status(self) -> Status:
        motor = self._motor
        if motor.tripped or (not motor.permitted and motor.started):
            self._inhibited = True
        status = Status.REMOTE | Status.OFF_2_STA | Status.OFF_3_STA
        if motor.tripped:
            status |= Status.TRIPPED
        if motor.permitted:
            status |= Status.EXTERNAL_RUN_ENABLE
        if self._inhibited:
            status |= Status.SWC_ON_INHIB
        else:
            status |= Status.RDY_ON
            if ControlBit.OFF1_CONTROL in self._word:
                status |= Status.RDY_RUN
        if motor.started:
            status |= Status.RDY_REF
            if self._at_setpoint():
                status |= Status.AT_SETPOINT
        return status


_STARTS = (
    vlt.ControlBit.START
    | vlt.ControlBit.NO_DC_BRAKE
    | vlt.ControlBit.NO_COAST
    | vlt.ControlBit.NO_QUICK_STOP
    | vlt.ControlBit.DATA_VALID
)


class VltDrive(WordDrive):
    """A Danfoss VLT that turns a motor; words without DATA_VALID are ignored."""

    def __init__(self, world: World, motor: Motor, name: str = "vlt", *, unit: int = 1) -> None:
        self._word = vlt.ControlBit(0)
        super().__init__(vlt.DanfossVlt, world, motor, name, unit=unit)

    def _command(self, content: int) -> None:
        word, motor = vlt.ControlBit(content), self._motor
        if vlt.ControlBit.DATA_VALID not in word:
            return
        self._word = word
        if _STARTS in word and motor.permitted and not motor.tripped:
            motor.start()
        else:
            motor.stop()

    def _status(self) -> vlt.Status:
        motor = self._motor
        status = vlt.Status.CONTROL_READY | vlt.Status.AUTO_MODE | vlt.Status.IN_RANGE
        if motor.tripped:
            return status | vlt.Status.TRIPPED
        status |= vlt.Status.UNIT_READY
        if vlt.ControlBit.NO_COAST in self._word:
            status |= vlt.Status.NOT_COASTED
        if motor.started:
            status |= vlt.Status.RUNNING
            if self._at_setpoint():
                status |= vlt.Status.ON_REFERENCE
        return status
