"""The instrument's side of a wire, under a test's control, for the conformance kit of links."""

from __future__ import annotations

import struct
import threading
from collections import deque
from collections.abc import Callable
from typing import ClassVar, Protocol

from remotecal.drivers.links import Line, Link, Modbus, modbus, modbus_ascii
from remotecal.drivers.links.framing import checksum

SOON = 0.05
"""Seconds to wait for a reply that will not come."""

PATIENT = 10.0
"""Seconds to wait for what does come, however busy the computer."""


class Wire(Protocol):
    """What a peer lets a behaviour do with the reply to one question."""

    def put(self, data: bytes) -> None:
        """Send these bytes; do nothing if the connection is gone."""
        ...

    def drop(self) -> None:
        """End the connection, as a power cut does."""
        ...


Behaviour = Callable[[Wire, bytes], object]
"""Given the wire and the right reply as it belongs there, does what the test wants instead."""


class Peer(Protocol):
    """The instrument's side of the wire."""

    tells_late_replies_apart: bool
    """A reply that comes after the next question is recognised: by a number or a new connection."""

    detects_damage: bool
    """A reply with a wrong bit in it is recognised: by a checksum."""

    def open(self) -> Link:
        """Open a link whose slowest reply is `SOON`."""
        ...

    def question(self, number: int) -> bytes:
        """Return the payload of question `number`, from 1 to 200."""
        ...

    def number(self, reply: bytes) -> int:
        """Return the number a reply's payload carries; ValueError if it carries none."""
        ...

    def plan(self, *behaviours: Behaviour) -> None:
        """Treat the next questions so, each in a thread of its own; those after them normally."""
        ...

    def foreign(self, number: int) -> bytes:
        """Return bytes that on this wire are the reply to another question."""
        ...

    def oversize(self) -> bytes:
        """Return a reply longer than any."""
        ...

    def interject(self, data: bytes) -> None:
        """Send bytes nobody asked for; return when they lie in the link's input."""
        ...

    def restart(self) -> None:
        """End all connections, as a power cut does, and be ready for new ones."""
        ...

    def deafen(self) -> bool:
        """Let what is said on the connections there are go nowhere, while new ones are heard.

        Return whether this wire has connections that can be renewed.
        """
        ...


def normally(wire: Wire, reply: bytes) -> None:
    """Reply as it should be."""
    wire.put(reply)


class Late:
    """Replies when told to."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.release = threading.Event()
        self.done = threading.Event()

    def __call__(self, wire: Wire, reply: bytes) -> None:
        self.asked.set()
        assert self.release.wait(PATIENT)
        wire.put(reply)
        self.done.set()

    def arrive(self) -> None:
        """Let the reply go, and see it off."""
        self.release.set()
        assert self.done.wait(PATIENT)


class Language(Protocol):
    """What is said on a wire: numbered questions and their answers."""

    @property
    def wire(self) -> Line | Modbus:
        """How the instrument wraps its bytes."""
        ...

    @property
    def detects_damage(self) -> bool:
        """Whether a reply with a wrong bit in it is recognised."""
        ...

    def question(self, number: int) -> bytes:
        """Return the payload of question `number`."""
        ...

    def number(self, reply: bytes) -> int:
        """Return the number a reply's payload carries; ValueError if it carries none."""
        ...

    def foreign(self, number: int) -> bytes:
        """Return the reply to another question, as it stands on the wire."""
        ...

    def oversize(self) -> bytes:
        """Return a reply longer than any."""
        ...

    def take(self, received: bytes) -> tuple[bytes, bytes] | None:
        """Split what was received into the reply to its first question, and the rest; None if incomplete."""
        ...


class Lines:
    """Questions and answers in lines of text."""

    wire: ClassVar[Line] = Line(slowest_reply=SOON, reply_size=100)
    detects_damage: ClassVar[bool] = False

    def question(self, number: int) -> bytes:
        return b"NUMBER? %d" % number

    def number(self, reply: bytes) -> int:
        return int(reply)

    def foreign(self, number: int) -> bytes:
        return b"%d\n" % number

    def oversize(self) -> bytes:
        return b"1" * 150 + b"\n"

    def take(self, received: bytes) -> tuple[bytes, bytes] | None:
        line, ending, rest = received.partition(b"\n")
        return (line.split()[1] + b"\n", rest) if ending else None


