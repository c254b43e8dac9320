"""Bytes a serial port received with a wrong parity or stop bit, where the system tells of them.

By termios such a byte comes as 255, 0 and itself, and a byte 255 that is right comes twice (PARMRK,
IEEE Std 1003.1, 11.2.2). Where there is no termios, nothing is marked.
"""

from __future__ import annotations

import os
import sys

from remotecal.drivers.links.wire import Serial

MARK = 0xFF


class Damaged(OSError):
    """A byte came with a wrong parity or stop bit: what it belongs to is no reply."""


def mark_errors(descriptor: int, settings: Serial) -> None:
    """Have wrong bytes marked, and see that the port took its settings.

    Raises:
        OSError: the port can't have the parity asked for.
    """
    if sys.platform == "win32":
        return
    import termios

    now = termios.tcgetattr(descriptor)
    if settings.parity != "N" and not now[2] & termios.PARENB and not _is_pseudo_terminal(descriptor):
        raise OSError(f"the port does not take its parity: it can't be set to {settings}")
    now[0] = (now[0] | termios.INPCK | termios.PARMRK) & ~(termios.IGNPAR | termios.ISTRIP)
    termios.tcsetattr(descriptor, termios.TCSANOW, now)


def _is_pseudo_terminal(descriptor: int) -> bool:
    """Tell whether there are no bits on a wire that could have a parity."""
    return sys.platform != "win32" and os.ttyname(descriptor).startswith(("/dev/pts/", "/dev/ttys"))


class Marks:
    """Takes the marks out of what a port received; what is cut off waits for its rest."""

    def __init__(self) -> None:
        self._rest = b""

    def plain(self, received: bytes) -> bytes:
        """Return the bytes as they were on the wire.

        >>> Marks().plain(bytes((1, 255, 255, 2))).hex(" ")
        '01 ff 02'

        Raises:
            Damaged: a byte was wrong; what came with it is discarded.
        """
        data, self._rest = self._rest + received, b""
        if MARK not in data:
            return data
        plain = bytearray()
        place = 0
        while (found := data.find(MARK, place)) >= 0:
            plain += data[place:found]
            mark = data[found : found + 3]
            if mark[1:2] == bytes((MARK,)):
                plain.append(MARK)
                place = found + 2
            elif len(mark) < len(b"\xff\0x"):
                self._rest = mark
                return bytes(plain)
            else:
                raise Damaged(f"a byte came with a wrong parity or stop bit (0x{mark[2]:02X})")
        return bytes(plain + data[place:])
