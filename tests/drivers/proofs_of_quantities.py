"""What each field of a quantity and of its place on the wire changes; see `test_declared_fields`."""

from enum import Enum
from types import SimpleNamespace

import pytest
from probes import (
    MODE,
    PATIENT,
    SCPI,
    Alarm,
    Body,
    Mode,
    asked,
    on_lines,
    on_rtu,
    ranged,
    reading,
    refused,
    setting,
    spans,
    written,
)

from remotecal.drivers.accuracy import EXACT, UNSTATED, absolute, percent_of_range
from remotecal.drivers.codecs import Phrase, Register, Scpi, Sum, coil, holding_i16, holding_u16, holding_u32
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links.wire import Line, Modbus
from remotecal.drivers.quantities import Action, Channels, Choice, Flags, Setting
from remotecal.drivers.ranges import Range, Ranges
from remotecal.errors import (
    BenchError,
    ForbiddenCommand,
    GarbledReply,
    InstrumentError,
    ModbusRefusal,
    NoReply,
    OutOfSpan,
)

# Quantities


def reading_wire() -> None:
    with on_lines(Line(), (b"A?\n", b"3\n"), q=reading(Phrase("A?"))) as probe:
        assert probe.q.read().value == 3


def reading_unit() -> None:
    with on_lines(Line(), (b"Q?\n", b"3\n"), q=reading(unit="m3/h")) as probe:
        assert probe.q.read().unit == "m3/h"


def reading_span() -> None:
    inside, outside = (
        reading(span=span, accuracy=absolute(1)).standard_uncertainty(5) for span in ((0, 9), (0, 4))
    )
    assert inside is not None
    assert outside is None


def reading_accuracy() -> None:
    assert [reading(accuracy=how).standard_uncertainty(5) for how in (EXACT, UNSTATED)] == [0, None]


def reading_wraps() -> None:
    assert reading(wraps=True, span=(0, 99)).modulus == 100
    assert reading(wraps=False).modulus is None
    assert reading(holding_u32(0, 0.001), wraps=True, span=(0, (2**32 - 1) / 1000)).modulus == pytest.approx(
        2**32 / 1000
    )


def reading_no_value() -> None:
    stated = reading(holding_u16(0, 0.1), span=(0, 10_000), no_value=(0xFFFF, 0xFFFE))
    assert reading(holding_u16(0, 0.1), span=(0, 10_000)).decode(6553.4) == 6553.4
    for raw in (0xFFFF, 0xFFFE):
        with pytest.raises(InstrumentError, match="no valid value"):
            stated.decode(raw * 0.1)
    signed = reading(holding_i16(0, 0.1), span=(-4000, 4000), no_value=(0x8000,))
    assert signed.decode(-3276.7) == -3276.7
    with pytest.raises(InstrumentError, match="no valid value"):
        signed.decode(-3276.8)
    counter = reading(holding_u32(0), span=(0, 2**32 - 1), no_value=(0xFFFFFFFF,))
    assert counter.decode(0xFFFFFFFE) == 0xFFFFFFFE
    with pytest.raises(InstrumentError, match="no valid value"):
        counter.decode(0xFFFFFFFF)
    words = reading(no_value=("cold", 1e9), span=(0, 1e12))
    for text in (" COLD", "+1.00E+09"):
        with pytest.raises(InstrumentError, match="no valid value"):
            words.decode(text)


def reading_takes() -> None:
    with (
        on_lines(Line(slowest_reply=PATIENT), (b"Q?\n", b""), q=reading(takes=0.03)) as probe,
        pytest.raises(NoReply, match=r"0\.03 s"),
    ):
        probe.q.read()


def setting_wire() -> None:
    with on_lines(Line(), (b"L=5.0\n", b""), q=setting()) as probe:
        probe.q.set(5)


def setting_unit() -> None:
    with on_lines(Line(), (b"L=5.0\n", b""), q=setting()) as probe:
        probe.q.set(5000, "mV")


def setting_span() -> None:
    with pytest.raises(OutOfSpan):
        setting().encode(11)
    assert setting(span=(0, 12)).encode(11) == 11
    with pytest.raises(OutOfSpan):
        setting().encode(True)


def setting_accuracy() -> None:
    found = []
    for how in (UNSTATED, absolute(1)):
        with on_lines(Line(), (b"L?\n", b"5.0\n"), q=setting(accuracy=how)) as probe:
            found.append(probe.q.read().u)
    assert found == [None, pytest.approx(1 / 3**0.5)]


