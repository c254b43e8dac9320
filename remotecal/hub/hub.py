"""The laboratory's side while it is up: admits stations, hands out orders, takes in journals.

Every request is answered only after the database has committed, so whatever is lost on the way is
simply asked for again. Nothing is remembered between two requests: several hubs may share a
database and a broker, and any of them may be killed at any time.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

from pydantic import BaseModel

from remotecal.certificates.signing.keys import fingerprint
from remotecal.certificates.signing.seal import PublicKey, SealKey
from remotecal.clock import RealClock
from remotecal.errors import ConfigurationError, NotConnected, RemotecalError
from remotecal.hub import admission
from remotecal.hub.beginning import refuse_if_out
from remotecal.hub.broker import READY_WITHIN, Broker
from remotecal.hub.evaluating import Evaluating
from remotecal.hub.ingest import Ingest
from remotecal.hub.issued import enter_issued
from remotecal.hub.keeping import Keeping
from remotecal.hub.laboratory import OrderDesk, connection
from remotecal.hub.noticing import Noticing
from remotecal.hub.ordered import note_refusal
from remotecal.hub.out_of_service import Out
from remotecal.hub.refusals import Refusals
from remotecal.hub.settings import FILE
from remotecal.hub.standing import TWICE, Starts, not_served
from remotecal.locks import hold
from remotecal.private_files import read_private
from remotecal.store import Store
from remotecal.transport import subjects
from remotecal.transport.bundles import TrustedProcedures
from remotecal.transport.ending import end
from remotecal.transport.enrolment import Admitted, Application, serve
from remotecal.transport.envelopes import seal_reply, spoken_by, unseal
from remotecal.transport.identities import station_named, station_uri
from remotecal.transport.messages import (
    Acknowledgement,
    Claim,
    Compared,
    Computed,
    Hello,
    Refusal,
    Renewal,
    Renewed,
    Welcome,
)
from remotecal.transport.pki import (
    Authority,
    Credentials,
    certificate_pem,
    holder_of,
    requested_key,
    uri_of,
)
from remotecal.transport.tls import server_context

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.x509 import Certificate

    from remotecal.hub.settings import HubFolder
    from remotecal.store.orders import OrderRow
    from remotecal.store.stations import StationRow
    from remotecal.transport.connection import Handler
    from remotecal.transport.subjects import Service

    Serving = Callable[[StationRow, bytes], Awaitable[BaseModel | bytes | None]]

log = logging.getLogger(__name__)

QUEUE = "hub"
"""Hubs that share the work."""
OF_ONE_STATION = 16
"""Requests of one station that are worked on at the same time; it asks again for what is not answered."""
ADMISSION = "$SYS.REQ.USER.AUTH"
"""Where servers ask who may connect."""
ANNOUNCED = {"version", "speaks", "benches", "procedures", "running", "time", "disk_free", "held_up",
             "waits_for_consent"}  # fmt: skip
"""What is kept of a station's hello."""


