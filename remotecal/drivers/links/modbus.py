"""Modbus requests, replies and numbers in registers, for whoever asks and for whoever answers.

Source: MODBUS Application Protocol Specification V1.1b3 (modbus.org); "section" refers to it. A
PDU is the function code and its data, without unit, checksum or header. Addresses count from 0,
as on the wire.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from remotecal.drivers.links import identification
from remotecal.drivers.links.wire import Order
from remotecal.errors import ConfigurationError, GarbledReply, ModbusRefusal

READ_COILS: Final = 1
READ_DISCRETE_INPUTS: Final = 2
READ_HOLDING_REGISTERS: Final = 3
READ_INPUT_REGISTERS: Final = 4
WRITE_COIL: Final = 5
WRITE_REGISTER: Final = 6
WRITE_COILS: Final = 15
WRITE_REGISTERS: Final = 16

LONGEST: Final[dict[int, int]] = {1: 2000, 2: 2000, 3: 125, 4: 125, 5: 1, 6: 1, 15: 1968, 16: 123}
"""Function codes, and how many items one request may touch (section 6)."""

ACTIONS: Final[dict[int, str]] = {
    1: "read coil",
    2: "read discrete input",
    3: "read holding register",
    4: "read input register",
    5: "write coil",
    6: "write register",
    15: "write coil",
    16: "write register",
}

EXCEPTIONS: Final[dict[int, str]] = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "server device failure",
    5: "acknowledge",
    6: "server device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target device failed to respond",
}
"""Exception codes (section 7)."""

ILLEGAL_FUNCTION: Final = 1
ILLEGAL_ADDRESS: Final = 2
ILLEGAL_VALUE: Final = 3

_REMEDIES: Final[dict[int, str]] = {
    1: "the driver uses a function the instrument doesn't have",
    2: "check the register map and what the manual counts from",
    3: "check the value against the instrument's limits and access rights",
    4: "look at the instrument's own diagnosis",
    5: "it is still at work: ask again later",
    6: "it is busy: ask again later",
    8: "its memory is faulty: have it serviced",
    10: "check the gateway's configuration",
    11: "check the unit number, wiring and power behind the gateway",
}

ADDRESSES: Final = 65536
REGISTER: Final = 2
"""Bytes of a register."""
WIDE: Final = 4
"""Bytes of what one address holds in maps after Enron, which the standard knows nothing of."""
COIL_ON: Final = 0xFF00
_EXCEPTION_BIT: Final = 0x80
_BITS: Final = frozenset({1, 2, 5, 15})
_READS: Final = frozenset({1, 2, 3, 4})
REGISTER_READS: Final = frozenset({3, 4})
EXCEPTION_SIZE: Final = 2


@dataclass(frozen=True, slots=True)
class Request:
    """One question or order: a function code, the items it touches, and what to write into them.

    Raises:
        ConfigurationError: the function code is unknown, or the items are more than one request
            may touch, or lie beyond the last address, or a value does not fit a register.
    """

    function: int
    start: int
    count: int
    values: tuple[int, ...] = ()
    """Registers' contents, or 0 and 1 for coils; empty when reading."""

    def __post_init__(self) -> None:
        longest = LONGEST.get(self.function)
        if longest is None:
            raise ConfigurationError(
                f"Modbus function {self.function} is not served; known are {sorted(LONGEST)}"
            )
        if not (1 <= self.count <= longest and 0 <= self.start <= ADDRESSES - self.count):
            raise ConfigurationError(
                f"Modbus function {self.function} reaches 1 to {longest} items within addresses 0 to 65535, "
                f"not {self.count} from {self.start}"
            )
        if len(self.values) != (0 if self.function in _READS else self.count):
            raise ConfigurationError(f"{self} carries {len(self.values)} values")
        largest = 1 if self.function in _BITS else 0xFFFF
        if self.values and not (min(self.values) >= 0 and max(self.values) <= largest):
            raise ConfigurationError(f"{self}: a value in {self.values} does not fit")

    def __str__(self) -> str:
        span = f"{self.start}" if self.count == 1 else f"s {self.start} to {self.start + self.count - 1}"
        return f"{ACTIONS[self.function]}{'' if self.count > 1 else ' '}{span}"

    def encode(self) -> bytes:
        """Return the request PDU (sections 6.1 to 6.6, 6.11, 6.12)."""
        function, values = self.function, self.values
        if function in _READS:
            return struct.pack(">BHH", function, self.start, self.count)
        if function == WRITE_COIL:
            return struct.pack(">BHH", function, self.start, COIL_ON if values[0] else 0)
        if function == WRITE_REGISTER:
            return struct.pack(">BHH", function, self.start, values[0])
        data = pack_bits(values) if function == WRITE_COILS else struct.pack(f">{self.count}H", *values)
        return struct.pack(">BHHB", function, self.start, self.count, len(data)) + data

    @classmethod
    def decode(cls, pdu: bytes) -> Request:
        """Read a request PDU, as the instrument does.

        Raises:
            ModbusRefusal: it can't be served; answer with `exception(pdu[0], refusal.code)`.
        """
        function = pdu[0]
        if function not in LONGEST:
            raise ModbusRefusal(f"function {function} is not served", ILLEGAL_FUNCTION)
        try:
            start, count = struct.unpack_from(">HH", pdu, 1)
            values, size = _written(function, count, pdu)
            count = 1 if function in {WRITE_COIL, WRITE_REGISTER} else count
            if size != len(pdu):
                raise ModbusRefusal(f"function {function} has {size} bytes, not {len(pdu)}", ILLEGAL_VALUE)
            if 0 < count <= LONGEST[function] and start + count > ADDRESSES:
                raise ModbusRefusal(f"there is nothing beyond {ADDRESSES - 1}", ILLEGAL_ADDRESS)
            return cls(function, start, count, values)
        except (struct.error, ConfigurationError) as error:
            raise ModbusRefusal(str(error), ILLEGAL_VALUE) from error


