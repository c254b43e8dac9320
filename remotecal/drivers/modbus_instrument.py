"""Instruments on Modbus: quantities in registers and coils."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import ClassVar, Final, NamedTuple, cast, get_args

from remotecal.clock import Clock
from remotecal.drivers.codecs import Form, Register, RegisterCodec, Table
from remotecal.drivers.instrument import Instrument, Obtained
from remotecal.drivers.links import Link, modbus
from remotecal.drivers.links.wire import Modbus, Order
from remotecal.drivers.quantities import Action, Content, Declaration, Flags, Reading, declared
from remotecal.errors import BenchError, ForbiddenCommand

_READS: Final[dict[Table, int]] = {
    "coil": modbus.READ_COILS,
    "discrete": modbus.READ_DISCRETE_INPUTS,
    "holding": modbus.READ_HOLDING_REGISTERS,
    "input": modbus.READ_INPUT_REGISTERS,
}
_UNITS: Final = range(248)
"""Unit numbers: 0 to 247 (MODBUS over serial line, 2.2)."""


Numbers = Callable[[bytes], tuple[float, ...]]
"""Takes the numbers out of a reply: unit, function, count of bytes, data."""


class Read(NamedTuple):
    """One request of a scan, and how its reply is understood."""

    request: modbus.Request
    pdu: bytes
    """The request, without the unit."""
    numbers: Numbers
    """Takes the parts' contents out of the reply."""


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
        unit: its number on the bus.
        order: order of bytes, for an instrument that is set otherwise than its driver says.
        manual_counts_from: what its manual counts registers from, where the driver has it wrong.
    """

    wire: ClassVar[Modbus] = Modbus()
    forbidden: ClassVar[tuple[Register, ...]] = ()
    """Registers and coils that must never be written; a driver that declares one can't be made."""
    unit: int
    layout: Modbus
    """The wire, as this instrument is set."""

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
        if unit not in _UNITS:
            raise BenchError(f"{self.name}: Modbus units are numbered 0 to 247, not {unit}")
        if order is not None and order not in get_args(Order):
            raise BenchError(f"{self.name}: bytes are in one of the orders {get_args(Order)}, not {order!r}")
        self.unit = unit
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

    def can_be_asked(self, declaration: Declaration) -> bool:
        return True

    def obtain(self, *declarations: Declaration) -> tuple[Obtained, ...]:
        scan = plan(self.layout, declarations)
        replies = [self._send(read.request, read.pdu) for read in scan.reads]
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

    def place(self, declaration: Declaration, content: Content) -> None:
        codec = _codec(declaration)
        if not isinstance(codec, Register) or codec.table not in {"coil", "holding"}:
            raise ForbiddenCommand(f"{declaration!r} can't be set")
        (value,) = codec.split(float(content))
        request = self._write(codec, value)
        self._send(request, request.encode())
        if not isinstance(declaration, Action):
            self._placed[declaration] = content

    def _write(self, register: Register, value: float) -> modbus.Request:
        start = register.number - self.layout.manual_counts_from
        if register.table == "coil":
            return modbus.Request(modbus.WRITE_COIL, start, 1, (int(value),))
        words = modbus.pack(value, cast("modbus.Form", register.form), self.layout.order)
        single = len(words) == 1 and modbus.WRITE_REGISTER in self.layout.functions
        return modbus.Request(
            modbus.WRITE_REGISTER if single else modbus.WRITE_REGISTERS, start, len(words), words
        )

    def _send(self, request: modbus.Request, pdu: bytes) -> tuple[bytes, int | None]:
        """Send a request; the link sees to it that the reply answers it, or is an exception."""
        if request.function not in self.layout.functions:
            raise ForbiddenCommand(f"{self.name} has no Modbus function {request.function}: can't {request}")
        reply, exchange = self._exchange(bytes((self.unit,)) + pdu)
        if reply[1] != request.function:
            raise modbus.refusal(request, reply[2], self.name)
        return reply, exchange


@lru_cache(maxsize=256)
def plan(wire: Modbus, declarations: tuple[Declaration, ...]) -> Scan:
    """Return the fewest reads that cover some declarations, as the instrument allows them."""
    reads: list[Read] = []
    found: dict[Register, tuple[int, int]] = {}
    wanted = dict.fromkeys(part for declaration in declarations for part in _codec(declaration).parts)
    for table, function in _READS.items():
        spans = {
            part: (part.number - wire.manual_counts_from, part.size) for part in wanted if part.table == table
        }
        for start, count in modbus.coalesce(spans.values(), wire.longest_gap, wire.longest_read):
            inside = [
                part
                for part, (first, size) in spans.items()
                if start <= first and first + size <= start + count
            ]
            found |= {part: (len(reads), number) for number, part in enumerate(inside)}
            request = modbus.Request(function, start, count)
            parts: list[tuple[int, Form]] = [(spans[part][0] - start, part.form) for part in inside]
            reads.append(Read(request, request.encode(), _numbers(request, parts, wire.order)))
    codecs = tuple(_codec(item) for item in declarations)
    return Scan(tuple(reads), tuple(tuple(found[part] for part in codec.parts) for codec in codecs), codecs)


def _numbers(request: modbus.Request, parts: Sequence[tuple[int, Form]], order: Order) -> Numbers:
    """Return what takes numbers out of the reply to a read.

    Args:
        request: the read.
        parts: for each number, how many items into the read it begins, and its form.
        order: of the bytes in numbers.
    """
    if request.function in {modbus.READ_COILS, modbus.READ_DISCRETE_INPUTS}:
        places = [offset for offset, _ in parts]

        def bits(reply: bytes) -> tuple[float, ...]:
            states = modbus.unpack_bits(reply[DATA:], request.count)
            return tuple(states[place] for place in places)

        return bits
    fields = [
        (DATA + 2 * offset, modbus.unpacker(cast("modbus.Form", form), order)) for offset, form in parts
    ]

    def registers(reply: bytes) -> tuple[float, ...]:
        return tuple([unpack(reply, place) for place, unpack in fields])

    return registers


DATA: Final = 3
"""Where data begin in the reply to a read: behind unit, function and count of bytes."""


def _codec(declaration: Declaration) -> RegisterCodec:
    return cast("RegisterCodec", declaration.wire)  # Instrument.__init_subclass__ saw to it
