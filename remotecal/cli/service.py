"""What hub and station have in common on the command line: they serve until somebody ends them."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Final

from remotecal.signals import on_ending
from remotecal.transport.moderation import Moderation

TURN: Final = 0.0005
"""Seconds after which a thread leaves the interpreter to another that wants it: Python's own ten times as
long make a request, which goes from thread to thread, wait at each step for those that compute."""
SELDOM: Final = 100
"""How many searches for garbage among what is young come before one among all (Python's own: 10): nothing
else of the process goes on meanwhile, for 0.1 s at a hub of 500 stations."""


async def serve(
    service: Coroutine[object, object, None],
    ready: asyncio.Event,
    greeting: str,
    stop: Callable[[], None] | None = None,
) -> None:
    """Run a service until Ctrl-C or another ending signal, and say once it is ready.

    The first signal asks it to end; none that follows interrupts what it does then.

    Args:
        service: what runs.
        ready: set once it does its work.
        greeting: what is said then.
        stop: asks it to end; by default it is cancelled.
    """
    handler = logging.StreamHandler()
    handler.addFilter(Moderation())
    form = "%(asctime)s %(levelname)s %(message)s"
    logging.basicConfig(level=logging.INFO, format=form, handlers=[handler])
    logging.getLogger("alembic").setLevel(logging.WARNING)
    running = asyncio.ensure_future(service)
    waiting = asyncio.create_task(ready.wait())
    loop, received = asyncio.get_running_loop(), list[str]()

    def receive(name: str) -> None:
        received.append(name)
        if len(received) == 1:
            loop.call_soon_threadsafe(stop or running.cancel)

    with on_ending(receive), promptly():
        await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            keep_what_is_there()
            with suppress(OSError):  # nobody may be there to read it
                print(greeting, flush=True)
        waiting.cancel()
        await running


@contextmanager
def promptly() -> Iterator[None]:
    """Have nobody who waits for an answer held up for long by the interpreter, while the context lasts."""
    turn, searches = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(TURN)
    gc.set_threshold(*searches[:2], SELDOM)
    try:
        yield
    finally:
        sys.setswitchinterval(turn)
        gc.set_threshold(*searches)
        gc.unfreeze()


def keep_what_is_there() -> None:
    """Have garbage no longer looked for in what was made until now: modules, mostly, which stay."""
    gc.collect()
    gc.freeze()


def moment(at: float | None) -> str:
    """Return a time as people read it, in the computer's time zone and with its offset; "never" for none."""
    if at is None:
        return "never"
    shown = datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S%z")
    return shown.removesuffix("00")  # whole hours, as ISO 8601 lets them stand
