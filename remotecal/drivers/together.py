"""Conversations with many instruments at once, in one thread.

Each goes on when its instrument has answered; none has a thread of its own, but for what would block: to
clean or open a link, to wait for another thread's exchange, or a link that no event loop can wait on.
"""

from __future__ import annotations

import itertools
import selectors
import socket
import time
import types
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextlib import suppress
from functools import partial
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from remotecal.drivers.links.channel import Channel
    from remotecal.drivers.links.streams import Stream

Result = TypeVar("Result")


class Until(NamedTuple):
    """What a conversation waits for: input, a time, or whoever wakes it."""

    descriptors: tuple[int, ...] = ()
    """Where input would come."""
    due: float | None = None
    """When it goes on in any case, by `time.monotonic`."""


class Task:
    """A conversation that is carried on, and what it waits for."""

    __slots__ = ("conversation", "number", "until")

    def __init__(self, number: int, conversation: Coroutine[Until, None, object]) -> None:
        self.number, self.conversation = number, conversation
        self.until = Until()


@types.coroutine
def _wait(until: Until) -> Generator[Until, None, None]:
    yield until


class Round:
    """Carries conversations on, once; the `Waiter` of each.

    Args:
        threads: do what blocks.
    """

    def __init__(self, threads: Executor) -> None:
        self._threads = threads
        self._selector = selectors.DefaultSelector()
        self._going_on: deque[Task] = deque()
        self._due: list[tuple[float, int, Task, Until]] = []
        self._order = itertools.count()
        self._outcomes: dict[int, object] = {}
        self._now: Task
        """The conversation that has the word."""
        self._bell: tuple[socket.socket, socket.socket] | None = None
        """Rung by threads that are done."""

    def carry(self, conversations: Sequence[Coroutine[Until, None, Result]]) -> list[Result | Exception]:
        """Carry conversations to their ends, and return what came of each: a result, or what it raised."""
        tasks = [Task(number, conversation) for number, conversation in enumerate(conversations)]
        try:
            for task in tasks:
                self._go_on(task)
            while len(self._outcomes) < len(tasks):
                self._wait()
        finally:
            for task in tasks:
                task.conversation.close()
            self._selector.close()
            for end in self._bell or ():
                end.close()
        return [self._outcomes[task.number] for task in tasks]  # type: ignore[misc]  # each task's own

    async def bytes_of(self, stream: Stream, seconds: float) -> bytes:
        await _wait(Until(stream.descriptors, time.monotonic() + seconds))
        return stream.take()

    async def pause(self, seconds: float) -> None:
        await _wait(Until(due=time.monotonic() + seconds))

    async def turn(self, channel: Channel) -> None:
        mine_now = partial(self._going_on.append, self._now)
        channel.waiting.append(mine_now)
        try:
            await _wait(Until())
        except BaseException:
            channel.forgo(mine_now)
            raise

    async def elsewhere(self, work: Callable[[], Result]) -> Result:
        go_on = partial(self._going_on.append, self._now)
        if self._bell is None:
            self._bell = socket.socketpair()
            self._selector.register(self._bell[0], selectors.EVENT_READ)
        bell = self._bell[1]
        done = self._threads.submit(work)

        def tell(_: object) -> None:
            go_on()
            with suppress(OSError):  # nobody listens any more
                bell.send(b"\0")

        done.add_done_callback(tell)
        await _wait(Until())
        return done.result()

    def _go_on(self, task: Task) -> None:
        """Let a conversation go on until it waits again, or is over."""
        self._now = task
        try:
            task.until = until = task.conversation.send(None)
        except StopIteration as done:
            self._outcomes[task.number] = done.value
            return
        except Exception as failure:  # noqa: BLE001  who wanted the results raises it
            self._outcomes[task.number] = failure
            return
        for descriptor in until.descriptors:
            self._selector.register(descriptor, selectors.EVENT_READ, task)
        if until.due is not None:
            heappush(self._due, (until.due, next(self._order), task, until))

    def _wait(self) -> None:
        """Wait until conversations can go on, and let them."""
        now = time.monotonic()
        while self._due and (self._due[0][0] <= now or self._due[0][2].until is not self._due[0][3]):
            _, _, task, until = heappop(self._due)
            if task.until is until:
                self._wake(task)
        left = max(0.0, self._due[0][0] - now) if self._due else None
        for key, _ in self._selector.select(0 if self._going_on else left):
            if key.data is None:
                self._bell[0].recv(4096)  # type: ignore[index]  # it is the bell
            else:
                self._wake(key.data)
        while self._going_on:
            self._go_on(self._going_on.popleft())

    def _wake(self, task: Task) -> None:
        for descriptor in task.until.descriptors:
            self._selector.unregister(descriptor)
        task.until = Until()
        self._going_on.append(task)
