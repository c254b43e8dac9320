"""Instruments reached through PyVISA: HiSLIP, VXI-11, GPIB, USB.

PyVISA and its backends raise whatever comes; here all of it becomes `OSError`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

from remotecal.drivers.links.streams import PATIENCE

if TYPE_CHECKING:
    from pyvisa.resources import MessageBasedResource

Result = TypeVar("Result")


class VisaStream:
    """A message-based VISA session; what it receives are whole messages.

    VISA has no portable way to call a read off, so a thread of its own reads: `wake` leaves it
    behind, and the next request waits until it is through.
    """

    descriptors: tuple[int, ...] = ()
    renewable = False  # each failed exchange clears the device, which nobody does who is not there

    def __init__(self, resource_name: str, backend: str, longest: int) -> None:
        self.advice = (
            f"Check that it is on, its cable, and that its remote interface is set to {resource_name}."
        )
        self._longest = longest
        self._resource = _translated(lambda: _open(resource_name, backend))
        self._timeout = 0.0
        self._reader = ThreadPoolExecutor(1, thread_name_prefix=resource_name)
        self._reading: Future[bytes] | None = None
        self._awake = threading.Event()

    def disturbed(self) -> bool:
        """Tell that nothing lies in the input: the message protocols drop stale replies themselves."""
        return False

    def ended(self) -> bool:
        """Tell that the session stands, as far as VISA can know without an exchange."""
        return False

    def send(self, data: bytes) -> None:
        self._finish_reading()
        _translated(lambda: self._resource.write_raw(data))

    def receive(self, timeout: float) -> bytes:
        if self._reading is None:
            self._reading = self._reader.submit(self._read, timeout)
            self._reading.add_done_callback(lambda _: self._awake.set())
        self._awake.wait()
        self._awake.clear()
        if not self._reading.done():
            return b""
        reading, self._reading = self._reading, None
        return reading.result()

    def take(self) -> bytes:
        """Return nothing: what lies in the input is known only to who asks for it."""
        return b""

    def wake(self) -> None:
        self._awake.set()

    def settle(self, until: float) -> bool:
        """Clear the device: it and the carrier forget what was under way."""
        self._finish_reading()
        _translated(self._resource.clear)
        return True

    def close(self) -> None:
        self._reader.shutdown()
        _translated(self._resource.close)

    def _finish_reading(self) -> None:
        if self._reading is not None:
            wait([self._reading])
            self._reading = None

    def _read(self, timeout: float) -> bytes:
        from pyvisa.constants import StatusCode
        from pyvisa.errors import VisaIOError

        def read() -> bytes:
            if timeout != self._timeout:
                self._resource.timeout = max(1, round(timeout * 1000))
                self._timeout = timeout
            try:
                return self._resource.read_bytes(self._longest, self._longest, break_on_termchar=True)
            except VisaIOError as error:
                if error.error_code == StatusCode.error_timeout:
                    return b""
                raise

        return _translated(read)


def _open(resource_name: str, backend: str) -> MessageBasedResource:
    import pyvisa
    from pyvisa.resources import MessageBasedResource

    resource = pyvisa.ResourceManager(f"@{backend}").open_resource(
        resource_name, open_timeout=round(PATIENCE * 1000)
    )
    if not isinstance(resource, MessageBasedResource):
        resource.close()
        raise TypeError(f"{resource_name} carries no messages")
    return resource


def _translated(operation: Callable[[], Result]) -> Result:
    try:
        return operation()
    except OSError:
        raise
    except Exception as error:
        raise OSError(f"{type(error).__name__}: {error}") from error
