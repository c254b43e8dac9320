"""Drivers of instruments on Modbus, against frames as manuals print them and registers as they map them."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import TypeVar

import pytest

from remotecal.clock import VirtualClock
from remotecal.drivers.abb.acs580 import AbbAcs580, ControlWord, OnLoss, Status
from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.capabilities import Valve
from remotecal.drivers.codecs import holding_f32, holding_i32, holding_u16
from remotecal.drivers.danfoss.vlt import DanfossVlt
from remotecal.drivers.emerson.micro_motion import MicroMotion2700
from remotecal.drivers.endress_hauser.promass import ByteOrder, Promag53, Promass83
from remotecal.drivers.instrument import Instrument
from remotecal.drivers.krohne.mfc import Condition, KrohneMfc300, KrohneMfc400
from remotecal.drivers.links import modbus, modbus_ascii
from remotecal.drivers.links.framing import checksum
from remotecal.drivers.links.wire import Modbus
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Reading, Setting
from remotecal.drivers.rig.controller import Trip, WaterRigController
from remotecal.drivers.siemens.coriolis import SiemensMass6000
from remotecal.drivers.siemens.mag6000 import SiemensMag6000
from remotecal.drivers.siemens.usm2 import Counting, Direction
from remotecal.drivers.tuf.tuf2000m import Fault, TotalUnit, Tuf2000M
from remotecal.errors import (
    ForbiddenCommand,
    InstrumentError,
    ModbusRefusal,
    OutOfSpan,
    SafeStateNotReached,
    WrongInstrument,
)
from remotecal.testing.transcripts import Exchange, frame, on_serial_port

D = TypeVar("D", bound=Instrument)


def asked(function: int, start: int, *answer: int, unit: int = 1) -> Exchange:
    """Return an RTU exchange that reads from wire address `start` as many items as are answered."""
    request = modbus.Request(function, start, len(answer))
    return rtu(unit, request.encode()), rtu(unit, modbus.reply(request, answer))


def written(function: int, start: int, *values: int) -> Exchange:
    request = modbus.Request(function, start, len(values), values)
    return rtu(1, request.encode()), rtu(1, modbus.reply(request))


def rtu(unit: int, pdu: bytes) -> bytes:
    body = bytes((unit,)) + pdu
    return body + checksum(body)


@contextlib.contextmanager
def bus(cls: type[D], *exchanges: Exchange, options: Mapping[str, str] | None = None) -> Iterator[D]:
    with (
        on_serial_port(*exchanges) as device,
        cls.open(
            f"modbus+rtu://{device}", name="dut", clock=VirtualClock(0.0), **(options or {})
        ) as instrument,
    ):
        yield instrument


# Frames printed in manuals


class FirstRegisters(Tuf2000M):
    """What stands in REG 1 to 10."""

    whole = Reading(holding_i32(9), "m3", span=(0, 2**31 - 1), accuracy=UNSTATED)
    """Integer part of the positive accumulator."""

    expects = ()


class Lrf3000S(ModbusInstrument):
    """LONGRUN LRF-3000S, as its manual's examples address it."""

    wire = Modbus(order="CDAB", manual_counts_from=40001)

    flow = Reading(holding_f32(40005), "m3/h", span=(0, 1000), accuracy=UNSTATED)
    """Volume flow."""

    address = Setting(holding_u16(44100), "1", span=(1, 247))
    """Number on the bus."""


class Keller33X(ModbusInstrument):
    """KELLER transmitter."""

    wire = Modbus(order="ABCD")

    pressure = Reading(holding_f32(0x0100), "bar", span=(0, 10), accuracy=UNSTATED)
    """Pressure."""

    temperature = Reading(holding_f32(0x0102), "°C", span=(-10, 80), accuracy=UNSTATED)
    """Temperature."""


SOUND = asked(3, 71, 0)
"""A TUF-2000M has nothing to say of its readings."""


def test_tuf_asks_for_its_first_ten_registers_as_its_manual_does() -> None:
    request = frame("01 03 00 00 00 0A C5 CD")
    registers = (0x0651, 0x3F9E, 0, 0, 0, 0, 0, 0, 0xD687, 0x0012)
    answer = rtu(1, modbus.reply(modbus.Request(3, 0, 10), registers))
    with bus(FirstRegisters, (request, answer), SOUND) as meter:
        flow, whole = meter.read(meter.flow, meter.whole)
    assert flow.value == pytest.approx(1.2345678, rel=1e-7)
    assert whole.value == 1234567


