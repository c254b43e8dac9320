"""What took long to find, for whoever asks again."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from remotecal.clock import Clock

T = TypeVar("T")


class Remembered(Generic[T]):
    """What was found, under a key that tells all it follows from; so much at most, the latest used.

    Safe from any thread; two who ask at once for what is not there yet may both look for it.

    Args:
        most: how much is kept.
        weight: how much of that something takes.
    """

    def __init__(self, most: int, weight: Callable[[T], int] = lambda _: 1) -> None:
        self._most, self._weight, self._held = most, weight, 0
        self._found: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, find: Callable[[], T]) -> T:
        """Return what was found under a key, or find it now."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        found = find()
        with self._lock:
            if key not in self._found:
                self._found[key] = found
                self._held += self._weight(found)
            while self._held > self._most:
                _, oldest = self._found.popitem(last=False)
                self._held -= self._weight(oldest)
        return found

    def forget(self) -> None:
        """Have all of it looked for anew: something that it follows from has changed."""
        with self._lock:
            self._found.clear()
            self._held = 0


class ForAWhile(Generic[T]):
    """What was found, until it is a while ago by the laboratory's clock, or that was set back.

    Args:
        clock: the laboratory's.
        seconds: for how long.
        find: finds it, at a time of that clock.
    """

    def __init__(self, clock: Clock, seconds: float, find: Callable[[float], T]) -> None:
        self._clock, self._seconds, self._find = clock, seconds, find
        self._known: tuple[float, T] | None = None

    def get(self) -> T:
        """Return what was found, or find it now."""
        now, known = self._clock.now(), self._known
        if known is None or not 0 <= now - known[0] < self._seconds:
            self._known = known = (now, self._find(now))
        return known[1]

    def forget(self) -> None:
        """Have it looked for anew."""
        self._known = None