def setting_takes() -> None:
    body: Body = {"q": setting(takes=0.03)}
    silent = (b"L=5.0;:SYST:ERR?\n", b"")
    with (
        on_lines(Line(slowest_reply=PATIENT), *SCPI, silent, base=ScpiInstrument, **body) as probe,
        pytest.raises(NoReply, match=r"0\.03 s"),
    ):
        probe.q.set(5)


def setting_confirmed() -> None:
    other = (b"L=5.0\n", b""), (b"L?\n", b"4.0\n")
    with (
        on_lines(Line(), *other, q=setting(confirmed=True)) as probe,
        pytest.raises(InstrumentError, match="set to 5 V, but it is 4 V"),
    ):
        probe.q.set(5)
    right = other[0], (b"L?\n", b"5.00\n")
    with on_lines(Line(), *right, *other, q=setting(confirmed=True)) as probe:
        probe.q.set(5)
        with pytest.raises(InstrumentError, match="set to 5 V, but it is 4 V"):
            probe.link.on_reopen()  # restores it


def choice_wire() -> None:
    with on_lines(Line(), (b"M=2\n", b""), q=Choice(MODE, Mode)) as probe:
        probe.q.set(Mode.FAST)


def choice_options() -> None:
    class Word(Enum):
        AIR = "AIR"
        QUOTED = '"N2"'

    mode: Choice[Mode] = Choice(MODE, Mode)
    for text in ("2", "+2", "2.0", "+2.00000000E+00", '"2"'):
        assert mode.decode(text) is Mode.FAST
    word: Choice[Word] = Choice(MODE, Word)
    assert [word.decode(text) for text in ('"AIR"', "air", "N2", "'N2'")] == [Word.AIR] * 2 + [
        Word.QUOTED
    ] * 2
    for nothing in ("3", "nan", "1_0", "", "\uff12"):
        with pytest.raises(GarbledReply):
            mode.decode(nothing)


def choice_takes() -> None:
    body: Body = {"q": Choice(MODE, Mode, takes=0.03)}
    with (
        on_lines(Line(slowest_reply=PATIENT), (b"M?\n", b""), **body) as probe,
        pytest.raises(NoReply, match=r"0\.03 s"),
    ):
        probe.q.read()


def choice_confirmed() -> None:
    other = (b"M=2\n", b""), (b"M?\n", b"1\n")
    with (
        on_lines(Line(), *other, q=Choice(MODE, Mode, confirmed=True)) as probe,
        pytest.raises(InstrumentError, match="set to FAST, but it is SLOW"),
    ):
        probe.q.set(Mode.FAST)


def flags_wire() -> None:
    with on_rtu(Modbus(), asked(4, 3), q=Flags(holding_u16(4), Alarm)) as probe:
        assert probe.q.read() == Alarm.EMPTY | Alarm.FAULT


def flags_conditions() -> None:
    flags: Flags[Alarm] = Flags(MODE, Alarm)
    assert flags.decode("+2.0") == Alarm.FAULT
    for nothing in ("nan", "1.5", "inf", "x"):
        with pytest.raises(GarbledReply):
            flags.decode(nothing)


def flags_resettable() -> None:
    """That a run resets them, and no others, is shown in tests/procedures/test_any_rig.py."""
    assert Flags(MODE, Alarm).resettable == Alarm(0)
    assert Flags(MODE, Alarm, resettable=Alarm.EMPTY).resettable == Alarm.EMPTY


def flags_spoils() -> None:
    assert Flags(MODE, Alarm).spoilt("1") == ""
    assert Flags(MODE, Alarm, spoils=Alarm.EMPTY).spoilt(f"{int(Alarm.EMPTY)}") == "EMPTY"


def choice_spoils() -> None:
    assert Choice(MODE, Mode).spoilt("2") == ""
    assert Choice(MODE, Mode, spoils=[Mode.FAST]).spoilt("2") == "FAST"


def reading_unless() -> None:
    """What may spoil it is asked along with it, by whoever reads it, and refuses it."""
    flags = Flags(Phrase("F?"), Alarm, spoils=Alarm.EMPTY)
    value = reading(Phrase("A?"), unless=[flags])
    said = (b"A?\n", b"3\n"), (b"F?\n", b"0\n"), (b"A?\n", b"3\n"), (b"F?\n", b"%d\n" % Alarm.EMPTY)
    with on_lines(Line(), *said, q=value, f=flags) as probe:
        assert probe.q.read().value == 3.0
        with pytest.raises(InstrumentError, match="q has no valid value: f says EMPTY"):
            probe.q.read()


def action_wire() -> None:
    with on_lines(Line(), (b"ZERO\n", b""), q=Action(Phrase(None, order="ZERO"))) as probe:
        probe.q()


