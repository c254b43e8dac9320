"""ABB ACS580 drive over its embedded fieldbus, ABB Drives control profile.

Source: ABB, ACS580 firmware manual; the ACS355, ACH550 and ACQ550 manuals for the bits of the control
and status words; the ACS880 firmware manual, page 435, for parameters 58.14 to 58.16.
"""

from __future__ import annotations

from enum import Enum, IntFlag
from typing import ClassVar, Final

from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.capabilities import FlowSource
from remotecal.drivers.codecs import holding_i16, holding_u16
from remotecal.drivers.declarations import Step
from remotecal.drivers.drives import await_status
from remotecal.drivers.links.wire import Modbus, Serial
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action, Choice, Flags, Reading, Setting

FULL_SPEED: Final = 20_000
"""Reference that stands for the speed or frequency scaling, parameter 46.01 or 46.02."""


class ControlBit(IntFlag):
    """Bits of the control word."""

    OFF1_CONTROL = 1 << 0
    """0 stops along the ramp."""
    OFF2_CONTROL = 1 << 1
    """0 lets the motor coast."""
    OFF3_CONTROL = 1 << 2
    """0 stops along the emergency ramp."""
    INHIBIT_OPERATION = 1 << 3
    """1 lets the drive run."""
    RAMP_OUT_ZERO = 1 << 4
    RAMP_HOLD = 1 << 5
    RAMP_IN_ZERO = 1 << 6
    RESET = 1 << 7
    """Its rising edge resets a fault."""
    REMOTE_CMD = 1 << 10
    """1 lets the fieldbus control."""
    EXT_CTRL_LOC = 1 << 11


class Status(IntFlag):
    """Bits of the status word."""

    RDY_ON = 1 << 0
    RDY_RUN = 1 << 1
    RDY_REF = 1 << 2
    """Operation enabled."""
    TRIPPED = 1 << 3
    OFF_2_STA = 1 << 4
    OFF_3_STA = 1 << 5
    SWC_ON_INHIB = 1 << 6
    ALARM = 1 << 7
    AT_SETPOINT = 1 << 8
    """Within 10 % of nominal speed: much too wide to call a flow stable."""
    REMOTE = 1 << 9
    ABOVE_LIMIT = 1 << 10
    EXT2 = 1 << 11
    EXTERNAL_RUN_ENABLE = 1 << 12


_STOPPED: Final = (
    ControlBit.OFF2_CONTROL
    | ControlBit.OFF3_CONTROL
    | ControlBit.INHIBIT_OPERATION
    | ControlBit.RAMP_OUT_ZERO
    | ControlBit.RAMP_HOLD
    | ControlBit.RAMP_IN_ZERO
    | ControlBit.REMOTE_CMD
)


class ControlWord(Enum):
    """Control words; their use in this order is unverified."""

    STOP = int(_STOPPED)
    """0x047E: ready, stopped along the ramp."""
    RUN = int(_STOPPED | ControlBit.OFF1_CONTROL)
    """0x047F."""
    RESET = int(_STOPPED | ControlBit.RESET)
    """0x04FE."""


class Profile(Enum):
    """Parameter 58.25, control profile; its numbers are unverified."""

    ABB_DRIVES = 0
    DCU = 5


class OnLoss(Enum):
    """Parameter 58.14, what the drive does when nobody talks to it.

    Numbers 3 to 5 are the ACS880's, whose fieldbus has the same parameters; the others are unverified.
    """

    NOTHING = 0
    FAULT = 1
    LAST_SPEED = 2
    SAFE_SPEED = 3
    FAULT_ALWAYS = 4
    WARNING = 5


def parameter(group: int, index: int) -> int:
    """Return the register of a parameter, such as 58.25.

    >>> parameter(22, 80)
    405712
    """
    return 400_000 + 256 * group + index


class AbbAcs580(ModbusInstrument, FlowSource):
    """Pump drive. The pump must stop by itself when the station dies: parameters 58.14 to 58.16.

    Set 58.15, communication loss mode, to any message (1): at 2 only writes of control word and reference
    count, and a drive that is only watched for as long as 58.16 says trips. A change of these holds after
    58.06 or a restart, and nothing is watched in the first 30 s after power-up (ACS880).
    Settings of the serial port and the function codes above 6 are unverified.
    """

    maker = "ABB"
    model = "ACS580"
    wire: ClassVar[Modbus] = Modbus(
        manual_counts_from=400_001,
        slowest_reply=1.0,
        serial=Serial(19200, parity="E"),
        functions=frozenset({1, 2, 3, 5, 6, 15, 16}),
    )

    control = Choice(holding_u16(400_001), ControlWord)
    """Control word."""

    speed = Setting(holding_i16(400_002, scale=100 / FULL_SPEED), "%", span=(0, 100))
    """Reference 1, in per cent of the speed scaling (46.01) or frequency scaling (46.02)."""

    status = Flags(holding_u16(400_004), Status)
    """Status word."""

    actual_speed = Reading(
        holding_i16(400_005, scale=100 / FULL_SPEED), "%", span=(-100, 100), accuracy=UNSTATED
    )
    """Actual 1: actual speed or frequency, in per cent of the scaling."""

    control_profile = Choice(holding_u16(parameter(58, 25)), Profile)
    """Which meaning control and status word have."""

    on_loss = Choice(holding_u16(parameter(58, 14)), OnLoss)
    """What the drive does when nobody talks to it."""

    loss_time = Setting(holding_u16(parameter(58, 16), scale=0.1), "s", span=(0, 6000))
    """Silence after which the drive does so; register, step and span are unverified."""

    expects: ClassVar[tuple[Step, ...]] = (control_profile.to(Profile.ABB_DRIVES), on_loss.to(OnLoss.FAULT))
    safe: ClassVar[tuple[Step | Action, ...]] = (speed.to(0), control.to(ControlWord.STOP))

    def start(self) -> None:
        """Run at the speed set; a running drive goes on running.

        Raises:
            InstrumentError: the drive is tripped, or does not get ready.
        """
        if Status.RDY_REF not in self.status.read():
            self.control.set(ControlWord.STOP)
            await_status(self, self.status.read, Status.RDY_ON, Status.TRIPPED)
        self.control.set(ControlWord.RUN)
        await_status(self, self.status.read, Status.RDY_REF, Status.TRIPPED)

    def stop(self) -> None:
        """Stop along the ramp."""
        self.control.set(ControlWord.STOP)

    def reset_fault(self) -> None:
        """Reset a fault whose cause is gone; the drive stays stopped."""
        self.control.set(ControlWord.RESET)
        self.control.set(ControlWord.STOP)
