"""Instruments on Modbus: quantities in registers and coils."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import ClassVar, Final, NamedTuple, cast, get_args

from remotecal.clock import Clock
from remotecal.drivers.codecs import Form, Register, RegisterCodec, Table
from remotecal.drivers.contents import Content
from remotecal.drivers.declarations import Declaration, Held, declared
from remotecal.drivers.instrument import Again, Identity, Instrument, Obtained, known_serial
from remotecal.drivers.links import Link, identification, modbus
from remotecal.drivers.links.wire import Modbus, Order
from remotecal.drivers.quantities import Flags, Reading
from remotecal.errors import BenchError, ForbiddenCommand, ModbusRefusal

_READS: Final[dict[Table, int]] = {
    "coil": modbus.READ_COILS,
    "discrete": modbus.READ_DISCRETE_INPUTS,
    "holding": modbus.READ_HOLDING_REGISTERS,
    "input": modbus.READ_INPUT_REGISTERS,
}
_UNITS: Final = range(248)
"""Unit numbers on a serial line (MODBUS over serial line, 2.2)."""

_UNITS_ON_TCP: Final = range(256)
"""Behind Modbus TCP a device may have any, and 255 is the one that is no gateway's (MODBUS Messaging on
TCP/IP, 4.4.2)."""

_TRANSIENT: Final = frozenset({6, 10, 11})
"""Exceptions that may be over in a moment: busy, the gateway has no path, or got no answer."""

_TOO_MUCH: Final = frozenset({modbus.ILLEGAL_ADDRESS, modbus.ILLEGAL_VALUE})
"""Exceptions by which an instrument refuses a read that reaches beyond what it has in one piece."""

_ECHOES: Final = frozenset({modbus.WRITE_COIL, modbus.WRITE_REGISTER})
"""Functions whose reply is the request itself."""


Numbers = Callable[[bytes], tuple[float, ...]]
"""Takes the numbers out of a reply: unit, function, count of bytes, data."""


class Read(NamedTuple):
    """One request of a scan, and how its reply is understood."""

    request: modbus.Request
    pdu: bytes
    """The request, without the unit."""
    numbers: Numbers
    """Takes the parts' contents out of the reply."""
    parts: int
    """How many values it covers."""


class Scan(NamedTuple):
    """The fewest requests that read some declarations, and where each content then lies."""

    reads: tuple[Read, ...]
    places: tuple[tuple[tuple[int, int], ...], ...]
    """For each declaration, for each of its parts: which read, and which of its numbers."""
    codecs: tuple[RegisterCodec, ...]
    """How each declaration's parts are put together."""


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
    unit: int
    layout: Modbus
    """The wire, as this instrument is set."""
    _refused: frozenset[modbus.Request]
    """Reads over several registers that the instrument does not take in one piece."""
    _heard: bool
    """Something came back since the link was opened that can't be an echo."""

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
        units = _UNITS if link.address.lower().startswith("modbus+rtu") else _UNITS_ON_TCP
        if isinstance(unit, bool) or unit not in units:
            raise BenchError(f"{self.name}: Modbus units are numbered 0 to {units[-1]}, not {unit}")
        if order is not None and order not in get_args(Order):
            raise BenchError(f"{self.name}: bytes are in one of the orders {get_args(Order)}, not {order!r}")
        self.unit = unit
        self._refused = frozenset()
        self._heard = False
        counts_from = self.wire.manual_counts_from if manual_counts_from is None else manual_counts_from
        self.layout = replace(self.wire, order=order or self.wire.order, manual_counts_from=counts_from)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for item in declared(cls):
            for register in _codec(item).parts:
                if _READS[register.table] not in cls.wire.functions:
                    raise TypeError(
                        f"{item!r} needs function {_READS[register.table]}, {cls.__name__} lacks it"
                    )
                if not isinstance(item, Reading | Flags) and register in cls.forbidden:
                    raise TypeError(f"{item!r} lies where nothing may be written")

    def identify(self) -> Identity:
        """Ask who it is; what it can't say are its class's words.

        It is asked by device identification where it knows function 43, and for its reading
        `serial_number` where the driver states one.
        """
        told = self._told() if identification.FUNCTION in self.layout.functions else {}
        serial = ""
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
            reply, _ = self._exchange(bytes((self.unit,)) + identification.question(following))
            told = identification.understand(reply[1:])
            if told is None:
                raise ModbusRefusal(f"{self.name} does not say who it is by function 43", reply[2])
            objects |= told.objects
            following = told.following
        return objects

    def can_be_asked(self, declaration: Declaration) -> bool:
        return True

    def obtain(self, *declarations: Declaration) -> tuple[Obtained, ...]:
        scan, replies = self._scan(declarations)
        at = self.clock.now()
        numbers = [read.numbers(reply) for read, (reply, _) in zip(scan.reads, replies, strict=True)]
        return tuple(
            (
                codec.join(tuple([numbers[read][number] for read, number in places])),
                at,
                replies[places[0][0]][1],
            )
            for codec, places in zip(scan.codecs, scan.places, strict=True)
        )

    def _scan(self, declarations: tuple[Declaration, ...]) -> tuple[Scan, list[tuple[bytes, int | None]]]:
        """Read what declarations need; once refused in one piece it is read in smaller ones."""
        while True:
            scan = plan(self.layout, declarations, self._refused)
            replies: list[tuple[bytes, int | None]] = []
            for read in scan.reads:
                try:
                    replies.append(self._send(read.request, read.pdu))
                except ModbusRefusal as refusal:
                    if refusal.code not in _TOO_MUCH or read.parts == 1 or read.request in self._refused:
                        raise
                    self._refused |= {read.request}
                    break
            else:
                return scan, replies

    def place(self, declaration: Declaration, content: Content) -> None:
        codec = _codec(declaration)
        if not isinstance(codec, Register) or codec.table not in {"coil", "holding"}:
            raise ForbiddenCommand(f"{declaration!r} can't be set")
        (value,) = codec.split(float(content))
        request = self._write(codec, value)
        if request.function in _ECHOES and not self._heard:
            self._hear(request)
        self._send(request, request.encode())
        if isinstance(declaration, Held):
            self._placed[declaration] = content

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
        known = sorted(self.layout.functions & set(_READS.values()), key=lambda one: (one != wanted, one))
        if known:
            self._exchange(bytes((self.unit,)) + modbus.Request(known[0], write.start, 1).encode())
            self._heard = True  # a refusal is an answer, too

    def _send(self, request: modbus.Request, pdu: bytes) -> tuple[bytes, int | None]:
        """Send a request; the link sees to it that the reply answers it, or is an exception."""
        if request.function not in self.layout.functions:
            raise ForbiddenCommand(f"{self.name} has no Modbus function {request.function}: can't {request}")
        payload = bytes((self.unit,)) + pdu
        reply, exchange = self._exchange(payload)
        if reply[1] != request.function:
            reply, exchange = self._ask_again(request, payload, reply)
        if not self._heard and request.function not in _ECHOES:
            self._heard = True
        return reply, exchange

    def _ask_again(self, request: modbus.Request, payload: bytes, reply: bytes) -> tuple[bytes, int | None]:
        """Return the answer to a read refused for the moment only; raise any other refusal."""
        again, exchange = Again(self.pauses), None
        while reply[1] != request.function:
            passing = reply[2] in _TRANSIENT and request.function in _READS.values()
            if not (passing and again.wait()):
                raise modbus.refusal(request, reply[2], self.name)
            reply, exchange = self._exchange(payload)
        return reply, exchange


