"""Span and limit of error follow the range in force, and the evidence tells which that was."""

import math

import pytest
from probes import on_lines, reading, setting

from remotecal.drivers.accuracy import UNSTATED, absolute, percent_of_range, percent_of_reading
from remotecal.drivers.catalogue import describe
from remotecal.drivers.codecs import Phrase
from remotecal.drivers.keysight.dmm34461a import Keysight34461A
from remotecal.drivers.links.wire import Line
from remotecal.drivers.ranges import Range, Ranges
from remotecal.errors import BenchError, GarbledReply, OutOfSpan
from remotecal.testing.transcripts import on_socket

IDENTITY = (b"*IDN?\n", b"Keysight Technologies,34461A,MY1,1\n"), (b":SYST:ERR?\n", b'+0,"No error"\n')


def standard(limit: float) -> float:
    return limit / math.sqrt(3)


@pytest.mark.parametrize(
    ("chosen", "request_", "limit"),
    [
        (0.1, b"MEAS:VOLT:DC? 0.1\n", 0.05 * 5.0e-5 + 0.1 * 3.5e-5),
        (10, b"MEAS:VOLT:DC? 10\n", 0.05 * 3.5e-5 + 10 * 0.5e-5),
        (1000, b"MEAS:VOLT:DC? 1000\n", 0.05 * 4.5e-5 + 1000 * 1.0e-5),
    ],
)
def test_34461a_voltage_has_the_limit_of_the_range_its_question_names(
    chosen: float, request_: bytes, limit: float
) -> None:
    with (
        on_socket(*IDENTITY, (request_, b"+5.00000000E-02\n")) as port,
        Keysight34461A.open(f"TCPIP::127.0.0.1::{port}::SOCKET", voltage_range=chosen) as meter,
    ):
        assert meter.voltage.read().u == pytest.approx(standard(limit))


def test_34461a_reads_a_current_loop_with_the_limit_of_its_range() -> None:
    with (
        on_socket(
            *IDENTITY,
            (b"MEAS:CURR:DC? 0.1\n", b"+1.20000000E-02\n"),
            (b"MEAS:CURR:DC? 0.1\n", b"+1.50000000E-01\n"),
        ) as port,
        Keysight34461A.open(f"TCPIP::127.0.0.1::{port}::SOCKET") as meter,
    ):
        current, beyond = meter.current.read(), meter.current.read()
    assert current.to("mA").u == pytest.approx(1000 * standard(0.012 * 5e-4 + 0.1 * 5e-5))
    assert beyond.u is None, "0.15 A lies beyond the range, though the instrument has larger ones"


@pytest.mark.parametrize(
    ("hertz", "u"),
    [
        (b"+5.00000000E+01\n", standard(2 * 6e-4 + 10 * 3e-4)),
        (b"+6.00000000E+04\n", standard(2 * 60e-4 + 10 * 8e-4)),
        (b"+1.00000000E+01\n", None),
        (b"+9.90000000E+37\n", None),
    ],
)
def test_34461a_alternating_voltage_has_the_limit_of_range_and_measured_frequency(
    hertz: bytes, u: float | None
) -> None:
    with (
        on_socket(*IDENTITY, (b"MEAS:VOLT:AC? 10\n", b"+2.00000000E+00\n"), (b"MEAS:FREQ?\n", hertz)) as port,
        Keysight34461A.open(f"TCPIP::127.0.0.1::{port}::SOCKET") as meter,
    ):
        found = meter.ac_voltage.read()
    assert found.value == 2.0
    assert found.u == (None if u is None else pytest.approx(u))


def test_34461a_has_no_other_ranges() -> None:
    with on_socket() as port, pytest.raises(BenchError, match=r"is one of 0\.1, 1, 10, 100, 1000, not 20"):
        Keysight34461A.open(f"TCPIP::127.0.0.1::{port}::SOCKET", voltage_range=20)