class ModbusQuestions:
    """Two registers are read from address `number`; their contents are `number` and its complement."""

    wire: ClassVar[Modbus] = Modbus(slowest_reply=SOON)
    detects_damage: ClassVar[bool] = False

    def question(self, number: int) -> bytes:
        return b"\x01" + modbus.Request(3, number, 2).encode()

    def number(self, reply: bytes) -> int:
        number, complement = modbus.understand(modbus.Request(3, 0, 2), reply[1:], "peer")
        assert number ^ complement == 0xFFFF, "a wrong answer was taken for one"
        return number

    def answer(self, number: int) -> bytes:
        """Return the payload of the answer to question `number`."""
        return b"\x01" + modbus.reply(modbus.Request(3, number, 2), (number, number ^ 0xFFFF))


class RtuQuestions(ModbusQuestions):
    """The same on Modbus RTU."""

    detects_damage: ClassVar[bool] = True

    def foreign(self, number: int) -> bytes:
        return self._frame(self.answer(number))

    def oversize(self) -> bytes:
        return self._frame(b"\x01\x03\xfa" + bytes(250))

    def take(self, received: bytes) -> tuple[bytes, bytes] | None:
        if len(received) < 8:
            return None
        (number,) = struct.unpack_from(">H", received, 2)
        return self._frame(self.answer(number)), received[8:]

    def _frame(self, payload: bytes) -> bytes:
        return payload + checksum(payload)


class AsciiQuestions(ModbusQuestions):
    """The same on Modbus ASCII."""

    detects_damage: ClassVar[bool] = True

    def foreign(self, number: int) -> bytes:
        return modbus_ascii.frame(self.answer(number))

    def oversize(self) -> bytes:
        return modbus_ascii.frame(b"\x01\x03\xfa" + bytes(300))

    def take(self, received: bytes) -> tuple[bytes, bytes] | None:
        line, ending, rest = received.partition(modbus_ascii.ENDING)
        if not ending:
            return None
        (number,) = struct.unpack_from(">H", modbus_ascii.content(line), 2)
        return modbus_ascii.frame(self.answer(number)), rest


class TcpQuestions(ModbusQuestions):
    """The same on Modbus TCP."""

    def foreign(self, number: int) -> bytes:
        return self._frame(b"\xff\xfe", self.answer(number))

    def oversize(self) -> bytes:
        return self._frame(b"\0\1", bytes(600))

    def take(self, received: bytes) -> tuple[bytes, bytes] | None:
        if len(received) < 12:
            return None
        (number,) = struct.unpack_from(">H", received, 8)
        return self._frame(received[:2], self.answer(number)), received[12:]

    def _frame(self, transaction: bytes, payload: bytes) -> bytes:
        return transaction + b"\0\0" + struct.pack(">H", len(payload)) + payload


class Planned:
    """What peers have in common: it keeps what is planned for the next questions, and does it."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._plans: deque[Behaviour] = deque()
        self._threads: list[threading.Thread] = []
        self.detects_damage = language.detects_damage

    def question(self, number: int) -> bytes:
        return self.language.question(number)

    def number(self, reply: bytes) -> int:
        return self.language.number(reply)

    def foreign(self, number: int) -> bytes:
        return self.language.foreign(number)

    def oversize(self) -> bytes:
        return self.language.oversize()

    def plan(self, *behaviours: Behaviour) -> None:
        self._plans.extend(behaviours)

    def planned(self) -> Behaviour:
        """Return what is to be done with the next reply."""
        return self._plans.popleft() if self._plans else normally

    def act(self, wire: Wire, reply: bytes) -> None:
        """Do with a reply what is planned; whatever is not normal, in a thread of its own."""
        behaviour = self.planned()
        if behaviour is normally:
            wire.put(reply)
            return
        thread = threading.Thread(target=behaviour, args=(wire, reply), daemon=True)
        thread.start()
        self._threads.append(thread)  # begun: `join` is called while this goes on

    def hear(self, wire: Wire, received: bytes) -> bytes:
        """Answer every question that has come in whole, and return the rest of what was received."""
        while (taken := self.language.take(received)) is not None:
            reply, received = taken
            self.act(wire, reply)
        return received

    def join(self) -> None:
        """Wait for the threads to end."""
        for thread in self._threads:
            thread.join(PATIENT)
