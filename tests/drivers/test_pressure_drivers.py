"""Drivers of pressure gauges and controllers, against conversations as their manuals print them."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import pytest

from remotecal.clock import VirtualClock
from remotecal.drivers.druck.pace import DruckPace, DruckPace1000, Slewing, Switch, Vent
from remotecal.drivers.fluke.pressure6270a import Fluke6270A, Mode
from remotecal.drivers.keller.digital import KellerDigital, KellerDigitalEarly
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links.framing import checksum
from remotecal.drivers.screening import Screen
from remotecal.errors import (
    BenchError,
    ForbiddenCommand,
    InstrumentError,
    OutOfSpan,
    SafeStateNotReached,
    WrongInstrument,
)
from remotecal.testing.transcripts import Exchange, frame, on_serial_port, on_socket

# Druck PACE

NO_ERROR = b':SYST:ERR 0,"No error"\n'
IN_KPA: Exchange = (b"UNIT:PRES?\n", b":UNIT:PRES KPA\n")
OPENED: list[Exchange] = [
    (b"*IDN?\n", b"GE Druck,Pace5000 User Interface,3213201,02.00.07\n"),
    IN_KPA,
    (b"SYST:ERR?\n", NO_ERROR),
]
GAUGE: Exchange = (b"SENS:PRES:RANG?\n", b':SENS:PRES:RANG "3.50barg"\n')
ABSOLUTE: Exchange = (b"SENS:PRES:RANG?\n", b':SENS:PRES:RANG "3.50bara"\n')
CONTROLLED: Exchange = (b"SOUR:PRES:RANG?\n", b':SOUR:PRES:RANG "3.50barg"\n')


@contextlib.contextmanager
def pace(*exchanges: Exchange, opened: list[Exchange] = OPENED, **settings: Any) -> Iterator[DruckPace]:
    with (
        on_socket(*opened, *exchanges) as port,
        DruckPace.open(
            f"TCPIP::127.0.0.1::{port}::SOCKET", name="pace", clock=VirtualClock(0.0), **settings
        ) as controller,
    ):
        yield controller


def told(*lines: str, error: bytes = NO_ERROR) -> list[Exchange]:
    """Return commands as a PACE is sent them: one a line, each followed by the question for errors.

    Before a pressure and a rate it is asked for its unit.
    """
    return [one for line in lines for one in _told(line, error)]


def _told(line: str, error: bytes) -> list[Exchange]:
    in_kpa = [IN_KPA] if re.match("SOUR:PRES(:SLEW)? ", line) else []
    return [*in_kpa, (f"{line}\nSYST:ERR?\n".encode(), error)]


def at(*pressures: float) -> list[Exchange]:
    """Return readings of the pressure, each with the range it is asked for along with it."""
    return [one for value in pressures for one in ((b"SENS:PRES?\n", b":SENS:PRES %.4f\n" % value), GAUGE)]


SLEW: Exchange = (b"SOUR:PRES:SLEW?\n", b":SOUR:PRES:SLEW 10.0000000\n")
SLOW = [*told("SOUR:PRES:SLEW:MODE LIN"), SLEW]
OFF = told("OUTP:STAT 0")
VENT = told("SOUR:PRES:LEV:IMM:AMPL:VENT 1")


def vent(state: int) -> Exchange:
    return b"SOUR:PRES:LEV:IMM:AMPL:VENT?\n", b":SOUR:PRES:LEV:IMM:AMPL:VENT %d\n" % state


@pytest.mark.parametrize(
    "identity",
    [
        b"GE Druck,Pace5000 User Interface,3213201,02.00.07\n",
        b"*IDN GE Druck,Pace5000 User Interface,3213201,01.05.04\n",
        b"DRUCK,PACE6000 User Interface,3213201,02.00.07\n",
    ],
)
def test_pace_says_who_it_is_with_and_without_a_header(identity: bytes) -> None:
    with pace(opened=[(b"*IDN?\n", identity), *OPENED[1:]], serial="3213201") as controller:
        assert controller.noted == ()


def test_pace_in_another_unit_or_of_another_kind_is_refused() -> None:
    megapascal = (b"UNIT:PRES?\n", b":UNIT:PRES MPA\n")
    with (
        pytest.raises(WrongInstrument, match="unit is MEGAPASCAL, this driver needs KILOPASCAL"),
        pace(opened=[OPENED[0], megapascal]),
    ):
        pass
    indicator = (b"*IDN?\n", b"GE Druck,Pace1000,100200,02.00.07\n")
    with (
        pytest.raises(WrongInstrument, match="serves PACE5000, but GE Druck Pace1000"),
        pace(opened=[indicator]),
    ):
        pass


def test_pace_values_follow_the_header_they_answer() -> None:
    with pace(
        (b"OUTP:STAT?\n", b":OUTP:STAT 0\n"),
        (b"SOUR:PRES:INL:TIME?\n", b":SOUR:PRES:INL:TIME 2\n"),
        (b"SOUR:PRES?\n", b":SOUR:PRES:LEV:IMM:AMPL 0.5000000\n"),
        CONTROLLED,
        (b"SOUR:PRES:SLEW:OVER?\n", b":SOUR:PRES:SLEW:OVER:STAT 0\n"),
        (b"SOUR:PRES:SLEW:MODE?\n", b":SOUR:PRES:SLEW:MODE MAX\n"),
        (b"SOUR:PRES:EFF?\n", b":SOUR:PRES:EFF -0.2\n"),
        (b"SOUR:PRES:COMP1?\n", b":SOUR:PRES:COMP1 3165.0\n"),
        (b"SENS:PRES:SLEW?\n", b":SENS:PRES:SLEW -20.0\n"),
    ) as controller:
        assert controller.output.read() is Switch.OFF
        assert controller.dwell.read().value == 2
        assert controller.setpoint.read().value == 0.5
        assert controller.overshoot.read() is Switch.OFF
        assert controller.slew_mode.read() is Slewing.FASTEST
        assert controller.effort.read().value == -0.2
        assert controller.supply.read().value == 3165
        assert controller.rate.read()[:2] == (-20, "kPa/s")


def test_pace_pressure_is_as_good_as_is_printed_for_the_range_it_reads_on() -> None:
    with pace(*at(100.0), percent_of_range=0.02) as controller:
        measured = controller.pressure.read()
    assert measured[:2] == (100.0, "kPa")
    assert measured.u == pytest.approx(0.0002 * 350 / 3**0.5)
    with pace(*at(100.0)) as controller:
        assert controller.pressure.read().u is None, "what nobody stated is not claimed"
    with on_socket() as port, pytest.raises(BenchError, match="limit of error above 0 up to 10 %, not 20"):
        DruckPace.open(f"TCPIP::127.0.0.1::{port}::SOCKET", percent_of_range=20)


@pytest.mark.parametrize(
    ("name", "kilopascals", "absolute"),
    [
        ('"3.50barg"', 350, False),
        ('"200.00mbara"', 20, True),
        ('"7.00MPag"', 7000, False),
        ('"100kPaa"', 100, True),
        ('"30.0psig"', 206.84271, False),
    ],
)
def test_pace_range_is_told_by_its_name(name: str, kilopascals: float, absolute: bool) -> None:
    answer = (b"SENS:PRES:RANG?\n", f":SENS:PRES:RANG {name}\n".encode())
    with pace(answer, answer) as controller:
        assert controller.full_scale.read().value == pytest.approx(kilopascals)
        assert controller.is_absolute() is absolute


def test_pace_range_that_says_neither_gauge_nor_absolute_is_refused() -> None:
    with (
        pace((b"SENS:PRES:RANG?\n", b':SENS:PRES:RANG "3.50bar"\n')) as controller,
        pytest.raises(InstrumentError, match="neither gauge nor absolute"),
    ):
        controller.is_absolute()


def test_pace_module_2_is_asked_by_its_number() -> None:
    second = [OPENED[0], (b"UNIT2:PRES?\n", b":UNIT2:PRES KPA\n"), OPENED[2]]
    answers = (
        (b"SENS2:PRES?\n", b":SENS2:PRES 12.5\n"),
        (b"SENS2:PRES:RANG?\n", b':SENS2:PRES:RANG "20.0barg"\n'),
    )
    with pace(*answers, *told("OUTP2:STAT 0"), opened=second, module=2) as controller:
        assert controller.pressure.read().value == 12.5
        controller.measure()


def test_pace_set_points_and_rates_stay_within_range_and_bench() -> None:
    with pace(
        CONTROLLED, *told("SOUR:PRES 350"), CONTROLLED, *told("SOUR:PRES:SLEW 4"), max_slew=5
    ) as controller:
        controller.setpoint.set(3.5, "bar")
        with pytest.raises(OutOfSpan, match="from -350 to 350 kPa on the range in force, not to 400"):
            controller.setpoint.set(400)
        controller.slew.set(4)
        with pytest.raises(OutOfSpan, match="from 0 to 5 kPa/s on the range in force, not to 6"):
            controller.slew.set(6)


def test_pace_refusal_comes_in_its_own_words() -> None:
    refused = told("SOUR:PRES 100", error=b':SYST:ERR -221,"Settings conflict"\n')
    with (
        pace(CONTROLLED, *refused, (b"SYST:ERR?\n", NO_ERROR)) as controller,
        pytest.raises(InstrumentError, match=r"pace refused 'SOUR:PRES 100': .*-221"),
    ):
        controller.setpoint.set(100)


def test_pace_answers_an_unknown_question_by_an_empty_line_and_an_error_that_is_taken_out() -> None:
    undefined = (b"SYST:ERR?\n", b':SYST:ERR -113,"Undefined header"\n'), (b"SYST:ERR?\n", NO_ERROR)
    with pace((b"SENS:PRES:BAR?\n", b"\n"), *undefined, *told("OUTP:STAT 0")) as controller:
        with pytest.raises(InstrumentError, match=r"pace: .*BAR.* is answered by an empty line"):
            controller.barometer.read()
        assert not controller.link.suspect
        controller.measure()


@pytest.mark.parametrize(("flag", "within"), [(b"0", False), (b"1", True)])
def test_pace_says_whether_it_is_in_limits(flag: bytes, within: bool) -> None:
    answer = (b"SENS:PRES:INL?\n", b":SENS:PRES:INL 1012.5, " + flag + b"\n")
    with pace(answer) as controller:
        assert controller.in_limits() is within


def test_pace_controls_by_a_ramp_no_faster_than_the_bench_allows() -> None:
    fastest = (b"SOUR:PRES:SLEW?\n", b":SOUR:PRES:SLEW 99999999.0000000\n")
    lines = [*told("SOUR:PRES:SLEW:MODE LIN"), fastest, *told("SOUR:PRES:SLEW 10")]
    with pace(*lines, *told("SOUR:PRES:SLEW:OVER 0", "OUTP:STAT 1")) as controller:
        controller.control()


RAMP = [
    IN_KPA,
    GAUGE,
    *at(300.0),
    *SLOW,
    CONTROLLED,
    *told("SOUR:PRES 0"),
    *SLOW,
    *told("SOUR:PRES:SLEW:OVER 0", "OUTP:STAT 1"),
    SLEW,
    *at(300.0),
]
"""The beginning of a ramp down from 300 kPa."""


def test_pace_is_vented_by_a_ramp_and_only_then_opened() -> None:
    down = [*RAMP, *at(300.0, 155.0, 9.0), *OFF, IN_KPA, GAUGE, *at(9.0), *VENT, vent(1), vent(2)]
    with pace(*down) as controller:
        controller.vent()
        assert controller.clock.now() == pytest.approx(1.5)


def test_pace_without_pressure_is_vented_at_once() -> None:
    with pace(IN_KPA, GAUGE, *at(0.2), *OFF, IN_KPA, GAUGE, *at(0.2), *VENT, vent(2)) as controller:
        controller.vent()


def test_pace_on_an_absolute_range_is_ramped_down_to_its_barometer() -> None:
    near: list[Exchange] = [(b"SENS:PRES?\n", b":SENS:PRES 98.1\n"), ABSOLUTE]
    air: list[Exchange] = [IN_KPA, ABSOLUTE, (b"SENS:PRES:BAR?\n", b":SENS:PRES:BAR 98.0\n")]
    with pace(*air, *near, *OFF, *air, *near, *VENT, vent(2)) as controller:
        controller.vent()
    none: list[Exchange] = [IN_KPA, ABSOLUTE, (b"SENS:PRES:BAR?\n", b":SENS:PRES:BAR 0.0\n")]
    with pace(*none, *near, *OFF, *none, *near, *VENT, vent(2), air_pressure=99.0) as controller:
        controller.vent()


def test_pace_is_never_opened_under_pressure() -> None:
    with pace(*at(300.0), IN_KPA, GAUGE, *at(300.0)) as controller:
        controller.pressure.read()
        with pytest.raises(
            ForbiddenCommand, match="would open a line at 300 kPa to the air at 0 kPa: call vent"
        ):
            controller.open_to_air()


OPENING = [
    "SOUR:PRES:LEV:IMM:AMPL:VENT 1",
    ":source:pressure:level:immediate:amplitude:vent 1",
    "SOUR:PRES:LEV:IMM:AMPL:VENT  1.0",
    "SENS:PRES?;:SOUR:PRES:LEV:IMM:AMPL:VENT 1",
    "SOUR:PRES:LEV:IMM:AMPL 5;VENT 1",
]


@pytest.mark.parametrize("line", OPENING)
def test_no_line_of_ones_own_opens_a_pace_under_pressure(line: str) -> None:
    with (
        pace(IN_KPA, GAUGE, *at(300.0)) as controller,
        pytest.raises(ForbiddenCommand, match="300 kPa to the air"),
    ):
        controller.tell(line)


@pytest.mark.parametrize("line", OPENING)
def test_nobody_who_is_lent_a_pace_opens_it_under_pressure(line: str) -> None:
    looks = [*OPENED, IN_KPA, GAUGE, *at(300.0), IN_KPA, GAUGE, *at(0.5)]
    with pace(*looks) as controller:
        screen = Screen(controller, write=True)
        with pytest.raises(ForbiddenCommand, match="300 kPa to the air"):
            screen.check(line.encode(), told=True)
        screen.check(line.encode(), told=True)


def test_what_opens_nothing_goes_through_without_a_look_at_the_pressure() -> None:
    with pace(*OPENED) as controller:
        screen = Screen(controller, write=True)
        for line in (
            "SOUR:PRES 5",
            "OUTP:STAT 0",
            "SOUR:PRES:LEV:IMM:AMPL:VENT?",
            "SOUR:PRES:SLEW 5;:OUTP:STAT 1",
        ):
            screen.check(line.encode(), told=True)


def test_a_pace_is_made_safe_as_fast_as_the_bench_allows_whatever_the_order_wanted() -> None:
    slow: Exchange = (b"SOUR:PRES:SLEW?\n", b":SOUR:PRES:SLEW 0.5\n")
    faster = [*told("SOUR:PRES:SLEW:MODE LIN"), slow, *told("SOUR:PRES:SLEW 10")]
    with (
        pace(IN_KPA, GAUGE, *at(300.0), *faster) as controller,
        contextlib.suppress(SafeStateNotReached),
    ):
        controller.make_safe()


def test_pace_whose_pressure_does_not_come_down_is_not_opened() -> None:
    with (
        pace(*RAMP, *at(*[300.0] * 151), *at(300.0)) as controller,
        pytest.raises(SafeStateNotReached, match="the ramp down did not end within 75 s, it is at 300 kPa"),
    ):
        controller.make_safe()


def test_pace_made_safe_is_vented_and_off() -> None:
    lines = [
        IN_KPA,
        GAUGE,
        *at(0.0),
        *OFF,
        IN_KPA,
        GAUGE,
        *at(0.0),
        *VENT,
        vent(2),
        *OFF,
        (b"OUTP:STAT?\n", b":OUTP:STAT 0\n"),
    ]
    with pace(*lines) as controller:
        controller.make_safe()


IN_BAR: Exchange = (b"UNIT:PRES?\n", b":UNIT:PRES BAR\n")
"""Somebody at its keys wanted to see bar: 3 stands for 300 kPa now, and 60 kPa would become 60 bar."""


def test_a_pace_that_shows_bar_is_told_no_pressure_and_not_opened() -> None:
    with pace(CONTROLLED, IN_BAR, IN_BAR, IN_BAR, IN_BAR) as controller:
        tries = (
            lambda: controller.setpoint.set(60),
            controller.vent,
            controller.open_to_air,
            lambda: controller.slew.set(5),
        )
        for told_to in tries:
            with pytest.raises(WrongInstrument, match="pace: unit is BAR, this driver needs KILOPASCAL"):
                told_to()


def test_a_pace_that_shows_bar_is_made_safe_in_kilopascals() -> None:
    down = [*RAMP[1:], *at(300.0, 155.0, 9.0), *OFF, IN_KPA, GAUGE, *at(9.0), *VENT, vent(2), *OFF]
    with pace(IN_BAR, *told("UNIT:PRES KPA"), *down, (b"OUTP:STAT?\n", b":OUTP:STAT 0\n")) as controller:
        controller.make_safe()


def test_pace_says_only_that_the_last_vent_ended() -> None:
    with pace(vent(0), vent(1), vent(2)) as controller:
        states = [controller.venting.read() for _ in range(3)]
    assert states == [Vent(0), Vent.IN_PROGRESS, Vent.COMPLETED]


def test_a_controller_whose_lines_go_out_unguarded_can_not_be_made() -> None:
    with pytest.raises(TypeError, match="could be opened under pressure"):
        type("Careless", (DruckPace,), {"permit": ScpiInstrument.permit})


def test_pace_1000_is_a_gauge() -> None:
    opened = ((b"*IDN?\n", b"GE Druck,Pace1000,100200,02.00.07\n"), *OPENED[1:])
    with (
        on_socket(*opened, *at(100.5), GAUGE) as port,
        DruckPace1000.open(f"TCPIP::127.0.0.1::{port}::SOCKET", percent_of_range=0.01) as gauge,
    ):
        assert gauge.pressure.read()[:3] == (100.5, "kPa", pytest.approx(0.0001 * 350 / 3**0.5))
        assert not gauge.is_absolute()


# Fluke 6270A

SHOWS_KPA: Exchange = (b"UNIT:PRES?\r\n", b"KPA\r\n")
FLUKE: list[Exchange] = [
    (b"*IDN?\r\n", b"FLUKE,6270A,4612345,1.20\r\n"),
    SHOWS_KPA,
    (b"SYST:ERR?\r\n", b'0,"No error"\r\n'),
]
GAUGE_MODE: Exchange = (b"SENS:PRES:MODE?\r\n", b"GAUG\r\n")


@contextlib.contextmanager
def fluke(*exchanges: Exchange, **settings: Any) -> Iterator[Fluke6270A]:
    with (
        on_serial_port(*FLUKE, *exchanges) as device,
        Fluke6270A.open(
            f"ASRL{device}::INSTR", name="controller", clock=VirtualClock(0.0), **settings
        ) as controller,
    ):
        yield controller


def ordered(*lines: str) -> list[Exchange]:
    return [one for line in lines for one in _ordered(line)]


def _ordered(line: str) -> list[Exchange]:
    in_kpa = [SHOWS_KPA] if line.startswith("SOUR:PRES:") else []
    return [*in_kpa, (f"{line}\r\nSYST:ERR?\r\n".encode(), b'0,"No error"\r\n')]


def shows(*pressures: float) -> list[Exchange]:
    return [(b"MEAS:PRES?\r\n", b"%.4f\r\n" % value) for value in pressures]


def test_6270a_measures_with_the_limit_the_bench_states() -> None:
    unc = (b"MEAS:PRES:UNC?\r\n", b"0.012\r\n")
    with fluke(*shows(700.0), unc, full_scale=2000, percent_of_range=0.01) as controller:
        assert controller.pressure.read()[:3] == (700.0, "kPa", pytest.approx(0.2 / 3**0.5))
        assert controller.told_uncertainty.read().value == 0.012


@pytest.mark.parametrize(("condition", "ready"), [(b"16", True), (b"0", False), (b"+24", True)])
def test_6270a_is_ready_by_bit_4(condition: bytes, ready: bool) -> None:
    with fluke((b"STAT:OPER:COND?\r\n", condition + b"\r\n")) as controller:
        assert controller.in_limits() is ready


def test_6270a_controls_by_a_ramp() -> None:
    slew = (b"SOUR:PRES:SLEW?\r\n", b"250\r\n")
    lines = ordered("SOUR:PRES:LEV:IMM:AMPL 700"), slew, ordered("SOUR:PRES:SLEW 20", "OUTP:PRES:MODE CONT")
    with fluke(*lines[0], lines[1], *lines[2], full_scale=2000, max_slew=20) as controller:
        with pytest.raises(OutOfSpan, match="from -2000 to 2000 kPa"):
            controller.setpoint.set(2001)
        controller.setpoint.set(700)
        controller.control()


def test_6270a_is_vented_by_a_ramp_and_stays_open() -> None:
    slew = (b"SOUR:PRES:SLEW?\r\n", b"10\r\n")
    ramp = [slew, *ordered("SOUR:PRES:LEV:IMM:AMPL 0"), slew, *ordered("OUTP:PRES:MODE CONT"), slew]
    opening = [
        *ordered("OUTP:PRES:MODE MEAS"),
        SHOWS_KPA,
        GAUGE_MODE,
        *shows(8.0),
        *ordered("OUTP:PRES:MODE VENT"),
    ]
    opened = [(b"OUTP:PRES:MODE?\r\n", b"VENT\r\n"), GAUGE_MODE, *shows(0.1)]
    with fluke(
        SHOWS_KPA, GAUGE_MODE, *shows(50.0), *ramp, *shows(50.0, 8.0), *opening, *opened
    ) as controller:
        controller.make_safe()


def test_6270a_is_never_opened_under_pressure() -> None:
    with (
        fluke(SHOWS_KPA, GAUGE_MODE, *shows(50.0)) as controller,
        pytest.raises(ForbiddenCommand, match="would open a line at 50 kPa"),
    ):
        controller.mode.set(Mode.VENT)


@pytest.mark.parametrize(
    "line", ["OUTP:PRES:MODE VENT", "output:pressure:mode vent", "OUTP:PRES:MODE MEAS;MODE VENT"]
)
def test_no_line_of_ones_own_opens_a_6270a_under_pressure(line: str) -> None:
    with (
        fluke(SHOWS_KPA, GAUGE_MODE, *shows(50.0)) as controller,
        pytest.raises(ForbiddenCommand, match="at 50 kPa"),
    ):
        controller.tell(line)


# Keller


def rtu(text: str) -> bytes:
    return frame(text) + checksum(frame(text))


def test_keller_gives_pressure_and_temperature_in_one_request() -> None:
    exchange = rtu("01 03 0100 0004"), rtu("01 03 08 3F75E3D2 41B61C20")
    with (
        on_serial_port(exchange) as device,
        KellerDigital.open(
            f"modbus+rtu://{device}", full_scale=10, percent_of_range=0.05, absolute=True
        ) as gauge,
    ):
        pressure, temperature = gauge.read(gauge.pressure, gauge.temperature)
        assert gauge.is_absolute()
    assert pressure[:2] == (pytest.approx(0.9605, abs=5e-5), "bar")
    assert pressure.u == pytest.approx(0.0005 * 10 / 3**0.5)
    assert temperature.value == pytest.approx(22.76, abs=5e-3)


def test_an_early_keller_is_asked_for_one_quantity_at_a_time_at_its_own_registers() -> None:
    pressure = rtu("01 03 0002 0002"), rtu("01 03 04 3F75E3D2")
    temperature = rtu("01 03 0008 0002"), rtu("01 03 04 41B61C20")
    with (
        on_serial_port(pressure, temperature) as device,
        KellerDigitalEarly.open(f"modbus+rtu://{device}", full_scale=10, percent_of_range=0.05) as gauge,
    ):
        values = gauge.read(gauge.pressure, gauge.temperature)
    assert [value.value for value in values] == [
        pytest.approx(0.9605, abs=5e-5),
        pytest.approx(22.76, abs=5e-3),
    ]
    assert values[0].u == pytest.approx(0.0005 * 10 / 3**0.5)


def test_keller_has_no_register_to_write() -> None:
    assert KellerDigital.wire.functions == KellerDigitalEarly.wire.functions == {3}
