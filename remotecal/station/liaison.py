"""A station's ties to its laboratory: two connections, a clock, and a certificate that renews itself."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from remotecal.clock import since_boot
from remotecal.errors import RemotecalError, TransportError
from remotecal.transport import subjects
from remotecal.transport.connection import Connection, Endpoint
from remotecal.transport.ending import end
from remotecal.transport.envelopes import seal
from remotecal.transport.identities import station_uri
from remotecal.transport.messages import Hello, Renewal, Renewed, Welcome
from remotecal.transport.pki import Credentials, new_key, parse_certificate, request
from remotecal.transport.tls import client_context

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from remotecal.station.folder import StationFolder
    from remotecal.transport.connection import Proof
    from remotecal.transport.envelopes import Kind
    from remotecal.transport.subjects import Service

log = logging.getLogger(__name__)

M = TypeVar("M", bound=BaseModel)

RETRY_AFTER = 0.5
"""Seconds until what was not answered is asked again."""
GREET_AGAIN = 2.0
"""Seconds until a hello that was not answered is said again."""
RENEW_AFTER = 2 / 3
"""Part of a certificate's life after which the next is asked for."""


class Liaison:
    """The ties; an asynchronous context manager.

    Journals travel on a connection of their own, so that a backlog does not hold up a command.

    Args:
        folder: the station's directory.
        hello: says what the station is, given its session and a nonce.
        greeted: called each time the laboratory has answered.
        every: seconds from one hello to the next.
    """

    def __init__(
        self,
        folder: StationFolder,
        hello: Callable[[str, str], Hello],
        greeted: Callable[[], None],
        every: float,
    ) -> None:
        self.session = secrets.token_hex(16)
        """This start of the agent."""
        self.greeted = asyncio.Event()
        """Set once the laboratory has answered a hello, and so told the time."""
        self.answered = asyncio.Event()
        """Set each time the laboratory answered a hello; whoever waits for the next clears it."""
        self.heard = time.monotonic()
        """When the laboratory answered last, by `time.monotonic`."""
        self.hub = ""
        """The start of the hub that answered last."""
        self.not_served = ""
        """Why the laboratory can't work with a station of this version, by its last answer; "" if it can."""
        self.key = folder.signing_key()
        """With which the station signs."""
        self.laboratory = folder.laboratory_key()
        """With which the laboratory signs."""
        self._folder, self._hello, self._greeted, self._every = folder, hello, greeted, every
        self._ahead = 0.0
        self.control = self._connection("control")
        self.bulk = self._connection("bulk")
        self._stack = AsyncExitStack()

    @property
    def laboratory_time(self) -> float:
        """The laboratory's clock, in seconds since 1970; right once `greeted` is set."""
        return since_boot() + self._ahead  # a lid that was closed does not keep late commands in time

    async def ask(self, service: Service, content: bytes = b"", *, within: float = 5.0) -> bytes:
        """Return the laboratory's answer (`TransportError` if there is none)."""
        return await self.control.request(
            subjects.service(service, self._folder.name), content, within=within
        )

    async def insist(self, service: Service, kind: Kind, content: BaseModel, answer: type[M]) -> M:
        """Say something, signed, until there is an answer."""
        return (await self.prove(service, kind, content, answer)).answer

    async def prove(self, service: Service, kind: Kind, content: BaseModel, answer: type[M]) -> Proof[M]:
        """Say something, signed, until there is an answer; returns that with its proof."""
        envelope = seal(kind, content, self.key)
        while True:
            await self.control.up.wait()
            try:
                subject = subjects.service(service, self._folder.name)
                return await self.control.prove(subject, envelope, answer, self.laboratory)
            except TransportError as error:
                log.info("%s: %s", service, error)
                await asyncio.sleep(RETRY_AFTER)

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.control)
        await self._stack.enter_async_context(self.bulk)
        for work in (self._keep_in_touch(), self._keep_certified()):
            self._stack.push_async_callback(end, asyncio.create_task(work))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def _connection(self, name: str) -> Connection:
        folder = self._folder
        endpoint = Endpoint(
            folder.laboratory.servers,
            lambda: client_context(folder.authority, folder.identity),
            f"{folder.name} {name}",
            subjects.inbox(folder.name),
            f"{folder.laboratory.name} has revoked {folder.name}, let it enrol elsewhere, or does not know "
            f"it any more. Ask there for a new code (`remotecal hub invite {folder.name}`), stop this "
            f"agent, and enrol anew (`remotecal station enrol CODE --at HOST:PORT --station {folder.path}`). "
            "A run that is on goes on by itself, and its journal stays here until then",
        )
        return Connection(endpoint)

    async def _keep_in_touch(self) -> None:
        """Say hello now and then, and whenever the connection was lost and is back."""
        while True:
            await self.control.up.wait()
            self.control.again.clear()
            pause = self._every
            try:
                await self.greet()
            except RemotecalError as error:
                log.warning("the laboratory could not be greeted: %s", error)
                pause = min(pause, GREET_AGAIN)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.control.again.wait(), pause)

    async def greet(self, *, within: float = 5.0) -> None:
        """Say hello.

        Raises:
            TransportError: the laboratory does not answer, or can't work with this version of the station.
        """
        nonce = secrets.token_hex(16)
        hello = await asyncio.to_thread(self._hello, self.session, nonce)
        subject, envelope = subjects.service("hello", self._folder.name), seal("hello", hello, self.key)
        welcome = await self.control.ask(subject, envelope, Welcome, self.laboratory, within=within)
        self.heard = time.monotonic()
        self._ahead = welcome.time - since_boot()
        self.hub, self.not_served = welcome.hub, welcome.refused
        self.greeted.set()
        if welcome.refused:
            raise TransportError(f"the laboratory can't work with this station: {welcome.refused}")
        self.answered.set()
        self._greeted()

    async def _keep_certified(self) -> None:
        """Have the certificate renewed in time, again and again.

        A station's clock may be set meanwhile, and may be wrong: so it is looked at now and then, and
        a certificate that seems to be over already is not renewed without a pause.
        """
        while True:
            try:
                if time.time() >= self._renewal_due():
                    await self._renew()
            except RemotecalError:
                log.exception("the certificate could not be renewed")
            await asyncio.sleep(self._every)

    async def _renew(self) -> None:
        name, key = self._folder.name, new_key()
        asked = Renewal(station=name, request=request(key, station_uri(name)).decode())
        renewed = await self.insist("renew", "renewal", asked, Renewed)
        certificate = parse_certificate(renewed.certificate.encode())
        authority = parse_certificate(self._folder.authority.read_bytes())
        # What it replaces is all the station can connect with.
        Credentials(key, certificate).check(authority)
        Credentials(key, certificate).write(self._folder.identity)
        log.info("the certificate was renewed")
        for connection in (self.control, self.bulk):
            await connection.reconnect()

    def _renewal_due(self) -> float:
        """Return when the next certificate is to be asked for, in seconds since 1970."""
        certificate = Credentials.read(self._folder.identity).certificate
        # It begins before it was issued, for the sake of clocks that are wrong.
        issued = self._folder.identity.stat().st_mtime
        return issued + (certificate.not_valid_after_utc.timestamp() - issued) * RENEW_AFTER
