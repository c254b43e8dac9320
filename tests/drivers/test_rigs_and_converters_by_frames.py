"""Rig controllers by their tables, converters and a Coriolis meter, frame by frame over a serial line."""

import contextlib
import struct
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from shipped_tables import asked, bus, rtu

from remotecal.clock import VirtualClock
from remotecal.drivers.capabilities import CollectingRig, Densitometer, Outlet, Thermometer, Valve
from remotecal.drivers.elster.ek280 import ElsterEk280
from remotecal.drivers.flonidan.uniflo1200 import FlonidanUniflo1200
from remotecal.drivers.links import modbus
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.siemens.coriolis import Alarm, SiemensFc410
from remotecal.errors import InstrumentError, ModbusRefusal, WrongInstrument
from remotecal.testing.transcripts import Exchange, frame, on_serial_port


def words(*values: float) -> tuple[int, ...]:
    return struct.unpack(f">{2 * len(values)}H", struct.pack(f">{len(values)}f", *values))


def swapped(value: float) -> tuple[int, ...]:
    """Return a float in two registers, the low one first."""
    return words(value)[::-1]


def written(function: int, start: int, value: int) -> Exchange:
    request = modbus.Request(function, start, 1, (value,))
    return rtu(request.encode()), rtu(modbus.reply(request))


@contextlib.contextmanager
def line(
    kind: type[ModbusInstrument], *exchanges: Exchange, options: Mapping[str, Any] | None = None
) -> Iterator[Any]:
    with (
        on_serial_port(*exchanges) as device,
        kind.open(
            f"modbus+rtu://{device}", name="dut", clock=VirtualClock(0.0), **options or {}
        ) as instrument,
    ):
        yield instrument


REVISION_C = asked(14, 1)


def test_a_valve_of_an_s7_1200_is_a_bit_of_the_first_word_and_the_others_stay() -> None:
    """DBX0.0 is bit 8; DBX0.1, the outlet, stands open."""
    said = (REVISION_C, asked(0, 0x0200), written(6, 0, 0x0300), asked(0, 0x0300), asked(6, *words(12.5)))
    with bus("rig-s7-1200", *said) as rig:
        rig.inlet.set(Valve.OPEN)
        assert rig.outlet.read() is Valve.OPEN
        assert rig.flow.read()[:2] == (12.5, "m3/h")
        assert isinstance(rig, CollectingRig)


def test_an_s7_1200_with_another_block_is_refused() -> None:
    with pytest.raises(WrongInstrument, match="map_revision is REVISION_D"), bus("rig-s7-1200", asked(14, 2)):
        pass


def test_a_wago_750_opens_its_drain_by_a_coil_without_current_and_sends_low_words_first() -> None:
    said = (
        asked(2, 1, function=1),
        written(5, 2, 0),
        written(6, 12288, 2),
        asked(12302, *swapped(12.5), function=4),
    )
    with bus("rig-wago-750", *said) as rig:
        rig.drain.set(Valve.OPEN)
        rig.diverter.set(Outlet.TANK)
        assert rig.flow.read()[:2] == (12.5, "m3/h")


def test_what_a_wago_750_refuses_is_told_by_its_name() -> None:
    request = rtu(modbus.Request(4, 12302, 2).encode())
    with (
        bus("rig-wago-750", (request, rtu(modbus.exception(4, modbus.ILLEGAL_ADDRESS)))) as rig,
        pytest.raises(ModbusRefusal, match="illegal data address"),
    ):
        rig.flow.read()


def ek280(factor: float) -> tuple[Exchange, ...]:
    """Return how an EK280 is opened at 4 bar and 10 °C, K 0.992: its C is 4.1201."""
    return asked(0, *words(4.0, 10.0, factor)), asked(20, *words(1.01325, 20.0)), asked(6, *words(0.992))


def test_ek280_is_believed_by_its_factor_and_counts_in_doubles() -> None:
    volume = struct.unpack(">4H", struct.pack(">d", 70_000.125))
    with line(ElsterEk280, *ek280(4.1201), asked(12, *volume)) as dut:
        assert dut.base_volume.read()[:2] == (70_000.125, "m3")


@pytest.mark.parametrize("factor", [1.0, 4.3])
def test_ek280_whose_factor_is_anothers_is_refused(factor: float) -> None:
    with pytest.raises(WrongInstrument, match="C is"), line(ElsterEk280, *ek280(factor)):
        pass


AS_DELIVERED = asked(527, 3)
"""An FC410 or FCT010 sends a float's most significant byte first."""


SOUND = asked(3014, 0, 0)
"""A SITRANS FC410 has no alarm."""


def test_fc410_gives_what_flows_in_one_request() -> None:
    said = (AS_DELIVERED, asked(3000, *words(2.5, 0.0025, 998.2), *[0] * 10), asked(3010, *words(20.5)))
    with line(SiemensFc410, *said) as meter:
        found = meter.read(meter.mass_flow, meter.flow, meter.density)
        assert meter.temperature.read()[:2] == (20.5, "°C")
    assert [one.value for one in found] == [2.5, pytest.approx(0.0025), pytest.approx(998.2)]
    assert isinstance(meter, Densitometer | Thermometer)


def test_fct010_by_its_manuals_frame() -> None:
    """Its page 152 misprints the last byte once, as 93; the checksum is that of 8B."""
    printed = frame("01 03 0B B8 00 02 46 0A"), frame("01 03 04 40 C3 52 8B 62 C8")
    with line(SiemensFc410, AS_DELIVERED, printed, SOUND) as meter:
        assert meter.mass_flow.read()[:2] == (pytest.approx(6.10383, abs=5e-6), "kg/s")


def test_fc410_is_read_in_the_order_it_tells_or_refused() -> None:
    refused = 'sends floats in the order CDAB, they are read as ABCD: state order = "CDAB"'
    with pytest.raises(WrongInstrument, match=refused), line(SiemensFc410, asked(527, 0)):
        pass
    said = (asked(527, 0), asked(3000, *swapped(2.5)), SOUND)
    with line(SiemensFc410, *said, options={"order": "CDAB"}) as meter:
        assert meter.mass_flow.read().value == 2.5


def test_fc410_says_that_its_pipe_is_empty() -> None:
    with line(SiemensFc410, AS_DELIVERED, asked(3014, 0x0080, 0x0020)) as meter:
        assert meter.alarms.read() == Alarm.EMPTY_PIPE | Alarm.STARTING
    empty = asked(3000, *words(2.5)), asked(3014, 0x0080, 0x0020)
    with (
        line(SiemensFc410, AS_DELIVERED, *empty) as meter,
        pytest.raises(InstrumentError, match=r"mass_flow has no .* alarms says EMPTY_PIPE, STARTING"),
    ):
        meter.mass_flow.read()


def test_converters_are_never_written_to() -> None:
    for kind in (ElsterEk280, FlonidanUniflo1200):
        assert kind.wire.functions <= {3, 4, 43}