def test_tuf_is_asked_as_it_is_delivered_by_the_frame_its_manual_prints() -> None:
    registers = (0x0651, 0x3F9E, 0, 0, 0, 0, 0, 0, 0xD687, 0x0012)
    answer = modbus_ascii.frame(b"\x01" + modbus.reply(modbus.Request(3, 0, 10), registers))
    faults = modbus.Request(3, 71, 1)
    asks, none = b"\x01" + faults.encode(), modbus_ascii.frame(b"\x01" + modbus.reply(faults, (0,)))
    with (
        on_serial_port((b":01030000000AF2\r\n", answer), (modbus_ascii.frame(asks), none)) as device,
        FirstRegisters.open(f"modbus+ascii://{device}", name="dut", clock=VirtualClock(0.0)) as meter,
    ):
        flow, whole = meter.read(meter.flow, meter.whole)
    assert (flow.value, whole.value) == (pytest.approx(1.2345678, rel=1e-7), 1234567)


def test_lrf3000s_flow_and_address() -> None:
    with bus(
        Lrf3000S,
        (frame("01 03 00 04 00 02 85 CA"), frame("01 03 04 06 51 3F 9E 3B 32")),
        (frame("01 06 10 03 00 02 FC CB"), frame("01 06 10 03 00 02 FC CB")),
    ) as meter:
        assert meter.flow.read().value == pytest.approx(1.2345678, rel=1e-7)
        meter.address.set(2)


def test_keller_pressure_and_temperature_come_in_one_request() -> None:
    with bus(Keller33X, asked(3, 0x0100, 0x3F75, 0xE3D2, 0x41B6, 0x1C20)) as transmitter:
        pressure, temperature = transmitter.read(transmitter.pressure, transmitter.temperature)
    assert pressure.value == pytest.approx(0.96051, abs=5e-6)
    assert temperature.value == pytest.approx(22.7637, abs=5e-5)


# TUF-2000M

TUF = [asked(3, 1437, 0), asked(3, 1438, 3)]
"""The totals are in cubic metres, in steps of 1."""


def test_tuf_total_is_whole_part_and_fraction_in_one_request() -> None:
    registers = (0xD687, 0x0012, 0x0000, 0x3F40)  # 1234567 and 0.75, low word first
    with bus(Tuf2000M, *TUF, asked(3, 8, *registers), SOUND) as meter:
        volume = meter.volume.read()
    assert (volume.value, volume.unit) == (1234567.75, "m3")
    assert volume.u == pytest.approx(12345.6775 / 3**0.5)


def test_tuf_faults_and_signal_quality() -> None:
    with bus(Tuf2000M, *TUF, asked(3, 71, 0b1001), asked(3, 91, 0x0353)) as meter:
        assert meter.faults.read() == Fault.NO_SIGNAL | Fault.PIPE_EMPTY
        assert meter.signal_quality.read().value == 83
    with (
        bus(Tuf2000M, *TUF, asked(3, 0, 0x0651, 0x3F9E), asked(3, 71, 0b1001)) as meter,
        pytest.raises(InstrumentError, match="flow has no valid value: faults says NO_SIGNAL, PIPE_EMPTY"),
    ):
        meter.flow.read()


@pytest.mark.parametrize(
    ("exchanges", "why"),
    [
        ([asked(3, 1437, 1)], "total_unit is LITRE, this driver needs CUBIC_METRE"),
        ([TUF[0], asked(3, 1438, 0)], "total_multiplier is X0_001, this driver needs X1"),
    ],
)
def test_tuf_that_totals_otherwise_is_refused(exchanges: list[Exchange], why: str) -> None:
    with pytest.raises(WrongInstrument, match=why), bus(Tuf2000M, *exchanges):
        pass


def test_tuf_is_never_written_to() -> None:
    with bus(Tuf2000M, *TUF) as meter, pytest.raises(ForbiddenCommand):
        meter.total_unit.set(TotalUnit.LITRE)


# Endress+Hauser

BYTE_ORDER_1032 = asked(4, 4914, 3)


def test_promass_values_come_low_word_first() -> None:
    with bus(
        Promass83,
        BYTE_ORDER_1032,
        asked(4, 2006, 0x0651, 0x3F9E, 0x4000, 0x461C),
        asked(4, 2609, 0x5000, 0x47C3, 0x9680, 0x4B18),
    ) as meter:
        mass_flow, flow = meter.read(meter.mass_flow, meter.flow)
        total = meter.total_mass.read()
    assert mass_flow.value == pytest.approx(1.2345678, rel=1e-7)
    assert mass_flow.unit == "kg/h"
    assert flow.value == 10000.0
    assert flow.u is None
    assert total.value == 1e7 + 1e5


