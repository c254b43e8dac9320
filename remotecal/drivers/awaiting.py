"""Conversations in an asyncio event loop.

`await meter.flow.aread()` says what `meter.flow.read()` says, over the same link and under the same rules;
only who waits differs. What is called off (`task.cancel()`, a timeout) leaves the link suspect, as ever.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from remotecal.drivers.talks import Bytes, Pause, Turn, attended, talked

if TYPE_CHECKING:
    from remotecal.drivers.links import Link
    from remotecal.drivers.links.channel import Channel
    from remotecal.drivers.talks import Talk, Work

Result = TypeVar("Result")


async def awaited(link: Link, talk: Talk[Result]) -> Result:
    """Carry a conversation through in the running event loop.

    What would block is done in a thread: see `attended`; and all of it where the loop can't wait on sockets.
    """
    if sys.platform == "win32" and isinstance(asyncio.get_running_loop(), asyncio.ProactorEventLoop):
        return await asyncio.to_thread(talked, link, talk)
    carriage = attended(link, talk)
    done: object = None
    try:
        wanted = next(carriage)
        while True:
            try:
                done = await _waited(wanted)
            except BaseException as failure:  # noqa: BLE001  a cancellation, too, is the conversation's to hear
                wanted = carriage.throw(failure)
            else:
                wanted = carriage.send(done)
    except StopIteration as end:
        result: Result = end.value
        return result


async def _waited(wanted: Bytes | Pause | Turn | Work) -> object:
    """Wait for what a conversation wants, and return what it is sent."""
    if isinstance(wanted, Bytes):
        await _bytes(wanted)
    elif isinstance(wanted, Pause):
        await asyncio.sleep(wanted.seconds)
    elif isinstance(wanted, Turn):
        await _turn(wanted.channel)
    else:
        return await asyncio.to_thread(wanted.do)
    return None


async def _bytes(wanted: Bytes) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    timer = loop.call_later(wanted.seconds, _set, ready)
    for descriptor in wanted.stream.descriptors:
        loop.add_reader(descriptor, _set, ready)
    try:
        await ready
    finally:
        timer.cancel()
        for descriptor in wanted.stream.descriptors:
            loop.remove_reader(descriptor)


async def _turn(channel: Channel) -> None:
    mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    channel.waiting[mine] = partial(_set, mine)
    try:
        await mine
    except BaseException:
        channel.forgo(mine)
        raise


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