@lru_cache(maxsize=256)
def plan(
    wire: Modbus, declarations: tuple[Declaration, ...], refused: frozenset[modbus.Request] = frozenset()
) -> Scan:
    """Return the fewest reads that cover some declarations, as the instrument allows them.

    A read among the `refused` is done without what lies between the values, and, where it is refused
    so too, value by value.
    """
    reads: list[Read] = []
    found: dict[Register, tuple[int, int]] = {}
    wanted = dict.fromkeys(part for declaration in declarations for part in _codec(declaration).parts)
    for table, function in _READS.items():
        spans = {
            part: (part.number - wire.manual_counts_from, part.size) for part in wanted if part.table == table
        }
        for start, count in _spans(
            function, set(spans.values()), wire.longest_read, wire.longest_gap, refused
        ):
            inside = [
                part
                for part, (first, size) in spans.items()
                if start <= first and first + size <= start + count
            ]
            found |= {part: (len(reads), number) for number, part in enumerate(inside)}
            request = modbus.Request(function, start, count)
            parts: list[tuple[int, Form, Order]] = [
                (spans[part][0] - start, part.form, part.order or wire.order) for part in inside
            ]
            reads.append(
                Read(
                    request, request.encode(), _numbers(request, parts), len({spans[part] for part in inside})
                )
            )
    codecs = tuple(_codec(item) for item in declarations)
    return Scan(tuple(reads), tuple(tuple(found[part] for part in codec.parts) for codec in codecs), codecs)


def _spans(
    function: int, wanted: set[tuple[int, int]], longest: int, gap: int, refused: frozenset[modbus.Request]
) -> list[tuple[int, int]]:
    """Return (first address, count) of the reads that cover what is wanted of one table.

    What was refused is asked for without what nobody wants in it; that, where refused too, one by one.
    """
    spans: list[tuple[int, int]] = []
    for start, count in modbus.coalesce(wanted, gap, longest):
        if modbus.Request(function, start, count) not in refused:
            spans.append((start, count))
            continue
        inside = {span for span in wanted if start <= span[0] and sum(span) <= start + count}
        spans += _spans(function, inside, longest, 0, refused) if gap else sorted(inside)
    return spans


def _numbers(request: modbus.Request, parts: Sequence[tuple[int, Form, Order]]) -> Numbers:
    """Return what takes numbers out of the reply to a read.

    Args:
        request: the read.
        parts: for each number, how many items into the read it begins, its form, its bytes' order.
    """
    if request.function in {modbus.READ_COILS, modbus.READ_DISCRETE_INPUTS}:
        places = [offset for offset, *_ in parts]

        def bits(reply: bytes) -> tuple[float, ...]:
            states = modbus.unpack_bits(reply[DATA:], request.count)
            return tuple(states[place] for place in places)

        return bits
    fields = [
        (DATA + 2 * offset, modbus.unpacker(cast("modbus.Form", form), order))
        for offset, form, order in parts
    ]

    def registers(reply: bytes) -> tuple[float, ...]:
        return tuple([unpack(reply, place) for place, unpack in fields])

    return registers


DATA: Final = 3
"""Where data begin in the reply to a read: behind unit, function and count of bytes."""


def _codec(declaration: Declaration) -> RegisterCodec:
    return cast("RegisterCodec", declaration.wire)  # Instrument.__init_subclass__ saw to it
