"""Ending tasks that may not listen."""

from __future__ import annotations

import asyncio
from contextlib import suppress

INSIST = 0.2
"""Seconds after which a task that goes on is cancelled once more."""


async def end(*tasks: asyncio.Task[object]) -> None:
    """Cancel tasks until they are done; raises what one of them raised, if it wasn't that.

    Once is not enough: the NATS client swallows a cancellation that meets it while it sends, and
    `asyncio.wait_for` one that meets it as it ends.
    """
    while left := {task for task in tasks if not task.done()}:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=INSIST)
    for task in tasks:
        with suppress(asyncio.CancelledError):
            task.result()
