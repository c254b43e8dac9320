"""Modbus ASCII: frames in hexadecimal characters, as many meters speak it when they leave the factory."""

from __future__ import annotations

from remotecal.drivers.links.framing import ModbusFraming, Nonsense, without_echo
from remotecal.drivers.links.wire import Modbus

ENDING = b"\r\n"

LONGEST = 513
"""Characters of the longest frame (MODBUS over Serial Line V1.02, 2.5.2.1)."""


class AsciiFraming(ModbusFraming):
    """Modbus ASCII, on a serial port or through a TCP gateway that passes its frames on."""

    numbered = False

    def __init__(self, wire: Modbus) -> None:
        super().__init__(wire)
        self.echoes = wire.echo

    def wrap(self, request: bytes) -> bytes:
        self.permit(request)
        return frame(request)

    def unwrap(self, received: bytes, request: bytes) -> bytes | None:
        if self.echoes:
            received = without_echo(received, self.wrap(request))
        if received and not received.startswith(b":"):
            raise Nonsense("it does not begin with a colon (is it set to Modbus RTU?)")
        inside, ending, rest = received.partition(ENDING)
        if rest:
            raise Nonsense(f"{len(rest)} bytes follow a frame (does the adapter echo?)")
        if len(inside) > LONGEST:
            raise Nonsense(f"it is longer than {LONGEST} characters")
        return self.check(request, content(inside)) if ending else None

    def show(self, received: bytes) -> str:
        return repr(received)


def frame(payload: bytes) -> bytes:
    r"""Return what stands on the wire for unit and PDU.

    >>> frame(bytes.fromhex("01 03 00 00 00 0A"))
    b':01030000000AF2\r\n'
    """
    return b":" + (payload + checksum(payload)).hex().upper().encode() + ENDING


def content(inside: bytes) -> bytes:
    """Return unit and PDU of a frame without its ending.

    Raises:
        Nonsense: it is none, or its checksum is wrong.
    """
    try:
        found = bytes.fromhex(inside[1:].decode("ascii"))
    except ValueError:
        raise Nonsense("what follows the colon is not hexadecimal") from None
    if len(found) < SHORTEST or b" " in inside:
        raise Nonsense("it is shorter than any reply, or has blanks in it")
    if checksum(found[:-1]) != found[-1:]:
        raise Nonsense("its checksum is wrong")
    return found[:-1]


SHORTEST = 4
"""Bytes of the shortest frame: unit, function, exception, checksum."""


def checksum(data: bytes) -> bytes:
    """Return the LRC of a frame: what brings the sum of its bytes to 0 (6.2.1).

    >>> checksum(bytes.fromhex("01 03 00 00 00 0A")).hex()
    'f2'
    """
    return bytes((-sum(data) & 0xFF,))