def test_promag_fault_is_refused_and_not_taken_for_a_value() -> None:
    nan = asked(4, 2008, 0x0000, 0x7FC0)
    with bus(Promag53, BYTE_ORDER_1032, nan) as meter, pytest.raises(InstrumentError, match="no valid value"):
        meter.flow.read()


def test_proline_in_another_byte_order_is_refused() -> None:
    with (
        pytest.raises(WrongInstrument, match="byte_order is ORDER_3210, this driver needs ORDER_1032"),
        bus(Promag53, asked(4, 4914, 1)),
    ):
        pass


def test_proline_memory_is_never_written_to() -> None:
    with bus(Promass83, BYTE_ORDER_1032) as meter, pytest.raises(ForbiddenCommand):
        meter.byte_order.set(ByteOrder.ORDER_3210)


# Siemens

MAG_6000 = asked(3, 602, 24)


def test_mag6000_sends_si_values_and_a_double_total() -> None:
    with bus(
        SiemensMag6000,
        MAG_6000,
        asked(3, 3002, 0x3C23, 0xD70A),
        asked(3, 3014, 0x4093, 0x4A00, 0x0000, 0x0000),
    ) as meter:
        assert meter.flow.read().to("m3/h").value == pytest.approx(36.0, rel=1e-7)
        assert meter.volume.read()[:2] == (1234.5, "m3")


def test_mag6000_total_is_reset_and_held_by_coils() -> None:
    with bus(
        SiemensMag6000, MAG_6000, written(5, 9, 1), written(5, 10, 1), asked(1, 10, 1), asked(3, 2101, 1)
    ) as meter:
        meter.reset_volume()
        meter.hold_volume.set(Counting.HELD)
        assert meter.hold_volume.read() is Counting.HELD
        assert meter.direction.read() is Direction.FORWARD


def test_mass6000_is_no_mag6000() -> None:
    with (
        pytest.raises(WrongInstrument, match="product is MASS_6000, this driver needs MAG_6000"),
        bus(SiemensMag6000, asked(3, 602, 25)),
    ):
        pass


MASS_6000 = [asked(3, 602, 25), asked(3, 2100, 1), asked(3, 2102, 4)]
"""A MASS 6000 that totals mass and volume."""


def test_mass6000_gives_what_flows_in_one_request_and_double_totals() -> None:
    flowing = (0x4120, 0x0000, 0x3C23, 0xD70A, 0x447A, 0x0000, 0x41A4, 0x0000)
    with bus(
        SiemensMass6000,
        *MASS_6000,
        asked(3, 3000, *flowing),
        asked(3, 3014, 0x4093, 0x4A00, 0x0000, 0x0000),
        written(5, 11, 1),
    ) as meter:
        values = meter.read(meter.mass_flow, meter.flow, meter.density, meter.temperature)
        assert [value.value for value in values] == pytest.approx([10.0, 0.01, 1000.0, 20.5])
        assert meter.total_mass.read()[:2] == (1234.5, "kg")
        meter.reset_volume()


@pytest.mark.parametrize(("value", "registers"), [(100.0, (0x42C8, 0)), (55.32, (0x425D, 0x47AE))])
def test_mass6000_sends_floats_as_its_manual_prints_them(value: float, registers: tuple[int, int]) -> None:
    with bus(SiemensMass6000, *MASS_6000, asked(3, 3004, *registers)) as meter:
        assert meter.density.read().value == pytest.approx(value, rel=1e-7)


def test_mass6000_that_totals_otherwise_is_refused() -> None:
    with (
        pytest.raises(WrongInstrument, match="totalizer_2 is FRACTION_A, this driver needs VOLUME"),
        bus(SiemensMass6000, *MASS_6000[:2], asked(3, 2102, 2)),
    ):
        pass


# KROHNE


def test_mfc300_process_values_and_double_counters_stand_where_the_manual_has_them() -> None:
    flowing = (0x3C23, 0xD70A, 0x4120, 0x0000, 0x4392, 0x9333, 0x447A, 0x0000)
    counters = (0x4093, 0x4A00, 0x0000, 0x0000, 0x3FF8, 0x0000, 0x0000, 0x0000)
    with bus(
        KrohneMfc300,
        asked(4, 30002, *flowing),
        asked(4, 30050, *counters),
        written(5, 3003, 1),
    ) as meter:
        values = meter.read(meter.flow, meter.mass_flow, meter.temperature, meter.density)
        assert [value.value for value in values] == pytest.approx([0.01, 10.0, 293.15, 1000.0])
        assert values[2].to("°C").value == pytest.approx(20.0, abs=1e-4)
        mass, volume = meter.read(meter.total_mass, meter.volume)
        assert (mass[:2], volume[:2]) == ((1234.5, "kg"), (1.5, "m3"))
        meter.reset_mass()