FULL_SCALE = reading(Phrase("F?"), unit="kPa", span=(1, 1e5))
OF_MODULE = Ranges(
    Range(200, percent_of_range(0.01), span=(-0.5, 1.0)),
    Range(None, percent_of_reading(0.02), span=(0.0, 1.0)),
    by=FULL_SCALE,
)
PRESSURE = reading(unit="kPa", span=(-100, 1e5), accuracy=OF_MODULE)
"""A pressure whose range the instrument tells."""


@pytest.mark.parametrize(
    ("full_scale", "value", "u"),
    [
        (b"200.00", b"100", standard(0.02)),
        (b"200.00", b"-100", standard(0.02)),
        (b"200.00", b"201", None),
        (b"700", b"201", standard(0.0402)),
        (b"700", b"-1", None),
        (b"****", b"100", None),
    ],
)
def test_the_instrument_is_asked_for_its_range_along_with_every_reading(
    full_scale: bytes, value: bytes, u: float | None
) -> None:
    asked = (b"Q?\n", value + b"\n"), (b"F?\n", full_scale + b"\n")
    with on_lines(Line(), *asked, *asked, q=PRESSURE, full_scale=FULL_SCALE) as probe:
        kept: list[bytes] = []
        probe.keep = lambda _name, request, _reply: kept.append(request) or len(kept)
        measured = probe.q.read()
        both = probe.read(probe.q, probe.full_scale) if full_scale != b"****" else (probe.q.read(),)
    assert measured.u == (None if u is None else pytest.approx(u))
    assert (measured.exchange, both[0].exchange) == (1, 3), "a reading is of the exchange that gave its value"
    assert kept == [b"Q?", b"F?"] * 2, "what was asked for anyway is asked once"
    assert both[0].u == measured.u


def test_a_garbled_range_is_no_reason_to_claim_nothing() -> None:
    garbled = (b"Q?\n", b"100\n"), (b"F?\n", b"%&\n")
    with (
        on_lines(Line(), *garbled, q=PRESSURE, full_scale=FULL_SCALE) as probe,
        pytest.raises(GarbledReply),
    ):
        probe.q.read()


def test_a_setting_is_refused_beyond_the_range_in_force() -> None:
    level = setting(unit="kPa", span=(-100, 1e5), accuracy=OF_MODULE)
    range_ = (b"F?\n", b"200\n")
    told = (range_, range_, (b"L=200.0\n", b""), (b"L?\n", b"200.0\n"), range_)
    with on_lines(Line(), *told, level=level, full_scale=FULL_SCALE) as probe:
        with pytest.raises(OutOfSpan, match="-100 to 200 kPa on the range in force, not to 300"):
            probe.level.set(300)
        with pytest.raises(OutOfSpan, match="from -100 to 100000 kPa, not to 200000"):
            probe.level.set(2e5)
        probe.level.set(200)
        assert probe.level.read().u == pytest.approx(standard(0.02))


def test_the_worst_of_all_ranges_is_stated_where_none_is_told() -> None:
    volts = Keysight34461A.voltage
    assert volts.accuracy.stated
    assert volts.accuracy.limit(1000, volts.span) == pytest.approx(1000 * 5e-5 + 1000 * 1e-5)
    for accuracy in (UNSTATED, "printed_limit"):
        row = Range(1, accuracy)
        assert not Ranges(Range(2, absolute(1)), row, by="chosen").worst.stated
    assert not OF_MODULE.worst.stated, "whichever range is in force may be any"


def test_the_page_of_a_driver_tells_each_range() -> None:
    found = {item.name: item for item in describe(Keysight34461A).quantities}
    assert found["voltage"].accuracy == "by voltage_range"
    assert found["voltage"].ranges[2] == "10 V: -12 to 12 V, 0.0035 % of reading + 0.0005 % of range"
    assert found["ac_voltage"].accuracy == "by ac_voltage_range and frequency"
    assert "750 V: 0 to 750 V at 20000 to 50000 Hz, 0.12 % of reading + 0.05 % of range" in (
        found["ac_voltage"].ranges
    )
    assert "unverified" in found["voltage"].source


def test_ranges_that_say_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Ranges(by="chosen")
    with pytest.raises(ValueError, match="something that tells the frequency"):
        Ranges(Range(1, UNSTATED, frequencies=(1, 2)), by="chosen")