class Hub:
    """A hub; `run` it.

    Raises:
        ConfigurationError: a key is missing, or others can read it; or the database can't be used.
    """

    def __init__(self, folder: HubFolder) -> None:
        self._folder = folder
        for file in (folder.hub, folder.broker):
            Credentials.read(file)
        for file in (folder.admission, folder.laboratory):
            read_private(file)
        self._store = Store(folder.database, folder.share)
        self._authority = Authority.read(folder.authority)
        self._admission = SealKey.read(folder.admission)
        self._connection = connection(folder, "hub")
        self.laboratory = OrderDesk(folder, self._store, self._connection)
        self.library = TrustedProcedures(folder.procedures)
        """The procedures records are computed by."""
        self._ingest = Ingest(self._store, self.laboratory.key.public)
        self._evaluating = Evaluating(folder, self.laboratory.key.public)
        self._keeping = Keeping(self._store, self.laboratory.key.public)
        self._start = secrets.token_hex(16)
        """Tells stations that this is another start, whose database may be an older copy."""
        self._met = defaultdict[str, Starts](Starts)
        """Station → the starts of its agent that said hello here."""
        self._in_hand = Counter[str]()
        """Station → its requests that are being worked on."""
        self._refusals = Refusals(self._store)
        self.ready = asyncio.Event()
        """Set once stations can connect."""

    async def run(self) -> None:
        """Serve until cancelled.

        Raises:
            BenchInUse: a hub is up in this directory already.
            ConfigurationError: the broker can't be started, or stations can't enrol at the address set.
            NotConnected: no server can be reached.
        """
        self._connection.on(ADMISSION, self._admit, queue=QUEUE)
        services: Mapping[Service, Serving] = {
            "hello": self._greet,
            "order": self._next_order,
            "claim": self._claim,
            "refuse": self._note_refusal,
            "record": self._compare,
            "compare": self._keeping.compare,
            "papers": self._keeping.take_papers,
            "renew": self._renew,
            "file": self._ingest.take_file,
        }
        for name, service in services.items():
            self._serve(name, self._served(service))
        self._serve("journal", self._answered(self._ingest.take))
        async with AsyncExitStack() as stack:
            stack.callback(self._store.close)
            stack.enter_context(suppress(asyncio.CancelledError))
            # Two would share a broker, which the first one to go down would end.
            stack.enter_context(hold([f"the hub in {self._folder.path.resolve()}"], "serving stations"))
            broker: asyncio.Task[None] | None = None
            if self._folder.settings.broker.start:
                broker = asyncio.create_task(Broker(self._folder, self._admission.public).run())
                stack.push_async_callback(end, broker)
            noticing = Noticing(self._folder, self._store, RealClock())
            for work in (self._ingest.run(), self._evaluating.run(), noticing.run()):
                stack.push_async_callback(end, asyncio.create_task(work))
            await asyncio.to_thread(enter_issued, self._folder, self._store, time.time())
            desk = await self._open_desk()
            stack.callback(desk.close)
            await stack.enter_async_context(self._connection)
            await self._reach_a_server(broker)
            self.ready.set()
            log.info("the hub of %s is up", self._folder.settings.laboratory)
            await (broker or asyncio.Event().wait())

    def _serve(self, name: Service, handler: Handler) -> None:
        """Answer the stations' requests, each at its own station only."""
        self._connection.on(
            subjects.every_station(name),
            self.fairly(handler),
            queue=QUEUE,
            inbox=lambda subject: subjects.inbox(subjects.station_of(subject)),
        )

    def fairly(self, handler: Handler) -> Handler:
        """Return a handler that works on some requests of a station at once, and answers no more of them."""

        async def take(subject: str, content: bytes) -> bytes | None:
            station = subjects.station_of(subject)
            if self._in_hand[station] >= OF_ONE_STATION:
                return None  # it will ask again
            self._in_hand[station] += 1
            try:
                return await handler(subject, content)
            finally:
                self._in_hand[station] -= 1

        return take

    async def _reach_a_server(self, broker: asyncio.Task[None] | None) -> None:
        """Wait for the connection; a hub nobody can reach must say so, and not wait in silence."""
        reached = asyncio.create_task(self._connection.up.wait())
        try:
            await asyncio.wait(
                {reached, broker} if broker else {reached},
                timeout=READY_WITHIN,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            reached.cancel()
        if broker is not None and broker.done():
            broker.result()
        if not self._connection.up.is_set():
            raise NotConnected(
                f"no server could be reached at {', '.join(self._folder.settings.servers)} within "
                f"{READY_WITHIN:g} s ({self._connection.trouble}): start them, or set `servers` in "
                f"{self._folder.path / FILE}"
            )

    def _served(self, service: Serving) -> Handler:
        async def answer(subject: str, content: bytes) -> BaseModel | bytes | None:
            name = subjects.station_of(subject)
            station = await asyncio.to_thread(self._store.stations.get, name)
            if not station.enabled:
                raise ConfigurationError(f"{name} was revoked")
            return await service(station, content)

        return self._answered(answer)

    def _answered(self, service: Callable[[str, bytes], Awaitable[BaseModel | bytes | None]]) -> Handler:
        """Return a service whose answers are signed, but for those that are sealed already."""

        async def answer(subject: str, content: bytes) -> bytes | None:
            reply = await service(subject, content)
            if isinstance(reply, BaseModel):
                return seal_reply(content, reply, self.laboratory.key)
            return reply

        return answer

    async def _admit(self, _: str, content: bytes) -> bytes:
        asked = admission.read_request(content)
        reason, name = await asyncio.to_thread(self._judge, asked.certificate)
        if reason:
            await asyncio.to_thread(self._refusals.note, name or "a client", asked.host, reason)
            return admission.refuse(asked, reason, self._admission)
        until = asked.certificate.not_valid_after_utc.timestamp()
        return admission.admit(asked, name, until, self._admission)

    def _judge(self, certificate: Certificate) -> tuple[str, str]:
        """Return why a client may not connect, "" if it may, and the station it is."""
        uri = uri_of(certificate)
        name = station_named(uri)
        if name is None:
            return f"{uri or 'a certificate without a URI'} is no station", ""
        station = self._store.stations.find(name)
        if station is None:
            return f"{name} is not in the register", name
        if not station.enabled:
            return f"{name} was revoked", name
        if holder_of(certificate) != PublicKey.from_text(station.key).id:
            return f"{name} enrolled anew since this certificate was issued", name
        return "", name

    async def _greet(self, station: StationRow, content: bytes) -> Welcome:
        hello = spoken_by(station, unseal(content, "hello", Hello, [PublicKey.from_text(station.key)]))
        now = time.time()
        said = hello.model_dump(mode="json", include=ANNOUNCED) | {
            TWICE: self._met[station.name].hear(hello.session)
        }
        # Without blanks: the store looks for what waits for consent in the text.
        announced = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
        await asyncio.to_thread(self._store.stations.seen, station.name, hello.session, announced, now)
        if refused := not_served(station.name, said):
            await asyncio.to_thread(self._refusals.note, station.name, "", refused)
        return Welcome(time=now, hub=self._start, refused=refused)

    async def _next_order(self, station: StationRow, _: bytes) -> bytes:
        if not_served(station.name, station.said):
            return b""
        order = await asyncio.to_thread(self._may_begin, station)
        return order.envelope if order else b""

    def _may_begin(self, station: StationRow) -> OrderRow | None:
        """Return the oldest order a station may begin; what needs a standard out of service is refused."""
        out: Out | None = None
        while (order := self._store.orders.next(station.name, time.time())) is not None:
            out = out or Out.of(self._store)
            if not refuse_if_out(self._store, self.laboratory.key.public, station, order, out):
                return order
        return None

    async def _claim(self, station: StationRow, content: bytes) -> Acknowledgement:
        claim = spoken_by(station, unseal(content, "claim", Claim, [PublicKey.from_text(station.key)]))
        reason = not_served(station.name, station.said) or await asyncio.to_thread(
            self._grant, claim, station
        )
        return Acknowledgement(done=not reason, reason=reason)

    async def _note_refusal(self, station: StationRow, content: bytes) -> Acknowledgement:
        refusal = spoken_by(station, unseal(content, "refusal", Refusal, [PublicKey.from_text(station.key)]))
        await asyncio.to_thread(note_refusal, self._store, station.name, refusal.order, refusal.reason)
        return Acknowledgement(done=True)

    def _grant(self, claim: Claim, station: StationRow) -> str:
        """Let a start of a station's have an order; return why it can't, "" if it does."""
        with self._store.transaction():
            order, key = self._store.orders.find(claim.order), self.laboratory.key.public
            theirs = order is not None and order.station == station.name
            reason = ""
            if order and theirs:
                reason = refuse_if_out(self._store, key, station, order, Out.of(self._store))
            reason = reason or self._store.orders.claim(claim.order, station.name, claim.claim, time.time())
            self._store.note(
                station.name, "claim", {"order": claim.order, "granted": not reason, "reason": reason}
            )
        return reason

    async def _compare(self, station: StationRow, content: bytes) -> Compared | None:
        key = PublicKey.from_text(station.key)
        computed = spoken_by(station, unseal(content, "record", Computed, [key]))
        return await self._evaluating.compare(computed, key)

    async def _renew(self, station: StationRow, content: bytes) -> Renewed:
        renewal = spoken_by(station, unseal(content, "renewal", Renewal, [PublicKey.from_text(station.key)]))
        certificate = self._certify(station.name, renewal.request, station.key)
        until = certificate.not_valid_after_utc.timestamp()
        await asyncio.to_thread(self._store.stations.renewed, station.name, fingerprint(certificate), until)
        return Renewed(certificate=certificate_pem(certificate).decode())

    def _certify(self, name: str, request: str, key: str) -> Certificate:
        return self._authority.client(
            requested_key(request.encode()),
            station_uri(name),
            self._folder.settings.certificates_last,
            holder=PublicKey.from_text(key).id,
        )

    async def _open_desk(self) -> asyncio.Server:
        tls = server_context(self._folder.trusted, self._folder.broker)
        listen = self._folder.settings.enrolment.listen
        try:
            return await serve(listen, tls, self._enrol)
        except OSError as error:
            raise ConfigurationError(
                f"stations can't enrol at {listen}: {error.strerror}: stop what listens there, or set "
                f"enrolment.listen in {self._folder.path / FILE}"
            ) from error

    async def _enrol(self, application: Application) -> Admitted:
        authority = certificate_pem(self._authority.certificate).decode()
        if not application.secret:
            return Admitted(authority=authority)
        try:
            certificate = await asyncio.to_thread(self._enter, application)
        except RemotecalError as error:
            await asyncio.to_thread(self._refusals.note, "enrolment", "", str(error))
            return Admitted(refused=str(error))
        return Admitted(
            authority=authority,
            certificate=certificate_pem(certificate).decode(),
            laboratory=self.laboratory.key.public.text,
            laboratory_name=self._folder.settings.laboratory,
            servers=self._folder.settings.servers,
        )

    def _enter(self, application: Application) -> Certificate:
        now = time.time()
        name = self._store.stations.station_of(application.secret, now)
        certificate = self._certify(name, application.request, application.key)
        until = certificate.not_valid_after_utc.timestamp()
        key = PublicKey.from_text(application.key).id
        with self._store.transaction():
            self._store.stations.enrol(
                application.secret, application.key, fingerprint(certificate), until, now
            )
            self._store.note(name, "enrolled", {"key": key})
        return certificate
