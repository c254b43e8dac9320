"""Conversations with instruments, and who carries them through.

A conversation is what a driver says, as a generator: it yields what it wants (`Questions` asked, or a
`Pause`) and is sent the replies. It waits for nothing, so one and the same is carried by a thread that waits
(`talked`), for many instruments at once (`remotecal.drivers.together`), or in an event loop
(`remotecal.drivers.awaiting`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar, cast

from remotecal.drivers.links.exchanges import NotYet
from remotecal.drivers.links.wired_link import WiredLink

if TYPE_CHECKING:
    from remotecal.drivers.links import Link
    from remotecal.drivers.links.channel import Channel
    from remotecal.drivers.links.exchanges import Conduct, Free
    from remotecal.drivers.links.streams import Stream

Result = TypeVar("Result")


class Questions(NamedTuple):
    """Requests an instrument is asked at once, each before the one before it is answered."""

    requests: tuple[bytes, ...]
    """As `Link.ask` takes them; one, but where the link is `pipelined` and the instrument takes several."""
    timeout: float | None = None
    """Seconds to wait for each reply; None for the instrument's slowest."""


class Pause(NamedTuple):
    """Time an instrument is left alone."""

    seconds: float


Wanted = Questions | Pause

Talk = Generator[Wanted, tuple[bytes, ...], Result]
"""A conversation: it is sent one reply per question, none after a pause; an error is thrown into it."""


def talked(link: Link, talk: Talk[Result], wanted: Wanted | None = None) -> Result:
    """Carry a conversation through, and wait in this thread.

    Args:
        link: to whom it is.
        talk: the conversation.
        wanted: what it waits for, where it has begun.
    """
    try:
        wanted = wanted or next(talk)
        while True:
            try:
                replies = _answered(link, wanted)
            except BaseException as failure:  # noqa: BLE001  it is the conversation that may know what to do
                wanted = talk.throw(failure)
            else:
                wanted = talk.send(replies)
    except StopIteration as done:
        result: Result = done.value
        return result


def _answered(link: Link, wanted: Wanted) -> tuple[bytes, ...]:
    if isinstance(wanted, Questions):
        requests, timeout = wanted
        if len(requests) == 1:
            return (link.ask(requests[0], timeout),)
        return cast("WiredLink", link).ask_all(requests, timeout)  # who asks so has seen that it can
    time.sleep(wanted.seconds)
    return ()


class Waiter(Protocol):
    """Waits without keeping a thread waiting."""

    async def bytes_of(self, stream: Stream, seconds: float) -> bytes:
        """Return what came; b"" when nothing came for so many seconds, or on the stream's `wake`."""
        ...

    async def pause(self, seconds: float) -> None:
        """Let time pass."""
        ...

    async def turn(self, channel: Channel) -> None:
        """Wait until an exchange that this thread conducts on a channel is over."""
        ...

    async def elsewhere(self, work: Callable[[], Result]) -> Result:
        """Have work that blocks done in a thread."""
        ...


async def attended(link: Link, talk: Talk[Result], waiter: Waiter) -> Result:
    """Carry a conversation through, and keep no thread waiting as long as all goes well.

    Where the link must be cleaned or opened first, or another thread has its channel, or it has nothing an
    event loop could wait on, the rest of the conversation goes to a thread.
    """
    try:
        wanted = next(talk)
        while True:
            if isinstance(wanted, Pause):
                await waiter.pause(wanted.seconds)
                wanted = talk.send(())
                continue
            free = await _turn(link, waiter)
            if free is None:
                return await waiter.elsewhere(partial(talked, link, talk, wanted))
            try:
                replies = await _heard(cast("WiredLink", link), *free, wanted, waiter)
            except BaseException as failure:  # noqa: BLE001  as in `talked`
                wanted = talk.throw(failure)
            else:
                wanted = talk.send(replies)
    except StopIteration as done:
        result: Result = done.value
        return result


async def _turn(link: Link, waiter: Waiter) -> Free | None:
    """Return the link's channel once it is free; None where a thread must see to it."""
    if not isinstance(link, WiredLink):
        return None
    while isinstance(free := link.free(), NotYet):
        await (waiter.turn(free.channel) if free.seconds is None else waiter.pause(free.seconds))
    return free


async def _heard(
    link: WiredLink, channel: Channel, stream: Stream, wanted: Questions, waiter: Waiter
) -> tuple[bytes, ...]:
    """Carry an exchange through on a channel that `free` gave; its lock is given back."""
    requests, timeout = wanted
    conduct: Conduct[bytes | tuple[bytes, ...]]
    try:
        if len(requests) == 1:
            conduct = link.conduct(channel, stream, requests[0], timeout)
        else:
            conduct = link.conduct_all(channel, stream, requests, timeout)
        wait = next(conduct)
        while True:
            try:
                came = await waiter.bytes_of(stream, wait)
            except BaseException as fault:  # noqa: BLE001  it is the exchange that knows what follows from it
                wait = conduct.throw(fault)
            else:
                wait = conduct.send(came)
    except StopIteration as done:
        reply: bytes | tuple[bytes, ...] = done.value
        return reply if isinstance(reply, tuple) else (reply,)
    finally:
        channel.pass_on()
