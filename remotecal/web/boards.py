"""What several look at: made once for all of them, however many they are, while anybody looks.

Everything that is made for those who look on is made one after the other, in a thread: what is done in
several at once holds up whoever waits for the interpreter, and so each command, many times as long.
"""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import aclosing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from anyio import CapacityLimiter, to_thread

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Iterator

    Looks = Callable[[asyncio.Event], AsyncGenerator[None]]
    """Yields when it is to be looked: first at once, and soon after the event that it is given was set."""

T = TypeVar("T")

GIVES_WAY: Final = 0.1
"""Seconds for which what is made for those who look on waits for commands that are worked on, at most."""
BETWEEN: Final = 0.002
"""Seconds from one who is told something to the next, at least: commands go on between them."""


class Boards:
    """Boards by what is on them: one each, kept while somebody looks."""

    def __init__(self) -> None:
        self._boards: dict[Hashable, _Board[Any]] = {}
        self._thread = CapacityLimiter(1)
        self._commands, self._none = 0, threading.Event()
        self._none.set()
        self._turn = self._waits_until = 0.0

    async def make(self, make: Callable[[], T]) -> T:
        """Return what is made in a thread for somebody who looks on, one after the other, commands first."""
        return await to_thread.run_sync(self._after_commands, make, limiter=self._thread)

    def _after_commands(self, make: Callable[[], T]) -> T:
        self._waits_until = time.monotonic() + GIVES_WAY
        self.give_way()
        return make()

    def give_way(self) -> None:
        """Let commands go first, between two parts of what is made: `GIVES_WAY` in all for one `make`."""
        self._none.wait(max(0.0, self._waits_until - time.monotonic()))

    @contextmanager
    def after_this(self) -> Iterator[None]:
        """Have what is made wait where it gives way while the context lasts, see `give_way`."""
        self._commands += 1
        self._none.clear()
        try:
            yield
        finally:
            self._commands -= 1
            if not self._commands:
                self._none.set()

    async def looks(self, key: Hashable, looks: Looks, make: Callable[[], T]) -> AsyncGenerator[T]:
        """Yield what is on a board each time it was made: first as it was made after one came.

        Whoever is slow is given the latest, and nothing of what was there before.

        Args:
            key: tells all that it follows from: of those who give the same, the first one's are used.
            looks: tells when.
            make: makes it, see `make`; where it raises an error, all who look have it raised.
        """
        board = self._boards.get(key)
        if board is None or board.over:
            board = self._boards[key] = _Board(looks, partial(self.make, make))
        board.viewers += 1
        came, told = board.begun, board.told
        board.again.set()
        try:
            while True:
                await told.wait()
                await self._wait_for_turn()
                told = board.told
                if board.failed is not None:
                    raise board.failed
                if board.latest is not None and board.latest[0] > came:
                    yield board.latest[1]
        finally:
            board.viewers -= 1
            if not board.viewers:
                board.work.cancel()
                if self._boards.get(key) is board:
                    del self._boards[key]

    async def _wait_for_turn(self) -> None:
        """Return after whoever was told of the same at once: each is told at a time of its own."""
        now = asyncio.get_running_loop().time()
        turn = max(self._turn, now)
        self._turn = turn + BETWEEN
        await asyncio.sleep(turn - now)


class _Board(Generic[T]):
    """What is made for all who look at it."""

    def __init__(self, looks: Looks, make: Callable[[], Awaitable[T]]) -> None:
        self.viewers = self.begun = 0
        self.again, self.told = asyncio.Event(), asyncio.Event()
        self.latest: tuple[int, T] | None = None
        self.failed: Exception | None = None
        self.work = asyncio.ensure_future(self._run(looks, make))

    @property
    def over(self) -> bool:
        """Whether nothing is made any more."""
        return self.failed is not None or self.work.done()

    async def _run(self, looks: Looks, make: Callable[[], Awaitable[T]]) -> None:
        try:
            async with aclosing(looks(self.again)) as times:
                async for _ in times:
                    self.begun += 1
                    number = self.begun
                    self.latest = (number, await make())
                    self._tell()
        except Exception as error:  # noqa: BLE001  who looks has it raised
            self.failed = error
            self._tell()

    def _tell(self) -> None:
        told, self.told = self.told, asyncio.Event()
        told.set()
