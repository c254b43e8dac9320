"""Serial ports where they are no files, through pyserial alone: Windows."""

from __future__ import annotations

from remotecal.drivers.links.streams import advice_for, opened_port, stay_silent
from remotecal.drivers.links.wire import Serial


class PortableSerialStream:
    """A serial port, for this process alone; see `Stream`."""

    renewable = False
    descriptors: tuple[int, ...] = ()

    def __init__(self, device: str, settings: Serial) -> None:
        self.advice = advice_for(device, settings)
        self._port = opened_port(device, settings)

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

    def take(self) -> bytes:
        return bytes(self._port.read(self._port.in_waiting))

    def wake(self) -> None:
        self._port.cancel_read()

    def settle(self, until: float) -> bool:
        return stay_silent(self, until)

    def close(self) -> None:
        self._port.close()
