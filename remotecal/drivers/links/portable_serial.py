"""Serial ports where they are no files, through pyserial alone: Windows."""

from __future__ import annotations

import serial

from remotecal.drivers.links.streams import PATIENCE, stay_silent
from remotecal.drivers.links.wire import Serial


class PortableSerialStream:
    """A serial port, for this process alone; see `Stream`."""

    renewable = False

    def __init__(self, device: str, settings: Serial) -> None:
        self.advice = f"Check that it is on, the cable at {device}, and that it is set to {settings} too."
        self._port = serial.Serial(
            device,
            settings.baud,
            settings.bits,
            settings.parity,
            settings.stop,
            timeout=0,
            write_timeout=PATIENCE,
            xonxoff=settings.flow == "xonxoff",
            rtscts=settings.flow == "rtscts",
            exclusive=True,
        )

    def disturbed(self) -> bool:
        try:
            return bool(self._port.in_waiting)
        except OSError:
            return True  # the port is gone

    def ended(self) -> bool:
        return False

    def send(self, data: bytes) -> None:
        self._port.write(data)

    def receive(self, timeout: float) -> bytes:
        if timeout != self._port.timeout:
            self._port.timeout = timeout
        first = self._port.read(1)
        return first + self._port.read(self._port.in_waiting) if first else b""

    def wake(self) -> None:
        self._port.cancel_read()

    def settle(self, until: float) -> bool:
        return stay_silent(self, until)

    def close(self) -> None:
        self._port.close()
