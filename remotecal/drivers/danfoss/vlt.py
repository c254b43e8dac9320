"""Danfoss VLT drives FC 51, FC 102, FC 202 and FC 302 on Modbus RTU, FC control profile.

Source: Danfoss, VLT AQUA Drive FC 202 Design Guide (registers) and VLT Micro Drive FC 51 (bits of the
control and status words, which it gives as coils 1 to 16 and 33 to 48); VLT 2800, 6000 HVAC and 8000 AQUA
Modbus RTU MG.10.S2.02, pages 23 and 27 (what references stand for).
"""

from __future__ import annotations

from enum import Enum, IntFlag
from typing import ClassVar, Final

from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.capabilities import FlowSource
from remotecal.drivers.codecs import holding_i16, holding_u16
from remotecal.drivers.declarations import Step
from remotecal.drivers.drives import await_status, refuse_tripped
from remotecal.drivers.links.wire import Modbus, Serial
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action, Choice, Flags, Reading, Setting

FULL_REFERENCE: Final = 0x4000
"""What stands for 100 % (MG.10.S2.02, of the drives before these: 0x2000 is 50 % and 0xE000 -50 %; it suits
the FC drives' 0x0 to 0xFFFF for -200 to 200 %)."""


class ControlBit(IntFlag):
    """Bits of the control word; a bit the manual calls coil n is 1 << n - 1."""

    PRESET_REFERENCE_LOW = 1 << 0
    PRESET_REFERENCE_HIGH = 1 << 1
    NO_DC_BRAKE = 1 << 2
    NO_COAST = 1 << 3
    """0 lets the motor coast."""
    NO_QUICK_STOP = 1 << 4
    """0 stops along the quick ramp."""
    NO_FREEZE = 1 << 5
    """0 freezes the output."""
    START = 1 << 6
    """0 stops along the ramp."""
    RESET = 1 << 7
    """Its rising edge resets a trip."""
    JOG = 1 << 8
    RAMP_2 = 1 << 9
    DATA_VALID = 1 << 10
    """0 has the whole word ignored."""
    RELAY_1 = 1 << 11
    SETUP_2 = 1 << 13
    REVERSE = 1 << 15


class Status(IntFlag):
    """Bits of the status word."""

    CONTROL_READY = 1 << 0
    UNIT_READY = 1 << 1
    NOT_COASTED = 1 << 2
    TRIPPED = 1 << 3
    ERROR = 1 << 4
    """An error that does not trip."""
    TRIP_LOCKED = 1 << 6
    """Mains must be switched off before it can be reset."""
    WARNING = 1 << 7
    ON_REFERENCE = 1 << 8
    AUTO_MODE = 1 << 9
    """Controlled from the bus."""
    IN_RANGE = 1 << 10
    RUNNING = 1 << 11
    BRAKE_WARNING = 1 << 12
    VOLTAGE_WARNING = 1 << 13
    CURRENT_WARNING = 1 << 14
    THERMAL_WARNING = 1 << 15


STOPPED: Final = Status.TRIPPED | Status.TRIP_LOCKED
"""Either of these keeps it from running."""

_STANDS: Final = (
    ControlBit.NO_DC_BRAKE
    | ControlBit.NO_COAST
    | ControlBit.NO_QUICK_STOP
    | ControlBit.NO_FREEZE
    | ControlBit.DATA_VALID
)


class ControlWord(Enum):
    """Control words."""

    STOP = int(_STANDS)
    """0x043C: stopped along the ramp."""
    RUN = int(_STANDS | ControlBit.START)
    """0x047C."""
    RESET = int(_STANDS | ControlBit.RESET)
    """0x04BC."""


class Profile(Enum):
    """Parameter 8-10, control profile; its numbers are unverified."""

    FC = 0
    PROFIDRIVE = 1


class OnLoss(Enum):
    """Parameter 8-04, what the drive does when nobody talks to it; its numbers are unverified."""

    OFF = 0
    FREEZE_OUTPUT = 1
    STOP = 2
    JOGGING = 3
    MAXIMUM_SPEED = 4
    STOP_AND_TRIP = 5


def parameter(group: int, index: int) -> int:
    """Return the register of a parameter, such as 3-41.

    >>> parameter(3, 41)
    3410
    """
    return 10 * (100 * group + index)


class DanfossVlt(ModbusInstrument, FlowSource):
    """Pump drive. The pump must stop by itself when the station dies: parameters 8-03 and 8-04.

    No parameter is written. Settings of the serial port, that addresses on the wire are one less than
    the registers, and that control word and reference can be read back, are unverified.
    """

    maker = "Danfoss"
    model = "VLT FC"
    wire: ClassVar[Modbus] = Modbus(
        manual_counts_from=1,
        slowest_reply=1.0,
        serial=Serial(19200, parity="E"),
        functions=frozenset({1, 3, 5, 6, 15, 16}),
    )

    control = Choice(holding_u16(50_000), ControlWord)
    """Control word."""

    speed = Setting(holding_i16(50_010, scale=100 / FULL_REFERENCE), "%", span=(0, 100))
    """Bus reference, in per cent of the largest reference."""

    status = Flags(holding_u16(50_200), Status)
    """Status word."""

    actual_speed = Reading(
        holding_i16(50_210, scale=100 / FULL_REFERENCE), "%", span=(-199.9, 199.9), accuracy=UNSTATED
    )
    """Main actual value: output frequency in open loop, feedback in closed loop."""

    last_error = Reading(holding_u16(7), "1", span=(0, 65535), accuracy=UNSTATED)
    """Code of the last error on the bus."""

    control_profile = Choice(holding_u16(parameter(8, 10)), Profile)
    """Which meaning control and status word have."""

    on_loss = Choice(holding_u16(parameter(8, 4)), OnLoss)
    """What the drive does when nobody talks to it."""

    expects: ClassVar[tuple[Step, ...]] = (control_profile.to(Profile.FC), on_loss.to(OnLoss.STOP_AND_TRIP))
    safe: ClassVar[tuple[Step | Action, ...]] = (speed.to(0), control.to(ControlWord.STOP))

    def start(self) -> None:
        """Run at the speed set; a running drive goes on running.

        Raises:
            InstrumentError: the drive is tripped, or does not run in time.
        """
        refuse_tripped(self, self.status.read(), STOPPED)
        self.control.set(ControlWord.RUN)
        await_status(self, self.status.read, Status.RUNNING, STOPPED)

    def stop(self) -> None:
        """Stop along the ramp."""
        self.control.set(ControlWord.STOP)

    def reset_fault(self) -> None:
        """Reset a trip whose cause is gone; the drive stays stopped."""
        self.control.set(ControlWord.RESET)
        self.control.set(ControlWord.STOP)