def action_content() -> None:
    with on_rtu(Modbus(), asked(8, 0, function=1), written(5, 8, 1), q=Action(coil(8), 1)) as probe:
        probe.q()


def action_takes() -> None:
    body: Body = {"q": Action(Scpi("ZERO"), takes=0.03)}
    silent = (b"ZERO;:SYST:ERR?\n", b"")
    with (
        on_lines(Line(slowest_reply=PATIENT), *SCPI, silent, base=ScpiInstrument, **body) as probe,
        pytest.raises(NoReply, match=r"0\.03 s"),
    ):
        probe.q()


# Channels


def channels_numbers() -> None:
    cells = Channels((1, 3), lambda cell: reading(Phrase(f"Q{cell}?")))
    with on_lines(Line(), (b"Q3?\n", b"5\n"), cells=cells) as probe:
        assert probe.cells[3].read()[:1] == (5,)
        with pytest.raises(BenchError, match="has the channels 1, 3, no 2"):
            probe.cells[2]


def channels_reading() -> None:
    cells = Channels((1, 3), lambda cell: reading(Phrase(f"R{cell}?"), unit="V"))
    with on_lines(Line(), (b"R1?\n", b"5\n"), cells=cells) as probe:
        measured = probe.cells[1].read()
    assert (measured.unit, measured.source) == ("V", "Probe.cells[1]")


# Ranges


def ranges_rows() -> None:
    rows = Range(1, absolute(0.1)), Range(1, absolute(0.2))
    assert [ranged(Ranges(*order, by="chosen")) for order in (rows, rows[::-1])] == [0.1, 0.2]


def ranges_by() -> None:
    two = Ranges(Range(1, absolute(0.1)), Range(10, absolute(0.2)), by="chosen")
    assert [ranged(two, chosen=chosen) for chosen in (1, 10, 3)] == [0.1, 0.2, None]


def ranges_frequency() -> None:
    low = Range(1, absolute(0.1), frequencies=(10, 100)), Range(1, absolute(0.2), frequencies=(100, 1e3))
    two = Ranges(*low, by="chosen", frequency="hertz")
    assert [ranged(two, hertz=hertz) for hertz in (50, 500, 5)] == [0.1, 0.2, None]


def range_nominal() -> None:
    any_ = Ranges(Range(None, percent_of_range(10)), by="chosen")
    assert [ranged(any_, chosen=chosen) for chosen in (1, 7)] == [0.1, 0.7]
    assert ranged(Ranges(Range(7, percent_of_range(10)), by="chosen")) is None


def range_accuracy() -> None:
    assert ranged(Ranges(Range(1, absolute(0.3)), by="chosen")) == 0.3
    assert ranged(Ranges(Range(1, UNSTATED), by="chosen")) is None
    named = Ranges(Range(1, "printed"), by="chosen")
    limits = named.in_force(SimpleNamespace(chosen=1, printed=absolute(0.4)), {})
    assert limits is not None
    assert limits.accuracy == absolute(0.4)


def range_span() -> None:
    over = Ranges(Range(1, absolute(0.1), span=(-1.2, 1.2)), by="chosen")
    assert [ranged(over, value=value) for value in (1.2, -1.2, 1.21)] == [0.1, 0.1, None]
    assert ranged(Ranges(Range(1, absolute(0.1)), by="chosen"), value=1.2) is None


def range_frequencies() -> None:
    some = Ranges(Range(1, absolute(0.1), frequencies=(10, 100)), by="chosen", frequency="hertz")
    everywhere = Ranges(Range(1, absolute(0.1)), by="chosen", frequency="hertz")
    assert [ranged(each, hertz=500) for each in (some, everywhere)] == [None, 0.1]


# Codecs


def register_table() -> None:
    with on_rtu(Modbus(), asked(3, 9, function=4), q=reading(Register("input", 3, "u16"))) as probe:
        assert probe.q.read().value == 9


def register_number() -> None:
    assert spans(Modbus(), holding_u16(7)) == ["read holding register 7"]


def register_form() -> None:
    for form, value in (("u16", 65000), ("i16", -536)):
        with on_rtu(
            Modbus(), asked(0, 65000), q=reading(Register("holding", 0, form), span=(-1e5, 1e5))
        ) as probe:  # type: ignore[arg-type]
            assert probe.q.read().value == value


def register_scale() -> None:
    with on_rtu(Modbus(), asked(0, 65), q=reading(holding_u16(0, 0.1))) as probe:
        assert probe.q.read().value == pytest.approx(6.5)


