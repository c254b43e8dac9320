"""The ways in which an exchange is carried, as links for the conformance kit."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from remotecal.drivers.awaiting import awaited
from remotecal.drivers.links import Link
from remotecal.drivers.talks import Questions, Talk, attended, talked
from remotecal.drivers.together import Round


class Carried:
    """A link whose questions are carried in a way of its own; all else is the link's.

    What makes sure of the instrument asks in its thread, as drivers do.
    """

    def __init__(self, link: Link, way: Callable[[Link, Talk[bytes]], bytes]) -> None:
        vars(self).update(_link=link, _way=way, _making_sure=threading.local())

    def ask(self, request: bytes, timeout: float | None = None) -> bytes:
        way = talked if vars(self._making_sure) else self._way
        return way(self._link, _asked(request, timeout))

    def __getattr__(self, name: str) -> object:
        return getattr(self._link, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._link, name, self._noted(value) if name == "on_reopen" and callable(value) else value)

    def _noted(self, make_sure: Callable[[], None]) -> Callable[[], None]:
        def noted() -> None:
            self._making_sure.now = True
            try:
                make_sure()
            finally:
                del self._making_sure.now

        return noted


def _asked(request: bytes, timeout: float | None) -> Talk[bytes]:
    (reply,) = yield Questions((request,), timeout)
    return reply


def in_a_round(link: Link, talk: Talk[bytes]) -> bytes:
    with contextlib.closing(Threads()) as threads:
        this = Round(threads.pool)
        (outcome,) = this.carry([attended(link, talk)])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


class Threads:
    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(1)
        self.close = self.pool.shutdown


def in_an_event_loop(link: Link, talk: Talk[bytes]) -> bytes:
    return asyncio.run(awaited(link, talk))


WAYS: dict[str, Callable[[Link, Talk[bytes]], bytes]] = {
    "in a thread": talked,
    "with others": in_a_round,
    "in an event loop": in_an_event_loop,
}
