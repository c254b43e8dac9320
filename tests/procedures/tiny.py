"""A tiny bench over real sockets: a source, a meter that shows its level, and a beating heart."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, IntFlag
from pathlib import Path
from typing import Annotated, ClassVar, Protocol

from remotecal.drivers.accuracy import EXACT, absolute, percent_of_range
from remotecal.drivers.codecs import scpi
from remotecal.drivers.declarations import Step
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links.wire import Line
from remotecal.drivers.quantities import Channels, Choice, Flags, Reading, Setting
from remotecal.drivers.ranges import Range, Ranges

SLOWEST = 5.0
"""Seconds: far beyond what an answer takes on a computer that has much else to do."""
HASTY = 0.3
"""Where it is what does not answer that is tested."""

PROCEDURE = Path(__file__).parent / "tiny_procedure.py"


class Leveller(Protocol):
    """Holds a level."""

    level: ClassVar[Annotated[Setting, "V"]]


class Indicator(Protocol):
    """Indicates a level."""

    value: ClassVar[Annotated[Reading, "V"]]


class TinySource(ScpiInstrument, Leveller):
    """Source of a level."""

    models = "Tiny"
    wire: ClassVar[Line] = Line(slowest_reply=SLOWEST)
    level = Setting(scpi("SOURce:LEVel"), "V", span=(0, 10))
    """Level."""
    heartbeat = Setting(scpi("SOURce:HEARt", decimals=0), "1", span=(0, 3))
    """Changes as long as somebody cares."""
    temperature = Reading(scpi("MEASure:TEMPerature"), "°C", span=(0, 90), accuracy=absolute(1))
    """Temperature of the source itself."""
    safe = (level.to(0),)


class HastySource(TinySource):
    """A source that is not waited for long."""

    wire: ClassVar[Line] = Line(slowest_reply=HASTY)


class PatientSource(TinySource):
    """A source that may take very long to answer."""

    wire: ClassVar[Line] = Line(slowest_reply=60)


class TinyMeter(ScpiInstrument, Indicator):
    """Meter of the level."""

    models = "Tiny"
    wire: ClassVar[Line] = Line(slowest_reply=SLOWEST)
    value = Reading(scpi("MEASure:VALue"), "V", span=(0, 20), accuracy=absolute(0.01))
    """What is measured."""
    full_scale = Reading(scpi("MEASure:FULL"), "V", span=(1, 100), accuracy=EXACT)
    """Which range the cells are on."""
    cells = Channels(
        range(1, 18),
        lambda cell, by=full_scale: Reading(
            scpi("MEASure:CELL", f"(@{cell})"),
            "V",
            span=(0, 100),
            accuracy=Ranges(Range(None, percent_of_range(1)), by=by),
        ),
    )
    """What is measured in each of 17 cells: the level and as many mV as the cell's number."""


class HastyMeter(TinyMeter):
    """A meter that is not waited for long."""

    wire: ClassVar[Line] = Line(slowest_reply=HASTY)


class WrappingMeter(TinyMeter):
    """A meter that starts again at 0 where it reaches 20 V."""

    value = Reading(scpi("MEASure:VALue"), "V", span=(0, 20), accuracy=absolute(0.01), wraps=20.0)
    """What is measured."""


class Ill(IntFlag):
    """What a meter says of itself."""

    WARM = 1
    BROKEN = 2


class IllMeter(TinyMeter):
    """A meter that says of itself when its value is none."""

    condition = Flags(scpi("STATus:CONDition"), Ill, spoils=Ill.BROKEN)
    """What is to be said of it."""
    value = Reading(scpi("MEASure:VALue"), "V", span=(0, 20), accuracy=absolute(0.01), unless=[condition])
    """What is measured."""


class VoltsOrNot(Enum):
    """What the values are in."""

    VOLT = "V"
    DECIVOLT = "DV"


class TurnedMeter(TinyMeter):
    """A meter whose keys change its unit, as long as somebody stands before it."""

    unit = Choice(scpi("UNIT"), VoltsOrNot)
    """What the values are in."""
    expects: ClassVar[tuple[Step, ...]] = (unit.to(VoltsOrNot.VOLT),)


class PatientMeter(TinyMeter):
    """A meter that may take very long to answer."""

    wire: ClassVar[Line] = Line(slowest_reply=60)


class Grams(ScpiInstrument, Indicator):
    """Says it is an Indicator, but of a mass."""

    wire: ClassVar[Line] = Line()
    value = Reading(scpi("MEASure:VALue"), "g", span=(0, 20), accuracy=absolute(0.01))
    """Mass."""


class Mute(ScpiInstrument, Indicator):
    """Says it is an Indicator, but declares nothing."""

    wire: ClassVar[Line] = Line()


class TinyWorld:
    """The instruments' other side: what is set, and everything that was ever asked."""

    def __init__(self) -> None:
        self.level = 0.0
        self.offset = 0.0
        self.full_scale = 10.0
        self.condition = Ill(0)
        """What an ill meter says of itself."""
        self.unit = "V"
        """What the meter shows its values in."""
        self.beats: list[int] = []
        self.lines: list[str] = []
        self.serials = {"source": "S1", "meter": "M1", "second": "M2"}
        self.deaf: set[str] = set()
        self.errors: list[str] = []
        """What lies in the queue of whichever instrument is asked first."""
        self.before: Callable[[str, str], None] = lambda _name, _line: None
        """Called with the instrument's name and the line, before it is answered."""
        self._servers = {name: Server(name, self.answer) for name in self.serials}

    def address(self, name: str) -> str:
        return f"TCPIP::127.0.0.1::{self._servers[name].port}::SOCKET"

    def close(self) -> None:
        for server in self._servers.values():
            server.close()

    def answer(self, name: str, line: str) -> str | None:
        self.before(name, line)
        self.lines.append(f"{name} {line}")
        if name in self.deaf or line in self.deaf:
            return None
        if line == "*IDN?":
            return f"Maker,Tiny,{self.serials[name]},1.0"
        if line.startswith("SOUR:LEV "):
            self.level = float(line.removeprefix("SOUR:LEV ").partition(";")[0])
        elif line.startswith("SOUR:HEAR "):
            self.beats.append(int(line.removeprefix("SOUR:HEAR ").partition(";")[0]))
        elif line in (told := self._told()):
            return told[line]
        elif line == "MEAS:VAL?":
            return f"{(self.level + self.offset) * (1 if self.unit == 'V' else 10)}"
        elif line.startswith("MEAS:CELL? (@"):
            return f"{self.level + int(line[len('MEAS:CELL? (@') : -1]) / 1000}"
        return self.errors.pop(0) if self.errors else '0,"No error"'

    def _told(self) -> dict[str, str]:
        return {
            "SOUR:LEV?": f"{self.level}",
            "MEAS:TEMP?": "25.0",
            "MEAS:FULL?": f"{self.full_scale}",
            "UNIT?": self.unit,
            "STAT:COND?": f"{int(self.condition)}",
        }


class Server:
    """One instrument's socket."""

    def __init__(self, name: str, answer: Callable[[str, str], str | None]) -> None:
        self._name, self._answer = name, answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.add(connection)
            thread = threading.Thread(target=self._attend, args=(connection,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _attend(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rwb", buffering=0) as lines:
            for line in lines:
                answer = self._answer(self._name, line.decode().strip())
                if answer is not None:
                    lines.write(f"{answer}\n".encode())
        self._open.discard(connection)
