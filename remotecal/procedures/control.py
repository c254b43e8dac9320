"""Stopping, pausing and going on, from any thread."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from remotecal.errors import RunAborted, RunError

INSIST = 0.2
"""Seconds after which waiting exchanges are called off once more."""


class Control:
    """What others may do to a run while it is on; safe from any thread.

    A stop calls off whatever exchange is waiting, so that the run notices at once. A pause takes
    effect before the next repeat, never within one.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._error: RunError | None = None
        self._paused = False
        self._noticed = threading.Event()
        self._canceller: threading.Thread | None = None
        self.cancel: Callable[[], None] = lambda: None
        """Calls off waiting exchanges; the run puts it here."""

    @property
    def error(self) -> RunError | None:
        """Why the run must stop; None while it may go on."""
        return self._error

    @property
    def paused(self) -> bool:
        """Whether the run shall hold before the next repeat."""
        return self._paused

    @property
    def has_stopped(self) -> bool:
        """Whether the run has noticed that it must stop, and the rig is being made safe."""
        return self._noticed.is_set()

    def pause(self) -> None:
        """Let the run hold before its next repeat."""
        with self._changed:
            self._paused = True

    def go_on(self) -> None:
        """Let a paused run go on."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def abort(self, reason: str) -> None:
        """Stop the run; the rig is made safe."""
        self.stop(RunAborted(f"the run was stopped: {reason}"))

    def stop(self, error: RunError) -> None:
        """Stop the run with an error; the first one counts."""
        with self._changed:
            if self._error is not None:
                return
            self._error = error
            self._changed.notify_all()
            # A thread of its own, for this may run in a signal's handler, where no lock may be
            # waited for; and again and again, for an exchange may be just about to begin.
            self._canceller = threading.Thread(target=self._insist, name="call off", daemon=True)
            self._canceller.start()

    def check(self) -> None:
        """Raise the error the run was stopped with, if it was."""
        if self._error is not None:
            raise self._error

    def hold(self) -> None:
        """Wait while the run is paused; raises the error if it is stopped meanwhile."""
        with self._changed:
            while self._paused and self._error is None:
                self._changed.wait()
        self.check()

    def notice(self) -> None:
        """Say that the run has stopped; from now on no exchange is called off."""
        self._noticed.set()
        if self._canceller is not None:
            self._canceller.join()

    def _insist(self) -> None:
        while not self._noticed.is_set():
            self.cancel()
            self._noticed.wait(INSIST)


@contextmanager
def signals(control: Control) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM abort the run safely, as long as the context lasts.

    A second signal interrupts a procedure that does not react; none interrupts making the rig safe.
    Outside the main thread nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def receive(number: int, _: FrameType | None) -> None:
        if control.error is None:
            control.abort(signal.Signals(number).name)
        elif not control.has_stopped:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, receive) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
