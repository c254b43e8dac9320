"""What hub and station have in common on the command line: they serve until somebody ends them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime

from remotecal.signals import on_ending
from remotecal.transport.moderation import Moderation


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

    with on_ending(receive):
        await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            with suppress(OSError):  # nobody may be there to read it
                print(greeting, flush=True)
        waiting.cancel()
        await running


def moment(at: float | None) -> str:
    """Return a time as people read it, in the computer's time zone and with its offset; "never" for none."""
    if at is None:
        return "never"
    shown = datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S%z")
    return shown.removesuffix("00")  # whole hours, as ISO 8601 lets them stand
