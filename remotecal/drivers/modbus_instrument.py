"""Instruments on Modbus: quantities in registers and coils."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import ClassVar, Final, NamedTuple, cast, get_args

from remotecal.clock import Clock
from remotecal.drivers.codecs import Register, RegisterCodec, Table
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


class Place(NamedTuple):
    """Where one register's content is found among the replies of a scan."""

    read: int
    """Which of the scan's reads."""
    offset: int
    """Which item of that read comes first."""
    register: Register


class Scan(NamedTuple):
    """The fewest requests that read some declarations, and where each content then lies."""

    reads: tuple[modbus.Request, ...]
    places: tuple[tuple[Place, ...], ...]
    """For each declaration, its parts."""


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
        replies = [self._request(read) for read in scan.reads]
        at = self.clock.now()
        return tuple(
            (
                _codec(declaration).join(tuple(self._content(place, replies) for place in places)),
                at,
                replies[places[0].read][1],
            )
            for declaration, places in zip(declarations, scan.places, strict=True)
        )

    def place(self, declaration: Declaration, content: Content) -> None:
        codec = _codec(declaration)
        if not isinstance(codec, Register) or codec.table not in {"coil", "holding"}:
            raise ForbiddenCommand(f"{declaration!r} can't be set")
        (value,) = codec.split(float(content))
        self._request(self._write(codec, value))
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

    def _content(self, place: Place, replies: list[tuple[tuple[int, ...], int | None]]) -> float:
        values = replies[place.read][0]
        register = place.register
        if register.form == "bit":
            return values[place.offset]
        words = values[place.offset : place.offset + register.size]
        return modbus.unpack(words, register.form, self.layout.order)

    def _request(self, request: modbus.Request) -> tuple[tuple[int, ...], int | None]:
        if request.function not in self.layout.functions:
            raise ForbiddenCommand(f"{self.name} has no Modbus function {request.function}: can't {request}")
        reply, exchange = self._exchange(bytes((self.unit,)) + request.encode())
        return modbus.understand(request, reply[1:], self.name), exchange


@lru_cache(maxsize=256)
def plan(wire: Modbus, declarations: tuple[Declaration, ...]) -> Scan:
    """Return the fewest reads that cover some declarations, as the instrument allows them."""
    reads: list[modbus.Request] = []
    found: dict[Register, Place] = {}
    wanted = [part for declaration in declarations for part in _codec(declaration).parts]
    for table, function in _READS.items():
        spans = {
            part: (part.number - wire.manual_counts_from, part.size) for part in wanted if part.table == table
        }
        for start, count in modbus.coalesce(spans.values(), wire.longest_gap, wire.longest_read):
            for part, (first, size) in spans.items():
                if start <= first and first + size <= start + count:
                    found[part] = Place(len(reads), first - start, part)
            reads.append(modbus.Request(function, start, count))
    places = tuple(tuple(found[part] for part in _codec(item).parts) for item in declarations)
    return Scan(tuple(reads), places)


def _codec(declaration: Declaration) -> RegisterCodec:
    return cast("RegisterCodec", declaration.wire)  # Instrument.__init_subclass__ saw to it
