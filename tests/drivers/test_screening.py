"""What a driver declares can be asked from afar; nothing else goes through."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from twins import TWINS, opened, twin

from remotecal.drivers.codecs import holding_u32
from remotecal.drivers.declarations import declared
from remotecal.drivers.instrument import Instrument
from remotecal.drivers.links import Link, Modbus, modbus
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action, Choice, Flags, Reading, Setting
from remotecal.drivers.screening import Screen
from remotecal.errors import ForbiddenCommand, InstrumentError, NoReply


class Screened:
    """A link that asks a screen first, and notes what went through."""

    def __init__(self, link: Link, screen: Screen) -> None:
        self.address, self.name, self.suspect = link.address, link.name, False
        self.on_reopen: Callable[[], None] | None = None
        self.sent: list[bytes] = []
        self._link, self._screen = link, screen

    def ask(self, request: bytes, timeout: float | None = None) -> bytes:
        self._screen.check(request, told=False)
        self.sent.append(request)
        return self._link.ask(request, timeout)

    def tell(self, request: bytes) -> None:
        self._screen.check(request, told=True)
        self.sent.append(request)
        self._link.tell(request)

    def cancel(self) -> None: ...

    def close(self) -> None: ...


@pytest.mark.parametrize("name", TWINS)
def test_to_read_only_a_driver_can_do_all_but_set(name: str) -> None:
    there = opened(name)
    link = Screened(there.link, Screen(there, write=False))
    here = type(there)(link, name=name, clock=there.clock, **twin(name)[1])
    here.check()
    read_everything(here, link)
    before = len(link.sent)
    set_everything(here)
    asked = [b"?" in request for request in link.sent[before:]]
    assert asked == ([True] * len(asked) if name in ASK_FIRST else []), "nothing that sets was sent"


ASK_FIRST = {"DruckPace", "Fluke6270A"}
"""Whose limits depend on the range or mode: before they set anything they ask for that."""


def read_everything(instrument: Instrument, link: Screened) -> None:
    """Ask for every quantity; the instrument is asked even where it has no value to give."""
    for item in declared(type(instrument)):
        if not isinstance(item, Action) and instrument.can_be_asked(item):
            before = len(link.sent)
            with contextlib.suppress(InstrumentError, NoReply):
                instrument.obtain(item)
            assert len(link.sent) > before, item


def set_everything(instrument: Instrument) -> None:
    """Try every setting, choice and action; each must be refused."""
    for item in declared(type(instrument)):
        if isinstance(item, Reading | Flags):
            continue
        assert isinstance(item, Action | Choice | Setting)
        content = item.content if isinstance(item, Action) else 0
        with pytest.raises(ForbiddenCommand):
            instrument.place(item, content)


@pytest.fixture
def counter() -> Instrument:
    """A counter whose driver forbids to touch its calibration."""
    return opened("Keysight53230A")


NEVER = ["CAL:VAL 5", "FETC?;:CAL:SEC?", "CAL?"]


@pytest.mark.parametrize(
    "line",
    ["FETC?;*RST", "FETC?\n*RST", "\nFETC?", "FETC? ", "fetc?", "*RST", "INIT", "SYST:ERR?", "", *NEVER],
)
def test_a_line_that_is_no_declared_question_is_refused(counter: Instrument, line: str) -> None:
    screen = Screen(counter, write=False)
    screen.check(b"FETC?", told=False)
    with pytest.raises(ForbiddenCommand, match="none of the questions Keysight53230A declares"):
        screen.check(line.encode(), told=False)


def test_a_question_without_its_answer_is_refused(counter: Instrument) -> None:
    with pytest.raises(ForbiddenCommand):
        Screen(counter, write=False).check(b"FETC?", told=True)


def test_to_write_lets_everything_through_but_what_the_driver_forbids(counter: Instrument) -> None:
    screen = Screen(counter, write=True)
    for line in ("INP1:LEV 1.5;:SYST:ERR?", "*RST", "SYST:ERR?"):
        screen.check(line.encode(), told=False)
        screen.check(line.encode(), told=True)
    for line in NEVER:
        with pytest.raises(ForbiddenCommand, match="must never be sent"):
            screen.check(line.encode(), told=False)
    for line in ("*RST\nCAL:VAL 5", "*RST\rCAL:VAL 5", ""):
        with pytest.raises(ForbiddenCommand, match="is not one line"):
            screen.check(line.encode(), told=False)


class Meter(ModbusInstrument):
    """A meter with registers that must never be written."""

    wire = Modbus(manual_counts_from=40001)
    forbidden = (holding_u32(40101),)


@pytest.fixture
def meter() -> ModbusInstrument:
    return Meter(opened("WaterRigController").link, unit=7)


def pdu(*request: object, unit: int = 7) -> bytes:
    return bytes((unit,)) + modbus.Request(*request).encode()  # type: ignore[arg-type]  # as a test states it


@pytest.mark.parametrize("function", [1, 2, 3, 4])
def test_reading_registers_is_let_through_for_this_unit(meter: ModbusInstrument, function: int) -> None:
    screen = Screen(meter, write=False)
    screen.check(pdu(function, 0, 10), told=False)
    with pytest.raises(ForbiddenCommand, match="the instrument is unit 7"):
        screen.check(pdu(function, 0, 10, unit=8), told=False)


@pytest.mark.parametrize(
    "request_", [(5, 0, 1, (1,)), (6, 0, 1, (1,)), (15, 0, 2, (1, 0)), (16, 0, 2, (1, 2))]
)
def test_writing_registers_is_refused_unless_allowed(meter: ModbusInstrument, request_: tuple) -> None:
    with pytest.raises(ForbiddenCommand, match="lets nothing be written"):
        Screen(meter, write=False).check(pdu(*request_), told=False)
    Screen(meter, write=True).check(pdu(*request_), told=False)


@pytest.mark.parametrize(
    "payload", [b"", b"\x07", b"\x07\x2b\x0e\x01\x00", pdu(3, 0, 1) + pdu(6, 0, 1, (1,))]
)
def test_what_is_no_modbus_request_is_refused(meter: ModbusInstrument, payload: bytes) -> None:
    with pytest.raises(ForbiddenCommand):
        Screen(meter, write=True).check(payload, told=False)


@pytest.mark.parametrize("request_", [(6, 100, 1, (1,)), (6, 101, 1, (1,)), (16, 98, 3, (1, 2, 3))])
def test_forbidden_registers_are_never_written(meter: ModbusInstrument, request_: tuple) -> None:
    screen = Screen(meter, write=True)
    with pytest.raises(ForbiddenCommand, match="must never be done"):
        screen.check(pdu(*request_), told=False)
    screen.check(pdu(6, 99, 1, (1,)), told=False)
    screen.check(pdu(5, 100, 1, (1,)), told=False)  # a coil of the same number is another thing