def test_mfc400_says_what_is_to_be_said_of_a_quantity_and_is_never_written_to() -> None:
    nan, failed = asked(4, 30002, 0x7FC0, 0x0000), asked(4, 30501, 0b10100000)
    with bus(KrohneMfc400, failed, nan, asked(4, 30501, 0)) as meter:
        assert meter.flow_condition.read() == Condition.FAILURE | Condition.OUT_OF_SPECIFICATION
        with pytest.raises(InstrumentError, match="no valid value"):
            meter.flow.read()


def test_mfc400_a_value_that_it_says_is_worth_nothing_is_not_read() -> None:
    flow = asked(4, 30002, 0x3C23, 0xD70A)
    with bus(KrohneMfc400, flow, asked(4, 30501, 0b00100100)) as meter:
        assert meter.flow.read().value == pytest.approx(0.01), "it is but to be maintained"
    with (
        bus(KrohneMfc400, flow, asked(4, 30501, 0b10100000)) as meter,
        pytest.raises(InstrumentError, match=r"flow has no valid value: flow_condition says FAILURE; see to"),
    ):
        meter.flow.read()
    assert not KrohneMfc400.wire.functions & {5, 6, 15, 16}
    assert [register.number for register in KrohneMfc400.forbidden] == [1004], "its settings are kept"


# ABB

DRIVE = [asked(3, 14872, 0), asked(3, 14861, 1)]
"""Control profile ABB Drives; the drive faults when nobody talks to it."""


def status(word: int) -> Exchange:
    return asked(3, 3, word)


def test_acs580_is_started_by_its_status_word() -> None:
    with bus(
        AbbAcs580,
        *DRIVE,
        written(6, 1, 9000),
        status(0x0270),
        written(6, 0, 0x047E),
        status(0x0270),
        status(0x0231),
        written(6, 0, 0x047F),
        status(0x0233),
        status(0x0237),
        asked(3, 4, 9000),
        written(6, 0, 0x047E),
    ) as drive:
        drive.speed.set(45)
        drive.start()
        assert drive.actual_speed.read()[:2] == (45.0, "%")
        drive.stop()


def test_acs580_that_runs_is_not_stopped_by_starting_it() -> None:
    with bus(AbbAcs580, *DRIVE, status(0x0237), written(6, 0, 0x047F), status(0x0237)) as drive:
        drive.start()


def test_acs580_tripped_drive_does_not_start_until_reset() -> None:
    with bus(
        AbbAcs580,
        *DRIVE,
        status(0x0238),
        written(6, 0, 0x047E),
        status(0x0238),
        written(6, 0, 0x04FE),
        written(6, 0, 0x047E),
        status(0x0231),
    ) as drive:
        with pytest.raises(InstrumentError, match="dut is tripped"):
            drive.start()
        drive.reset_fault()
        assert Status.TRIPPED not in drive.status.read()


def test_acs580_that_does_not_get_ready_is_reported_after_a_while() -> None:
    waits = [status(0x0270)] * 102
    with (
        bus(AbbAcs580, *DRIVE, status(0x0270), written(6, 0, 0x047E), *waits) as drive,
        pytest.raises(InstrumentError, match=r"has not reached .*RDY_ON.* within 10 s"),
    ):
        drive.start()


def test_acs580_safe_state_is_read_back() -> None:
    safe = [written(6, 1, 0), asked(3, 1, 0), written(6, 0, 0x047E), asked(3, 0, 0x047E)]
    local = [written(6, 1, 0), asked(3, 1, 9000), written(6, 0, 0x047E), asked(3, 0, 0x047E)]
    with bus(AbbAcs580, *DRIVE, *safe, *local) as drive:
        drive.make_safe()
        with pytest.raises(SafeStateNotReached, match="speed = 0 % was sent, but it is 45 %"):
            drive.make_safe()


def test_acs580_speed_is_refused_beyond_its_span_and_backwards() -> None:
    with bus(AbbAcs580, *DRIVE) as drive:
        for speed in (100.1, -1.0, float("nan")):
            with pytest.raises(OutOfSpan):
                drive.speed.set(speed)


