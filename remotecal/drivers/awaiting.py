"""Conversations in an asyncio event loop.

`await meter.flow.aread()` says what `meter.flow.read()` says, over the same link and under the same rules;
only who waits differs. What is called off (`task.cancel()`, a timeout) leaves the link suspect, as ever.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from remotecal.drivers.talks import attended, talked

if TYPE_CHECKING:
    from remotecal.drivers.links import Link
    from remotecal.drivers.links.channel import Channel
    from remotecal.drivers.links.streams import Stream
    from remotecal.drivers.talks import Talk

Result = TypeVar("Result")


async def awaited(link: Link, talk: Talk[Result]) -> Result:
    """Carry a conversation through in the running event loop.

    What would block is done in a thread: see `attended`; and all of it where the loop can't wait on sockets.
    """
    if sys.platform == "win32" and isinstance(asyncio.get_running_loop(), asyncio.ProactorEventLoop):
        return await asyncio.to_thread(talked, link, talk)
    return await attended(link, talk, RunningLoop())


class RunningLoop:
    """The event loop that runs, as a `Waiter`."""

    async def bytes_of(self, stream: Stream, seconds: float) -> bytes:
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(seconds, _set, ready)
        for descriptor in stream.descriptors:
            loop.add_reader(descriptor, _set, ready)
        try:
            await ready
        finally:
            timer.cancel()
            for descriptor in stream.descriptors:
                loop.remove_reader(descriptor)
        return stream.take()

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def turn(self, channel: Channel) -> None:
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        mine_now = partial(_set, mine)
        channel.waiting.append(mine_now)
        try:
            await mine
        except BaseException:
            channel.forgo(mine_now)
            raise

    async def elsewhere(self, work: Callable[[], Result]) -> Result:
        return await asyncio.to_thread(work)


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
