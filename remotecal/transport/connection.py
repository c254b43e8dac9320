"""A connection to the broker that comes back by itself.

Each time it is a new client: with the certificate of the moment, every subscription made anew, and
nothing left over from the last. Messages that could not be sent are not kept; who needs an answer
asks again.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import BaseModel

from remotecal.errors import ConfigurationError, EvidenceError, NotAnswered, NotConnected, RemotecalError
from remotecal.transport.ending import end
from remotecal.transport.envelopes import unseal_reply

if TYPE_CHECKING:
    import ssl
    from types import TracebackType
    from typing import Self

    from nats.aio.client import Client
    from nats.aio.msg import Msg

    from remotecal.certificates.signing.seal import PublicKey

log = logging.getLogger(__name__)

M = TypeVar("M", bound=BaseModel)

Handler = Callable[[str, bytes], Awaitable[bytes | None]]
"""Takes a message's subject and content; returns the answer, if there is to be one."""

PING_EVERY = 5
"""Seconds; a dead link is noticed after two pings without an answer."""
LOOK_EVERY = 0.1
"""Seconds from one look to the next whether the link is still there."""
RETRY_AFTER = 0.2
"""Seconds until the first attempt to connect anew; each one that fails doubles it."""
RETRY_AT_LAST = 5.0
"""Seconds between two attempts in the end."""
CONNECT_WITHIN = 5
"""Seconds an attempt may take."""
AT_ONCE = 64
"""How many messages of one subscription are worked on at the same time."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who connects, and where to."""

    servers: Sequence[str]
    """`tls://host:port` or `wss://host:port`, any of which will do."""
    tls: Callable[[], ssl.SSLContext]
    """Makes the TLS settings for the next client."""
    name: str
    """Shown by the server."""
    inbox: str
    """Prefix of where answers go."""
    if_refused: str = ""
    """What to do should the server let us in no more."""


@dataclass(frozen=True, slots=True)
class Proof(Generic[M]):
    """An answer, and the signed messages that prove it was given."""

    asked: bytes
    """What was asked."""
    reply: bytes
    """What came as the answer, as it was signed."""
    answer: M
    """What that says."""


@dataclass(frozen=True, slots=True)
class _Subscription:
    subject: str
    queue: str
    handler: Handler
    inbox: Callable[[str], str] | None
    busy: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


