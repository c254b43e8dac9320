"""The signals that end a process, and what is done on them instead; nobody else installs them."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

ENDING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGBREAK")
"""Ctrl-C; an orderly end; a closed terminal or a lost SSH session; Ctrl-\\; Windows' Ctrl-Break."""


@contextmanager
def on_ending(receive: Callable[[str], object], names: tuple[str, ...] = ENDING) -> Iterator[None]:
    """Call `receive` with the name of whatever ending signal comes, as long as the context lasts.

    What was ignored when the context is entered stays ignored: `nohup` means it. Outside the main
    thread, where no signal arrives, nothing is changed.

    Args:
        receive: runs in the main thread between any two of its instructions; it must take no lock that
            the main thread may hold.
        names: the signals, of which each system knows some.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _: FrameType | None) -> None:
        receive(signal.Signals(number).name)

    known = [signal.Signals[name] for name in names if name in signal.Signals.__members__]
    before = {number: signal.getsignal(number) for number in known}
    heeded = [number for number in known if before[number] is not signal.SIG_IGN]
    try:
        for number in heeded:
            signal.signal(number, handle)
        yield
    finally:
        for number in heeded:
            # What was not installed from Python can't be put back from here.
            signal.signal(number, before[number] or signal.SIG_DFL)


AGAIN: Final = 0.05
"""Seconds after which an interruption that was lost comes again."""


@contextmanager
def unwinding() -> Iterator[None]:
    """Let ending signals do what Ctrl-C does: leave every context on the way out, once.

    Ctrl-C itself is left alone, for asyncio has its own way with it. Where one comes while foreign code calls
    back, which has nobody to raise to, it is not lost: it comes again. One that the interpreter takes for a
    fault of its own code, as it may within an import, is raised as what it is.
    """
    received: list[str] = []

    def interrupt(name: str) -> None:
        received.append(name)
        if len(received) == 1:  # another one must not interrupt the clearing up
            raise KeyboardInterrupt(name)

    with _heard_again(received.clear), on_ending(interrupt, tuple(n for n in ENDING if n != "SIGINT")):
        try:
            yield
        except SystemError as error:
            if isinstance(error.__cause__, KeyboardInterrupt):
                raise error.__cause__ from None
            raise


@contextmanager
def _heard_again(forget: Callable[[], None]) -> Iterator[None]:
    """Have a signal come again whose `KeyboardInterrupt` the interpreter could only print.

    Args:
        forget: called before, so that it counts as the first one.
    """
    before, main, due = sys.unraisablehook, threading.main_thread(), list[threading.Timer]()

    def send(number: signal.Signals) -> None:
        if sys.platform == "win32":
            _thread.interrupt_main(number)
        elif main.ident is not None:
            signal.pthread_kill(main.ident, number)  # unlike the other it wakes whoever waits

    def lost(what: UnraisableHookArgs) -> None:
        if not issubclass(what.exc_type, KeyboardInterrupt):
            before(what)
            return
        forget()
        number = signal.Signals.__members__.get(str(what.exc_value), signal.SIGINT)
        due.append(threading.Timer(AGAIN, send, (number,)))
        due[-1].daemon = True
        due[-1].start()

    if threading.current_thread() is not main:
        yield
        return
    sys.unraisablehook = lost
    try:
        yield
    finally:
        sys.unraisablehook = before
        for again in due:
            again.cancel()
