"""Stopping, pausing and going on, from any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from remotecal.errors import RunAborted, RunError, RunSuspended
from remotecal.journal.events import ON_SITE
from remotecal.runs.recent import Recent
from remotecal.signals import on_ending

if TYPE_CHECKING:
    from remotecal.journal.events import Json

INSIST = 0.2
"""Seconds after which waiting exchanges are called off once more."""


@dataclass(frozen=True, slots=True, eq=False)
class Remark:
    """Something somebody did to a run, for its journal; the run's own thread writes it."""

    kind: Literal["control", "file"]
    """Kind of the event."""
    data: Mapping[str, Json]
    """What it says."""
    written: threading.Event = field(default_factory=threading.Event)
    """Set once it is in the journal, on the disk."""


class Control:
    """What others may do to a run while it is on; safe from any thread.

    A stop calls off whatever exchange is waiting, so that the run notices at once. A pause takes
    effect before the next repeat, never within one. Whatever is done leaves a remark, with who did
    it, which the run writes into its journal the next time it looks.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._error: RunError | None = None
        self._paused = False
        self._remarks: list[Remark] = []
        self._closed = False
        self._noticed = threading.Event()
        self.stopped = threading.Event()
        """Set once the run must stop."""
        self._canceller: threading.Thread | None = None
        self.cancel: Callable[[], None] = lambda: None
        """Calls off waiting exchanges; the run puts it here."""
        self.watched = Recent()
        """What the watch over the rig read of late, and its limits; the watch puts it here."""

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

    def pause(self, by: str = ON_SITE) -> bool:
        """Let the run hold before its next repeat; tells whether there is a run that will."""
        with self._changed:
            self._paused = True
            return self.act("pause", by)

    def go_on(self, by: str = ON_SITE) -> bool:
        """Let a paused run go on; tells whether there is a run that will."""
        with self._changed:
            self._paused = False
            return self.act("go_on", by)

    def abort(self, reason: str, by: str = ON_SITE) -> bool:
        """Stop the run; the rig is made safe. Tells whether there is a run to stop."""
        with self._changed:
            self.stop(RunAborted(f"the run was stopped: {reason} ({by})"))
            return self.act("abort", by, reason)

    def suspend(self, reason: str) -> None:
        """Stop the run for it to be taken up again; the rig is made safe, and nobody has aborted anything."""
        self.stop(RunSuspended(f"the run was suspended, to be taken up again: {reason}"))

    def act(self, verb: str, by: str, reason: str = "") -> bool:
        """Have it remarked that somebody did something; tells whether the run will still write it."""
        return self.remark(Remark("control", {"by": by, "reason": reason, "verb": verb}))

    def remark(self, remark: Remark) -> bool:
        """Hand the run a remark; tells whether it will still write it."""
        with self._changed:
            if self._closed:
                return False
            self._remarks.append(remark)
            self._changed.notify_all()
            return True

    def remarks(self) -> list[Remark]:
        """Take the remarks there are, in their order."""
        if not self._remarks:  # a run asks at every exchange; who is just remarking something is next
            return []
        with self._changed:
            taken, self._remarks = self._remarks, []
            return taken

    def last_remarks(self) -> list[Remark]:
        """Take the remarks there are, and no more from now on."""
        with self._changed:
            self._closed = True
            return self.remarks()

    def stop(self, error: RunError) -> None:
        """Stop the run with an error; the first one counts."""
        with self._changed:
            if self._error is not None:
                return
            self._error = error
            self.stopped.set()
            self._changed.notify_all()
            # A thread of its own, for this may run in a signal's handler, where no lock may be
            # waited for; and again and again, for an exchange may be just about to begin.
            canceller = threading.Thread(target=self._insist, name="call off", daemon=True)
            canceller.start()
            self._canceller = canceller  # once it can be waited for

    def check(self) -> None:
        """Raise the error the run was stopped with, if it was."""
        if self._error is not None:
            raise self._error

    def wait(self) -> None:
        """Wait while the run is paused and there is nothing new to look at."""
        with self._changed:
            while self._paused and self._error is None and not self._remarks:
                self._changed.wait(INSIST)

    def notice(self) -> None:
        """Say that the run has stopped; from now on no exchange is called off."""
        self._noticed.set()
        with self._changed:  # whoever stops it just now has not yet begun to call off
            canceller = self._canceller
        if canceller is not None:
            canceller.join()

    def _insist(self) -> None:
        while not self._noticed.is_set():
            self.cancel()
            self._noticed.wait(INSIST)


@contextmanager
def signals(control: Control, by: str = ON_SITE) -> Iterator[None]:
    """Let every ending signal abort the run safely, as long as the context lasts.

    A second signal interrupts a procedure that does not react; none interrupts making the rig safe,
    nor comes a third one between the second and that. Outside the main thread nothing is changed.
    """
    stopping = interrupted = False

    def receive(name: str) -> None:
        nonlocal stopping, interrupted
        if control.has_stopped or interrupted or stopping:
            return
        if control.error is None:
            stopping = True  # a second one right behind it would leave the stop half made
            try:
                control.abort(name, by)
            finally:
                stopping = False
        else:
            interrupted = True
            raise KeyboardInterrupt

    with on_ending(receive):
        yield