def register_order() -> None:
    """One register set otherwise than the instrument's others, read and written."""
    own = Setting(holding_u32(2, order="ABCD"), "1", span=(0, 1e9))
    both = asked(0, 2, 1), asked(2, 1, 2)
    body: Body = {"plain": reading(holding_u32(0), span=(0, 1e9)), "own": own}
    with on_rtu(Modbus(order="CDAB"), *both, written(16, 2, 1, 3), **body) as probe:
        assert [probe.plain.read().value, probe.own.read().value] == [65538, 65538]
        probe.own.set(65539)


def register_offset() -> None:
    shifted = Register("holding", 0, "u16", 0.1, offset=-20.0)
    with on_rtu(Modbus(), asked(0, 65), q=reading(shifted, span=(-20, 100))) as probe:
        assert probe.q.read().value == pytest.approx(-13.5)
    assert shifted.split(-13.5) == (65,)


def register_bit() -> None:
    """It is read alone, and written with the others as they stand."""
    own = Setting(Register("holding", 0, "u16", bit=3), "1", span=(0, 1))
    with on_rtu(Modbus(), asked(0, 0b1000), asked(0, 0b0101), written(6, 0, 0b1101), q=own) as probe:
        assert probe.q.read().value == 1
        probe.q.set(1)
    with on_rtu(Modbus(), asked(0, 0b1101), written(6, 0, 0b0101), q=own) as probe:
        probe.q.set(0)
    with on_rtu(Modbus(), refused(asked(0, 1), 2), q=own) as probe, pytest.raises(ModbusRefusal):
        probe.q.set(1)


def register_codes() -> None:
    own: Choice[Mode] = Choice(Register("holding", 0, "u16", codes=((7, 1), (9, 2))), Mode)
    with on_rtu(Modbus(), asked(0, 9), asked(0, 1), written(6, 0, 7), q=own) as probe:
        assert probe.q.read() is Mode.FAST
        with pytest.raises(GarbledReply, match="holding 0 holds 1, which stands for nothing"):
            probe.q.read()
        probe.q.set(Mode.SLOW)


def sum_coarse() -> None:
    with on_rtu(
        Modbus(), asked(0, 3, 0, 250), q=reading(Sum(holding_u16(0), holding_u16(2, 0.001)))
    ) as probe:
        assert probe.q.read().value == 3.25


def sum_rest() -> None:
    assert Sum(holding_u16(0), holding_u16(2)).parts[1] == holding_u16(2)


def sum_step() -> None:
    assert [Sum(holding_u16(0), holding_u16(2), step).split(250)[1] for step in (1, 100)] == [0, 50]


def scpi_header() -> None:
    level = Scpi("SOURce:LEVel")
    assert level.ask == "SOUR:LEV?"
    for echoed in ("5.0", ":SOUR:LEV 5.0", "SOURCE:LEVEL  5.0", "sour:lev 5.0"):
        assert level.unwrap(echoed) == "5.0"
    assert level.unwrap(":SENS:LEV 5.0") == ":SENS:LEV 5.0"  # which is no number, and no answer to this
    full = Scpi("SOURce{module}:PRESsure[:LEVel][:AMPLitude]")
    assert (full.ask, full.command("5")) == ("SOUR{module}:PRES?", "SOUR{module}:PRES 5")
    for echoed in (":SOUR:PRES 5.0", ":SOUR2:PRES:LEV:AMPL 5.0", "SOURCE1:PRESSURE:AMPLITUDE 5.0"):
        assert full.unwrap(echoed) == "5.0"
    assert full.unwrap(":SOUR:PRES:SLEW 5.0") == ":SOUR:PRES:SLEW 5.0"


def scpi_place() -> None:
    both = Scpi("SENSe:INLimits"), Scpi("SENSe:INLimits", place=1)
    assert [codec.unwrap(":SENS:INL 1012.5, 0") for codec in both] == ["1012.5, 0", "0"]
    with pytest.raises(GarbledReply, match="fewer than 2 values"):
        both[1].unwrap(":SENS:INL 1012.5")


def scpi_argument() -> None:
    assert Scpi("FETCh", "(@2)").ask == "FETC? (@2)"


def scpi_decimals() -> None:
    assert Scpi("LEV", decimals=2).number(5) == "5.00"


def phrase_ask() -> None:
    with (
        on_lines(Line(), q=setting(Phrase(None, order="L={value}"))) as probe,
        pytest.raises(ForbiddenCommand),
    ):
        probe.q.read()


def phrase_reply() -> None:
    assert Phrase("t", "t: {value} C").unwrap("t:  5 C") == "5"


def phrase_order() -> None:
    assert Phrase("t", order="t={value}").command("5") == "t=5"


def phrase_decimals() -> None:
    assert Phrase("t", decimals=2).number(5) == "5.00"
