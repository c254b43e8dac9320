"""Instruments on Modbus: quantities in registers and coils."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from threading import RLock
from typing import ClassVar, Final, cast, get_args

from remotecal.clock import Clock
from remotecal.drivers.asking_again import Again
from remotecal.drivers.codecs import Register
from remotecal.drivers.contents import Content
from remotecal.drivers.declarations import Declaration, Held, Obtained, declared
from remotecal.drivers.instrument import Identity, Instrument, known_serial
from remotecal.drivers.links import Link, WiredLink, identification, modbus
from remotecal.drivers.links.wire import Modbus, Order
from remotecal.drivers.quantities import Flags, Reading
from remotecal.drivers.scans import READS, Read, Scan, codec_of, plan
from remotecal.drivers.talks import Questions, Talk
from remotecal.errors import BenchError, ForbiddenCommand, LinkError, ModbusRefusal

_UNITS: Final = range(248)
"""Unit numbers on a serial line (MODBUS over serial line, 2.2)."""

ON_SERIAL_LINES: Final = ("modbus+rtu", "modbus+ascii")
"""How addresses of serial lines begin, gateways to them included."""

_UNITS_ON_TCP: Final = range(256)
"""Behind Modbus TCP a device may have any, and 255 is the one that is no gateway's (MODBUS Messaging on
TCP/IP, 4.4.2)."""

_TRANSIENT: Final = frozenset({6, 10, 11})
"""Exceptions that may be over in a moment: busy, the gateway has no path, or got no answer."""

_TOO_MUCH: Final = frozenset({modbus.ILLEGAL_ADDRESS, modbus.ILLEGAL_VALUE})
"""Exceptions by which an instrument refuses a read that reaches beyond what it has in one piece."""

_ECHOES: Final = frozenset({modbus.WRITE_COIL, modbus.WRITE_REGISTER})
"""Functions whose reply is the request itself."""


Answer = tuple[bytes, int | None]
"""A reply, and the number of the kept exchange."""

Prepared = tuple[Scan, tuple[Questions, ...]]
"""A scan, and what is asked for it."""


class ModbusInstrument(Instrument):
    """An instrument that talks Modbus.

    Args:
        link: the channel, which other units may share.
        name: how messages and evidence call it.
        serial: the serial number it must have, for instruments that can say it.
        clock: gives each reading its time.
        unit: its number on the bus, 0 to 247, on Modbus TCP to 255.
        order: order of bytes, for an instrument that is set otherwise than its driver says.
        manual_counts_from: what its manual counts registers from, where the driver has it wrong.
    """

    wire: ClassVar[Modbus] = Modbus()
    forbidden: ClassVar[tuple[Register, ...]] = ()
    """Registers and coils that must never be written; a driver that declares one can't be made."""
    serial_object: ClassVar[int | None] = None
    """Object of the device identification (function 43) that holds its serial number, asked by itself."""
    unit: int
    layout: Modbus
    """The wire, as this instrument is set."""
    _refused: frozenset[modbus.Request]
    """Reads over several registers that the instrument does not take in one piece."""
    _scans: dict[tuple[Declaration, ...], Prepared]
    """How declarations are read that were read before, as long as nothing more is refused."""
    _at_once: int
    """Requests that may be under way together."""
    _heard: bool
    """Something came back since the link was opened that can't be an echo."""
    _writing: RLock
    """Held while a bit is written, with what its register held before."""

    def __init__(
        self,
        link: Link,
        *,
        name: str = "",
        serial: str | None = None,
        clock: Clock | None = None,
        unit: int = 1,
        order: Order | None = None,
        manual_counts_from: int | None = None,
    ) -> None:
        super().__init__(link, name=name, serial=serial, clock=clock)
        units = _UNITS if link.address.lower().startswith(ON_SERIAL_LINES) else _UNITS_ON_TCP
        if isinstance(unit, bool) or unit not in units:
            raise BenchError(f"{self.name}: Modbus units are numbered 0 to {units[-1]}, not {unit}")
        if order is not None and order not in get_args(Order):
            raise BenchError(f"{self.name}: bytes are in one of the orders {get_args(Order)}, not {order!r}")
        self.unit = unit
        self._refused = frozenset()
        self._scans = {}
        self._heard = False
        self._writing = RLock()
        counts_from = self.wire.manual_counts_from if manual_counts_from is None else manual_counts_from
        self.layout = replace(self.wire, order=order or self.wire.order, manual_counts_from=counts_from)
        self._at_once = self.layout.outstanding if isinstance(link, WiredLink) and link.pipelined else 1

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for item in declared(cls):
            for register in codec_of(item).parts:
                if READS[register.table] not in cls.wire.functions:
                    raise TypeError(
                        f"{item!r} needs function {READS[register.table]}, {cls.__name__} lacks it"
                    )
                if not isinstance(item, Reading | Flags) and register in cls.forbidden:
                    raise TypeError(f"{item!r} lies where nothing may be written")
                if cls.wire.is_wide(register.number - cls.wire.manual_counts_from):
                    _see_wide(item, register)

    def identify(self) -> Identity:
        """Ask who it is; what it can't say are its class's words.

        It is asked by device identification where it knows function 43, and for its serial number by
        that or by its reading `serial_number`, where the driver states one.
        """
        told = self._told() if identification.FUNCTION in self.layout.functions else {}
        serial = "" if self.serial_object is None else known_serial(self._object(self.serial_object))
        declaration = getattr(type(self), "serial_number", None)
        if isinstance(declaration, Reading):
            ((content, _, _),) = self.obtain(declaration)
            serial = known_serial(f"{float(content):.0f}")
        return Identity(
            told.get(identification.MAKER) or self.maker,
            told.get(identification.PRODUCT) or self.model,
            serial,
            told.get(identification.REVISION, ""),
        )

    def _told(self) -> dict[int, str]:
        """Return the objects of the basic device identification."""
        objects: dict[int, str] = {}
        following: int | None = identification.MAKER
        while following is not None and following not in objects:
            told = self._identified(identification.question(following))
            objects |= told.objects
            following = told.following
        return objects

    def _object(self, number: int) -> str:
        """Return one object of the device identification; "" where it answers by another."""
        question = identification.question(number, identification.INDIVIDUAL)
        return self._identified(question).objects.get(number, "")

    def _identified(self, question: bytes) -> identification.Told:
        reply, _ = self._exchange(bytes((self.unit,)) + question)
        told = identification.understand(reply[1:])
        if told is None:
            raise ModbusRefusal(f"{self.name} does not say who it is by function 43", reply[2])
        return told

    def can_be_asked(self, declaration: Declaration) -> bool:
        return True

    def conversation(self, *declarations: Declaration) -> Talk[tuple[Obtained, ...]]:
        """Read in the fewest requests; what is refused in one piece, in smaller ones from then on."""
        scan, questions = self._prepared(declarations)
        while (answers := (yield from self._read(scan, questions))) is None:
            scan, questions = self._prepared(declarations)
        at = self.clock.now()
        contents = scan.contents([reply for reply, _ in answers])
        return tuple(
            [(content, at, answers[read][1]) for content, read in zip(contents, scan.read_in, strict=True)]
        )

    def _prepared(self, declarations: tuple[Declaration, ...]) -> Prepared:
        """Return how declarations are read: planned and encoded once, and again when a read was refused."""
        prepared = self._scans.get(declarations)
        if prepared is None:
            scan = plan(self.layout, declarations, self._refused)
            payloads = [self._payload(read.request) for read in scan.reads]
            batches = range(0, len(payloads), self._at_once)
            prepared = scan, tuple(Questions(tuple(payloads[at : at + self._at_once])) for at in batches)
            if len(self._scans) >= MOST_SCANS:
                self._scans.clear()
            self._scans[declarations] = prepared
        return prepared

    def _payload(self, request: modbus.Request) -> bytes:
        if request.function not in self.layout.functions:
            raise ForbiddenCommand(f"{self.name} has no Modbus function {request.function}: can't {request}")
        return bytes((self.unit,)) + request.encode()

    def _read(self, scan: Scan, questions: tuple[Questions, ...]) -> Talk[list[Answer] | None]:
        """Return what answers each read; None where one is refused in one piece."""
        answers: list[Answer] = []
        for wanted in questions:
            payloads = wanted.requests
            try:
                replies = yield wanted
            except LinkError as failure:
                for payload, reply in zip(payloads, failure.replies, strict=False):
                    self._kept(payload, reply)
                raise
            whole = True
            for payload, reply in zip(payloads, replies, strict=True):
                answers.append((reply, self._kept(payload, reply)))
                whole = whole and reply[1] == payload[1]
            if not whole and not (yield from self._read_again(scan, payloads, answers)):
                return None
        if not self._heard:
            self._heard = True
        return answers

    def _read_again(self, scan: Scan, payloads: tuple[bytes, ...], answers: list[Answer]) -> Talk[bool]:
        """Ask the refused ones among the latest answers again, and put in what is answered then.

        False where one is refused in one piece, and is to be read in smaller ones from now on.
        """
        for place, payload in enumerate(payloads, len(answers) - len(payloads)):
            reply = answers[place][0]
            if reply[1] != payload[1]:
                answer = yield from self._again(scan.reads[place], payload, reply)
                if answer is None:
                    return False
                answers[place] = answer
        return True

    def _again(self, read: Read, payload: bytes, reply: bytes) -> Talk[Answer | None]:
        """Ask a read again that was refused for the moment only.

        None where it was refused in one piece.

        Raises:
            ModbusRefusal: it is refused for good.
        """
        again = Again(self.pauses)
        while reply[2] in _TRANSIENT and (pause := again.pause()) is not None:
            yield pause
            (reply,) = yield Questions((payload,))
            exchange = self._kept(payload, reply)
            if reply[1] == payload[1]:
                return reply, exchange
        if reply[2] not in _TOO_MUCH or read.parts == 1 or read.request in self._refused:
            raise modbus.refusal(read.request, reply[2], self.name)
        self._refused |= {read.request}
        self._scans.clear()
        return None

    def place(self, declaration: Declaration, content: Content) -> None:
        codec = codec_of(declaration)
        if not isinstance(codec, Register) or codec.table not in {"coil", "holding"}:
            raise ForbiddenCommand(f"{declaration!r} can't be set")
        (value,) = codec.split(float(content))
        if codec.bit is None:
            self._place(codec, value)
        else:
            # The link first, as whoever takes up a lost connection does: it has that, and then sets bits.
            with self.link.alone() if isinstance(self.link, WiredLink) else nullcontext(), self._writing:
                self._place(codec, value)
        if isinstance(declaration, Held):
            self._placed[declaration] = content

    def _place(self, codec: Register, value: float) -> None:
        if codec.bit is not None:
            value = self._among_others(codec, int(value))
        request = self._write(codec, value)
        if request.function in _ECHOES and not self._heard:
            self._hear(request)
        self._send(request)

    def _among_others(self, register: Register, bit: int) -> int:
        """Return what a register must hold for one of its bits to be as wanted, the others as they are."""
        start = register.number - self.layout.manual_counts_from
        request = modbus.Request(READS[register.table], start, 1)
        reply, _ = self._exchange(self._payload(request))
        (held,) = modbus.understand(request, reply[1:], self.name)
        self._heard = True
        return held & ~(1 << cast("int", register.bit)) | bit

    def _write(self, register: Register, value: float) -> modbus.Request:
        start = register.number - self.layout.manual_counts_from
        if register.table == "coil":
            return modbus.Request(modbus.WRITE_COIL, start, 1, (int(value),))
        words = modbus.pack(value, cast("modbus.Form", register.form), register.order or self.layout.order)
        single = len(words) == 1 and modbus.WRITE_REGISTER in self.layout.functions
        return modbus.Request(
            modbus.WRITE_REGISTER if single else modbus.WRITE_REGISTERS, start, len(words), words
        )

    def _take_up_again(self) -> None:
        self._heard = False
        super()._take_up_again()

    def _hear(self, write: modbus.Request) -> None:
        """Make sure that somebody answers: the reply to such a write looks as its echo does.

        Raises:
            LinkError: nobody, or an echo.
        """
        wanted = modbus.READ_COILS if write.function == modbus.WRITE_COIL else modbus.READ_HOLDING_REGISTERS
        known = sorted(self.layout.functions & set(READS.values()), key=lambda one: (one != wanted, one))
        if known:
            self._exchange(bytes((self.unit,)) + modbus.Request(known[0], write.start, 1).encode())
            self._heard = True  # a refusal is an answer, too

    def _send(self, request: modbus.Request) -> None:
        """Send a write; the link sees to it that the reply answers it, or is an exception."""
        reply, _ = self._exchange(self._payload(request))
        if reply[1] != request.function:
            raise modbus.refusal(request, reply[2], self.name)
        if not self._heard and request.function not in _ECHOES:
            self._heard = True


def _see_wide(item: Declaration, register: Register) -> None:
    """Raise `TypeError` unless a statement can stand where one address holds 32 bits."""
    if register.form != "bit" and register.size != modbus.WIDE // modbus.REGISTER:
        raise TypeError(f"{item!r} stands where one address holds 32 bits, and has not so many")
    if register.table == "holding" and not isinstance(item, Reading | Flags):
        raise TypeError(f"{item!r} stands where one address holds 32 bits, which are only read")


MOST_SCANS: Final = 256
"""Combinations of declarations whose scans are kept."""
