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
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

from remotecal.drivers.links.exchanges import NotYet
from remotecal.drivers.links.wired_link import WiredLink

if TYPE_CHECKING:
    from remotecal.drivers.links import Link
    from remotecal.drivers.links.channel import Channel
    from remotecal.drivers.links.exchanges import Conduct
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
                if isinstance(wanted, Pause):
                    time.sleep(wanted.seconds)
                    replies: tuple[bytes, ...] = ()
                elif len(wanted.requests) == 1:
                    replies = (link.ask(wanted.requests[0], wanted.timeout),)
                else:  # who asks so has seen that the link can
                    replies = cast("WiredLink", link).ask_all(*wanted)
            except BaseException as failure:  # noqa: BLE001  it is the conversation that may know what to do
                wanted = talk.throw(failure)
            else:
                wanted = talk.send(replies)
    except StopIteration as done:
        result: Result = done.value
        return result


class Bytes(NamedTuple):
    """A stream on which something may come: go on then, on its `wake`, or after so many seconds."""

    stream: Stream
    seconds: float


class Turn(NamedTuple):
    """A channel on which this thread conducts another exchange: go on when that is over."""

    channel: Channel


class Work(NamedTuple):
    """What blocks: have it done in a thread, and go on with its result."""

    do: Callable[[], object]


Carriage = Generator[Bytes | Pause | Turn | Work, object, Result]
"""A conversation that is carried without waiting in its thread: yields what is to be waited for."""


def attended(link: Link, talk: Talk[Result]) -> Carriage[Result]:
    """Carry a conversation, and keep no thread waiting as long as all goes well.

    Where the link must be cleaned or opened first, or another thread has its channel, or it has nothing an
    event loop could wait on, the rest of the conversation goes to a thread.
    """
    try:
        wanted = next(talk)
        while True:
            if isinstance(wanted, Pause):
                yield wanted
                wanted = talk.send(())
                continue
            free = link.free() if isinstance(link, WiredLink) else None
            if isinstance(free, NotYet):
                yield Turn(free.channel) if free.seconds is None else Pause(free.seconds)
                continue
            if free is None:
                done = yield Work(partial(talked, link, talk, wanted))
                return cast("Result", done)
            try:
                replies = yield from _heard(cast("WiredLink", link), *free, wanted)
            except BaseException as failure:  # noqa: BLE001  as in `talked`
                wanted = talk.throw(failure)
            else:
                wanted = talk.send(replies)
    except StopIteration as end:
        result: Result = end.value
        return result


def _heard(
    link: WiredLink, channel: Channel, stream: Stream, wanted: Questions
) -> Generator[Bytes, object, tuple[bytes, ...]]:
    """Carry an exchange on a channel that `free` gave; its lock is given back."""
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
                yield Bytes(stream, wait)
                came = stream.take()
            except BaseException as fault:  # noqa: BLE001  it is the exchange that knows what follows from it
                wait = conduct.throw(fault)
            else:
                wait = conduct.send(came)
    except StopIteration as end:
        reply: bytes | tuple[bytes, ...] = end.value
        return reply if isinstance(reply, tuple) else (reply,)
    finally:
        channel.pass_on()
