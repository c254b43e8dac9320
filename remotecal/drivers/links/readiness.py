"""Which of many descriptors have input, each told once after it was asked for."""

from __future__ import annotations

import select
import sys

if sys.platform == "linux":

    class Readiness:
        """Tells what has input, however many are watched.

        A descriptor may be closed, and its number given to another one, at any time.
        """

        def __init__(self) -> None:
            self._epoll = select.epoll()

        def watch(self, descriptor: int) -> None:
            """Wait for input there, too, until it is told once."""
            once = select.EPOLLIN | select.EPOLLONESHOT
            try:
                self._epoll.register(descriptor, once)
            except FileExistsError:
                self._epoll.modify(descriptor, once)

        def wait(self, seconds: float | None) -> list[int]:
            """Return what has input, after so many seconds at the latest; None for without an end."""
            return [descriptor for descriptor, _ in self._epoll.poll(seconds)]

        def close(self) -> None:
            """Wait no more."""
            self._epoll.close()

else:

    class Readiness:
        """Tells what has input, where there is no epoll."""

        def __init__(self) -> None:
            self._watched: set[int] = set()

        def watch(self, descriptor: int) -> None:
            self._watched.add(descriptor)

        def wait(self, seconds: float | None) -> list[int]:
            ready, _, _ = select.select(list(self._watched), (), (), seconds)
            self._watched.difference_update(ready)
            return ready

        def close(self) -> None:
            self._watched.clear()
