"""Scans: the fewest Modbus requests that read some declarations, and where each content then lies."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from remotecal.drivers.links import modbus

if TYPE_CHECKING:
    from remotecal.drivers.codecs import Register, RegisterCodec, Table
    from remotecal.drivers.declarations import Declaration
    from remotecal.drivers.links.wire import Modbus, Order

READS: Final[dict[Table, int]] = {
    "coil": modbus.READ_COILS,
    "discrete": modbus.READ_DISCRETE_INPUTS,
    "holding": modbus.READ_HOLDING_REGISTERS,
    "input": modbus.READ_INPUT_REGISTERS,
}
"""By which function a table is read."""

Numbers = Callable[[bytes], tuple[float, ...]]
"""Takes the numbers out of a reply: unit, function, count of bytes, data."""


class Placed(NamedTuple):
    """A number that a read covers."""

    offset: int
    """Registers, or coils, into the read at which it begins."""
    form: modbus.Form
    order: Order


@dataclass(frozen=True, slots=True)
class Read:
    """One request of a scan, and how its reply is understood."""

    request: modbus.Request
    numbers: Numbers
    """Takes the parts' contents out of the reply."""
    parts: int
    """How many values it covers."""


@dataclass(frozen=True, slots=True)
class Scan:
    """The fewest requests that read some declarations, and where each content then lies."""

    reads: tuple[Read, ...]
    places: tuple[tuple[RegisterCodec | None, tuple[int, ...]], ...]
    """For each declaration, which of all numbers its parts are, and what puts them together; None where its
    one number is its content."""
    read_in: tuple[int, ...]
    """For each declaration, the read it lies in; the first, where it lies in several."""

    def contents(self, replies: Iterable[bytes]) -> list[float]:
        """Return each declaration's content from the replies to the reads."""
        found: list[float] = []
        for read, reply in zip(self.reads, replies, strict=True):
            found += read.numbers(reply)
        return [
            found[numbers[0]] if codec is None else codec.join(tuple([found[number] for number in numbers]))
            for codec, numbers in self.places
        ]


def plan(
    wire: Modbus, declarations: tuple[Declaration, ...], refused: frozenset[modbus.Request] = frozenset()
) -> Scan:
    """Return the fewest reads that cover some declarations, as the instrument allows them.

    A read among the `refused` is done without what lies between the values, and, where it is refused
    so too, value by value.
    """
    reads: list[Read] = []
    found: dict[Register, tuple[int, int]] = {}
    wanted = dict.fromkeys(part for item in declarations for part in codec_of(item).parts)
    for function, words, spans in _tables(wire, wanted):
        longest = wire.longest_read // words
        for start, count in _spans(function, set(spans.values()), longest, wire.longest_gap, refused):
            inside = [part for part, (first, size) in spans.items() if start <= first <= start + count - size]
            inside.sort(key=lambda part: spans[part])
            for part in inside:
                found[part] = len(found), len(reads)
            parts = [
                Placed(
                    words * (spans[part][0] - start), cast("modbus.Form", part.form), part.order or wire.order
                )
                for part in inside
            ]
            request = modbus.Request(function, start, count)
            reads.append(Read(request, numbers_of(request, parts), len({spans[part] for part in inside})))
    codecs = [codec_of(item) for item in declarations]
    return Scan(
        tuple(reads),
        tuple(
            (None if codec.is_plain else codec, tuple(found[part][0] for part in codec.parts))
            for codec in codecs
        ),
        tuple(found[codec.parts[0]][1] for codec in codecs),
    )


def _tables(
    wire: Modbus, wanted: Iterable[Register]
) -> Iterator[tuple[int, int, dict[Register, tuple[int, int]]]]:
    """Yield what is read by itself: function, registers at an address, (address, count) of each part."""
    for table, function in READS.items():
        starts = {part: part.number - wire.manual_counts_from for part in wanted if part.table == table}
        wide = {part: (at, 1) for part, at in starts.items() if part.form != "bit" and wire.is_wide(at)}
        yield function, 1, {part: (at, part.size) for part, at in starts.items() if part not in wide}
        if wide:
            yield function, modbus.WIDE // modbus.REGISTER, wide


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


def numbers_of(request: modbus.Request, parts: Sequence[Placed]) -> Numbers:
    """Return what takes the parts of a read out of its reply, in one go."""
    if request.function in {modbus.READ_COILS, modbus.READ_DISCRETE_INPUTS}:
        places = [part.offset for part in parts]

        def bits(reply: bytes) -> tuple[float, ...]:
            states = modbus.unpack_bits(reply[DATA:], request.count)
            return tuple([states[place] for place in places])

        return bits
    form = struct.Struct(">" + "".join(modbus.CODES[part.form] for part in parts))
    wanted = [place for part in parts for place in _places(part)]
    if wanted == list(range(DATA, DATA + form.size)):
        return lambda reply: form.unpack_from(reply, DATA)
    turned: Callable[[bytes], tuple[int, ...]] = itemgetter(*wanted)

    def registers(reply: bytes) -> tuple[float, ...]:
        return form.unpack(bytes(turned(reply)))

    return registers if len(wanted) > 1 else lambda reply: form.unpack(reply[wanted[0] : wanted[0] + 1])


def _places(part: Placed) -> list[int]:
    """Return where in a reply the bytes of a number lie, the most significant one first."""
    begin = DATA + 2 * part.offset
    bytes_ = list(range(begin, begin + struct.calcsize(">" + modbus.CODES[part.form])))
    return [bytes_[place] for place in modbus.significance(len(bytes_), part.order)]


DATA: Final = 3
"""Where data begin in the reply to a read: behind unit, function and count of bytes."""


def codec_of(declaration: Declaration) -> RegisterCodec:
    """Return where a declaration of an instrument on Modbus lives."""
    return cast("RegisterCodec", declaration.wire)  # Instrument.__init_subclass__ saw to it