def _written(function: int, word: int, pdu: bytes) -> tuple[tuple[int, ...], int]:
    """Return the values a request PDU carries and the bytes it must have."""
    if function == WRITE_COIL:
        if word not in {0, COIL_ON}:
            raise ModbusRefusal(f"a coil is set by 0x0000 or 0xFF00, not 0x{word:04X}", ILLEGAL_VALUE)
        return (int(word == COIL_ON),), 5
    if function == WRITE_REGISTER:
        return (word,), 5
    if function in _READS:
        return (), 5
    size = (word + 7) // 8 if function == WRITE_COILS else 2 * word
    if pdu[5:6] != bytes((size & 0xFF,)):
        raise ModbusRefusal(f"{word} values take {size} bytes", ILLEGAL_VALUE)
    if function == WRITE_COILS:
        return unpack_bits(pdu[6:], word), 6 + size
    return struct.unpack_from(f">{word}H", pdu, 6), 6 + size


def reply(request: Request, values: Sequence[int] = ()) -> bytes:
    """Return the PDU that answers a request; `values` are what was read, none for a write."""
    if request.function not in _READS:
        return request.encode()[:5]
    if len(values) != request.count:
        raise ConfigurationError(f"{request} is answered by {request.count} values, not {len(values)}")
    bits = request.function in _BITS
    data = pack_bits(values) if bits else struct.pack(f">{request.count}H", *values)
    return bytes((request.function, len(data))) + data


def exception(function: int, code: int) -> bytes:
    """Return the PDU that refuses a request (section 7)."""
    return bytes((function | _EXCEPTION_BIT, code))


def understand(request: Request, pdu: bytes, name: str) -> tuple[int, ...]:
    """Return the values a reply PDU carries: registers, or 0 and 1; none for a write.

    Args:
        request: what was asked.
        pdu: what came back, without the unit.
        name: whom it was asked.

    Raises:
        ModbusRefusal: the instrument answered by an exception.
        GarbledReply: the reply belongs to another request.
    """
    count = request.count
    if pdu[0] == request.function in REGISTER_READS and len(pdu) - 2 == pdu[1] == 2 * count:
        return struct.unpack_from(f">{count}H", pdu, 2)  # the common case at once: scans consist of it
    if pdu[0] == request.function | _EXCEPTION_BIT and len(pdu) == EXCEPTION_SIZE:
        raise refusal(request, pdu[1], name)
    fault = mismatch(request.encode(), pdu)
    if fault:
        raise GarbledReply(f"{name}: {request} was answered by {pdu.hex(' ')}: {fault}")
    return unpack_bits(pdu[2:], count) if request.function in _READS else ()


def refusal(request: Request, code: int, name: str) -> ModbusRefusal:
    """Return the error that says what an instrument refused, by the exception's name."""
    written = f" with {', '.join(map(str, request.values))}" if request.values else ""
    meaning = EXCEPTIONS.get(code, "a code the standard doesn't know")
    remedy = _REMEDIES.get(code, "see the instrument's manual")
    text = f"{name} refused to {request}{written}: {meaning} (exception {code}); {remedy}"
    return ModbusRefusal(text, code)


def describe(payload: bytes) -> str:
    """Say in words what unit and request PDU `payload` ask."""
    if identification.is_question(payload[1:]):
        return f"unit {payload[0]}: read device identification"
    try:
        return f"unit {payload[0]}: {Request.decode(payload[1:])}"
    except (ModbusRefusal, IndexError):
        return payload.hex(" ")


