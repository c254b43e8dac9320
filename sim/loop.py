"""One thread that serves many ports: who is ready is heard, one after the other."""

from __future__ import annotations

import heapq
import itertools
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

Act = Callable[[], object]
"""Something to do, which must not wait: nobody else is heard meanwhile."""

READY, ROOM = selectors.EVENT_READ, selectors.EVENT_WRITE
"""What can be listened for: that there is something to read, that there is room to write."""


class Loop:
    """Serves until closed, and is a context manager.

    `call` and `close` are for everybody, all else for what the thread itself does. An act that raises is
    reported as a thread's fault is, and the others are served on.
    """

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = socket.socketpair()
        self._woken.settimeout(0.0)
        self._selector.register(self._woken, READY, self._wake)
        self._calls: deque[Act] = deque()
        self._due: list[tuple[float, int, Act]] = []
        self._last: list[Act] = []
        self._order = itertools.count()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="simulated instruments", daemon=True)
        self._thread.start()

    def listen(self, file: FileDescriptorLike, event: int, act: Act) -> None:
        """Do `act` whenever a file is ready, in the place of what was to be done before."""
        try:
            self._selector.modify(file, event, act)
        except KeyError:
            self._selector.register(file, event, act)

    def forget(self, file: FileDescriptorLike) -> None:
        """Listen to a file no more."""
        with suppress(KeyError, ValueError):  # it was not listened to, and is closed
            self._selector.unregister(file)

    def lastly(self, act: Act) -> None:
        """Do `act` once when all who are ready now have been heard, and before waiting for others.

        Replies are sent so: a client that is woken by each takes turns with this thread, which costs more.
        """
        self._last.append(act)

    def after(self, duration: float, act: Act) -> None:
        """Do `act` once when `duration` real seconds have passed."""
        heapq.heappush(self._due, (time.monotonic() + duration, next(self._order), act))

    def every(self, period: float, act: Act) -> None:
        """Do `act` every `period` real seconds from now on."""

        def again() -> None:
            self.after(period, again)
            act()

        self.after(period, again)

    def call(self, act: Act) -> None:
        """Have the thread do something, and return when it is done; what it raises is raised here.

        What the thread itself asks for, and what is asked for after its end, is done at once.
        """
        asked: Future[object] = Future()
        with self._lock:
            here = self._closed or threading.current_thread() is self._thread
            if not here:
                self._calls.append(partial(_do_for, asked, act))
                self._waker.send(b"\0")
        if here:
            act()
        else:
            asked.result()

    def close(self) -> None:
        """Serve nobody any more; when this returns the thread has ended, unless it is the caller."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._waker.send(b"\0")
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        with self._selector, self._woken, self._waker:
            while not self._closed:
                self._turn()
            self._wake()  # for what was asked for just before

    def _turn(self) -> None:
        """Wait until somebody is ready or something is due, and do it."""
        patience = self._due[0][0] - time.monotonic() if self._due else None
        self._do([key.data for key, _ in self._selector.select(patience)])
        if self._due:
            self._do(self._take_due())
        self._do(self._last)  # what is added meanwhile, too
        self._last.clear()

    def _take_due(self) -> Iterator[Act]:
        while self._due and self._due[0][0] <= time.monotonic():
            yield heapq.heappop(self._due)[2]

    def _do(self, acts: Iterable[Act]) -> None:
        for act in acts:
            try:
                act()
            except Exception as fault:  # noqa: BLE001  one instrument's fault must not silence the others
                told = (type(fault), fault, fault.__traceback__, self._thread)
                threading.excepthook(threading.ExceptHookArgs(told))

    def _wake(self) -> None:
        """Do what others asked for."""
        with suppress(BlockingIOError):
            self._woken.recv(4096)
        while self._calls:
            self._calls.popleft()()


def _do_for(asked: Future[object], act: Act) -> None:
    try:
        asked.set_result(act())
    except BaseException as fault:  # noqa: BLE001  whoever waits for it gets it
        asked.set_exception(fault)