class Connection:
    """A connection to the broker; an asynchronous context manager.

    Args:
        endpoint: who connects, and where to.
        subscriptions: made on every new client, before `up` is set.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._subscriptions: list[_Subscription] = []
        self._client: Client | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._trouble: Exception | None = None
        self.trouble = "nothing was tried yet"
        """Why the last attempt to connect failed; "" if it did not."""
        self.up = asyncio.Event()
        """Set while there is a connection."""
        self.connected = 0
        """How often one was made."""
        self.again = asyncio.Event()
        """Set each time one was made; whoever waits for the next clears it."""

    def on(
        self,
        subject: str,
        handler: Handler,
        *,
        queue: str = "",
        inbox: Callable[[str], str] | None = None,
    ) -> None:
        """Take messages on a subject.

        Args:
            subject: may have wildcards.
            handler: deals with each.
            queue: of those who share one, one gets each message.
            inbox: tells by a message's subject under which prefix alone it may be answered: who asks
                says where the answer goes, and must not send it where only we may write.
        """
        self._subscriptions.append(_Subscription(subject, queue, handler, inbox))

    async def listen(self, subject: str, handler: Handler) -> None:
        """Take messages on a subject from now on, also if there is a connection already."""
        self.on(subject, handler)
        if self._client is not None:
            await self._subscribe(self._client, self._subscriptions[-1])
            await self._client.flush(CONNECT_WITHIN)

    async def request(self, subject: str, content: bytes, *, within: float = 5.0) -> bytes:
        """Return the answer to a message.

        Raises:
            NotConnected: there is no connection, or nobody listens.
            NotAnswered: there was no answer in time; whether the message arrived is not known.
        """
        from nats.errors import NoRespondersError
        from nats.errors import TimeoutError as NoAnswer

        with self._in_use() as client:
            try:
                answer = await client.request(subject, content, timeout=within)
            except NoRespondersError:
                raise NotConnected(f"nobody answers {subject}: the other side is not connected") from None
            except (NoAnswer, TimeoutError):
                raise NotAnswered(f"{subject} was not answered within {within:g} s") from None
        return answer.data

    async def ask(
        self, subject: str, content: bytes, answer: type[M], of: PublicKey, *, within: float = 5.0
    ) -> M:
        """Return the answer to a message, signed by whom it is `of`; errors as `request`.

        What is no such answer counts as none: who carries it may have changed or made it.
        """
        return (await self.prove(subject, content, answer, of, within=within)).answer

    async def prove(
        self, subject: str, content: bytes, answer: type[M], of: PublicKey, *, within: float = 5.0
    ) -> Proof[M]:
        """Return the answer to a message, with what proves it to others; as `ask`."""
        reply = await self.request(subject, content, within=within)
        try:
            return Proof(content, reply, unseal_reply(reply, content, answer, [of]))
        except EvidenceError as error:
            raise NotAnswered(f"what came as the answer to {subject} is none: {error}") from None

    async def answers(self, subject: str, content: bytes, *, within: float = 0.5) -> list[bytes]:
        """Return all answers to a message that come within a time, from whoever has one.

        Raises:
            NotConnected: there is no connection.
        """
        arrived: list[bytes] = []

        async def take(message: Msg) -> None:
            arrived.append(message.data)

        with self._in_use() as client:
            inbox = client.new_inbox()
            subscription = await client.subscribe(inbox, cb=take)
            await client.publish(subject, content, reply=inbox)
            await asyncio.sleep(within)
            await subscription.unsubscribe()
        return arrived

    @contextmanager
    def _in_use(self) -> Iterator[Client]:
        """Give the client there is; `NotConnected` if there is none, or it is lost meanwhile.

        Raises:
            ConfigurationError: the message is longer than the server takes, however often it is sent.
        """
        from nats.errors import Error, MaxPayloadError

        servers = ", ".join(self._endpoint.servers)
        if self._client is None:
            raise NotConnected(f"there is no connection to {servers}")
        try:
            yield self._client
        except MaxPayloadError:
            raise ConfigurationError(
                f"a message is longer than {servers} takes: give the servers the max_payload that "
                "`remotecal hub broker` prints"
            ) from None
        except (Error, OSError) as error:
            raise NotConnected(f"the connection to {servers} was lost: {error}") from error

    async def publish(self, subject: str, content: bytes) -> None:
        """Send a message if there is a connection; otherwise it is lost."""
        from nats.errors import Error

        if self._client is not None:
            with suppress(Error, OSError):
                await self._client.publish(subject, content)

    async def reconnect(self) -> None:
        """Give up the client for a new one, with the certificate of the moment."""
        client, self._client = self._client, None
        if client is not None:
            await _close(client)

    async def __aenter__(self) -> Self:
        self._supervisor = asyncio.create_task(self._supervise(), name=f"connection {self._endpoint.name}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._supervisor is not None:
            await end(self._supervisor)
        client, self._client = self._client, None
        self.up.clear()
        if client is not None:
            await _close(client)
        await end(*(task for subscription in self._subscriptions for task in subscription.tasks))

    async def _supervise(self) -> None:
        failures = 0
        for server in itertools.cycle(self._endpoint.servers):
            client = await self._connect(server)
            if client is None:
                failures += 1
            else:
                failures = 0
                self._client = client
                self.trouble = ""
                self.connected += 1
                self.up.set()
                self.again.set()
                log.info("%s is connected to %s", self._endpoint.name, server)
                while self._client is client and client.is_connected:
                    await asyncio.sleep(LOOK_EVERY)
                self._client = None
                self.up.clear()
                log.warning("%s lost its connection", self._endpoint.name)
            await asyncio.sleep(min(RETRY_AFTER * 2**failures, RETRY_AT_LAST))

    async def _connect(self, server: str) -> Client | None:
        """Return a new client with every subscription; None if that failed."""
        from nats.aio.client import Client
        from nats.errors import Error

        logging.getLogger("asyncio").addFilter(_tells_something)
        client, self._trouble, before = Client(), None, self.trouble
        try:
            # `wait_for` would leave the client's own error to nobody when this is cancelled.
            async with asyncio.timeout(2 * CONNECT_WITHIN):
                await self._dial(client, server)
            for subscription in self._subscriptions:
                await self._subscribe(client, subscription)
            await client.flush(CONNECT_WITHIN)
        except (Error, OSError, TimeoutError, RemotecalError) as error:
            self.trouble = f"{server}: {self._trouble or error!r}"
            if self._endpoint.if_refused and _is_refusal(self._trouble):
                self.trouble = f"{server}, which refuses it: {self._endpoint.if_refused}"
            if self.trouble != before:  # told once, and not every few seconds
                log.warning("%s can't connect to %s", self._endpoint.name, self.trouble)
            await _close(client)
            return None
        except asyncio.CancelledError:
            await _close(client)
            raise
        return client

    async def _dial(self, client: Client, server: str) -> None:
        await client.connect(
            server,
            name=self._endpoint.name,
            tls=self._endpoint.tls(),
            # Without this somebody in between could strip TLS off; WebSocket begins with TLS anyway.
            tls_handshake_first=server.startswith("tls:"),
            inbox_prefix=self._endpoint.inbox,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=CONNECT_WITHIN,
            ping_interval=PING_EVERY,
            max_outstanding_pings=2,
            flush_timeout=CONNECT_WITHIN,
            error_cb=self._note_error,
        )

    async def _note_error(self, error: Exception) -> None:
        self._trouble = error

    async def _subscribe(self, client: Client, subscription: _Subscription) -> None:
        async def take(message: Msg) -> None:
            await subscription.busy.acquire()
            task = asyncio.create_task(self._work(client, subscription, message))
            subscription.tasks.add(task)
            task.add_done_callback(subscription.tasks.discard)

        await client.subscribe(subscription.subject, queue=subscription.queue, cb=take)

    async def _work(self, client: Client, subscription: _Subscription, message: Msg) -> None:
        from nats.errors import Error

        try:
            answer = await subscription.handler(message.subject, message.data)
            elsewhere = subscription.inbox and not message.reply.startswith(
                f"{subscription.inbox(message.subject)}."
            )
            if elsewhere:
                log.error("%s is not answered: it wants the answer at %s", message.subject, message.reply)
            elif answer is not None and message.reply:
                with suppress(Error, OSError):
                    await client.publish(message.reply, answer)
        except Exception:
            # No answer: whoever asked will ask again.
            log.exception("a message on %s could not be dealt with", message.subject)
        finally:
            subscription.busy.release()


def _tells_something(record: logging.LogRecord) -> bool:
    """Tell whether asyncio complains about anything but the way the NATS client ends TLS."""
    return not record.getMessage().startswith("returning true from eof_received()")


def _is_refusal(trouble: Exception | None) -> bool:
    """Tell whether the server let somebody in no more, by NATS's own words (protocol, `-ERR`)."""
    return "authorization violation" in str(trouble).lower()


async def _close(client: Client) -> None:
    """Close a client; TLS may wait half a minute for a peer that is gone, so not longer than this."""
    with suppress(Exception):
        await asyncio.wait_for(client.close(), 2.0)