def mismatch(request: bytes, answer: bytes, width: int = REGISTER) -> str:
    """Tell why a reply PDU does not answer a request PDU; "" if it does.

    Args:
        request: what was asked.
        answer: what came back.
        width: bytes of what one address holds, where registers are read.
    """
    function = request[0]
    if answer[0] == identification.FUNCTION == function:
        return "" if identification.understand(answer) else "this is no device identification"
    if answer[0] == function | _EXCEPTION_BIT:
        return "" if len(answer) == EXCEPTION_SIZE else f"an exception has {EXCEPTION_SIZE} bytes"
    if answer[0] != function:
        return f"function {answer[0]} answers function {function}"
    if function not in _READS:
        return "" if answer == request[:5] else "a write is answered by its own address and value or count"
    count = request[3] << 8 | request[4]
    size = (count + 7) // 8 if function in _BITS else width * count
    if len(answer) != size + 2 or answer[1] != size:
        return f"{size} bytes of data were asked for, {len(answer) - 2} came"
    return ""


def pack_bits(values: Sequence[int]) -> bytes:
    """Pack 0 and 1 into bytes, the first into the least significant bit (section 6.1)."""
    number = sum(1 << place for place, value in enumerate(values) if value)
    return number.to_bytes((len(values) + 7) // 8, "little")


def unpack_bits(data: bytes, count: int) -> tuple[int, ...]:
    """Return the first `count` bits of `data` as 0 and 1."""
    number = int.from_bytes(data, "little")
    return tuple(number >> place & 1 for place in range(count))


Form = Literal["u16", "i16", "u32", "i32", "u64", "f32", "f64"]

CODES: Final[dict[Form, str]] = dict(zip(get_args(Form), "HhIiQfd", strict=True))
"""Forms, as `struct` calls them."""

_NUMBERS: Final[dict[Form, struct.Struct]] = {form: struct.Struct(">" + code) for form, code in CODES.items()}
_WORDS: Final = {direction: {n: struct.Struct(f"{direction}{n}H") for n in (1, 2, 4)} for direction in "><"}
_LAYOUTS: Final[dict[Order, tuple[dict[int, struct.Struct], bool]]] = {
    "ABCD": (_WORDS[">"], False),
    "CDAB": (_WORDS[">"], True),
    "BADC": (_WORDS["<"], False),
    "DCBA": (_WORDS["<"], True),
}
"""Of each order, how the bytes lie within registers, and whether the low register comes first."""


def unpack(words: Sequence[int], form: Form, order: Order = "ABCD") -> float:
    """Return the number that registers hold (an int where `form` is one).

    Args:
        words: the registers, in the order of their addresses; as many as the form has.
        form: u16, i16, u32, i32, u64, f32 or f64.
        order: CDAB reverses the registers, BADC the bytes in each, DCBA both; so a number of 64
            bits is reversed as a whole too.

    >>> round(unpack((0x0A11, 0x42C5), "f32", "CDAB"), 4)
    98.5197
    """
    packers, low_first = _LAYOUTS[order]
    data = packers[len(words)].pack(*(words[::-1] if low_first else words))
    number: float = _NUMBERS[form].unpack(data)[0]
    return number


def significance(size: int, order: Order) -> list[int]:
    """Return the places of a number's bytes in its registers, the most significant one first.

    >>> significance(4, "CDAB")
    [2, 3, 0, 1]
    """
    packers, low_first = _LAYOUTS[order]
    words = packers[size // 2].unpack(bytes(range(size)))
    return list(b"".join(word.to_bytes(2, "big") for word in (words[::-1] if low_first else words)))


def pack(number: float, form: Form, order: Order = "ABCD") -> tuple[int, ...]:
    """Return the registers that hold a number; the inverse of `unpack`.

    Raises:
        ConfigurationError: the number does not fit the form.
    """
    try:
        data = _NUMBERS[form].pack(number)
    except (struct.error, OverflowError) as error:
        raise ConfigurationError(f"{number!r} does not fit into {form} registers: {error}") from error
    packers, low_first = _LAYOUTS[order]
    words = packers[len(data) // 2].unpack(data)
    return words[::-1] if low_first else words


def coalesce(spans: Iterable[tuple[int, int]], longest_gap: int, longest_read: int) -> list[tuple[int, int]]:
    """Join spans of registers into as few reads as allowed.

    Args:
        spans: (first address, count) of what is wanted; they may overlap.
        longest_gap: registers between two spans that may be read along.
        longest_read: registers one read may have.

    Returns:
        (first address, count) of the reads, by address; each span lies within one of them.

    Raises:
        ConfigurationError: a span is longer than one read.
    """
    reads: list[tuple[int, int]] = []
    for start, count in sorted(spans):
        if not 0 < count <= longest_read:
            raise ConfigurationError(
                f"{count} registers from {start} can't be read at once: 1 to {longest_read} can"
            )
        if reads:
            first, length = reads[-1]
            joined = max(first + length, start + count) - first
            if start - (first + length) <= longest_gap and joined <= longest_read:
                reads[-1] = (first, joined)
                continue
        reads.append((start, count))
    return reads
