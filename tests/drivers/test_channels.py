"""One instrument with many channels: each is a reading of its own, and all come in one exchange."""

import contextlib
from collections.abc import Iterator

import pytest
from probes import asked, on_rtu, reading

from remotecal.drivers.catalogue import describe
from remotecal.drivers.channels import Channels, spelled
from remotecal.drivers.codecs import holding_f32
from remotecal.drivers.keysight.daq970a import KeysightDaq970A
from remotecal.drivers.links.wire import Modbus
from remotecal.errors import BenchError, GarbledReply, InstrumentError
from remotecal.testing.transcripts import Exchange, on_socket

IDENTITY = (
    (b"*IDN?\n", b"HEWLETT-PACKARD,34970A,0,13-2-2\n"),
    (b":SYST:ERR?\n", b'+0,"No error"\n'),
)
SWEEP = (
    b"FORM:READ:UNIT ON;:FORM:READ:TIME OFF;:FORM:READ:ALAR OFF;:FORM:READ:CHAN ON;"
    b":ROUT:SCAN (@101:117);:READ?\n"
)


@contextlib.contextmanager
def daq(*exchanges: Exchange) -> Iterator[KeysightDaq970A]:
    with (
        on_socket(*IDENTITY, *exchanges) as port,
        KeysightDaq970A.open(f"TCPIP::127.0.0.1::{port}::SOCKET", name="readout", scan="101:117") as readout,
    ):
        yield readout


def swept(units: str = "C" * 17) -> bytes:
    """Return a sweep over channels 101 to 117, which read 20.01, 20.02 and so on."""
    written = {"C": "C", "O": "OHM", "V": "VDC"}
    fields = (f"{20 + n / 100:+.8E} {written[unit]},{100 + n}" for n, unit in enumerate(units, 1))
    return ",".join(fields).encode() + b"\n"


def test_17_probes_are_read_in_one_sweep() -> None:
    with daq((SWEEP, swept())) as readout:
        readout.keep = lambda *_: 7
        probes = [readout.temperature[channel] for channel in range(101, 118)]
        found = readout.read(*probes)
    assert [one.value for one in found] == pytest.approx([20 + n / 100 for n in range(1, 18)])
    assert (found[2].source, found[2].unit, found[2].u) == ("readout.temperature[103]", "°C", None)
    assert {one.exchange for one in found} == {7}


def test_one_channel_costs_a_sweep_too() -> None:
    with daq((SWEEP, swept())) as readout:
        assert readout.temperature[117].read().value == pytest.approx(20.17)


def test_channels_of_several_kinds_come_in_one_sweep() -> None:
    with daq((SWEEP, swept("COV" + "C" * 14))) as readout:
        celsius, ohms, volts = readout.read(
            readout.temperature[101], readout.resistance[102], readout.voltage[103]
        )
    assert [(one.value, one.unit) for one in (celsius, ohms, volts)] == [
        (20.01, "°C"),
        (20.02, "Ω"),
        (20.03, "V"),
    ]


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (swept("O" * 17), InstrumentError, "channel 103 reads in OHM, not in C: configure it"),
        (
            swept()[: swept().index(b",+2.003")] + b"\n",
            InstrumentError,
            "channel 103 is 0 times in the sweep",
        ),
        (b"+2.001E+01,+2.002E+01,+2.003E+01\n", GarbledReply, "no sweep of readings with unit and channel"),
        (b"+2.001E+01 C,101,+2.002E+01 C\n", GarbledReply, "no sweep"),
        (b"+2.001E+01 C,000000000.017,101,2\n", GarbledReply, "no sweep"),
        (b"\n", GarbledReply, "no sweep"),
        (swept().replace(b"+2.00300000E+01", b"+9.90000000E+37"), InstrumentError, "has no valid value"),
    ],
)
def test_a_sweep_that_does_not_say_what_is_asked_is_no_number(
    answer: bytes, error: type[Exception], said: str
) -> None:
    with daq((SWEEP, answer)) as readout:
        with pytest.raises(error, match=said):
            readout.temperature[103].read()
        assert readout.link.suspect is (error is GarbledReply)


@pytest.mark.parametrize(
    ("scan", "said"),
    [
        ("101:121", "channels 101–120, 201–220, 301–320, no 121"),
        ("1:17", "no 1–17"),
        ("101-117", "'101-117' does not"),
        ("", "'' does not"),
    ],
)
def test_a_scan_of_other_channels_is_refused(scan: str, said: str) -> None:
    with on_socket() as port, pytest.raises(BenchError, match=said):
        KeysightDaq970A.open(f"TCPIP::127.0.0.1::{port}::SOCKET", scan=scan)


def test_a_channel_is_a_declaration_of_its_own() -> None:
    third = KeysightDaq970A.temperature[103]
    assert repr(third) == "KeysightDaq970A.temperature[103]"
    assert (third.unit, third.span) == ("°C", (-270, 1820))
    with pytest.raises(BenchError, match="temperature has the channels 101–120, 201–220, 301–320, no 121"):
        KeysightDaq970A.temperature[121]


def test_channels_in_registers_are_read_in_one_request() -> None:
    cells = Channels(range(1, 18), lambda cell: reading(holding_f32(2 * cell)))
    words = [word for cell in range(1, 18) for word in (0x3F80 + (cell % 2) * 0x80, 0)]
    with on_rtu(Modbus(), asked(2, *words), cells=cells) as probe:
        found = probe.read(*probe.cells)
        assert [one.value for one in found] == [2.0, 1.0] * 8 + [2.0]
        assert len(probe.cells) == 17
        with pytest.raises(BenchError, match="no 18"):
            probe.cells[18]


def test_channels_of_several_units_are_none() -> None:
    with pytest.raises(ValueError, match=r"of one unit, not of \['V', 'mV'\]"):
        Channels((1, 2), lambda channel: reading(unit="mV" if channel == 2 else "V"))


def test_the_page_of_a_driver_tells_channels_once() -> None:
    names = [item.name for item in describe(KeysightDaq970A).quantities]
    assert names[0] == "temperature[101–120, 201–220, 301–320]"
    assert len(names) == 3
    assert spelled([5]) == "5"
