"""Drivers of instruments that talk in lines, against conversations as their manuals print them."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace

import pytest
from probes import MODE, Body, Mode, on_lines, setting

from remotecal.clock import VirtualClock
from remotecal.drivers.catalogue import driver
from remotecal.drivers.contents import Content
from remotecal.drivers.declarations import Declaration
from remotecal.drivers.fluke.hart1529 import Hart1529
from remotecal.drivers.isotech.millik import IsotechMilliK, Pt100
from remotecal.drivers.keysight.counter53230a import Coupling, Impedance, Keysight53230A
from remotecal.drivers.keysight.dmm34461a import Keysight34461A
from remotecal.drivers.line_instrument import LineInstrument
from remotecal.drivers.links import open_link
from remotecal.drivers.links.wire import Line
from remotecal.drivers.mettler.sics import MettlerSics
from remotecal.drivers.quantities import Choice
from remotecal.drivers.sartorius.sbi import SartoriusSbi
from remotecal.drivers.vaisala.ptu300 import FORMAT, Message, VaisalaPtu300, checksum
from remotecal.errors import (
    BenchError,
    ForbiddenCommand,
    GarbledReply,
    InstrumentError,
    OutOfSpan,
    SafeStateNotReached,
    WrongInstrument,
)
from remotecal.testing.transcripts import Exchange, on_serial_port, on_socket

NO_ERROR = b'+0,"No error"\n'
QUEUE = (b":SYST:ERR?\n", NO_ERROR)
"""What is asked of every SCPI instrument when it is opened, once it has said who it is."""

# Mettler-Toledo MT-SICS


class QuickSics(MettlerSics):
    """Stays silent for a shorter time after a foreign line than the balance needs."""

    wire = replace(MettlerSics.wire, slowest_reply=0.1)


SICS = [(b"@\r\n", b'I4 A "1126493049"\r\n'), (b"I2\r\n", b'I2 A "XS204 Excellence 220.0090 g"\r\n')]


@contextlib.contextmanager
def sics(*exchanges: Exchange, serial: str | None = "1126493049") -> Iterator[MettlerSics]:
    with (
        on_serial_port(*SICS, *exchanges) as device,
        QuickSics.open(f"ASRL{device}::INSTR", name="balance", serial=serial) as balance,
    ):
        yield balance


@pytest.mark.parametrize(
    ("reply", "kilograms"),
    [
        (b"S S     100.00 g\r\n", 0.1),
        (b"S D     129.07 g\r\n", 0.12907),
        (b"S S    -100.00 g\r\n", -0.1),
        (b"S S     12.345 kg\r\n", 12.345),
        (b"S S    1.00005 t\r\n", 1000.05),
        (b"S S       5.02 mg\r\n", 5.02e-6),
    ],
)
def test_sics_weight_comes_in_the_unit_of_the_balance(reply: bytes, kilograms: float) -> None:
    with sics((b"SI\r\n", reply)) as balance:
        measured = balance.mass.read()
    assert measured.value == pytest.approx(kilograms, rel=1e-15)
    assert (measured.unit, measured.u, measured.source) == ("kg", None, "balance.mass")


def test_sics_identity_is_asked_by_the_cancelling_command() -> None:
    with sics() as balance:
        pass
    with (
        pytest.raises(WrongInstrument, match=r"balance: serial number 999 .* SN 1126493049"),
        sics(serial="999"),
    ):
        pass
    assert balance.maker == "Mettler-Toledo"


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (b"S I\r\n", "balance: 'S I' answers 'S': .*did not come to rest"),
        (b"S +\r\n", "overload"),
        (b"S -\r\n", "underload"),
        (b"S L\r\n", "lacks it"),
        (b"ES\r\n", "does not know the command"),
        (b"ET\r\n", "transmission errors"),
        (b"EL\r\n", "can't execute"),
        (b"S S     0.2205 lb\r\n", "weighs in lb"),
    ],
)
def test_sics_refusal_is_no_link_failure(reply: bytes, why: str) -> None:
    with sics((b"S\r\n", reply), (b"S\r\n", b"S S     100.00 g\r\n")) as balance:
        with pytest.raises(InstrumentError, match=why):
            balance.settled_mass.read()
        assert not balance.link.suspect
        assert balance.settled_mass.read().value == pytest.approx(0.1)


def test_sics_dynamic_weight_is_no_answer_to_the_question_for_a_stable_one() -> None:
    late = (b"S\r\n", b"S D     129.07 g\r\n")
    with sics(late, *SICS, (b"S\r\n", b"S S     100.00 g\r\n")) as balance:
        assert balance.settled_mass.read().value == pytest.approx(0.1)


def test_sics_skips_a_line_of_another_origin() -> None:
    printed = (b"SI\r\n", b"    + 100.00 g\r\n")
    with sics(printed, *SICS, (b"SI\r\n", b"S S     100.00 g\r\n")) as balance:
        assert balance.mass.read().value == pytest.approx(0.1)


def test_sics_zero_and_tare_are_confirmed() -> None:
    with sics(
        (b"Z\r\n", b"Z A\r\n"),
        (b"T\r\n", b"T S     100.00 g\r\n"),
        (b"Z\r\n", b"Z +\r\n"),
        (b"T\r\n", b"T I\r\n"),
    ) as balance:
        balance.zero()
        balance.tare()
        with pytest.raises(InstrumentError, match="balance answers 'Z' by 'Z \\+': overload"):
            balance.zero()
        with pytest.raises(InstrumentError, match="did not come to rest"):
            balance.tare()


# Sartorius SBI

SBI = [(b"\x1bx1_\r\n", b"  MSE36201S-000-D0  \r\n"), (b"\x1bx2_\r\n", b"  0027561234  \r\n")]
PRINT = b"\x1bP\r\n"


@contextlib.contextmanager
def sbi(*replies: bytes) -> Iterator[SartoriusSbi]:
    exchanges = [(PRINT, reply + b"\r\n") for reply in replies]
    with (
        on_serial_port(*SBI, *exchanges) as device,
        SartoriusSbi.open(
            f"ASRL{device}::INSTR", name="balance", serial="0027561234", clock=VirtualClock(0.0)
        ) as balance,
    ):
        yield balance


@pytest.mark.parametrize(
    ("line", "kilograms"),
    [
        (b"+   123.56 g  ", 0.12356),
        (b"N     +   123.56 g  ", 0.12356),
        (b"N     -     0.02 g  ", -2e-5),
        (b"N     +   123.56    ", 0.12356),
        (b"N     +  123.5[6]g  ", 0.12356),
    ],
)
def test_sbi_lines_of_both_lengths_in_motion_or_at_rest(line: bytes, kilograms: float) -> None:
    with sbi(line) as balance:
        assert balance.mass.read().value == pytest.approx(kilograms, rel=1e-15)
        assert balance.met is not None
        assert balance.met[:3] == ("Sartorius", "MSE36201S-000-D0", "0027561234")


def test_sbi_is_asked_until_the_weight_is_at_rest() -> None:
    with sbi(b"N     +   123.10    ", b"N     +   123.52    ", b"N     +   123.56 g  ") as balance:
        assert balance.settled_mass.read().value == pytest.approx(0.12356)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"     High     ", "prints 'High'"),
        (b"Stat       Low      ", "prints 'Low'"),
        (b"Stat      Err 54    ", "prints 'Err 54'"),
        (b"N     +   0.1236 kg ", "weighs in kg, this driver is for one in g"),
        (b"G     +   123.56 g  ", "have it print the net weight alone"),
    ],
)
def test_sbi_line_without_a_net_weight_is_refused_at_once(line: bytes, why: str) -> None:
    with sbi(line) as balance, pytest.raises(InstrumentError, match=why):
        balance.settled_mass.read()


def test_sbi_number_with_a_blank_within_is_none() -> None:
    with sbi(b"N     +   1 3.56 g  ") as balance, pytest.raises(GarbledReply, match="holds no weight"):
        balance.mass.read()


def test_sbi_weight_that_comes_by_itself_is_no_serial_number() -> None:
    streamed = [SBI[0], (SBI[1][0], b"N     +   123.56 g  \r\n")]
    with (
        on_serial_port(*streamed) as device,
        pytest.raises(GarbledReply, match="is a weight: is automatic output off"),
    ):
        SartoriusSbi.open(f"ASRL{device}::INSTR", name="balance")


def test_sbi_balance_is_never_adjusted() -> None:
    with sbi() as balance:
        for line in ("\x1bZ", "\x1bW", "\x1bf1_"):
            with pytest.raises(ForbiddenCommand):
                balance.tell(line)


# Keysight 53230A

COUNTER = (b"*IDN?\n", b"Agilent Technologies,53230A,MY50001234,02.05-1519.666-1.19-4.15-127-159-35\n")


@contextlib.contextmanager
def counter(*exchanges: Exchange) -> Iterator[Keysight53230A]:
    with (
        on_socket(COUNTER, QUEUE, *exchanges) as port,
        Keysight53230A.open(f"TCPIP::127.0.0.1::{port}::SOCKET", clock=VirtualClock(0.0)) as instrument,
    ):
        yield instrument


def told(*lines: bytes) -> list[Exchange]:
    """Return commands as they are sent: with the question for errors, answered by none."""
    return [(line + b";:SYST:ERR?\n", NO_ERROR) for line in lines]


def test_53230a_counts_between_the_edges_of_an_external_gate() -> None:
    lines = told(
        b"ABOR",
        b"CONF:TOT:TIM INF,(@1)",
        b"OUTP:STAT 0",
        b"SENS:TOT:GATE:SOUR EXT",
        b"SENS:TOT:GATE:POL POS",
        b"INIT",
    )
    with counter(*lines, (b"FETC?\n", b"+1.21510000000000E+004\n")) as instrument:
        instrument.count_gated()
        pulses = instrument.gated_pulses.read()
    assert (pulses.value, pulses.unit, pulses.at) == (12151, "1", 0.0)
    assert pulses.u == pytest.approx(1 / 3**0.5)


def test_53230a_counts_freely() -> None:
    lines = told(b"ABOR", b"CONF:TOT:CONT (@1)", b"INIT")
    with counter(*lines, (b"SENS:TOT:DATA?\n", b"+5.00000000000000E+001\n")) as instrument:
        instrument.count_freely()
        assert instrument.running_pulses.read()[:3] == (50.0, "1", 0.0)


def test_53230a_measures_frequency() -> None:
    with counter((b"MEAS:FREQ? (@1)\n", b"+1.00000012345678E+003\n")) as instrument:
        assert instrument.frequency.read()[:3] == (1000.00012345678, "Hz", None)


def test_53230a_input_is_set_and_read_back() -> None:
    with counter(
        *told(b"INP1:LEV 2.500", b"INP1:COUP DC", b"INP1:IMP 1000000"),
        (b"INP1:IMP?\n", b"+1.00000000E+006\n"),
        (b"INP1:LEV?\n", b"+2.50000000E+000\n"),
    ) as instrument:
        instrument.input_level.set(2500, "mV")
        instrument.input_coupling.set(Coupling.DC)
        instrument.input_impedance.set(Impedance.HIGH)
        assert instrument.input_impedance.read() is Impedance.HIGH
        assert instrument.input_level.read().value == 2.5
        with pytest.raises(OutOfSpan, match="-50 to 50 V, not to 60"):
            instrument.input_level.set(60)


def test_53230a_error_queue_is_emptied_after_a_setting() -> None:
    with (
        counter(
            (b"INP1:LEV 50.000;:SYST:ERR?\n", b'-222,"Data out of range"\n'),
            (b"SYST:ERR?\n", b'-113,"Undefined header"\n'),
            (b"SYST:ERR?\n", NO_ERROR),
        ) as instrument,
        pytest.raises(InstrumentError, match=r"-222.*-113"),
    ):
        instrument.input_level.set(50)


# Keysight 34461A


@pytest.mark.parametrize(
    "identity",
    [
        b"Keysight Technologies,34461A,MY53220001,A.03.03-02.40-03.03-00.52-04-02\n",
        b"Agilent Technologies,34461A,MY53220001,A.03.03-02.40-03.03-00.52-04-02\n",
        b"HEWLETT-PACKARD,34401A,0,11-5-2\n",
    ],
)
def test_34461a_is_recognised_under_its_aliases(identity: bytes) -> None:
    with (
        on_socket((b"*IDN?\n", identity), QUEUE, (b"MEAS:CURR:DC? 0.1\n", b"+1.20000345E-02\n")) as port,
        Keysight34461A.open(f"TCPIP::127.0.0.1::{port}::SOCKET") as meter,
    ):
        assert meter.current.read().to("mA").value == pytest.approx(12.0000345)


def test_34461a_refuses_another_model_and_an_overload() -> None:
    with (
        on_socket((b"*IDN?\n", b"Keysight Technologies,34970A,MY1,1\n")) as port,
        pytest.raises(WrongInstrument, match="serves 34461A, but Keysight Technologies 34970A"),
    ):
        Keysight34461A.open(f"TCPIP::127.0.0.1::{port}::SOCKET")
    identity = (b"*IDN?\n", b"Keysight Technologies,34461A,MY1,1\n")
    overload = (b"MEAS:VOLT:DC? 10\n", b"+9.90000000E+37\n")
    with (
        on_socket(identity, QUEUE, overload, (b"MEAS:VOLT:DC? 10\n", b"+1.00000012E+00\n")) as port,
        Keysight34461A.open(f"TCPIP::127.0.0.1::{port}::SOCKET") as meter,
    ):
        with pytest.raises(InstrumentError, match="no valid value"):
            meter.voltage.read()
        volts = meter.voltage.read()
    assert volts.value == 1.00000012
    assert volts.u == pytest.approx((0.000035 * 1.00000012 + 0.000005 * 10) / 3**0.5)


# Fluke Hart 1529

HART = [(b"*IDN?\r", b"HART,1529,A91245,2.1\r\n"), (b"UNIT:TEMP?\r", b"C\r\n"), (b"FORM:STAM?\r", b"0\r\n")]


def test_1529_reads_its_channel_and_takes_one_command_a_line() -> None:
    with (
        on_serial_port(
            *HART,
            (b"SYST:ERR?\r", b'0,"No error"\r\n'),
            (b"FETC? 3\r", b"23.1054\r\n"),
            (b"SENS:AVER:COUN 4\rSYST:ERR?\r", b'0,"No error"\r\n'),
            (b"SENS:AVER:COUN?\r", b"4\r\n"),
        ) as device,
        Hart1529.open(f"ASRL{device}::INSTR", channel=3) as readout,
    ):
        assert readout.temperature.read()[:3] == (23.1054, "°C", None)
        readout.moving_average.set(4)
        assert readout.moving_average.read().value == 4


def test_1529_set_to_fahrenheit_is_refused() -> None:
    with (
        on_serial_port(HART[0], (b"UNIT:TEMP?\r", b"F\r\n")) as device,
        pytest.raises(WrongInstrument, match="unit is FAHRENHEIT, this driver needs CELSIUS"),
    ):
        Hart1529.open(f"ASRL{device}::INSTR")


def test_1529_has_four_channels() -> None:
    with on_serial_port() as device, pytest.raises(BenchError, match="channels 1 to 4, no 5"):
        Hart1529.open(f"ASRL{device}::INSTR", channel=5)


# Isotech milliK

MILLIK = [
    (b"MILLIK:REMOTE\r", b""),
    (b"*IDN?\r", b"Isothermal Technology,milliK,21-P2460,4.0.0\r"),
]
QUESTION = (
    b"SENSE:CHANNEL 1;SENSE:FUNCTION RESISTANCE;SENSE:RESISTANCE:RANGE 115;"
    b"SENSE:RESISTANCE:WIRES 4;SENSE:CURRENT NORMAL;READ?\r"
)


def test_millik_sends_resistance_and_is_given_back() -> None:
    answers = [(QUESTION, b"109.7347\r"), (b"MILLIK:LOCAL\r", b"")]
    with (
        on_socket(*MILLIK, *answers) as port,
        IsotechMilliK.open(
            f"TCPIP::127.0.0.1::{port}::SOCKET", serial="21-P2460", largest_resistance=115
        ) as bridge,
    ):
        celsius, ohms = bridge.read(bridge.temperature, bridge.resistance)
    assert celsius.value == pytest.approx(25.0, abs=2e-4)  # IEC 60751, table 1: 109.73 Ω at 25 °C
    assert ohms[:2] == (109.7347, "Ω")


@pytest.mark.parametrize(
    ("celsius", "ohms"),
    [(-200, 18.52), (-100, 60.26), (0, 100.0), (100, 138.51), (400, 247.09), (850, 390.48)],
)
def test_millik_knows_the_table_of_iec_60751(celsius: float, ohms: float) -> None:
    codec = IsotechMilliK.temperature.wire
    assert isinstance(codec, Pt100)
    assert float(codec.unwrap(str(ohms))) == pytest.approx(celsius, abs=0.02)
    assert float(codec.wrap(str(celsius))) == pytest.approx(ohms, abs=0.005)


def test_millik_refuses_settings_it_has_not() -> None:
    with on_socket() as port:
        address = f"TCPIP::127.0.0.1::{port}::SOCKET"
        with pytest.raises(BenchError, match="not 3"):
            IsotechMilliK.open(address, channel=3)
        with pytest.raises(BenchError, match="not 200"):
            IsotechMilliK.open(address, largest_resistance=200)
        with pytest.raises(BenchError, match="has no setting chanel"):
            IsotechMilliK.open(address, chanel=1)


# Vaisala PTU300

FORM = b"FORM " + FORMAT.encode() + b"\r"
TYPICAL = Message({"P": "1033.70", "T": "22.20", "RH": "38.30"}, serial="E4420011")


@contextlib.contextmanager
def ptu300(*replies: str, form: bytes = b"OK\r\n") -> Iterator[VaisalaPtu300]:
    sent = [(b"SEND\r", reply.encode() + b"\r\n") for reply in (str(TYPICAL), *replies)]
    with (
        on_serial_port((b"\x1b\r" + FORM, form), *sent) as device,
        VaisalaPtu300.open(f"ASRL{device}::INSTR", name="ambient", serial="E4420011") as instrument,
    ):
        yield instrument


@pytest.mark.parametrize("form", [b"OK\r\n", b'Output format  :6.2 "P=" P " " U6 \\r \\n\r\n'])
def test_ptu300_gives_its_three_values_in_one_message(form: bytes) -> None:
    with ptu300(str(TYPICAL), form=form) as ambient:
        values = ambient.read(ambient.air_pressure, ambient.air_temperature, ambient.humidity)
    assert [value[:3] for value in values] == [
        (1033.7, "hPa", None),
        (22.2, "°C", None),
        (38.3, "%", None),
    ]


def test_ptu300_message_is_spaced_as_the_manual_shows() -> None:
    assert str(TYPICAL).startswith("P=  1033.70 hPa    T=  22.20 'C RH=  38.30 %RH 0000 E4420011 ")
    assert checksum("AB") == 0x83


def test_ptu300_asterisks_are_no_valid_value() -> None:
    without = Message({"P": "*******", "T": "22.20", "RH": "38.30"}, serial="E4420011")
    flagged = Message(TYPICAL.values, flags="0001", serial="E4420011")
    with ptu300(str(without), str(without), str(flagged)) as ambient:
        with pytest.raises(InstrumentError, match=r"ambient: P has no valid value \(\*\*\*\*\*\*\*"):
            ambient.air_pressure.read()
        assert ambient.air_temperature.read().value == 22.2
        with pytest.raises(InstrumentError, match="RH has no valid value"):
            ambient.humidity.read()


def test_ptu300_garbled_digit_is_noticed_by_the_checksum() -> None:
    with ptu300(str(TYPICAL).replace("1033.70", "1038.70")) as ambient:
        with pytest.raises(GarbledReply, match="wrong checksum"):
            ambient.air_pressure.read()
        assert ambient.link.suspect


def test_ptu300_in_another_unit_is_refused() -> None:
    text = "P=    30.53 inHg   T=  22.20 'C RH=  38.30 %RH 0000 E4420011 "
    with (
        ptu300(f"{text}{checksum(text):04X}") as ambient,
        pytest.raises(InstrumentError, match="sends P in inHg: send UNIT P hPa"),
    ):
        ambient.air_pressure.read()


# What may never be sent


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("DruckPace", ":CAL:PRES:ZERO:VALV 1"),
        ("Fluke6270A", "CAL:PRES 1"),
        ("Hart1529", "*b0=1"),
        ("Hart1529", "r0=100.01"),
        ("Hart1529", "SOUR:CAL:PAR 1"),
        ("IsotechMilliK", "CAL:OFFS3 0.123"),
        ("IsotechMilliK", "READ?;CAL:GAIN X2, POS"),
        ("Keysight34461A", "CAL:STR 'x'"),
        ("Keysight53230A", "ABOR;:cal:val 1"),
        ("VaisalaPtu300", "CP 1013.25"),
    ],
)
def test_forbidden_line_is_not_sent(name: str, line: str) -> None:
    cls = driver(name)
    assert issubclass(cls, LineInstrument)
    with on_socket() as port:
        link = open_link(f"TCPIP::127.0.0.1::{port}::SOCKET", cls.wire, name=name)
        instrument = cls(link)
        with pytest.raises(ForbiddenCommand, match="never be sent"):
            instrument.ask(line)
        link.close()


# Safe states


def test_a_setting_that_answers_no_number_keeps_no_other_step_from_being_taken() -> None:
    volts, mode = setting(), Choice(MODE, Mode)
    body: Body = {"q": volts, "r": mode, "safe": (volts.to(0), mode.to(Mode.SLOW))}
    said = (b"L=0.0\n", b""), (b"L?\n", b"OVLD\n"), (b"M=1\n", b""), (b"M?\n", b"1\n")
    with (
        on_lines(Line(), *said, **body) as probe,
        pytest.raises(SafeStateNotReached, match=r"q = 0 V was sent, but it is 'OVLD'$"),
    ):
        probe.make_safe()


def test_a_drivers_own_fault_keeps_no_other_step_from_being_taken() -> None:
    volts, mode = setting(), Choice(MODE, Mode)

    def place(self: LineInstrument, declaration: Declaration, content: Content) -> None:
        if declaration is volts:
            raise KeyError("range")
        LineInstrument.place(self, declaration, content)

    body: Body = {"q": volts, "r": mode, "safe": (volts.to(0), mode.to(Mode.SLOW)), "place": place}
    with (
        on_lines(Line(), (b"M=1\n", b""), (b"M?\n", b"1\n"), **body) as probe,
        pytest.raises(SafeStateNotReached, match=r"q = 0 V: KeyError\('range'\)$"),
    ):
        probe.make_safe()
