"""How bytes are wrapped on the way to an instrument, as its manual states it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from remotecal.errors import BenchError

Order = Literal["ABCD", "CDAB", "BADC", "DCBA"]
"""Order of the bytes of a number on the wire, A being the most significant of a 32-bit one."""

Parity = Literal["N", "E", "O"]
Flow = Literal["none", "xonxoff", "rtscts"]


@dataclass(frozen=True, slots=True)
class Serial:
    """The settings of a serial port.

    Raises:
        BenchError: no port can be set so.
    """

    baud: int = 9600
    """Bits per second."""
    bits: int = 8
    """Data bits, 5 to 8."""
    parity: Parity = "N"
    """None, even or odd."""
    stop: float = 1
    """Stop bits: 1, 1.5 or 2."""
    flow: Flow = "none"
    """Handshake."""

    def __post_init__(self) -> None:
        allowed = {
            "baud": isinstance(self.baud, int) and self.baud > 0,
            "bits": self.bits in {5, 6, 7, 8},
            "parity": self.parity in get_args(Parity),
            "stop": self.stop in {1, 1.5, 2},
            "flow": self.flow in get_args(Flow),
        }
        for setting, is_allowed in allowed.items():
            if not is_allowed:
                raise BenchError(
                    f"{setting} = {getattr(self, setting)!r} is no serial port setting: baud is a whole "
                    "number of bit/s, bits 5 to 8, parity N, E or O, stop 1, 1.5 or 2, "
                    "flow none, xonxoff or rtscts"
                )

    def __str__(self) -> str:
        flow = "" if self.flow == "none" else f" {self.flow}"
        return f"{self.baud} {self.bits}{self.parity}{self.stop:g}{flow}"

    @property
    def character(self) -> float:
        """Seconds one character takes, with its start, parity and stop bits."""
        return (1 + self.bits + (self.parity != "N") + self.stop) / self.baud


@dataclass(frozen=True, slots=True)
class Line:
    """A dialogue in lines of text: one line asks, one line answers."""

    ending: str = "\n"
    """What ends a line that is sent."""
    reply_ending: str | None = None
    """What ends a reply; None means the same as `ending`."""
    slowest_reply: float = 2.0
    """Seconds after which a reply is no longer expected."""
    pause: float = 0.0
    """Seconds of silence the instrument needs between a reply and the next request."""
    warm_up: float = 0.0
    """Seconds after connecting before the instrument listens."""
    greeting: str = ""
    """What the instrument says last on its own when a connection is made, its line's ending included;
    it is awaited and left aside."""
    echo: bool = False
    """The instrument, or the adapter, sends every line back before it answers."""
    ask_again: tuple[str, ...] = ()
    """Replies by which it says that it can't answer a question just now; it is then asked again."""
    blocks: bool = False
    """Replies may be blocks of bytes with their length in front (IEEE 488.2, 8.7.9), or, where the
    carrier delivers whole messages, without (8.7.10)."""
    serial: Serial = field(default_factory=Serial)
    """Settings of the port as the instrument leaves the factory."""
    encoding: str = "ascii"
    """How text stands on the wire, both ways; a reply that can't be read so is no reply."""
    reply_size: int = 65536
    """Bytes beyond which a reply is no reply."""
    lengths: tuple[int, int] | None = None
    """Bytes of every request and of every reply, where these are frames that nothing ends; `ending` is ""."""

    def __post_init__(self) -> None:
        try:
            "".join((self.ending, self.reply_ending or "", self.greeting)).encode(self.encoding)
        except (LookupError, UnicodeEncodeError) as error:
            raise ValueError(f"encoding = {self.encoding!r}: {error}") from None


@dataclass(frozen=True, slots=True)
class ByHand(Line):
    """A dialogue with a person, who reads and sets an instrument that has no interface.

    A line asks and a line answers, as in any dialogue of lines; but a person takes the time they need.
    """

    encoding: str = "utf-8"
    """A person's words; numbers, units and states are in ASCII, whatever was typed."""


@dataclass(frozen=True, slots=True)
class Modbus:
    """Modbus as one instrument speaks it."""

    order: Order = "ABCD"
    """Order of bytes in numbers of more than one register."""
    manual_counts_from: int = 0
    """The number the manual gives to the register whose address on the wire is 0."""
    slowest_reply: float = 1.0
    """Seconds after which a reply is no longer expected."""
    pause: float = 0.0
    """Seconds of silence the instrument needs between a reply and the next request."""
    warm_up: float = 0.0
    """Seconds after connecting before the instrument listens."""
    echo: bool = False
    """The adapter of a serial line, or of a gateway's, sends every request back before the answer."""
    outstanding: int = 1
    """Requests the instrument takes on Modbus TCP before the first is answered; a scan sends so many at once.
    One, unless its manual says more (MODBUS Messaging on TCP/IP, 4.4.1.2: 1 to 16)."""
    own_numbers: bool = False
    """A Modbus TCP gateway answers with transaction numbers of its own: replies can't be told apart by
    them, and the connection is renewed after each exchange that failed."""
    serial: Serial = field(default_factory=Serial)
    """Settings of the port as the instrument leaves the factory."""
    functions: frozenset[int] = frozenset({1, 2, 3, 4, 5, 6, 15, 16})
    """Function codes the instrument knows; others are never sent. One that knows 43 is asked by it who
    it is."""
    longest_read: int = 125
    """Registers the instrument gives in one reply."""
    longest_gap: int = 8
    """Registers in between that are worth reading along to save a request."""
    wide: tuple[tuple[int, int], ...] = ()
    """First and last address, on the wire, of registers that hold 32 bits at one address each, as in maps
    after Enron: so many are asked for, and four bytes come for each. They are read, and never written."""

    def is_wide(self, address: int) -> bool:
        """Tell whether a register's address holds 32 bits."""
        return any(first <= address <= last for first, last in self.wide)
