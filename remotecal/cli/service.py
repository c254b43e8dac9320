"""What hub and station have in common on the command line: they serve until somebody ends them."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime


async def serve(
    service: Coroutine[object, object, None],
    ready: asyncio.Event,
    greeting: str,
    stop: Callable[[], None] | None = None,
) -> None:
    """Run a service until Ctrl-C or SIGTERM, and say once it is ready.

    Args:
        service: what runs.
        ready: set once it does its work.
        greeting: what is said then.
        stop: asks it to end; by default it is cancelled.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    running = asyncio.ensure_future(service)
    waiting = asyncio.create_task(ready.wait())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop or running.cancel)
    await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if waiting.done():
        print(greeting, flush=True)
    waiting.cancel()
    await running


def moment(at: float | None) -> str:
    """Return a time as people read it, in the computer's time zone and with its offset; "never" for none."""
    if at is None:
        return "never"
    shown = datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S%z")
    return shown.removesuffix("00")  # whole hours, as ISO 8601 lets them stand
