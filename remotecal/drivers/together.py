"""Conversations with many instruments at once, in one thread.

Each goes on when its instrument has answered; none has a thread of its own, but for what would block: to
clean or open a link, to wait for another thread's exchange, or a link that no event loop can wait on.
"""

from __future__ import annotations

import itertools
import socket
import time
from collections import deque
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from heapq import heappop, heappush
from typing import TYPE_CHECKING, TypeVar

from remotecal.drivers.links.readiness import Readiness
from remotecal.drivers.talks import Bytes, Pause, Turn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor, Future

    from remotecal.drivers.links.channel import Channel
    from remotecal.drivers.talks import Carriage, Work

Result = TypeVar("Result")


class Task:
    """A conversation that is carried, and what it waits for."""

    __slots__ = ("carriage", "number", "turns", "watched")

    def __init__(self, number: int, carriage: Carriage[object]) -> None:
        self.number, self.carriage = number, carriage
        self.turns = 0
        """How often it went on; what was arranged before counts no more."""
        self.watched: Channel | None = None
        """The channel whose turn it waits for."""


class Round:
    """Carries conversations to their ends, all at once.

    Args:
        threads: do what blocks.
    """

    def __init__(self, threads: Executor) -> None:
        self._threads = threads
        self._readiness = Readiness()
        self._watching: dict[int, tuple[Task, int]] = {}
        """Who waits for input, by descriptor, and since which of its turns."""
        self._going_on: deque[tuple[Task, int, Future[object] | None]] = deque()
        self._due: list[tuple[float, int, Task, int]] = []
        self._order = itertools.count()
        self._outcomes: dict[int, object] = {}
        self._bell: tuple[socket.socket, socket.socket] | None = None
        """Rung by threads that are done."""

    def carry(self, carriages: Sequence[Carriage[Result]]) -> list[Result | Exception]:
        """Carry conversations to their ends, and return what came of each: a result, or what it raised."""
        tasks = [Task(number, carriage) for number, carriage in enumerate(carriages)]
        try:
            for task in tasks:
                self._go_on(task)
            while len(self._outcomes) < len(tasks):
                self._wait()
        finally:
            for task in tasks:
                task.carriage.close()
                if task.watched is not None:
                    task.watched.forgo(task)
            self._readiness.close()
            for end in self._bell or ():
                end.close()
        return [self._outcomes[task.number] for task in tasks]  # type: ignore[misc]  # each task's own

    def _go_on(self, task: Task, done: Future[object] | None = None) -> None:
        """Let a conversation go on until it waits again, or is over."""
        task.turns += 1
        task.watched = None
        try:
            if done is None:
                wanted = task.carriage.send(None)
            elif (failure := done.exception()) is not None:
                wanted = task.carriage.throw(failure)
            else:
                wanted = task.carriage.send(done.result())
        except StopIteration as end:
            self._outcomes[task.number] = end.value
        except Exception as failure:  # noqa: BLE001  who wanted the results raises it
            self._outcomes[task.number] = failure
        else:
            if isinstance(wanted, Bytes):
                for descriptor in wanted.stream.descriptors:
                    self._watching[descriptor] = task, task.turns
                    self._readiness.watch(descriptor)
                self._go_on_in(wanted.seconds, task)
            elif isinstance(wanted, Pause):
                self._go_on_in(wanted.seconds, task)
            elif isinstance(wanted, Turn):
                task.watched = wanted.channel
                wanted.channel.waiting[task] = partial(self._going_on.append, (task, task.turns, None))
            else:
                self._give_away(task, wanted)

    def _go_on_in(self, seconds: float, task: Task) -> None:
        heappush(self._due, (time.monotonic() + seconds, next(self._order), task, task.turns))

    def _give_away(self, task: Task, work: Work) -> None:
        if self._bell is None:
            self._bell = socket.socketpair()
            self._readiness.watch(self._bell[0].fileno())
        bell, turns = self._bell[1], task.turns

        def tell(done: Future[object]) -> None:
            self._going_on.append((task, turns, done))
            with suppress(OSError):  # nobody listens any more
                bell.send(b"\0")

        # In the context of whoever asks: who makes an exchange counts, not which thread.
        self._threads.submit(copy_context().run, work.do).add_done_callback(tell)

    def _wait(self) -> None:
        """Wait until conversations can go on, and let them."""
        now = time.monotonic()
        due = self._due
        while due and (due[0][0] <= now or due[0][2].turns != due[0][3]):
            _, _, task, turns = heappop(due)
            self._going_on.append((task, turns, None))
        left = 0.0 if self._going_on else due[0][0] - now if due else None
        for descriptor in self._readiness.wait(left):
            if self._bell is not None and descriptor == self._bell[0].fileno():
                self._bell[0].recv(CHUNK)
                self._readiness.watch(descriptor)
            elif descriptor in self._watching:
                self._going_on.append((*self._watching.pop(descriptor), None))
        while self._going_on:
            task, turns, done = self._going_on.popleft()
            if turns == task.turns:
                self._go_on(task, done)


CHUNK = 4096
"""Bytes taken from the bell at once."""