def test_acs580_that_would_run_on_without_a_station_is_refused() -> None:
    with (
        pytest.raises(WrongInstrument, match="on_loss is LAST_SPEED, this driver needs FAULT"),
        bus(AbbAcs580, DRIVE[0], asked(3, 14861, OnLoss.LAST_SPEED.value)),
    ):
        pass


def test_acs580_command_words() -> None:
    assert [f"{command.value:04X}" for command in ControlWord] == ["047E", "047F", "04FE"]


# Micro Motion

METRIC = [asked(3, 38, 75), asked(3, 39, 92), asked(3, 40, 32), asked(3, 41, 19)]
"""kg/h, kg/m³, °C and m³/h."""


def test_micro_motion_floats_are_read_in_the_order_it_confirms() -> None:
    flowing = (0x5000, 0x47C3, 0x0000, 0x447A)
    with bus(
        MicroMotion2700, *METRIC, asked(3, 520, 1), asked(3, 246, *flowing), options={"order": "CDAB"}
    ) as meter:
        values = meter.read(meter.mass_flow, meter.density)
    assert [value[:2] for value in values] == [(100_000.0, "kg/h"), (1000.0, "kg/m3")]


@pytest.mark.parametrize(
    ("exchanges", "why"),
    [
        ([asked(3, 38, 73)], "mass_flow_unit is KG_PER_S, this driver needs KG_PER_H"),
        ([*METRIC, asked(3, 520, 3)], "sends floats in the order DCBA, they are read as ABCD: state order"),
    ],
)
def test_micro_motion_that_is_set_otherwise_is_refused(exchanges: list[Exchange], why: str) -> None:
    with pytest.raises(WrongInstrument, match=why), bus(MicroMotion2700, *exchanges):
        pass


# Danfoss

VLT = [asked(3, 8099, 0), asked(3, 8039, 5)]
"""FC profile; the drive stops and trips when nobody talks to it."""


def vlt_status(word: int) -> Exchange:
    return asked(3, 50199, word)


def test_vlt_runs_by_its_control_word_at_its_reference() -> None:
    with bus(
        DanfossVlt,
        *VLT,
        written(6, 50009, 0x2000),
        vlt_status(0x0607),
        written(6, 49999, 0x047C),
        vlt_status(0x0607),
        vlt_status(0x0F07),
        asked(3, 50209, 0x2000),
        written(6, 49999, 0x043C),
    ) as drive:
        drive.speed.set(50)
        drive.start()
        assert drive.actual_speed.read()[:2] == (50.0, "%")
        drive.stop()


@pytest.mark.parametrize("trip", [0x0008, 0x0040])
def test_vlt_that_is_tripped_is_not_told_to_run(trip: int) -> None:
    with bus(
        DanfossVlt, *VLT, vlt_status(trip), written(6, 49999, 0x04BC), written(6, 49999, 0x043C)
    ) as drive:
        with pytest.raises(InstrumentError, match="dut is tripped"):
            drive.start()
        drive.reset_fault()


def test_vlt_that_would_run_on_without_a_station_is_refused() -> None:
    with (
        pytest.raises(WrongInstrument, match="on_loss is OFF, this driver needs STOP_AND_TRIP"),
        bus(DanfossVlt, VLT[0], asked(3, 8039, 0)),
    ):
        pass


# The rig controller


def test_rig_controller_gives_its_indications_in_one_request() -> None:
    registers = (0x4120, 0x0000, 0x43FA, 0x0000, 0x4248, 0x0000, 0x0098, 0x9680)
    with bus(WaterRigController, asked(4, 2, *registers)) as rig:
        values = rig.read(rig.flow, rig.pressure, rig.level, rig.collection_time)
    assert [value.value for value in values] == pytest.approx([10.0, 500.0, 50.0, 10.0])
    assert [value.unit for value in values] == ["m3/h", "kPa", "%", "s"]


def test_rig_controller_tells_why_it_tripped_and_refuses_by_name() -> None:
    request = modbus.Request(5, 1, 1, (1,))
    refused = rtu(1, request.encode()), rtu(1, modbus.exception(5, 4))
    with bus(WaterRigController, asked(4, 1, 0b101), refused) as rig:
        assert rig.trips.read() == Trip.HEARTBEAT_LOST | Trip.LINE_PRESSURE_HIGH
        with pytest.raises(ModbusRefusal, match="server device failure") as refusal:
            rig.outlet.set(Valve.OPEN)
    assert refusal.value.code == 4
